"""What a customer may use follows from the plan; nothing is ever used up here."""

import pytest

from .asking import Asking

STATIC = '{"bb":1,"a":[1.50,2]}'
METERED = {"type": "metered", "usagePeriod": "P1M"}


def access_with(template, *, key="f"):
    asking = Asking()
    asking.made("/meters", {"slug": "m", "eventType": "e", "aggregation": "SUM", "valueProperty": "$.v"})
    asking.made("/features", {"key": key, "name": "F", "meterSlug": "m"})
    card = {"type": "flat_fee", "key": key, "name": "F", "featureKey": key, "billingCadence": None, "price": None}
    phase = {"key": "p", "name": "P", "duration": None, "rateCards": [{**card, "entitlementTemplate": template}]}
    body = {"key": "pro", "name": "Pro", "currency": "USD", "billingCadence": "P1M", "phases": [phase]}
    plan = asking.made("/plans", body)
    asking.made(f"/plans/{plan['id']}/publish", None)
    asking.made("/customers", {"key": "c", "name": "C", "usageAttribution": {"subjectKeys": ["c"]}})
    subscription = asking.made("/subscriptions", {"customerKey": "c", "plan": {"key": "pro"}})
    return asking, subscription, asking.read("/customers/c/access")["entitlements"]


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ({"type": "boolean"}, {"hasAccess": True}),
        ({"type": "static", "config": STATIC}, {"hasAccess": True, "config": '{"a": [1.50, 2], "bb": 1}'}),
        ({**METERED, "issueAfterReset": 100}, {"hasAccess": True, "balance": 100}),
        ({**METERED, "issueAfterReset": 0, "isSoftLimit": True}, {"hasAccess": True, "balance": 0}),
        ({**METERED, "issueAfterReset": 0}, {"balance": 0, "grantBalances": {}}),
    ],
)
def test_access_follows_from_the_template(template, told):
    _, _, entitlements = access_with(template)
    assert told.items() <= entitlements["f"].items()
    assert ("hasAccess" in told) == ("hasAccess" in entitlements["f"])


def test_a_canceled_subscription_gives_no_access():
    asking, subscription, _ = access_with({"type": "boolean"})
    asking.made(f"/subscriptions/{subscription['id']}/cancel", {"timing": "immediate"})
    assert asking.read("/customers/c/access") == {"entitlements": {}}


def test_an_unknown_customer_has_none_to_tell_of():
    assert Asking().ask("GET", "/customers/nobody/access")[0] == 404


def test_only_the_running_phase_gives_access():
    asking = Asking()
    cards = []
    for key in ("now", "later"):
        asking.made("/features", {"key": key, "name": key})
        card = {"type": "flat_fee", "key": key, "name": key, "featureKey": key, "billingCadence": None, "price": None}
        cards.append({**card, "entitlementTemplate": {"type": "boolean"}})
    phases = [
        {"key": "p", "name": "P", "duration": "P1M", "rateCards": cards[:1]},
        {"key": "q", "name": "Q", "duration": None, "rateCards": cards[1:]},
    ]
    body = {"key": "pro", "name": "Pro", "currency": "USD", "billingCadence": "P1M", "phases": phases}
    plan = asking.made("/plans", body)
    asking.made(f"/plans/{plan['id']}/publish", None)
    asking.made("/customers", {"key": "c", "name": "C", "usageAttribution": {"subjectKeys": ["c"]}})
    asking.made("/subscriptions", {"customerKey": "c", "plan": {"key": "pro"}})
    assert list(asking.read("/customers/c/access")["entitlements"]) == ["now"]
    asking.pass_time(days=40)
    assert list(asking.read("/customers/c/access")["entitlements"]) == ["later"]
