"""Whatever the bytes: problems with places, never an exception."""

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.reading.yaml import Reader

PIECES = st.sampled_from(
    ["a", "b", ": ", "\n", "  ", "- ", "[", "]", "{", "}", ", ", "&x ", "*x", "<<: ", "'", '"', "|", ">", "!", "!!int ",
     "---\n", "...\n", "%", "@", "`", "\t", "#", "? ", "\x00", "\u2028", "\ufeff", "1", ".", "e", "0x", "null",
     "\\u", "\\"]
)  # fmt: skip


def check(data: bytes, *, json: bool) -> None:
    reader = Reader()
    reader.read("f", data, json=json)
    assert all(problem.location and problem.location.line >= 1 for problem in reader.problems)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_read_or_refused(data, json):
    check(data, json=json)


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, max_size=40), st.booleans())
def test_any_text_of_yaml_pieces_is_read_or_refused(pieces, json):
    check("".join(pieces).encode(), json=json)
