import pytest

from .asking import Asking

SECRETS = [f"whsec_{number:032d}" for number in range(12)]


@pytest.fixture
def server():
    return Asking()


def channel(server, **fields):
    body = {"type": "WEBHOOK", "name": "ops", "url": "https://hooks.example.com/ops", **fields}
    return server.made("/notification/channels", body)


def channel_body(secret, **fields):
    return {
        "type": "WEBHOOK",
        "name": "ops",
        "url": "https://hooks.example.com/ops",
        "signingSecret": secret,
        **fields,
    }


def rule(server, *channels, **fields):
    return server.made("/notification/rules", rule_body(*channels, **fields))


def rule_body(*channels, **fields):
    return {"type": "entitlements.reset", "name": "r", "channels": [each["id"] for each in channels], **fields}


def test_the_limit_of_secret_rotations_ends_after_a_day(server):
    path = f"/notification/channels/{channel(server)['id']}"
    for secret in SECRETS[:10]:
        assert server.ask("PUT", path, channel_body(secret))[0] == 200
    assert server.ask("PUT", path, channel_body(SECRETS[10]))[0] == 500
    server.pass_time(hours=25)
    assert server.ask("PUT", path, channel_body(SECRETS[10]))[0] == 200


def test_echoing_the_live_secret_is_no_rotation(server):
    made = channel(server, signingSecret=SECRETS[0])
    for _ in range(12):
        assert server.ask("PUT", f"/notification/channels/{made['id']}", channel_body(SECRETS[0]))[0] == 200


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "ftp://hooks.example.com/x"},
        {"customHeaders": {"A B": "1"}},
        {"customHeaders": {"content-TYPE": "x"}},
        {"signingSecret": "0" * 32},
    ],
)
def test_what_the_webhook_service_refuses_is_a_500_that_changes_nothing(server, fields):
    made = channel(server, signingSecret=SECRETS[0])
    path = f"/notification/channels/{made['id']}"
    assert server.ask("PUT", path, channel_body(SECRETS[0], **fields))[0] == 500
    assert server.read(path) == made


def test_a_generated_secret_is_valid_base64_of_its_own(server):
    one, other = channel(server), channel(server)
    assert one["signingSecret"] != other["signingSecret"]
    path = f"/notification/channels/{one['id']}"
    assert server.ask("PUT", path, channel_body(one["signingSecret"]))[0] == 200


def test_a_put_of_a_rule_cannot_make_it_the_eleventh_of_a_channel(server):
    full, spare = channel(server), channel(server)
    for _ in range(10):
        rule(server, full)
    late = rule(server, spare)
    path = f"/notification/rules/{late['id']}"
    assert server.ask("PUT", path, rule_body(spare, full))[0] == 400
    assert server.read(path)["channels"] == [{"id": spare["id"], "type": "WEBHOOK"}]


def test_a_rule_deleted_while_its_channel_is_disabled_still_counts_until_the_channel_is_put(server):
    full = channel(server, signingSecret=SECRETS[0])
    path = f"/notification/channels/{full['id']}"
    rules = [rule(server, full) for _ in range(10)]
    server.ask("PUT", path, channel_body(SECRETS[0], disabled=True))
    assert server.ask("DELETE", f"/notification/rules/{rules[0]['id']}")[0] == 204
    assert server.ask("POST", "/notification/rules", rule_body(full))[0] == 400
    server.ask("PUT", path, channel_body(SECRETS[0]))
    assert server.ask("POST", "/notification/rules", rule_body(full))[0] == 201


def test_a_deleted_rule_can_be_read_and_deleted_again_but_not_written(server):
    hook = channel(server)
    path = f"/notification/rules/{rule(server, hook)['id']}"
    assert server.ask("DELETE", path)[0] == 204
    gone = server.read(path)
    assert gone["disabled"] is True
    assert "deletedAt" in gone
    assert server.ask("DELETE", path)[0] == 204
    assert server.ask("PUT", path, rule_body(hook))[0] == 409
    assert server.read("/notification/rules?includeDisabled=true")["items"] == []


def test_a_put_resets_what_it_omits(server):
    hook = channel(server)
    server.made("/features", {"key": "sso", "name": "SSO"})
    made = rule(server, hook, features=["sso"], metadata={"a": "b"}, disabled=True)
    path = f"/notification/rules/{made['id']}"
    server.ask("PUT", path, rule_body(hook))
    left = server.read(path)
    assert left["disabled"] is False
    assert left.keys().isdisjoint({"features", "metadata"})


def test_the_type_of_a_rule_is_fixed(server):
    hook = channel(server)
    path = f"/notification/rules/{rule(server, hook)['id']}"
    assert server.ask("PUT", path, rule_body(hook, type="invoice.created"))[0] == 400


def test_a_rule_outlives_its_feature_but_cannot_be_put_until_the_key_is_back(server):
    hook = channel(server)
    server.made("/features", {"key": "sso", "name": "SSO"})
    made = rule(server, hook, features=["sso"])
    path, body = f"/notification/rules/{made['id']}", rule_body(hook, features=["sso"])
    assert server.ask("DELETE", "/features/sso")[0] == 204
    assert server.read(path)["features"] == [{"id": "sso", "key": ""}]
    assert server.ask("PUT", path, body)[0] == 400
    server.made("/features", {"key": "sso", "name": "SSO"})
    assert server.ask("PUT", path, body)[0] == 200


def test_a_disabled_rule_is_listed_only_on_demand_and_still_holds_its_channel(server):
    hook = channel(server)
    rule(server, hook, disabled=True)
    assert server.read("/notification/rules")["totalCount"] == 0
    assert server.read("/notification/rules?includeDisabled=true")["totalCount"] == 1
    assert server.ask("DELETE", f"/notification/channels/{hook['id']}")[0] == 400


def test_a_whole_threshold_reads_back_without_a_fraction(server):
    thresholds = [{"type": "usage_value", "value": 100.0}, {"type": "balance_value", "value": 0.25}]
    made = rule(server, channel(server), type="entitlements.balance.threshold", thresholds=thresholds)
    assert [repr(each["value"]) for each in made["thresholds"]] == ["100", "0.25"]
