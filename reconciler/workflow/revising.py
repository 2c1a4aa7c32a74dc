"""Documents that declare otherwise than what is live, brought to it in place; nothing uncommitted is written over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reconciler.errors import RefusedError
from reconciler.model import Acceptance, Address, Desired, Edit, Left, Observation
from reconciler.project.git import uncommitted
from reconciler.workflow.accepting import AcceptRequest, accept
from reconciler.workflow.context import Context
from reconciler.workflow.observing import refreshed


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


def revise(
    context: Context, desired: Desired, observation: Observation, chosen: Sequence[Address], *, overlay: bool
) -> Revision:
    """Change the chosen documents, or patch them in the environment's overlay. Raises ``RefusedError`` before that."""
    if not chosen:
        return Revision()
    followed = refreshed(context, desired, observation, () if overlay else chosen)
    targets = tuple(map(str, chosen))
    asked = AcceptRequest(targets=targets, to="overlay" if overlay else "auto", dry_run=True)
    acceptance = accept(context, asked)
    _require_committed(context, (*followed.desk.edits(), *acceptance.edits))
    followed.desk.save()
    if acceptance.edits:
        acceptance = accept(context, replace(asked, dry_run=False))
    return Revision(acceptance, followed.addresses, followed.left)


def _require_committed(context: Context, edits: Sequence[Edit]) -> None:
    """What is changed can be had back from git, where there is git."""
    dirty = uncommitted(context.project.root, sorted({edit.file for edit in edits}))
    if dirty:
        raise RefusedError(
            f"{', '.join(dirty)} would be changed and {'has' if len(dirty) == 1 else 'have'} changes that are not "
            "committed",
            tip="commit or stash them first; `reconciler accept --dry-run` shows what would be changed",
        )
