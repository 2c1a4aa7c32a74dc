"""Any catalogues one after the other, each through any faults: what is live in the end is what was declared.

Each catalogue is applied while requests die, are lost, refused or answered wrongly; then once more without. The oracle
is ``as_declared``: the rows of the API against what was declared, worked out without the planner.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import stamina
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from reconciler.backends import open_backend
from reconciler.execution import apply
from reconciler.kinds.registry import KINDS
from reconciler.planning import planfile
from reconciler.planning.resume import progress
from reconciler.planning.stale import moved
from reconciler.planning.verify import verify
from reconciler.project import Environment

from ..backends.faults import FakeTime
from .as_declared import PATHS, Judge, key_of
from .catalogues import catalogues, resources
from .conftest import SECRET, secret
from .test_crash import fresh

EXAMPLES = int(os.environ.get("FAULT_EXAMPLES", "0"))
"""By hand: that many random examples instead of the few that are always the same."""
PROFILE = settings(
    max_examples=EXAMPLES or 32,
    derandomize=not EXAMPLES,
    database=None,
    phases=[Phase.generate],  # a story shrinks for minutes, and tells little more
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
ACME = frozenset({"acme"})

LATE = 3
"""The server is still at it, for as many requests."""

# What happens to a request: whether the server handles it, and what comes back. None: nobody is left to hear it.
WAYS = {
    "killed before": (False, None),
    "killed after": (True, None),
    "never sent": (False, httpx.ConnectError),
    "dropped before": (False, httpx.ReadError),
    "dropped after": (True, httpx.ReadError),
    "timed out before": (False, httpx.ReadTimeout),
    "timed out after": (True, httpx.ReadTimeout),
    "handled late": (LATE, httpx.ReadTimeout),
    "500 before": (False, 500),
    "500 after": (True, 500),
    "429": (False, 429),
    "503 before": (False, 503),
    "502 after": (True, 502),
}


@dataclass(frozen=True)
class Fault:
    """The ``number``-th request, or the ``number``-th write, meets ``way``."""

    number: int
    way: str
    writes: bool


FAULTS = st.lists(
    st.builds(Fault, st.integers(1, 30), st.sampled_from(sorted(WAYS)), st.sampled_from([True, True, False])),
    min_size=1,
    max_size=4,
)


@dataclass(frozen=True)
class Round:
    """One catalogue, and the faults of each run but the last; ``True``: a run takes up the plan that was saved first.

    ``absent``: what it leaves out is declared to be absent; else it is pruned.
    """

    catalogue: dict
    absent: bool
    runs: list
    again: bool


@st.composite
def rounds(draw):
    runs = draw(st.lists(st.tuples(st.booleans(), FAULTS), min_size=1, max_size=3))
    return Round(draw(catalogues()), draw(st.sampled_from([False, False, True])), runs, draw(st.booleans()))


class Faulty(httpx.BaseTransport):
    """Breaks chosen requests on their way; after a death none arrives any more."""

    def __init__(self, inner, faults):
        self.inner, self.faults = inner, faults
        self.counts = {True: 0, False: 0}
        self.late = []
        self.dead = False
        self._lock = threading.Lock()

    def handle_request(self, request):
        request.read()
        with self._lock:
            if self.dead:
                raise httpx.ConnectError("the process is gone", request=request)
            self._catch_up()
            self.counts[False] += 1
            self.counts[True] += request.method != "GET"
            for fault in self.faults:
                counted = request.method != "GET" or not fault.writes
                if counted and self.counts[fault.writes] == fault.number:
                    return self._broken(request, *WAYS[fault.way])
            return self.inner.handle_request(request)

    def _catch_up(self, *, everything=False):
        due = [late for late in self.late if everything or late[0] <= self.counts[False]]
        self.late = [late for late in self.late if late not in due]
        for _, request in due:
            self.inner.handle_request(request).read()

    def close(self):
        """The process has ended; what it sent arrives still."""
        self._catch_up(everything=True)

    def _broken(self, request, handled, outcome):
        if handled is LATE:
            self.late.append((self.counts[False] + LATE, request))
        elif handled:
            self.inner.handle_request(request).read()
        self.dead = outcome is None
        if isinstance(outcome, int):
            return httpx.Response(outcome, request=request)
        raise (outcome or httpx.ReadError)("broken on purpose", request=request)


def theirs(world):
    """Objects of somebody else, some marked by another project; what they are before anything happens."""
    mark = {"metadata": {"reconciler.project": "platform", "reconciler.key": "theirs"}}
    world.send("POST", "/api/v1/meters", {"slug": "theirs", "eventType": "call", "aggregation": "COUNT", **mark})
    world.send("POST", "/api/v1/features", {"key": "theirs", "name": "theirs", "meterSlug": "theirs"})
    phases = [{"key": "main", "name": "Main", "duration": None, "rateCards": []}]
    body = {"key": "theirs", "name": "p", "currency": "USD", "billingCadence": "P1M", "phases": phases}
    world.send("POST", "/api/v1/plans", body)
    hook = {"name": "theirs", "type": "WEBHOOK", "url": "https://hooks.example.com/theirs", **mark}
    channel = world.send("POST", "/api/v1/notification/channels", hook)
    rule = {"name": "theirs", "type": "invoice.created", "channels": [channel["id"]]}
    world.send("POST", "/api/v1/notification/rules", rule)
    return {row["id"]: (row, key_of(kind, row)) for kind, path in PATHS.items() for row in world.items(path)}


def judge_of(world):
    world.send("POST", "/api/v1/marketplace/listings/custom_invoicing/install", {"name": "Own"})
    apps = {app["type"]: app["id"] for app in world.items("/api/v1/apps")}
    return Judge(world, {"sandbox": apps["sandbox"], "own": apps["custom_invoicing"]}, theirs(world))


def planned(world, catalogue, absent):
    wanted = world.desired(*resources(catalogue, absent=absent))
    options = {"prune": not absent, "adopt": bool, "reveal": secret}
    return world.plan(wanted=wanted, **options)


def run(world, made, faults=()):
    """One process with a saved plan: held against what is live first, and taken up where it stands."""
    made = planfile.loads(planfile.dumps(made))
    seen = world.backend.observe(KINDS)
    reached = progress(made, seen, ACME, secret)
    overtaken = moved(made, seen, ACME, frozenset(reached.done) | reached.again)
    assert overtaken == (), f"nobody else was here: {overtaken}"
    environment = Environment("test", "sandbox:")
    transport = Faulty(world.http._transport, faults)
    channel = open_backend(environment, base=Path(), transport=transport, parallelism=1, clock=FakeTime().clock)
    try:
        return apply(made, channel, reveal=secret, parallelism=1, done=reached.done, seen=seen)
    finally:
        channel.close()


def finished(world, made):
    report = run(world, made)
    wrong = [f"{one.step.id}: {one.error}" for one in report.results if one.state != "done"]
    assert wrong == [], wrong
    created = {f"{one.step.address}#id": one.created_id for one in report.results if one.step.verb == "create"}
    assert verify(made, world.backend.observe(KINDS), created, reveal=secret) == ()


def stopping(made):
    return [guard.name for guard in made.open_guards if not guard.consentable]


@pytest.fixture(autouse=True, scope="module")
def _no_waiting():
    with stamina.set_testing(True, attempts=2):
        yield


@PROFILE
@given(st.lists(rounds(), min_size=2, max_size=4), st.booleans())
def test_whatever_happens_to_a_run_the_next_one_ends_with_what_is_declared(story, hurried):
    """``hurried``: the last catalogue is declared while the one before it stands half applied."""
    world = fresh()
    judge = judge_of(world)
    half = None
    for number, part in enumerate(story):
        made = planned(world, part.catalogue, part.absent)
        if stopping(made):
            event("blocked")
            assert {guard.split(":")[0] for guard in stopping(made)} == {"blocked_by_server"}
            continue
        event("applied")
        before = {place: versions.published for place, versions in judge.expected.versions.items()}
        judge.expected.become(part.catalogue, absent=part.absent)
        survive(world, part, made)
        if hurried and number == len(story) - 2:
            half = before
            continue
        last = made if part.again else planned(world, part.catalogue, part.absent)
        finished(world, last)
        assert planned(world, part.catalogue, part.absent).steps == ()
        if half is None:
            judge.holds(SECRET)
        else:
            judge.holds_after_a_half(part.catalogue, half)
    world.backend.close()


def survive(world, part, made):
    """The runs that something happens to; what was possible before them is possible after each."""
    for saved, faults in part.runs:
        again = made if saved else planned(world, part.catalogue, part.absent)
        assert stopping(again) == [], stopping(again)
        run(world, again, faults)
