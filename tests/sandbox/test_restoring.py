"""A sandbox filled with what another server lists shows the same lists, and refuses what that one would."""

import httpx
import pytest

from reconciler.sandbox import Sandbox

from .replay import RECORDINGS, InProcess, Replay, load
from .test_conformance import HERE as SCENARIOS

LISTS = {
    "meters": "meters?includeDeleted=true",
    "features": "features?includeArchived=true",
    "addons": "addons?includeDeleted=true",
    "plans": "plans?includeDeleted=true",
    "channels": "notification/channels?includeDisabled=true",
    "rules": "notification/rules?includeDisabled=true",
    "apps": "apps?",
    "profiles": "billing/profiles?includeArchived=true",
}
LONG_AGO = "2020-01-01T00:00:00Z"
IDS = [f"01ARZ3NDEKTSV4RRFFQ69G5FA{digit}" for digit in range(9)]


def client(sandbox):
    return httpx.Client(transport=sandbox.transport(), base_url="http://sandbox/api/v1/")


def get(http, path):
    answer = http.get(path)
    assert answer.is_success, answer.text
    return answer.json()


def items(http, path):
    found = get(http, f"{path}&page=1&pageSize=1000")
    return found if isinstance(found, list) else found["items"]


def listed(sandbox):
    """Everything that the lists show, the assignments of every plan version included."""
    with client(sandbox) as http:
        found = {collection: items(http, path) for collection, path in LISTS.items()}
        found["plan_addons"] = [
            {"planId": plan["id"], **item}
            for plan in found["plans"]
            for item in items(http, f"plans/{plan['id']}/addons?includeDeleted=true")
        ]
        return found


def restored(bodies, **more):
    sandbox = Sandbox()
    sandbox.restore(bodies, **more)
    return sandbox


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_what_a_recording_leaves_behind_is_listed_the_same_after_restoring_it(scenario):
    server = InProcess()
    Replay(load(RECORDINGS / f"{scenario}.json"), server).differences()
    before = listed(server.sandbox)
    after = listed(restored(before))
    for collection, bodies in before.items():
        assert after[collection] == bodies, collection


def times(**more):
    return {"createdAt": LONG_AGO, "updatedAt": LONG_AGO, **more}


FEATURE = {"id": IDS[1], "key": "seats", "name": "Seats", **times()}
CARD = {
    "type": "flat_fee",
    "key": "seats",
    "name": "Seats",
    "featureKey": "seats",
    "billingCadence": None,
    "price": None,
}
PLAN = {
    "id": IDS[2],
    "key": "pro",
    "name": "Pro",
    "version": 3,
    "status": "active",
    "currency": "USD",
    **times(effectiveFrom=LONG_AGO, billingCadence="P1M", settlementMode="credit_then_invoice"),
    "proRatingConfig": {"enabled": True, "mode": "prorate_prices"},
    "phases": [{"key": "main", "name": "Main", "duration": None, "rateCards": [CARD]}],
    "validationErrors": [],
}


def test_a_field_that_the_sandbox_does_not_know_is_kept():
    unknown = {**FEATURE, "shade": {"of": ["blue"]}}
    assert listed(restored({"features": [unknown]}))["features"] == [unknown]


def test_an_app_of_a_newer_type_brings_its_listing_along():
    app = {
        "id": IDS[3],
        "type": "abacus",
        "name": "Abacus",
        "status": "ready",
        **times(),
        "listing": {"type": "abacus"},
    }
    assert listed(restored({"apps": [app]}))["apps"] == [app]


def test_what_the_sandbox_made_by_itself_gives_way():
    assert listed(restored({}))["profiles"] == []
    assert listed(restored({}))["apps"] == []


def test_what_is_made_afterwards_is_younger_than_everything_restored():
    future = "2999-01-01T00:00:00.500003Z"
    last = "7ZZZZZZZZZZZZZZZZZZZZZZZZ0"
    sandbox = restored({"features": [{**FEATURE, "id": last, "createdAt": future, "updatedAt": future}]})
    with client(sandbox) as http:
        made = http.post("features", json={"key": "other", "name": "Other"}).json()
    assert made["id"] > last
    assert made["createdAt"] > future


def test_a_feature_that_an_active_plan_names_is_not_archived():
    sandbox = restored({"features": [FEATURE], "plans": [PLAN]})
    with client(sandbox) as http:
        answer = http.delete(f"features/{IDS[1]}")
    assert (answer.status_code, "active plan" in answer.text) == (400, True)


@pytest.mark.parametrize(("subscribed", "status"), [((), 204), (("pro",), 400)])
def test_a_feature_of_a_version_that_somebody_may_still_be_on_is_not_archived(subscribed, status):
    archived = {**PLAN, "status": "archived", "effectiveTo": "2020-02-01T00:00:00Z"}
    sandbox = restored({"features": [FEATURE], "plans": [archived]}, subscribed=subscribed)
    with client(sandbox) as http:
        assert http.delete(f"features/{IDS[1]}").status_code == status
        assert get(http, "customers?planKey=pro")["totalCount"] == len(subscribed)


def test_a_draft_written_before_its_feature_was_made_anew_cannot_be_published():
    draft = {name: value for name, value in PLAN.items() if name != "effectiveFrom"} | {"status": "draft"}
    younger = {**FEATURE, "createdAt": "2020-01-02T00:00:00Z"}
    for feature, status in ((younger, 400), (FEATURE, 200)):
        with client(restored({"features": [feature], "plans": [draft]})) as http:
            assert http.post(f"plans/{IDS[2]}/publish").status_code == status


def test_a_profile_that_a_customer_is_pinned_to_is_not_deleted():
    with client(Sandbox()) as http:
        app = items(http, "apps?")[0]
        own = items(http, "billing/profiles?")[0]
    profile = {**own, "id": IDS[4], "default": False}
    bodies = {"apps": [app], "profiles": [own, profile]}
    for pinned, status in (((), 204), ((IDS[4],), 400)):
        with client(restored(bodies, pinned=pinned)) as http:
            assert http.delete(f"billing/profiles/{IDS[4]}").status_code == status


def test_a_channel_counts_the_rules_that_it_is_shown_with():
    channel = {
        "id": IDS[5],
        "type": "WEBHOOK",
        "name": "Ops",
        "disabled": False,
        "url": "https://ops.example",
        **times(),
    }
    channel["signingSecret"] = "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"
    names = [f"01ARZ3NDEKTSV4RRFFQ69G5FZ{digit}" for digit in "0123456789"]
    rule = {"type": "invoice.created", "disabled": False, "channels": [{"id": IDS[5], "type": "WEBHOOK"}], **times()}
    rules = [{**rule, "id": name, "name": name} for name in names]
    one_more = {"type": "invoice.created", "name": "Eleventh", "channels": [IDS[5]]}
    with client(restored({"channels": [channel], "rules": rules})) as http:
        answer = http.post("notification/rules", json=one_more)
    assert (answer.status_code, "exceeded" in answer.text) == (400, True)


def test_a_number_once_given_to_a_version_is_not_given_again():
    deleted = {**PLAN, "status": "archived", "deletedAt": "2020-02-01T00:00:00Z", "phases": []}
    with client(restored({"plans": [deleted], "features": [FEATURE]})) as http:
        body = {name: PLAN[name] for name in ("key", "name", "currency", "billingCadence", "phases")}
        assert http.post("plans", json=body).json()["version"] == 4


def test_a_tax_code_that_a_rate_card_shows_is_the_one_that_its_stripe_code_leads_to():
    code = "txcd_10000000"
    taxed = {**CARD, "taxConfig": {"stripe": {"code": code}, "taxCodeId": IDS[6]}}
    plan = {**PLAN, "phases": [{**PLAN["phases"][0], "rateCards": [taxed]}]}
    card = {**CARD, "taxConfig": {"stripe": {"code": code}}}
    body = {name: PLAN[name] for name in ("key", "name", "currency", "billingCadence")}
    with client(restored({"features": [FEATURE], "plans": [plan]})) as http:
        phases = [{**PLAN["phases"][0], "rateCards": [card]}]
        made = http.post("plans", json={**body, "phases": phases}).json()
    assert made["phases"][0]["rateCards"][0]["taxConfig"]["taxCodeId"] == IDS[6]


def test_a_tax_code_that_every_namespace_has_gets_the_id_that_it_has_there():
    sandbox = restored({"tax_codes": [{"id": IDS[6], "stripe": "txcd_00000000"}]})
    with httpx.Client(transport=sandbox.transport(), base_url="http://sandbox") as http:
        found = http.get("/api/v3/openmeter/tax-codes").json()["data"]
    assert {code["key"]: code["id"] for code in found if code["app_mappings"]} == {"nontaxable": IDS[6]}


def test_a_collection_that_cannot_be_restored_is_an_error():
    with pytest.raises(ValueError, match="subjects"):
        Sandbox().restore({"subjects": []})


def test_restoring_nothing_after_a_failure_leaves_what_was_there():
    sandbox = Sandbox()
    before = listed(sandbox)
    with pytest.raises(ValueError, match="one of the meters: it has no 'slug'"):
        sandbox.restore({"meters": [{"id": IDS[0]}]})
    assert listed(sandbox) == before
