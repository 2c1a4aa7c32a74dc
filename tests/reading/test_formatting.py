"""The canonical style: every file means what it meant, keeps its comments, and is formatted only once."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.reading import writing
from reconciler.reading.expected import plain_tree
from reconciler.reading.formatting import formatted
from reconciler.reading.yaml import Reader

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "examples").rglob("*.yaml"))


def style(text):
    found, problems = formatted("f.yaml", text.encode())
    assert problems == []
    assert meaning(found) == meaning(text)
    assert formatted("f.yaml", found.encode()) == (found, [])
    return found


def meaning(text):
    reader = Reader()
    documents, _ = reader.read("f.yaml", text.encode())
    assert not reader.problems
    return typed([plain_tree(document.root) for document in documents])


def typed(value):
    """The value with the type of everything in it: `1` is not `true`."""
    match value:
        case dict():
            return {name: typed(item) for name, item in value.items()}
        case list():
            return [typed(item) for item in value]
        case _:
            return type(value).__name__, value


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_the_examples_are_in_the_style(file):
    assert style(file.read_text()) == file.read_text()


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_an_example_whose_layout_is_spoilt_comes_back_as_it_was(file, ending):
    text = file.read_text()
    spoilt = []
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        body, sign, comment = (
            line.lstrip().partition(" #") if not line.lstrip().startswith("#") else (line.lstrip(), "", "")
        )
        if not body.startswith("#"):
            body = re.sub(r"(?<!\})[ ]\}(?!\})", "}", re.sub(r"(?<!\{)\{[ ]", "{", body)).replace(": ", ":   ", 1)
        body = f"-   {body[2:]}" if body.startswith("- ") else body
        spoilt.append(" " * (indent * 2) + body + (f"   #{comment}  " if sign else "  "))
    found, problems = formatted("f.yaml", ending.join(spoilt).encode())
    assert problems == []
    assert found == text.replace("\n", ending)


MESSY = """\
# about this file
kind: Plan   # a plan
# about the key
key:    pro
apiVersion: 'openmeter.io/v1'
lifecycle: {state: active}
x-price: &price {type: flat,amount: "2"}
# about the spec
spec:
    name:   'It''s "Pro"'        # shown
    text: >-
           A long

             story
           end


    script: |  # run it
     one
       two
    metadata: {a: "1",b: [x,y]}   # one
    # about phases
    phases:
    -   key: main
        list:
        - - a
          - b
        -
          c: d
        # still of the list
    - &an
      # in the anchor
      k: 'x'
      m: one
         two
      l: [a,
        b, {c: d}]
    -  *an
    - <<: *price
      more: # what
        deep: 1
    # - commented: out
# the end
---
# a second one
a: b
"""


def test_a_messy_document_is_tidied_and_every_comment_stays_where_it_was():
    assert style(MESSY) == (
        "# about this file\n"
        'apiVersion: "openmeter.io/v1"\n'
        "kind: Plan # a plan\n"
        "# about the key\n"
        "key: pro\n"
        'x-price: &price { type: flat, amount: "2" }\n'
        "# about the spec\n"
        "spec:\n"
        "  name: 'It''s \"Pro\"' # shown\n"
        "  text: >-\n"
        "    A long\n"
        "\n"
        "      story\n"
        "    end\n"
        "\n"
        "  script: | # run it\n"
        "    one\n"
        "      two\n"
        '  metadata: { a: "1", b: [x, y] } # one\n'
        "  # about phases\n"
        "  phases:\n"
        "    - key: main\n"
        "      list:\n"
        "        - - a\n"
        "          - b\n"
        "        - c: d\n"
        "        # still of the list\n"
        "    - &an\n"
        "      # in the anchor\n"
        '      k: "x"\n'
        "      m: one\n"
        "        two\n"
        "      l: [a, b, { c: d }]\n"
        "    - *an\n"
        "    - <<: *price\n"
        "      more: # what\n"
        "        deep: 1\n"
        "    # - commented: out\n"
        "lifecycle: { state: active }\n"
        "# the end\n"
        "---\n"
        "# a second one\n"
        "a: b\n"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("# only a comment\n", "# only a comment\n"),
        ("a: 1", "a: 1\n"),
        ("---\na:   1\n---   # next\n\n\nb: 2\n\n\n", "---\na: 1\n--- # next\n\nb: 2\n"),
        ("a:\n- b\n-   c\n", "a:\n  - b\n  - c\n"),
        ("a: {b: 1,\n  c: [x]}\n", "a: { b: 1, c: [x] }\n"),
        ("a: {}\nb: [ ]\n", "a: {}\nb: []\n"),
        ("a:\n    b:   # why\n        c:\n", "a:\n  b: # why\n    c:\n"),
        ("a:\n  # deep\n  b: 1\n # half\nc: 2\n", "a:\n  # deep\n  b: 1\n# half\nc: 2\n"),
        ("a: '1'\nb: 'x \\ y'\nc: \"'\"\n", 'a: "1"\nb: \'x \\ y\'\nc: "\'"\n'),
        ("a:\n  - 'it'\n  - {b: 'c'}\n", 'a:\n  - "it"\n  - { b: "c" }\n'),
        ("spec: {}\nkind: X\nkey: y\n", "spec: {}\nkind: X\nkey: y\n"),
        ("? a\n: b\n", "a: b\n"),
        ("a: &x 1\nb:   *x\n", "a: &x 1\nb: *x\n"),
    ],
)
def test_one_thing_at_a_time(text, expected):
    assert style(text) == expected


def test_what_is_too_long_for_one_line_becomes_a_block():
    words = [f"word_{number}" for number in range(20)]
    text = f"a: [{', '.join(words[:10])},\n   {', '.join(words[10:])}]\n"
    assert style(text) == "a:\n" + "".join(f"  - {word}\n" for word in words)


@pytest.mark.parametrize(
    "text",
    ["a: |+\n  x\n\n", "a: |2\n   x\n", "a: 1\n...\n", "%YAML 1.2\n---\na: 1\n", "a: [b, # why\n  c]\n"],
)
def test_what_has_no_canonical_form_is_left_as_it_is_and_said(text):
    found, problems = formatted("f.yaml", text.encode())
    assert found == text
    assert [(problem.rule, problem.severity) for problem in problems] == [("fmt.left", "warning")]


def test_an_anchor_is_never_moved_behind_its_alias():
    text = "spec: &s { a: 1 }\nx-more: *s\nkey: k\nkind: K\napiVersion: v\n"
    found = style(text)
    assert found.index("&s") < found.index("*s")


def test_a_file_that_cannot_be_read_is_a_problem_with_its_place():
    found, problems = formatted("f.yaml", b"a: [\n")
    assert found == "a: [\n"
    assert [str(problem.location) for problem in problems] == ["f.yaml:1:5"]


SIGNS = "aB0 1:#-{}[],&*'\"%\\\n~é"
TEXTS = st.text(SIGNS, max_size=10) | st.sampled_from(["no", "null", "1e3", "a b c", "x: y"])
TREES = st.recursive(
    TEXTS | st.integers(-99, 99) | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcdef"), inner, max_size=3),
    max_leaves=12,
)


@st.composite
def files(draw):
    """A document in some layout: by PyYAML or by us, wide or narrow, with comments wherever they change nothing."""
    tree = {"a": draw(TREES), "b": draw(TREES)}
    if draw(st.booleans()):
        step = draw(st.sampled_from([2, 3, 4]))
        text = "\n".join(
            writing.block(tree, 0, writing.Style(step, draw(st.sampled_from([0, step])), draw(st.booleans())))
        )
    else:
        text = yaml.dump(
            tree, indent=draw(st.sampled_from([2, 4])), default_flow_style=draw(st.sampled_from([False, None]))
        )
    lines = text.splitlines() or [""]
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        comment = draw(st.sampled_from(["# c", "  # deeper", "      # deepest", ""]))
        other = [*lines[:at], comment, *lines[at:]] if draw(st.booleans()) else [*lines]
        if other == lines:
            other[at] += "   # after"
        try:
            if meaning("\n".join(other) + "\n") == meaning(text + "\n"):
                lines = other
        except AssertionError:
            continue
    return "\n".join(lines) + "\n"


@given(files())
def test_any_layout_means_the_same_afterwards_and_settles_at_once(text):
    found, problems = formatted("f.yaml", text.encode())
    assert {problem.rule for problem in problems} <= {"fmt.left"}
    assert meaning(found) == meaning(text)
    assert formatted("f.yaml", found.encode())[0] == found
    assert [line.endswith("# after") for line in found.splitlines()].count(True) == text.count("# after\n")
