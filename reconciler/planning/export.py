"""From what is live to what a person would have written: the declared form of live objects. Pure.

Defaults are left out, references are keys, no secret is written. Objects without a key get one from their name,
unique and stable. A plan of the result holds nothing but adoptions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from reconciler.kinds import markers as m
from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import KINDS
from reconciler.kinds.secrets import looks_like_credential, looks_like_credential_value
from reconciler.kinds.shape import Field, ListOf, Object, OneOf, Scalar, Shape
from reconciler.model import Address, Assignment, Desired, Manage, Management, Observation, Observed, Tree
from reconciler.planning.current import current_rows
from reconciler.planning.export_keys import keys_for, words
from reconciler.planning.options import PlanOptions
from reconciler.planning.versions import draft_is_ours
from reconciler.planning.work import Work

_HIDDEN = "all its channels are disabled, and the server does not show which they are"


@dataclass(frozen=True, slots=True)
class Exported:
    """One live object as a document.

    ``spec`` is None where no document can say what it is, or another project says it: it is only observed. ``adopt``:
    nothing but its id tells which live object is meant, until it carries our marker. ``secrets`` are the variables
    that the document takes secrets from, each with what it is. ``notes`` say what of the object the document does not.
    ``declared``: a document of this address exists. ``marked``: it carries a marker, ours or another project's.
    """

    address: Address
    spec: Mapping[str, Tree] | None
    management: Management
    id: str
    notes: tuple[str, ...] = ()
    adopt: bool = False
    secrets: tuple[tuple[str, str], ...] = ()
    declared: bool = False
    marked: bool = False

    def observed(self, why: str) -> Exported:
        """The same object, only observed, with the reason."""
        notes = (*self.notes, f"only observed: {why}")
        return replace(self, spec=None, management=Management(manage="observe"), notes=notes, secrets=())

    def managed(self, manage: Manage) -> Exported:
        """The same object, managed less than in full."""
        if self.management.manage != "full" or manage == "full":
            return self
        return replace(self, management=replace(self.management, manage=manage))


def export(observation: Observation, desired: Desired) -> tuple[Exported, ...]:
    """Every live object but archived versions and the server's own profile, in create order and by key.

    ``desired`` is what the project declares already, if anything: what a document stands for keeps its key.
    """
    work = Work(desired, observation, PlanOptions())
    for resource in desired.resources.values():
        work.match(resource)
    chosen = [row for name in KINDS for row in current_rows(observation.objects.get(name, ()))]
    keys = keys_for(work, chosen)
    work.know({(row.kind, row.id): key for row, key in keys})
    found = [_exported(work, row, key) for row, key in keys]
    return tuple(sorted(found, key=lambda item: (KINDS[item.address.kind].order, item.address.key)))


def _exported(work: Work, row: Observed, key: str) -> Exported:
    address, marker = Address(row.kind, key), row.marker
    owner, natural = work.index.owner(row), KINDS[row.kind].natural_key
    found = Exported(
        address=address,
        spec=None,
        management=Management(
            state="draft" if row.state == "draft" else "active",
            protect=bool(marker and marker.protect),
            on_remove=marker.on_remove if marker else None,
        ),
        id=row.id,
        adopt=not natural and owner != "ours",
        declared=address in work.desired.resources,
        marked=owner != "unmarked",
    )
    if owner == "foreign":
        return found.observed(f"it belongs to the project {marker.project if marker else '?'}")
    spec, secrets = declared(work, row, key), tuple(_variables(KINDS[row.kind], key, work.live_spec(row)))
    if row.kind == "NotificationRule" and not spec.get("channels"):
        return found.observed(_HIDDEN)
    found = replace(found, spec=spec, secrets=secrets)
    draft = _somebodys_draft(work, row)
    why = f"version {draft} is a draft that was not made here; publish or delete it, then export again"
    return found.observed(why) if draft is not None else found


def _somebodys_draft(work: Work, row: Observed) -> int | None:
    """The version of a draft beside the active one that is not ours: a plan stops for it."""
    rows = work.index.rows(Address(row.kind, row.key or "")) if row.state == "active" else ()
    drafts = (other for other in rows if other.state == "draft" and not draft_is_ours(work, other, rows))
    return next((other.version for other in drafts), None)


def declared(work: Work, row: Observed, key: str) -> dict[str, Tree]:
    """The spec of a live object with nothing in it that the server would fill in again."""
    kind = KINDS[row.kind]
    spec = dict(_sourced(kind, key, work.live_spec(row)))
    if row.assignments:
        spec["addons"] = [_offer(item) for item in sorted(row.assignments, key=lambda item: item.addon_key)]
    return simplified(work, kind, key, spec)


def simplified(work: Work, kind: Kind, key: str, spec: Mapping[str, Tree]) -> dict[str, Tree]:
    """A canonical spec without defaults and what its own other values imply."""
    simple = kind.simplify(key, dict(spec), work.feature_name) if kind.simplify else spec
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
                part: {"env": variable(key, part)} if _is_credential(part, text) else text
                for part, text in value.items()
            }
    return out


def _variables(kind: Kind, key: str, spec: Mapping[str, Tree]) -> Iterator[tuple[str, str]]:
    """The variables that ``_sourced`` names, each with what it is to hold."""
    for name, value in spec.items():
        field = kind.shape.fields.get(name)
        if field is not None and field.has(m.Secret) and isinstance(value, Mapping):
            yield from ((variable(key, part), part) for part, text in value.items() if _is_credential(part, text))


def _is_credential(name: str, value: Tree) -> bool:
    return looks_like_credential(name) or (isinstance(value, str) and looks_like_credential_value(value))


def variable(key: str, name: str) -> str:
    """The environment variable that an exported secret is to be taken from."""
    return "_".join(filter(None, (words(key), words(name)))).upper()


def _strip(shape: Shape, value: Tree) -> Tree:
    """Without defaults; an explicit null stays, it is a decision."""
    match shape, value:
        case Object(), Mapping():
            parts = {
                name: _strip(shape.fields[name].shape, item) if name in shape.fields else item
                for name, item in value.items()
                if name not in shape.fields or not _implied(shape.fields[name], item, value)
            }
            return {name: item for name, item in parts.items() if item != {} or not _empties(shape, name)}
        case OneOf(), Mapping():
            variant = shape.variants.get(str(value.get(shape.tag)))
            return _strip(variant, value) if variant else value
        case ListOf(), list():
            return [_strip(shape.item, item) for item in value]
        case _:
            return value


def _empties(shape: Object, name: str) -> bool:
    """Whether nothing in this field is the same as no field; an empty JSON document is a value."""
    return name in shape.fields and not isinstance(shape.fields[name].shape, Scalar)


def _implied(field: Field, value: Tree, beside: Mapping[str, Tree]) -> bool:
    default = field.get(m.ServerDefault)
    if default is not None and value == default.value:
        return True
    # A tax code's id is found again from the Stripe code beside it; alone it is all there is.
    chosen = field.get(m.ServerChosen)
    return chosen is not None and chosen.beside is None and any(name != field.name for name in beside)
