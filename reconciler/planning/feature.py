"""Features: created once, never updated, archived and created again where they must differ.

The server refuses to archive a feature that an active plan or a live subscription names, so such a replacement is
blocked, with the ways out in the message. Source: OpenMeter v1, features (c) and (e).
"""

from __future__ import annotations

from reconciler.kinds.kind import Situation
from reconciler.kinds.registry import KINDS
from reconciler.model import Action, Address, Change, ChangeClass, FieldChange, Observed, Question, Resource
from reconciler.planning.compare import Comparison, compare
from reconciler.planning.couplings import plans_with_feature
from reconciler.planning.mutable import add_create, create, foreign, protected, report_stuck
from reconciler.planning.titles import title
from reconciler.planning.work import Work, classes_of

CLAIMED = "claimed by declaration: it was here before and is as declared"


def decide(work: Work, resource: Resource) -> None:
    """Decide one declared feature that is wanted."""
    kind, address = KINDS[resource.address.kind], resource.address
    live = work.lives[address].current
    wanted = work.wanted(resource)
    if live is None:
        create(work, resource, wanted)
        return
    if work.index.owner(live) == "foreign":
        foreign(work, resource, live)
        return
    if resource.management.manage == "create-only":
        work.record(Change(address, Action.NO_CHANGE, location=resource.location))
        return
    comparison = compare(
        kind, wanted, work.live_spec(live), resource.management, resource.source.locate, work.options.reveal
    )
    meter = Address("Meter", str(wanted.get("meterSlug")))
    meter_replaced = meter in work.replaced
    replaces = bool(comparison.changes) or meter_replaced
    if kind.lifecycle.table[Situation("live", "active", replaces)]:
        _replace(work, resource, live, comparison, meter_replaced=meter_replaced)
        return
    report_stuck(work, resource, comparison)
    _report_marker(work, resource, live)
    notes = [CLAIMED] if work.index.owner(live) == "unmarked" else []
    if comparison.ignored:
        notes.append(f"{comparison.ignored} ignored differences")
    work.record(
        Change(
            address,
            Action.NO_CHANGE,
            location=resource.location,
            title=title(address, Action.NO_CHANGE),
            notes=tuple(notes),
            unchanged=comparison.unchanged,
        )
    )


def _report_marker(work: Work, resource: Resource, live: Observed) -> None:
    """What a document says of its own end holds without it only if the marker says so too."""
    marker, managed = live.marker, resource.management
    told = (marker.protect, marker.on_remove) if marker else (False, None)
    if (managed.protect, managed.on_remove) != told and (managed.protect or managed.on_remove):
        work.warn(
            "cannot_update",
            f"{resource.address}: `lifecycle.protect` and `lifecycle.onRemove` cannot be written to a feature that is "
            "live, so they hold as long as this document exists; `protect` in reconciler.yaml holds without it",
            resource,
        )


def _replace(work: Work, resource: Resource, live: Observed, comparison: Comparison, *, meter_replaced: bool) -> None:
    kind, address = KINDS[resource.address.kind], resource.address
    fields: tuple[FieldChange, ...] = tuple(sorted(comparison.changes + comparison.stuck, key=lambda item: item.path))
    causes = {"meter_replaced": meter_replaced, "immutable_field_changed": bool(comparison.changes)}
    reasons = tuple(reason for reason, holds in causes.items() if holds)
    if work.index.owner(live) == "unmarked":
        work.guard("adopt", address, f"{address} exists already, made by somebody else ({live.id})", consentable=True)
    if work.is_protected(address, (live,)):
        protected(work, address, "replaced")
    work.replaced.add(address)
    work.record(
        Change(
            address,
            Action.REPLACE,
            actions=("archive", "create"),
            classes=classes_of(kind, fields, ChangeClass.DESTRUCTIVE),
            reasons=reasons,
            fields=fields,
            location=resource.location,
            title=title(address, Action.REPLACE),
            notes=_named_by(work, address),
            unchanged=comparison.unchanged,
        )
    )
    archive(work, address, live)
    add_create(work, resource, comparison.wanted)
    blockers = archive_blockers(work, address.key, staying=True)
    if blockers:
        work.guard(
            "blocked_by_server",
            address,
            f"{address} cannot be replaced: {'; '.join(blockers)}. The API has no update for features and refuses to "
            "archive one in use. Ways out: give the changed feature a new key, or retire the plans first",
        )


def archive(work: Work, address: Address, live: Observed, *, may_refuse: str | None = None) -> str:
    """The step that archives a feature (its DELETE)."""
    path = f"{work.collection(KINDS['Feature'])}/{live.id}"
    return work.steps.add(address, "archive", path, method="DELETE", target_id=live.id, may_refuse=may_refuse)


def archive_blockers(work: Work, key: str, *, staying: bool) -> tuple[str, ...]:
    """Why the server would refuse to archive a feature, one sentence each; asks for subscribers where needed.

    ``staying``: the feature comes back, so plans that go on naming it block it too.
    """
    found: list[str] = []
    for row in plans_with_feature(work, key):
        plan = Address("Plan", row.key or row.id)
        if row.state == "active" and not _stops_naming(work, plan, key, staying=staying):
            found.append(f"the active {plan} (version {row.version}) names it")
        answer = work.ask(Question("subscribers", "Plan", plan.key))
        if isinstance(answer, int) and answer > 0:
            found.append(f"customers subscribe to {plan}, which names it ({answer})")
    return tuple(dict.fromkeys(found))


def _stops_naming(work: Work, plan: Address, key: str, *, staying: bool) -> bool:
    """Whether this plan run takes the feature out of the active version before the feature is archived."""
    if plan in work.retiring:
        return True
    resource = work.desired.resources.get(plan)
    if staying or resource is None or resource.management.manage != "full" or resource.management.state != "active":
        return False
    from reconciler.kinds.references import references

    named = references(KINDS["Plan"].shape, work.wanted(resource))
    return Address("Feature", key) not in {address for _, address in named}


def _named_by(work: Work, address: Address) -> tuple[str, ...]:
    """What a reader should know goes with the replacement."""
    plans = sorted({f"Plan/{row.key}" for row in plans_with_feature(work, address.key) if row.state == "active"})
    return (f"named by {', '.join(plans)}",) if plans else ()
