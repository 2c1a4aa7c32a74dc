"""From what is live to what a person would have written: the declared form of live objects. Pure.

Defaults are left out, references are keys, no secret is written. Objects without a key get one from their name,
unique and stable. A plan of the result holds nothing but adoptions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.kinds import markers as m
from reconciler.kinds.fields import suggest_key
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import KINDS
from reconciler.kinds.secrets import looks_like_credential
from reconciler.kinds.shape import Field, ListOf, Object, OneOf, Shape
from reconciler.model import Address, Assignment, Desired, Management, Observation, Observed, Tree
from reconciler.planning.couplings import is_servers_own
from reconciler.planning.options import PlanOptions
from reconciler.planning.work import Work

HIDDEN = "all its channels are disabled, and the server does not show which they are"


@dataclass(frozen=True, slots=True)
class Exported:
    """One live object as a document: ``spec`` is None where it belongs to another project and is only observed."""

    address: Address
    spec: Mapping[str, Tree] | None
    management: Management
    id: str
    comments: tuple[str, ...] = ()
    unwritable: str | None = None
    """Why no document can say what it is; None where one can."""


def export(observation: Observation, project: str, former_names: tuple[str, ...] = ()) -> tuple[Exported, ...]:
    """Every live object but archived versions and the server's own profile, in create order and by key."""
    desired = Desired({}, project, "", former_names=former_names)
    work = Work(desired, observation, PlanOptions())
    chosen = [row for name in KINDS for row in _current(observation.objects.get(name, ()))]
    keys = _keys(work, chosen)
    work.know({(row.kind, row.id): key for (row, key) in keys})
    found = [_exported(work, row, key) for row, key in keys]
    return tuple(sorted(found, key=lambda item: (KINDS[item.address.kind].order, item.address.key)))


def _current(rows: tuple[Observed, ...]) -> Iterator[Observed]:
    """The active version of each key, else its draft; every object of a kind without versions."""
    best: dict[str, Observed] = {}
    for row in sorted(rows, key=lambda item: item.id):
        if row.state == "archived" or is_servers_own(row):
            continue
        name = row.key if row.version is not None and row.key is not None else row.id
        if name not in best or row.state == "active":
            best[name] = row
    yield from best.values()


def _keys(work: Work, rows: list[Observed]) -> list[tuple[Observed, str]]:
    """A key for every row: its own, its marker's, or one made of its name; the oldest of a name gets the plain one."""
    found: list[tuple[Observed, str]] = []
    taken: set[Address] = set()
    for own in (True, False):
        for row in rows:
            known = _known_key(work, row)
            if (known is not None) is own:
                key = known or _free(row, taken)
                taken.add(Address(row.kind, key))
                found.append((row, key))
    return found


def _known_key(work: Work, row: Observed) -> str | None:
    if KINDS[row.kind].natural_key:
        return row.key
    return row.marker.key if row.marker and work.index.owner(row) == "ours" else None


def _free(row: Observed, taken: set[Address]) -> str:
    base = suggest_key(str(row.wire.get("name") or ""))[:56] or KINDS[row.kind].name.lower()
    key, number = base, 1
    while Address(row.kind, key) in taken:
        number += 1
        key = f"{base}_{number}"
    return key


def _exported(work: Work, row: Observed, key: str) -> Exported:
    address = Address(row.kind, key)
    if work.index.owner(row) == "foreign":
        owner = row.marker.project if row.marker else "?"
        comment = f"belongs to the project {owner}"
        return Exported(address, None, Management(manage="observe"), row.id, (comment,))
    marker = row.marker
    management = Management(
        state="draft" if row.state == "draft" else "active",
        protect=bool(marker and marker.protect),
        on_remove=marker.on_remove if marker else None,
    )
    spec = declared(work, row, key)
    silent = row.kind == "NotificationRule" and not spec.get("channels")
    return Exported(address, spec, management, row.id, tuple(_comments(work, row, address)), HIDDEN if silent else None)


def _comments(work: Work, row: Observed, address: Address) -> Iterator[str]:
    if not KINDS[row.kind].natural_key:
        yield f"live id {row.id}"
        if work.index.owner(row) == "unmarked" and work.index.has_twin(row):
            yield f"its name is not its own: say in reconciler.yaml `adopt: {{{address}: {row.id}}}`"


def declared(work: Work, row: Observed, key: str) -> dict[str, Tree]:
    """The spec of a live object with nothing in it that the server would fill in again."""
    kind = KINDS[row.kind]
    spec = dict(_sourced(kind, key, work.live_spec(row)))
    if row.assignments:
        spec["addons"] = [_offer(item) for item in sorted(row.assignments, key=lambda item: item.addon_key)]
    simple = kind.simplify(key, spec, work.feature_name) if kind.simplify else spec
    stripped = _strip(kind.shape, simple)
    return dict(stripped) if isinstance(stripped, Mapping) else {}


def _offer(item: Assignment) -> Tree:
    offer: dict[str, Tree] = {"addon": item.addon_key, "fromPlanPhase": item.from_phase}
    if item.max_quantity is not None:
        offer["maxQuantity"] = item.max_quantity
    if item.metadata:
        offer["metadata"] = dict(item.metadata)
    return offer


def _sourced(kind: Kind, key: str, spec: Mapping[str, Tree]) -> Mapping[str, Tree]:
    """No secret leaves: what the server chose is left out, a credential becomes a source to fill in."""
    out: dict[str, Tree] = {}
    for name, value in spec.items():
        field = kind.shape.fields.get(name)
        if field is None or not field.has(m.Secret):
            out[name] = value
        elif isinstance(value, Mapping):
            out[name] = {
                part: {"env": variable(key, part)} if looks_like_credential(part) else text
                for part, text in value.items()
            }
    return out


def variable(key: str, name: str) -> str:
    """The environment variable that an exported secret is to be taken from."""
    return "_".join(filter(None, (suggest_key(key), suggest_key(name.replace("-", "_"))))).upper()


def _strip(shape: Shape, value: Tree) -> Tree:
    """Without defaults; an explicit null stays, it is a decision."""
    match shape, value:
        case Object(), Mapping():
            parts = {
                name: _strip(shape.fields[name].shape, item) if name in shape.fields else item
                for name, item in value.items()
                if name not in shape.fields or not _implied(shape.fields[name], item, value)
            }
            return {name: item for name, item in parts.items() if item != {} or name not in shape.fields}
        case OneOf(), Mapping():
            variant = shape.variants.get(str(value.get(shape.tag)))
            return _strip(variant, value) if variant else value
        case ListOf(), list():
            return [_strip(shape.item, item) for item in value]
        case _:
            return value


def _implied(field: Field, value: Tree, beside: Mapping[str, Tree]) -> bool:
    default = field.get(m.ServerDefault)
    if default is not None and value == default.value:
        return True
    # A tax code's id is found again from the Stripe code beside it; alone it is all there is.
    chosen = field.get(m.ServerChosen)
    return chosen is not None and chosen.beside is None and any(name != field.name for name in beside)
