"""What the four kinds make of the server's peculiarities."""

import pytest

from reconciler.kinds import markers as m
from reconciler.kinds.registry import KINDS
from reconciler.kinds.wire import encode
from reconciler.model import Address, ChangeClass, FieldChange
from reconciler.planning.canonical import canonical, complete

APP, ONE, TWO, FEATURE = ("01G65Z755AFWAKHE12NY0CQ9F" + last for last in "ABCD")
IDS = {
    Address("App", "sandbox"): APP,
    Address("App", "stripe:Acme"): TWO,
    Address("NotificationChannel", "one"): ONE,
    Address("NotificationChannel", "two"): {"$ref": "NotificationChannel/two#id"},
}
KEYS = {
    ("App", APP): "sandbox",
    ("App", TWO): "stripe:Acme",
    ("NotificationChannel", ONE): "one",
    ("Feature", FEATURE): "tokens",
}
CHANNEL = {"name": "Ops", "type": "WEBHOOK", "url": "https://hooks.example.com/ops"}
PROFILE = {"name": "p", "supplier": {"name": "ACME", "addresses": [{"country": "US"}]}, "app": "sandbox"}


def body(kind_name, spec, method="POST", key="it"):
    kind = KINDS[kind_name]
    wanted = complete(kind, key, spec, lambda _: None)
    binding = kind.binding("v1")
    made = binding.to_wire(key, encode(kind.shape, wanted, method), IDS.get)
    return {name: value for name, value in made.items() if method == "POST" or name not in binding.create_only}


def live(kind_name, wire):
    kind = KINDS[kind_name]
    return canonical(kind, kind.binding("v1").from_wire(wire, lambda *pair: KEYS.get(pair)))


def classes(kind_name, path):
    return list(KINDS[kind_name].impact((FieldChange(path, "a", "b"),)))


def test_a_channel_without_a_declared_secret_has_one_made_and_keeps_it():
    assert "signingSecret" not in body("NotificationChannel", CHANNEL)
    assert body("NotificationChannel", CHANNEL, "PUT")["signingSecret"] == {"$live": "signingSecret"}


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_body_holds_the_sources_of_secrets_and_never_a_secret(method):
    spec = {**CHANNEL, "signingSecret": {"env": "S"}, "customHeaders": {"X-Token": {"file": "t"}, "X-Team": "a"}}
    sent = body("NotificationChannel", spec, method)
    assert sent["signingSecret"] == {"$secret": {"env": "S"}}
    assert sent["customHeaders"] == {"X-Token": {"$secret": {"file": "t"}}, "X-Team": "a"}


def test_a_live_secret_that_is_to_be_kept_is_read_again_instead_of_copied():
    shape = KINDS["NotificationChannel"].shape
    assert encode(shape, {"signingSecret": "whsec_live"}, "PUT")["signingSecret"] == {"$live": "signingSecret"}


def test_an_update_resets_what_is_not_declared():
    sent = body("NotificationChannel", CHANNEL, "PUT")
    assert (sent["disabled"], sent["metadata"]) == (False, {})
    assert body("BillingProfile", PROFILE, "PUT")["description"] == ""


def test_a_rule_names_channels_by_id_and_features_by_key():
    spec = {"name": "r", "type": "entitlements.reset", "channels": ["two", "one"], "features": ["tokens"]}
    sent = body("NotificationRule", spec)
    assert sent["channels"] == [ONE, {"$ref": "NotificationChannel/two#id"}]
    assert sent["features"] == ["tokens"]


def test_a_live_rule_shows_keys_whatever_was_written_and_ids_of_what_nobody_declares():
    wire = {
        "name": "r",
        "type": "entitlements.reset",
        "disabled": False,
        "channels": [{"id": TWO, "type": "WEBHOOK"}, {"id": ONE, "type": "WEBHOOK"}],
        "features": [{"id": "tokens", "key": ""}, {"id": FEATURE, "key": ""}, {"id": APP, "key": ""}],
    }
    shown = live("NotificationRule", wire)
    assert shown["channels"] == [f"id:{TWO}", "one"]
    assert shown["features"] == [f"id:{APP}", "tokens"]
    assert body("NotificationRule", shown)["channels"] == [TWO, ONE]
    assert body("NotificationRule", shown)["features"] == [APP, "tokens"]


def test_a_rule_whose_channels_are_all_disabled_shows_none():
    wire = {"name": "r", "type": "invoice.created", "disabled": False, "channels": []}
    assert live("NotificationRule", wire) == {"name": "r", "type": "invoice.created", "disabled": False}


def test_one_app_does_all_three_jobs_and_an_update_does_not_send_it():
    assert body("BillingProfile", PROFILE)["apps"] == {"tax": APP, "invoicing": APP, "payment": APP}
    assert "apps" not in body("BillingProfile", PROFILE, "PUT")
    assert "app" not in body("BillingProfile", PROFILE)


@pytest.mark.parametrize(
    ("ident", "app"), [(APP, "sandbox"), (TWO, {"type": "stripe", "name": "Acme"}), (FEATURE, f"id:{FEATURE}")]
)
def test_a_live_profile_shows_its_app_as_a_manifest_writes_it(ident, app):
    wire = {"name": "p", "apps": {"invoicing": {"id": ident}, "tax": {"id": ident}, "payment": {"id": ident}}}
    assert live("BillingProfile", wire)["app"] == app
    assert body("BillingProfile", {**PROFILE, "app": app})["apps"]["tax"] == ident


def test_a_workflow_that_is_left_out_is_every_default():
    assert body("BillingProfile", PROFILE)["workflow"] == {
        "collection": {"alignment": {"type": "subscription"}, "interval": "PT1H"},
        "invoicing": {
            "autoAdvance": True,
            "draftPeriod": "P0D",
            "dueAfter": "P30D",
            "progressiveBilling": True,
            "subscriptionEndProrationMode": "bill_actual_period",
        },
        "payment": {"collectionMethod": "charge_automatically"},
        "tax": {"enabled": True, "enforced": False},
    }


def test_the_prices_of_a_looked_up_cost_are_not_the_features():
    cost = {"type": "llm", "provider": "openai", "model": "gpt-4o", "tokenType": "input"}
    wire = {"key": "f", "name": "F", "meterSlug": "tokens", "unitCost": {**cost, "pricing": {"inputPerToken": "1"}}}
    assert live("Feature", wire)["unitCost"] == cost


def test_a_filter_that_filters_nothing_is_seen():
    wire = {"key": "f", "name": "F", "meterSlug": "tokens", "advancedMeterGroupByFilters": {"model": {}}}
    assert live("Feature", wire)["advancedMeterGroupByFilters"] == {"model": {}}


@pytest.mark.parametrize(
    ("kind", "marker", "fields"),
    [
        ("Meter", m.Immutable, "eventType eventFrom aggregation valueProperty"),
        ("Meter", m.NotClearable, "description"),
        ("Feature", m.Immutable, "meterSlug meterGroupByFilters advancedMeterGroupByFilters unitCost"),
        ("Feature", m.CannotUpdate, "name metadata"),
        ("NotificationChannel", m.Immutable, "type"),
        ("NotificationChannel", m.NotClearable, "customHeaders"),
        ("NotificationChannel", m.Secret, "customHeaders signingSecret"),
        ("NotificationChannel", m.ServerChosen, "signingSecret"),
        ("NotificationRule", m.Immutable, "type"),
        ("BillingProfile", m.Immutable, "app"),
        ("BillingProfile", m.CannotUpdate, ""),
    ],
)
def test_what_the_server_never_changes_is_marked(kind, marker, fields):
    assert [name for name, field in KINDS[kind].shape.fields.items() if field.has(marker)] == fields.split()


@pytest.mark.parametrize("kind", ["NotificationChannel", "NotificationRule"])
def test_disabled_objects_are_listed_too(kind):
    assert KINDS[kind].binding("v1").list_query["includeDisabled"] == "true"


def test_an_archived_feature_is_no_live_one_and_no_feature_is_ever_updated():
    binding = KINDS["Feature"].binding("v1")
    assert binding.deleted_field == "archivedAt"
    assert (binding.updatable, binding.marks_on_create, binding.marks_on_update) == (False, True, False)


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        ("Feature", "name", ChangeClass.COSMETIC),
        ("Feature", "metadata.a", ChangeClass.COSMETIC),
        ("Feature", "meterSlug", ChangeClass.METERING_SEMANTIC),
        ("Feature", "advancedMeterGroupByFilters.model.$eq", ChangeClass.METERING_SEMANTIC),
        ("Feature", "unitCost.amount", ChangeClass.BILLING_BEHAVIOUR),
        ("NotificationChannel", "name", ChangeClass.COSMETIC),
        ("NotificationChannel", "url", ChangeClass.OPERATIONAL),
        ("NotificationChannel", "disabled", ChangeClass.OPERATIONAL),
        ("NotificationRule", "metadata", ChangeClass.COSMETIC),
        ("NotificationRule", "channels", ChangeClass.OPERATIONAL),
        ("BillingProfile", "description", ChangeClass.COSMETIC),
        ("BillingProfile", "default", ChangeClass.BILLING_BEHAVIOUR),
        ("BillingProfile", "supplier.name", ChangeClass.BILLING_BEHAVIOUR),
        ("BillingProfile", "workflow.invoicing.dueAfter", ChangeClass.BILLING_BEHAVIOUR),
        ("BillingProfile", "app", ChangeClass.BILLING_BEHAVIOUR),
    ],
)
def test_a_change_has_the_class_of_what_it_touches(kind, path, expected):
    assert classes(kind, path) == [expected]
