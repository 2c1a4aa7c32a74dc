"""What going back cannot undo: archived versions, replaced and re-created objects, subscriptions, invoices. Pure.

A version that ended is never published again, a new object has a new id, and what was billed was billed. Counts come
from the server where it gives one; what it does not tell is said without a number.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model import Action, Address, Change, Desired, Observation, Observed, Permanent, Plan, Question
from reconciler.planning.canonical import instant_text
from reconciler.planning.options import PlanOptions
from reconciler.planning.work import Work

_VERSIONED = ("Plan", "Addon")
_ENDS = (Action.ARCHIVE, Action.DELETE)


def questions(plan: Plan, observation: Observation) -> frozenset[Question]:
    """What has to be asked before it can be told."""
    plans = {change.address for change in _touched(plan) if change.address.kind == "Plan"}
    asked = {Question("subscribers", "Plan", address.key) for address in plans}
    since = _since(plan, observation)
    return frozenset(asked | ({Question("invoices", "", since)} if since else set()))


def permanent(plan: Plan, desired: Desired, observation: Observation, options: PlanOptions) -> tuple[Permanent, ...]:
    """Everything that stays as it has become, in the order of the plan; ``observation`` holds the answers."""
    work = Work(desired, observation, options)
    found = [one for change in _touched(plan) for one in _of(work, change)]
    found += _staying(work, plan)
    return (*found, *_invoices(plan, observation))


def _touched(plan: Plan) -> Iterator[Change]:
    return (change for change in plan.changes if change.action is not Action.NO_CHANGE)


def _of(work: Work, change: Change) -> Iterator[Permanent]:
    address, kind = change.address, change.address.kind
    match change.action:
        case Action.NEW_VERSION:
            before, after = change.before_version, change.after_version
            text = f"version {before} ends as version {after} begins, and is archived for good"
            yield Permanent("archived", address, f"{address}: {text}")
        case Action.CREATE if kind in _VERSIONED and work.observation.last_versions.get(address):
            text = f"what was archived stays so; the old content comes back as version {change.after_version}"
            yield Permanent("archived", address, f"{address}: {text}")
        case Action.CREATE if kind not in _VERSIONED:
            text = "it is not live and is made anew, under a new id; what names an earlier one stays with that"
            yield Permanent("created_anew", address, f"{address}: {text}")
        case Action.REPLACE:
            text = "it is replaced, under a new id; what the present one counted is not carried over"
            yield Permanent("replaced", address, f"{address}: {text}")
        case action if action in _ENDS and kind in (*_VERSIONED, "Feature"):
            yield Permanent("archived", address, f"{address}: it is archived for good; only a new one can follow")
        case _:
            pass
    if kind == "Plan":
        yield from _subscriptions(work.observation, address)


def _subscriptions(observation: Observation, address: Address) -> Iterator[Permanent]:
    count = observation.answers.get(Question("subscribers", "Plan", address.key))
    if isinstance(count, int) and count:
        who = "1 customer is on it and stays" if count == 1 else f"{count} customers are on it and stay"
        text = f"{who} on the version that was subscribed or migrated to; nobody is moved back"
        yield Permanent("subscriptions", address, f"{address}: {text}")


def _staying(work: Work, plan: Plan) -> Iterator[Permanent]:
    """What came later and is not removed, because nothing is pruned."""
    known = {*work.desired.resources, *(change.address for change in plan.changes)}
    for address, rows in sorted(work.index.owned().items()):
        if address not in known and any(row.state != "archived" for row in rows):
            text = "it is younger than that revision and stays live; --prune removes it"
            yield Permanent("stays", address, f"{address}: {text}")


def _invoices(plan: Plan, observation: Observation) -> Iterator[Permanent]:
    since = _since(plan, observation)
    if since is None:
        return
    day = since.partition(".")[0].removesuffix("Z") + "Z"
    count = observation.answers.get(Question("invoices", "", since))
    if count != 0:
        many = f": {count}" if isinstance(count, int) else "; how many there are, the server does not tell"
        what = "when the oldest of what is taken back became effective"
        yield Permanent("invoices", None, f"invoices issued since {day}, {what}, stay as they are{many}")


def _since(plan: Plan, observation: Observation) -> str | None:
    """When the oldest of what the plan takes back became effective, by the server's clock."""
    changed = {change.address for change in _touched(plan)}
    rows = (row for rows in observation.objects.values() for row in rows if row.state in ("active", "live"))
    found = [_effective(row) for row in rows if row.key is not None and Address(row.kind, row.key) in changed]
    return min(filter(None, found), default=None)


def _effective(row: Observed) -> str | None:
    updated = row.wire.get("updatedAt")
    text = row.effective_from or (updated if isinstance(updated, str) else None) or row.created_at
    return instant_text(text) if text else None
