import pytest

from .asking import Asking


@pytest.fixture
def server():
    return Asking()


@pytest.fixture
def app(server):
    return server.read("/apps")["items"][0]["id"]


def profile_body(name="p", default=False, workflow=None, **fields):
    supplier = {"name": "ACME", "addresses": [{"country": "US"}]}
    return {"name": name, "default": default, "supplier": supplier, "workflow": workflow or {}, **fields}


def profile(server, app, **fields):
    apps = {"tax": app, "invoicing": app, "payment": app}
    return server.made("/billing/profiles", profile_body(apps=apps, **fields))


def path_of(made):
    return f"/billing/profiles/{made['id']}"


def test_a_put_resets_the_workflow_but_for_the_end_proration(server, app):
    invoicing = {"dueAfter": "P7D", "autoAdvance": False, "subscriptionEndProrationMode": "bill_full_period"}
    made = profile(server, app, workflow={"invoicing": invoicing})
    status, answer = server.ask("PUT", path_of(made), profile_body())
    assert status == 200
    assert answer["workflow"]["invoicing"] == {
        "autoAdvance": True,
        "draftPeriod": "P0D",
        "dueAfter": "P30D",
        "progressiveBilling": True,
        "subscriptionEndProrationMode": "bill_full_period",
    }


def test_an_omitted_description_is_kept_and_metadata_is_not(server, app):
    made = profile(server, app, description="d", metadata={"a": "b"})
    server.ask("PUT", path_of(made), profile_body())
    left = server.read(path_of(made))
    assert left["description"] == "d"
    assert "metadata" not in left
    server.ask("PUT", path_of(made), profile_body(description=""))
    assert server.read(path_of(made))["description"] == ""


@pytest.mark.parametrize("field", ["default", "workflow", "supplier", "name"])
def test_a_put_needs_every_main_field(server, app, field):
    made = profile(server, app)
    body = profile_body()
    del body[field]
    assert server.ask("PUT", path_of(made), body)[0] == 400


def test_a_put_shows_the_apps_in_full_and_cannot_change_them(server, app):
    made = profile(server, app)
    other = server.made("/marketplace/listings/custom_invoicing/install", {})["app"]["id"]
    body = profile_body(apps={"tax": other, "invoicing": other, "payment": other})
    status, answer = server.ask("PUT", path_of(made), body)
    assert status == 200
    assert answer["apps"]["tax"]["type"] == "sandbox"
    assert server.read(path_of(made))["apps"]["tax"] == {"id": app}


def test_an_equal_put_moves_updated_at(server, app):
    made = profile(server, app)
    first = server.ask("PUT", path_of(made), profile_body())[1]["updatedAt"]
    assert server.ask("PUT", path_of(made), profile_body())[1]["updatedAt"] > first > made["updatedAt"]


def test_there_is_one_default_at_most(server, app):
    for name in ("a", "b", "c"):
        profile(server, app, name=name, default=True)
    defaults = [each["name"] for each in server.read("/billing/profiles")["items"] if each["default"]]
    assert defaults == ["c"]


def test_a_refused_create_does_not_demote_the_default(server):
    unknown = "01AAAAAAAAAAAAAAAAAAAAAAAA"
    apps = {"tax": unknown, "invoicing": unknown, "payment": unknown}
    assert server.ask("POST", "/billing/profiles", profile_body(default=True, apps=apps))[0] == 404
    assert [each["default"] for each in server.read("/billing/profiles")["items"]] == [True]


def test_an_uninstalled_sandbox_app_comes_back_with_the_next_start(server, app):
    other = server.made("/marketplace/listings/custom_invoicing/install", {})["app"]["id"]
    old = server.read("/billing/profiles")["items"][0]
    profile(server, other, default=True)
    assert server.ask("DELETE", path_of(old))[0] == 204
    assert server.ask("DELETE", f"/apps/{app}")[0] == 204
    server.sandbox.seed()
    types = [each["type"] for each in server.read("/apps")["items"]]
    assert sorted(types) == ["custom_invoicing", "sandbox"]
    assert server.read("/billing/profiles")["totalCount"] == 1


def test_a_stripe_app_needs_a_key_hides_it_and_is_unique_per_account(server):
    path = "/marketplace/listings/stripe/install/apikey"
    made = server.made(path, {"apiKey": "sk_test_0123456789"})["app"]
    assert made["maskedAPIKey"] == "sk_test_***789"
    assert made["livemode"] is False
    assert server.ask("POST", path, {"apiKey": "sk_test_0123456789"})[0] == 409
    live = {"type": "stripe", "name": "S", "secretAPIKey": "sk_live_0123456789"}
    assert server.ask("PUT", f"/apps/{made['id']}", live)[0] == 400
    assert server.ask("DELETE", f"/apps/{made['id']}")[0] == 204
    assert server.ask("DELETE", f"/apps/{made['id']}")[0] == 404


def test_a_first_override_without_a_profile_follows_the_default_and_a_second_pins_it(server, app):
    customer = server.made("/customers", {"name": "C", "key": "c"})["id"]
    path = f"/billing/customers/{customer}"
    server.ask("PUT", path, {})
    new = profile(server, app, name="new", default=True)
    assert server.read(path)["customerOverride"]["billingProfileId"] == new["id"]
    server.ask("PUT", path, {})
    profile(server, app, name="newer", default=True)
    assert server.read(path)["baseBillingProfileId"] == new["id"]


def test_the_override_list_can_tell_pinned_customers_from_others(server, app):
    ids = {key: server.made("/customers", {"name": key, "key": key})["id"] for key in "abc"}
    pinned = profile(server, app)
    server.ask("PUT", f"/billing/customers/{ids['b']}", {"billingProfileId": pinned["id"]})
    paged = "/billing/customers?page=1&pageSize=10&expand=customer"

    def keys(query):
        return [each["customer"]["key"] for each in server.read(paged + query)["items"]]

    assert keys("") == ["b"]
    assert keys("&includeAllCustomers=true") == ["c", "b", "a"]
    assert keys("&customersWithoutPinnedProfile=true&order=ASC") == ["a", "c"]
    assert keys(f"&billingProfile={pinned['id']}&includeAllCustomers=true") == ["b"]
    assert keys("&includeAllCustomers=true&customerKey=a") == ["a"]


def test_a_subject_may_change_hands_once_it_is_free(server):
    one = server.made("/customers", {"name": "A", "key": "a", "usageAttribution": {"subjectKeys": ["s"]}})
    body = {"name": "B", "key": "b", "usageAttribution": {"subjectKeys": ["s"]}}
    assert server.ask("POST", "/customers", body)[0] == 409
    server.ask("PUT", f"/customers/{one['id']}", {"name": "A", "key": "a"})
    assert server.ask("POST", "/customers", body)[0] == 201
    assert len(server.read("/subjects")) == 1


def test_customers_are_found_by_part_of_a_subject(server):
    server.made("/customers", {"name": "A", "usageAttribution": {"subjectKeys": ["prod_eu_1"]}})
    server.made("/customers", {"name": "B", "usageAttribution": {"subjectKeys": ["prod_us_1"]}})
    assert [each["name"] for each in server.read("/customers?subject=EU")["items"]] == ["A"]
