"""What a change of a plan or an add-on is classed as: by path, and from whole documents through the diff."""

import copy

import pytest

from reconciler.kinds.registry import KINDS
from reconciler.model import ChangeClass, FieldChange
from reconciler.planning.canonical import complete
from reconciler.planning.diff import diff

COSMETIC, ADDITIVE = "cosmetic", "additive"
RAISING, LOWERING, REDUCING, BILLING = "price-raising", "price-lowering", "entitlement-reducing", "billing-behaviour"

CARD = "phases[main].rateCards[tokens]"
TIER = f"{CARD}.price.tiers[1]"
TEMPLATE = f"{CARD}.entitlementTemplate"
PRICED = {"type": "flat_fee", "key": "x", "price": {"type": "flat", "amount": "1"}}
FREE = {"type": "flat_fee", "key": "x", "entitlementTemplate": {"type": "boolean"}}

TABLE = [
    ("name", "a", "b", {COSMETIC}),
    ("description", None, "b", {COSMETIC}),
    ("metadata.price", "1", "2", {COSMETIC}),
    ("metadata", None, {"a": "b"}, {COSMETIC}),
    ("phases[main].name", "a", "b", {COSMETIC}),
    ("phases[main].metadata.amount", "1", None, {COSMETIC}),
    (f"{CARD}.description", "a", None, {COSMETIC}),
    (f"{CARD}.metadata.amount", "1", "2", {COSMETIC}),
    (f"{CARD}.price.amount", "1", "1.5", {RAISING}),
    (f"{CARD}.price.amount", "10", "9", {LOWERING}),
    (f"{CARD}.price.amount", "9", "10", {RAISING}),
    (f"{TIER}.unitPrice.amount", "0.000002", "0.0000025", {RAISING}),
    (f"{TIER}.unitPrice.amount", "0.000002", "0.000001", {LOWERING}),
    (f"{TIER}.flatPrice.amount", "1", "2", {RAISING}),
    (f"{TIER}.flatPrice", None, {"type": "flat", "amount": "1"}, {RAISING}),
    (f"{TIER}.upToAmount", "10", "20", {RAISING}),
    (TIER, None, {"unitPrice": {"type": "unit", "amount": "1"}}, {RAISING}),
    (TIER, {"unitPrice": {"type": "unit", "amount": "1"}}, None, {RAISING}),
    (f"{CARD}.price.mode", "volume", "graduated", {RAISING}),
    (f"{CARD}.price.type", "unit", "flat", {RAISING}),
    (f"{CARD}.price.minimumAmount", "1", "2", {RAISING}),
    (f"{CARD}.price.minimumAmount", "2", "1", {LOWERING}),
    (f"{CARD}.price.minimumAmount", None, "2", {RAISING}),
    (f"{CARD}.price.minimumAmount", "2", None, {LOWERING}),
    (f"{CARD}.price.maximumAmount", "2", "1", {LOWERING}),
    (f"{CARD}.price.maximumAmount", "1", "2", {RAISING}),
    (f"{CARD}.price.maximumAmount", None, "2", {LOWERING}),
    (f"{CARD}.price.maximumAmount", "2", None, {RAISING}),
    (f"{CARD}.price.multiplier", "1", "1.2", {RAISING}),
    (f"{CARD}.price.multiplier", "1", "0.9", {LOWERING}),
    (f"{CARD}.price.quantityPerPackage", "100", "200", {LOWERING}),
    (f"{CARD}.price.quantityPerPackage", "200", "100", {RAISING}),
    (f"{CARD}.price.paymentTerm", "in_advance", "in_arrears", {BILLING}),
    (f"{CARD}.price", None, {"type": "unit", "amount": "1"}, {RAISING}),
    (f"{CARD}.price", {"type": "unit", "amount": "1"}, None, {LOWERING}),
    (f"{CARD}.price.surcharge", None, "1", {RAISING}),
    (f"{CARD}.discounts", None, {"percentage": {"percentage": 10}}, {LOWERING}),
    (f"{CARD}.discounts", {"percentage": {"percentage": 10}}, None, {RAISING}),
    (f"{CARD}.discounts.percentage", None, {"percentage": 10}, {LOWERING}),
    (f"{CARD}.discounts.percentage.percentage", 10, 20, {LOWERING}),
    (f"{CARD}.discounts.percentage.percentage", 20, 10, {RAISING}),
    (f"{CARD}.discounts.usage.quantity", "100", "50", {RAISING}),
    (f"{CARD}.billingCadence", "P1M", "P1Y", {BILLING, RAISING}),
    (f"{CARD}.taxConfig", None, {"behavior": "inclusive"}, {BILLING}),
    (f"{CARD}.taxConfig.stripe.code", "a", "b", {BILLING}),
    (f"{CARD}.type", "flat_fee", "usage_based", {RAISING}),
    (f"{CARD}.featureKey", "a", "b", {REDUCING, RAISING}),
    (f"{CARD}.newField", None, "b", {RAISING}),
    (CARD, None, PRICED, {RAISING}),
    (CARD, None, FREE, {ADDITIVE}),
    (CARD, PRICED, None, {LOWERING, REDUCING}),
    (CARD, FREE, None, {REDUCING}),
    ("rateCards[x]", None, PRICED, {RAISING}),
    ("rateCards[x].price.amount", "2", "1", {LOWERING}),
    ("rateCards", None, [PRICED], {BILLING, RAISING}),
    ("rateCards", [FREE], None, {BILLING, RAISING, REDUCING}),
    (TEMPLATE, None, {"type": "boolean"}, {ADDITIVE}),
    (TEMPLATE, {"type": "boolean"}, None, {REDUCING}),
    (f"{TEMPLATE}.type", "boolean", "static", {REDUCING}),
    (f"{TEMPLATE}.issueAfterReset", 100, 200, {ADDITIVE}),
    (f"{TEMPLATE}.issueAfterReset", 200, 100, {REDUCING}),
    (f"{TEMPLATE}.issueAfterReset", None, 100, {ADDITIVE}),
    (f"{TEMPLATE}.issueAfterReset", 100, None, {REDUCING}),
    (f"{TEMPLATE}.isSoftLimit", False, True, {ADDITIVE}),
    (f"{TEMPLATE}.isSoftLimit", True, False, {REDUCING}),
    (f"{TEMPLATE}.usagePeriod", "P1M", "P1W", {REDUCING}),
    (f"{TEMPLATE}.config.seats", 1, 2, {REDUCING}),
    (f"{TEMPLATE}.metadata.a", "1", "2", {COSMETIC}),
    ("billingCadence", "P1M", "P1Y", {BILLING, RAISING}),
    ("currency", "USD", "EUR", {BILLING, RAISING}),
    ("proRatingConfig.enabled", True, False, {BILLING, RAISING}),
    ("proRatingConfig.enabled", False, True, {BILLING}),
    ("settlementMode", "credit_then_invoice", "credit_only", {BILLING}),
    ("phases[trial].duration", "P1M", "P14D", {BILLING, RAISING}),
    ("phases[trial]", None, {"key": "trial"}, {BILLING, RAISING}),
    ("phases[trial]", {"key": "trial"}, None, {BILLING, RAISING, REDUCING}),
    ("phases", ["a", "b"], ["b", "a"], {BILLING, RAISING, REDUCING}),
    ("phases[main].rateCards", None, [PRICED], {BILLING, RAISING}),
    ("phases[main].rateCards", [PRICED], None, {BILLING, RAISING, REDUCING}),
    ("instanceType", "single", "multiple", {ADDITIVE}),
    ("instanceType", "multiple", "single", {REDUCING}),
    ("addons[x]", None, {"fromPlanPhase": "main"}, {ADDITIVE}),
    ("addons[x]", {"fromPlanPhase": "main"}, None, {REDUCING}),
    ("addons[x].maxQuantity", 3, 2, {REDUCING}),
    ("addons[x].maxQuantity", 9, 10, {ADDITIVE}),
    ("addons[x].maxQuantity", 3, None, {ADDITIVE}),
    ("addons[x].maxQuantity", None, 3, {REDUCING}),
    ("addons[x].fromPlanPhase", "a", "b", {REDUCING}),
    ("addons[x].metadata", None, {"a": "b"}, {COSMETIC}),
    ("newField", None, "x", {RAISING}),
]


@pytest.mark.parametrize(
    ("path", "before", "after", "classes"), TABLE, ids=[f"{row[0]}:{row[1]}->{row[2]}"[:70] for row in TABLE]
)
@pytest.mark.parametrize("kind", ["Plan", "Addon"])
def test_a_change_has_its_classes(kind, path, before, after, classes):
    assert set(KINDS[kind].impact((FieldChange(path, before, after),))) == {ChangeClass(name) for name in classes}


PLAN = {
    "name": "Pro",
    "currency": "USD",
    "billingCadence": "P1M",
    "phases": [
        {
            "key": "trial",
            "name": "Trial",
            "duration": "P14D",
            "rateCards": [{"type": "usage_based", "featureKey": "tokens", "billingCadence": "P1M", "price": None}],
        },
        {
            "key": "main",
            "name": "Main",
            "rateCards": [
                {
                    "type": "usage_based",
                    "featureKey": "tokens",
                    "billingCadence": "P1M",
                    "price": {
                        "type": "tiered",
                        "mode": "graduated",
                        "tiers": [
                            {"upToAmount": 10, "unitPrice": {"type": "unit", "amount": "2"}},
                            {"unitPrice": {"type": "unit", "amount": "1"}},
                        ],
                    },
                },
            ],
        },
    ],
}


def _tokens(spec, phase=1):
    return spec["phases"][phase]["rateCards"][0]


def _dearer(spec):
    _tokens(spec)["price"]["tiers"][1]["unitPrice"]["amount"] = "1.00001"


def _cheaper(spec):
    _tokens(spec)["price"]["tiers"][1]["unitPrice"]["amount"] = "0.9"


def _same(spec):
    _tokens(spec)["price"]["tiers"][1]["unitPrice"]["amount"] = "1.00"
    spec["phases"][1]["duration"] = None


def _more_tiers(spec):
    _tokens(spec)["price"]["tiers"].insert(0, {"upToAmount": 5, "flatPrice": {"type": "flat", "amount": 0}})


def _trial_is_paid(spec):
    _tokens(spec, 0)["price"] = {"type": "unit", "amount": "0"}


def _becomes_free(spec):
    _tokens(spec)["price"] = None


def _other_model(spec):
    _tokens(spec)["price"] = {"type": "unit", "amount": "0.1"}


def _no_trial(spec):
    del spec["phases"][0]


def _other_order(spec):
    first, second = spec["phases"]
    spec["phases"] = [{**second, "duration": "P14D"}, {key: first[key] for key in ("key", "name", "rateCards")}]


def _renamed(spec):
    spec["name"] = "Professional"
    _tokens(spec)["metadata"] = {"team": "a"}


def _switch(spec):
    spec["phases"][1]["rateCards"].append(
        {"type": "flat_fee", "featureKey": "sso", "entitlementTemplate": {"type": "boolean"}}
    )


@pytest.mark.parametrize(
    ("edit", "classes"),
    [
        (_dearer, {RAISING}),
        (_cheaper, {LOWERING}),
        (_same, set()),
        (_more_tiers, {RAISING}),
        (_trial_is_paid, {RAISING}),
        (_becomes_free, {LOWERING}),
        (_other_model, {RAISING}),
        (_no_trial, {BILLING, RAISING, REDUCING}),
        (_other_order, {BILLING, RAISING, REDUCING}),
        (_renamed, {COSMETIC}),
        (_switch, {ADDITIVE}),
    ],
)
def test_a_new_document_has_the_classes_of_what_changed(edit, classes):
    kind, changed = KINDS["Plan"], copy.deepcopy(PLAN)
    edit(changed)
    old, new = (complete(kind, "pro", spec, str.title) for spec in (PLAN, changed))
    assert set(kind.impact(diff(kind, old, new, lambda _: None))) == {ChangeClass(name) for name in classes}
