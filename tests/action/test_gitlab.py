"""The template for GitLab CI: its scripts are run as a runner would, its rules are held to what its comments say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest
import yaml

from reconciler.cli.main import cli

from .conftest import EXAMPLE, SECRETS

pytestmark = pytest.mark.source

TEMPLATE = EXAMPLE / ".gitlab-ci.yml"
DOCUMENT = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
JOBS = {name: about for name, about in DOCUMENT.items() if isinstance(about, dict) and "stage" in about}


def lines(job):
    """What a job runs, the shared parts of it included; installing is left out."""
    extends = JOBS[job]["extends"]
    shared = [DOCUMENT[name] for name in ([extends] if isinstance(extends, str) else extends)]
    return [*JOBS[job]["script"], *(line for one in shared for line in one.get("after_script", []))]


@pytest.mark.parametrize("job", JOBS)
def test_what_a_job_runs_exists_with_its_options(job):
    found = re.findall(r"reconciler (\w+) ((?:[^\n|;>]|\n(?=\s+-))*)", "\n".join(lines(job)))
    assert found
    for name, words in found:
        command = cli.get_command(click.Context(cli), name)
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", words)) <= known, words


def test_what_writes_is_started_by_a_person_one_at_a_time_in_an_environment_of_its_own():
    writing = {name for name in JOBS if any(" apply " in line for line in lines(name))}
    assert writing == {"apply"}
    job = JOBS["apply"]
    assert [rule.get("when") for rule in job["rules"]] == ["manual"]
    assert job["resource_group"] == "billing-$ENVIRONMENT"
    assert job["environment"] == {"name": "$ENVIRONMENT"}
    assert job["interruptible"] is False
    assert [matrix["ENVIRONMENT"] for matrix in job["parallel"]["matrix"]] == [["staging", "production"]]


def test_a_forks_job_is_in_no_environment_so_it_gets_no_variable_of_one():
    assert "environment" not in JOBS["plan of a fork"]
    same, other = (JOBS[name]["rules"][0]["if"] for name in ("plan", "plan of a fork"))
    assert same.replace("_SOURCE_PROJECT_ID ==", "_SOURCE_PROJECT_ID !=") == other


def job(world, name, earlier=None, **variables):
    """Run a job's scripts in a checkout of what its pipeline is of; its exit code, what it said, and the checkout."""
    folder = Path(world.runner.folder, f"gitlab-{len(list(world.runner.folder.iterdir()))}")
    subprocess.run(["git", "clone", "-q", world.runner.origin, folder], check=True)
    sha = variables.pop("sha", "origin/main")
    subprocess.run(["git", "-C", folder, "checkout", "-q", "--detach", sha], check=True)
    past = subprocess.run(["git", "-C", folder, "rev-parse", "HEAD^1"], capture_output=True, text=True, check=False)
    variables = {"CI_COMMIT_BEFORE_SHA": past.stdout.strip()} | variables
    tools = folder.parent / f"{folder.name}-bin"
    tools.mkdir()
    shim = f'#!/bin/sh\nexec "{world.runner.folder / "reconciler-python"}" -I -m reconciler "$@"\n'
    (tools / "reconciler").write_text(shim)
    (tools / "reconciler").chmod(0o755)
    script = "\n".join(["set -eo pipefail", *lines(name)]).replace("/tmp/", f"{folder}-tmp/")
    given = {key: value for key, value in DOCUMENT["variables"].items() if key != "RECONCILER"} | variables
    environment = os.environ | {"CI": "true"} | (SECRETS if "environment" in JOBS[name] else {}) | given
    environment["PATH"] = f"{tools}:{environment['PATH']}"
    if earlier is not None:  # the artifacts of the jobs that this one needs
        shutil.copytree(earlier / "plans", folder / "plans")
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr, folder


def test_a_merge_request_is_planned_and_what_was_looked_at_is_applied_after_the_merge(live):
    head = live.commit("raise", "44", replace={"reconciler.yaml": ('default: "40"', 'default: "44"')})
    live.commit(
        "raise", "x", replace={"reconciler.yaml": ("{ consent: lodestar/pricing }\n        ent", "allow\n        ent")}
    )
    code, said, folder = job(live, "plan", sha="origin/raise", CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main")
    assert code == 0, said
    assert "lodestar/pricing" in said, "the merge request has weakened the policy that judges it"
    written = {path.name for path in (folder / "plans").iterdir()}
    assert {"production.plan", "production.html", "production.xml", "staging.plan", "summary.json"} <= written

    pull = live.open(
        "cheap", live.commit("cheap", "38", replace={"reconciler.yaml": ('default: "40"', 'default: "38"')})
    )
    live.merge(pull)
    code, said, folder = job(live, "plan of main")
    assert code == 0, said
    code, said, _ = job(live, "apply", folder, ENVIRONMENT="production")
    assert code == 0, said
    assert live.fee("production") == "38"
    assert head


def test_what_is_no_more_the_plan_that_was_looked_at_is_not_applied(live):
    pull = live.open(
        "cheap", live.commit("cheap", "38", replace={"reconciler.yaml": ('default: "40"', 'default: "38"')})
    )
    live.merge(pull)
    _, _, folder = job(live, "plan of main")
    live.edit("production", name="Studio (clicked)")
    code, said, _ = job(live, "apply", folder, ENVIRONMENT="production")
    assert code == 3
    assert "Studio (clicked)" in said
    assert live.fee("production") == "40"


def test_a_freeze_that_goes_with_the_price_it_forbids_still_forbids_it(live):
    limits = "    limits: { maxChangesPercent: 50, maxRemovals: 0 }\n"
    freeze = "    freeze: [{ from: 2020-01-01, to: 2199-12-31, because: the books are closed }]\n"
    live.merge(live.open("freeze", live.commit("freeze", "x", replace={"reconciler.yaml": (limits, limits + freeze)})))
    text = (live.clone / "reconciler.yaml").read_text().replace(freeze, "").replace('default: "40"', 'default: "38"')
    live.merge(live.open("cheap", live.commit("cheap", "38", files={"reconciler.yaml": text})))
    code, said, folder = job(live, "plan of main")
    assert code == 0, said
    code, said, _ = job(live, "apply", folder, ENVIRONMENT="production")
    assert code == 3, said
    assert "frozen:Plan/studio" in said
    assert live.fee("production") == "40"


def test_a_branch_that_was_rewritten_is_not_planned(live):
    gone = live.commit("gone", "x", files={"note.txt": "x"})
    code, said, folder = job(live, "plan of main", CI_COMMIT_BEFORE_SHA=gone)
    assert code != 0, said
    assert not list((folder / "plans").iterdir())


def test_the_schedule_fails_on_a_drift_and_keeps_a_snapshot(live):
    assert job(live, "drift")[0] == 0
    live.edit("staging", name="Studio (clicked)")
    assert job(live, "drift")[0] == 2
    code, said, folder = job(live, "snapshot")
    assert code == 0, said
    assert sorted(path.name for path in (folder / "snapshots").iterdir()) == ["production.json", "staging.json"]


def test_a_forks_merge_request_is_planned_from_the_schedules_snapshot_without_a_token(live, tmp_path):
    _, _, kept = job(live, "snapshot")
    asked = live.listen()
    live.commit("fork", "44", replace={"reconciler.yaml": ('default: "40"', 'default: "44"')})
    curl = tmp_path / "curl" / "curl"
    curl.parent.mkdir()
    curl.write_text(f"""#!/bin/sh
while [ $# -gt 1 ]; do [ "$1" = --output ] && out="$2"; shift; done
case "$1" in
  https://gitlab.example/api/v4/projects/7/jobs/artifacts/main/raw/snapshots/*.json?job=snapshot) ;;
  *) exit 22 ;;
esac
cp "{kept}/snapshots/$(basename "$out")" "$out"
""")
    curl.chmod(0o755)
    about = {
        "CI_MERGE_REQUEST_PROJECT_URL": str(live.runner.origin).removesuffix(".git"),
        "CI_MERGE_REQUEST_PROJECT_ID": "7",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_API_V4_URL": "https://gitlab.example/api/v4",
        "PATH": f"{curl.parent}:{os.environ['PATH']}",
    }
    code, said, folder = job(live, "plan of a fork", sha="origin/fork", **about)
    assert code == 0, said
    assert "40 -> 44 USD" in said
    assert "snapshot" in said
    assert asked == []
    assert (folder / "plans" / "production.plan").is_file()
