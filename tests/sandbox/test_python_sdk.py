"""The official Python client works on the served sandbox as it works on the real server.

Every operation that the client's README lists for these namespaces is done, in each test by the
client and nothing else; the README is that of the installed client, so a newer one that lists more
fails here. Where the client refuses a good answer of the real server, it refuses the sandbox's too.
"""

import re
from importlib import metadata

import pytest

from reconciler.sandbox import Sandbox
from reconciler.sandbox.serve import serving

openmeter = pytest.importorskip("openmeter", reason="the openmeter client is not installed (extra `test`)")

from corehttp.exceptions import HttpResponseError, ResourceNotFoundError  # noqa: E402

NOT_IMITATED = {
    "subscriptions": {
        "edit": "plans are rehearsed here, not single subscriptions",
        "restore": "plans are rehearsed here, not single subscriptions",
        "delete": "plans are rehearsed here, not single subscriptions",
        "unschedule_cancelation": "plans are rehearsed here, not single subscriptions",
    },
    "marketplace": {
        "get_o_auth2_install_url": "no app of the marketplace is installed by OAuth2",
        "authorize_o_auth2_install": "no app of the marketplace is installed by OAuth2",
    },
}
FLAT = {"type": "flat_fee", "key": "seat", "name": "Seat", "price": {"type": "flat", "amount": "10"}}
MONTHLY = {**FLAT, "billingCadence": "P1M"}
PLAN = {
    "key": "pro",
    "name": "Pro",
    "currency": "USD",
    "billingCadence": "P1M",
    "phases": [{"key": "main", "name": "Main", "duration": None, "rateCards": [MONTHLY]}],
}
ADDON = {
    "key": "extra",
    "name": "Extra",
    "currency": "USD",
    "instanceType": "multiple",
    "rateCards": [{**MONTHLY, "key": "extra", "name": "Extra"}],
}
CHANNEL = {"type": "WEBHOOK", "name": "ops", "url": "https://example.com/hook"}


class Watched:
    """A client that remembers which operations of a namespace were called."""

    def __init__(self, client, done, namespace):
        self.client, self.done, self.namespace = client, done, namespace

    def __getattr__(self, name):
        self.done.add((self.namespace, name))
        return getattr(getattr(self.client, self.namespace), name)


class Client:
    def __init__(self, client):
        self.client, self.done = client, set()

    def __getattr__(self, namespace):
        return Watched(self.client, self.done, namespace)


@pytest.fixture
def client():
    sandbox = Sandbox(":memory:")
    with serving(sandbox) as server, openmeter.Client(endpoint=server.url) as inner:
        yield Client(inner)


def documented(namespace):
    """The operations in the README's table."""
    readme = metadata.metadata("openmeter").get_payload()
    found = set(re.findall(rf"`client\.{namespace}\.(\w+)\(", readme))
    assert found, namespace
    return found


def assert_all_done(client, namespace):
    done = {name for each, name in client.done if each == namespace}
    assert done >= documented(namespace) - NOT_IMITATED.get(namespace, {}).keys()


def refused_although_done(operation, *arguments):
    """The server answers these with 200, which is right by definition; the client takes only 201."""
    with pytest.raises(HttpResponseError) as raised:
        operation(*arguments)
    assert raised.value.response.status_code == 200


def active_plan(client, **changed):
    plan = client.plans.create({**PLAN, **changed})
    return client.plans.publish(plan.id)


def active_addon(client, **changed):
    addon = client.addons.create({**ADDON, **changed})
    return client.addons.publish(addon.id)


def test_meters(client):
    body = {
        "slug": "tokens",
        "eventType": "used",
        "aggregation": "SUM",
        "valueProperty": "$.n",
        "groupBy": {"m": "$.m"},
    }
    refused_although_done(client.meters.create, body)
    meter = client.meters.get("tokens")
    assert client.meters.get(meter.id).slug == "tokens"
    assert [each.slug for each in client.meters.list()] == ["tokens"]
    assert client.meters.update("tokens", {"name": "Tokens", "groupBy": {"m": "$.model"}}).name == "Tokens"
    assert client.meters.get("tokens").group_by == {"m": "$.model"}
    assert client.meters.query_json("tokens").data == []
    assert client.meters.query("tokens", {"groupBy": ["m"], "windowSize": "DAY"}).window_size == "DAY"
    assert client.meters.query_csv("tokens", group_by=["m"]).strip() == "window_start,window_end,m,value"
    assert client.meters.list_subjects("tokens") == []
    assert client.meters.list_group_by_values("tokens", "m") == []
    client.meters.delete("tokens")
    with pytest.raises(ResourceNotFoundError):
        client.meters.get("tokens")
    assert_all_done(client, "meters")


def test_features(client):
    feature = client.features.create({"key": "chat", "name": "Chat"})
    assert client.features.get("chat").id == client.features.get(feature.id).id == feature.id
    assert [each["key"] for each in client.features.list()] == ["chat"]
    assert client.features.list(page=1)["totalCount"] == 1
    client.features.delete(feature.id)
    assert client.features.list() == []
    assert len(client.features.list(include_archived=True)) == 1
    assert_all_done(client, "features")


def test_plans(client):
    plan = client.plans.create(PLAN)
    assert (plan.status, plan.version) == ("draft", 1)
    assert client.plans.get(plan.id).phases[0].rate_cards[0]["price"]["amount"] == "10"
    changed = {name: value for name, value in PLAN.items() if name not in ("key", "currency")}
    assert client.plans.update(plan.id, {**changed, "name": "Professional"}).name == "Professional"
    assert client.plans.publish(plan.id).status == "active"
    assert client.plans.get("pro").version == 1
    refused_although_done(client.plans.next, "pro")
    draft, published = client.plans.list(key=["pro"])
    assert (draft.version, draft.status, published.version) == (2, "draft", 1)
    client.plans.delete(draft.id)
    assert client.plans.archive(plan.id).status == "archived"
    assert_all_done(client, "plans")


def test_addons(client):
    addon = client.addons.create(ADDON)
    assert client.addons.get(addon.id).rate_cards[0]["key"] == "extra"
    changed = {name: value for name, value in ADDON.items() if name not in ("key", "currency")}
    assert client.addons.update(addon.id, {**changed, "description": "More"}).description == "More"
    assert client.addons.publish(addon.id).status == "active"
    assert [each.status for each in client.addons.list(status=["active"])] == ["active"]
    assert client.addons.archive(addon.id).status == "archived"
    client.addons.delete(addon.id)
    assert list(client.addons.list()) == []
    assert_all_done(client, "addons")


def test_plan_addons(client):
    addon, plan = active_addon(client), client.plans.create(PLAN)
    made = client.plan_addons.create(plan.id, {"addonId": addon.id, "fromPlanPhase": "main", "maxQuantity": 5})
    assert made.addon.id == addon.id
    assert client.plan_addons.get(plan.id, addon.id).max_quantity == 5
    assert client.plan_addons.list(plan.id).total_count == 1
    changed = client.plan_addons.update(plan.id, addon.id, {"fromPlanPhase": "main", "maxQuantity": 7})
    assert changed.max_quantity == 7
    client.plan_addons.delete(plan.id, addon.id)
    assert client.plan_addons.list(plan.id).total_count == 0
    assert_all_done(client, "plan_addons")


def test_notification_channels(client):
    channel = client.notification_channels.create(CHANNEL)
    read = client.notification_channels.get(channel["id"])
    assert read["signingSecret"].startswith("whsec_")
    body = {**CHANNEL, "name": "on call", "signingSecret": read["signingSecret"]}
    assert client.notification_channels.update(channel["id"], body)["name"] == "on call"
    assert client.notification_channels.list().total_count == 1
    client.notification_channels.delete(channel["id"])
    assert client.notification_channels.list(include_disabled=True).total_count == 0
    assert_all_done(client, "notification_channels")


def test_notification_rules(client):
    channel = client.notification_channels.create(CHANNEL)
    body = {
        "type": "entitlements.balance.threshold",
        "name": "80 %",
        "channels": [channel["id"]],
        "thresholds": [{"type": "PERCENT", "value": 80}],
    }
    rule = client.notification_rules.create(body)
    assert client.notification_rules.get(rule["id"])["thresholds"][0]["value"] == 80
    assert client.notification_rules.update(rule["id"], {**body, "name": "Nearly"})["name"] == "Nearly"
    assert client.notification_rules.list().total_count == 1
    refused_although_done(client.notification_rules.test, rule["id"])
    client.notification_rules.delete(rule["id"])
    assert client.notification_rules.list(include_disabled=True).total_count == 0
    assert_all_done(client, "notification_rules")


def test_notification_events(client):
    channel = client.notification_channels.create(CHANNEL)
    for kind in ("invoice.created", "entitlements.reset"):
        rule = client.notification_rules.create({"type": kind, "name": kind, "channels": [channel["id"]]})
        refused_although_done(client.notification_rules.test, rule["id"])
    found = client.notification_events.list().items_property
    assert [each.type for each in found] == ["entitlements.reset", "invoice.created"]
    assert client.notification_events.get(found[0].id).delivery_status[0].state == "PENDING"
    assert_all_done(client, "notification_events")


def test_billing_profiles(client):
    default = client.billing_profiles.list().items_property[0]
    app = default["apps"]["invoicing"]["id"]
    supplier = {"name": "Us", "addresses": [{"country": "US"}]}
    body = {"name": "EU", "default": False, "supplier": supplier, "workflow": {}}
    profile = client.billing_profiles.create({**body, "apps": dict.fromkeys(("invoicing", "payment", "tax"), app)})
    assert client.billing_profiles.get(profile.id).name == "EU"
    assert client.billing_profiles.update(profile.id, {**body, "name": "Europe"}).name == "Europe"
    client.billing_profiles.delete(profile.id)
    assert client.billing_profiles.list().total_count == 1
    assert_all_done(client, "billing_profiles")


def test_apps_and_the_marketplace(client):
    assert {each.type for each in client.marketplace.list().items_property} == {"sandbox", "custom_invoicing", "stripe"}
    assert client.marketplace.get("custom_invoicing").name == "Custom Invoicing"
    installed = client.marketplace.install("custom_invoicing", {"name": "Ours", "createBillingProfile": False})
    with pytest.raises(HttpResponseError):
        client.marketplace.install_with_api_key("custom_invoicing", {"apiKey": "k", "name": "Theirs"})
    app = client.apps.get(installed.app["id"])
    assert app["name"] == "Ours"
    changed = {"type": "custom_invoicing", "name": "Mine", "enableDraftSyncHook": False, "enableIssuingSyncHook": True}
    assert client.apps.update(app["id"], changed)["name"] == "Mine"
    assert client.apps.list().total_count == 2
    client.apps.uninstall(app["id"])
    assert client.apps.list().total_count == 1
    assert_all_done(client, "apps")
    assert_all_done(client, "marketplace")


def test_customers(client):
    body = {"key": "acme", "name": "Acme", "usageAttribution": {"subjectKeys": ["acme-1"]}}
    customer = client.customers.create(body)
    assert client.customers.get("acme").id == customer.id
    assert client.customers.list(key="acme").total_count == 1
    assert client.customers.update("acme", {**body, "name": "Acme Inc."}).name == "Acme Inc."
    assert client.customers.list_customer_subscriptions("acme").total_count == 0
    client.customers.delete(customer.id)
    assert client.customers.list().total_count == 0
    assert_all_done(client, "customers")


def test_subscriptions_are_created_read_moved_and_canceled(client):
    active_plan(client)
    client.customers.create({"key": "acme", "name": "Acme", "usageAttribution": {"subjectKeys": ["acme-1"]}})
    made = client.subscriptions.create({"customerKey": "acme", "plan": {"key": "pro"}})
    assert client.subscriptions.get_expanded(made.id).plan.version == 1
    active_plan(client, name="Pro 2")
    moved = client.subscriptions.migrate(made.id, {"timing": "immediate"}).next
    assert moved.plan.version == 2
    active_plan(client, key="max", name="Max")
    changed = client.subscriptions.change(moved.id, {"timing": "immediate", "plan": {"key": "max"}}).next
    assert client.customers.list_customer_subscriptions("acme").total_count == 3
    assert client.subscriptions.cancel(changed.id, {"timing": "immediate"}).status == "inactive"
    assert_all_done(client, "subscriptions")
