"""Editing in place: what is asked for changes, in its own style, and not one other character of the file."""

import json
import stat
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import EditError, UsageError
from reconciler.reading import writing
from reconciler.reading.editing import Editor
from reconciler.reading.expected import plain_tree, same
from reconciler.reading.scalars import is_template
from reconciler.reading.updating import update
from reconciler.reading.yaml import Reader

ROOT = Path(__file__).parents[2]
MANIFESTS = sorted((ROOT / "examples").rglob("*.yaml"))
PLAN = """\
# head
kind: Plan   # a plan
key: pro
spec:
  name: 'Pro'        # shown
  description: >-
    A long
    story
  metadata:
    # about a
    a: "1"   # one
    # about b
    b: 2
  phases:
    - key: main
      name: Main
      rateCards:
        # the base
        - type: flat_fee   # flat
          # its key
          key: base
          price: { type: flat, amount: "20" } # USD
        # tokens
        - featureKey: tokens
          price: {type: unit, amount: "0.10"}
---
kind: Feature
key: tokens
"""


def edited(change, text=PLAN, name="plan.yaml"):
    editor = Editor(name, text.encode())
    change(editor)
    return editor.text


def lines(before, after):
    """The lines that went and those that came."""
    old, new = before.splitlines(), after.splitlines()
    return [line for line in old if line not in new], [line for line in new if line not in old]


def leaves(value, path=()):
    if isinstance(value, dict | list):
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(item, (*path, name))
    else:
        yield path, value


def other(value):
    """Another value of the same type."""
    match value:
        case bool():
            return not value
        case int() | Decimal():
            return Decimal("1.25")
        case _:
            return "another: value # with signs"


def every_leaf(file):
    editor = Editor.open(file)
    for document in range(editor.documents):
        for path, value in leaves(editor.get(document)):
            yield document, path, value


@pytest.mark.parametrize("file", MANIFESTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_another_scalar_changes_exactly_its_own_line_in_every_manifest_or_is_refused(file):
    before, tried, refused = file.read_text(), 0, set()
    for document, path, value in every_leaf(file):
        editor = Editor.open(file)
        try:
            editor.set(document, path, other(value))
        except EditError as error:
            refused.add(error.problems[0].rule)
            continue
        tried += 1
        old, new = before.splitlines(), editor.text.splitlines()
        assert len(old) == len(new)
        assert sum(one != two for one, two in zip(old, new, strict=True)) == 1
        assert same(editor.get(document, path), other(value))
    assert tried > 3
    assert refused <= {"edit.shared", "edit.template"}


@pytest.mark.parametrize("file", MANIFESTS, ids=lambda file: str(file.relative_to(ROOT)))
@pytest.mark.parametrize(("ending", "every"), [("\n", 2), ("\r\n", 7)], ids=["lf", "crlf"])
def test_deleting_every_value_only_takes_lines_away_and_leaves_the_rest_as_it_means(file, ending, every):
    text, refused = file.read_text().replace("\n", ending), set()
    for document, path, value in list(every_leaf(file))[::every]:
        editor = Editor(file.name, text.encode())
        tree = editor.get(document, path[:-1])
        try:
            editor.delete(document, path)
        except EditError as error:
            refused.add(error.problems[0].rule)
            continue
        assert editor.text.count("\n") - text.count("\n") in (0, -1) or "\n" in str(value)
        assert "\n" not in editor.text.replace(ending, "")
        if isinstance(tree, dict):
            assert editor.get(document, path[:-1]) == {name: tree[name] for name in tree if name != path[-1]}
    assert refused <= {"edit.shared", "edit.template"}


@pytest.mark.parametrize("file", MANIFESTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_without_an_edit_a_file_is_the_same_bytes(file):
    editor = Editor.open(file)
    assert editor.data == file.read_bytes()
    assert not editor.changed


def test_a_byte_order_mark_and_line_ends_survive():
    editor = Editor("a.yaml", b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    editor.set(0, ("c",), {"d": {"e": "f"}})
    editor.set(0, ("a",), 3)
    assert editor.data == b"\xef\xbb\xbfa: 3\r\nb: 2\r\nc:\r\n  d:\r\n    e: f\r\n"


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        (("spec", "name"), "It's", "  name: 'It''s'        # shown"),
        (("spec", "name"), True, "  name: true        # shown"),
        (("spec", "metadata", "a"), "x", '    a: "x"   # one'),
        (("spec", "metadata", "a"), Decimal("1.50"), '    a: "1.5"   # one'),
        (("spec", "metadata", "b"), Decimal("2.5"), "    b: 2.5"),
        (("spec", "metadata", "b"), "2.5", '    b: "2.5"'),
        (("spec", "metadata", "b"), None, "    b: null"),
        (("spec", "metadata", "b"), "no", '    b: "no"'),
        (("key",), "a, b", "key: a, b"),
        (("spec", "phases", "[main]", "rateCards", "[base]", "type"), "a, b", "        - type: a, b   # flat"),
        (
            ("spec", "phases", "[main]", "rateCards", "[tokens]", "price", "type"),
            "a, b",
            '          price: {type: "a, b", amount: "0.10"}',
        ),
        (("spec", "description"), "One line", "  description: One line"),
    ],
)
def test_a_value_takes_the_style_of_the_one_before_it(path, value, line):
    _, new = lines(PLAN, edited(lambda editor: editor.set(0, path, value)))
    assert new == [line]


@pytest.mark.parametrize(
    ("path", "value", "order", "expected"),
    [
        (("spec", "currency"), "USD", ("name", "currency"), ["  currency: USD"]),
        (("spec", "currency"), "USD", ("currency", "name"), ["  currency: USD"]),
        (("spec", "a", "b", "c"), 1, (), ["  a:", "    b: { c: 1 }"]),
        (("lifecycle", "protect"), True, (), ["lifecycle:", "  protect: true"]),
        (("spec", "phases", "[main]", "duration"), None, ("key", "name", "duration"), ["      duration: null"]),
        (
            ("spec", "phases", "[main]", "rateCards", "[tokens]", "price", "minimumAmount"),
            "5",
            (),
            ['          price: {type: unit, amount: "0.10", minimumAmount: "5"}'],
        ),
        (
            ("spec", "phases", "[main]", "rateCards", "[base]", "first"),
            "x",
            ("first", "type"),
            ["        - first: x", "          type: flat_fee   # flat"],
        ),
    ],
)
def test_a_new_entry_stands_where_the_order_says_and_is_indented_like_its_neighbours(path, value, order, expected):
    after = edited(lambda editor: editor.set(0, path, value, order=order))
    assert lines(PLAN, after)[1] == expected
    assert Editor("plan.yaml", after.encode()).get(0, path) == value


def test_deleting_takes_the_comment_on_the_line_and_keeps_those_on_their_own():
    after = edited(lambda editor: editor.delete(0, ("spec", "metadata", "a")))
    assert lines(PLAN, after) == (['    a: "1"   # one'], [])
    after = edited(lambda editor: editor.delete(0, ("spec", "phases", "[main]", "rateCards", "[base]", "type")))
    assert lines(PLAN, after) == (["        - type: flat_fee   # flat"], ["        -"])
    assert Editor("plan.yaml", after.encode()).get(0, ("spec", "phases", 0, "rateCards", 0, "key")) == "base"


def test_the_last_entry_leaves_an_empty_map_and_the_last_item_an_empty_list():
    text = "a:\n  b:\n    c: 1 # one\nd:\n  - e\nf: {g: 1}\n"

    def clear(editor):
        editor.delete(0, ("a", "b", "c"))
        editor.delete(0, ("d", 0))
        editor.delete(0, ("f", "g"))

    assert edited(clear, text) == "a:\n  b: {} # one\nd: []\nf: {}\n"


def test_items_go_where_they_are_told_and_keep_the_indentation_of_the_list():
    text = "a:\n- x # first\n- y\nb: [1, 2]\nc:\n    - k: 1\n"

    def insert(editor):
        editor.insert(0, ("a",), "w", before=0)
        editor.insert(0, ("a",), {"k": {"l": [1, {"m": 2}]}})
        editor.insert(0, ("b",), 3, before=1)
        editor.insert(0, ("c",), {"k": 2, "o": "p"})

    assert edited(insert, text) == (
        "a:\n- w\n- x # first\n- y\n- k:\n    l:\n    - 1\n    - m: 2\n"
        "b: [1, 3, 2]\nc:\n    - k: 1\n    - k: 2\n      o: p\n"
    )


def test_a_map_may_take_the_place_of_nothing_and_the_comment_stays_on_the_line():
    text = "a:\n  b: null # none yet\n  c:\n  d: {x: 1}\n"

    def fill(editor):
        editor.set(0, ("a", "b"), {"type": "tiered", "tiers": [{"p": {"q": {"r": 1}}}]})
        editor.set(0, ("a", "c"), {"x": 1})

    assert edited(fill, text) == (
        "a:\n  b: # none yet\n    type: tiered\n    tiers:\n      - p:\n          q: {r: 1}\n  c: {x: 1}\n  d: {x: 1}\n"
    )


def test_json_stays_json():
    text = '{\n  "kind": "Plan",\n  "spec": {"price": "1", "list": [1]}\n}\n'

    def change(editor):
        editor.set(0, ("spec", "price"), Decimal("2.5"))
        editor.set(0, ("spec", "name"), 'say "no"')
        editor.set(0, ("lifecycle",), {"protect": True, "x": [None, "y"]})
        editor.insert(0, ("spec", "list"), {"a": Decimal("0.1")})

    after = edited(change, text, "plan.json")
    assert json.loads(after) == {
        "kind": "Plan",
        "spec": {"price": "2.5", "list": [1, {"a": 0.1}], "name": 'say "no"'},
        "lifecycle": {"protect": True, "x": [None, "y"]},
    }
    assert after.splitlines()[:2] == text.splitlines()[:2]


SHARED = """\
x-a: &a {p: 1, q: {r: 2}}
one: *a
two:
  <<: *a
  own: 3
three: &b
  v: 1
four: [*b]
five: &unused
  v: "{{ vars.x }}"
  w: 1
"""


@pytest.mark.parametrize(
    ("path", "rule", "place"),
    [
        (
            ("x-a", "p"),
            "edit.shared",
            "f.yaml:1:13: this value is shared: `&a` is used in other places (line 2, line 4",
        ),
        (("one", "p"), "edit.shared", "f.yaml:1:13: this value comes from `&a`"),
        (("one",), "edit.shared", "f.yaml:2:6: this value is `*a`"),
        (("two", "p"), "edit.shared", "f.yaml:1:13: this value comes from `&a`"),
        (("two", "q", "r"), "edit.shared", "f.yaml:1:23: this value comes from `&a`"),
        (("three",), "edit.shared", "f.yaml:6:8: this value is shared: `&b`"),
        (("four", 0, "v"), "edit.shared", "f.yaml:7:6: this value comes from `&b`"),
        (("five", "v"), "edit.template", "f.yaml:10:6: `five.v` is made by the template `{{ vars.x }}`"),
        (("five",), "edit.template", "f.yaml:9:7: `five` is made by the template `{{ vars.x }}`"),
        (("four", "[x]", "v"), "edit.missing", "f.yaml:8:7: there is no `four[x].v`"),
    ],
)
def test_what_is_shared_templated_or_not_there_is_refused_with_its_place(path, rule, place):
    editor = Editor("f.yaml", SHARED.encode())
    with pytest.raises(EditError) as caught:
        editor.set(0, path, 5)
    assert caught.value.problems[0].rule == rule
    assert str(caught.value).startswith(place)
    assert editor.text == SHARED


def test_an_anchor_that_nobody_uses_and_an_own_value_beside_a_merge_are_free():
    after = edited(lambda editor: (editor.set(0, ("five", "w"), 2), editor.set(0, ("two", "own"), 4)), SHARED)
    assert lines(SHARED, after) == (["  own: 3", "  w: 1"], ["  own: 4", "  w: 2"])


def test_what_others_use_cannot_go_with_what_holds_it():
    with pytest.raises(EditError, match="`&a`, which stands here, is used in other places"):
        edited(lambda editor: editor.delete(0, ("x",)), "x:\n  y: &a 1\nz: *a\n")


def test_documents_are_found_by_kind_and_key_and_one_can_be_added():
    editor = Editor("plan.yaml", PLAN.encode())
    assert (editor.find("Feature", "tokens"), editor.find("Feature", "none")) == (1, None)
    assert editor.append_document("kind: Meter\nkey: m\n") == 2
    assert editor.text == PLAN + "---\nkind: Meter\nkey: m\n"
    assert Editor("new.yaml", b"").append_document("kind: Meter\nkey: m\n") == 0
    assert str(editor.location(0, ("spec", "metadata", "a", "deeper"))) == "plan.yaml:11:8"


def test_a_file_is_replaced_at_once_and_keeps_its_mode(tmp_path):
    file = tmp_path / "plan.yaml"
    file.write_text(PLAN)
    file.chmod(0o640)
    editor = Editor.open(file)
    editor.set(0, ("key",), "team")
    editor.save(file)
    assert file.read_text() == PLAN.replace("key: pro", "key: team")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [found.name for found in tmp_path.iterdir()] == ["plan.yaml"]
    with pytest.raises(UsageError, match="cannot be written"):
        editor.save(tmp_path / "none" / "plan.yaml")


def test_a_symbolic_link_is_followed_not_replaced(tmp_path):
    (tmp_path / "real.yaml").write_text("a: 1\n")
    (tmp_path / "link.yaml").symlink_to(tmp_path / "real.yaml")
    editor = Editor.open(tmp_path / "link.yaml")
    editor.set(0, ("a",), 2)
    editor.save(tmp_path / "link.yaml")
    assert (tmp_path / "link.yaml").is_symlink()
    assert (tmp_path / "real.yaml").read_text() == "a: 2\n"


def test_an_update_changes_only_what_differs():
    editor = Editor("plan.yaml", PLAN.encode())
    wanted = editor.get(0)
    cards = wanted["spec"]["phases"][0]["rateCards"]
    cards[1]["price"]["amount"] = "0.20"
    cards.insert(1, {"key": "new", "type": "flat_fee"})
    del wanted["spec"]["metadata"]["a"]
    update(editor, 0, (), wanted)
    assert same(editor.get(0), wanted)
    assert lines(PLAN, editor.text) == (
        ['    a: "1"   # one', '          price: {type: unit, amount: "0.10"}'],
        ["        - { key: new, type: flat_fee }", '          price: {type: unit, amount: "0.20"}'],
    )


SIGNS = "aBz019 :#-+.,?{}[]&*!|>'\"%@`~=<\\/$\n\té\x7f\x85\xa0\u2028\ufeff😀"
TEXTS = st.text(SIGNS, max_size=12) | st.sampled_from(
    [
        "",
        "no",
        "~",
        "null",
        "1e3",
        "0x1F",
        "- a",
        "a: b",
        "a #b",
        "{a",
        "*a",
        "!t",
        "|",
        ">-",
        "a\nb",
        " a",
        "a ",
        "\ta",
    ]
)
NUMBERS = st.integers(-999, 999) | st.decimals(-999, 999, places=3)
TREES = st.recursive(
    TEXTS | NUMBERS | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(TREES, st.booleans(), st.sampled_from([0, 2]), st.booleans())
def test_whatever_is_written_is_read_back(value, flow, dash, in_flow):
    style = writing.Style(flow=flow, dash=dash)
    text = f"a: {writing.flow(value, style)}\n" if in_flow else "\n".join(writing.entry("a", value, 0, style)) + "\n"
    reader = Reader()
    documents, _ = reader.read("f.yaml", text.encode())
    assert not reader.problems
    assert same(plain_tree(documents[0].root["a"]), value)


@given(TREES, TREES, st.sampled_from(["a: 1\nb:\n  c:\n    - d: 2\n      e: 3\n", "a: [x]\nb: {c: [{d: 1}]}\n"]))
def test_any_value_may_take_the_place_of_any_other(first, second, text):
    editor = Editor("f.yaml", text.encode())
    for path in (("b", "c", 0, "d"), ("a",), ("b", "new"), ("b", "c")):
        for value in (first, second):
            if not any(isinstance(leaf, str) and is_template(leaf) for _, leaf in leaves(editor.get(0, path))):
                editor.set(0, path, value)
                assert same(editor.get(0, path), value)


@given(TREES, TREES)
def test_an_update_reaches_any_tree(first, second):
    editor = Editor("f.yaml", b"a: 1\nz: 2\n")
    for value in (first, second):
        if not any(isinstance(leaf, str) and is_template(leaf) for _, leaf in leaves(editor.get(0))):
            update(editor, 0, ("a",), value)
            assert same(editor.get(0), {"a": value, "z": 2})
