"""Documents that declare otherwise than what is live, brought to it in place; nothing uncommitted is written over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reconciler.errors import RefusedError
from reconciler.model import Acceptance, Accepted, Address, Desired, Edit, Left, Observation
from reconciler.project.git import uncommitted
from reconciler.workflow.accepting import UNMARKED, AcceptRequest, accept
from reconciler.workflow.context import Context, load_desired
from reconciler.workflow.rewriting import Rewritten, observed, patched


@dataclass(frozen=True, slots=True)
class Revision:
    """What was changed in documents.

    ``acceptance`` is about those that are managed; ``observed`` are the ones only observed that say something else
    now, ``left`` those of them that cannot.
    """

    acceptance: Acceptance | None = None
    observed: tuple[Address, ...] = ()
    left: tuple[Left, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether any file was."""
        return bool(self.observed or (self.acceptance and self.acceptance.edits))


def revise(context: Context, observation: Observation, chosen: Sequence[Address], *, overlay: bool) -> Revision:
    """Change the chosen documents, or patch them in the environment's overlay. Raises ``RefusedError`` before that."""
    if not chosen:
        return Revision()
    desired = load_desired(context)
    followed = observed(context, desired, observation, () if overlay else chosen)
    asked = AcceptRequest(targets=tuple(map(str, chosen)), to="overlay" if overlay else "auto", dry_run=True)
    acceptance = accept(context, asked)
    _require_committed(context, (*followed.desk.edits(), *acceptance.edits))
    followed.desk.save()
    if acceptance.edits:
        acceptance = accept(context, replace(asked, dry_run=False))
    if overlay:
        acceptance = _patched(context, observation, acceptance)
    # A document that says what is live needs no change, whoever's the object is.
    left = tuple(one for one in acceptance.left if one.reason != UNMARKED)
    return Revision(replace(acceptance, left=left), followed.addresses, followed.left)


def _patched(context: Context, observation: Observation, acceptance: Acceptance) -> Acceptance:
    """What could not be accepted value by value, as one patch per object."""
    desired = load_desired(context)
    there = [one.address for one in acceptance.left if one.address in desired.resources]
    whole: Rewritten = patched(context, desired, observation, dict.fromkeys(there))
    _require_committed(context, whole.desk.edits())
    whole.desk.save()
    return replace(
        acceptance,
        left=tuple(one for one in acceptance.left if one.address not in whole.addresses),
        edits=(*acceptance.edits, *whole.desk.edits()),
        accepted=(*acceptance.accepted, *(_as_a_whole(address, desired) for address in whole.addresses)),
        written=acceptance.written or bool(whole.addresses),
    )


def _as_a_whole(address: Address, desired: Desired) -> Accepted:
    return Accepted(address, "", "declared", "as it is live", "overlay", desired.resources[address].location)


def _require_committed(context: Context, edits: Sequence[Edit]) -> None:
    """What is changed can be had back from git, where there is git."""
    dirty = uncommitted(context.project.root, sorted({edit.file for edit in edits}))
    if dirty:
        raise RefusedError(
            f"{', '.join(dirty)} would be changed and {'has' if len(dirty) == 1 else 'have'} changes that are not "
            "committed",
            tip="commit or stash them first; `reconciler accept --dry-run` shows what would be changed",
            reason="uncommitted",
        )
