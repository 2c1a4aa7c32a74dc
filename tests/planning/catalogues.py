"""Small random catalogues of every kind, as plain data: what a run of plans is declared from, and judged by.

A catalogue maps (kind, key) to a spec and its lifecycle. All that a spec names is in the same catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hypothesis import strategies as st

from .conftest import declare

METERED, SWITCHES = ("fa", "fb"), ("fc",)
EVERY = {
    "Meter": ("m", "n"),
    "Feature": (*METERED, *SWITCHES),
    "Addon": ("x", "y"),
    "Plan": ("p", "q"),
    "NotificationChannel": ("c", "d"),
    "NotificationRule": ("r", "s"),
    "BillingProfile": ("b", "e"),
}
STATES = st.sampled_from(["active", "active", "active", "active", "draft", "archived"])
AMOUNTS = st.sampled_from(["1", "2", "0.5"])


@dataclass(frozen=True)
class Item:
    """A spec, the state that it is declared in, and what becomes of it once nobody declares it."""

    spec: dict
    state: str = "active"
    on_remove: str | None = None


def flat(key, amount, **more):
    price = {"type": "flat", "amount": amount, "paymentTerm": "in_advance"}
    return {"type": "flat_fee", "key": key, "name": key, "billingCadence": "P1M", "price": price, **more}


def usage(feature, amount):
    price = None if amount is None else {"type": "unit", "amount": amount}
    return {"type": "usage_based", "key": feature, "name": feature, "featureKey": feature, "billingCadence": "P1M",
            "price": price}  # fmt: skip


def rarely(usual, other):
    """One value nearly always: a change of it replaces, or is forbidden."""
    return st.sampled_from([usual] * 7 + [other])


@st.composite
def meters(draw):
    groups = {"route": "$.route"} | ({"region": "$.region"} if draw(st.booleans()) else {})
    event = draw(rarely("call", "request"))
    yield_ = {"m": Item({"name": draw(st.sampled_from("MN")), "eventType": event, "aggregation": "COUNT",
                         "groupBy": groups}, on_remove="remove")}  # fmt: skip
    if draw(st.booleans()):
        name = draw(st.sampled_from(["N", "Other"]))
        yield_["n"] = Item({"name": name, "eventType": "kept", "aggregation": "COUNT"})
    return yield_


@st.composite
def features(draw):
    found = {}
    for key in draw(st.sets(st.sampled_from(METERED))):
        route = draw(rarely("x", "y"))
        filters = {"route": {"$eq": route}}
        found[key] = Item({"name": key, "meterSlug": "m", "advancedMeterGroupByFilters": filters})
    if draw(st.booleans()):
        found["fc"] = Item({"name": "fc"})
    return found


@st.composite
def addons(draw, known):
    found = {}
    for key in draw(st.sets(st.sampled_from(EVERY["Addon"]))):
        cards = [flat(f"extra_{key}", draw(AMOUNTS))]
        if "fc" in known and draw(st.booleans()):
            cards.append(flat("fc", "3", featureKey="fc", entitlementTemplate={"type": "boolean"}))
        spec = {"name": key, "currency": "USD", "instanceType": "multiple", "rateCards": cards}
        found[key] = Item(spec, draw(STATES))
    return found


@st.composite
def plans(draw, known, offered):
    found = {}
    for key in draw(st.sets(st.sampled_from(EVERY["Plan"]))):
        named = [name for name in METERED if name in known and draw(st.booleans())]
        cards = [flat("base", draw(AMOUNTS))]
        cards += [usage(name, draw(st.one_of(st.none(), AMOUNTS))) for name in named]
        phases = [{"key": "main", "name": "Main", "rateCards": cards}]
        if draw(st.booleans()):
            trial = {"key": "trial", "name": "Trial", "duration": "P1M", "rateCards": [flat("base", "0")]}
            phases.insert(0, trial)
        spec = {"name": draw(st.sampled_from([key, "Renamed"])), "currency": draw(rarely("USD", "EUR")),
                "billingCadence": "P1M", "phases": phases}  # fmt: skip
        offers = []
        for addon in sorted(offered) if spec["currency"] == "USD" else ():
            if draw(st.booleans()):
                terms = {"addon": addon, "fromPlanPhase": "main", "metadata": {"n": draw(st.sampled_from("12"))}}
                offers.append(terms | draw(st.sampled_from([{}, {"maxQuantity": 3}])))
        found[key] = Item(spec | ({"addons": offers} if offers else {}), draw(STATES))
    return found


@st.composite
def channels(draw):
    found = {}
    for key in draw(st.sets(st.sampled_from(EVERY["NotificationChannel"]))):
        spec = {"name": key, "type": "WEBHOOK", "url": f"https://hooks.example.com/{draw(st.sampled_from('12'))}"}
        spec |= draw(st.sampled_from([{}, {}, {"disabled": True}]))
        spec |= draw(st.sampled_from([{}, {"signingSecret": {"env": "HOOK"}}]))
        found[key] = Item(spec)
    return found


@st.composite
def rules(draw, known, hooks):
    found = {}
    if not hooks:
        return found
    for key in draw(st.sets(st.sampled_from(EVERY["NotificationRule"]))):
        told = draw(st.lists(st.sampled_from(sorted(hooks)), min_size=1, unique=True))
        spec = {"name": key, "channels": told}
        if key == "r":
            wanted = draw(st.lists(st.sampled_from(sorted(known)), unique=True)) if known else []
            limit = {"type": "usage_percentage", "value": draw(st.sampled_from([80, Decimal("90.5")]))}
            spec |= {"type": "entitlements.balance.threshold", "thresholds": [limit]}
            spec |= {"features": wanted} if wanted else {}
        else:
            spec |= {"type": draw(rarely("invoice.created", "invoice.updated"))}
        found[key] = Item(spec)
    return found


@st.composite
def profiles(draw):
    found = {}
    keys = sorted(draw(st.sets(st.sampled_from(EVERY["BillingProfile"]))))
    first = draw(st.sampled_from([*keys, None])) if keys else None
    for key in keys:
        supplier = {"name": draw(st.sampled_from(["ACME", "ACME Inc"])), "addresses": [{"country": "US"}]}
        app = draw(rarely("sandbox", "own"))
        spec = {"name": key, "supplier": supplier, "default": key == first,
                "app": app if app == "sandbox" else {"type": "custom_invoicing", "name": "Own"},
                "workflow": {"invoicing": {"dueAfter": draw(st.sampled_from(["P14D", "P30D"]))}}}  # fmt: skip
        found[key] = Item(spec)
    return found


@st.composite
def catalogues(draw):
    """Everything that one environment declares."""
    known = draw(features())
    extra = draw(addons(known))
    hooks = draw(channels())
    offered = [key for key, item in extra.items() if item.state == "active"]
    parts = {
        "Meter": draw(meters()),
        "Feature": known,
        "Addon": extra,
        "Plan": draw(plans(known, offered)),
        "NotificationChannel": hooks,
        "NotificationRule": draw(rules(known, hooks)),
        "BillingProfile": draw(profiles()),
    }
    return {(kind, key): item for kind, items in parts.items() for key, item in items.items()}


def resources(catalogue, *, absent):
    """The declared objects of a catalogue; with ``absent`` also that all others of these names shall not be."""
    for (kind, key), item in catalogue.items():
        yield declare(kind, key, item.spec, state=item.state, on_remove=item.on_remove)
    for kind, keys in EVERY.items() if absent else ():
        for key in keys:
            if (kind, key) not in catalogue:
                yield declare(kind, key, None, state="absent")
