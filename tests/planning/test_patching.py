"""Patches: merged onto what is declared they mean what is wanted, for any two plans; and they say nothing else."""

from __future__ import annotations

from types import SimpleNamespace

import simplejson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.kinds.registry import KINDS
from reconciler.manifest.merge import merge
from reconciler.planning.canonical import complete
from reconciler.planning.export import simplified
from reconciler.planning.patching import patch
from reconciler.reading.yaml import Reader

from ..kinds import strategies


def full(kind, spec):
    return complete(kind, "it", spec, str.title)


def plainly(kind, spec):
    """The spec as an export declares it: without what the rest implies."""
    return simplified(SimpleNamespace(feature_name=str.title), kind, "it", full(kind, spec))


def tree(value):
    (document,), _ = Reader().read("a.json", simplejson.dumps(value, use_decimal=True).encode(), json=True)
    return document.root


def merged(kind, spec, change):
    said = []
    found = merge(kind.shape, tree(spec), tree(change), lambda *args, **_: said.append(args))
    assert said == []
    return full(kind, found)


def changed(kind, old, new):
    wanted = plainly(kind, new)
    return patch(kind, old, wanted, full(kind, old), full(kind, wanted))


PAIRS = st.one_of(
    st.tuples(st.just("Plan"), strategies.plans(), strategies.plans()),
    st.tuples(st.just("Addon"), strategies.addons(), strategies.addons()),
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(PAIRS)
def test_a_patch_makes_any_spec_any_other(pair):
    kind = KINDS[pair[0]]
    old, new = (simplejson.loads(simplejson.dumps(spec, use_decimal=True), use_decimal=True) for spec in pair[1:])
    assert merged(kind, old, changed(kind, old, new)) == full(kind, new)
    assert changed(kind, old, old) == {}


def card(key, **more):
    return {
        "type": "flat_fee",
        "key": key,
        "name": key,
        "billingCadence": None,
        "price": {"type": "flat", "amount": "1"},
        **more,
    }


def plan(*phases, **more):
    return {"name": "P", "currency": "USD", "billingCadence": "P1M", "phases": list(phases), **more}


def phase(key, *cards, **more):
    return {"key": key, "name": key, "rateCards": list(cards), **more}


def test_only_what_differs_is_said_by_key():
    old = plan(phase("main", card("a"), card("b", description="x")), metadata={"team": "one", "old": "y"})
    new = plan(phase("main", card("b"), card("c")), metadata={"team": "two"})
    assert changed(KINDS["Plan"], old, new) == {
        "phases": [
            {"key": "main",
             "rateCards": [{"key": "a", "$remove": True}, {"key": "b", "description": None}, card("c")]},
        ],
        "metadata": {"team": "two", "old": None},
    }  # fmt: skip


def test_another_order_of_phases_is_said_from_the_last_to_the_first():
    old = plan(phase("a", card("x"), duration="P1M"), phase("b", card("x")))
    new = plan(phase("b", card("x"), duration="P1M"), phase("a", card("x")))
    assert changed(KINDS["Plan"], old, new) == {
        "phases": [{"key": "a", "duration": None}, {"key": "b", "duration": "P1M", "$before": "a"}]
    }


def test_tiers_are_said_as_a_whole_and_another_kind_of_price_clears_the_old_one():
    def usage(price):
        return {"type": "usage_based", "featureKey": "f", "billingCadence": "P1M", "price": price}

    unit = {"type": "unit", "amount": "1"}
    tiered = {"type": "tiered", "mode": "volume", "tiers": [{"unitPrice": {"type": "unit", "amount": "2"}}]}
    old, new = plan(phase("main", usage(unit))), plan(phase("main", usage(tiered)))
    (only,) = changed(KINDS["Plan"], old, new)["phases"][0]["rateCards"]
    assert only == {"featureKey": "f", "price": {**tiered, "amount": None}}
    (back,) = changed(KINDS["Plan"], new, old)["phases"][0]["rateCards"]
    assert back == {"featureKey": "f", "price": {**unit, "mode": None, "tiers": None}}
