"""Consent, per object and per class: there is no global force.

``--allow price-raising:Plan/pro`` consents to that class for that object and nothing else; kind and key may be globs,
the code may not. A committed ``Approval`` says the same, until its last day, and for one change where it names one.
Where a policy names a team neither of them does: somebody who writes a change could write those as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase

from reconciler.errors import UsageError
from reconciler.model import Address, Approval, Guard, split_consent


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent: a code, a pattern over addresses, and where it came from.

    ``change`` is the beginning of the change digest that it is given for, None for any; ``void`` why it holds no
    longer, None while it does; ``announced`` since when customers know of what it is about.
    """

    code: str
    pattern: str
    origin: str = "--allow"
    change: str | None = None
    void: str | None = None
    announced: date | None = None

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
            cls(*split_consent(text), approval.origin, approval.change, void, approval.announced)
            for text in approval.allow
        )

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


def _opens(guard: Guard) -> str | None:
    """The code of the consent that opens a guard: a foreign draft is taken over by consenting to its adoption."""
    if guard.code == "foreign_draft":
        return "adopt"
    return guard.code if guard.consentable else None


def identified(guard: Guard, digest: Callable[[Address], str] | None) -> Guard:
    """The guard with the digest of its object, for approvals that name one."""
    if digest is None or guard.address is None or guard.change is not None or _opens(guard) is None:
        return guard
    return replace(guard, change=digest(guard.address))


def answered(guard: Guard, consents: tuple[Consent, ...]) -> Guard:
    """The guard with the first consent that holds for it; else with why those that are about it do not."""
    code = _opens(guard)
    if code is None or guard.status != "open":
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
