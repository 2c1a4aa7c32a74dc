"""Real customers re-rated: their own version against the new one, over the last closed period, without their names."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from reconciler.backends import open_backend
from reconciler.errors import ApiError
from reconciler.execution import apply
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Desired, Location, Management, Resource, Spread, Subscriber
from reconciler.planning import planfile
from reconciler.planning.options import PlanOptions, no_secret
from reconciler.planning.rerating import sampled
from reconciler.planning.sides import sides
from reconciler.render import text
from reconciler.sandbox import Sandbox
from reconciler.workflow.answers import answered
from reconciler.workflow.rerating import rerate
from reconciler.workflow.usage_request import UsageRequest

PRO = Address("Plan", "pro")
MODEL = {"model": {"$eq": "big"}}


class Nowhere:
    def locate(self, path):  # noqa: ARG002 - a source of resources is asked so
        return Location("catalog.yaml", 1)


def declare(kind, key, spec):
    return Resource(Address(kind, key), spec, Management(), Location("catalog.yaml", 1), Nowhere())


def catalogue(unit="1", base="10", trial=None, filters=MODEL, cadence="P1M", extra=(), meter="$.tokens"):
    meter = {
        "name": "T",
        "eventType": "e",
        "aggregation": "SUM",
        "valueProperty": meter,
        "groupBy": {"model": "$.model"},
    }
    feature = {"name": "T", "meterSlug": "tokens", **({"advancedMeterGroupByFilters": filters} if filters else {})}
    cards = [
        {"type": "flat_fee", "key": "base", "name": "Base", "billingCadence": cadence,
         "price": {"type": "flat", "amount": base}},
        {"type": "usage_based", "featureKey": "tokens", "billingCadence": cadence,
         "price": {"type": "unit", "amount": unit}},
    ]  # fmt: skip
    free = [{"key": "trial", "name": "Trial", "duration": trial, "rateCards": [{**cards[1], "price": None}]}]
    phases = [*(free if trial else []), {"key": "main", "name": "Main", "rateCards": cards}]
    plan = {"name": "Pro", "currency": "EUR", "billingCadence": cadence, "phases": phases}
    return (
        declare("Meter", "tokens", meter),
        declare("Feature", "tokens", feature),
        declare("Plan", "pro", plan),
        *extra,
    )


class Street:
    """A sandbox with a clock, what somebody sends it, and a project on it."""

    def __init__(self):
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.seen = []
        self.sandbox = Sandbox(":memory:", clock=lambda: self.now)
        inner = self.sandbox.transport()

        def count(request):
            self.seen.append(request)
            return inner.handle_request(request)

        transport = httpx.MockTransport(count)
        environment = SimpleNamespace(
            name="test", endpoint="sandbox:", api="v1", token=None, headers={}, limits=None, identity=None
        )
        self.backend = open_backend(environment, base=Path(), transport=transport)
        self.http = httpx.Client(transport=inner, base_url="http://sandbox/api/v1/")

    def planned(self, *resources):
        wanted = Desired({item.address: item for item in resources}, project="acme", environment="test")
        observation = self.backend.observe(KINDS)
        made, observation = answered(self.backend, wanted, observation, PlanOptions())
        return made, wanted, observation

    def apply(self, *resources):
        made, _, _ = self.planned(*resources)
        report = apply(made, self.backend, reveal=no_secret, seen=self.backend.observe(KINDS))
        assert {result.state for result in report.results} <= {"done", "verified"}, report.results

    def send(self, path, body):
        answer = self.http.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def subscribe(self, key, **more):
        self.now += timedelta(seconds=1)
        self.send("customers", {"name": f"Name of {key}", "key": key, "currency": "EUR"})
        return self.send("subscriptions", {"customerKey": key, "plan": {"key": "pro"}, **more})["id"]

    def use(self, subject, at, tokens, model="big"):
        event = {"id": "1", "source": "t", "specversion": "1.0", "type": "e", "subject": subject, "time": at}
        self.send("events", {**event, "data": {"tokens": tokens, "model": model}})

    def rerate(self, *resources, **asked):
        made, wanted, observation = self.planned(*resources)
        plans = sides(made, wanted, observation, PlanOptions())
        self.seen.clear()
        found = rerate(
            plans, made, wanted, observation, PlanOptions(), self.backend, UsageRequest(**asked), self.now, 4
        )
        return replace(made, rerated=found)


@pytest.fixture
def street():
    found = Street()
    yield found
    found.backend.close()
    found.sandbox.close()


@pytest.fixture
def three(street):
    """Three customers since January, in March: 100, 10 and no units in February, and some that do not count."""
    street.apply(*catalogue())
    for key in ("acme", "globex", "initech"):
        street.subscribe(key, billingAnchor="2026-01-01T00:00:00Z")
    for subject, at, units, model in (
        ("acme", "2026-02-10T00:00:00Z", 60, "big"),
        ("acme", "2026-02-28T23:59:59Z", 40, "big"),
        ("acme", "2026-03-01T00:00:00Z", 5000, "big"),
        ("acme", "2026-01-31T23:59:59Z", 7000, "big"),
        ("globex", "2026-02-02T00:00:00Z", 10, "big"),
        ("globex", "2026-02-02T00:00:00Z", 900, "small"),
        ("stranger", "2026-02-02T00:00:00Z", 900, "big"),
    ):
        street.use(subject, at, units, model)
    street.now = datetime(2026, 3, 15, tzinfo=UTC)
    return street


def only(made):
    (found,) = made.rerated
    return found


def moved(found):
    return [(mover.key, f"{mover.before:f}", f"{mover.after:f}") for mover in found.movers]


def test_the_last_closed_period_is_rated_as_it_was_and_on_the_new_version(three):
    found = only(three.rerate(*catalogue(unit="1.5")))
    assert (found.plan, found.currency, found.subscriptions, found.looked_at, found.rated) == (PRO, "EUR", 3, 3, 3)
    assert moved(found) == [("acme", "110.00", "160.00"), ("globex", "20.00", "25.00")]
    assert (found.before, found.after) == (Decimal(140), Decimal(195))
    assert (found.more, found.less, found.same, found.newly_charged) == (2, 0, 1, 0)
    assert found.spread == Spread(Decimal(0), Decimal(5), Decimal(50), Decimal(50))
    assert f"{found.steepest:.2f}" == "45.45"


def test_customers_of_one_period_are_asked_for_together_and_nothing_is_written(three):
    three.rerate(*catalogue(unit="2"))
    paths = [request.url.path.removeprefix("/api/v1/") for request in three.seen]
    assert {request.method for request in three.seen} == {"GET"}
    assert [path for path in paths if path == "customers"] == ["customers"]
    assert sum(path.startswith("subscriptions/") for path in paths) == 3
    (asked,) = (request.url.params for request in three.seen if request.url.path.endswith("/query"))
    assert len(asked.get_list("filterCustomerId")) == 3
    assert (asked["from"], asked["to"]) == ("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z")
    assert json.loads(asked["advancedMeterGroupByFilters"]) == MODEL
    assert len(paths) == 5


def test_each_customer_is_rated_from_the_version_that_they_are_on(three):
    three.apply(*catalogue(unit="2"))
    three.now += timedelta(days=1)
    found = only(three.rerate(*catalogue(unit="3")))
    assert moved(found)[0] == ("acme", "110.00", "310.00")


def test_what_a_feature_will_count_is_counted_for_the_new_bill(three):
    three.apply(*catalogue())
    other = declare("Feature", "small", {"name": "S", "meterSlug": "tokens", "meterGroupByFilters": {"model": "small"}})
    resources = list(catalogue(extra=(other,)))
    spec = json.loads(json.dumps(resources[2].spec))
    spec["phases"][0]["rateCards"][1]["featureKey"] = "small"
    resources[2] = declare("Plan", "pro", spec)
    assert moved(only(three.rerate(*resources))) == [("globex", "20.00", "910.00"), ("acme", "110.00", "10.00")]


def test_periods_follow_each_customers_own_anchor(street):
    street.apply(*catalogue())
    street.now = datetime(2026, 1, 20, 12, tzinfo=UTC)
    street.subscribe("late")
    street.use("late", "2026-02-20T11:00:00Z", 3)
    street.use("late", "2026-02-20T13:00:00Z", 4)
    street.now = datetime(2026, 3, 1, tzinfo=UTC)
    assert moved(only(street.rerate(*catalogue(unit="2")))) == [("late", "13.00", "16.00")]


def test_a_first_period_that_was_cut_is_prorated_on_both_sides(street):
    street.apply(*catalogue(base="31"))
    street.now = datetime(2026, 1, 16, tzinfo=UTC) - timedelta(seconds=1)
    street.subscribe("half", billingAnchor="2026-01-01T00:00:00Z")
    street.now = datetime(2026, 2, 10, tzinfo=UTC)
    assert moved(only(street.rerate(*catalogue(base="62")))) == [("half", "16.00", "32.00")]


def test_a_trial_that_the_new_version_does_not_have_is_charged(street):
    street.apply(*catalogue(trial="P1M"))
    street.subscribe("new", billingAnchor="2026-01-01T00:00:00Z")
    street.use("new", "2026-01-10T00:00:00Z", 5)
    street.now = datetime(2026, 2, 2, tzinfo=UTC)
    found = only(street.rerate(*catalogue()))
    assert (found.newly_charged, found.before, f"{found.after:f}") == (1, 0, "15.00")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [({"cadence": "P1Y"}, "the new version is billed in another currency or rhythm")],
)
def test_what_cannot_be_rated_faithfully_is_counted_with_its_reason(three, changed, reason):
    found = only(three.rerate(*catalogue(**changed)))
    assert (found.rated, found.unrated, found.spread) == (0, ((reason, 3),), None)


def test_who_has_no_closed_period_yet_is_counted(three):
    three.subscribe("fresh")
    assert only(three.rerate(*catalogue(unit="2"))).unrated == (("their first billing period has not ended yet", 1),)


def test_a_subscription_that_is_not_as_sold_is_counted_and_not_rated(three, monkeypatch):
    theirs = three.backend.subscription

    def edited(ident):
        shown = json.loads(json.dumps(theirs(ident), default=str))
        shown["phases"][0]["items"][0]["price"] = {"type": "flat", "amount": "1"}
        return shown

    monkeypatch.setattr(three.backend, "subscription", edited)
    assert only(three.rerate(*catalogue(unit="2"))).unrated == (
        ("they have add-ons, or their subscription was changed by hand", 3),
    )


def test_a_meter_that_will_count_otherwise_tells_nothing_of_what_will_be_billed(three):
    found = only(three.rerate(*catalogue(unit="2", meter="$.words")))
    assert found.unrated == (("what is used of `tokens` is not measured yet, or will be counted otherwise", 3),)


def test_a_refusal_ends_it_without_asking_for_the_rest(three, monkeypatch):
    asked, over = [], threading.Event()

    class Pool(ThreadPoolExecutor):
        def shutdown(self, wait=True, *, cancel_futures=False):
            super().shutdown(wait=False, cancel_futures=cancel_futures)
            over.set()
            super().shutdown(wait=wait)

    def refused(ident):
        asked.append(ident)
        if len(asked) == 1:
            raise ApiError("no", status=403)
        assert over.wait(30)
        raise ApiError("no", status=403)

    for number in range(30):
        three.subscribe(f"more_{number}")
    monkeypatch.setattr("reconciler.workflow.rerating.ThreadPoolExecutor", Pool)
    monkeypatch.setattr(three.backend, "subscription", refused)
    with pytest.raises(ApiError):
        three.rerate(*catalogue(unit="2"))
    assert len(asked) < 10


def test_a_cap_spreads_evenly_and_says_so(three):
    told = []
    made = three.rerate(*catalogue(unit="2"), cap=2, on_progress=lambda *step: told.append(step))
    found = only(made)
    assert (found.subscriptions, found.looked_at, found.rated) == (3, 2, 2)
    assert sum(request.url.path.startswith("/api/v1/subscriptions/") for request in three.seen) == 2
    assert sorted(told) == [(PRO, 1, 2), (PRO, 2, 2)]
    assert "2 of them looked at, evenly spread" in " ".join(text.plan(made).split())


@pytest.mark.parametrize(
    ("many", "cap", "numbers"), [(10, 3, [0, 3, 6]), (3, 3, [0, 1, 2]), (2, 5, [0, 1]), (0, 1, [])]
)
def test_a_sample_is_spread_over_all(many, cap, numbers):
    everybody = [Subscriber(str(number), "k", "n", "s", 1) for number in range(many)]
    assert [int(one.customer) for one in sampled(everybody, cap)] == numbers


def test_nobody_is_asked_about_where_no_price_changes(three):
    resources = list(catalogue())
    resources[2] = declare("Plan", "pro", {**resources[2].spec, "name": "Professional"})
    assert three.rerate(*resources).rerated == ()
    assert three.seen == []


def test_a_saved_plan_and_everything_printed_of_it_knows_no_customer(three):
    made = three.rerate(*catalogue(unit="2"), names=True)
    assert [mover.name for mover in only(made).movers] == ["Name of acme", "Name of globex"]
    saved = planfile.dumps(made)
    again = planfile.loads(saved)
    assert again.rerated[0] == replace(only(made), steepest=again.rerated[0].steepest)
    assert planfile.change_digest(made) == planfile.change_digest(replace(made, rerated=()))
    for artefact in (saved, text.plan(again), repr(made)):
        assert not [name for name in ("acme_", "globex", "initech", "Name of") if name in artefact]


def test_people_read_the_sum_the_spread_and_who_moves(three):
    shown = " ".join(text.plan(three.rerate(*catalogue(unit="1.5"), names=True)).split())
    assert "3 active subscriptions; 3 rated Sum: 140.00 -> 195.00 EUR, +55.00 EUR (+39.3 %)" in shown
    assert "2 pay more, 0 less, 1 the same" in shown
    assert "least 0.00, median +5.00, nine of ten at most +50.00, most +50.00 EUR" in shown
    assert "acme (Name of acme) 110.00 160.00 EUR +50.00 +45.5 %" in shown
