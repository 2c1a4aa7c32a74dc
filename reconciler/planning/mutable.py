"""Objects that an update changes in place: meters, channels, rules, billing profiles.

Decides create, update, adopt and replace; removal is in ``retire``. Nothing here writes: steps are collected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.kinds.kind import Kind, Situation
from reconciler.kinds.references import references
from reconciler.kinds.registry import KINDS
from reconciler.model import Action, Address, Change, ChangeClass, Observed, Resource, Tree
from reconciler.planning import couplings
from reconciler.planning.compare import Comparison, compare, with_unchecked
from reconciler.planning.diff import created
from reconciler.planning.secrets import UNCHECKED, hide
from reconciler.planning.steps import in_path
from reconciler.planning.titles import title
from reconciler.planning.work import Work, classes_of


def decide(work: Work, resource: Resource) -> None:
    """Decide one declared object that is wanted."""
    kind = KINDS[resource.address.kind]
    live = work.lives[resource.address].current
    wanted = couplings.effective(work, resource, work.wanted(resource))
    if live is None:
        create(work, resource, wanted)
        return
    if resource.management.manage == "create-only":
        work.record(Change(resource.address, Action.NO_CHANGE, location=resource.location))
        return
    comparison = compare(
        kind, wanted, work.live_spec(live), resource.management, resource.source.locate, work.options.reveal
    )
    report_stuck(work, resource, comparison)
    if work.options.write_secrets:
        comparison = with_unchecked(comparison)
    _existing(work, kind, resource, live, comparison)
    _finish_replacement(work, resource)


def create(work: Work, resource: Resource, wanted: Mapping[str, Tree], *reasons: str) -> None:
    """A new object, after everything it names."""
    kind, address = KINDS[resource.address.kind], resource.address
    add_create(work, resource, wanted)
    work.record(
        Change(
            address,
            Action.CREATE,
            actions=("create",),
            classes=couplings.classes_of_create(work, kind, wanted),
            reasons=reasons,
            fields=created(kind, hide(kind.shape, wanted), resource.source.locate),
            location=resource.location,
            title=title(address, Action.CREATE),
        )
    )


def add_create(work: Work, resource: Resource, wanted: Mapping[str, Tree], replaces: str | None = None) -> str:
    """The step that creates an object."""
    kind, address = KINDS[resource.address.kind], resource.address
    marker = work.marker(resource, replaces=replaces)
    after = ready(work, address, wanted)
    request = work.body(address, wanted, "POST", marker)
    couplings.guard_create(work, address, wanted, request)
    work.created.add(address)
    return work.steps.add(address, "create", work.collection(kind), request, after=after)


def ready(work: Work, address: Address, wanted: Mapping[str, Tree]) -> set[str]:
    """The steps that make what a spec names as it is to be."""
    named = (reference for _, reference in references(KINDS[address.kind].shape, wanted))
    return {step for reference in named for step in work.steps.last.get(reference, ())}


def report_stuck(work: Work, resource: Resource, comparison: Comparison) -> None:
    """Differences that the API cannot make are warnings, not changes."""
    for change in comparison.stuck:
        place = replace(resource, location=change.location or resource.location)
        stays = "" if change.after is not None else "the server keeps the old value; "
        how = f"{stays}to have it anyway, let the object be replaced: `lifecycle: {{replaceOn: [spec.{change.path}]}}`"
        work.warn(
            "cannot_update", f"{resource.address}: `{change.path}` cannot be updated through the API; {how}", place
        )


def _existing(work: Work, kind: Kind, resource: Resource, live: Observed, comparison: Comparison) -> None:
    owner = work.index.owner(live)
    if owner == "foreign":
        foreign(work, resource, live)
        return
    markable = kind.binding(work.options.api).marks_on_update
    adopts = owner == "unmarked" and markable and not kind.marked_only_by_create
    differs = bool(comparison.changes) or bool(work.lives[resource.address].superseded)
    differs = differs or bool(couplings.rewrites(work, resource))
    marks = owner == "ours" and markable and work.marker(resource) != _plain(live)
    verbs = kind.lifecycle.table[Situation("live", "active", differs or adopts or marks)]
    if not verbs:
        _nothing(work, resource, owner, comparison)
    elif comparison.replaces:
        _replace(work, resource, live, comparison)
    else:
        _update(work, resource, live, comparison, adopts=adopts, unmarked=owner == "unmarked")


def _plain(live: Observed) -> object:
    """The live marker without what only matters while a replacement is under way."""
    return replace(live.marker, replaces=None, content=None) if live.marker else None


def foreign(work: Work, resource: Resource, live: Observed) -> None:
    """Another project's object is never written."""
    owner = live.marker.project if live.marker else "?"
    work.guard(
        "foreign_owner",
        resource.address,
        f"{resource.address} belongs to the project `{owner}`; it is never written here. To refer to it, declare it "
        "with `lifecycle: {manage: observe}`",
    )
    work.record(Change(resource.address, Action.NO_CHANGE, location=resource.location))


def _nothing(work: Work, resource: Resource, owner: str, comparison: Comparison) -> None:
    notes = [f"`{path}` {UNCHECKED}" for path in comparison.unchecked]
    if owner == "unmarked":
        notes.append("claimed by declaration: it was here before and is as declared")
    if comparison.ignored:
        notes.append(f"{comparison.ignored} ignored differences")
    work.record(
        Change(
            resource.address,
            Action.NO_CHANGE,
            location=resource.location,
            title=title(resource.address, Action.NO_CHANGE),
            notes=tuple(notes),
            unchanged=comparison.unchanged,
        )
    )


def _update(
    work: Work, resource: Resource, live: Observed, comparison: Comparison, *, adopts: bool, unmarked: bool
) -> None:
    kind, address = KINDS[resource.address.kind], resource.address
    action = Action.ADOPT if adopts else Action.UPDATE
    marker = None if unmarked and not adopts else work.marker(resource)
    path = f"{work.collection(kind)}/{in_path(live.id)}"
    work.steps.add(
        address,
        "adopt" if adopts else "update",
        path,
        work.body(address, couplings.written(work, resource, comparison.wanted), "PUT", marker),
        after=ready(work, address, comparison.wanted),
        target_id=live.id,
    )
    if unmarked:
        work.guard("adopt", address, f"{address} exists already, made by somebody else ({live.id})", consentable=True)
    notes = [f"`{path}` {UNCHECKED}" for path in comparison.unchecked]
    old = work.lives[address].superseded
    if old is not None:
        notes.append(
            f"the object that it replaces ({old.id}) is deleted: the run that made this one did not come to it"
        )
    elif not comparison.changes:
        again = couplings.rewrites(work, resource)
        notes.append("it is written again as it is" if again else "only our marker in its metadata is written")
    if kind.name == "Meter" and unmarked:
        notes.append("if the server's own configuration file lists this meter too, the server will not start again")
    if comparison.ignored:
        notes.append(f"{comparison.ignored} ignored differences")
    work.record(
        Change(
            address,
            action,
            actions=("update", "delete") if old is not None else ("update",),
            classes=classes_of(kind, comparison.changes, *_ends(old)) or (ChangeClass.COSMETIC,),
            reasons=couplings.reasons(work, resource),
            fields=comparison.changes,
            location=resource.location,
            title=title(address, action),
            notes=tuple(notes),
            unchanged=comparison.unchanged,
        )
    )
    couplings.guard_update(work, resource, live, comparison)


def _ends(old: Observed | None) -> tuple[ChangeClass, ...]:
    """A replacement that is finished ends the old object, as the plan that began it said."""
    return (ChangeClass.DESTRUCTIVE,) if old is not None else ()


def _replace(work: Work, resource: Resource, live: Observed, comparison: Comparison) -> None:
    """A field that no update changes: meters go before they come again, the others come before the old one goes."""
    kind, address = KINDS[resource.address.kind], resource.address
    work.replaced.add(address)
    old = f"{work.collection(kind)}/{live.id}"
    if kind.natural_key:
        work.steps.add(address, "delete", old, target_id=live.id)
        add_create(work, resource, comparison.wanted)
    else:
        made = add_create(
            work, resource, couplings.written(work, resource, comparison.wanted), replaces=live.id.lower()
        )
        work.steps.add(address, "delete", old, target_id=live.id)
        # What names it goes on with the new one, and only then may the old one go.
        work.steps.last[address] = (made,)
    if work.index.owner(live) == "unmarked":
        work.guard("adopt", address, f"{address} exists already, made by somebody else ({live.id})", consentable=True)
    if work.is_protected(address, (live,)):
        protected(work, address, "replaced")
    fields = comparison.changes + comparison.stuck
    work.record(
        Change(
            address,
            Action.REPLACE,
            actions=("delete", "create") if kind.natural_key else ("create", "delete"),
            classes=classes_of(kind, fields, ChangeClass.DESTRUCTIVE),
            reasons=("immutable_field_changed",),
            fields=fields,
            location=resource.location,
            title=title(address, Action.REPLACE),
            unchanged=comparison.unchanged,
        )
    )
    couplings.guard_replace(work, resource, live, comparison)


def protected(work: Work, address: Address, what: str) -> None:
    """Protection refuses, whatever is allowed."""
    binding = KINDS[address.kind].binding(work.options.api)
    undeclared = address not in work.desired.resources and not binding.marks_on_update
    how = ", or declare it with `lifecycle: {state: absent}`" if undeclared else ", in a change of its own"
    work.guard("protected", address, f"{address} is protected and would be {what}. Take the protection away first{how}")


def _finish_replacement(work: Work, resource: Resource) -> None:
    """A killed run created the successor and did not remove the old object: remove it now."""
    old = work.lives[resource.address].superseded
    if old is None:
        return
    kind, address = KINDS[resource.address.kind], resource.address
    before = work.steps.last.get(address, ())
    work.steps.add(address, "delete", f"{work.collection(kind)}/{old.id}", name="old", target_id=old.id)
    work.steps.last[address] = before
