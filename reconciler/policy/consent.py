"""Consent, per object and per class: there is no global force.

``--allow price-raising:Plan/pro`` consents to that class for that object and nothing else; kind and key may be globs,
the code may not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from reconciler.errors import UsageError
from reconciler.model import NEEDS_NO_CONSENT, Action, Address, Change, ChangeClass, Guard, Plan
from reconciler.policy.limits import Bounds, exceeded

CONSENTABLE = ("adopt", *(item.value for item in ChangeClass if item not in NEEDS_NO_CONSENT), "empty-manifests")
"""The codes that ``--allow`` takes."""

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
    """One consent: a code, a pattern over addresses, and where it came from."""

    code: str
    pattern: str
    origin: str = "--allow"

    @classmethod
    def parse(cls, text: str, origin: str = "--allow") -> Consent:
        """Read ``CODE:KIND/KEY``; raises ``UsageError`` with the codes there are."""
        code, colon, pattern = text.partition(":")
        if code not in CONSENTABLE:
            known = ", ".join(CONSENTABLE)
            raise UsageError(f"`{text}`: there is no consent called `{code}`; there are {known}")
        if not colon and code == "empty-manifests":
            return cls(code, "*/*", origin)
        kind, slash, key = pattern.partition("/")
        if not (kind and slash and key):
            raise UsageError(f"`{text}` is not CODE:KIND/KEY, such as `price-raising:Plan/pro`")
        return cls(code, pattern, origin)

    def covers(self, code: str, address: Address | None) -> bool:
        """Whether this consents to a code for an object."""
        return code == self.code and (address is None or fnmatchcase(str(address), self.pattern))


def judge(plan: Plan, consents: Iterable[Consent], bounds: Bounds, *, population: int, embedded: bool = False) -> Plan:
    """The plan with every guard that applies to it, consented or open.

    ``embedded``: on a sandbox no class needs consent. ``destroy`` is its own consent for ``destructive``.
    """
    given = tuple(consents)
    guards = [*plan.guards, *exceeded(plan, bounds, population)]
    if not embedded:
        guards += [guard for change in plan.changes for guard in _classes(plan, change)]
    return replace(plan, guards=tuple(_answered(guard, given) for guard in guards))


def _classes(plan: Plan, change: Change) -> Iterator[Guard]:
    if change.action is Action.NO_CHANGE:
        return
    for found in change.classes:
        if found in NEEDS_NO_CONSENT or (plan.mode == "destroy" and found is ChangeClass.DESTRUCTIVE):
            continue
        yield Guard(found.value, change.address, f"{change.address}: {_MEANING[found]}", consentable=True)


def _answered(guard: Guard, consents: tuple[Consent, ...]) -> Guard:
    """A foreign draft is taken over by consenting to its adoption."""
    code = "adopt" if guard.code == "foreign_draft" else guard.code
    found = next((consent for consent in consents if consent.covers(code, guard.address)), None)
    if found is None or not (guard.consentable or guard.code == "foreign_draft"):
        return guard
    return replace(guard, status="consented", consent=found.origin)
