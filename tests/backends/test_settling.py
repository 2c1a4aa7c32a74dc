"""What reading back finds of a write, and the questions that no list answers, on the sandbox."""

from dataclasses import replace

import pytest

from reconciler.backends.dialect import V1
from reconciler.model import Address, Question, Step

from .faults import answered, backend

PLANS, ADDONS, CHANNELS = "/api/v1/plans", "/api/v1/addons", "/api/v1/notification/channels"
ISSUES = b'{"validationErrors":[{"code":"unit_config_not_representable"}]}'
NOT_REPRESENTABLE = b'{"status":400,"detail":"invalid plan","extensions":' + ISSUES + b"}"


def _marked(ours, /, **body):
    metadata = {"reconciler.project": "acme", "reconciler.key": ours, **body.pop("metadata", {})}
    return {**body, "metadata": metadata}


def _plan(key="pro", content="c1"):
    card = {"type": "flat_fee", "key": "base", "name": "Base", "billingCadence": "P1M"}
    card["price"] = {"type": "flat", "amount": "10"}
    phase = {"key": "main", "name": "Main", "duration": None, "rateCards": [card]}
    body = {"key": key, "name": "Pro", "currency": "USD", "billingCadence": "P1M", "phases": [phase]}
    return _marked(key, metadata={"reconciler.content": content}, **body)


def _addon(key="extra"):
    card = {"type": "flat_fee", "key": "fee", "name": "Fee", "billingCadence": "P1M"}
    card["price"] = {"type": "flat", "amount": "1"}
    body = {"key": key, "name": "Extra", "currency": "USD", "instanceType": "single", "rateCards": [card]}
    return _marked(key, metadata={"reconciler.content": "a1"}, **body)


def _step(address, verb, path, method="POST"):
    return Step("1", Address.parse(address), verb, method, path)


@pytest.fixture
def post(live):
    return lambda path, body=None: live.perform("POST", path, body).body


def test_a_meter_is_found_by_its_slug_if_it_carries_our_marker(live, post):
    body = _marked("tokens", slug="tokens", eventType="e", aggregation="COUNT")
    create = _step("Meter/tokens", "create", "/api/v1/meters")
    assert live.find_created(create, body) is None
    made = post("/api/v1/meters", body)["id"]
    assert live.find_created(create, body).id == made
    assert live.find_created(create, {**body, "metadata": {**body["metadata"], "reconciler.project": "x"}}) is None


def test_a_feature_is_found_by_its_key_until_it_is_archived(live, post):
    body = {"key": "sso", "name": "SSO"}
    create = _step("Feature/sso", "create", "/api/v1/features")
    made = post("/api/v1/features", body)["id"]
    assert live.find_created(create, body).id == made
    archive = _step("Feature/sso", "archive", f"/api/v1/features/{made}", "DELETE")
    assert live.find_created(archive, None) is None
    live.perform("DELETE", archive.path)
    assert live.find_created(create, body) is None
    assert live.find_created(archive, None) is not None


def test_a_draft_is_found_by_the_content_in_its_marker(live, post):
    create = _step("Plan/pro", "create", PLANS)
    assert live.find_created(create, _plan()) is None
    made = post(PLANS, _plan())["id"]
    assert live.find_created(create, _plan()).id == made
    assert live.find_created(create, _plan(content="c2")) is None


def test_a_version_is_published_or_archived_when_its_status_says_so(live, post):
    made = post(PLANS, _plan())["id"]
    publish = _step("Plan/pro", "publish", f"{PLANS}/{made}/publish")
    archive = _step("Plan/pro", "archive", f"{PLANS}/{made}/archive")
    assert live.find_created(publish, None) is None
    post(publish.path)
    assert live.find_created(publish, None).id == made
    assert live.find_created(archive, None) is None
    post(archive.path)
    assert live.find_created(archive, None).id == made
    assert live.find_created(_step("Plan/pro", "create", PLANS), _plan()) is None


def test_an_add_on_is_attached_when_the_plan_version_lists_it(live, post):
    plan, addon = post(PLANS, _plan())["id"], post(ADDONS, _addon())["id"]
    post(f"{ADDONS}/{addon}/publish")
    attach = _step("Plan/pro", "attach", f"{PLANS}/{plan}/addons")
    body = {"addonId": addon, "fromPlanPhase": "main"}
    assert live.find_created(attach, body) is None
    post(attach.path, body)
    assert live.find_created(attach, body).body["addon"]["id"] == addon
    detach = _step("Plan/pro", "detach", f"{attach.path}/{addon}", "DELETE")
    assert live.find_created(detach, None) is None
    live.perform("DELETE", detach.path)
    assert live.find_created(detach, None) is not None


def test_of_two_channels_with_our_marker_the_lowest_id_counts_disabled_or_not(live, post):
    body = _marked("ops", type="WEBHOOK", name="ops", url="https://x.test", disabled=True)
    ids = [
        post(CHANNELS, body)["id"],
        post(CHANNELS, body)["id"],
        post(CHANNELS, _marked("other", **{**body, "metadata": {}}))["id"],
    ]
    assert live.find_created(_step("NotificationChannel/ops", "create", CHANNELS), body).id == min(ids[:2])


def test_without_a_marker_nothing_tells_a_channel_from_others(live, post):
    body = {"type": "WEBHOOK", "name": "ops", "url": "https://x.test"}
    post(CHANNELS, body)
    assert live.find_created(_step("NotificationChannel/ops", "create", CHANNELS), body) is None


def test_a_deleted_channel_is_gone_although_it_can_be_read(live, post):
    made = post(CHANNELS, _marked("ops", type="WEBHOOK", name="ops", url="https://x.test"))["id"]
    delete = _step("NotificationChannel/ops", "delete", f"{CHANNELS}/{made}", "DELETE")
    assert live.find_created(delete, None) is None
    live.perform("DELETE", delete.path)
    assert live.find_created(delete, None) is not None


def test_a_key_is_absent_present_or_unreadable(live, post, wire):
    post(PLANS, _plan())
    wire.breaks("GET", "/v3plan", answered(400, NOT_REPRESENTABLE))
    questions = [Question("readable", "Plan", key) for key in ("pro", "nothing", "v3plan")]
    assert list(live.ask(questions).values()) == ["present", "absent", "unreadable"]


def test_a_deleted_version_is_absent(live, post):
    live.perform("DELETE", f"{PLANS}/{post(PLANS, _plan())['id']}")
    question = Question("readable", "Plan", "pro")
    assert live.ask([question]) == {question: "absent"}


def test_an_unreadable_version_under_a_deleted_one_is_found(live, post, wire):
    live.perform("DELETE", f"{PLANS}/{post(PLANS, _plan())['id']}")
    wire.breaks("GET", "/pro", lambda request, handle: handle(request), answered(400, NOT_REPRESENTABLE))
    question = Question("readable", "Plan", "pro")
    assert live.ask([question]) == {question: "unreadable"}


def test_a_question_is_asked_once_however_often_it_comes(live, wire):
    question = Question("subscribers", "Plan", "pro")
    assert live.ask([question, question]) == {question: 0}
    assert len(wire.requests) == 1


def _subscribers(post, count):
    post(f"{PLANS}/{post(PLANS, _plan())['id']}/publish", None)
    for number in range(count):
        post("/api/v1/customers", {"name": f"C{number}", "key": f"c{number}", "currency": "USD"})
        post("/api/v1/subscriptions", {"customerKey": f"c{number}", "plan": {"key": "pro"}})


def test_subscriptions_are_counted_page_by_page(sandbox, wire, post):
    _subscribers(post, 5)
    small = backend(wire, dialect=replace(V1, page_size=2))
    question = Question("versions", "Plan", "pro")
    assert small.ask([question]) == {question: ((1, 5),)}
    small.close()
    assert sum(request.url.path == "/api/v1/customers" and request.method == "GET" for request in wire.requests) == 3


def test_who_may_not_read_customers_is_told_nothing_of_subscriptions(live, wire):
    wire.breaks("GET", "/customers", answered(403, b'{"status":403}'))
    question = Question("versions", "Plan", "pro")
    assert live.ask([question]) == {question: "untold"}
