"""``fmt``: one style for every file of a project, without changing what any of them means."""

from __future__ import annotations

MESSY = (
    "kind:   Meter\napiVersion: openmeter.io/v1\nkey: tokens # counted\nspec: {eventType: prompt,aggregation: COUNT}\n"
)
TIDY = (
    "apiVersion: openmeter.io/v1\nkind: Meter\nkey: tokens # counted\nspec: { eventType: prompt, aggregation: COUNT }\n"
)


def test_every_file_of_the_project_is_formatted_once(run, project):
    overlay = project / "overlays" / "x"
    overlay.mkdir(parents=True)
    (project / "vars.yaml").write_text("a:   1\n")
    text = (project / "reconciler.yaml").read_text()
    more = '  x: { endpoint: "sandbox:x", overlays: [overlays/x], varFiles: [vars.yaml] }\n'
    (project / "reconciler.yaml").write_text(text + more + "variables: { a: { type: integer } }\n")
    (project / "catalog" / "meters.yaml").write_text(MESSY)
    (project / "catalog" / "data.json").write_text('{"a":1}')
    (overlay / "patch.yaml").write_text("a:\n- b\n")
    expected = "vars.yaml\ncatalog/meters.yaml\noverlays/x/patch.yaml\n"
    ended = run("fmt", "--check")
    assert (ended.code, ended.out) == (2, expected)
    assert ended.err == "3 files would be formatted; 2 files are in the style.\n"
    assert (project / "catalog" / "meters.yaml").read_text() == MESSY
    ended = run("fmt")
    assert (ended.code, ended.out) == (0, expected)
    assert (project / "catalog" / "meters.yaml").read_text() == TIDY
    assert (project / "catalog" / "data.json").read_text() == '{"a":1}'
    ended = run("fmt", "--check")
    assert (ended.code, ended.out, ended.err) == (0, "", "5 files are in the style.\n")


def test_formatting_changes_nothing_that_is_declared(run, project):
    catalog = project / "catalog"
    for file in catalog.glob("*.yaml"):
        file.write_text(file.read_text().replace(": ", ":    "))
    before = run("render").out
    assert run("fmt").code == 0
    assert run("render").out == before
    assert ":    " not in (catalog / "meters.yaml").read_text()


def test_paths_need_no_project_and_other_files_stay(run, tmp_path):
    (tmp_path / "a.yaml").write_text(MESSY)
    (tmp_path / "b.yaml").write_text(MESSY)
    assert run("fmt", "a.yaml").out == "a.yaml\n"
    assert (tmp_path / "a.yaml").read_text() == TIDY
    assert (tmp_path / "b.yaml").read_text() == MESSY


def test_a_file_that_cannot_be_read_stops_before_anything_is_written(run, tmp_path):
    (tmp_path / "a.yaml").write_text(MESSY)
    (tmp_path / "b.yaml").write_text("a: [\n")
    ended = run("fmt", "a.yaml", "b.yaml")
    assert ended.code == 1
    assert "b.yaml:1:5: error[yaml.syntax]" in ended.err
    assert (tmp_path / "a.yaml").read_text() == MESSY


def test_what_has_no_canonical_form_is_named_and_left(run, tmp_path):
    (tmp_path / "a.yaml").write_text("a: |+\n  x\n\n")
    ended = run("fmt", "a.yaml")
    assert ended.code == 0
    assert ended.err.startswith("a.yaml: left as it is: a block of text that keeps its last lines")
    assert ended.err.endswith("1 left as it is.\n")
