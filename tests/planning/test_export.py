"""Export: the declared form of what is live, which a plan finds nothing to change in."""

import pytest

from reconciler.kinds.registry import KINDS
from reconciler.model import Address
from reconciler.planning.export import export


def exported(world, *resources, project="acme"):
    found = export(world.backend.observe(KINDS), world.desired(*resources, project=project))
    return {item.address: item for item in found}


def again(make, found):
    return [
        make(address.kind, address.key, item.spec, state=item.management.state, manage=item.management.manage)
        for address, item in found.items()
    ]


def card(**more):
    return {"type": "usage_based", "featureKey": "gpt", "billingCadence": "P1M", **more}


def catalogue(make, tokens):
    metered = {"type": "metered", "issueAfterReset": 100, "isSoftLimit": True}
    pro = {
        "name": "Pro",
        "currency": "EUR",
        "billingCadence": "P1M",
        "addons": [{"addon": "extra", "fromPlanPhase": "main", "maxQuantity": 3, "metadata": {"a": "b"}}],
        "phases": [
            {"key": "trial", "name": "Trial", "duration": "P14D", "rateCards": [card(price=None)]},
            {
                "key": "main",
                "name": "Main",
                "rateCards": [
                    card(price={"type": "unit", "amount": "0.10", "minimumAmount": 5}, entitlementTemplate=metered),
                    {"type": "flat_fee", "key": "setup", "name": "Setup", "billingCadence": None,
                     "price": {"type": "flat", "amount": 99}},
                ],
            },
        ],
    }  # fmt: skip
    extra = {
        "name": "Extra",
        "currency": "EUR",
        "instanceType": "multiple",
        "rateCards": [
            {"type": "flat_fee", "key": "extra", "name": "Extra", "billingCadence": "P1M",
             "price": {"type": "flat", "amount": "4.50"}},
        ],
    }  # fmt: skip
    hook = {"name": "Ops hook", "type": "WEBHOOK", "url": "https://example.com/h", "customHeaders": {"X-Team": "ops"}}
    profile = {
        "name": "Main",
        "app": "sandbox",
        "supplier": {"name": "ACME", "addresses": [{"country": "DE"}]},
        "workflow": {"invoicing": {"dueAfter": "P7D"}},
    }
    return [
        tokens,
        make("Feature", "gpt", {"name": "GPT", "meterSlug": "tokens", "meterGroupByFilters": {"model": "gpt"}}),
        make("Addon", "extra", extra),
        make("Plan", "pro", pro),
        make("NotificationChannel", "ops", hook),
        make("NotificationRule", "made", {"name": "Made", "type": "invoice.created", "channels": ["ops"]}),
        make("BillingProfile", "main", profile),
    ]


def test_the_plan_of_an_export_of_what_is_owned_is_empty(world, make, tokens):
    world.apply(*catalogue(make, tokens))
    found = exported(world)
    assert [str(address) for address in found] == [
        "Meter/tokens", "Feature/gpt", "Addon/extra", "Plan/pro", "NotificationChannel/ops", "NotificationRule/made",
        "BillingProfile/main",
    ]  # fmt: skip
    made = world.plan(*again(make, found))
    assert made.is_empty
    assert made.changes == ()


def test_defaults_and_what_a_feature_implies_are_left_out(world, make, tokens):
    world.apply(*catalogue(make, tokens))
    found = exported(world)
    plan = found[Address("Plan", "pro")].spec
    assert set(plan) == {"name", "currency", "billingCadence", "phases", "addons"}
    assert plan["phases"][0]["rateCards"] == [card(price=None)]
    (usage,) = [item for item in plan["phases"][1]["rateCards"] if item.get("featureKey")]
    assert set(usage) == {"type", "featureKey", "billingCadence", "price", "entitlementTemplate"}
    assert usage["entitlementTemplate"] == {"type": "metered", "issueAfterReset": 100, "isSoftLimit": True}
    (setup,) = [item for item in plan["phases"][1]["rateCards"] if item.get("key") == "setup"]
    assert setup["billingCadence"] is None
    profile = found[Address("BillingProfile", "main")].spec
    assert profile["workflow"] == {"invoicing": {"dueAfter": "P7D"}}


def test_no_secret_is_exported(world, make):
    headers = {"Authorization": "Bearer abc", "X-Team": "ops"}
    body = {"name": "Ops", "type": "WEBHOOK", "url": "https://example.com/h", "customHeaders": headers}
    live = world.send("POST", "/api/v1/notification/channels", body)
    (item,) = exported(world).values()
    assert item.spec["customHeaders"] == {"Authorization": {"env": "OPS_AUTHORIZATION"}, "X-Team": "ops"}
    assert "signingSecret" not in item.spec
    assert live["signingSecret"] not in repr(item)
    assert item.secrets == (("OPS_AUTHORIZATION", "Authorization"),)
    assert (item.adopt, item.id) == (True, live["id"])


def test_objects_without_a_key_get_one_from_their_name_unique_and_stable(world):
    body = {"name": "Ops & Co", "type": "WEBHOOK", "url": "https://example.com/h"}
    first = world.send("POST", "/api/v1/notification/channels", body)
    second = world.send("POST", "/api/v1/notification/channels", body)
    found = {item.id: address.key for address, item in exported(world).items()}
    assert found == {first["id"]: "ops_co", second["id"]: "ops_co_2"}


def test_what_was_made_by_hand_is_adopted_and_then_there_is_nothing_to_do(world, make):
    world.send("POST", "/api/v1/meters", {"slug": "calls", "eventType": "call", "aggregation": "COUNT"})
    world.send("POST", "/api/v1/features", {"key": "calls", "name": "Calls", "meterSlug": "calls"})
    body = {"name": "Ops", "type": "WEBHOOK", "url": "https://example.com/h"}
    world.send("POST", "/api/v1/notification/channels", body)
    declared = again(make, exported(world))
    made = world.apply(*declared)
    assert [(str(change.address), change.action.value) for change in made.changes if change.actions] == [
        ("NotificationChannel/ops", "adopt")
    ]
    assert world.plan(*declared).is_empty


def test_another_projects_object_is_exported_as_only_observed(world, make, tokens):
    world.apply(wanted=world.desired(tokens, project="other"))
    item = exported(world)[Address("Meter", "tokens")]
    assert (item.spec, item.management.manage) == (None, "observe")


def test_the_profile_that_the_server_makes_for_itself_is_not_exported(world):
    assert exported(world) == {}


@pytest.mark.parametrize(
    "change",
    [{"description": "Ours"}, {"supplier": {"name": "ACME", "addresses": [{"country": "US"}]}},
     {"workflow": {"invoicing": {"dueAfter": "P7D"}}}],
)  # fmt: skip
def test_the_servers_own_profile_that_somebody_edited_is_exported_and_adopted(world, make, change):
    (own,) = world.items("/api/v1/billing/profiles")
    body = {name: own[name] for name in ("name", "description", "default", "supplier", "workflow")}
    workflow = {**own["workflow"], **change.pop("workflow", {})}
    world.send("PUT", f"/api/v1/billing/profiles/{own['id']}", {**body, **change, "workflow": workflow})
    found = exported(world)
    assert [(str(address), item.id) for address, item in found.items()] == [
        ("BillingProfile/openmeter_sandbox", own["id"])
    ]
    made = world.apply(*again(make, found), adopt=lambda _: True)
    assert [change.action.value for change in made.changes] == ["adopt"]
    assert world.plan(*again(make, found)).is_empty


def test_a_value_that_only_credentials_have_is_no_text_whatever_its_header_is_called(world):
    headers = {"X-Routing": "Bearer abcdefgh", "X-Tenant": "sk_live_abcdefgh", "X-Team": "basics"}
    body = {"name": "Ops", "type": "WEBHOOK", "url": "https://example.com/h", "customHeaders": headers}
    world.send("POST", "/api/v1/notification/channels", body)
    (item,) = exported(world).values()
    assert item.spec["customHeaders"] == {
        "X-Routing": {"env": "OPS_X_ROUTING"},
        "X-Tenant": {"env": "OPS_X_TENANT"},
        "X-Team": "basics",
    }


def test_only_what_has_no_key_and_no_marker_of_ours_is_told_by_its_id(world, make, tokens):
    world.apply(*catalogue(make, tokens))
    world.send("POST", "/api/v1/notification/channels", hook("Ops"))
    found = exported(world)
    assert [str(address) for address, item in found.items() if item.adopt] == ["NotificationChannel/ops_2"]
    assert {item.marked for item in found.values()} == {True, False}


def hook(name, **more):
    return {"name": name, "type": "WEBHOOK", "url": "https://x.example", **more}


def test_a_made_key_gives_way_to_a_document_that_has_it(world, make):
    live = world.send("POST", "/api/v1/notification/channels", hook("Ops"))
    other = make("NotificationChannel", "ops", {"name": "Another", "type": "WEBHOOK", "url": "https://x.example"})
    assert {str(address) for address in exported(world, other)} == {"NotificationChannel/ops_2"}
    same = make("NotificationChannel", "pager", {"name": "Ops", "type": "WEBHOOK", "url": "https://x.example"})
    ((address, item),) = exported(world, same).items()
    assert (str(address), item.id, item.declared) == ("NotificationChannel/pager", live["id"], True)


@pytest.mark.parametrize(
    ("name", "key"),
    [("Größe & Übergang", "grosse_ubergang"), ("日本", "notification_channel"), ("P95 - Alerts!", "p95_alerts"),
     ("opsHook", "ops_hook"), ("x" * 80, "x" * 56)],
)  # fmt: skip
def test_a_key_is_made_of_the_letters_and_digits_of_a_name(world, name, key):
    world.send("POST", "/api/v1/notification/channels", hook(name))
    assert [address.key for address in exported(world)] == [key]


def test_a_rule_whose_channels_do_not_show_is_only_observed(world):
    channel = world.send("POST", "/api/v1/notification/channels", hook("Ops", disabled=True))
    rule = {"name": "R", "type": "invoice.created", "channels": [channel["id"]]}
    world.send("POST", "/api/v1/notification/rules", rule)
    found = exported(world)
    item = found[Address("NotificationRule", "r")]
    assert (item.spec, item.management.manage, item.adopt) == (None, "observe", True)
    assert "channels are disabled" in item.notes[0]
    assert found[Address("NotificationChannel", "ops")].spec["disabled"] is True


def by_hand(world, tokens, **more):
    """A plan that nobody manages, on a meter of ours."""
    world.apply(tokens)
    base = {"type": "flat_fee", "key": "base", "name": "Base", "billingCadence": "P1M",
            "price": {"type": "flat", "amount": "5"}}  # fmt: skip
    phase = {"key": "main", "name": "Main", "duration": None, "rateCards": [base]}
    return world.send(
        "POST",
        "/api/v1/plans",
        {"key": "pro", "name": "Pro", "currency": "USD", "billingCadence": "P1M", "phases": [phase], **more},
    )


def test_somebodys_draft_stays_a_draft_and_nothing_is_taken_over(world, make, tokens):
    by_hand(world, tokens)
    found = exported(world)
    assert found[Address("Plan", "pro")].management.state == "draft"
    made = world.plan(*again(make, found))
    assert (made.steps, made.guards) == ((), ())
    (change,) = made.changes
    assert "claimed by declaration" in change.notes[0]


def test_an_active_version_with_somebodys_draft_beside_it_is_only_observed(world, make, tokens):
    live = by_hand(world, tokens)
    world.send("POST", f"/api/v1/plans/{live['id']}/publish")
    by_hand(world, tokens, name="Pro, soon")
    found = exported(world)
    item = found[Address("Plan", "pro")]
    assert (item.spec, item.management.manage) == (None, "observe")
    assert "version 2 is a draft" in item.notes[0]
    made = world.plan(*again(make, found))
    assert (made.steps, made.guards) == ((), ())


@pytest.mark.parametrize("state", ["draft", "active"])
def test_managed_less_than_in_full_a_plan_of_it_does_nothing(world, make, tokens, state):
    live = by_hand(world, tokens)
    if state == "active":
        world.send("POST", f"/api/v1/plans/{live['id']}/publish")
    found = {address: item.managed("observe") for address, item in exported(world).items()}
    assert {item.management.manage for item in found.values()} == {"observe"}
    made = world.plan(*again(make, found))
    assert (made.steps, made.guards) == ((), ())
