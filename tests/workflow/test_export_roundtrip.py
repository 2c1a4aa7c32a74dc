"""Any catalogue, live → manifests → live: the same objects, adopted and then left alone.

Made by hand first (no marker anywhere), or by us; the oracle is the canonical form of what was declared at first, and
the bodies that the server shows.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.kinds.registry import KINDS
from reconciler.manifest import load
from reconciler.manifest.templates import is_template
from reconciler.model import Action
from reconciler.planning.canonical import complete
from reconciler.planning.export import export
from reconciler.project import load_project
from reconciler.workflow.documents import document
from reconciler.workflow.writable import writable

from ..kinds import strategies
from ..planning.conftest import declare
from ..planning.test_random_plans import fresh_world


def optional(**fields):
    return st.fixed_dictionaries({}, optional=fields)


ODD = ["NO", "012", "1:30", "~", " led", "tail ", "#no", "a # b", "a: b", "{{ x }}", "{% if %}", "{# c #}", "- x", "",
       "two\nlines", "three\n\nlines\n", "\ttab", "é😀", "'q'", '"q"', "1e3", "0x1F", "2027-01-01", "<<", "=", "null",
       "\\n", "|", "> x", "\u2028", "%a", "@b", "`c`", "*d", "&e", "!f", "yes", "on", "? x", "0.10", "-", "[a]",
       "{a: b}", "{{ '{{' }}", "}}", "a\\", "\x7f", "\u202e", "x" * 300, "so " * 90]  # fmt: skip
CHARACTERS = st.characters(codec="utf-8", exclude_characters="\x00")
TEXT = st.one_of(st.sampled_from(ODD), st.text(CHARACTERS, max_size=20))
NAME = TEXT.filter(bool).map(lambda text: text[:200])
LABELS = st.dictionaries(NAME.filter(lambda name: not is_template(name)), TEXT, max_size=3)
HEADERS = optional(**{"X-Team": st.just("a b"), "Authorization": st.just({"env": "ANY"})})
PROJECT = "apiVersion: reconciler/v1\nkind: Project\nname: {}\nmanifests: [catalog]\nenvironments: {{}}\n"


@st.composite
def catalogues(draw):
    """Documents of every kind as (kind, key, spec, state), valid together."""
    extra = optional(description=TEXT, metadata=LABELS)
    meters = [
        ("Meter", key, {"name": draw(NAME), "eventType": draw(NAME), "aggregation": "COUNT", **draw(extra)}, "active")
        for key in strategies.FEATURES
    ]
    features = [
        (item["kind"], item["key"], {**item["spec"], "name": draw(NAME), **draw(optional(metadata=LABELS))}, "active")
        for item in strategies.features()
    ]
    state = st.sampled_from(["active", "draft"])
    found = [*meters, *features]
    found += [("Addon", "boost", draw(strategies.addons()), draw(state))] if draw(st.booleans()) else []
    found += [("Plan", key, draw(strategies.plans()), draw(state)) for key in draw(st.sets(st.sampled_from("ab")))]
    names = draw(st.lists(NAME.filter(str.strip), max_size=3))
    hooks = [
        ("NotificationChannel", f"c{number}",
         {"name": name, "type": "WEBHOOK", "url": "https://x.example/h", "customHeaders": draw(HEADERS),
          **draw(optional(metadata=LABELS, disabled=st.booleans()))}, "active")
        for number, name in enumerate(names)
    ]  # fmt: skip
    shown = [key for _, key, spec, _ in hooks if not spec.get("disabled")]
    told = {"name": draw(NAME), "type": "invoice.created", "channels": shown, **draw(optional(metadata=LABELS))}
    rules = [("NotificationRule", "r", told, "active")] if shown else []
    profiles = [
        ("BillingProfile", f"p{number}",
         {"name": name, "app": "sandbox", "supplier": {"name": draw(NAME), "addresses": [{"country": "DE"}]},
          **draw(extra)}, "active")
        for number, name in enumerate(draw(st.lists(NAME.filter(str.strip), max_size=2)))
    ]  # fmt: skip
    return [*found, *hooks, *rules, *profiles]


@contextmanager
def read_back(items, adopt=None, name="acme"):
    """What the documents of an export declare."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "reconciler.yaml").write_text(PROJECT.format(name))
        (root / "catalog").mkdir()
        for number, item in enumerate(items):
            (root / "catalog" / f"{number}.yaml").write_text(document(item), encoding="utf-8")
        project = load_project(root)
        yield replace(load(project, project.environment(None)), adopt=adopt or {})


def unmarked(body):
    if not isinstance(body, dict):
        return body
    metadata = {name: text for name, text in (body.get("metadata") or {}).items() if not name.startswith("reconciler.")}
    rest = {name: value for name, value in body.items() if name != "metadata"}
    return {**rest, "metadata": metadata} if metadata else rest


def bodies(world):
    """What the server shows of everything, without our marker, what every write moves, and what is empty."""
    rows = [row for rows in world.backend.observe(KINDS).objects.values() for row in rows]
    return {
        row.id: {name: value for name, value in unmarked(row.wire).items() if name != "updatedAt" and value != ""}
        for row in rows
    }


def meant(resources, names):
    """What documents say, spelled in one way, by address."""
    return {
        resource.address: (
            complete(KINDS[resource.address.kind], resource.address.key, sourceless(resource.spec), names.get),
            resource.management.state,
        )
        for resource in resources
    }


def sourceless(spec):
    """A spec without the names of secrets: an export cannot know how somebody calls them."""
    headers = {name: text if isinstance(text, str) else "?" for name, text in spec.get("customHeaders", {}).items()}
    return {**spec, "customHeaders": headers} if headers else spec


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(catalogues(), st.booleans())
def test_any_catalogue_is_exported_as_it_was_declared_adopted_and_then_left_alone(catalogue, by_hand):
    first = [declare(kind, key, spec, state=state) for kind, key, spec, state in catalogue]
    with fresh_world() as world:
        made = world.plan(*first)
        if by_hand:
            made = replace(made, steps=tuple(replace(step, body=unmarked(step.body)) for step in made.steps))
        report = world.run(made)
        assert {result.state for result in report.results} <= {"done"}, report
        before = bodies(world)

        found = writable(export(world.backend.observe(KINDS), world.desired()))
        assert [item for item in found if item.spec is None or item.management.ignore] == []
        with read_back(found, {item.address: item.id for item in found if item.adopt}) as declared:
            known = {item.address for item in found if not by_hand or KINDS[item.address.kind].natural_key}
            names = {key: spec["name"] for kind, key, spec, _ in catalogue if kind == "Feature"}
            wished, told = meant(first, names), meant(declared.resources.values(), names)
            assert {address: told[address] for address in known} == {address: wished[address] for address in known}
            assert len(told) == len(wished)
            plan = world.plan(wanted=declared)
            assert {change.action for change in plan.changes} <= {Action.ADOPT, Action.NO_CHANGE}
            assert {guard.code for guard in plan.guards} <= {"adopt"}
            assert by_hand or plan.steps == ()
            report = world.run(plan)
            assert {result.state for result in report.results} <= {"done"}
            assert world.plan(wanted=declared).steps == ()
            assert bodies(world) == before
            again = writable(export(world.backend.observe(KINDS), declared))
            assert [document(item) for item in again] == [document(item) for item in found]
