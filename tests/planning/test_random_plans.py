"""Any plan, then any other under its key: live equals declared after each, and a second plan is empty.

What is live is compared with what was declared by rules written here, not by the canonical form that the planner uses.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.backends import open_backend
from reconciler.sandbox import Sandbox

from .conftest import World, declare

FEATURES = ("fa", "fb", "fc")

amounts = st.one_of(
    st.sampled_from(["0", "1.50", "007", "00.10", "0.0000001", "9" * 60]),
    st.decimals(min_value=0, max_value=10**9, places=4),
)
texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
labels = st.dictionaries(st.sampled_from(["team", "a.b", "é", ""]), st.one_of(st.just(""), texts), max_size=2)
cadences = st.sampled_from(["P1M", "P01M", "P1M0D", "P3M", "P1Y", "P12M", "P1D", "PT60M"])
periods = st.sampled_from(["P1M", "P1D", "PT24H", "P1W", "P1M2W", "P12M"])


def part(name, strategy):
    return st.one_of(st.just({}), strategy.map(lambda value: {name: value}))


def joined(*parts):
    return st.tuples(*parts).map(lambda found: {key: value for part in found for key, value in part.items()})


def fixed(**fields):
    return st.fixed_dictionaries(fields)


def priced(type_, **fields):
    return fixed(type=st.just(type_), **fields)


@st.composite
def tiers(draw):
    ends = sorted(draw(st.sets(st.integers(1, 10**6), max_size=3)))
    flat = fixed(flatPrice=priced("flat", amount=amounts))
    unit = fixed(unitPrice=priced("unit", amount=amounts))
    each = st.one_of(flat, unit, joined(flat, unit))
    return [{**draw(each), "upToAmount": str(end)} for end in ends] + [draw(each)]


FLAT = joined(priced("flat", amount=amounts), part("paymentTerm", st.sampled_from(["in_advance", "in_arrears"])))
USAGE = st.one_of(
    st.none(),
    FLAT,
    joined(priced("unit", amount=amounts), part("minimumAmount", amounts)),
    joined(
        priced("tiered", mode=st.sampled_from(["volume", "graduated"]), tiers=tiers()), part("maximumAmount", amounts)
    ),
    joined(priced("dynamic"), part("multiplier", st.one_of(st.just("1.0"), amounts))),
    priced("package", amount=amounts, quantityPerPackage=st.sampled_from(["1", "0.5", "1000.0"])),
)
CONFIGS = st.one_of(
    st.dictionaries(st.sampled_from(["a", "é"]), st.one_of(st.none(), st.integers(), texts), max_size=2),
    st.lists(st.booleans(), max_size=2),
    st.sampled_from(['{"b": 1.10}', "[null]", "5"]),
)
TEMPLATES = st.one_of(
    joined(
        priced("metered", issueAfterReset=st.sampled_from([0, 5, Decimal("0.1"), 10**15])),
        part("usagePeriod", periods),
        part("isSoftLimit", st.booleans()),
        part("issueAfterResetPriority", st.integers(1, 255)),
        part("preserveOverageAtReset", st.booleans()),
    ),
    joined(priced("static", config=CONFIGS), part("metadata", labels)),
    priced("boolean"),
)
COMMON = (part("description", st.one_of(st.just(""), texts)), part("metadata", labels))


@st.composite
def cards(draw):
    found = []
    for feature in draw(st.lists(st.sampled_from(FEATURES), unique=True, max_size=3)):
        card = fixed(type=st.just("usage_based"), featureKey=st.just(feature), billingCadence=cadences, price=USAGE)
        found.append(draw(joined(card, part("entitlementTemplate", TEMPLATES), part("name", texts), *COMMON)))
    once = st.one_of(st.none(), cadences)
    fee = fixed(type=st.just("flat_fee"), key=st.just("fee"), name=texts, billingCadence=once, price=FLAT)
    return draw(st.permutations([*found, draw(joined(fee, *COMMON))]))


@st.composite
def plans(draw):
    keys = draw(st.lists(st.sampled_from(["one", "two", "three"]), unique=True, min_size=1))
    phases = [
        draw(joined(fixed(key=st.just(key), name=texts, duration=periods, rateCards=cards()), *COMMON)) for key in keys
    ]
    del phases[-1]["duration"]
    head = fixed(
        name=texts,
        currency=st.sampled_from(["USD", "EUR", "JPY"]),
        billingCadence=st.sampled_from(["P1M", "P1Y"]),
        phases=st.just(phases),
    )
    return draw(joined(head, part("proRatingConfig", fixed(enabled=st.booleans())), *COMMON))


@contextmanager
def fresh_world():
    transport = Sandbox(":memory:").transport()
    environment = SimpleNamespace(
        name="test", endpoint="sandbox:", api="v1", token=None, headers={}, limits=None, identity=None
    )
    backend = open_backend(environment, base=Path(), transport=transport)
    with httpx.Client(transport=transport, base_url="http://sandbox") as client:
        yield World(backend, client)
    backend.close()


NUMBERS = frozenset(
    {"amount", "minimumAmount", "maximumAmount", "multiplier", "quantityPerPackage", "upToAmount", "issueAfterReset"}
)
SPELLED = {"P01M": "P1M", "P1M0D": "P1M"}


def meant(name, value):
    """A declared or live value without its spelling; nothing, empty text and empty maps are one."""
    if name == "metadata":
        return {key: text for key, text in (value or {}).items() if not key.startswith("reconciler.")} or None
    if name == "config":
        return json.loads(value, parse_float=Decimal) if isinstance(value, str) else value
    if name == "rateCards":
        return {card.get("key") or card["featureKey"]: meant("card", card) for card in value}
    if name in NUMBERS and value is not None:
        return Decimal(str(value))
    if isinstance(value, dict):
        return {key: found for key in value if (found := meant(key, value[key])) is not None}
    if isinstance(value, list):
        return [meant("", item) for item in value]
    return SPELLED.get(value, value) if isinstance(value, str) and value else value if value != "" else None


def with_defaults(spec):
    """What the documentation of the API says that the server fills in."""
    cards = [card for phase in spec["phases"] for card in phase["rateCards"].values()]
    for card in cards:
        price, template = card.get("price", {}), card.get("entitlementTemplate", {})
        if "featureKey" in card:
            card.setdefault("key", card["featureKey"])
            card.setdefault("name", f"Feature {card['featureKey']}")
        if price.get("type") == "flat":
            price.setdefault("paymentTerm", "in_advance")
        if price.get("type") == "dynamic":
            price.setdefault("multiplier", Decimal(1))
        if template.get("type") == "metered":
            template.setdefault("isSoftLimit", False)
            template.setdefault("usagePeriod", card.get("billingCadence"))
    spec["proRatingConfig"] = {"enabled": True, "mode": "prorate_prices", **spec.get("proRatingConfig", {})}
    return {"settlementMode": "credit_then_invoice", **spec}


CHOSEN = ("id", "key", "version", "status", "createdAt", "updatedAt", "effectiveFrom", "validationErrors")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(plans(), min_size=1, max_size=2))
def test_any_plan_is_live_as_declared_and_stays_so(specs):
    meter = declare("Meter", "m", {"eventType": "e", "aggregation": "COUNT"})
    features = [declare("Feature", key, {"name": f"Feature {key}", "meterSlug": "m"}) for key in FEATURES]
    with fresh_world() as world:
        for spec in specs:
            wanted = declare("Plan", "pro", spec)
            world.apply(meter, *features, wanted)
            live = world.send("GET", "/api/v1/plans/pro")
            shown = {name: value for name, value in live.items() if name not in CHOSEN}
            assert with_defaults(meant("", shown)) == with_defaults(meant("", spec))
            assert live["status"] == "active"
            assert world.plan(meter, *features, wanted).steps == ()
