"""Export: the declared form of what is live, which a plan finds nothing to change in."""

from reconciler.kinds.registry import KINDS
from reconciler.model import Address
from reconciler.planning.export import export


def exported(world, project="acme"):
    return {item.address: item for item in export(world.backend.observe(KINDS), project)}


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
    assert item.comments == (f"live id {live['id']}",)


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


def test_objects_that_share_a_name_come_with_what_tells_them_apart(world):
    made = [
        world.send(
            "POST", "/api/v1/notification/channels", {"name": name, "type": "WEBHOOK", "url": "https://x.example"}
        )
        for name in ("Ops", "Ops", "Dev")
    ]
    found = exported(world)
    comments = {address.key: item.comments for address, item in found.items() if address.kind == "NotificationChannel"}
    twin = f"its name is not its own: say in reconciler.yaml `adopt: {{NotificationChannel/ops_2: {made[1]['id']}}}`"
    assert comments["ops_2"] == (f"live id {made[1]['id']}", twin)
    assert comments["dev"] == (f"live id {made[2]['id']}",)


def test_a_rule_whose_channels_do_not_show_cannot_be_written(world):
    hook = {"name": "Ops", "type": "WEBHOOK", "url": "https://x.example", "disabled": True}
    channel = world.send("POST", "/api/v1/notification/channels", hook)
    rule = {"name": "R", "type": "invoice.created", "channels": [channel["id"]]}
    world.send("POST", "/api/v1/notification/rules", rule)
    found = exported(world)
    assert found[Address("NotificationRule", "r")].unwritable is not None
    assert found[Address("NotificationChannel", "ops")].unwritable is None
