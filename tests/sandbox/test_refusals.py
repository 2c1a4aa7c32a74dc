"""What stands in the way of a plan's or an add-on's next step, one reason at a time."""

import pytest

from .asking import Asking

CARD = {"type": "flat_fee", "key": "a", "name": "A", "billingCadence": "P1M", "price": {"type": "flat", "amount": "1"}}
PHASE = {"key": "p", "name": "P", "duration": None, "rateCards": [CARD]}
PLAN = {"key": "pro", "name": "Pro", "currency": "USD", "billingCadence": "P1M", "phases": [PHASE]}
ADDON = {
    "key": "more",
    "name": "More",
    "currency": "USD",
    "instanceType": "single",
    "rateCards": [{**CARD, "key": "b", "name": "B"}],
}


@pytest.fixture
def asking():
    return Asking()


@pytest.mark.parametrize(("kind", "body"), [("plans", PLAN), ("addons", ADDON)])
def test_an_archived_version_is_never_published_again(asking, kind, body):
    made = asking.made(f"/{kind}", body)
    for action in ("publish", "archive"):
        asking.made(f"/{kind}/{made['id']}/{action}", None)
    assert asking.ask("POST", f"/{kind}/{made['id']}/publish")[0] == 400
    assert asking.read(f"/{kind}/{made['id']}")["status"] == "archived"


def test_only_an_active_add_on_is_attached(asking):
    plan, addon = asking.made("/plans", PLAN), asking.made("/addons", ADDON)
    link = {"addonId": addon["id"], "fromPlanPhase": "p"}
    assert asking.ask("POST", f"/plans/{plan['id']}/addons", link)[0] == 400
    asking.made(f"/addons/{addon['id']}/publish", None)
    assert asking.ask("POST", f"/plans/{plan['id']}/addons", link)[0] == 201


def test_an_add_on_attached_to_a_plan_that_was_published_is_never_deleted(asking):
    plan, addon = asking.made("/plans", PLAN), asking.made("/addons", ADDON)
    asking.made(f"/addons/{addon['id']}/publish", None)
    asking.made(f"/plans/{plan['id']}/addons", {"addonId": addon["id"], "fromPlanPhase": "p"})
    asking.made(f"/plans/{plan['id']}/publish", None)
    asking.made(f"/plans/{plan['id']}/archive", None)
    asking.made(f"/addons/{addon['id']}/archive", None)
    asking.ask("DELETE", f"/plans/{plan['id']}")
    assert asking.ask("DELETE", f"/addons/{addon['id']}")[0] == 400
    assert "deletedAt" not in asking.read(f"/addons/{addon['id']}")


def test_a_channel_is_not_replaced_without_its_secret(asking):
    body = {"type": "WEBHOOK", "name": "c", "url": "https://example.com"}
    channel = asking.made("/notification/channels", body)
    path = f"/notification/channels/{channel['id']}"
    assert asking.ask("PUT", path, body)[0] == 400
    assert asking.ask("PUT", path, {**body, "signingSecret": channel["signingSecret"]})[0] == 200


def test_a_channel_named_twice_counts_once(asking):
    channel = asking.made("/notification/channels", {"type": "WEBHOOK", "name": "c", "url": "https://example.com"})
    rule = {"type": "invoice.created", "name": "r", "channels": [channel["id"], channel["id"]]}
    assert len(asking.made("/notification/rules", rule)["channels"]) == 1
