"""``plan``: what would have to be done so that what is live becomes what is declared. Pure and deterministic."""

from __future__ import annotations

from reconciler.kinds.registry import KINDS
from reconciler.model import (
    Action,
    Address,
    Change,
    Desired,
    Guard,
    Observation,
    Plan,
    Resource,
    Target,
)
from reconciler.planning import couplings, feature, mutable, retire, versions
from reconciler.planning.live import Live
from reconciler.planning.options import Needs, PlanOptions
from reconciler.planning.sharing import attributed
from reconciler.planning.stale import sightings
from reconciler.planning.work import Work

_STOPS = frozenset({"foreign_draft", "duplicate_marker"})
"""Guards under which no complete plan can be made."""


def plan(desired: Desired, observation: Observation, options: PlanOptions) -> Plan | Needs:
    """The plan, without times and consents (policy adds those); or the questions to answer first."""
    work = Work(desired, observation, options)
    resources = _in_scope(desired, options)
    for resource in resources:
        _match(work, resource)
    _claimed_once(work)
    _mark_retiring(work, resources)
    for resource in resources:
        _decide(work, resource)
    if desired.complete and options.only is None:
        retire.orphans(work)
    if work.questions:
        return Needs(frozenset(work.questions))
    couplings.guard_late(work)
    couplings.order_late(work)
    retire.order_retirement(work)
    _empty_manifests(work)
    _break_circle(work)
    return Plan(
        target=Target(desired.environment, observation.endpoint, observation.identity, options.api),
        project=desired.project,
        changes=attributed(_ordered(work), desired.documents),
        steps=work.steps.all(),
        guards=tuple(work.guards),
        observed=sightings(work),
        warnings=(*desired.warnings, *work.warnings),
        unchanged=len(work.unchanged),
        mode=options.mode,
        complete=desired.complete and options.only is None,
        scheduled=desired.scheduled,
        write_secrets=options.write_secrets,
        requests=observation.requests,
        seconds=observation.seconds,
    )


def stops(made: Plan) -> tuple[Guard, ...]:
    """The open guards for which the plan cannot even be drawn up: a foreign draft, two objects with one marker."""
    return tuple(guard for guard in made.open_guards if guard.code in _STOPS)


def _in_scope(desired: Desired, options: PlanOptions) -> list[Resource]:
    chosen = [
        resource for address, resource in desired.resources.items() if options.only is None or address in options.only
    ]
    return sorted(chosen, key=lambda item: (KINDS[item.address.kind].order, item.address.key))


def _match(work: Work, resource: Resource) -> None:
    live = work.match(resource)
    address = resource.address
    if live.duplicates:
        ids = ", ".join(row.id for row in (*live.rows, *live.duplicates))
        work.guard(
            "duplicate_marker", address, f"{address}: several live objects carry its marker: {ids}; delete all but one"
        )
    if live.candidates:
        ids = ", ".join(row.id for row in live.candidates)
        name = work.desired.environment
        work.guard(
            "ambiguous_match",
            address,
            f"{address}: several unmarked live objects have its name: {ids}. Say which in reconciler.yaml: "
            f"`environments: {{{name}: {{adopt: {{{address}: ID}}}}}}`, or declare another name",
        )

    chosen = work.desired.adopt.get(address)
    if chosen is not None and not live.rows and resource.management.state != "absent":
        work.guard(
            "not_found",
            address,
            f"{address}: reconciler.yaml says to adopt {chosen} for it, and no live {address.kind} has that id",
        )


def _claimed_once(work: Work) -> None:
    """Two documents cannot both be one live object: it stays with the one that its marker names, if any."""
    claims: dict[tuple[str, str], list[Address]] = {}
    for address, live in work.lives.items():
        for row in () if KINDS[address.kind].natural_key else live.rows:
            claims.setdefault((row.kind, row.id), []).append(address)
    for (_, ident), addresses in claims.items():
        row = work.lives[addresses[0]].rows[0]
        marked = Address(row.kind, row.marker.key) if row.marker and work.index.owner(row) == "ours" else None
        for address in addresses if len(addresses) > 1 else ():
            if address == marked:
                continue
            others = ", ".join(str(other) for other in addresses if other != address)
            work.lives[address] = Live(address, candidates=(row,))
            work.guard(
                "ambiguous_match",
                address,
                f"{address}: the live object that it matches ({ident}) is matched by {others} too. Say which it is in "
                f"reconciler.yaml: `environments: {{{work.desired.environment}: {{adopt: {{{address}: {ident}}}}}}}`, "
                "or declare another name",
            )


def _mark_retiring(work: Work, resources: list[Resource]) -> None:
    """Who goes is known before anything is decided: a feature may go once the plans that name it go too."""
    work.retiring |= {resource.address for resource in resources if resource.management.state in ("absent", "archived")}
    if work.options.prune and work.desired.complete and work.options.only is None:
        work.retiring |= {address for address in work.index.owned() if address not in work.desired.resources}


def _decide(work: Work, resource: Resource) -> None:
    kind = KINDS[resource.address.kind]
    live = work.lives[resource.address]
    if live.candidates or live.duplicates:
        work.record(Change(resource.address, Action.NO_CHANGE, location=resource.location))
    elif resource.management.manage == "observe":
        _observe(work, resource)
    elif resource.management.state in ("absent", "archived"):
        retire.retire(
            work,
            resource.address,
            live.rows,
            reason=f"declared_{resource.management.state}",
            location=resource.location,
        )
    elif kind.lifecycle.name == "versioned":
        versions.decide(work, resource)
    elif kind.lifecycle.name == "create-only":
        feature.decide(work, resource)
    else:
        mutable.decide(work, resource)


def _observe(work: Work, resource: Resource) -> None:
    """Declared to be somewhere else's: it must exist, and is never written, counted or pruned."""
    live = work.lives[resource.address]
    if live.current is None and live.draft is None:
        work.guard(
            "not_found",
            resource.address,
            f"{resource.address} is declared with `manage: observe` and does not exist",
        )


def _empty_manifests(work: Work) -> None:
    removes = any(change.action in (Action.ARCHIVE, Action.DELETE) for change in work.changes.values())
    if not work.desired.resources and removes and work.options.mode != "destroy":
        work.guard(
            "empty-manifests",
            None,
            "no document declares anything, and everything owned here would be removed",
            consentable=True,
        )


def _break_circle(work: Work) -> None:
    """Changes that wait for each other cannot be made in one run: the server keeps what is still named."""
    circle = sorted(work.steps.circle(), key=lambda address: (KINDS[address.kind].order, address.key))
    if not circle:
        return
    names = ", ".join(map(str, circle))
    work.guard(
        "blocked_by_server",
        circle[0],
        f"these changes wait for each other, so no order of them is possible in one run: {names}. Make them in two: "
        "first what takes the old objects out of use, then what replaces or removes them",
    )
    work.steps.drop(frozenset(circle))


def _ordered(work: Work) -> tuple[Change, ...]:
    addresses = sorted(work.changes, key=lambda address: (KINDS[address.kind].order, address.key))
    return tuple(work.changes[address] for address in addresses)
