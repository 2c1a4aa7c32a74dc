"""What moved between plan and apply, named. Movement of what matters to no step does not refuse a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, combinations, product

from reconciler.kinds.references import references
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Desired, Observation, Observed, Plan, Sighting, Step, Tree
from reconciler.planning import digest, moves
from reconciler.planning.options import PlanOptions
from reconciler.planning.secrets import hide
from reconciler.planning.work import Work

_SWITCHED = 6
"""Of how many channels that a half-applied plan has switched each combination is tried; beyond, a rule has moved."""


def sightings(work: Work) -> tuple[Sighting, ...]:
    """What is seen of every address that a plan looks at, absences included."""
    rows_of = {address: live.every for address, live in work.lives.items()}
    for address, rows in work.index.owned().items():
        rows_of.setdefault(address, rows)
    ordered = sorted(rows_of, key=lambda item: (KINDS[item.kind].order, item.key))
    return tuple(sighting(work, address, work.index.with_replaced(rows_of[address])) for address in ordered)


def sighting(work: Work, address: Address, rows: tuple[Observed, ...]) -> Sighting:
    """One address as it is seen: its live rows, without secrets."""
    shape = KINDS[address.kind].shape
    live = tuple(row for row in rows if row.state != "archived")
    specs = tuple(hide(shape, work.seen_spec(row)) for row in live)
    return Sighting(address, digest.fingerprint(live, specs), absent=not live, note=moves.states(live))


def moved(
    plan: Plan, observation: Observation, projects: frozenset[str], done: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """One sentence per address that matters to a step and is no longer as the plan saw it.

    ``done`` are steps whose result is there already: what they moved, they moved for this plan.
    """
    former = tuple(sorted(projects - {plan.project}))
    desired = Desired({}, plan.project, plan.target.environment, former_names=former)
    work = Work(desired, observation, PlanOptions(api=plan.target.api))
    begun = tuple(step for step in plan.steps if step.id in done)
    matters = _matters(plan) - {step.address for step in begun}
    sentences = []
    for seen in plan.observed:
        if seen.address in matters:
            rows = work.index.with_replaced(_rows(work, plan, seen.address))
            now = sighting(work, seen.address, rows)
            if now.fingerprint != seen.fingerprint and not _follows(work, seen, rows, begun):
                sentences.append(_sentence(plan, work, rows, seen, now))
    return tuple(sentences)


def _matters(plan: Plan) -> frozenset[Address]:
    """The addresses that steps write, and what those name."""
    found: set[Address] = set()
    for step in plan.steps:
        found.add(step.address)
        if step.body is not None:
            spec = KINDS[step.address.kind].binding(plan.target.api).from_wire(step.body, _no_key)
            found |= {address for _, address in references(KINDS[step.address.kind].shape, spec)}
    return frozenset(found)


def _no_key(kind: str, ident: str) -> None:
    """Ids are no keys: references by id are not needed here."""
    del kind, ident


def _rows(work: Work, plan: Plan, address: Address) -> tuple[Observed, ...]:
    """By key or marker; an object without a natural key that is being adopted, by its id."""
    rows = work.index.rows(address)
    if rows:
        return rows
    targets = (step.target_id for step in plan.steps if step.address == address and step.target_id)
    found = (work.index.by_id(address.kind, ident) for ident in targets)
    return tuple(row for row in found if row is not None)


def _follows(work: Work, seen: Sighting, rows: tuple[Observed, ...], begun: tuple[Step, ...]) -> bool:
    """Whether an object only shows what steps of this plan did to others.

    A rule hides the channels that were disabled, and shows them again; a profile is no longer the default once another
    one is.
    """
    shape = KINDS[seen.address.kind].shape
    if KINDS[seen.address.kind].natural_key or seen.absent:
        return False
    before = (_before(seen.address, hide(shape, work.seen_spec(row)), begun) for row in rows)
    return any(digest.fingerprint(rows, specs) == seen.fingerprint for specs in product(*before))


def _before(address: Address, spec: Mapping[str, Tree], begun: tuple[Step, ...]) -> Iterator[Mapping[str, Tree]]:
    """What an object may have shown before these steps, what it shows now first."""
    yield spec
    if address.kind == "BillingProfile" and any(step.address.kind == address.kind for step in begun):
        yield {**spec, "default": not spec.get("default")}
    if address.kind == "NotificationRule":
        channels = spec.get("channels")
        shown = {str(channel) for channel in channels} if isinstance(channels, list) else set()
        switched = [f"id:{step.target_id}" for step in begun if step.address.kind == "NotificationChannel"]
        for few in _subsets(switched[:_SWITCHED]):
            rest, others = {name: spec[name] for name in spec if name != "channels"}, sorted(shown ^ set(few))
            yield {**rest, "channels": others} if others else rest


def _subsets(items: list[str]) -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(items, size) for size in range(1, len(items) + 1))


def _sentence(plan: Plan, work: Work, rows: tuple[Observed, ...], seen: Sighting, now: Sighting) -> str:
    if seen.absent:
        return f"{seen.address}: was absent, now exists ({now.note})"
    if now.absent:
        return f"{seen.address}: {seen.note}, now gone"
    if seen.note != now.note:
        return f"{seen.address}: {seen.note} -> {now.note}"
    fields = moves.since_plan(plan, work, seen.address, rows)
    return f"{seen.address}: {'; '.join(fields)}" if fields else f"{seen.address}: {seen.note}, changed since"
