"""Plans and add-ons against recordings of the real server: written, read back, attached, published.

What the server took is valid here, what it refused is refused here, when it is written or when it is published.
The recordings stand beside the repository where there are any; without them nothing here runs.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest
import simplejson
from pydantic import ValidationError

from reconciler.kinds.registry import KINDS
from reconciler.planning.canonical import canonical
from reconciler.planning.compare import without_chosen

from .conftest import Declared

RECORDINGS = Path(__file__).parents[3] / "shared" / "openmeter" / "traces"
SCENARIOS = sorted(RECORDINGS.glob("*.json"))
KIND_OF = {"/api/v1/plans": "Plan", "/api/v1/addons": "Addon"}
TARGET = re.compile(r"/api/v1/(?:plans|addons)/([^/]+)(?:/(\w+))?(?:/([^/]+))?")

# Refused offline although the server takes it, each because what comes of it is not what was written.
OURS = frozenset(
    {
        "ignored_by_server/alignment",
        "ignored_by_server/custom_invoicing",
        "entitlement.config",
        "plan.key.ulid",
        # Names that mean nothing to the server.
        "extra_forbidden",
        # `duration: null` has to be written on every phase but the last, and it is what the server takes on a draft.
        "plan.phases.duration.silent",
    }
)

# Refused by the server and not by these rules, per recording, with the reason.
ELSEWHERE = {
    "null is the same as left out": {
        "plan-errors": (72, 81, 85, 91, 95, 101, 106, 108, 112, 114, 117),
        "addon-errors": (17,),
    },
    "`null` is what a write sends for it": {"plan-errors": (31, 73, 74)},
    "numbers may be unquoted and quoted, and are sent as the API wants them": {
        "plan-errors": (57, 58, 98, 103),
        "plan-create-defaults": (13,),
    },
    "the key of the document has a grammar of its own": {"plan-errors": (3, 4, 5, 6, 7), "addon-errors": (3,)},
    "references are looked up when manifests are loaded": {
        "plan-errors": (89, 90),
        "addon-errors": (14,),
    },
    "a fee that may be null may be left out": {"plan-errors": (45,)},
    "an id of another namespace": {"plan-errors": (111,)},
}


@dataclass
class Live:
    """What a recording has made so far of one plan or add-on version, as a manifest would declare it."""

    kind: str
    key: str
    spec: dict
    addons: list = field(default_factory=list)

    def document(self):
        spec = {**self.spec, "addons": self.addons} if self.addons else self.spec
        return {"kind": self.kind, "key": self.key, "spec": spec}


@dataclass
class Case:
    scenario: str
    step: dict
    document: dict
    beside: list

    def __str__(self):
        return f"{self.scenario}#{self.step['step']}"

    def found(self, *, publish):
        """The rules that the document breaks."""
        kind = KINDS[self.document["kind"]]
        try:
            spec = kind.spec.model_validate(self.document["spec"])
        except ValidationError as error:
            return {problem["type"] for problem in error.errors()}
        findings = kind.check(self.document["key"], spec, Declared([*self.beside, self.document]))
        return {
            finding.rule.id
            for finding in findings
            if finding.rule.severity == "error" and (publish or not finding.publish_only)
        }


def _manifest(kind, body):
    """A recorded body as a manifest would have it: whole ids, and nothing at its top that is not a field."""
    tree = simplejson.loads(
        re.sub(r"<id:(\d+)>", lambda found: f"01{found[1]:0>24}", simplejson.dumps(body)), use_decimal=True
    )
    return {name: value for name, value in tree.items() if name in KINDS[kind].shape.fields}


def _other(path, body):
    """A meter or feature as a document, None for anything else."""
    if path == "/api/v1/meters":
        return {"kind": "Meter", "key": body["slug"], "spec": _manifest("Meter", body)}
    if path == "/api/v1/features":
        return {"kind": "Feature", "key": body["key"], "spec": _manifest("Feature", body)}
    return None


class Recording:
    """One recording, walked: every write, attachment and publish of a plan or an add-on with what was there then."""

    def __init__(self, path):
        self.path, self.beside, self.live = path, [], {}

    def cases(self):
        for step in json.loads(self.path.read_text(), parse_float=Decimal)["steps"]:
            request, response = step.get("request"), step.get("response")
            if not request or not response or request["method"] == "GET":
                continue
            url, body, taken = request["path"], request.get("body"), response["status"] < 300
            if isinstance(body, dict) and url in KIND_OF:
                yield from self._create(step, KIND_OF[url], body, taken=taken)
            elif isinstance(body, dict) and taken and (other := _other(url, body)):
                self.beside.append(other)
            elif (target := TARGET.fullmatch(url)) and target[1] in self.live:
                yield from self._change(step, self.live[target[1]], target, body, taken=taken)

    def _case(self, step, known):
        return Case(self.path.stem, step, known.document(), list(self.beside))

    def _create(self, step, kind, body, *, taken):
        made = Live(kind, str(body.get("key") or "it"), _manifest(kind, body))
        yield "write", self._case(step, made)
        if taken:
            self.live[step["response"]["body"]["id"]] = made

    def _change(self, step, known, target, body, *, taken):
        method = step["request"]["method"]
        if target[2] == "publish":
            yield "publish", self._case(step, known)
            if taken and known.kind == "Addon":
                self.beside.append(known.document())
        elif target[2] == "addons" and (target[3] or body.get("addonId")) in self.live:
            yield from self._attach(step, known, target[3], body, taken=taken)
        elif method == "PUT" and isinstance(body, dict) and taken:
            known.spec = {"currency": known.spec.get("currency"), **_manifest(known.kind, body)}

    def _attach(self, step, known, ident, body, *, taken):
        key = self.live[ident or body["addonId"]].key
        others = [item for item in known.addons if item["addon"] != key]
        offered = {name: value for name, value in (body or {}).items() if name not in ("addonId", "metadata")}
        wanted = others if step["request"]["method"] == "DELETE" else [*others, {"addon": key, **offered}]
        if body and not ident:
            yield (
                "attach",
                Case(self.path.stem, step, Live("Plan", known.key, known.spec, wanted).document(), self.beside[:]),
            )
        if taken:
            known.addons = wanted


CASES = [item for path in SCENARIOS for item in Recording(path).cases()]


def _cases(verb, *, without=()):
    """The cases of one verb but those whose answer has one of these texts in it."""
    found = [case for name, case in CASES if name == verb]
    return [
        case for case in found if not any(text in simplejson.dumps(case.step["response"]["body"]) for text in without)
    ]


# What no manifest shows: the state of a version, what was archived meanwhile, and when.
STALE = (
    *("only a single draft", "addon_invalid_status", "plan_addon_incompatible_status", "can be updated"),
    *("can be published", "rate_card_feature_not_found", "already exists", "a deleted", "not found"),
)
TAKEN = [case for case in _cases("write") if case.step["response"]["status"] < 300]
REFUSED = [case for case in _cases("write", without=STALE[:1]) if case.step["response"]["status"] >= 400]
ATTACHED = _cases("attach", without=(*STALE, "allowed statuses", "not nullable", "must be an integer"))
PUBLISHED = _cases("publish", without=STALE)
# The plan offers an add-on whose version is archived by now.
ARCHIVED_ADDON = {"plan-addon-compatibility": (65,), "plan-addon-stuck": ()}

pytestmark = pytest.mark.skipif(not CASES, reason="no recordings of the real server beside the repository")


@pytest.mark.parametrize("case", TAKEN, ids=str)
def test_what_the_server_takes_as_a_draft_is_valid_as_a_draft(case):
    assert case.found(publish=False) - OURS == set()


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_what_the_server_refuses_is_refused_offline_or_for_a_reason_not(case):
    reasons = [why for why, steps in ELSEWHERE.items() if case.step["step"] in steps.get(case.scenario, ())]
    assert bool(case.found(publish=False)) is not bool(reasons), reasons


@pytest.mark.parametrize("case", ATTACHED, ids=str)
def test_an_add_on_that_cannot_be_attached_is_refused_and_one_that_does_not_fit_is_found(case):
    answer = case.step["response"]
    offers = {rule for rule in case.found(publish=True) if rule.startswith("plan.addons.")}
    assert (answer["status"] >= 400) is bool(case.found(publish=False))
    assert (answer["status"] >= 400 or bool(answer["body"]["validationErrors"])) is bool(offers)


@pytest.mark.parametrize("case", PUBLISHED, ids=str)
def test_what_can_be_published_is_valid_and_what_cannot_is_not(case):
    if case.step["step"] in ARCHIVED_ADDON.get(case.scenario, ()):
        pytest.skip("it depends on what was archived meanwhile, which no manifest shows")
    refused = case.step["response"]["status"] >= 400
    assert bool(case.found(publish=True) - OURS) is refused


@pytest.mark.parametrize("case", TAKEN, ids=str)
def test_what_the_server_takes_reads_back_as_it_was_sent(case):
    kind, shown = KINDS[case.document["kind"]], case.step["response"]["body"]
    if case.found(publish=False) & OURS or str(case) == "plan-taxconfig#7":
        pytest.skip("the server drops a part of it, which is why it is refused offline, or warned of")
    wanted = canonical(kind, kind.complete("it", case.document["spec"], lambda _: None))
    live = canonical(kind, kind.binding("v1").from_wire(_manifest(kind.name, shown), lambda *_: None))
    assert without_chosen(kind.shape, wanted, live) == wanted
