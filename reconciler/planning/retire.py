"""Taking objects away: declared ``absent`` or ``archived``, pruned, or destroyed.

Plan and add-on: own drafts detached and deleted, the active version archived, nothing else (destroy also deletes
archived versions). Feature: archived. The rest: deleted. What the server never lets go is released or stays archived,
with its reason in the plan.
"""

from __future__ import annotations

from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import KINDS
from reconciler.model import Action, Address, Change, ChangeClass, Location, Observed
from reconciler.planning import couplings
from reconciler.planning import feature as features
from reconciler.planning.assignments import detach_steps
from reconciler.planning.mutable import foreign, protected
from reconciler.planning.secrets import held
from reconciler.planning.steps import body
from reconciler.planning.titles import title
from reconciler.planning.versions import draft_is_ours, drop_draft
from reconciler.planning.work import Work

STUCK_ADDON = "the server never deletes an add-on version that a published plan offered; it stays archived"

UNSEEN = {
    "Meter": "the server keeps a meter that a feature measures by",
    "Feature": "the server keeps a feature that a live subscription names, even one of a deleted plan",
    "BillingProfile": "the server keeps a billing profile that a customer, even a deleted one, is pinned to",
    "NotificationChannel": "the server keeps a channel that a rule of somebody else names",
}
"""Why a deletion may be refused for a reason that no list shows."""


def retire(
    work: Work,
    address: Address,
    rows: tuple[Observed, ...],
    *,
    reason: str,
    location: Location | None = None,
) -> None:
    """Remove the live side of an address; nothing live is no change."""
    kind = KINDS[address.kind]
    if location is not None and (theirs := next((row for row in rows if _is_theirs(work, row)), None)):
        foreign(work, work.desired.resources[address], theirs)
        return
    rows = tuple(row for row in rows if work.index.owner(row) != "foreign")
    live = [row for row in rows if row.state != "archived"]
    if not live and not (rows and work.options.mode == "destroy"):
        work.record(Change(address, Action.NO_CHANGE, location=location))
        return
    if work.is_protected(address, tuple(live)):
        protected(work, address, "removed")
    match kind.lifecycle.name:
        case "versioned":
            _versions(work, kind, address, rows, reason, location)
        case "create-only":
            _archive_feature(work, address, live[0], reason, location)
        case _:
            _delete(work, kind, address, live[0], reason, location)
            _delete_replaced(work, kind, address, live)


def _is_theirs(work: Work, row: Observed) -> bool:
    return work.index.owner(row) == "foreign" and row.state != "archived"


def _versions(
    work: Work, kind: Kind, address: Address, rows: tuple[Observed, ...], reason: str, location: Location | None
) -> None:
    destroying = work.options.mode == "destroy"
    there = next((row for row in rows if row.state == "draft"), None)
    draft = there if there is not None and draft_is_ours(work, there, rows) else None
    active = next((row for row in rows if row.state == "active"), None)
    if active is None and not destroying:
        drop_draft(work, address, draft)
        return
    base = work.collection(kind)
    if draft is not None:
        gone = detach_steps(work, address, draft, keep=()) if kind.name == "Plan" else ()
        work.steps.add(address, "delete", f"{base}/{draft.id}", name="draft", target_id=draft.id, after=gone)
    if active is not None:
        work.steps.add(address, "archive", f"{base}/{active.id}/archive", method="POST", target_id=active.id)
    deleted = _delete_versions(work, kind, address, rows) if destroying else False
    if not (deleted or active or draft):
        work.record(Change(address, Action.NO_CHANGE, title=title(address, Action.NO_CHANGE), notes=(STUCK_ADDON,)))
        return
    action = Action.DELETE if deleted else Action.ARCHIVE
    work.record(
        Change(
            address,
            action,
            actions=("archive", "delete") if deleted and active else ("delete",) if deleted else ("archive",),
            classes=(ChangeClass.DESTRUCTIVE,),
            reasons=(reason,),
            location=location,
            title=title(address, action),
            notes=(
                *_version_notes(kind, active, deleted=deleted, destroying=destroying),
                *_left(there if draft is None else None),
            ),
            before_version=active.version if active else None,
        )
    )


def _version_notes(kind: Kind, active: Observed | None, *, deleted: bool, destroying: bool) -> tuple[str, ...]:
    if kind.name == "Addon" and destroying and not deleted:
        return (STUCK_ADDON,)
    if active is None:
        return ()
    return (f"version {active.version} cannot be published again; existing subscriptions keep it",)


def _left(draft: Observed | None) -> tuple[str, ...]:
    if draft is None:
        return ()
    return (f"a draft (version {draft.version}) that was not made here, or was edited since, stays",)


def _delete_versions(work: Work, kind: Kind, address: Address, rows: tuple[Observed, ...]) -> bool:
    """Destroy: delete every version that the server lets go; tells whether any is."""
    base, deleted = work.collection(kind), False
    for row in sorted(rows, key=lambda item: item.version or 0):
        if row.state == "draft" or work.index.owner(row) != "ours":
            continue
        if kind.name == "Addon" and _was_offered(work, row):
            continue
        work.steps.add(
            address,
            "delete",
            f"{base}/{row.id}",
            name=f"v{row.version}",
            target_id=row.id,
            may_refuse=STUCK_ADDON if kind.name == "Addon" else None,
        )
        deleted = True
    return deleted


def _was_offered(work: Work, addon: Observed) -> bool:
    """Whether a plan version that was ever published has this add-on version attached."""
    return any(
        item.addon_id == addon.id
        for plan in work.observation.objects.get("Plan", ())
        if plan.state != "draft"
        for item in plan.assignments or ()
    )


def _archive_feature(work: Work, address: Address, live: Observed, reason: str, location: Location | None) -> None:
    blockers = features.archive_blockers(work, address.key, staying=False)
    if blockers and work.options.mode == "destroy":
        note = f"kept, the server does not archive it: {'; '.join(blockers)}"
        work.record(Change(address, Action.NO_CHANGE, title=title(address, Action.NO_CHANGE), notes=(note,)))
        return
    features.archive(work, address, live, may_refuse=_unseen(work, "Feature"))
    if blockers:
        work.guard(
            "blocked_by_server",
            address,
            f"{address} cannot be archived: {'; '.join(blockers)}. Retire the plans and end the subscriptions first",
        )
    work.record(
        Change(
            address,
            Action.ARCHIVE,
            actions=("archive",),
            classes=(ChangeClass.DESTRUCTIVE,),
            reasons=(reason,),
            location=location,
            title=title(address, Action.ARCHIVE),
        )
    )


def _delete(work: Work, kind: Kind, address: Address, live: Observed, reason: str, location: Location | None) -> None:
    if live.wire.get("default") is True and not couplings.promoted_beside(work, address):
        release(work, address, live, reason, "the server never deletes the default billing profile")
        return
    if note := _kept_by_server(work, live):
        if work.options.mode == "destroy":
            release(work, address, live, reason, note)
            return
        work.guard("blocked_by_server", address, f"{address} cannot be deleted: {note}")
    path = f"{work.collection(kind)}/{live.id}"
    work.steps.add(address, "delete", path, target_id=live.id, may_refuse=_unseen(work, kind.name))
    work.record(
        Change(
            address,
            Action.DELETE,
            actions=("delete",),
            classes=(ChangeClass.DESTRUCTIVE,),
            reasons=(reason,),
            location=location,
            title=title(address, Action.DELETE),
        )
    )


def _delete_replaced(work: Work, kind: Kind, address: Address, live: list[Observed]) -> None:
    """What a killed run has made a successor of, and not yet removed, goes with it."""
    for row in work.index.with_replaced(tuple(live))[1:]:
        path = f"{work.collection(kind)}/{row.id}"
        work.steps.add(address, "delete", path, name="old", target_id=row.id, may_refuse=_unseen(work, kind.name))


def _unseen(work: Work, kind: str) -> str | None:
    return UNSEEN.get(kind) if work.options.mode == "destroy" else None


def _kept_by_server(work: Work, live: Observed) -> str | None:
    """Why the server will not delete it, None where nothing that is listed speaks against it."""
    if pinned := couplings.pinned_customers(work, live):
        return f"the server keeps it as long as customers are pinned to it ({pinned})"
    if live.kind == "Meter" and (staying := _features_staying(work, live)):
        return f"the server keeps it as long as features measure by it: {', '.join(staying)}"
    rules = couplings.rules_left(work, live) if live.kind == "NotificationChannel" else []
    return f"the server keeps it as long as rules name it: {', '.join(rules)}" if rules else None


def _features_staying(work: Work, meter: Observed) -> list[str]:
    """The features on a meter that are there once this plan is done, measured by it still."""
    staying = []
    for feature in couplings.features_of(work, meter.key or ""):
        address = Address("Feature", feature.key or feature.id)
        declared = work.desired.resources.get(address)
        moves = declared is not None and declared.spec.get("meterSlug") not in (None, meter.key)
        goes = address in work.retiring and not features.archive_blockers(work, address.key, staying=False)
        if not (moves or goes):
            staying.append(str(address))
    return staying


def release(work: Work, address: Address, live: Observed, reason: str, note: str) -> None:
    """Let an object stay and forget it: our marker goes, where an update can take it away."""
    kind = KINDS[address.kind]
    binding = kind.binding(work.options.api)
    if not (binding.updatable and binding.marks_on_update) or kind.lifecycle.name == "versioned":
        work.record(Change(address, Action.NO_CHANGE, notes=(note,), title=title(address, Action.NO_CHANGE)))
        return
    spec = held(kind.shape, work.live_spec(live))
    if spec.get("default") is True and couplings.promoted_beside(work, address):
        spec["default"] = False
    request = body(kind, work.options.api, address.key, spec, "PUT", work.id_of, None)
    work.steps.add(address, "release", f"{binding.collection}/{live.id}", request, target_id=live.id)
    work.record(
        Change(
            address,
            Action.RELEASE,
            actions=("update",),
            classes=(ChangeClass.COSMETIC,),
            reasons=(reason,),
            title=title(address, Action.RELEASE),
            notes=(note,),
        )
    )


def orphans(work: Work) -> None:
    """Owned objects that no document declares any more: always listed, removed only when asked."""
    declared = {row.id for live in work.lives.values() for row in live.every}
    listed: list[str] = []
    for address, rows in work.index.owned().items():
        left = tuple(row for row in rows if row.id not in declared)
        standing = any(row.state != "archived" for row in left) or (work.options.mode == "destroy" and bool(left))
        if address in work.desired.resources or not standing:
            continue
        if not work.options.prune:
            listed.append(str(address))
        else:
            _prune(work, address, left)
    if work.options.prune and work.observation.capped:
        kinds = ", ".join(sorted(work.observation.capped))
        work.warn(
            "capped_list",
            f"the server lists a part of these kinds only ({kinds}): what is owned here, no longer declared and not "
            "listed is not found. Declare it with `lifecycle: {state: absent}`",
        )
    if listed:
        work.warn(
            "orphans",
            f"owned here but no longer declared, and left alone without --prune: {', '.join(listed)}",
        )


def _prune(work: Work, address: Address, rows: tuple[Observed, ...]) -> None:
    kind, row = KINDS[address.kind], rows[0]
    destroying = work.options.mode == "destroy"
    reason = "destroyed" if destroying else "removed_from_manifests"
    written = work.desired.on_remove.get(address) or (row.marker.on_remove if row.marker else None)
    keep = written == "retain" or (written is None and kind.retain_by_default and not destroying)
    if keep:
        note = "kept: its document said `onRemove: retain`" if written else "kept: meters hold history"
        release(work, address, row, reason, note)
    else:
        retire(work, address, rows, reason=reason)


def order_retirement(work: Work) -> None:
    """Whatever names an object lets go of it before it is archived or deleted."""
    from reconciler.kinds.references import references

    going = {
        step.address: step.id
        for step in work.steps.all()
        if step.verb in ("archive", "delete") and step.address in work.retiring
    }
    for kind_rows in work.observation.objects.values():
        for row in kind_rows:
            if row.state == "archived":
                continue
            owner = Address(row.kind, work.key_of(row.kind, row.id) or (row.marker.key if row.marker else row.id))
            named = {address for _, address in references(KINDS[row.kind].shape, work.live_spec(row))}
            named |= {Address("Addon", item.addon_key) for item in row.assignments or ()}
            for address in named:
                if owner in work.retiring and address in work.replaced and address.kind == "Feature":
                    _after_last_use(work, address, owner)
                # Neither rules nor add-ons keep a feature, and what they name next may have to wait for it to go.
                free = address.kind == "Feature" and owner.kind in ("NotificationRule", "Addon")
                if address in going and owner != address and not free:
                    for step in work.steps.of(address):
                        work.steps.then(step.id, work.steps.last.get(owner, ()))


def _after_last_use(work: Work, feature: Address, plan: Address) -> None:
    """A feature is archived, to come back, after the plan that goes in this run and still names it."""
    for step in work.steps.of(feature):
        if step.verb == "archive":
            work.steps.then(step.id, work.steps.last.get(plan, ()))
