"""Properties of random valid plans and add-ons: valid, the same both ways, compared by what they mean."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.kinds.registry import KINDS
from reconciler.kinds.wire import encode
from reconciler.planning.canonical import canonical, complete
from reconciler.planning.diff import diff

from . import strategies
from .conftest import Declared

SPECS = st.one_of(
    st.tuples(st.just("Plan"), strategies.plans()),
    st.tuples(st.just("Addon"), strategies.addons()),
)
often = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def _complete(kind, spec):
    return complete(kind, "it", spec, str.title)


def _shown(body):
    """A body as the server shows it: it fills, drops and re-orders."""
    match body:
        case dict():
            kept = {name: _shown(value) for name, value in body.items() if not (name == "multiplier" and value == "1")}
            cards = kept.get("rateCards")
            return {**kept, "rateCards": cards[::-1], "newer": {"field": 1}} if isinstance(cards, list) else kept
        case list():
            return [_shown(item) for item in body]
        case _:
            return body


@often
@given(SPECS)
def test_every_one_is_valid(pair):
    name, spec = pair
    model = KINDS[name].spec.model_validate(spec)
    assert [finding.rule.id for finding in KINDS[name].check("it", model, Declared(strategies.features()))] == []


@often
@given(SPECS, st.sampled_from(["POST", "PUT"]))
def test_what_is_written_reads_back_equal(pair, method):
    kind, wanted = KINDS[pair[0]], _complete(KINDS[pair[0]], pair[1])
    body = kind.binding("v1").to_wire("it", encode(kind.shape, wanted, method), lambda _: None)
    assert canonical(kind, kind.binding("v1").from_wire(_shown(body), lambda *_: None)) == wanted


@often
@given(SPECS)
def test_a_body_holds_every_key_that_the_api_requires(pair):
    kind = KINDS[pair[0]]
    body = kind.binding("v1").to_wire("it", encode(kind.shape, _complete(kind, pair[1]), "POST"), lambda _: None)
    for phase in body.get("phases", [{"duration": None, **body}]):
        assert {"duration", "rateCards"} <= set(phase)
        for card in phase["rateCards"]:
            assert {"type", "key", "name", "billingCadence", "price"} <= set(card)
            for tier in (card["price"] or {}).get("tiers", []):
                assert {"flatPrice", "unitPrice"} <= set(tier)


@often
@given(SPECS)
def test_the_canonical_form_is_stable(pair):
    kind = KINDS[pair[0]]
    wanted = _complete(kind, pair[1])
    assert canonical(kind, wanted) == wanted


@often
@given(SPECS, st.randoms(use_true_random=False))
def test_the_order_of_cards_and_the_spelling_of_numbers_mean_nothing(pair, random):
    kind = KINDS[pair[0]]

    def other(value, field=""):
        match value:
            case dict():
                names = list(value)
                random.shuffle(names)
                return {name: other(value[name], name) for name in names}
            case list():
                items = [other(item) for item in value]
                return random.sample(items, len(items)) if field == "rateCards" else items
            case Decimal():
                return Decimal(f"{value}00") if "." in str(value) else value
            case _:
                return value

    assert _complete(kind, other(pair[1])) == _complete(kind, pair[1])


@often
@given(strategies.plans(), strategies.plans())
def test_every_difference_has_a_class_and_equal_plans_have_none(one, other):
    kind = KINDS["Plan"]
    old, new = _complete(kind, one), _complete(kind, other)
    changes = diff(kind, old, new, lambda _: None)
    assert bool(changes) is (old != new)
    for change in changes:
        assert list(kind.impact((change,))) != []
    assert diff(kind, old, old, lambda _: None) == ()
