"""A whole apply after one that was killed: plan, re-read, steps, read-back. The oracle is what is live."""

import httpx
import pytest

from reconciler.model import ChangeClass
from reconciler.sandbox import Sandbox
from reconciler.workflow import PlanRequest, make_plan, open_context, run_apply

PROJECT = """\
apiVersion: reconciler/v1
kind: Project
name: acme
manifests: [catalog.yaml]
"""

CATALOG = """\
apiVersion: openmeter.io/v1
kind: NotificationChannel
key: ops
spec: {{name: Ops, type: WEBHOOK, url: "https://hooks.example.com/ops"}}
---
apiVersion: openmeter.io/v1
kind: NotificationRule
key: news
spec: {{name: News, type: {type}, channels: [ops]}}
"""


class Killed(Exception):  # noqa: N818 - not an error: the end of a process
    """The process is gone."""


class Dying(httpx.BaseTransport):
    """Serves so many writes; with the next one the process is gone, before it is sent."""

    def __init__(self, inner, writes):
        self.inner, self.left = inner, writes

    def handle_request(self, request):
        if request.method != "GET":
            if self.left == 0:
                raise Killed
            self.left -= 1
        return self.inner.handle_request(request)


@pytest.fixture
def declare(tmp_path):
    """Write the manifests with this type of rule; gives the context of one run on them."""
    (tmp_path / "reconciler.yaml").write_text(PROJECT)

    def write(kind):
        (tmp_path / "catalog.yaml").write_text(CATALOG.format(type=kind))
        return open_context(tmp_path, parallelism=1)

    return write


@pytest.fixture
def killed_after(monkeypatch):
    """Apply, and die after so many writes."""
    transport = Sandbox.transport

    def run(context, writes):
        made = make_plan(context, PlanRequest())
        monkeypatch.setattr(Sandbox, "transport", lambda sandbox: Dying(transport(sandbox), writes))
        with pytest.raises(Killed):
            run_apply(context, made)
        monkeypatch.setattr(Sandbox, "transport", transport)

    return run


def rules(context):
    transport = Sandbox(context.state_folder / "sandbox.db").transport()
    with httpx.Client(transport=transport, base_url="http://x") as client:
        return client.get("/api/v1/notification/rules").json()["items"]


def apply(context):
    made = make_plan(context, PlanRequest())
    return made, run_apply(context, made, again=PlanRequest())


def test_a_replacement_that_was_killed_before_its_delete_is_finished_by_the_next_apply(declare, killed_after):
    context = declare("invoice.created")
    assert apply(context)[1].exit_code == 0
    (old,) = rules(context)
    context = declare("invoice.updated")
    killed_after(context, 1)
    assert [row["type"] for row in rules(context)] == ["invoice.created", "invoice.updated"]

    made, outcome = apply(context)

    assert (outcome.exit_code, outcome.report.mismatches) == (0, ())
    assert [(row["type"], row["id"] != old["id"]) for row in rules(context)] == [("invoice.updated", True)]
    (change,) = (change for change in made.changes if change.address.key == "news")
    assert "delete" in change.actions
    assert ChangeClass.DESTRUCTIVE in change.classes
    assert any(old["id"] in note for note in change.notes)
    assert make_plan(context, PlanRequest()).is_empty
