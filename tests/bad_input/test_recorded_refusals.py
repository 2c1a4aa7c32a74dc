"""Every refusal that was recorded, met in an apply: the object, the field, the source line and what to do are told.

Source of the answers: the recordings beside the repository. Without them nothing is tested, and that is said.
"""

import json
import re
import threading
from pathlib import Path

import httpx
import pytest
import stamina

from reconciler.backends.client import Client, Settings
from reconciler.backends.dialect import V1
from reconciler.backends.rest import RestBackend
from reconciler.execution import apply
from reconciler.execution.places import place
from reconciler.model import Action, Address, Change, Location, Plan, Step, Target
from reconciler.render import report_text
from reconciler.render.style import Style

RECORDINGS = Path(__file__).parents[3] / "shared" / "openmeter" / "traces"
KINDS = {
    "meters": "Meter", "features": "Feature", "plans": "Plan", "addons": "Addon",
    "notification/channels": "NotificationChannel", "notification/rules": "NotificationRule",
    "billing/profiles": "BillingProfile",
}  # fmt: skip
OURS = re.compile(rf"/api/v1/(?P<collection>{'|'.join(KINDS)})(?:/(?P<id>[^/]+))?(?:/(?P<verb>\w+))?(?:/[^/]+)?$")
VERBS = {
    ("POST", None): "create", ("PUT", None): "update", ("DELETE", None): "delete", ("POST", "publish"): "publish",
    ("POST", "archive"): "archive", ("POST", "addons"): "attach", ("PUT", "addons"): "reattach",
    ("DELETE", "addons"): "detach",
}  # fmt: skip
SCHEMA = re.compile(r'Error at "(/[^"]+)"')


def step_of(request):
    """The step of a plan that sends this request; None if no plan has such a one."""
    found = OURS.match(request["path"].split("?")[0])
    verb = VERBS.get((request["method"], found["verb"])) if found else None
    body = request.get("body")
    if verb is None or not (body is None or isinstance(body, dict)):
        return None
    address = Address(KINDS[found["collection"]], "pro")
    return Step("1", address, verb, request["method"], request["path"].split("?")[0], body)


def refusals():
    for file in sorted(RECORDINGS.glob("*.json")):
        for number, recorded in enumerate(json.loads(file.read_text("utf-8"))["steps"]):
            request, response = recorded.get("request"), recorded.get("response")
            # 405: there is no such route, so no plan has such a step.
            if (
                request
                and response
                and response["status"] >= 400
                and response["status"] != 405
                and (step := step_of(request))
            ):
                yield pytest.param(step, response, id=f"{file.stem}-{number}")


REFUSALS = list(refusals())


class Refusing(httpx.BaseTransport):
    """Answers every write with one recorded refusal, and every read as if nothing had happened."""

    def __init__(self, step, response):
        self._step, self._response = step, response

    def handle_request(self, request):
        if request.method != "GET":
            content = json.dumps(self._response.get("body")).encode() if self._response.get("body") else b""
            return httpx.Response(self._response["status"], content=content)
        if self._step.method == "DELETE":
            return httpx.Response(200, json={"id": "still there"})
        if request.url.path.endswith(("s", "/meters")):
            return httpx.Response(200, json={"items": [], "totalCount": 0, "page": 1, "pageSize": 1000})
        return httpx.Response(404, json={"status": 404, "title": "Not Found"})


@pytest.fixture(autouse=True)
def _no_waiting():
    with stamina.set_testing(True, attempts=1):
        yield


def run(step, response):
    client = Client(Settings("http://openmeter.test"), Refusing(step, response))
    backend = RestBackend(client, V1, endpoint="http://openmeter.test", parallelism=1)
    change = Change(step.address, Action.CREATE, location=Location("catalog/all.yaml", 7, 1))
    plan = Plan(Target("test", "http://openmeter.test", None), "acme", (change,), (step,))
    try:
        return apply(plan, backend, reveal=str, should_stop=threading.Event())
    finally:
        backend.close()


def fields(body, sent):
    """The places that the server names, in our words."""
    extensions = (body or {}).get("extensions") or {}
    issues = extensions.get("validationErrors") or ()
    found = [issue.get("field") or issue.get("path") for issue in issues]
    found += ["$" + "".join(SCHEMA.findall(((body or {}).get("detail") or "").split(" Or ")[0])).replace("/", ".")]
    numbered = [re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", field) for field in found if len(field or "") > 1]
    return [place(field, sent) for field in numbered]


@pytest.mark.skipif(bool(REFUSALS), reason="the recordings are here")
def test_the_recordings_are_here():
    pytest.skip("REFUSALS NOT TESTED: no recordings here")


@pytest.mark.parametrize(("step", "response"), REFUSALS)
def test_a_recorded_refusal_tells_object_field_line_and_what_to_do(step, response):
    report = run(step, response)
    result = report.results[0]
    if step.method == "DELETE" and response["status"] == 404:
        assert (result.state, result.notes) == ("done", ("it was gone already",))
        return
    assert result.state in ("failed", "sent-unknown")
    assert result.error.startswith(f"{step.address}: ")
    for field in fields(response.get("body"), step.body):
        assert field in result.error
    assert result.tip
    shown = report_text.report(report, Style(colour=False, unicode=True, width=100))
    assert f"{step.address} " in shown
    assert "declared at catalog/all.yaml:7" in shown
    assert "Tip: " in shown
