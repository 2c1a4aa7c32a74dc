"""Which add-on versions are attached to a plan version, against which should be.

Assignments are compared by add-on *version*: a plan goes on offering the old version of an add-on until it gets a new
version itself. Once a plan is published they are frozen. Source: OpenMeter v1, plan add-ons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Assignment, FieldChange, Observed, Tree
from reconciler.planning.steps import in_path
from reconciler.planning.work import Work


@dataclass(frozen=True, slots=True)
class Attached:
    """One add-on that a plan should offer; ``ident`` is the id of the version, or a reference to its creation."""

    address: Address
    ident: Tree
    from_phase: str
    max_quantity: int | None
    metadata: Mapping[str, str]

    @property
    def terms(self) -> dict[str, Tree]:
        """What is compared beside the version, as a manifest has it."""
        return _terms(self.from_phase, self.max_quantity, self.metadata)


def _terms(from_phase: str, max_quantity: int | None, metadata: Mapping[str, str]) -> dict[str, Tree]:
    terms: dict[str, Tree] = {"fromPlanPhase": from_phase}
    if max_quantity is not None:
        terms["maxQuantity"] = max_quantity
    if metadata:
        terms["metadata"] = dict(sorted(metadata.items()))
    return terms


def offers(row: Observed) -> list[Tree]:
    """The add-ons attached to a live plan version, as a manifest has them: by key, whatever their version."""
    items = sorted(row.assignments or (), key=lambda item: item.addon_key)
    return [{"addon": item.addon_key, **_terms(item.from_phase, item.max_quantity, item.metadata)} for item in items]


def attached(work: Work, wanted: Mapping[str, Tree]) -> tuple[Attached, ...]:
    """What a canonical plan spec declares under ``addons``."""
    items = cast("list[Mapping[str, Tree]]", wanted.get("addons") or [])
    return tuple(
        Attached(
            address=Address("Addon", str(item["addon"])),
            ident=work.id_of(Address("Addon", str(item["addon"]))),
            from_phase=str(item.get("fromPlanPhase") or ""),
            max_quantity=cast("int | None", item.get("maxQuantity")),
            metadata=cast("Mapping[str, str]", item.get("metadata") or {}),
        )
        for item in items
    )


def differences(work: Work, wanted: tuple[Attached, ...], row: Observed | None) -> tuple[FieldChange, ...]:
    """How the assignments of a live version differ; a mere version change carries a note."""
    if row is None:
        return ()
    live = {item.addon_key: item for item in row.assignments or ()}
    found: list[FieldChange] = []
    for want in wanted:
        have = live.pop(want.address.key, None)
        found += _pair(work, want, have)
    found += [_gone(item) for item in live.values()]
    return tuple(sorted(found, key=lambda change: change.path))


def _pair(work: Work, want: Attached, have: Assignment | None) -> list[FieldChange]:
    path = f"addons[{want.address.key}]"
    if have is None:
        return [FieldChange(path, None, want.terms)]
    terms = _terms(have.from_phase, have.max_quantity, have.metadata)
    found = [
        FieldChange(f"{path}.{name}", terms.get(name), want.terms.get(name))
        for name in ("fromPlanPhase", "maxQuantity", "metadata")
        if terms.get(name) != want.terms.get(name)
    ]
    if have.addon_id != want.ident:
        found.append(
            FieldChange(f"{path}.version", have.addon_version, _version(work, want), note="addon_version_changed")
        )
    return found


def _version(work: Work, want: Attached) -> int | None:
    change = work.changes.get(want.address)
    if change is not None and change.after_version is not None:
        return change.after_version
    live = work.lives.get(want.address)
    return live.current.version if live and live.current else None


def _gone(item: Assignment) -> FieldChange:
    return FieldChange(f"addons[{item.addon_key}]", _terms(item.from_phase, item.max_quantity, item.metadata), None)


def attach_steps(
    work: Work,
    plan: Address,
    plan_id: Tree,
    wanted: tuple[Attached, ...],
    after: tuple[str, ...],
    existing: Observed | None = None,
) -> tuple[str, ...]:
    """Attach, or bring to the declared terms, every add-on of a draft; returns the last step of each."""
    base = f"{work.collection(KINDS['Plan'])}/{in_path(plan_id)}/addons"
    live = {item.addon_id: item for item in (existing.assignments or () if existing else ())}
    done: list[str] = []
    for want in wanted:
        published = work.steps.last.get(want.address, ())
        have = live.get(want.ident) if isinstance(want.ident, str) else None
        last: tuple[str, ...] = after
        if have is None:
            request: dict[str, Tree] = {"addonId": want.ident, "fromPlanPhase": want.from_phase}
            if want.max_quantity is not None:
                request["maxQuantity"] = want.max_quantity
            step = work.steps.add(
                plan, "attach", base, request, name=want.address.key, after=(*after, *published), beside=True
            )
            done.append(step)
            last = (step,)
        if _needs_put(want, have):
            done.append(_put(work, plan, base, want, last))
    return tuple(done)


def _needs_put(want: Attached, have: Assignment | None) -> bool:
    """POST drops an assignment's metadata, so it takes a PUT; so does any other difference of an existing one."""
    if have is None:
        return bool(want.metadata)
    return _terms(have.from_phase, have.max_quantity, have.metadata) != want.terms


def _put(work: Work, plan: Address, base: str, want: Attached, after: tuple[str, ...]) -> str:
    request: dict[str, Tree] = {"fromPlanPhase": want.from_phase, "metadata": dict(want.metadata)}
    if want.max_quantity is not None:
        request["maxQuantity"] = want.max_quantity
    path = f"{base}/{in_path(want.ident)}"
    return work.steps.add(plan, "reattach", path, request, name=want.address.key, after=after, beside=True)


def detach_steps(work: Work, plan: Address, draft: Observed, keep: tuple[Attached, ...]) -> tuple[str, ...]:
    """Detach from a draft what it should not offer (another version of an add-on counts as another)."""
    kept = {want.ident for want in keep if isinstance(want.ident, str)}
    base = f"{work.collection(KINDS['Plan'])}/{draft.id}/addons"
    return tuple(
        work.steps.add(plan, "detach", f"{base}/{item.addon_id}", name=item.addon_id, beside=True)
        for item in draft.assignments or ()
        if item.addon_id not in kept
    )
