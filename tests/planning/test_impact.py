"""Bills before and after: for made-up customers at the edges of a price, for add-ons, and inside a saved plan."""

from dataclasses import replace
from decimal import Decimal

import pytest

from reconciler.model import Amounts, Location, Scenario
from reconciler.planning import planfile
from reconciler.planning.curves import curves
from reconciler.planning.impact import impacts
from reconciler.planning.options import PlanOptions
from reconciler.planning.sides import sides
from reconciler.render import text

from .conftest import Nowhere


def scenario(key, plan="pro", **more):
    return Scenario(key, plan, Location("catalog.yaml", 1), Nowhere(), **more)


def usage(amount, **more):
    return {"type": "usage_based", "featureKey": "tokens", "billingCadence": "P1M",
            "price": {"type": "unit", "amount": amount}, **more}  # fmt: skip


def flat(key, amount):
    return {"type": "flat_fee", "key": key, "name": key, "billingCadence": "P1M",
            "price": {"type": "flat", "amount": amount}}  # fmt: skip


@pytest.fixture
def catalogue(make, tokens):
    def build(unit="1", base="10", seat="4", name="Pro", cadence="P1M"):
        cards = [flat("base", base), usage(unit)]
        phases = [{"key": "main", "name": "Main", "rateCards": cards}]
        plan = {
            "name": name,
            "currency": "EUR",
            "billingCadence": cadence,
            "phases": phases,
            "addons": [{"addon": "seats", "fromPlanPhase": "main"}],
        }
        addon = {"name": "Seats", "currency": "EUR", "instanceType": "multiple", "rateCards": [flat("seat", seat)]}
        return (
            tokens,
            make("Feature", "tokens", {"name": "Tokens", "meterSlug": "tokens"}),
            make("Addon", "seats", addon),
            make("Plan", "pro", plan),
        )  # fmt: skip

    return build


@pytest.fixture
def told(world, catalogue):
    """The bills of a change from the catalogue as it was built by default."""

    def compare(*scenarios, **changed):
        world.apply(*catalogue())
        resources = catalogue(**changed)
        wanted = world.desired(*resources, scenarios=scenarios)
        observation = world.backend.observe(("Meter", "Feature", "Addon", "Plan"))
        return impacts(sides(world.plan(*resources), wanted, observation, PlanOptions()), wanted)

    return compare


def table(found):
    return {
        item.customer: (f"{item.each.before:f}", f"{item.each.after:f}", f"{item.yearly.difference:f}")
        for item in found
    }


def test_a_changed_price_is_billed_at_nothing_and_at_round_quantities(told):
    found = told(unit="1.5")
    assert table(found) == {
        "no usage": ("10.00", "10.00", "0.00"),
        "1,000 tokens": ("1010.00", "1510.00", "6000.00"),
        "2,000 tokens": ("2010.00", "3010.00", "12000.00"),
        "10,000 tokens": ("10010.00", "15010.00", "60000.00"),
    }
    assert {(str(item.plan), item.generated, item.currency, item.period) for item in found} == {
        ("Plan/pro", True, "EUR", "P1M")
    }


def test_a_changed_fee_needs_no_usage(told):
    assert table(told(base="12")) == {"no usage": ("10.00", "12.00", "24.00")}


def test_a_changed_add_on_is_billed_with_the_plan_that_offers_it(told):
    assert table(told(seat="5")) == {"no usage with seats": ("14.00", "15.00", "12.00")}


def test_a_new_version_without_a_new_price_changes_no_bill(told):
    assert told(name="Professional") == ()


def test_named_customers_take_the_place_of_made_up_ones_over_as_many_periods_as_they_have(told):
    studio, spring = told(
        scenario("studio", usage={"tokens": Decimal(40)}, addons={"seats": 2}),
        scenario("spring", usage={"tokens": (Decimal(1), Decimal(2))}, periods=2),
        scenario("elsewhere", plan="team"),
        unit="2",
    )
    assert (studio.customer, studio.generated) == ("studio", False)
    assert (studio.each, studio.yearly) == (Amounts(Decimal(58), Decimal(98)), Amounts(Decimal(696), Decimal(1176)))
    assert (spring.each, spring.yearly) == (Amounts(Decimal(23), Decimal(26)), None)


def test_a_bill_that_cannot_be_computed_says_why(told):
    (found,) = told(scenario("lost", phase="nowhere"), unit="2")
    assert (found.each, found.reason) == (None, "the plan has no phase `nowhere`")


def test_a_saved_plan_keeps_its_bills_and_its_change_digest_does_not_know_them(told, world, catalogue):
    found = told(unit="1.5")
    made = world.plan(*catalogue("1.5"))
    billed = replace(made, impacts=found)
    assert planfile.loads(planfile.dumps(billed)).impacts == found
    assert planfile.change_digest(billed) == planfile.change_digest(made)


def test_people_read_the_bills_that_change_and_which_do_not(told, world, catalogue):
    shown = text.plan(replace(world.plan(*catalogue()), impacts=told(unit="1.5")))
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert "1,000 tokens 1010.00 1510.00 EUR +500.00 +49.5 % +6000.00 EUR" in lines
    assert "The same bill as before: no usage." in lines
    assert "Bills a month on Plan/pro, new subscribers (made-up customers: no scenario names this plan)" in lines


@pytest.fixture
def drawn(world, catalogue):
    """The curves of a change."""

    def compare(**changed):
        world.apply(*catalogue())
        resources = catalogue(**changed)
        observation = world.backend.observe(("Meter", "Feature", "Addon", "Plan"))
        return curves(sides(world.plan(*resources), world.desired(*resources), observation, PlanOptions()))

    return compare


def test_a_changed_price_is_a_curve_from_nothing_to_where_it_matters(drawn):
    (curve,) = drawn(unit="1.5")
    assert (str(curve.plan), curve.phase, curve.feature, curve.currency) == ("Plan/pro", "main", "tokens", "EUR")
    points = dict(zip(curve.quantities, zip(curve.before, curve.after, strict=True), strict=True))
    assert points[Decimal(0)] == (10, 10)
    assert points[Decimal(10000)] == (10010, 15010)
    assert max(points) == 10000


def test_a_fee_has_no_curve(drawn):
    assert drawn(base="12", seat="5") == ()


def offering(catalogue, make, unit):
    """The catalogue with an add-on that prices usage, offered by two plans; None: with neither add-on nor price."""
    meter, feature, seats, pro = catalogue()
    team = make("Plan", "team", {**pro.spec, "name": "Team"})
    if unit is None:
        return meter, feature, seats, pro, team
    card = {**usage(unit), "featureKey": "images"}
    images = make("Feature", "images", {"name": "Images", "meterSlug": "tokens"})
    boost = make("Addon", "boost", {"name": "Boost", "currency": "EUR", "instanceType": "single",
                                    "rateCards": [flat("base_fee", "3"), card]})  # fmt: skip
    more = {"addons": [*pro.spec["addons"], {"addon": "boost", "fromPlanPhase": "main"}]}
    pro, team = (replace(plan, spec={**plan.spec, **more}) for plan in (pro, team))
    return meter, feature, images, seats, boost, pro, team


@pytest.fixture
def drawn_addon(world, catalogue, make):
    def compare(before, after):
        world.apply(*offering(catalogue, make, before))
        resources = offering(catalogue, make, after)
        observation = world.backend.observe(("Meter", "Feature", "Addon", "Plan"))
        return curves(sides(world.plan(*resources), world.desired(*resources), observation, PlanOptions()))

    return compare


def test_an_add_on_has_a_curve_of_its_own_whatever_plans_offer_it(drawn_addon):
    (curve,) = drawn_addon("2", "2.5")
    assert (str(curve.plan), curve.phase, curve.feature, curve.currency) == ("Addon/boost", "", "images", "EUR")
    points = dict(zip(curve.quantities, zip(curve.before, curve.after, strict=True), strict=True))
    assert points[Decimal(0)] == (3, 3)
    assert points[Decimal(10000)] == (20003, 25003)


def test_an_add_on_that_a_plan_begins_to_offer_has_no_curve_before(drawn_addon):
    (curve,) = drawn_addon(None, "2")
    assert curve.before == ()
    assert dict(zip(curve.quantities, curve.after, strict=True))[Decimal(10000)] == 20003


def test_a_saved_plan_keeps_its_curves(drawn, world, catalogue):
    made = replace(world.plan(*catalogue("1.5")), curves=drawn(unit="1.5"))
    assert planfile.loads(planfile.dumps(made)).curves == made.curves
