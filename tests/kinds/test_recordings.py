"""The kinds against recordings of the real server: what they send reads back equal, what it refuses they refuse.

The recordings stand beside the repository where there are any; without them nothing here runs.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from reconciler.kinds.registry import KINDS
from reconciler.planning.canonical import canonical

from .conftest import Declared

RECORDINGS = Path(__file__).parents[3] / "shared" / "openmeter" / "traces"
PINNED = ("Meter", "Feature", "NotificationChannel", "NotificationRule", "BillingProfile")
COLLECTIONS = {KINDS[name].binding("v1").collection: KINDS[name] for name in PINNED}

# Refused offline although the server takes it: what it drops in silence, and credentials in clear text.
OURS = ("ignored_by_server/", "channel.header.secret")

# Refused by the server and not by a kind's rules, per recording, with the reason.
ELSEWHERE = {
    "null is the same as left out": {
        "billing-profile-errors": (26, 31),
        "channel-errors": (14, 19, 21),
        "feature-errors": (24,),
        "meter-errors": (28, 31, 35),
        "rule-errors": (15,),
    },
    "the key of the document has a grammar of its own": {
        "feature-errors": (28, 29, 30, 31),
        "meter-errors": (3, 4, 5, 6, 7, 8, 9, 38),
    },
    "keys are unique and references are looked up when manifests are loaded": {
        "billing-profile-errors": (3,),
        "feature-errors": (7, 8),
        "meter-errors": (1, 2),
        "notification-without-svix": (2,),
        "rule-errors": (9, 10, 11, 12, 39),
    },
    "we never send it": {
        "billing-profile-errors": (2, 5, 6, 7, 8),
        "feature-errors": (36,),
        "rule-errors": (20,),
    },
    "the value stands behind a source: see signing_secret_problem": {
        "channel-create-read": (7,),
        "channel-errors": (11, 12, 13, 15),
    },
    "a server without a webhook service": {"notification-without-svix": (0,)},
}


def _steps():
    for path in sorted(RECORDINGS.glob("*.json")):
        for step in json.loads(path.read_text(), parse_float=Decimal)["steps"]:
            request, response = step.get("request"), step.get("response")
            if request and response and request["method"] == "POST" and isinstance(request.get("body"), dict):
                kind = COLLECTIONS.get(request["path"])
                if kind is not None:
                    yield pytest.param(kind, step, path.stem, id=f"{path.stem}#{step['step']}")


STEPS = list(_steps())
ACCEPTED = [step for step in STEPS if step.values[1]["response"]["status"] < 300]
REFUSED = [step for step in STEPS if step.values[1]["response"]["status"] >= 400]

pytestmark = pytest.mark.skipif(not STEPS, reason="no recordings of the real server beside the repository")


def _keys(kind, ident):
    return "sandbox" if kind == "App" else "k_" + "".join(filter(str.isalnum, ident)).lower()


def _manifest(kind, body):
    """A recorded body as a manifest would have it: ids as keys, secrets as sources, nothing that is not a field."""
    spec = {name: value for name, value in body.items() if name in kind.shape.fields}
    if "apps" in body:
        spec["app"] = "sandbox"
    for name, kind_name in (("channels", "NotificationChannel"), ("features", "Feature")):
        if isinstance(spec.get(name), list):
            spec[name] = [_keys(kind_name, item) for item in spec[name]]
    if isinstance(spec.get("signingSecret"), str):
        spec["signingSecret"] = {"env": "SECRET"}
    return spec


def _meters(scenario):
    recorded = json.loads((RECORDINGS / f"{scenario}.json").read_text(), parse_float=Decimal)["steps"]
    for step in recorded:
        request = step.get("request")
        if request and request["path"] == "/api/v1/meters" and step["response"]["status"] == 200 and request["body"]:
            body = request["body"]
            yield {"kind": "Meter", "key": body["slug"], "spec": _manifest(KINDS["Meter"], body)}


def _findings(kind, body, scenario):
    key = body.get("slug") or body.get("key") or "it"
    try:
        spec = kind.spec.model_validate(_manifest(kind, body))
    except ValidationError as error:
        return [problem["type"] for problem in error.errors()]
    found = kind.check(str(key), spec, Declared(_meters(scenario)))
    return [finding.rule.id for finding in found if finding.rule.severity == "error"]


@pytest.mark.parametrize(("kind", "step", "scenario"), ACCEPTED)
def test_what_the_server_takes_is_valid_unless_it_drops_a_part_of_it(kind, step, scenario):
    found = _findings(kind, step["request"]["body"], scenario)
    assert [rule for rule in found if not rule.startswith(OURS)] == []


@pytest.mark.parametrize(("kind", "step", "scenario"), ACCEPTED)
def test_what_the_server_takes_reads_back_as_it_was_sent(kind, step, scenario):
    sent, shown, binding = step["request"]["body"], step["response"]["body"], kind.binding("v1")
    if any(rule.startswith("ignored_by_server/") for rule in _findings(kind, sent, scenario)):
        pytest.skip("the server drops a part of it, which is why it is refused offline")
    wanted = canonical(kind, binding.from_wire(sent, _keys))
    if kind.name == "Meter":
        wanted.setdefault("name", sent["slug"])
    live = canonical(kind, binding.from_wire(shown, _keys))
    if "signingSecret" not in sent:
        live.pop("signingSecret", None)
    assert live == wanted


@pytest.mark.parametrize(("kind", "step", "scenario"), REFUSED)
def test_what_the_server_refuses_is_refused_offline_or_for_a_reason_not(kind, step, scenario):
    reasons = [why for why, recorded in ELSEWHERE.items() if step["step"] in recorded.get(scenario, ())]
    assert bool(_findings(kind, step["request"]["body"], scenario)) is not bool(reasons), reasons
