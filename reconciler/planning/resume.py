"""Which steps of a plan are done already: what lets a half-applied plan be applied again.

A step is done when the live catalogue shows exactly its intended result, written by us: a created object carries our
marker (a version its content digest too) and the content that was sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from reconciler.kinds import marker as markers
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Desired, Marker, Observation, Observed, Plan, Step, Tree
from reconciler.planning.options import PlanOptions, RevealSecret, no_secret
from reconciler.planning.verify import Intent, filled
from reconciler.planning.work import Work

_ASSIGNMENT = re.compile(r"/plans/(?P<plan>\{[^{}]+\}|[^/{}]+)/addons(?:/(?P<addon>\{[^{}]+\}|[^/{}]+))?$")


@dataclass(slots=True)
class Progress:
    """Done steps with the id of what each created, and the ids by reference (``Plan/pro#id``).

    ``again`` are those that look done and are sent again, because what they are for does not show.
    """

    done: dict[str, str | None] = field(default_factory=dict)
    again: set[str] = field(default_factory=set)
    ids: dict[str, str] = field(default_factory=dict)


def progress(
    plan: Plan, observation: Observation, projects: frozenset[str], reveal: RevealSecret = no_secret
) -> Progress:
    """What of a plan is there already. Pure. A secret that ``reveal`` does not tell may still have to be written."""
    former = tuple(sorted(projects - {plan.project}))
    desired = Desired({}, plan.project, plan.target.environment, former_names=former)
    work = Work(desired, observation, PlanOptions(api=plan.target.api, reveal=reveal))
    found = Progress()
    for step in plan.steps:
        if _is_done(work, step, found):
            if _hides(work, step, plan):
                found.again.add(step.id)
            else:
                found.done.setdefault(step.id, None)
    return found


def _hides(work: Work, step: Step, plan: Plan) -> bool:
    """Whether a rule may still name, unseen, a disabled channel that this plan deletes: the server would keep that."""
    if step.address.kind != "NotificationRule" or step.verb != "update":
        return False
    deleted = (other.target_id for other in plan.steps if other.verb == "delete")
    rows = (work.index.by_id("NotificationChannel", ident) for ident in deleted if ident)
    return any(row is not None and row.wire.get("disabled") is True for row in rows)


def _is_done(work: Work, step: Step, found: Progress) -> bool:
    match step.verb:
        case "create":
            return _created(work, step, found)
        case "update" | "adopt" | "release":
            row = _target(work, step, found)
            return row is not None and _same_marker(row, step) and Intent(work, step, row, found.ids).holds(surely=True)
        case "publish":
            row = _target(work, step, found)
            return row is not None and row.state == "active"
        case "archive" | "delete":
            row = _target(work, step, found)
            return step.target_id is not None and (row is None or (step.verb == "archive" and row.state == "archived"))
        case "attach" | "reattach" | "detach":
            return _assignment(work, step, found)


def _created(work: Work, step: Step, found: Progress) -> bool:
    for row in _ours(work, step.address):
        if row.state != "archived" and _same_marker(row, step) and Intent(work, step, row, found.ids).holds():
            found.done[step.id] = row.id
            found.ids[f"{step.address}#id"] = row.id
            return True
    return False


def _ours(work: Work, address: Address) -> tuple[Observed, ...]:
    return tuple(row for row in work.index.rows(address) if work.index.owner(row) == "ours")


def _same_marker(row: Observed, step: Step) -> bool:
    if not KINDS[row.kind].bindings or step.body is None:
        return False
    meant = markers.read(step.body.get("metadata"))
    return meant == row.marker or _once_replacing(meant, row)


def _once_replacing(meant: Marker | None, row: Observed) -> bool:
    """A successor whose marker a later run has written again, once there was nothing left to replace."""
    if meant is None or row.marker is None or meant.replaces in (None, row.id.lower()):
        return False
    return replace(meant, replaces=None) == row.marker


def _target(work: Work, step: Step, found: Progress) -> Observed | None:
    ident = step.target_id or found.ids.get(f"{step.address}#id")
    return work.index.by_id(step.address.kind, ident) if ident else None


def _assignment(work: Work, step: Step, found: Progress) -> bool:
    """The path names the plan version: ``/api/v1/plans/{id}/addons[/{addon id}]``."""
    plan_id, addon_id = _ids_in(step, found)
    row = work.index.by_id("Plan", plan_id) if plan_id else None
    if row is None or row.assignments is None:
        return False
    have = next((item for item in row.assignments if item.addon_id == addon_id), None)
    if step.verb == "detach":
        return have is None
    if have is None or step.body is None:
        return False
    terms: Mapping[str, Tree] = step.body
    return (
        have.from_phase == terms.get("fromPlanPhase")
        and have.max_quantity == terms.get("maxQuantity")
        and (step.verb == "attach" or dict(have.metadata) == terms.get("metadata", {}))
    )


def _ids_in(step: Step, found: Progress) -> tuple[str | None, str | None]:
    match = _ASSIGNMENT.search(step.path)
    if match is None:
        return None, None
    plan_id = _known(match["plan"], found)
    if step.verb == "attach":
        named = filled((step.body or {}).get("addonId"), found.ids)
        return plan_id, named if isinstance(named, str) else None
    return plan_id, _known(match["addon"], found)


def _known(part: str | None, found: Progress) -> str | None:
    """An id in a path: as it stands, or that of the object that ``{Kind/key#id}`` has become."""
    return found.ids.get(part[1:-1]) if part and part.startswith("{") else part
