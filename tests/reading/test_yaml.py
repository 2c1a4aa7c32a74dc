import pytest

from reconciler.reading import yaml as reading
from reconciler.reading.builder import MAX_DEPTH
from reconciler.reading.tree import Map, Seq, TreeSource, find
from reconciler.reading.yaml import Reader

TEXT = """\
# a comment
kind: Plan
spec:
  phases:
    - key: main
      cards: [{key: a, n: 1.50}, {key: b}]
    - key: trial
  when: "é" # text
"""


def place(text, *path, at_key=False):
    reader = Reader()
    (document,), _ = reader.read("f.yaml", text.encode())
    location = reader.files.location(find(document.root, document.mark, path, at_key=at_key))
    return f"{location.line}:{location.column}"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("kind",), "2:7"),
        (("spec", "phases"), "4:3"),
        (("spec", "phases", "[main]", "cards", "[a]", "n"), "6:27"),
        (("spec", "phases", "[main]", "cards", 1, "key"), "6:40"),
        (("spec", "phases", "[trial]"), "7:7"),
        (("spec", "when"), "8:9"),
        (("spec", "phases", "[main]", "nothing", "here"), "5:7"),
        (("nothing",), "2:1"),
    ],
)
def test_every_value_knows_its_line_and_column(path, expected):
    assert place(TEXT, *path) == expected


def test_a_place_can_be_the_name_of_a_field():
    assert place(TEXT, "kind", at_key=True) == "2:1"


def test_a_source_points_at_a_value_or_at_its_nearest_parent():
    reader = Reader()
    (document,), _ = reader.read("f.yaml", TEXT.encode())
    source = TreeSource(reader.files, document.root, document.mark)
    assert str(source.locate(("kind",))) == "f.yaml:2:7"
    assert str(source.locate(("spec", "phases", "[gone]"))) == "f.yaml:4:3"


def test_windows_line_ends_and_a_byte_order_mark_change_no_place():
    text = "\ufeff" + TEXT.replace("\n", "\r\n")
    assert place(text, "spec", "phases", "[main]", "cards", "[a]", "n") == "6:27"


def test_every_document_of_a_file_is_read(read):
    roots, problems = read("a: 1\n---\nb: 2\n---\n---\nc: 3\n")
    assert roots == [{"a": 1}, {"b": 2}, None, {"c": 3}]
    assert problems == []


def test_json_is_read_with_the_same_places(read):
    roots, problems = read('{\n\t"a": "x\\/\\ud83d\\ude00",\n\t"b": [1, 2.5, true, null]\n}', json=True)
    assert problems == []
    assert roots[0]["a"] == "x/😀"
    assert isinstance(roots[0], Map)
    assert isinstance(roots[0]["b"], Seq)
    assert roots[0]["b"][2:] == [True, None]


def test_an_escaped_backslash_before_u_is_no_surrogate(read):
    roots, problems = read('{"a": "\\\\ud83d\\\\ude00"}', json=True)
    assert (roots, problems) == ([{"a": "\\ud83d\\ude00"}], [])


def test_anchors_aliases_and_merges_work_inside_a_document(read):
    roots, problems = read("base: &b {x: 1, y: 2}\nn: &n k\none: {<<: *b, y: 3}\ntwo: {<<: [{y: 4}, *b], *n : 5}\n")
    assert problems == []
    assert roots[0]["one"] == {"x": 1, "y": 3}
    assert roots[0]["two"] == {"y": 4, "x": 1, "k": 5}


def test_a_merged_value_keeps_the_place_of_its_anchor():
    assert place("base: &b\n  x: 1\none:\n  <<: *b\n", "one", "x") == "2:6"


def test_an_anchor_ends_with_its_document(read):
    assert read("a: &x 1\n---\nb: *x\n")[1] == ["3:4 yaml.alias"]


def test_a_quoted_merge_key_is_a_key(read):
    assert read('"<<": 1')[0] == [{"<<": 1}]


def test_both_places_of_a_duplicate_key_are_named():
    reader = Reader()
    reader.read("f.yaml", b"a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n")
    (problem,) = reader.problems
    assert str(problem.location) == "f.yaml:5:3"
    assert "line 3, column 3" in problem.message


def test_every_duplicate_of_a_file_is_found(read):
    assert read("a: 1\na: {x: 1, x: 2}\nb: 1\nb: 2\n")[1] == [
        "2:1 yaml.duplicate_key",
        "2:11 yaml.duplicate_key",
        "4:1 yaml.duplicate_key",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"a: \xff", "1:4 yaml.encoding"),
        (b"ok: 1\nb\xc3\xa9: \xc3(", "2:5 yaml.encoding"),
        ("a: 1".encode("utf-16"), "1:1 yaml.encoding"),
        (b"a: 1\nb: \x00", "2:4 yaml.character"),
        (b"a: \x1b[0m", "1:4 yaml.character"),
        (b"a:\n\tb: 1", "2:1 yaml.syntax"),
        (b"a: [1, 2", "1:9 yaml.syntax"),
        (b"a: b: c", "1:5 yaml.syntax"),
        (b"a: @b", "1:4 yaml.syntax"),
        (b"'a", "1:3 yaml.syntax"),
        (b"a: !x 1", "1:4 yaml.tag"),
        (b"a: !!python/object:os.system {}", "1:4 yaml.tag"),
        (b"a: !!str 1", "1:4 yaml.tag"),
        (b"a: *b", "1:4 yaml.alias"),
        (b"a: &a [*a]", "1:8 yaml.alias"),
        (b"[a]: b", "1:1 yaml.key"),
        (b"? {a: b}\n: c", "1:3 yaml.key"),
        (b"a: {<<: 1}", "1:9 yaml.merge"),
        (b"a: .nan", "1:4 yaml.number"),
        (b"[" * (MAX_DEPTH + 1), f"1:{MAX_DEPTH + 1} yaml.depth"),
        (b"{a: " * (MAX_DEPTH + 1), f"1:{4 * MAX_DEPTH + 1} yaml.depth"),
        (b"a: 1\n  b: 2", "2:4 yaml.syntax"),
        (b"%YAML 3.0\n---\na: 1", "1:1 yaml.syntax"),
    ],
)
def test_a_damaged_file_is_a_problem_with_its_place(read, text, expected):
    assert expected in read(text)[1]


def test_what_stands_before_a_damage_is_still_read(read):
    roots, problems = read("a: 1\n---\nb: [\n")
    assert roots == [{"a": 1}]
    assert len(problems) == 1


def test_a_bomb_of_aliases_is_defused(read):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert [problem.split()[1] for problem in read("\n".join(lines))[1]] == ["yaml.alias"]


def test_depth_counts_through_aliases(read):
    lines = ["a0: &a0 x"] + [f"a{n}: &a{n} [[[[[*a{n - 1}]]]]]" for n in range(1, 30)]
    assert [problem.split()[1] for problem in read("\n".join(lines))[1]] == ["yaml.depth"]
    assert read("\n".join(lines[:15]))[1] == []


def test_many_aliases_of_a_scalar_are_no_bomb(read):
    assert read("a: &a x\nb: [" + ", ".join(["*a"] * 5000) + "]\n")[1] == []


def test_a_huge_file_is_refused_unread(read, monkeypatch):
    monkeypatch.setattr(reading, "MAX_BYTES", 10)
    assert read("a: 12345678901")[1] == ["1:1 yaml.size"]


def test_without_the_c_parser_the_python_parser_reads_the_same(read, monkeypatch):
    with_c = read(TEXT), read("a: [\n")[1], read("a: *b")[1]
    monkeypatch.delattr(reading.yaml, "CSafeLoader", raising=False)
    assert (read(TEXT), read("a: [\n")[1], read("a: *b")[1]) == with_c


def test_the_text_of_a_number_that_is_none_stays(read):
    assert read("a: .inf\nb: .inf")[1] == ["1:4 yaml.number", "2:4 yaml.number"]


@pytest.mark.parametrize("char", ["\x85", "\u2028", "\u2029"])
def test_line_ends_of_yaml_1_1_are_characters_like_any_other(read, char):
    text = f'a: "x {char} y"\nb{char}c: [x{char}y]\nd: \ue000\n'
    (root,), problems = read(text)
    assert not problems
    assert root == {"a": f"x {char} y", f"b{char}c": [f"x{char}y"], "d": "\ue000"}
    assert place(text, "d") == "3:4"


def test_the_character_that_no_database_stores_is_a_problem_with_its_place(read):
    _, problems = read('a: x\nb: ["\\0", "c\\u0000d"]\n"\\x00": e\n')
    assert problems == ["2:5 yaml.character", "2:11 yaml.character", "3:1 yaml.character"]
