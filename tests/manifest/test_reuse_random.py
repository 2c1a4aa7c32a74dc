"""Any plan, put together at random from shared cards, a base, overlays and copied phases, is the plan written out."""

from __future__ import annotations

import copy
import json
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler import manifest
from reconciler.kinds.registry import KINDS
from reconciler.model import Address
from reconciler.planning.canonical import complete
from reconciler.project import load_project

PROJECT = """\
apiVersion: reconciler/v1
kind: Project
name: acme
manifests: [catalog]
environments:
  test: {endpoint: "sandbox:", overlays: [over]}
"""
FEATURES = ("fa", "fb", "fc")
FIXED = "".join(
    f"---\napiVersion: openmeter.io/v1\nkind: Meter\nkey: m{f}\nspec: {{eventType: t, aggregation: COUNT}}\n"
    f"---\napiVersion: openmeter.io/v1\nkind: Feature\nkey: {f}\nspec: {{name: N{f}, meterSlug: m{f}}}\n"
    for f in FEATURES
)
AMOUNTS = st.sampled_from(["0", "1", "2.5", "19"])
TEXTS = st.sampled_from(["One", "Two", "Three"])


@st.composite
def prices(draw):
    kind = draw(st.sampled_from(["unit", "tiered", "package", None]))
    if kind == "unit":
        return {"type": "unit", "amount": draw(AMOUNTS), **draw(st.sampled_from([{}, {"minimumAmount": "3"}]))}
    if kind == "tiered":
        ends = draw(st.sampled_from([[], ["10"], ["10", "20"]]))
        tiers = [{"upToAmount": end, "unitPrice": {"type": "unit", "amount": draw(AMOUNTS)}} for end in ends]
        return {"type": "tiered", "mode": draw(st.sampled_from(["volume", "graduated"])),
                "tiers": [*tiers, {"flatPrice": {"type": "flat", "amount": draw(AMOUNTS)}}]}  # fmt: skip
    if kind == "package":
        return {"type": "package", "amount": draw(AMOUNTS), "quantityPerPackage": "100"}
    return None


@st.composite
def cards(draw, key):
    """A card; those of features are priced by use, the others are fees."""
    if key in FEATURES:
        card = {"type": "usage_based", "featureKey": key, "billingCadence": "P1M", "price": draw(prices())}
    else:
        price = {
            "type": "flat",
            "amount": draw(AMOUNTS),
            "paymentTerm": draw(st.sampled_from(["in_advance", "in_arrears"])),
        }
        card = {"type": "flat_fee", "key": key, "name": draw(TEXTS), "billingCadence": "P1M", "price": price}
    if draw(st.booleans()):
        card["description"] = draw(TEXTS)
    if draw(st.booleans()):
        card["metadata"] = draw(st.dictionaries(st.sampled_from("abc"), TEXTS, min_size=1))
    if card["price"] is not None and draw(st.booleans()):
        card["discounts"] = {"percentage": {"percentage": draw(st.sampled_from([10, 50]))}}
    return card


KEYS = st.lists(st.sampled_from([*FEATURES, "base", "setup"]), min_size=1, max_size=4, unique=True)


@st.composite
def phases(draw, key):
    return {"key": key, "name": draw(TEXTS), "duration": "P1M", "rateCards": [draw(cards(k)) for k in draw(KEYS)]}


@st.composite
def plans(draw):
    keys = draw(st.lists(st.sampled_from(["trial", "ramp", "main"]), min_size=1, unique=True))
    found = [draw(phases(key)) for key in keys]
    found[-1]["duration"] = None
    spec = {"name": draw(TEXTS), "currency": "USD", "billingCadence": "P1M", "phases": found}
    return spec | draw(st.sampled_from([{}, {"description": "D"}, {"metadata": {"x": "1", "y": "2"}}]))


def key_of(item):
    return item.get("key") or item.get("featureKey")


def keyed(value):
    return isinstance(value, list) and all(isinstance(item, dict) and key_of(item) for item in value)


def patch(old, new):
    """What merged onto ``old`` gives ``new``, as a person would write it."""
    found = {name: None for name in old if name not in new}
    for name, value in new.items():
        if name not in old:
            found[name] = value
        elif isinstance(value, dict) and isinstance(old[name], dict):
            found |= {name: inner} if (inner := patch(old[name], value)) else {}
        elif keyed(value) and keyed(old[name]):
            found |= {name: inner} if (inner := list_patch(old[name], value)) else {}
        elif value != old[name]:
            found[name] = value
    return found


def list_patch(old, new):
    """Takes away what is not there, changes what is, and puts the rest before the item that follows it."""
    have = {key_of(item): item for item in old}
    out = [{"key": key, "$remove": True} for key in have if key not in map(key_of, new)]
    following = None
    for item in reversed(new):
        key = key_of(item)
        if key in have:
            change = patch(have[key], item)
            out.append({"key": key, **change, **({"$before": following} if following else {})})
        else:
            out.append({**item, **({"$before": following} if following else {})})
        following = key
    return out


class Factoring:
    """Takes a plan apart at random into documents that together are the plan again."""

    def __init__(self, draw):
        self.draw = draw
        self.manifests, self.overlay = [], []
        self.names = iter(range(1000))

    def maybe(self):
        return self.draw(st.booleans())

    def add(self, kind, key, spec, **more):
        group = "reconciler/v1" if kind == "RateCard" else "openmeter.io/v1"
        document = {"apiVersion": group, "kind": kind, "key": key, "spec": spec, **more}
        if self.maybe():
            wrong = self.altered(kind, spec)
            same = {name: value for name, value in spec.items() if name != "phases"}
            correction = patch({name: wrong[name] for name in wrong if name != "phases"}, same)
            document["spec"] = wrong
            self.overlay.append({"apiVersion": group, "kind": kind, "key": key, "patch": correction})
        self.manifests.append(document)

    def altered(self, kind, spec):
        """Something else of the same kind, that an overlay puts right."""
        if kind == "Plan":
            return spec | {"name": "Wrong"} if "name" in spec else spec
        return self.draw(cards(key_of(spec))) if "type" in spec else spec

    def shared(self, card):
        """A card as it is used: a random other one is shared, and what differs stands beside ``use``."""
        if not self.maybe():
            return card
        start = card if self.maybe() else self.draw(cards(key_of(card)))
        name = f"c{next(self.names)}"
        if self.maybe():
            root = self.draw(cards(key_of(card)))
            self.add("RateCard", f"{name}_root", root)
            self.add("RateCard", name, patch(root, start), extends=f"{name}_root")
        else:
            self.add("RateCard", name, start)
        return {"use": name, **patch(start, card)}

    def with_shared(self, spec):
        return spec | {"phases": [self.cards_of(phase) for phase in spec["phases"]]}

    def cards_of(self, phase):
        """Whole cards may be used from elsewhere, also among the changes to a copy; changes of cards stay."""
        own = [self.placed(card) if "type" in card else card for card in phase.get("rateCards", ())]
        return phase | {"rateCards": own} if "rateCards" in phase else phase

    def placed(self, card):
        plain = {name: value for name, value in card.items() if name != "$before"}
        return self.shared(plain) | {name: value for name, value in card.items() if name == "$before"}

    def copied(self, spec):
        """One phase is told as what differs from another one."""
        if len(spec["phases"]) < 2 or not self.maybe():
            return spec
        at, source = self.draw(st.permutations(range(len(spec["phases"]))))[:2]
        mine, theirs = spec["phases"][at], spec["phases"][source]["rateCards"]
        free = self.maybe()
        start = [freed(card) for card in theirs] if free else theirs
        changes = list_patch(start, mine["rateCards"])
        told = {name: value for name, value in mine.items() if name != "rateCards"} | {
            "from": spec["phases"][source]["key"]
        }
        told |= ({"price": None} if free else {}) | ({"rateCards": changes} if changes else {})
        return spec | {"phases": [told if index == at else phase for index, phase in enumerate(spec["phases"])]}

    def plan(self, key, spec):
        """The whole plan, or a base and what differs from it."""
        if not self.maybe():
            self.add("Plan", key, self.with_shared(self.copied(spec)))
            return
        base = self.draw(plans())
        order = [phase["key"] for phase in spec["phases"]]
        # The server has no way to say that a phase moves but to place it: the base has those that stay in order.
        base["phases"] = [phase for phase in base["phases"] if phase["key"] in order] or spec["phases"][:1]
        base["phases"].sort(key=lambda phase: order.index(phase["key"]))
        self.manifests.append(self.document("b", self.with_shared(base)) | {"abstract": True})
        self.add("Plan", key, patch(base, spec), extends="b")

    def document(self, key, spec):
        return {"apiVersion": "openmeter.io/v1", "kind": "Plan", "key": key, "spec": spec}


def freed(card):
    return {name: value for name, value in card.items() if name != "discounts"} | {"price": None}


def loaded(folder, name, manifests, overlay):
    root = folder / name
    for place, documents in (("catalog", manifests), ("over", overlay)):
        (root / place).mkdir(parents=True)
        text = "".join(f"---\n{json.dumps(document)}\n" for document in documents)
        (root / place / "a.yaml").write_text(text)
    (root / "reconciler.yaml").write_text(PROJECT)
    (root / "catalog" / "z.yaml").write_text(FIXED)
    project = load_project(root)
    resource = manifest.load(project, project.environment("test")).resources[Address("Plan", "pro")]
    return complete(KINDS["Plan"], "pro", resource.spec, "N{}".format)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_a_plan_that_is_put_together_is_the_plan_that_is_written_out(data):
    wanted = data.draw(plans())
    taken_apart = Factoring(data.draw)
    taken_apart.plan("pro", copy.deepcopy(wanted))
    with tempfile.TemporaryDirectory() as folder:
        by_hand = loaded(Path(folder), "hand", [taken_apart.document("pro", wanted)], [])
        together = loaded(Path(folder), "together", taken_apart.manifests, taken_apart.overlay)
    assert together == by_hand
