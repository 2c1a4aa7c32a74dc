import pytest

from .asking import Asking


@pytest.fixture
def server():
    return Asking()


def fee(key, **fields):
    price = {"type": "flat", "amount": "1"}
    return {"type": "flat_fee", "key": key, "name": key, "billingCadence": "P1M", "price": price, **fields}


def addon_content(*cards, **fields):
    return {"name": "Ax", "instanceType": "single", "rateCards": list(cards) or [fee("ax")], **fields}


def addon(server, *cards, key="ax", **fields):
    return server.made("/addons", {"key": key, "currency": "USD", **addon_content(*cards, **fields)})


def published(server, *cards, **fields):
    made = addon(server, *cards, **fields)
    assert server.ask("POST", f"/addons/{made['id']}/publish")[0] == 200
    return made


def plan(server, *cards, key="pro", phases=("main",)):
    last = phases[-1]
    shapes = [
        {
            "key": each,
            "name": each,
            "duration": None if each == last else "P1M",
            "rateCards": list(cards) or [fee("b")],
        }
        for each in phases
    ]
    return server.made(
        "/plans", {"key": key, "name": "Pro", "currency": "USD", "billingCadence": "P1M", "phases": shapes}
    )


def attach(server, plan, addon, **fields):
    body = {"addonId": addon["id"], "fromPlanPhase": "main", **fields}
    return server.made(f"/plans/{plan['id']}/addons", body)


def error_codes(shown):
    return [error["code"] for error in shown["validationErrors"] or []]


def put(server, made, body):
    status, answer = server.ask("PUT", f"/addons/{made['id']}", body)
    assert status == 200, answer
    return answer


def test_a_put_keeps_description_and_metadata_and_clears_with_empty_ones(server):
    made = addon(server, description="d", metadata={"a": "b"})
    kept = put(server, made, addon_content())
    assert (kept["description"], kept["metadata"]) == ("d", {"a": "b"})
    cleared = put(server, made, addon_content(description="", metadata={}))
    assert cleared["description"] == ""
    assert "metadata" not in cleared


def test_an_equal_put_leaves_the_time_of_the_update_alone(server):
    made = addon(server, fee("a"), fee("b"))
    assert put(server, made, addon_content(fee("b"), fee("a")))["updatedAt"] == made["updatedAt"]


def test_an_unreadable_cadence_is_a_server_error_here(server):
    body = addon_content(fee("a", billingCadence="x"))
    assert server.ask("POST", "/addons", {"key": "ax", "currency": "USD", **body})[0] == 500
    assert server.ask("PUT", f"/addons/{addon(server)['id']}", body)[0] == 500


def test_addon_filters_are_joined_by_and(server):
    one, other = addon(server), addon(server, key="bx")
    assert server.read(f"/addons?key=ax&id={other['id']}")["items"] == []
    assert len(server.read(f"/addons?key=ax&id={one['id']}&keyVersion[ax][0]=1")["items"]) == 1
    assert server.read("/addons?key=ax&keyVersion[bx][0]=1")["items"] == []


def test_metadata_of_an_assignment_is_lost_on_creation_and_kept_by_a_put(server):
    pro, ax = plan(server), published(server)
    assert "metadata" not in attach(server, pro, ax, metadata={"a": "b"})
    path = f"/plans/{pro['id']}/addons/{ax['id']}"
    server.ask("PUT", path, {"fromPlanPhase": "main", "metadata": {"a": "b"}})
    assert server.ask("PUT", path, {"fromPlanPhase": "main"})[1]["metadata"] == {"a": "b"}


def test_an_equal_put_of_an_assignment_leaves_its_time_alone(server):
    pro, ax = plan(server), published(server)
    made = attach(server, pro, ax)
    status, answer = server.ask(
        "PUT", f"/plans/{pro['id']}/addons/{ax['id']}", {"fromPlanPhase": "main", "metadata": {}}
    )
    assert (status, answer["updatedAt"]) == (200, made["updatedAt"])


def test_the_same_static_template_on_both_sides_is_not_allowed(server):
    server.made("/features", {"key": "sso", "name": "SSO"})
    template = {"type": "static", "config": "{}"}
    card = fee("sso", featureKey="sso", price=None, entitlementTemplate=template)
    made = attach(server, plan(server, card), published(server, card))
    assert error_codes(made) == ["rate_card_static_entitlement_template_not_allowed"]


def test_percentage_discounts_on_both_sides_are_not_allowed(server):
    card = fee("b", discounts={"percentage": {"percentage": 5}})
    made = attach(server, plan(server, card), published(server, card))
    assert made["validationErrors"][0]["field"] == "$.addon.ratecards[?(@.key=='b')].discounts.percentage"


def test_a_misfit_counts_once_for_every_phase_it_lies_over(server):
    pro = plan(server, fee("b"), phases=("one", "two", "main"))
    late = fee("b", price={"type": "flat", "amount": "1", "paymentTerm": "in_arrears"})
    ax = published(server, late)
    assert len(attach(server, pro, ax, fromPlanPhase="two")["validationErrors"]) == 2


def test_a_free_card_with_another_cadence_does_not_fit_although_it_would_in_the_plan(server):
    made = attach(server, plan(server), published(server, fee("ax", billingCadence="P1W", price=None)))
    assert error_codes(made) == ["rate_card_billing_cadence_unaligned"]


def test_an_assignment_of_an_archived_plan_shows_the_plans_status(server):
    pro, ax = plan(server), published(server)
    attach(server, pro, ax)
    server.ask("POST", f"/plans/{pro['id']}/publish")
    server.ask("POST", f"/plans/{pro['id']}/archive")
    shown = server.read(f"/plans/{pro['id']}/addons")["items"][0]
    assert [error["field"] for error in shown["validationErrors"]] == ["$.plan.status"]


def test_detached_assignments_are_listed_on_request(server):
    pro, ax = plan(server), published(server)
    attach(server, pro, ax)
    assert server.ask("DELETE", f"/plans/{pro['id']}/addons/{ax['id']}")[0] == 204
    assert server.read(f"/plans/{pro['id']}/addons")["items"] == []
    assert len(server.read(f"/plans/{pro['id']}/addons?includeDeleted=true")["items"]) == 1


def test_the_assignments_of_an_unknown_plan_are_an_empty_list(server):
    assert server.read("/plans/nope/addons")["totalCount"] == 0


def test_a_payment_term_that_was_not_sent_on_usage_is_shown_as_the_default_and_matches_no_other(server):
    silent = {**fee("b"), "type": "usage_based"}
    spoken = {**silent, "price": {**silent["price"], "paymentTerm": "in_advance"}}
    pro = plan(server, fee("b"))
    ax = published(server, silent)
    assert ax["rateCards"][0]["price"]["paymentTerm"] == "in_advance"
    assert error_codes(attach(server, pro, ax)) == ["rate_card_price_payment_term_mismatch"]
    assert error_codes(attach(server, pro, published(server, spoken, key="ay"))) == []
    assert error_codes(attach(server, plan(server, silent, key="usage"), ax)) == []
