"""Who is on the plans that change: counted by version, never named; and what new subscribers no longer get."""

from dataclasses import replace
from decimal import Decimal

import pytest

from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Affected, Reduced
from reconciler.planning import planfile
from reconciler.planning.affected import affected, questions
from reconciler.planning.options import PlanOptions
from reconciler.planning.sides import sides
from reconciler.render import text

METERED = {"type": "metered", "issueAfterReset": 1000, "usagePeriod": "P1M"}
SOFT = {**METERED, "isSoftLimit": True}
STATIC = {"type": "static", "config": {"seats": 5}}
ACCESS = {"type": "boolean"}


def card(feature, template):
    return {"type": "flat_fee", "key": feature, "featureKey": feature, "entitlementTemplate": template}


@pytest.fixture
def catalogue(make, tokens):
    def build(fee="10", tokens_=METERED, sso=ACCESS, addons=("extra",), extra=ACCESS, phase="main"):
        base = {"type": "flat_fee", "key": "base", "name": "Base", "billingCadence": "P1M",
                "price": {"type": "flat", "amount": fee}}  # fmt: skip
        given = [card(key, template) for key, template in (("tokens", tokens_), ("sso", sso)) if template]
        plan = {
            "name": "Pro",
            "currency": "EUR",
            "billingCadence": "P1M",
            "phases": [{"key": phase, "name": "Main", "rateCards": [base, *given]}],
            "addons": [{"addon": key, "fromPlanPhase": phase} for key in addons],
        }
        extra_card = {**card("audit", extra), "price": {"type": "flat", "amount": "1"}, "billingCadence": "P1M"}
        addon = {"name": "Extra", "currency": "EUR", "instanceType": "single", "rateCards": [extra_card]}
        return (
            tokens,
            make("Feature", "tokens", {"name": "Tokens", "meterSlug": "tokens"}),
            *(make("Feature", key, {"name": key}) for key in ("sso", "audit")),
            make("Addon", "extra", addon),
            make("Plan", "pro", plan),
        )

    return build


@pytest.fixture
def subscribe(world):
    def one(key, plan="pro"):
        world.send("POST", "/api/v1/customers", {"name": f"Name of {key}", "key": key, "currency": "EUR"})
        return world.send("POST", "/api/v1/subscriptions", {"customerKey": key, "plan": {"key": plan}})

    return one


@pytest.fixture
def told(world, catalogue):
    """Who is affected by a change to what is built so, and the plan."""

    def tell(*resources, **options):
        made = world.plan(*resources, **options)
        observation = world.backend.observe(KINDS)
        plans = sides(made, world.desired(*resources), observation, PlanOptions(**options))
        return affected(made, plans, world.backend.ask(questions(made))), made

    return tell


def only(found):
    ((one,), _) = found
    return one


def test_subscriptions_are_counted_by_version_newest_first(world, catalogue, subscribe, told):
    world.apply(*catalogue("10"))
    for key in ("a", "b"):
        subscribe(key)
    world.apply(*catalogue("11"))
    subscribe("c")
    one = only(told(*catalogue("12")))
    assert (one.plan, one.versions, one.subscriptions) == (Address("Plan", "pro"), ((2, 1), (1, 2)), 3)


def test_a_subscription_that_ended_is_not_counted_and_one_that_will_end_is(world, catalogue, subscribe, told):
    world.apply(*catalogue("10"))
    for key, timing in (("a", "immediate"), ("b", "next_billing_cycle")):
        world.send("POST", f"/api/v1/subscriptions/{subscribe(key)['id']}/cancel", {"timing": timing})
    assert only(told(*catalogue("12"))).versions == ((1, 1),)


def test_a_plan_that_ends_tells_who_stays_on_it(world, catalogue, subscribe, make, told):
    world.apply(*catalogue())
    subscribe("a")
    one = only(told(*catalogue()[:-1], make("Plan", "pro", state="archived")))
    assert one == Affected(Address("Plan", "pro"), ((1, 1),))


def test_nothing_is_asked_where_no_plan_changes(world, catalogue, subscribe, told):
    assert questions(world.plan(*catalogue())) == frozenset()
    world.apply(*catalogue())
    subscribe("a")
    assert told(*catalogue())[0] == ()
    asked = []
    for resources in (catalogue(), catalogue("11")):
        made, before = world.plan(*resources), world.backend.requests
        world.backend.ask(questions(made))
        asked.append(world.backend.requests - before)
    assert asked == [0, 1]


@pytest.mark.parametrize(
    ("changed", "feature", "before", "after"),
    [
        ({"tokens_": {**METERED, "issueAfterReset": Decimal("999.5")}}, "tokens", "1,000 each P1M", "999.5 each P1M"),
        ({"tokens_": {**METERED, "usagePeriod": "P1Y"}}, "tokens", "1,000 each P1M", "1,000 each P1Y"),
        (
            {"tokens_": {**METERED, "preserveOverageAtReset": True}},
            "tokens",
            "1,000 each P1M",
            "1,000 each P1M, overage is carried over",
        ),
        ({"tokens_": None}, "tokens", "1,000 each P1M", None),
        ({"tokens_": STATIC}, "tokens", "1,000 each P1M", '{"seats":5}'),
        ({"sso": None}, "sso", "access", None),
        ({"sso": STATIC}, "sso", "access", '{"seats":5}'),
    ],
)
def test_what_new_subscribers_get_less_of_is_told(world, catalogue, told, changed, feature, before, after):
    world.apply(*catalogue())
    assert only(told(*catalogue(**changed))).reduced == (Reduced("main", feature, before, after),)


def test_a_hard_limit_in_place_of_a_soft_one_and_another_configuration_are_told(world, catalogue, told):
    world.apply(*catalogue(tokens_=SOFT, sso=STATIC))
    assert only(told(*catalogue(tokens_=METERED, sso={"type": "static", "config": {"seats": 4}}))).reduced == (
        Reduced("main", "sso", '{"seats":5}', '{"seats":4}'),
        Reduced("main", "tokens", "1,000 each P1M, more is let through", "1,000 each P1M"),
    )


@pytest.mark.parametrize(
    "changed",
    [{"fee": "12"}, {"tokens_": {**METERED, "issueAfterReset": 2000}}, {"tokens_": SOFT}, {"tokens_": ACCESS},
     {"tokens_": {**METERED, "usagePeriod": "P1D"}}, {"phase": "start"}],
)  # fmt: skip
def test_what_is_more_or_the_same_is_no_loss(world, catalogue, told, changed):
    world.apply(*catalogue())
    assert only(told(*catalogue(**changed))).reduced == ()


def test_add_ons_that_are_no_longer_offered_and_those_that_give_less_are_told(world, catalogue, told):
    world.apply(*catalogue(extra=ACCESS))
    gone = only(told(*catalogue(addons=())))
    assert (gone.withdrawn, gone.reduced) == (("extra",), ())
    less = only(told(*catalogue(extra=STATIC)))
    assert (less.withdrawn, less.reduced) == ((), (Reduced("with extra", "audit", "access", '{"seats":5}'),))


def test_a_saved_plan_keeps_counts_and_no_customer_and_its_change_digest_knows_none(world, catalogue, subscribe, told):
    world.apply(*catalogue())
    subscribe("acme_secret")
    found, made = told(*catalogue("12", sso=None, addons=()))
    counted = replace(made, affected=found)
    saved = planfile.dumps(counted)
    assert planfile.loads(saved).affected == found
    assert planfile.change_digest(counted) == planfile.change_digest(made)
    assert "acme_secret" not in saved + text.plan(counted)


def test_people_read_who_stays_and_what_newcomers_lose(world, catalogue):
    world.apply(*catalogue())
    made = world.plan(*catalogue("12"))
    versions = ((9, 30), (8, 7), (7, 2), (6, 1), (5, 1), (4, 1))
    one = Affected(Address("Plan", "pro"), versions, (Reduced("main", "sso", "access", None),), ("extra", "more"))
    shown = " ".join(
        text.plan(replace(made, affected=(one, replace(one, versions=None), replace(one, versions=())))).split()
    )
    assert (
        "Plan/pro: 42 active subscriptions: 30 on version 9, 7 on version 8, 2 on version 7, 1 on version 6, "
        "2 on 2 older versions; they stay there New subscribers get less: sso (main): access, gone "
        "Add-ons no longer offered: extra and more"
    ) in shown
    assert "Plan/pro: the server does not tell who subscribes to it" in shown
    assert "Plan/pro: no active subscription" in shown
