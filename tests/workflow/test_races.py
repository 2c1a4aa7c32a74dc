"""Two runs on one catalogue: the second comes in whole at any request of the first. Nothing is twice, nothing is lost.

Whoever ends well ends with what it declared, live and active; whoever is overtaken is told by what.
"""

import subprocess
import sys

import httpx
import pytest

from reconciler.errors import RefusedError
from reconciler.sandbox import Sandbox
from reconciler.workflow import PlanRequest, make_destroy_plan, make_plan, open_context, require_open, run_apply

PROJECT = """\
apiVersion: reconciler/v1
kind: Project
name: acme
manifests: [catalog]
environments:
  zero: {endpoint: "sandbox:shared", vars: {n: "1"}}
  one: {endpoint: "sandbox:shared", vars: {n: "2"}}
  two: {endpoint: "sandbox:shared", vars: {n: "3"}}
  retired: {endpoint: "sandbox:shared", vars: {n: "3"}, overlays: [retired]}
variables:
  n: {type: decimal, default: "1"}
"""

CATALOG = """\
apiVersion: openmeter.io/v1
kind: Meter
key: calls
spec: {name: "Calls {{ vars.n }}", eventType: call, aggregation: COUNT}
---
apiVersion: openmeter.io/v1
kind: Feature
key: calls
spec: {name: Calls, meterSlug: calls}
---
apiVersion: openmeter.io/v1
kind: Addon
key: more
spec:
  name: More
  currency: USD
  instanceType: single
  rateCards:
    - {type: flat_fee, key: more, name: More, billingCadence: P1M, price: {type: flat, amount: "{{ vars.n }}"}}
---
apiVersion: openmeter.io/v1
kind: Plan
key: pro
spec:
  name: Pro
  currency: USD
  billingCadence: P1M
  phases:
    - key: main
      name: Main
      rateCards:
        - {type: flat_fee, key: base, name: Base, billingCadence: P1M, price: {type: flat, amount: "{{ vars.n }}"}}
  addons:
    - {addon: more, fromPlanPhase: main}
---
apiVersion: openmeter.io/v1
kind: NotificationChannel
key: ops
spec: {name: Ops, type: WEBHOOK, url: "https://hooks.example.com/{{ vars.n }}"}
---
apiVersion: openmeter.io/v1
kind: NotificationRule
key: reset
spec: {name: "Reset {{ vars.n }}", type: entitlements.reset, channels: [ops]}
"""

RETIRED = """\
apiVersion: openmeter.io/v1
kind: Plan
key: pro
lifecycle: {state: archived}
"""

NUMBER = {"zero": "1", "one": "2", "two": "3", "retired": "3"}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "reconciler.yaml").write_text(PROJECT)
    for name, text in (("catalog", CATALOG), ("retired", RETIRED)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "all.yaml").write_text(text)
    return tmp_path


class Interrupted(httpx.BaseTransport):
    """Lets another run come in, whole, before the request with this number (from 1; 0: never)."""

    def __init__(self, inner, number, other):
        self.inner, self.number, self.other = inner, number, other
        self.count = self.last_write = self.accepted = 0

    def handle_request(self, request):
        self.count += 1
        if self.count == self.number:
            self.other()
        answer = self.inner.handle_request(request)
        if request.method != "GET":
            self.last_write = self.count
            self.accepted += answer.is_success
        return answer


class Run:
    """One run on the shared sandbox: how it ends, and what it says."""

    def __init__(self, folder, environment, *, destroy=False):
        self.context = open_context(folder, environment=environment, parallelism=1)
        self.destroy = destroy
        self.code, self.said = None, ""

    def go(self):
        request = PlanRequest()
        try:
            made = make_destroy_plan(self.context) if self.destroy else make_plan(self.context, request)
            require_open(made)
            outcome = run_apply(self.context, made, again=None if self.destroy else request)
        except RefusedError as error:
            self.code, self.said = error.exit_code, "; ".join((error.message, *getattr(error, "moved", ())))
        else:
            errors = [result.error for result in outcome.report.results if result.state == "failed"]
            self.code, self.said = outcome.exit_code, "; ".join((*errors, *outcome.report.mismatches))
        return self

    def declares(self):
        """What is live, as ``live`` tells it, when all of it is done."""
        n, name = NUMBER[self.context.environment.name], self.context.environment.name
        if self.destroy:
            return NOTHING
        return {
            "meter": [f"Calls {n}"],
            "feature": ["Calls"],
            "addon": [("active", n)],
            "plan": [] if name == "retired" else [("active", n, ["more"])],
            "channel": [f"https://hooks.example.com/{n}"],
            "rule": [(f"Reset {n}", 1)],
        }


NOTHING = {"meter": [], "feature": [], "addon": [], "plan": [], "channel": [], "rule": []}


def live(folder):
    """What is live, read past the reconciler: every object that is not archived."""
    with httpx.Client(transport=Sandbox(folder / ".reconciler/shared.db").transport(), base_url="http://x") as client:

        def rows(path):
            found = client.get(f"/api/v1/{path}").json()
            found = found if isinstance(found, list) else found["items"]
            return [row for row in found if row.get("status") != "archived"]

        plans = rows("plans")
        offers = {row["id"]: rows(f"plans/{row['id']}/addons") for row in plans}
        return {
            "meter": [row["name"] for row in rows("meters")],
            "feature": [row["name"] for row in rows("features")],
            "addon": [(row["status"], row["rateCards"][0]["price"]["amount"]) for row in rows("addons")],
            "plan": [
                (
                    row["status"],
                    row["phases"][0]["rateCards"][0]["price"]["amount"],
                    [offer["addon"]["key"] for offer in offers[row["id"]]],
                )
                for row in plans
            ],
            "channel": [row["url"] for row in rows("notification/channels?includeDisabled=true")],
            "rule": [(row["name"], len(row["channels"])) for row in rows("notification/rules?includeDisabled=true")],
        }


@pytest.fixture
def race(folder, monkeypatch):
    """Runs ``first``; ``second`` comes in whole at its request number ``at``. Gives what counted the requests."""

    def start(first, second, at):
        transport = Sandbox.transport
        opened = []

        def come_in():
            monkeypatch.setattr(Sandbox, "transport", transport)
            second.go()
            second.left = live(folder)
            monkeypatch.setattr(Sandbox, "transport", shared)

        gate = Interrupted(None, at, come_in)

        def shared(sandbox):
            inner = transport(sandbox)
            opened.append(inner)
            gate.inner = inner
            return gate

        monkeypatch.setattr(Sandbox, "transport", shared)
        first.go()
        monkeypatch.setattr(Sandbox, "transport", transport)
        return gate

    return start


RACES = {
    "the same first apply twice": (None, ("one", False), ("one", False)),
    "two first applies": (None, ("one", False), ("two", False)),
    "two changes": ("zero", ("one", False), ("two", False)),
    "a change and an archive": ("zero", ("one", False), ("retired", False)),
    "an archive and a change": ("zero", ("retired", False), ("one", False)),
    "a change and a destroy": ("zero", ("one", False), ("zero", True)),
    "a destroy and a change": ("zero", ("zero", True), ("one", False)),
}
"""What is live before, the run that is interrupted, and the one that comes in (an environment; whether it destroys)."""


@pytest.fixture
def points(folder, race):
    """Every request at which the second run can come in, and what came of it; reads in a row count as one."""

    def each(name):
        before, one, other = RACES[name]
        at = last = 1
        while at <= last:
            (folder / ".reconciler/shared.db").unlink(missing_ok=True)
            if before:
                assert Run(folder, before).go().code == 0
            first, second = (Run(folder, environment, destroy=destroy) for environment, destroy in (one, other))
            gate = race(first, second, at)
            yield at, first, second, gate
            last = gate.count
            at += 1 if gate.last_write else 4

    return each


@pytest.mark.parametrize("name", RACES)
def test_whoever_is_overtaken_is_told_and_whoever_ends_well_has_what_it_declares(folder, points, name):
    for at, first, second, gate in points(name):
        now = live(folder)
        told = f"request {at}: {first.code} {first.said} / {second.code} {second.said} / {now}"
        assert (second.code, second.left) == (0, second.declares()), told
        assert first.code in (0, 3, 4, 5), told
        if first.code == 0:
            assert now == (first if at <= gate.last_write else second).declares(), told
        else:
            assert first.said, told
        if first.code == 3:
            assert gate.accepted == 0, told
        for kind, rows in now.items():
            assert len([row for row in rows if row[0] != "draft"]) <= 1, f"{kind}: {told}"
            assert len(rows) <= 2, f"{kind}: {told}"
        if name != "a change and a destroy":
            # There a draft may be left whose predecessor is gone: taking that over needs consent.
            after = Run(folder, "two" if name.startswith("two") else "one").go()
            assert (after.code, live(folder)) == (0, after.declares()), f"then {after.said}: {told}"


def test_two_processes_at_once_leave_one_of_each_and_the_next_apply_ends_as_declared(folder):
    assert Run(folder, "zero").go().code == 0
    command = [sys.executable, "-m", "reconciler", "apply", "--auto-approve", "-e"]
    for _ in range(3):
        both = [
            subprocess.Popen([*command, name], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for name in ("one", "two")
        ]
        said = [process.communicate() for process in both]
        told = f"{[process.returncode for process in both]} {said} {live(folder)}"
        assert all(process.returncode in (0, 3, 4, 5) for process in both), told
        assert "Traceback" not in told
        for kind, rows in live(folder).items():
            assert len([row for row in rows if row[0] != "draft"]) == 1, f"{kind}: {told}"
    after = Run(folder, "one").go()
    assert (after.code, live(folder)) == (0, after.declares()), told
