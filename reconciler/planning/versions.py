"""Plans and add-ons: versions that are drafted, published and archived, and never change once they are active.

A draft is ours only if its marker matches *and* the digest recomputed from its live body and the version it was made
after equals ``reconciler.content``, which no other version carries: the server's own "next" clones metadata. Every
other draft stops the plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.kinds.kind import Kind, Situation
from reconciler.kinds.registry import KINDS
from reconciler.model import Action, Address, Change, ChangeClass, FieldChange, Observed, Question, Resource, Tree
from reconciler.planning import digest
from reconciler.planning.assignments import Attached, attach_steps, attached, detach_steps, differences
from reconciler.planning.canonical import instant_text
from reconciler.planning.compare import Comparison, compare, without_choices
from reconciler.planning.couplings import feature_keys
from reconciler.planning.diff import created
from reconciler.planning.mutable import foreign, ready
from reconciler.planning.secrets import hide
from reconciler.planning.steps import in_path, reference
from reconciler.planning.titles import drafted, published, title
from reconciler.planning.work import Work, classes_of


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one plan or add-on before it is decided."""

    resource: Resource
    kind: Kind
    wanted: Mapping[str, Tree]
    addons: tuple[Attached, ...]
    active: Observed | None
    draft: Observed | None
    comparison: Comparison | None
    """With the active version, or with the draft where there is only that."""
    fields: tuple[FieldChange, ...]
    reasons: tuple[str, ...]
    draft_fields: tuple[FieldChange, ...]

    @property
    def address(self) -> Address:
        """What is decided."""
        return self.resource.address


def decide(work: Work, resource: Resource) -> None:
    """Decide one declared plan or add-on that is wanted active or as a draft."""
    live = work.lives[resource.address]
    if not live.rows and _unreadable(work, resource):
        return
    current = live.current
    if current is not None and work.index.owner(current) == "foreign":
        foreign(work, resource, current)
        return
    if resource.management.manage == "create-only" and (current or live.draft):
        work.record(Change(resource.address, Action.NO_CHANGE, location=resource.location))
        return
    facts = _facts(work, resource)
    if live.draft is not None and not draft_is_ours(work, live.draft, live.rows) and not _claims_draft(facts):
        _foreign_draft(work, resource, live.draft)
    situation = Situation(
        live.situation(),
        resource.management.state,
        bool(facts.fields or facts.reasons),
        bool(facts.draft_fields) if facts.active and facts.draft else False,
    )
    verbs = facts.kind.lifecycle.table[situation]
    if not verbs:
        _nothing(work, facts)
    elif verbs[0] == "create":
        _create(work, facts, publish="publish" in verbs)
    elif verbs[0] == "update":
        _finish(work, facts, publish="publish" in verbs)
    else:
        drop_draft(work, facts.address, facts.draft, location=resource)


def _unreadable(work: Work, resource: Resource) -> bool:
    """A plan made through API v3 occupies its key although no v1 list shows it."""
    answer = work.ask(Question("readable", resource.address.kind, resource.address.key))
    if answer != "unreadable":
        return False
    work.guard(
        "unreadable_live_object",
        resource.address,
        f"{resource.address} exists in a form that API v1 cannot read (it was made through API v3); it can neither "
        "be compared nor replaced from here",
    )
    return True


def draft_is_ours(work: Work, draft: Observed, rows: tuple[Observed, ...]) -> bool:
    """Whether a run of ours left this draft; ``rows`` are all versions.

    The version that it was made after need not be the active one any more: another run may have published since.
    """
    if draft.marker is None or work.index.owner(draft) != "ours" or draft.marker.content is None:
        return False
    others = [row for row in rows if row.id != draft.id]
    if any(row.marker and row.marker.content == draft.marker.content for row in others):
        return False
    kind, spec = KINDS[draft.kind], work.live_spec(draft)
    return any(draft.marker.content == _content(kind, spec, before) for before in (None, *others))


def _content(kind: Kind, spec: Mapping[str, Tree], before: Observed | None) -> str:
    """The content digest, without what the server may choose (a tax code's id, or its Stripe code)."""
    return digest.content(without_choices(kind.shape, spec), before.id if before else None)


def _claims_draft(facts: Facts) -> bool:
    """Whether somebody's draft is declared as it is, to stay a draft: nothing is written, so nothing is taken over."""
    own = facts.draft_fields if facts.active else facts.fields
    return facts.resource.management.state == "draft" and not own


def _foreign_draft(work: Work, resource: Resource, draft: Observed) -> None:
    address = resource.address
    work.guard(
        "foreign_draft",
        address,
        f"{address} has a draft (version {draft.version}) that was not made here, or was edited since. Publish or "
        f"delete it where it was made, or take it over with `--allow adopt:{address}`",
    )


def _facts(work: Work, resource: Resource) -> Facts:
    kind, address = KINDS[resource.address.kind], resource.address
    live = work.lives[address]
    wanted = work.wanted(resource)
    addons = attached(work, wanted)
    base = live.current or live.draft
    comparison = _compare(work, resource, wanted, base) if base else None
    own = _own_fields(comparison)
    moved = differences(work, addons, base) if base else ()
    reasons: list[str] = []
    if base is not None and live.current is not None:
        reasons += ["active_plan_is_immutable"] if own or any(not change.note for change in moved) else []
        reasons += ["addon_version_changed"] if any(change.note for change in moved) else []
        reasons += _features_replaced(work, live.current, resource)
    beside = live.draft if live.current and live.draft else None
    return Facts(
        resource=resource,
        kind=kind,
        wanted=comparison.wanted if comparison else wanted,
        addons=addons,
        active=live.current,
        draft=live.draft,
        comparison=comparison,
        fields=tuple(sorted(own + moved, key=lambda change: change.path)),
        reasons=tuple(reasons),
        draft_fields=_own_fields(_compare(work, resource, wanted, beside)) + differences(work, addons, beside)
        if beside
        else (),
    )


def _compare(work: Work, resource: Resource, wanted: Mapping[str, Tree], row: Observed) -> Comparison:
    kind = KINDS[row.kind]
    ours = {name: value for name, value in wanted.items() if name != "addons"}
    return compare(kind, ours, work.live_spec(row), resource.management, resource.source.locate, work.options.reveal)


def _own_fields(comparison: Comparison | None) -> tuple[FieldChange, ...]:
    return comparison.changes + comparison.stuck if comparison else ()


def _features_replaced(work: Work, active: Observed, resource: Resource) -> list[str]:
    """An active version older than a feature it names is bound to the archived one of that key."""
    if resource.management.state != "active":
        return []
    for key in sorted(feature_keys(work, active)):
        address = Address("Feature", key)
        if address in work.replaced:
            return ["feature_replaced"]
        rows = work.index.rows(address)
        born, since = (rows[0].created_at if rows else None), active.effective_from
        if born and since and instant_text(born) > instant_text(since):
            return ["feature_replaced"]
    return []


def _nothing(work: Work, facts: Facts) -> None:
    row = facts.active or facts.draft
    unmarked = row is not None and work.index.owner(row) == "unmarked"
    notes = ("claimed by declaration: it was here before and is as declared",) if unmarked else ()
    comparison = facts.comparison
    work.record(
        Change(
            facts.address,
            Action.NO_CHANGE,
            location=facts.resource.location,
            title=title(facts.address, Action.NO_CHANGE),
            notes=notes,
            unchanged=comparison.unchanged if comparison else 0,
        )
    )


def _create(work: Work, facts: Facts, *, publish: bool) -> None:
    """A new version: draft, add-ons attached, published."""
    address, active = facts.address, facts.active
    marker = work.marker(facts.resource, content=_content(facts.kind, facts.wanted, active))
    request = work.body(address, facts.wanted, "POST", marker)
    after = ready(work, address, {name: value for name, value in facts.wanted.items() if name != "addons"})
    work.created.add(address)
    made = work.steps.add(address, "create", work.collection(facts.kind), request, after=after)
    links = attach_steps(work, address, reference(address), facts.addons, (made,))
    if publish:
        _publish(work, facts, reference(address), (made, *links))
    _record(work, facts, publish=publish, after=_next_version(work, address))


def _finish(work: Work, facts: Facts, *, publish: bool) -> None:
    """Our draft is brought to what is declared and, where wanted, published. Always PUT before publish."""
    address, draft = facts.address, facts.draft
    if draft is None:
        return
    currency = work.live_spec(draft).get("currency")
    if currency != facts.wanted.get("currency"):
        _start_over(work, facts, draft, publish=publish)
        return
    marker = work.marker(facts.resource, content=_content(facts.kind, facts.wanted, facts.active))
    path = f"{work.collection(facts.kind)}/{draft.id}"
    after = ready(work, address, {name: value for name, value in facts.wanted.items() if name != "addons"})
    gone = detach_steps(work, address, draft, keep=facts.addons)
    put = work.steps.add(
        address,
        "update",
        path,
        work.body(address, facts.wanted, "PUT", marker),
        after={*after, *gone},
        target_id=draft.id,
    )
    links = attach_steps(work, address, draft.id, facts.addons, (put,), existing=draft)
    if publish:
        work.published[address] = draft.id
        _publish(work, facts, draft.id, (put, *links))
    _record(work, facts, publish=publish, after=draft.version or 1)


def _start_over(work: Work, facts: Facts, draft: Observed, *, publish: bool) -> None:
    """A PUT cannot change a draft's currency: delete our draft and make it again."""
    drop = detach_steps(work, facts.address, draft, keep=())
    path = f"{work.collection(facts.kind)}/{draft.id}"
    work.steps.add(facts.address, "delete", path, target_id=draft.id, after=drop)
    _create(work, facts, publish=publish)


def _publish(work: Work, facts: Facts, ident: Tree, after: tuple[str, ...]) -> None:
    path = f"{work.collection(facts.kind)}/{in_path(ident)}/publish"
    target = ident if isinstance(ident, str) else None
    work.steps.add(facts.address, "publish", path, after=after, target_id=target)
    if facts.address.kind == "Addon":
        work.replaced.add(facts.address)


def _next_version(work: Work, address: Address) -> int:
    used = [row.version or 0 for row in work.lives[address].rows]
    return 1 + max([*used, work.observation.last_versions.get(address, 0)])


def _record(work: Work, facts: Facts, *, publish: bool, after: int) -> None:
    active, resource = facts.active, facts.resource
    before = active.version if active else None
    if active is not None and work.index.owner(active) == "unmarked":
        message = f"{facts.address} exists already, made by somebody else (version {active.version})"
        work.guard("adopt", facts.address, message, consentable=True)
    new = active is None
    fields = created(facts.kind, hide(facts.kind.shape, facts.wanted), resource.source.locate) if new else facts.fields
    action = Action.CREATE if new else Action.NEW_VERSION
    if facts.draft is not None and not publish:
        action = Action.UPDATE
    work.record(
        Change(
            facts.address,
            action,
            actions=("create", "publish") if publish else ("create",),
            classes=(facts.kind.on_create,) if new else _classes(work, facts),
            reasons=facts.reasons,
            fields=fields,
            location=resource.location,
            title=published(facts.address, before, after) if publish else drafted(facts.address, before, after),
            notes=_notes(facts, publish=publish),
            unchanged=facts.comparison.unchanged if facts.comparison and not new else 0,
            before_version=before,
            after_version=after,
        )
    )


def _classes(work: Work, facts: Facts) -> tuple[ChangeClass, ...]:
    """A cascade carries what the add-on's own change carries: its buyers come through this plan."""
    found = list(classes_of(facts.kind, tuple(change for change in facts.fields if not change.note)))
    for change in facts.fields:
        if change.note and change.path.startswith("addons["):
            cause = work.changes.get(Address("Addon", change.path[len("addons[") :].partition("]")[0]))
            found += cause.classes if cause else ()
    if "feature_replaced" in facts.reasons:
        found.append(ChangeClass.METERING_SEMANTIC)
    return tuple(sorted({*found} or {ChangeClass.COSMETIC}, key=lambda item: item.rank))


def _notes(facts: Facts, *, publish: bool) -> tuple[str, ...]:
    notes = []
    if facts.draft is not None:
        notes.append(f"our draft (version {facts.draft.version}), left by an earlier run, is finished")
    if facts.addons and facts.active is not None and publish:
        names = ", ".join(item.address.key for item in facts.addons)
        notes.append(f"add-ons attached to the new version: {names}")
    if facts.comparison and facts.comparison.ignored:
        notes.append(f"{facts.comparison.ignored} ignored differences")
    return tuple(notes)


def drop_draft(work: Work, address: Address, draft: Observed | None, *, location: Resource | None = None) -> None:
    """Our left-over draft is no longer wanted: its add-ons are detached first, then it is deleted.

    In the other order the add-on version could never be deleted. Not destructive: nobody ever saw it.
    """
    if draft is None:
        return
    kind = KINDS[address.kind]
    gone = detach_steps(work, address, draft, keep=())
    path = f"{work.collection(kind)}/{draft.id}"
    work.steps.add(address, "delete", path, target_id=draft.id, after=gone)
    work.record(
        Change(
            address,
            Action.DELETE,
            actions=("delete",),
            classes=(ChangeClass.COSMETIC,),
            reasons=("draft_not_wanted",),
            location=location.location if location else None,
            title=f"{address}: the draft (version {draft.version}) will be deleted",
            notes=("our own draft, left by an earlier run",),
        )
    )
