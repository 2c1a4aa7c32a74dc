"""How a movement of a live object is told: old -> new, by field where that can be known."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model import Address, FieldChange, Observed, Plan, Step, Tree
from reconciler.planning.verify import Intent
from reconciler.planning.work import Work

_WHOLE = frozenset({"create", "update", "adopt"})
"""Verbs whose body holds every field of the object."""

_SHOWN = 3
"""How many fields a sentence names before it counts the rest."""


def states(rows: tuple[Observed, ...]) -> str:
    """What stands there: ``active version 2``, ``draft version 3, active version 2``, ``live``, ``absent``."""
    return ", ".join(f"{row.state} version {row.version}" if row.version else row.state for row in rows) or "absent"


def fields(changes: tuple[FieldChange, ...]) -> Iterator[str]:
    """One phrase per field, and one that counts what is left."""
    for change in changes[:_SHOWN]:
        yield f"`{change.path}`: {_show(change.before)} -> {_show(change.after)}"
    if len(changes) > _SHOWN:
        yield f"and {len(changes) - _SHOWN} more fields"


def since_plan(plan: Plan, work: Work, address: Address, rows: tuple[Observed, ...]) -> tuple[str, ...]:
    """Which fields moved since a plan was made; empty where the plan does not tell how they were.

    A plan keeps fingerprints, not contents. But where it writes the whole object, what it sends without showing a
    change is what it had seen, and what it shows as a change it shows with the value before.
    """
    step = next((step for step in plan.steps if step.address == address and step.verb in _WHOLE and step.body), None)
    row = next((row for row in rows if row.state in ("live", "active")), None)
    if step is None or row is None:
        return ()
    return tuple(fields(tuple(_moved(plan, step, Intent(work, step, row, {})))))


def _moved(plan: Plan, step: Step, intent: Intent) -> Iterator[FieldChange]:
    planned = {
        field.path: field for change in plan.changes if change.address == step.address for field in change.fields
    }
    still = {difference.path: difference for difference in intent.differences()}
    for path, difference in still.items():
        before = planned[path].before if path in planned else difference.after
        if before != difference.before:
            yield FieldChange(path, before, difference.before)
    for path, field in planned.items():
        if path not in still and field.note is None and not path.startswith("addons"):
            yield FieldChange(path, field.before, field.after)


def _show(value: Tree) -> str:
    return "none" if value is None else f"`{value}`" if isinstance(value, str) else str(value)
