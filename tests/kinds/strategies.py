"""Random valid plans and add-ons, as manifests have them: for properties that hold whatever a catalogue looks like."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

FEATURES = ("tokens", "calls", "storage")
"""Metered features that the cards name."""
SWITCHES = ("sso", "audit")
"""Features without a meter."""

# Each divides, or is a multiple of, a plan billed monthly.
CADENCES = st.sampled_from(["P1M", "P3M", "P12M", "P1Y", "P1D", "PT1H"])
TERMS = st.sampled_from(["in_advance", "in_arrears"])
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("C",)), min_size=1, max_size=12)
METADATA = st.dictionaries(st.text("abc", min_size=1, max_size=3), st.text("xyz", max_size=3), max_size=2)
NUMBERS = st.decimals(min_value=0, max_value=10**9, places=6, allow_nan=False, allow_infinity=False)


def _written(number: Decimal) -> st.SearchStrategy:
    """A number as people write it: bare, quoted, with zeros at its end."""
    return st.sampled_from([number, str(number), f"0{number}", number.normalize() + 0])


AMOUNTS = NUMBERS.flatmap(_written)


def _flat(amounts=AMOUNTS):
    return st.fixed_dictionaries({"type": st.just("flat"), "amount": amounts})


def _unit():
    return st.fixed_dictionaries({"type": st.just("unit"), "amount": AMOUNTS})


def _committed(parts):
    low = st.fixed_dictionaries(parts, optional={"minimumAmount": AMOUNTS})
    high = st.fixed_dictionaries(parts, optional={"maximumAmount": AMOUNTS})
    return st.one_of(low, high)


@st.composite
def _tiered(draw):
    ends = sorted(draw(st.sets(st.integers(1, 10**6), max_size=3)))
    both = st.fixed_dictionaries({"flatPrice": _flat(), "unitPrice": _unit()})
    one = st.one_of(st.fixed_dictionaries({"flatPrice": _flat()}), st.fixed_dictionaries({"unitPrice": _unit()}))
    tiers = [{"upToAmount": end, **draw(st.one_of(both, one))} for end in ends] + [draw(st.one_of(both, one))]
    return draw(
        _committed(
            {"type": st.just("tiered"), "mode": st.sampled_from(["volume", "graduated"]), "tiers": st.just(tiers)}
        )
    )


FLAT_PRICES = st.fixed_dictionaries({"type": st.just("flat"), "amount": AMOUNTS}, optional={"paymentTerm": TERMS})
USAGE_PRICES = st.one_of(
    FLAT_PRICES,
    _committed({"type": st.just("unit"), "amount": AMOUNTS}),
    _tiered(),
    _committed({"type": st.just("dynamic")}),
    _committed({"type": st.just("dynamic"), "multiplier": AMOUNTS}),
    _committed({"type": st.just("package"), "amount": AMOUNTS, "quantityPerPackage": st.integers(1, 10**6)}),
)
"""Every price model."""

JSON = st.recursive(
    st.one_of(st.booleans(), st.integers(-5, 5), st.text("abc", max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text("abc", max_size=2), inner, max_size=3)
    ),
    max_leaves=5,
)
METERED = st.fixed_dictionaries(
    {"type": st.just("metered"), "issueAfterReset": st.integers(0, 10**6)},
    optional={
        "isSoftLimit": st.booleans(),
        "issueAfterResetPriority": st.integers(1, 255),
        "preserveOverageAtReset": st.booleans(),
        "usagePeriod": CADENCES,
        "metadata": METADATA,
    },
)
STATIC = st.fixed_dictionaries(
    {"type": st.just("static"), "config": st.dictionaries(st.text("abc", max_size=2), JSON, max_size=3)},
    optional={"metadata": METADATA},
)
BOOLEAN = st.fixed_dictionaries({"type": st.just("boolean")}, optional={"metadata": METADATA})
TAXES = st.fixed_dictionaries(
    {},
    optional={
        "behavior": st.sampled_from(["inclusive", "exclusive"]),
        "stripe": st.integers(0, 10**8 - 1).map(lambda number: {"code": f"txcd_{number:08d}"}),
    },
)
_PERCENT = st.decimals(min_value=0, max_value=100, places=2).map(lambda number: {"percentage": number})
_EXTRAS = {"name": NAMES, "description": NAMES, "taxConfig": TAXES, "metadata": METADATA}


def _usage_card(feature):
    free = st.fixed_dictionaries({"price": st.none()})
    paid = st.fixed_dictionaries(
        {"price": USAGE_PRICES}, optional={"discounts": st.fixed_dictionaries({}, optional={"percentage": _PERCENT})}
    )
    fixed = st.fixed_dictionaries(
        {"type": st.just("usage_based"), "featureKey": st.just(feature), "billingCadence": CADENCES},
        optional={"entitlementTemplate": METERED, **_EXTRAS},
    )
    return st.builds(lambda one, other: {**one, **other}, fixed, st.one_of(free, paid))


def _switch_card(feature):
    return st.fixed_dictionaries(
        {
            "type": st.just("flat_fee"),
            "featureKey": st.just(feature),
            "entitlementTemplate": st.one_of(BOOLEAN, STATIC),
        },
        optional=_EXTRAS,
    )


def _fee_card(key):
    return st.fixed_dictionaries(
        {
            "type": st.just("flat_fee"),
            "key": st.just(key),
            "name": NAMES,
            "billingCadence": st.one_of(st.none(), CADENCES),
            "price": FLAT_PRICES,
        },
        optional={name: value for name, value in _EXTRAS.items() if name != "name"},
    )


@st.composite
def cards(draw):
    """The rate cards of a phase: at least one, no key twice, in any order."""
    made = [draw(_usage_card(feature)) for feature in draw(st.sets(st.sampled_from(FEATURES)))]
    made += [draw(_switch_card(feature)) for feature in draw(st.sets(st.sampled_from(SWITCHES)))]
    made += [draw(_fee_card(key)) for key in draw(st.sets(st.sampled_from(["base", "setup"]), min_size=not made))]
    return draw(st.permutations(made))


@st.composite
def plans(draw):
    """The spec of a plan that the server would publish, billed monthly."""
    keys = draw(st.lists(st.sampled_from(["trial", "ramp", "main"]), min_size=1, max_size=3, unique=True))
    phases = []
    for key in keys:
        phase = {"key": key, "name": draw(NAMES), "rateCards": draw(cards()), "metadata": draw(METADATA)}
        if key != keys[-1]:
            phase["duration"] = draw(st.sampled_from(["P14D", "P1M", "P0Y2M", "PT60M"]))
        phases.append(phase)
    fixed = {
        "name": NAMES,
        "currency": st.sampled_from(["USD", "EUR", "JPY"]),
        "billingCadence": st.just("P1M"),
        "phases": st.just(phases),
    }
    optional = {
        "description": NAMES,
        "metadata": METADATA,
        "proRatingConfig": st.fixed_dictionaries({}, optional={"enabled": st.booleans()}),
        "settlementMode": st.just("credit_then_invoice"),
    }
    return draw(st.fixed_dictionaries(fixed, optional=optional))


@st.composite
def addons(draw):
    """The spec of an add-on that the server would publish: every card with a price is billed equally often."""
    cadence = draw(CADENCES)
    made = [
        {**card, "billingCadence": cadence} if card.get("billingCadence") and card.get("price") else card
        for card in draw(cards())
    ]
    fixed = {"name": NAMES, "currency": st.just("USD"), "instanceType": st.just("single"), "rateCards": st.just(made)}
    return draw(st.fixed_dictionaries(fixed, optional={"description": NAMES, "metadata": METADATA}))


def features():
    """The features that the cards name, as documents."""
    metered = [{"kind": "Feature", "key": key, "spec": {"name": key.title(), "meterSlug": key}} for key in FEATURES]
    return metered + [{"kind": "Feature", "key": key, "spec": {"name": key.title()}} for key in SWITCHES]
