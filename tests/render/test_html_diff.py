"""Word by word: what went, what came."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.render.html.diff import words


def marked(pieces):
    return "".join(
        {"same": "{}", "gone": "[-{}-]", "come": "[+{}+]"}[piece.mark].format(piece.text) for piece in pieces
    )


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("For people", "For people, too", ("For people", "For people[+, too+]")),
        ("one two three", "one four three", ("one [-two-] three", "one [+four+] three")),
        ("15.00 USD", "18.00 USD", ("[-15.00-] USD", "[+18.00+] USD")),
        ("10,000 each P1M", "5,000 each P1M", ("[-10,000-] each P1M", "[+5,000+] each P1M")),
        ("a b c d e f g", "a x y d e f g", ("a [-b c-] d e f g", "a [+x y+] d e f g")),
        ("Invoice", "Everything else", ("[-Invoice-]", "[+Everything else+]")),
        (
            "Plan for small teams",
            "Everything a company needs, for ever and ever",
            ("[-Plan for small teams-]", "[+Everything a company needs, for ever and ever+]"),
        ),
        ("a: 1\nb: 2", "a: 1\nb: 3", ("a: 1\nb: [-2-]", "a: 1\nb: [+3+]")),
        ("", "x", ("", "[+x+]")),
        ("tail ", "tail", ("tail[- -]", "tail")),
    ],
)
def test_the_words_that_differ_are_marked(before, after, shown):
    assert tuple(map(marked, words(before, after))) == shown


@given(st.text("ab 1.\n", max_size=40), st.text("ab 1.\n", max_size=40))
def test_both_texts_come_back_whole_and_what_is_not_marked_is_in_both(before, after):
    old, new = words(before, after)
    assert "".join(piece.text for piece in old) == before
    assert "".join(piece.text for piece in new) == after
    assert {piece.mark for piece in old} <= {"same", "gone"}
    assert {piece.mark for piece in new} <= {"same", "come"}
    if before == after:
        assert {piece.mark for piece in (*old, *new)} <= {"same"}


def test_texts_of_a_book_are_not_compared_word_by_word():
    old, new = words("word " * 2_000, "word " * 2_000 + "more")
    assert [piece.mark for piece in (*old, *new)] == ["gone", "come"]
