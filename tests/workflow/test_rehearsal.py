"""Rehearsing a plan by itself: what the copy refuses although nobody foresaw it, and what the copy is made of."""

from dataclasses import replace

import httpx
import pytest
import simplejson

from reconciler.errors import RehearsalError
from reconciler.kinds.registry import KINDS
from reconciler.model import (
    Address,
    Desired,
    Guard,
    Location,
    Management,
    Observation,
    Plan,
    Question,
    Resource,
    Step,
    Target,
)
from reconciler.planning.options import PlanOptions
from reconciler.project import Environment, SecretSource
from reconciler.sandbox import Sandbox
from reconciler.workflow import connect, open_context, sandbox_path
from reconciler.workflow.likeness import likeness, stand_in
from reconciler.workflow.rehearsal import rehearse

PROJECT = "apiVersion: reconciler/v1\nkind: Project\nname: acme\n"
NOTHING = Desired({}, "acme", "test")
INSIDE = Environment("test", "sandbox:")
CARD = {
    "type": "flat_fee",
    "key": "seats",
    "name": "Seats",
    "featureKey": "seats",
    "billingCadence": None,
    "price": None,
}
SECRET = "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"


class Places:
    """Every value stands on the line that its depth says."""

    def locate(self, path):
        return Location("catalog.yaml", len(path), 1)


class Live:
    """What is live, written past the reconciler and read through its backend."""

    def __init__(self, context):
        self.context = context
        self.http = httpx.Client(
            base_url="http://sandbox/api/v1/", transport=Sandbox(sandbox_path(context)).transport()
        )

    def send(self, method, path, body=None):
        answer = self.http.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else {}

    def observe(self, *questions):
        with connect(self.context, read_only=True) as backend:
            found = backend.observe(KINDS)
            return replace(found, answers=backend.ask(questions))

    def plan_with_feature(self, key="theirs"):
        """Somebody else's active plan."""
        phase = {"key": "main", "name": "Main", "duration": None, "rateCards": [CARD]}
        body = {"key": key, "name": key, "currency": "USD", "billingCadence": "P1M", "phases": [phase]}
        made = self.send("POST", "plans", body)
        return self.send("POST", f"plans/{made['id']}/publish")


@pytest.fixture
def live(tmp_path):
    (tmp_path / "reconciler.yaml").write_text(PROJECT)
    context = open_context(tmp_path)
    context.state_folder.mkdir()
    return Live(context)


def made(*steps):
    return Plan(Target("test", "sandbox:", None), "acme", changes=(), steps=steps)


def tried(plan: Plan, observation: Observation, desired: Desired = NOTHING):
    return rehearse(plan, desired, observation, PlanOptions(), INSIDE)


def archive(feature):
    address = Address("Feature", feature["key"])
    return Step("archive", address, "archive", "DELETE", f"/api/v1/features/{feature['id']}", target_id=feature["id"])


def test_a_feature_that_another_projects_plan_names_is_not_archived(live):
    feature = live.send("POST", "features", {"key": "seats", "name": "Seats"})
    live.plan_with_feature()
    told = tried(made(archive(feature)), live.observe())
    (refusal,) = told.refusals
    assert (told.accepted, told.total, told.second_empty, told.passed) == (0, 1, None, False)
    assert (refusal.status, refusal.address) == (400, Address("Feature", "seats"))
    assert "referenced by active plan" in refusal.message


def test_a_feature_that_only_subscribers_of_an_old_version_have_is_not_archived(live):
    feature = live.send("POST", "features", {"key": "seats", "name": "Seats"})
    plan = live.plan_with_feature()
    customer = live.send("POST", "customers", {"key": "acme", "name": "Acme"})
    live.send("POST", "subscriptions", {"customerId": customer["id"], "plan": {"key": plan["key"]}})
    live.send("POST", f"plans/{plan['id']}/archive")
    asked = live.observe(Question("subscribers", "Plan", plan["key"]))
    assert "active subscription" in tried(made(archive(feature)), asked).refusals[0].message
    assert tried(made(archive(feature)), live.observe()).passed


def test_a_feature_that_nobody_names_is_archived_and_stays_live(live):
    feature = live.send("POST", "features", {"key": "seats", "name": "Seats"})
    assert tried(made(archive(feature)), live.observe()).passed
    assert live.send("GET", "features/seats")["id"] == feature["id"]


@pytest.mark.parametrize("code", ["notice", "frozen", "max_bill_increase_percent", "policy.steep", "price-raising"])
def test_what_people_still_have_to_agree_on_is_tried_out_all_the_same(live, code):
    feature = live.send("POST", "features", {"key": "seats", "name": "Seats"})
    waiting = Guard(code, Address("Feature", "seats"), "not yet", consentable=False, team="acme/pricing")
    told = tried(replace(made(archive(feature)), guards=(waiting,)), live.observe())
    assert (told.accepted, told.total, told.left_out) == (1, 1, ())


@pytest.mark.parametrize("code", ["protected", "foreign_owner", "blocked_by_server"])
def test_what_the_live_catalogue_does_not_let_through_is_not_tried(live, code):
    feature = live.send("POST", "features", {"key": "seats", "name": "Seats"})
    in_the_way = Guard(code, Address("Feature", "seats"), "never", consentable=False)
    told = tried(replace(made(archive(feature)), guards=(in_the_way,)), live.observe())
    assert (told.accepted, told.total, told.left_out) == (0, 0, (Address("Feature", "seats"),))


def test_a_step_that_needs_a_refused_one_is_neither_accepted_nor_refused(live):
    feature = live.send("POST", "features", {"key": "seats", "name": "Seats"})
    live.plan_with_feature()
    again = {"key": "seats", "name": "More seats"}
    create = Step("create", Address("Feature", "seats"), "create", "POST", "/api/v1/features", again, ("archive",))
    told = tried(made(archive(feature), create), live.observe())
    assert (told.accepted, told.total, len(told.refusals)) == (0, 2, 1)


def test_a_step_that_may_be_refused_counts_as_accepted(live):
    feature = live.send("POST", "features", {"key": "seats", "name": "Seats"})
    live.plan_with_feature()
    step = replace(archive(feature), may_refuse="somebody still has it")
    assert tried(made(step), live.observe()).passed


def test_what_a_step_leaves_otherwise_than_it_meant_is_told(live):
    spec = {"slug": "calls", "eventType": "call", "aggregation": "COUNT", "description": "stays"}
    meter = live.send("POST", "meters", spec)
    path = f"/api/v1/meters/{meter['id']}"
    step = Step("u", Address("Meter", "calls"), "update", "PUT", path, {"name": "Calls"}, target_id=meter["id"])
    told = tried(made(step), live.observe())
    assert (told.accepted, told.second_empty, told.passed) == (1, False, False)
    assert told.differences == ("Meter/calls: the server shows `description` = `stays`, which was not sent",)


def test_what_a_second_plan_would_still_do_is_told(live):
    address = Address("Meter", "calls")
    resource = Resource(
        address, {"eventType": "call", "aggregation": "COUNT"}, Management(), Location("all.yaml", 1), Places()
    )
    told = tried(made(), live.observe(), Desired({address: resource}, "acme", "test"))
    assert told.differences == ("Meter/calls: a second plan would still create it",)


def test_no_token_is_read_for_a_copy_in_memory(live, monkeypatch):
    monkeypatch.delenv("A_TOKEN_THAT_IS_NOT_HERE", raising=False)
    source = SecretSource(env="A_TOKEN_THAT_IS_NOT_HERE")
    environment = Environment("test", "https://openmeter.invalid", token=source, headers={"x-key": source})
    assert rehearse(made(), NOTHING, live.observe(), PlanOptions(), environment).passed


def test_what_the_sandbox_could_not_show_is_said_and_no_crash(live):
    live.send("POST", "meters", {"slug": "calls", "eventType": "call", "aggregation": "COUNT"})
    seen = live.observe()
    (meter,) = seen.objects["Meter"]
    bare = replace(meter, wire={name: value for name, value in meter.wire.items() if name != "slug"})
    with pytest.raises(RehearsalError, match="one of the meters: it has no 'slug'"):
        tried(made(), replace(seen, objects={"Meter": (bare,)}))


def test_a_version_number_that_was_deleted_is_not_given_out_by_the_copy_either(live):
    phase = {"key": "main", "name": "Main", "duration": None, "rateCards": [{**CARD, "key": "base"}]}
    phase["rateCards"][0].pop("featureKey")
    body = {"key": "pro", "name": "Pro", "currency": "USD", "billingCadence": "P1M", "phases": [phase]}
    draft = live.send("POST", "plans", body)
    live.send("DELETE", f"plans/{draft['id']}")
    copy = likeness(live.observe(), NOTHING, made())
    with httpx.Client(base_url="http://copy/api/v1/", transport=copy.transport()) as http:
        assert http.post("plans", json=body).json()["version"] == 2


def test_a_tax_code_that_the_plan_names_is_taken_to_be_there(live):
    code = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    step = Step("s", Address("Plan", "pro"), "create", "POST", "/x", {"cards": [{"taxConfig": {"taxCodeId": code}}]})
    copy = likeness(live.observe(), NOTHING, made(step))
    with httpx.Client(base_url="http://copy", transport=copy.transport()) as http:
        found = http.get("/api/v3/openmeter/tax-codes").json()["data"]
    assert code in [each["id"] for each in found]


def test_no_live_secret_gets_into_the_copy(live):
    headers = {"Authorization": "Bearer live-credential", "X-Team": "billing"}
    body = {"type": "WEBHOOK", "name": "Ops", "url": "https://ops.example", "signingSecret": SECRET}
    live.send("POST", "notification/channels", {**body, "customHeaders": headers})
    copy = likeness(live.observe(), NOTHING, made())
    with httpx.Client(base_url="http://copy/api/v1/", transport=copy.transport()) as http:
        shown = http.get("notification/channels?page=1").text
        (channel,) = simplejson.loads(shown)["items"]
        kept = {name: channel[name] for name in ("type", "name", "url", "signingSecret")}
        assert http.put(f"notification/channels/{channel['id']}", json=kept).status_code == 200
    assert SECRET[6:] not in shown
    assert "live-credential" not in shown
    assert channel["signingSecret"] == stand_in(channel["id"])


def test_a_refusal_names_the_place_of_the_field_that_it_is_about(live):
    address = Address("Plan", "pro")
    resource = Resource(address, {}, Management(), Location("catalog.yaml", 99), Places())
    desired = Desired({address: resource}, "acme", "test")
    phase = {"key": "main", "name": "Main", "duration": None, "rateCards": [CARD]}
    body = {"key": "pro", "name": "Pro", "currency": "USD", "billingCadence": "P1M", "phases": [phase]}
    step = Step("create", address, "create", "POST", "/api/v1/plans", body)
    (refusal,) = tried(made(step), live.observe(), desired).refusals
    assert ".rateCards[seats].featureKey" in refusal.message
    assert refusal.location == Location("catalog.yaml", 5, 1)
