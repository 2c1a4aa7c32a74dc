"""Whether what would be done now is what was approved. Pure.

An approval is a plan that somebody has looked at. What is applied is planned anew, and is one of four things beside it:

- **equal**: the same change digest. Whatever the age of the approval, exactly this was looked at.
- **nothing**: there is nothing left to do, and what was approved is live: somebody has applied it already.
- **rest**: an apply of it was cut off. What is left cannot have the digest of the whole (a draft that was meant to be
  created is there, and so on), so it is not compared by digest: the approved plan itself goes on, which skips each step
  whose exact result is live and carries our marker. That is allowed where the same is declared as was then, where
  nothing that matters to a step moved but by the steps of this plan, and where the plan made now and the rest of the
  approved one are about the same objects, with no guard that the approved one did not show. Where no step of it is
  done, nothing was cut off, and a digest that differs is another change.
- **changed**: anything else. Nobody has approved it.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace

from reconciler.errors import ForeignPlanError, PlanChangedError
from reconciler.model import Action, Address, Observation, Plan, Standing, Step, Tree
from reconciler.planning import planfile
from reconciler.planning.options import RevealSecret, no_secret
from reconciler.planning.replanned import compare, effective
from reconciler.planning.resume import Progress, progress
from reconciler.planning.stale import moved

LIVE = "live already"
"""What stands for the consent to something that an apply which was cut off has done."""

_REMOVALS = (Action.ARCHIVE, Action.DELETE, Action.RELEASE)


@dataclass(frozen=True, slots=True)
class Compared:
    """How a plan made now stands beside the approved one; ``left`` are the objects that the rest is about."""

    standing: Standing
    left: tuple[Address, ...] = ()


def require_same_target(approved: Plan, now: Plan) -> None:
    """Raises ``ForeignPlanError`` for an approval of something else than the environment that is planned for."""
    one, other = approved.target, now.target
    for what, before, after in (
        ("the environment", one.environment, other.environment),
        ("the project", approved.project, now.project),
        ("a run of kind", approved.mode, now.mode),
        ("the namespace", one.identity or one.endpoint, other.identity or other.endpoint),
    ):
        if before != after:
            raise ForeignPlanError(
                f"what was approved is a plan for {what} {before}, not for {after}",
                tip="give the approved plan of this environment",
            )


def require_equal(approved: Plan, now: Plan) -> None:
    """Raises ``PlanChangedError`` with the differences, unless both plans are the same change to the same target."""
    require_same_target(approved, now)
    if planfile.change_digest(approved) != planfile.change_digest(now):
        raise changed(approved, now)


def changed(approved: Plan, now: Plan) -> PlanChangedError:
    """The refusal of a plan that nobody has approved."""
    return PlanChangedError(
        compare(approved, now),
        f"what would be done now is not what was approved for {now.target.environment}",
        tip="have the plan of now approved: `reconciler plan -o FILE`, or a new pull request",
    )


def stand(
    approved: Plan,
    now: Plan,
    observation: Observation,
    projects: frozenset[str],
    reveal: RevealSecret = no_secret,
) -> Compared:
    """How ``now``, planned from ``observation``, stands beside ``approved``, for the same target.

    ``projects`` are the names under which objects are ours; ``reveal`` reads secrets for comparing them.
    """
    if planfile.change_digest(approved) == planfile.change_digest(now):
        return Compared("equal")
    reached = progress(approved, observation, projects, reveal)
    left = tuple(dict.fromkeys(step.address for step in approved.steps if step.id not in reached.done))
    if now.is_empty and not now.guards:
        return Compared("nothing" if not left or _is_live(approved, now, left) else "changed")
    is_rest = (
        bool(reached.done or reached.again)  # else nothing of it was applied, and it is another change
        and _declares_the_same(approved, now)
        and set(left) == set(effective(now))
        and set(left) <= set(effective(approved))
        and set(planfile.guard_names(now)) <= set(planfile.guard_names(approved))
        and _sends_nothing_else(approved, now, reached)
        and not moved(approved, observation, projects, frozenset(reached.done) | reached.again)
    )
    return Compared("rest", left) if is_rest else Compared("changed")


def finished(approved: Plan, left: Container[Address]) -> Plan:
    """The approved plan, in which nothing stands before an object that is live already as this plan meant it.

    Its guards stay, so that it goes on to be the change that was approved, by its digest too.
    """
    over = {step.address for step in approved.steps if step.address not in left}
    guards = (replace(one, status="consented", consent=LIVE) if one.address in over else one for one in approved.guards)
    rulings = (
        replace(one, status="met", unblock=None) if one.address in over and one.status == "open" else one
        for one in approved.policy
    )
    return replace(approved, guards=tuple(guards), policy=tuple(rulings))


def _is_live(approved: Plan, now: Plan, left: tuple[Address, ...]) -> bool:
    """Whether what was approved is live, though not by these steps: all that is declared is, and it is the same.

    A plan that finds nothing to do says nothing of what it did not look at, nor of what it was told not to remove.
    """
    changes = effective(approved)
    removed = any(address not in changes or changes[address].action in _REMOVALS for address in left)
    return now.complete and not removed and _declares_the_same(approved, now)


def _sends_nothing_else(approved: Plan, now: Plan, reached: Progress) -> bool:
    """Whether every request that is left of the approved plan is one of the plan made now.

    The approved plan's own steps are run, and a plan file says of itself what it declares: whoever could write one must
    not get anything sent that the manifests at hand do not ask for.
    """
    wanted = [_sent(step, reached) for step in now.steps]
    left = (step for step in approved.steps if step.id not in reached.done and step.id not in reached.again)
    return all(_sent(step, reached) in wanted for step in left)


def _sent(step: Step, reached: Progress) -> tuple[Tree, ...]:
    """What a step sends, with the ids that are known by now."""
    path = step.path
    for name, ident in reached.ids.items():
        path = path.replace(f"{{{name}}}", ident)
    return str(step.address), step.verb, step.method, path, _known(step.body, reached.ids)


def _known(tree: Tree, ids: Mapping[str, str]) -> Tree:
    match tree:
        case {"$ref": str(name), **rest} if not rest and name in ids:
            return ids[name]
        case Mapping():
            return {key: _known(item, ids) for key, item in tree.items()}
        case list() | tuple():
            return [_known(item, ids) for item in tree]
        case _:
            return tree


def _declares_the_same(approved: Plan, now: Plan) -> bool:
    one, other = approved.source, now.source
    return bool(one.manifests) and (one.manifests, one.bundle) == (other.manifests, other.bundle)
