import pytest

from .asking import Asking


@pytest.fixture
def server():
    made = Asking()
    made.made("/features", {"key": "sso", "name": "SSO"})
    made.made("/features", {"key": "seats", "name": "Seats"})
    made.made("/customers", {"name": "Acme", "key": "acme", "usageAttribution": {"subjectKeys": ["b", "a"]}})
    return made


def card(key="base", amount="10", **fields):
    price = None if amount is None else {"type": "flat", "amount": amount}
    return {"type": "flat_fee", "key": key, "name": key, "billingCadence": "P1M", "price": price, **fields}


def granting(key, template, amount=None):
    return card(key, amount, featureKey=key, entitlementTemplate=template)


def phase(*cards, key="main", duration=None):
    return {"key": key, "name": key, "duration": duration, "rateCards": list(cards)}


def publish(server, *phases, key="pro", **fields):
    body = {"key": key, "name": key, "currency": "USD", "billingCadence": "P1M", "phases": list(phases)}
    plan = server.made("/plans", {**body, **fields})
    return server.made(f"/plans/{plan['id']}/publish", None)


def subscribe(server, **fields):
    return server.made("/subscriptions", {"plan": {"key": "pro"}, "customerKey": "acme", **fields})


def path_of(subscription):
    return f"/subscriptions/{subscription['id']}"


def test_the_first_billed_subscription_gives_the_customer_its_currency(server):
    publish(server, phase(card()))
    subscribe(server)
    assert server.read("/customers/acme")["currency"] == "USD"


def test_another_currency_than_the_customers_is_refused(server):
    publish(server, phase(card()))
    server.made("/customers", {"name": "E", "key": "e", "currency": "EUR"})
    body = {"plan": {"key": "pro"}, "customerKey": "e"}
    assert server.ask("POST", "/subscriptions", body)[0] == 400


def test_phases_follow_each_other(server):
    publish(server, phase(card(), key="trial", duration="P1M"), phase(card(amount="20")))
    first, second = server.read(path_of(subscribe(server)))["phases"]
    assert first["activeTo"] == second["activeFrom"]
    assert first["activeTo"].startswith("2030-02-15T12:00:00")
    assert first["items"][0]["activeTo"] == first["activeTo"]
    assert "activeTo" not in second


def test_phases_before_the_starting_one_take_no_time(server):
    publish(server, phase(card(), key="trial", duration="P1M"), phase(card(amount="20")))
    first, second = server.read(path_of(subscribe(server, startingPhase="main")))["phases"]
    assert first["activeFrom"] == first["activeTo"] == second["activeFrom"]
    body = {"plan": {"key": "pro"}, "customerKey": "acme", "startingPhase": "nope"}
    assert server.ask("POST", "/subscriptions", body)[0] == 400


def test_the_billing_period_moves_on_with_time(server):
    publish(server, phase(card()))
    path = path_of(subscribe(server))
    server.pass_time(days=40)
    period = server.read(path)["alignment"]["currentAlignedBillingPeriod"]
    assert [period["from"][:10], period["to"][:10]] == ["2030-02-15", "2030-03-15"]


def test_a_subscription_cancelled_for_the_end_of_the_period_runs_until_then(server):
    publish(server, phase(granting("sso", {"type": "boolean"})))
    plan = server.read("/plans/pro")
    path = path_of(subscribe(server))
    server.made(f"/plans/{plan['id']}/archive", None)
    status, answer = server.ask("POST", f"{path}/cancel", {"timing": "next_billing_cycle"})
    assert (status, answer["status"]) == (200, "canceled")
    assert server.ask("POST", f"{path}/cancel", {})[0] == 403
    assert server.ask("DELETE", "/features/sso")[0] == 400
    server.pass_time(days=32)
    assert server.read(path)["status"] == "inactive"
    assert server.ask("DELETE", "/features/sso")[0] == 204


def test_a_custom_end_must_be_the_border_of_a_billing_period(server):
    publish(server, phase(card()))
    made = subscribe(server)
    path = f"{path_of(made)}/cancel"
    assert server.ask("POST", path, {"timing": "2030-02-20T00:00:00Z"})[0] == 400
    end = server.read(path_of(made))["alignment"]["currentAlignedBillingPeriod"]["to"]
    assert server.ask("POST", path, {"timing": end})[1]["activeTo"] == end


def test_a_customer_can_subscribe_again_once_the_first_one_has_ended(server):
    publish(server, phase(card()))
    made = subscribe(server)
    server.ask("POST", f"{path_of(made)}/cancel", {"timing": "immediate"})
    assert server.read("/customers/acme").keys().isdisjoint({"subscriptions", "currentSubscriptionId"})
    again = subscribe(server)
    listed = server.read("/customers/acme/subscriptions")["items"]
    assert [(each["id"], each["status"]) for each in listed] == [
        (again["id"], "active"),
        (made["id"], "inactive"),
    ]


def test_a_coming_subscription_is_scheduled_and_stands_in_the_way(server):
    publish(server, phase(card()))
    made = subscribe(server, timing="2030-03-01T00:00:00Z")
    assert made["status"] == "scheduled"
    body = {"plan": {"key": "pro"}, "customerKey": "acme"}
    assert server.ask("POST", "/subscriptions", body)[0] == 409
    assert "currentAlignedBillingPeriod" not in server.read(path_of(made))["alignment"]


@pytest.mark.parametrize(("timing", "status"), [("next_billing_cycle", 400), ("2030-01-15T11:00:00Z", 400)])
def test_a_subscription_cannot_begin_in_the_past_or_with_a_cycle_it_does_not_have(server, timing, status):
    publish(server, phase(card()))
    body = {"plan": {"key": "pro"}, "customerKey": "acme", "timing": timing}
    assert server.ask("POST", "/subscriptions", body)[0] == status


def test_entitlements_show_what_their_template_says(server):
    boolean, static = {"type": "boolean"}, {"type": "static", "config": '{"n": 1}'}
    publish(server, phase(granting("sso", boolean), granting("seats", static)))
    items = server.read(path_of(subscribe(server)))["phases"][0]["itemTimelines"]
    assert items["sso"][0]["included"]["entitlement"]["type"] == "boolean"
    assert "usagePeriod" not in items["sso"][0]["included"]["entitlement"]
    assert items["seats"][0]["included"]["entitlement"]["config"] == '{"n": 1}'
    assert items["seats"][0]["included"]["entitlement"]["subjectKey"] == "a"
    assert items["seats"][0]["price"] is None


def test_a_subscription_without_prices_leaves_nothing_behind(server):
    publish(server, phase(granting("sso", {"type": "boolean"})))
    made = subscribe(server)
    assert server.ask("DELETE", "/customers/acme")[0] == 409
    server.ask("POST", f"{path_of(made)}/cancel", {})
    assert server.ask("DELETE", "/customers/acme")[0] == 204


def test_migrating_needs_a_later_version(server):
    publish(server, phase(card()))
    made = subscribe(server)
    assert server.ask("POST", f"{path_of(made)}/migrate", {})[0] == 400
    assert server.ask("POST", f"{path_of(made)}/migrate", {"targetVersion": 2})[0] == 404


def test_changing_to_another_plan_keeps_the_anchor(server):
    publish(server, phase(card()))
    publish(server, phase(card(amount="99")), key="max")
    made = subscribe(server)
    server.pass_time(days=3)
    status, answer = server.ask("POST", f"{path_of(made)}/change", {"timing": "immediate", "plan": {"key": "max"}})
    assert status == 200
    assert answer["current"]["activeTo"] == answer["next"]["activeFrom"]
    assert answer["next"]["billingAnchor"] == made["billingAnchor"]
    assert answer["next"]["plan"]["key"] == "max"
    assert server.read("/customers?planKey=pro")["items"] == []
    assert server.read("/customers?planKey=max")["totalCount"] == 1


def test_a_refused_change_leaves_the_subscription_running(server):
    publish(server, phase(card()))
    publish(server, phase(card()), key="euro", currency="EUR")
    made = subscribe(server)
    body = {"timing": "immediate", "plan": {"key": "euro"}}
    assert server.ask("POST", f"{path_of(made)}/change", body)[0] == 400
    assert server.read(path_of(made))["status"] == "active"


def test_a_custom_plan_is_more_than_the_sandbox_knows(server):
    body = {"customPlan": {}, "customerKey": "acme"}
    assert server.ask("POST", "/subscriptions", body)[0] == 501
