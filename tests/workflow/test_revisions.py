"""A project as it was: read out of git, with the places of then, and nothing of what lies on disk today."""

import shutil
import subprocess
from pathlib import Path

import pytest

from reconciler.errors import ManifestError, ProjectError, UsageError
from reconciler.model import Address
from reconciler.workflow import at_revision, connect, is_revision, load_desired, open_context

METER = "apiVersion: openmeter.io/v1\nkind: Meter\nkey: calls\nspec: {{eventType: {}, aggregation: COUNT}}\n"
CALLS = Address("Meter", "calls")
PROJECT = """\
apiVersion: reconciler/v1
kind: Project
name: acme
manifests: [catalog]
variables: {event: {type: string, default: call}}
environments:
  staging: {endpoint: "sandbox:staging", vars: {event: staged}, overlays: [overlays/staging]}
"""


def git(folder, *arguments):
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(("git", "-C", str(folder), *identity, *arguments), check=True, capture_output=True)
    return done.stdout.decode().strip()


def commit(folder, **files):
    for name, text in files.items():
        path = folder / (name.replace("__", "/").removesuffix("_yaml") + ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def folder(tmp_path):
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    git(tmp_path, "init", "-q")
    return tmp_path / "billing"


def event(context, revision):
    with at_revision(context, revision) as then:
        desired = load_desired(then)
    return desired.resources[CALLS].spec["eventType"]


def start(folder):
    folder.mkdir()
    (folder / "overlays" / "staging").mkdir(parents=True)
    (folder / "overlays" / "staging" / ".gitkeep").touch()
    first = commit(folder, reconciler_yaml=PROJECT, catalog__m_yaml=METER.format('"{{ vars.event }}"'))
    commit(folder, reconciler_yaml=PROJECT.replace("default: call", "default: request"))
    return first


def test_manifests_variables_and_the_project_file_are_those_of_the_revision(folder):
    first = start(folder)
    context = open_context(folder)
    assert [event(context, revision) for revision in (first, "HEAD~1", "HEAD")] == ["call", "call", "request"]


def test_what_lies_on_disk_and_is_not_committed_is_not_read(folder):
    start(folder)
    (folder / "catalog" / "m.yaml").write_text("broken: [")
    (folder / "catalog" / "n.yaml").write_text("broken: [")
    assert event(open_context(folder), "HEAD") == "request"


def test_the_environment_its_overlays_and_the_command_line_are_kept(folder):
    start(folder)
    patch = METER.format("patched").replace("spec", "patch").replace(", aggregation: COUNT", "")
    commit(folder, overlays__staging__p_yaml=patch)
    staging = open_context(folder, environment="staging")
    assert event(staging, "HEAD~1") == "staged"
    assert event(staging, "HEAD") == "patched"
    assert event(open_context(folder, variables={"event": "given"}), "HEAD~1") == "given"
    named = open_context(folder, project_name="other")
    with at_revision(named, "HEAD") as then:
        assert then.project.name == "other"


def test_places_name_the_commit_as_git_writes_it(folder):
    first = start(folder)
    with at_revision(open_context(folder), first) as then:
        resource = load_desired(then).resources[CALLS]
        assert then.project.revision == first[:10]
    assert str(resource.source.locate(("eventType",))) == f"{first[:10]}:catalog/m.yaml:4:19"
    assert str(resource.location) == f"{first[:10]}:catalog/m.yaml:1:1"


def test_a_mistake_of_then_is_told_with_its_commit_and_in_no_file_of_today(folder):
    start(folder)
    broken = commit(folder, catalog__m_yaml=METER.format("a").replace("COUNT", "COUNTS"))
    commit(folder, catalog__m_yaml=METER.format("a"))
    with at_revision(open_context(folder), "HEAD~1") as then, pytest.raises(ManifestError) as caught:
        load_desired(then)
    assert [str(problem.location) for problem in caught.value.problems] == [f"{broken[:10]}:catalog/m.yaml:4:35"]


def test_a_project_file_that_was_wrong_is_told_with_its_commit(folder):
    start(folder)
    broken = commit(folder, reconciler_yaml=PROJECT + "prune: true\n")
    commit(folder, reconciler_yaml=PROJECT)
    with pytest.raises(ProjectError) as caught, at_revision(open_context(folder), "HEAD~1"):
        pass
    assert str(caught.value.problems[0].location).startswith(f"{broken[:10]}:reconciler.yaml:8:")


@pytest.mark.parametrize("revision", ["nonsense", "--help", "", "HEAD:catalog/m.yaml"])
def test_what_names_no_commit_is_refused(folder, revision):
    start(folder)
    context = open_context(folder)
    assert not is_revision(context, revision)
    with pytest.raises(UsageError, match="git knows no revision"), at_revision(context, revision):
        pass


def test_outside_of_a_repository_there_are_no_revisions(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "x").mkdir()
    with pytest.raises(UsageError, match="not in a git repository"), at_revision(open_context(tmp_path / "x"), "HEAD"):
        pass


def test_what_did_not_exist_then_is_refused_by_name(folder):
    folder.mkdir()
    commit(folder, notes_yaml="x: 1\n")
    commit(folder, reconciler_yaml=PROJECT.replace("staging:", "test:"), catalog__m_yaml=METER.format("a"))
    commit(folder, reconciler_yaml=PROJECT, catalog__n_yaml="{}\n")
    cases = {
        "no project file `reconciler.yaml` at revision `HEAD~2`": (open_context(folder), "HEAD~2"),
        "no environment `staging` at revision `HEAD~1`": (open_context(folder, environment="staging"), "HEAD~1"),
        "there is no `.*n.yaml` at revision": (open_context(folder, paths=(folder / "catalog/n.yaml",)), "HEAD~1"),
    }
    for message, (context, revision) in cases.items():
        with pytest.raises(UsageError, match=message), at_revision(context, revision):
            pass


def test_a_folder_without_a_project_file_has_revisions_too(folder):
    folder.mkdir()
    commit(folder, m_yaml=METER.format("one"))
    commit(folder, m_yaml=METER.format("two"))
    assert event(open_context(folder), "HEAD~1") == "one"
    assert event(open_context(folder.parent, paths=(folder / "m.yaml",)), "HEAD~1") == "one"


def test_links_are_followed_inside_the_repository_and_not_out_of_it(folder):
    start(folder)
    (folder.parent / "shared").mkdir()
    (folder.parent / "shared" / "m.yaml").write_text(METER.format("shared"))
    outside = folder.parent.parent / f"{folder.parent.name}-outside.yaml"
    outside.write_text("broken: [")
    shutil.rmtree(folder / "catalog")
    (folder / "catalog").symlink_to(Path("..") / "shared")
    (folder.parent / "shared" / "o.yaml").symlink_to(outside)
    commit(folder)
    assert event(open_context(folder), "HEAD") == "shared"


def test_files_that_are_kept_out_of_archives_are_read(folder):
    start(folder)
    (folder / ".gitattributes").write_text("*.yaml export-ignore\n")
    commit(folder)
    assert event(open_context(folder), "HEAD") == "request"


def test_nobody_connects_with_a_project_of_then(folder):
    start(folder)
    with (
        at_revision(open_context(folder), "HEAD") as then,
        pytest.raises(UsageError, match="the one of today"),
        connect(then),
    ):
        pass
