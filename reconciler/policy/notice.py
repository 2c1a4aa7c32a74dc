"""Notice: customers are told so many days before. Nothing shortens it but the project file.

A committed ``Approval`` says when they were told (``announced``): one that covers the class for the object, has not
expired, and is about this change where it names one. Days are those of UTC; told on the 1st with 30 days' notice, the
change may be applied from the 31st on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from reconciler.model import Action, Address, Change, ChangeClass, ClassNeeds, Guard, Plan, Policy
from reconciler.policy.consent import Consent
from reconciler.policy.demands import Demand

NOTICE = "notice"
"""The code of the guard."""


_SHORT = 12


@dataclass(frozen=True, slots=True)
class Told:
    """When customers were told of a change, by which approval; ``void`` are those that do not count, and why."""

    day: date | None = None
    origin: str = ""
    void: tuple[str, ...] = ()


def of_notice(
    plan: Plan, policy: Policy, consents: tuple[Consent, ...], today: date, digest: Callable[[Address], str] | None
) -> Iterator[Demand]:
    """One demand per change and class that asks for notice; those of one object share its guard."""
    for change in plan.changes:
        if change.action is Action.NO_CHANGE:
            continue
        asked = [(found, needs) for found in change.classes if (needs := policy.needs(found)) and needs.notice]
        told = {found: _told(consents, found, change.address, digest) for found, _ in asked}
        # The one that is fulfilled last stands in the way.
        for found, needs in sorted(asked, key=lambda one: due(told[one[0]].day, one[1].notice or 0) or date.max):
            yield demand(change, found, needs, told[found], today, digest(change.address) if digest else None)


def due(announced: date | None, days: int) -> date | None:
    """The first day on which it may be applied; None where nobody has told customers."""
    try:
        return announced + timedelta(days) if announced is not None else None
    except OverflowError:
        return date.max


def _told(
    consents: tuple[Consent, ...], found: ChangeClass, address: Address, digest: Callable[[Address], str] | None
) -> Told:
    """The earliest announcement that counts."""
    counting: list[tuple[date, str]] = []
    void: list[str] = []
    for consent in consents:
        if consent.announced is None or not consent.covers(found.value, address):
            continue
        reason = consent.fails(digest(address) if digest else None)
        if reason is None:
            counting.append((consent.announced, consent.origin))
        else:
            void.append(f"; the announcement at {consent.origin} is void: {reason}")
    day, origin = min(counting, default=(None, ""))
    return Told(day, origin, tuple(dict.fromkeys(void)))


def demand(
    change: Change, found: ChangeClass, needs: ClassNeeds, told: Told, today: date, digest: str | None = None
) -> Demand:
    """What is asked for one change and class, and whether it is fulfilled on a day. ``digest`` is the change's own."""
    first = due(told.day, needs.notice or 0)
    met = first is not None and today >= first
    said = f"{change.address}: {found.value} needs {_days(needs.notice or 0)} of notice" + "".join(told.void)
    unblock = _unblock(change.address, found, needs.notice or 0, told, first, digest)
    guard = Guard(
        NOTICE,
        change.address,
        said if met else f"{said}; {'nobody has announced it: ' if first is None else ''}{unblock}",
        consentable=False,
        status="consented" if met else "open",
        consent=f"{told.origin}, announced {told.day}" if met else None,
        change=digest,
        location=needs.location,
    )
    return Demand(found.value, "notice", change.address, said, needs.location, guard, unblock, told.day)


def _days(count: int) -> str:
    return f"{count} days" if count > 1 else "one day"


def _unblock(
    address: Address, found: ChangeClass, days: int, told: Told, first: date | None, digest: str | None
) -> str:
    if told.day is None or first is None:
        exactly = f' and `change: "{digest[:_SHORT]}"`' if digest else ""
        return (
            f"tell customers, then commit an Approval that allows `{found.value}:{address}` "
            f"with `announced: DATE`{exactly}; it may be applied {_days(days)} after that day"
        )
    return f"announced on {told.day} ({told.origin}), it may be applied from {first} on"
