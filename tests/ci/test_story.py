"""The life of a price change, from the pull request to the invoice's price, against a GitHub and an OpenMeter.

Every step is a command line, run with the variables of its job; both servers are on ports.
"""

from __future__ import annotations

import os

import pytest

from reconciler.__main__ import main
from reconciler.ci import artifacts
from reconciler.ci.document import read
from reconciler.sandbox import Sandbox
from reconciler.sandbox.serve import serving

from ..cli.conftest import Ended, Served
from ..cli.test_guards import FEATURE, meter, pro
from .github import TOKEN

POLICY = "policy: {classes: {price-raising: {consent: acme/pricing}}}"
TEAMS = "teams: {acme/pricing: [alice]}"


class Story:
    """A repository, its catalogue and its live server, and the jobs that its workflow runs."""

    def __init__(self, hub, live, run, folder, monkeypatch):
        self.hub, self.live, self.cli, self.folder, self.monkeypatch = hub, live, run, folder, monkeypatch
        self.declare("20")
        assert self.cli("apply", "--auto-approve").code == 0
        live.project(POLICY, TEAMS)
        self.pull = hub.open_pull()

    def declare(self, price):
        self.live.declare(meter(), FEATURE, pro(price))

    def job(self, *, pull=None, sha=None):
        """Begin a job; every command after it is one of its steps."""
        run = self.hub.start_run("push" if sha else "pull_request", pull, head=sha)
        folder = self.folder / "jobs" / str(run.id)
        folder.mkdir(parents=True)
        event = self.hub.push_event(sha) if sha else self.hub.pull_event(pull)
        for name, value in self.hub.environ(folder, run, event).items():
            self.monkeypatch.setenv(name, value)
        return run, folder

    def step(self, *args):
        ended = self.cli(*args)
        assert TOKEN not in ended.out + ended.err
        return ended

    def planned(self, price=None):
        """What the workflow does on a pull request."""
        if price is not None:
            self.declare(price)
        run, folder = self.job(pull=self.pull)
        files = ("--plan", folder / "live.plan", "--summary", folder / "summary.json")
        self.step("ci", "comment", "--state", "stale")
        assert self.step("plan", "-e", "live", "-o", files[1], "--summary", files[3]).code == 0
        for words in (("summary",), ("comment", "--state", "planned")):
            assert self.step("ci", *words, *files).code == 0
        name = artifacts.plans_name("live", self.pull.head)
        self.hub.upload(run, name, {"plans/live.plan": (folder / "live.plan").read_bytes()})
        self.hub.finish(run)

    def merged(self):
        """What the workflow does after the merge; gives the exit code of the job."""
        return self.applied(self.hub.merge(self.pull))

    def applied(self, sha):
        _, folder = self.job(sha=sha)
        approved, consents, summary = (folder / name for name in ("live.plan", "consents.json", "summary.json"))
        code = self.step(
            "ci", "approval", "-e", "live", "-o", approved, "--consents", consents, "--summary", summary
        ).code  # fmt: skip
        told = ["--summary", summary]
        if code == 0:
            self.step("ci", "comment", "--state", "applying", "-e", "live")
            report = folder / "report.json"
            code = self.step(
                "apply", "-e", "live", "--auto-approve", "--approved", approved, "--consents", consents,
                "--report", report, "--summary", summary,
            ).code  # fmt: skip
            told += ["--report", report] if report.exists() else []
        assert self.step("ci", "summary", *told).code == 0
        assert self.step("ci", "comment", "--state", "failed" if code else "applied", *told).code == 0
        return code

    def nightly(self):
        """What the workflow does at night."""
        self.job(sha=self.hub.sha("nightly"))
        ended = self.step("drift", "-e", "live", "--format", "json")
        (self.folder / "drift.json").write_text(ended.out)
        assert self.step("ci", "issue", "--drift", self.folder / "drift.json").code == 0
        return ended.code

    @property
    def entry(self):
        reading = read(self.comment)
        assert reading.health == "sound"
        return reading.document.entries["live"]

    @property
    def comment(self):
        (found,) = self.hub.comments_of(self.pull)
        return found.body

    @property
    def price(self):
        """What a new subscriber pays."""
        (plan,) = [one for one in self.live.items("plans") if one["status"] == "active"]
        (found,) = [card["price"]["amount"] for card in plan["phases"][0]["rateCards"] if card["price"]]
        return found

    def outputs(self):
        return (max((self.folder / "jobs").iterdir()) / "output").read_text()

    def page(self):
        return (max((self.folder / "jobs").iterdir()) / "summary").read_text()


@pytest.fixture
def run(capfd):
    def call(*args):
        code = main([str(arg) for arg in args])
        out, err = capfd.readouterr()
        return Ended(code, out, err)

    return call


@pytest.fixture
def story(hub, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECONCILER_SETTLE", "0")
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "COLUMNS", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    sandbox = Sandbox(":memory:")
    with serving(sandbox) as server, hub.serving():
        live = Served(tmp_path, server.url, sandbox)
        yield Story(hub, live, run, tmp_path, monkeypatch)
    sandbox.close()


def test_a_price_is_raised_from_the_pull_request_to_the_live_catalogue_and_drift_is_healed(story, hub):
    story.planned("21")
    assert story.entry.state == "planned"
    assert "waiting for `@acme/pricing`" in story.comment
    assert "max-class<<" in story.outputs()
    first = story.entry.change_digest

    hub.push(story.pull)
    story.planned("22")
    assert story.entry.head == story.pull.head
    assert story.entry.change_digest != first

    hub.approve(story.pull, "alice")
    assert story.merged() == 0
    assert story.price == "22"
    assert story.entry.state == "applied"
    assert "| 1 consented | [applied](" in story.comment
    assert story.entry.change_digest != first

    assert story.nightly() == 0
    assert not hub.issues
    (meter_,) = story.live.items("meters")
    story.live.send("PUT", "meters/tokens", meter_ | {"name": "Renamed by hand"})
    assert story.nightly() == 2
    (issue,) = hub.issues.values()
    assert "Renamed by hand" in issue.body
    assert story.nightly() == 2
    assert len(hub.issues) == 1

    assert story.step("drift", "-e", "live", "--heal", "--auto-approve").code == 0
    assert story.nightly() == 0
    assert issue.state == "closed"
    assert story.price == "22"
    assert len(hub.comments_of(story.pull)) == 1


def refused(story, reason):
    """The job after the merge is refused: nothing is written, and the pull request says why."""
    before = story.live.everything()
    code = story.merged() if story.pull.merged_at is None else story.applied(story.pull.merge_commit_sha)
    assert code == 3
    assert story.live.everything() == before
    assert "failure-reason<<" in story.outputs()
    assert f"\n{reason}\n" in story.outputs()
    return story


def test_without_an_approval_nothing_is_applied_and_after_it_the_same_job_does(story, hub):
    story.planned("21")
    refused(story, "not-approved")
    assert story.entry.state == "failed"
    assert "`not-approved`" in story.comment
    hub.approve(story.pull, "alice")
    assert story.applied(story.pull.merge_commit_sha) == 0
    assert story.price == "21"
    assert story.entry.state == "applied"


def test_an_approval_that_was_revoked_applies_nothing(story, hub):
    story.planned("21")
    hub.dismiss(hub.approve(story.pull, "alice"))
    refused(story, "approval-revoked")


def test_an_approval_of_somebody_else_than_the_team_leaves_the_guard_open(story, hub):
    story.planned("21")
    hub.approve(story.pull, "bob")
    refused(story, "guards-open")
    assert "`guards-open`" in story.comment


def test_a_head_that_moved_after_the_plan_applies_nothing(story, hub):
    story.planned("21")
    hub.push(story.pull)
    story.declare("99")
    hub.approve(story.pull, "alice")
    refused(story, "head-moved")


def test_what_was_merged_and_is_another_change_than_was_reviewed_is_not_applied(story, hub):
    """Somebody else's pull request came in between: together they are another change."""
    story.planned("21")
    hub.approve(story.pull, "alice")
    story.live.declare(meter(), FEATURE, pro("21", allowance=50))
    refused(story, "plan-changed")
    assert "`plan-changed`" in story.comment
    told = story.comment
    assert told.index("What would be done now is not what was approved") < told.index("**Price changes")
    assert "What would be done now is not what was approved" in story.page()
    story.live.declare(meter(), FEATURE, pro("21"))
    assert story.applied(story.pull.merge_commit_sha) == 0
    assert "What would be done now" not in story.comment


def test_a_live_catalogue_that_moved_since_the_review_is_not_applied_to(story, hub):
    story.planned("21")
    hub.approve(story.pull, "alice")
    (plan,) = [one for one in story.live.items("plans") if one["status"] == "active"]
    story.live.send("POST", f"plans/{plan['id']}/archive")
    refused(story, "plan-changed")


def test_an_edited_comment_applies_nothing_until_there_is_a_new_plan(story, hub):
    story.planned("21")
    hub.approve(story.pull, "alice")
    (found,) = hub.comments_of(story.pull)
    hub.edit(found, found.body.replace("21", "20"))
    refused(story, "approval-unreadable")


def test_a_truncated_comment_applies_nothing(story, hub):
    story.planned("21")
    hub.approve(story.pull, "alice")
    (found,) = hub.comments_of(story.pull)
    hub.edit(found, found.body[: len(found.body) // 2])
    refused(story, "approval-unreadable")


def test_two_pushes_one_after_the_other_end_with_the_plan_of_the_second(story, hub):
    """The first run is slow: it comments when the second one has long finished."""
    story.declare("21")
    _, folder = story.job(pull=story.pull)
    variables = {name: value for name, value in os.environ.items() if name.startswith("GITHUB_")}
    assert story.step("plan", "-e", "live", "-o", folder / "live.plan").code == 0
    hub.push(story.pull)
    story.planned("22")
    latest = story.entry
    for name, value in variables.items():
        story.monkeypatch.setenv(name, value)
    ended = story.step("ci", "comment", "--state", "planned", "--plan", folder / "live.plan")
    assert ended.code == 0
    assert story.entry == latest
