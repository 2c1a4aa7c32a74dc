"""Consent, per object and per class: there is no global force.

``--allow price-raising:Plan/pro`` consents to that class for that object and nothing else; kind and key may be globs,
the code may not. A committed ``Approval`` says the same, until its last day, and for one change where it names one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase

from reconciler.errors import UsageError
from reconciler.model import (
    NEEDS_NO_CONSENT,
    Action,
    Address,
    Approval,
    Change,
    ChangeClass,
    Guard,
    Plan,
    split_consent,
)
from reconciler.policy.limits import Bounds, exceeded

_MEANING = {
    ChangeClass.PRICE_LOWERING: "lowers a price",
    ChangeClass.ENTITLEMENT_REDUCING: "gives new subscribers less",
    ChangeClass.PRICE_RAISING: "raises a price, or may",
    ChangeClass.BILLING_BEHAVIOUR: "changes how or when customers are billed",
    ChangeClass.METERING_SEMANTIC: "changes what is counted",
    ChangeClass.DESTRUCTIVE: "cannot be undone",
}


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent: a code, a pattern over addresses, and where it came from.

    ``change`` is the beginning of the change digest that it is given for, None for any; ``void`` why it holds no
    longer, None while it does.
    """

    code: str
    pattern: str
    origin: str = "--allow"
    change: str | None = None
    void: str | None = None

    @classmethod
    def parse(cls, text: str, origin: str = "--allow") -> Consent:
        """Read ``CODE:KIND/KEY``; raises ``UsageError`` with the codes there are."""
        try:
            return cls(*split_consent(text), origin)
        except ValueError as error:
            raise UsageError(str(error)) from None

    @classmethod
    def of(cls, approval: Approval, today: date) -> tuple[Consent, ...]:
        """What a committed approval consents to; void after its last day."""
        expired = approval.expires is not None and approval.expires < today
        void = f"it expired after {approval.expires}" if expired else None
        return tuple(
            cls(*split_consent(text), approval.origin, approval.change, void) for text in approval.allow
        )  # fmt: skip

    def covers(self, code: str, address: Address | None) -> bool:
        """Whether this consents to a code for an object."""
        return code == self.code and (address is None or fnmatchcase(str(address), self.pattern))

    def fails(self, change: str | None) -> str | None:
        """Why it does not hold for a change with this digest, None where it does."""
        if self.void or self.change is None:
            return self.void
        if change is None:
            return "it names a change, and this is about no single object"
        if change.startswith(self.change):
            return None
        return f"it was given for the change {self.change}, this one is {change[:12]}"


def judge(
    plan: Plan,
    consents: Iterable[Consent],
    bounds: Bounds,
    *,
    population: int,
    embedded: bool = False,
    digest: Callable[[Address], str] | None = None,
) -> Plan:
    """The plan with every guard that applies to it, consented or open.

    ``embedded``: on a sandbox no class needs consent. ``destroy`` is its own consent for ``destructive``. ``digest``
    tells the change digest of an object, for approvals that name one.
    """
    given = tuple(consents)
    guards = [*plan.guards, *exceeded(plan, bounds, population)]
    if not embedded:
        guards += [guard for change in plan.changes for guard in _classes(plan, change)]
    return replace(plan, guards=tuple(_answered(_identified(guard, digest), given) for guard in guards))


def _classes(plan: Plan, change: Change) -> Iterator[Guard]:
    if change.action is Action.NO_CHANGE:
        return
    for found in change.classes:
        if found in NEEDS_NO_CONSENT or (plan.mode == "destroy" and found is ChangeClass.DESTRUCTIVE):
            continue
        yield Guard(found.value, change.address, f"{change.address}: {_MEANING[found]}", consentable=True)


def _opens(guard: Guard) -> str | None:
    """The code of the consent that opens a guard: a foreign draft is taken over by consenting to its adoption."""
    if guard.code == "foreign_draft":
        return "adopt"
    return guard.code if guard.consentable else None


def _identified(guard: Guard, digest: Callable[[Address], str] | None) -> Guard:
    if digest is None or guard.address is None or guard.change is not None or _opens(guard) is None:
        return guard
    return replace(guard, change=digest(guard.address))


def _answered(guard: Guard, consents: tuple[Consent, ...]) -> Guard:
    """The guard with the first consent that holds for it; else with why those that are about it do not."""
    code = _opens(guard)
    if code is None:
        return guard
    failed: list[str] = []
    for consent in consents:
        if not consent.covers(code, guard.address):
            continue
        reason = consent.fails(guard.change)
        if reason is None:
            return replace(guard, status="consented", consent=consent.origin)
        failed.append(f"; the approval at {consent.origin} is void: {reason}")
    return replace(guard, message=guard.message + "".join(dict.fromkeys(failed)))
