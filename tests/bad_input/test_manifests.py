"""Two thousand damaged manifests: each is valid, or has errors with a rule and a place. Never anything else."""

import itertools
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler import manifest
from reconciler.kinds.registry import KINDS
from reconciler.project import load_project

from . import damage

TESTS = Path(__file__).parents[1]
REPOSITORY = TESTS.parent
SOURCES = sorted(
    [kind.example for kind in KINDS.values()]
    + [path.read_text("utf-8") for path in (TESTS / "kinds" / "maximal").glob("*.yaml")]
    + [path.read_text("utf-8") for path in (REPOSITORY / "examples").glob("*/catalog/**/*.yaml")]
)
OVERLAYS = sorted(path.read_text("utf-8") for path in (REPOSITORY / "examples").glob("*/overlays/**/*.yaml"))
METER = KINDS["Meter"].example
EXTREMES = dict(damage.extremes(METER))
PROJECT = (
    "apiVersion: reconciler/v1\nkind: Project\nname: a\nmanifests: [a.yaml]\n"
    "environments: {sandbox: {endpoint: 'sandbox:', overlays: [over]}}\n"
)
BATCHES, EACH = 20, 105
LIMIT = 500 * 1024 * 1024


@pytest.fixture
def project(tmp_path):
    (tmp_path / "over").mkdir()
    (tmp_path / "reconciler.yaml").write_text(PROJECT)
    return load_project(tmp_path)


def check(project, data, overlay=b""):
    """The problems, each held to its place, its rule and a message of readable length."""
    (project.root / "a.yaml").write_bytes(data)
    (project.root / "over" / "a.yaml").write_bytes(overlay)
    found = manifest.check(project, project.environment("sandbox"))
    for problem in found:
        place = problem.location
        assert place is not None, (problem, data[:2000])
        assert (place.line > 0, place.column > 0) == (True, True), (problem, data[:2000])
        assert problem.rule, problem
        assert 0 < len(problem.message) < 2000, problem.rule
    return found


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_damaged_manifest_is_valid_or_told_with_rule_and_place(project, batch):
    broken = 0
    for data in itertools.islice(damage.texts(SOURCES, batch), EACH):
        broken += any(problem.severity == "error" for problem in check(project, data))
    assert EACH / 2 < broken <= EACH


def test_there_are_at_least_two_thousand_different_ones():
    made = {data for batch in range(BATCHES) for data in itertools.islice(damage.texts(SOURCES, batch), EACH)}
    assert len(made) >= 2000


@pytest.mark.parametrize("batch", range(4))
def test_a_damaged_overlay_is_valid_or_told_with_rule_and_place(project, batch):
    base = "---\n".join(SOURCES).encode() if batch == 0 else METER.encode()
    overlays = [*OVERLAYS, METER.replace("spec:", "patch:")]
    for data in itertools.islice(damage.texts(overlays, batch), 10 if batch == 0 else 60):
        check(project, base, data)


@pytest.mark.parametrize("name", EXTREMES)
def test_what_is_big_deep_or_circular_is_told_with_rule_and_place(project, name):
    check(project, EXTREMES[name])


@pytest.mark.parametrize("name", EXTREMES)
def test_the_same_in_an_overlay(project, name):
    check(project, METER.encode(), EXTREMES[name].replace(b"spec:", b"patch:"))


def test_a_template_never_computes_more_than_it_may(project):
    loops = ("{{ 9 ** 9 ** 9 }}", "{{ 'a' * 10 ** 9 }}", "{{ ('a' * 1000) * 10000 }}",
             "{% for i in range(9999999) %}{% endfor %}x",
             "{{ range(10 ** 9) | list }}", "{{ cycler.__init__.__globals__ }}", "{{ ''.__class__.__mro__ }}",
             "{{ lipsum(10 ** 9) }}", "{{ 'x' | center(10 ** 9) }}", "{{ '%99999999d' % 1 }}", "{{ 1 << 10 ** 9 }}",
             "{{ '{:>999999999}'.format(1) }}", "{{ 1e999999999 }}", "{{ 1e99999 | int }}",
             "{{ 1e999999999 + 1 }}", "{{ 1e999999999 | round }}", "{{ -1e-999999999 / 3 }}",
             "{{ 0x" + "f" * 3900 + " }}")  # fmt: skip
    for text in loops:
        found = check(project, METER.replace("name: ", f'name: "{text}" # ', 1).encode())
        assert any(problem.severity == "error" for problem in found), text


def test_the_command_ends_with_0_or_1_and_shows_the_place(project, run, monkeypatch):
    samples = [*itertools.islice(damage.texts(SOURCES, 99), 50), *list(EXTREMES.values())[6:]]
    monkeypatch.chdir(project.root)
    for data in samples:
        (project.root / "a.yaml").write_bytes(data)
        ended = run("validate")
        assert ended.code in (0, 1), data[:2000]
        assert "Traceback" not in ended.err
        assert "unexpectedly" not in ended.err, (ended.err, data[:2000])
        if ended.code == 1:
            assert "a.yaml:" in ended.out + ended.err


MEASURED = """
import resource, sys
from pathlib import Path
from reconciler import manifest
from reconciler.project import load_project
project = load_project(Path(sys.argv[1]))
for file in sorted(project.root.glob("big-*.yaml")):
    manifest.check(project, project.environment("sandbox"), paths=(file,))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_none_of_them_takes_more_than_500_mb(project):
    (project.root / "a.yaml").write_text("")
    for number, data in enumerate(EXTREMES.values()):
        (project.root / f"big-{number}.yaml").write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(project.root)],
        capture_output=True, text=True, check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (60, 60)),
    )  # fmt: skip
    assert int(done.stdout) * 1024 < LIMIT
