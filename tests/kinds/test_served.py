"""Random valid plans and add-ons, and the refused ones, on a server: the embedded one, which shares no code with this.

What is valid here is published there and reads back as it was written; what is refused here is refused there.
"""

from __future__ import annotations

import httpx
import pytest
import simplejson
from hypothesis import HealthCheck, given, settings
from pydantic import ValidationError

from reconciler.kinds.registry import KINDS
from reconciler.kinds.wire import encode
from reconciler.planning.canonical import canonical, complete
from reconciler.planning.compare import without_chosen
from reconciler.sandbox import Sandbox

from . import strategies
from .conftest import HERE, Declared, examples, read

often = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
TAX_ID = {"taxCodeId": "01G65Z755AFWAKHE12NY0CQ9FH"}
NAMES = {"sso": "SSO", "tokens": "Tokens"}

# What is refused here and taken there, each for a reason of its own.
OURS = {
    # The decision has to be written down; what is sent for it is null.
    "card.billing_cadence.silent",
    "card.price.silent",
    # The server stores something else than what was written, in silence.
    "ignored_by_server/alignment",
    "ignored_by_server/custom_invoicing",
    "entitlement.config",
    "entitlement.issue_after_reset",
    # Nothing can be read by such a key.
    "plan.key.ulid",
    "addon.key.ulid",
    # A body without the keys that the API requires; two cards of a key that one feature gave them.
    "card.key.required",
    "card.name.required",
    "card.key.duplicate",
    # The tax code of another server.
    "ignored_by_server/stripe_code",
}


class Server:
    def __init__(self):
        self.http = httpx.Client(transport=Sandbox().transport(), base_url="http://sandbox")
        self.ids = {}

    def send(self, path, body=None):
        content = simplejson.dumps(body, use_decimal=True) if body is not None else None
        return self.http.post(path, content=content, headers={"content-type": "application/json"})

    def read(self, path):
        return simplejson.loads(self.http.get(path).text, use_decimal=True)

    def declare(self, document):
        """Create an object as it is declared, publish it where it can be; the answer that refused it, or the last."""
        kind = KINDS[document["kind"]]
        wanted = complete(kind, document["key"], document["spec"], NAMES.get)
        binding = kind.binding("v1")
        body = binding.to_wire(document["key"], encode(kind.shape, wanted, "POST"), lambda _: None)
        answer = self.send(binding.collection, body)
        if answer.status_code >= 400:
            return answer
        ident = self.ids[kind.name, document["key"]] = answer.json()["id"]
        for offer in wanted.get("addons", ()):
            terms = {name: value for name, value in offer.items() if name in ("fromPlanPhase", "maxQuantity")}
            attached = self.send(f"{binding.collection}/{ident}/addons", {"addonId": self.addon(offer), **terms})
            if attached.status_code >= 400:
                return attached
        wants = document.get("lifecycle", {}).get("state", "active")
        if kind.lifecycle.name == "versioned" and wants == "active":
            return self.send(f"{binding.collection}/{ident}/publish")
        return answer

    def addon(self, offer):
        return self.ids["Addon", offer["addon"]]

    def shown(self, kind, key):
        binding = kind.binding("v1")
        wire = self.read(f"{binding.collection}/{self.ids[kind.name, key]}")
        return canonical(kind, binding.from_wire(wire, lambda *_: None))


def _meters(keys):
    return [
        {"kind": "Meter", "key": key, "spec": {"eventType": "e", "aggregation": "SUM", "valueProperty": "$.n"}}
        for key in keys
    ]


def _with(documents, spec):
    """The documents, with the meters they need, and a feature for every key that a spec names and nobody declares."""
    known = {(item["kind"], item["key"]) for item in documents}
    lists = [phase.get("rateCards", []) for phase in spec.get("phases", [])] + [spec.get("rateCards", [])]
    for item in documents:
        lists += [item["spec"]["rateCards"]] if item["kind"] == "Addon" else []
    named = sorted({card["featureKey"] for cards in lists for card in cards if card.get("featureKey")})
    extra = [
        {"kind": "Feature", "key": key, "spec": {"name": key.title(), "meterSlug": key}}
        for key in named
        if ("Feature", key) not in known
    ]
    everything = [*documents, *extra]
    slugs = {item["spec"].get("meterSlug") for item in everything if item["kind"] == "Feature"} - {None}
    order = {name: kind.order for name, kind in KINDS.items()}
    return sorted(_meters(sorted(slugs)) + everything, key=lambda item: order[item["kind"]])


def _serve(documents, document):
    server = Server()
    for other in _with(documents, document["spec"]):
        assert server.declare(other).is_success
    return server, server.declare(document)


@often
@given(strategies.plans())
def test_a_valid_plan_is_published_and_reads_back_as_it_was_written(spec):
    _round(spec, "Plan")


@often
@given(strategies.addons())
def test_a_valid_add_on_is_published_and_reads_back_as_it_was_written(spec):
    _round(spec, "Addon")


def _round(spec, kind_name):
    kind = KINDS[kind_name]
    names = {item["key"]: item["spec"]["name"] for item in strategies.features()}
    wanted = complete(kind, "it", spec, names.get)
    server, answer = _serve(strategies.features(), {"kind": kind_name, "key": "it", "spec": wanted})
    assert answer.is_success, answer.text
    assert without_chosen(kind.shape, wanted, server.shown(kind, "it")) == wanted


def _sent(kind, case):
    """Whether a case can be sent at all, and is refused or taken there for the same reason as here."""
    try:
        kind.spec.model_validate(case["spec"])
    except ValidationError:
        return False
    return not {item["rule"] for item in case["refused"]} & OURS


REFUSED = [
    pytest.param(name, case, id=f"{name}{number}-{'+'.join(item['rule'] for item in case['refused']) or 'taken'}")
    for name in ("Plan", "Addon")
    for number, case in enumerate(read((HERE / "refused" / f"{name}.yaml").read_text()))
    if _sent(KINDS[name], case)
]


@pytest.mark.parametrize(("name", "case"), REFUSED)
def test_what_is_refused_here_is_refused_there_and_nothing_else(name, case):
    document = {"kind": name, "key": case.get("key", "it"), "spec": case["spec"]}
    beside = case.get("beside", [])
    spec = KINDS[name].spec.model_validate(case["spec"])
    findings = KINDS[name].check(document["key"], spec, Declared([*beside, document]))
    errors = {finding.rule.id for finding in findings if finding.rule.severity == "error"}
    _, answer = _serve(beside, document)
    assert bool(errors) is (answer.status_code >= 400), (errors, answer.text)


@pytest.mark.parametrize("name", ["Plan", "Addon"])
def test_the_fullest_documents_are_stored_whole(name):
    kind = KINDS[name]
    for document in examples(name):
        spec = {field: value for field, value in document["spec"].items() if field != "addons"}
        wanted = _without_tax_id(complete(kind, document["key"], spec, str.title))
        assert kind.spec.model_validate(document["spec"])
        server, _ = _serve([], {"kind": name, "key": document["key"], "spec": wanted})
        assert without_chosen(kind.shape, wanted, server.shown(kind, document["key"])) == wanted


def _without_tax_id(tree):
    """Without the id of a tax code, which is another one on every server."""
    match tree:
        case dict():
            return {
                key: _without_tax_id(value) for key, value in tree.items() if key != "taxCodeId" and value != TAX_ID
            }
        case list():
            return [_without_tax_id(item) for item in tree]
        case _:
            return tree
