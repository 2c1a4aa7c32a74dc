"""``reconciler ci`` as a job runs it: variables in, files and workflow commands out."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from reconciler.__main__ import main
from reconciler.planning import planfile

from . import plans
from .github import READ_ONLY, TOKEN
from .test_issue import moved, tree
from .test_outputs import parsed

RAISE = plans.plan(plans.raised(), team="acme/pricing")
PROJECT = """\
apiVersion: reconciler/v1
kind: Project
name: acme
manifests: [catalog]
teams: { acme/pricing: [alice] }
environments:
  production: { endpoint: "https://openmeter.invalid", token: { env: TOKEN } }
"""


class Jobs:
    """Runs commands as jobs of a repository, with nothing but the variables that a job has."""

    def __init__(self, hub, folder, monkeypatch, capfd):
        self.hub, self.folder, self.monkeypatch, self.capfd = hub, folder, monkeypatch, capfd
        self.environ = {}

    def start(self, pull=None, sha=None, token=TOKEN):
        run = self.hub.start_run("push" if sha else "pull_request", None if sha else pull, head=sha)
        folder = self.folder / str(run.id)
        folder.mkdir()
        event = self.hub.push_event(sha) if sha else self.hub.pull_event(pull)
        self.environ = self.hub.environ(folder, run, event, token=token)
        for name, value in self.environ.items():
            self.monkeypatch.setenv(name, value)
        return run

    def __call__(self, *args):
        code = main(["ci", *map(str, args)])
        out, err = self.capfd.readouterr()
        assert TOKEN not in out + err
        return code, out, err

    def kept(self, name):
        return Path(self.environ[name]).read_text()


@pytest.fixture
def jobs(hub, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECONCILER_SETTLE", "0")
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    (tmp_path / "reconciler.yaml").write_text(PROJECT)
    (tmp_path / "catalog").mkdir()
    with hub.serving():
        yield Jobs(hub, tmp_path, monkeypatch, capfd)


def write(tmp_path, made, name="production.plan"):
    path = tmp_path / name
    path.write_text(planfile.dumps(made))
    return path


def test_a_comment_is_told_where_it_is(hub, jobs, tmp_path):
    pull = hub.open_pull()
    jobs.start(pull)
    code, out, err = jobs("comment", "--state", "planned", "--plan", write(tmp_path, RAISE))
    assert (code, out) == (0, "")
    assert err.startswith(f"Comment: {hub.server_url}/acme/billing/pull/{pull.number}#issuecomment-")
    assert len(hub.comments) == 1


def test_a_fork_gets_the_text_in_the_summary_and_one_notice_and_the_job_goes_on(hub, jobs, tmp_path):
    jobs.start(hub.open_pull(fork="mallory/billing"), token=READ_ONLY)
    code, out, _ = jobs("comment", "--state", "planned", "--plan", write(tmp_path, RAISE))
    assert code == 0
    assert out.startswith("::notice::")
    assert out.count("\n") == 1
    assert jobs.kept("GITHUB_STEP_SUMMARY").startswith("### Billing catalogue: 1 new version")


def test_what_nobody_says_of_which_environment_is_refused(hub, jobs):
    jobs.start(hub.open_pull())
    code, _, err = jobs("comment", "--state", "applied")
    assert code == 64
    assert "applied of which environment?" in err


def test_a_summary_goes_to_the_page_and_outputs_to_later_steps(hub, jobs, tmp_path):
    jobs.start(hub.open_pull())
    path = write(tmp_path, RAISE)
    assert jobs("summary", "--plan", path) == (0, "", "")
    assert "+25.0" in jobs.kept("GITHUB_STEP_SUMMARY")
    found = parsed(jobs.kept("GITHUB_OUTPUT"))
    assert found["plan-path"] == str(path)
    assert found["plan-digest"] == planfile.change_digest(RAISE)
    assert not hub.requests, "no host is asked for it"


def test_outside_of_a_runner_the_summary_is_printed(hub, jobs, tmp_path, monkeypatch):
    jobs.start(hub.open_pull())
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"):
        monkeypatch.delenv(name)
    code, out, _ = jobs("summary", "--plan", write(tmp_path, RAISE))
    assert code == 0
    assert out.startswith("### Billing catalogue: 1 new version")


def test_a_digest_is_printed_anywhere_and_is_the_same_once_somebody_consented(jobs, tmp_path, monkeypatch):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    digest = planfile.change_digest(RAISE)
    assert jobs("digest", "--plan", write(tmp_path, RAISE))[1] == f"production {digest}\n"
    path = write(tmp_path, plans.consented(RAISE), "consented.plan")
    (row,) = json.loads(jobs("digest", "--plan", path, "--format", "json")[1])["environments"]
    assert row["change_digest"] == digest
    assert row["plan_digest"] == planfile.digest(plans.consented(RAISE)) != planfile.digest(RAISE)


def test_lines_that_change_and_problems_are_marked_at_their_place_in_the_repository(jobs, tmp_path, monkeypatch):
    (tmp_path / "billing").mkdir()
    (tmp_path / "reconciler.yaml").rename(tmp_path / "billing" / "reconciler.yaml")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    monkeypatch.chdir(tmp_path / "billing")
    problem = {
        "rule": "plan.x",
        "severity": "error",
        "message": "no\n::error::100%",
        "why": None,
        "location": {"file": "catalog/plans.yaml", "line": 3, "column": 5},
        "span": 4,
        "address": "Plan/pro",
    }
    (tmp_path / "problems.json").write_text(json.dumps({"format_version": "1.0", "problems": [problem]}))
    path = write(tmp_path, RAISE)
    code, out, _ = jobs("annotate", "--plan", path, "--problems", tmp_path / "problems.json")
    assert code == 0
    assert (
        "::error file=billing/catalog/plans.yaml,line=3,endLine=3,col=5,endColumn=9,title=plan.x%3A Plan/pro::" in out
    )
    assert "::100%25" in out
    assert "file=billing/catalog/ratecards.yaml,line=10" in out
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in out.splitlines())


def test_problems_are_on_the_page_and_end_no_table(jobs, tmp_path, hub):
    jobs.start(hub.open_pull())
    problem = {
        "rule": "plan.x",
        "severity": "error",
        "message": "no | <img src=x> @acme/all\n## Approved",
        "why": "because",
        "location": {"file": "catalog/plans.yaml", "line": 3, "column": 5},
    }
    warning = problem | {"severity": "warning", "message": "hm", "why": None, "location": None}
    (tmp_path / "problems.json").write_text(json.dumps({"problems": [problem, warning]}))
    assert jobs("summary", "--problems", "problems.json")[0] == 0
    head, _, *rows = jobs.kept("GITHUB_STEP_SUMMARY").splitlines()
    assert head == "### Billing catalogue: 1 error and 1 warning in 1 file"
    assert rows[2:] == [
        "|  | hm | warning `plan.x` |",
        "| `catalog/plans.yaml:3` | no `\\| <img src=x> @acme/all\\n##` Approved<br>because | **error** `plan.x` |",
    ]


def test_no_problem_leaves_the_page_as_it_is(jobs, tmp_path, hub):
    jobs.start(hub.open_pull())
    (tmp_path / "problems.json").write_text('{"problems": []}')
    assert jobs("summary", "--problems", "problems.json")[0] == 0
    assert jobs.kept("GITHUB_STEP_SUMMARY") == ""


def test_what_failed_before_any_environment_is_on_the_page(jobs, tmp_path, hub):
    jobs.start(hub.open_pull())
    turn = {"environment": None, "exit_code": 1, "said": "no", "error": "reconciler.yaml:3:7: <b>\nand more"}
    summary = {"format_version": "1.0", "shard": None, "environments": [turn], "exit_code": 1}
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    assert jobs("summary", "--summary", "summary.json")[0] == 0
    page = jobs.kept("GITHUB_STEP_SUMMARY")
    assert page == "### Billing catalogue: failed\n\nreconciler.yaml:3:7: `<b>`\n\nand more\n"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"problems": [{}]}', '{"problems": [1]}'])
def test_a_file_that_holds_no_problems_is_told(jobs, tmp_path, text):
    (tmp_path / "problems.json").write_text(text)
    code, out, err = jobs("annotate", "--problems", "problems.json")
    assert (code, out) == (1, "")
    assert "problems.json is not what `validate --format json` prints" in err


def approval(*more):
    return ("approval", "-e", "production", "-o", "approved.plan", "--consents", "consents.json", *more)


def planned(hub, jobs, tmp_path):
    pull = hub.open_pull()
    run = jobs.start(pull)
    path = write(tmp_path, RAISE)
    assert jobs("comment", "--state", "planned", "--plan", path)[0] == 0
    hub.upload(run, f"reconciler-plans-production-{pull.head}", {"plans/production.plan": path.read_bytes()})
    hub.finish(run)
    return pull


def test_an_approval_is_two_files_and_who_gave_it(hub, jobs, tmp_path):
    pull = planned(hub, jobs, tmp_path)
    hub.approve(pull, "alice")
    jobs.start(sha=hub.merge(pull))
    code, _, err = jobs(*approval("--summary", "summary.json"))
    assert code == 0, err
    assert "Approved by @alice in" in err
    assert "Consent of acme/pricing: @alice." in err
    assert (tmp_path / "approved.plan").read_text() == planfile.dumps(RAISE)
    (consent,) = json.loads((tmp_path / "consents.json").read_text())["consents"]
    assert consent["by"] == ["alice"]


def test_a_refusal_ends_with_3_and_a_reason_and_writes_nothing_else(hub, jobs, tmp_path):
    pull = planned(hub, jobs, tmp_path)
    hub.dismiss(hub.approve(pull, "alice"))
    jobs.start(sha=hub.merge(pull))
    code, _, err = jobs(*approval("--summary", "summary.json"))
    assert code == 3
    assert "Refused: nobody approved what was merged" in err
    assert not (tmp_path / "approved.plan").exists()
    assert not (tmp_path / "consents.json").exists()
    (turn,) = json.loads((tmp_path / "summary.json").read_text())["environments"]
    assert (turn["environment"], turn["exit_code"], turn["reason"]) == ("production", 3, "approval-revoked")


def test_without_the_consent_of_the_team_it_is_refused(hub, jobs, tmp_path):
    pull = planned(hub, jobs, tmp_path)
    hub.approve(pull, "bob")
    jobs.start(sha=hub.merge(pull))
    code, _, err = jobs(*approval())
    assert code == 3
    assert "Refused: nobody of acme/pricing has approved it" in err
    assert not (tmp_path / "approved.plan").exists()


def git(folder, *words):
    line = ["git", "-C", folder, "-c", "user.name=x", "-c", "user.email=x@example.com", *words]
    return subprocess.run(line, check=True, capture_output=True, text=True).stdout.strip()


def test_a_pull_request_that_names_its_own_approver_is_judged_by_the_teams_before_it(hub, jobs, tmp_path):
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "reconciler.yaml")
    git(tmp_path, "commit", "-qm", "before")
    before = git(tmp_path, "rev-parse", "HEAD")
    (tmp_path / "reconciler.yaml").write_text(PROJECT.replace("[alice]", "[alice, bob]"))
    git(tmp_path, "commit", "-qam", "bob may, says bob")
    pull = planned(hub, jobs, tmp_path)
    hub.approve(pull, "bob")
    hub.merge(pull)
    for commit, code, said in ((before, 3, "nobody of acme/pricing"), ("f" * 40, 3, "fetch-depth: 0")):
        hub.before_push = commit
        jobs.start(sha=pull.merge_commit_sha)
        ended = jobs(*approval())
        assert ended[0] == code
        assert said in ended[2]
    hub.before_push = git(tmp_path, "rev-parse", "HEAD")
    jobs.start(sha=pull.merge_commit_sha)
    assert jobs(*approval())[0] == 0, "once that is merged, the next one is judged by it"


@pytest.mark.parametrize("out", ["production.json", "snapshots/"])
def test_an_artifact_is_written_as_a_file_or_into_a_folder(hub, jobs, tmp_path, out):
    hub.upload(hub.start_run("schedule"), "reconciler-snapshots", {"production.json": "{}"})
    jobs.start(hub.open_pull(fork="mallory/billing"), token=READ_ONLY)
    code, _, err = jobs("artifact", "--name", "reconciler-snapshots", "-o", out)
    assert code == 0
    assert (tmp_path / out.rstrip("/") / "production.json" if out.endswith("/") else tmp_path / out).read_text() == "{}"
    assert "Wrote " in err


def test_the_default_branch_is_asked_for_where_the_event_does_not_say(hub, jobs, tmp_path):
    hub.default_branch = "trunk"
    hub.upload(hub.start_run("schedule"), "reconciler-snapshots", {"production.json": "{}"})
    jobs.start(sha=hub.sha("nightly"))
    Path(jobs.environ["GITHUB_EVENT_PATH"]).write_text("{}")
    assert jobs("artifact", "--name", "reconciler-snapshots", "-o", "x.json")[0] == 0


def test_an_artifact_of_several_files_needs_a_folder(hub, jobs):
    hub.upload(hub.start_run("schedule"), "reconciler-snapshots", {"a.json": "{}", "b.json": "{}"})
    jobs.start(hub.open_pull())
    code, _, err = jobs("artifact", "--name", "reconciler-snapshots", "-o", "x.json")
    assert code == 64
    assert "has 2 files" in err


def test_an_artifact_that_is_nowhere_is_told(hub, jobs):
    jobs.start(hub.open_pull())
    code, _, err = jobs("artifact", "--name", "reconciler-snapshots", "-o", "x.json")
    assert code == 1
    assert "no run of main has an artifact reconciler-snapshots" in err


def test_an_issue_is_kept_from_what_drift_prints(hub, jobs, tmp_path):
    for environment, objects in (("production", [moved()]), ("staging", [])):
        (tmp_path / f"{environment}.json").write_text(json.dumps(tree(*objects, environment=environment)))
    jobs.start(sha=hub.sha("nightly"))
    code, _, err = jobs("issue", "--drift", "production.json", "--drift", "staging.json")
    assert code == 0
    (found,) = hub.issues.values()
    assert err == f"production: opened {hub.server_url}/acme/billing/issues/{found.number}\nstaging: clean, as before\n"


@pytest.mark.parametrize("command", ["comment --state stale", "issue --drift x", "artifact --name a -o b"])
def test_outside_of_a_job_it_is_told_what_is_missing(jobs, monkeypatch, tmp_path, command):
    (tmp_path / "x").write_text("{}")
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    code, _, err = jobs(*command.split())
    assert code == 64
    assert "GITHUB_REPOSITORY is not set" in err


def test_a_host_that_does_not_answer_is_an_error_with_a_sentence(hub, jobs, tmp_path, monkeypatch):
    jobs.start(hub.open_pull())
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
    code, _, err = jobs("comment", "--state", "planned", "--plan", write(tmp_path, RAISE))
    assert code == 1
    assert err.startswith("Error: ")
    assert "no connection" in err
    assert "Traceback" not in err
