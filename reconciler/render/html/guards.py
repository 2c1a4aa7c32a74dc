"""What stands between the plan and its apply, and who can open it: guards, and what the policy says."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from reconciler.model import Address, Guard, Plan, Ruling
from reconciler.render import words
from reconciler.render.html.text import anchor, place

SHORT = 12
"""How many characters of a digest an approval needs to name one change."""

_EFFECTS = {
    "allow": "allowed",
    "warn": "warns",
    "consent": "needs consent",
    "notice": "needs notice",
    "deny": "forbidden",
}


@dataclass(frozen=True, slots=True)
class GuardView:
    """One guard. ``flag`` is what consents to it, empty where nothing does; ``change`` what an approval names."""

    name: str
    code: str
    about: str
    anchor: str
    message: str
    open: bool
    consent: str
    flag: str
    change: str
    team: str
    place: str


@dataclass(frozen=True, slots=True)
class RulingView:
    """What one rule of the policy says of one object, or of the plan as a whole (``about`` empty)."""

    rule: str
    effect: str
    about: str
    anchor: str
    message: str
    status: str
    team: str
    unblock: str
    announced: str
    place: str


def guards(plan: Plan) -> tuple[GuardView, ...]:
    """Every guard that the policy does not tell of already, those that are open first."""
    touched = _touched(plan)
    told = {(one.address, one.location) for one in plan.policy if one.location is not None}
    own = [guard for guard in plan.guards if (guard.address, guard.location) not in told]
    return tuple(_guard(guard, touched) for guard in sorted(own, key=lambda guard: guard.status != "open"))


def _guard(guard: Guard, touched: Set[Address]) -> GuardView:
    return GuardView(
        guard.name,
        guard.code,
        str(guard.address or ""),
        _anchor(guard.address, touched),
        _said(guard.message, guard.address),
        guard.status == "open",
        guard.consent or "",
        _flag(guard),
        guard.change[:SHORT] if guard.change and guard.consentable else "",
        guard.team or "",
        place(guard.location),
    )


def _said(message: str, about: Address | None) -> str:
    """The message as a sentence of its own, without the address that stands beside it."""
    rest = message.removeprefix(f"{about}: ")
    return rest[:1].upper() + rest[1:]


def _flag(guard: Guard) -> str:
    """What consents; a foreign draft is taken over by adopting it."""
    if guard.code == "foreign_draft":
        return f"--allow adopt:{guard.address}"
    return f"--allow {guard.name}" if guard.consentable else ""


def rulings(plan: Plan) -> tuple[RulingView, ...]:
    """Every ruling of the policy, those that are open first, then those that warn."""
    order, touched = {"open": 0, "warned": 1}, _touched(plan)
    return tuple(_ruling(one, plan, touched) for one in sorted(plan.policy, key=lambda one: order.get(one.status, 2)))


def _ruling(one: Ruling, plan: Plan, touched: Set[Address]) -> RulingView:
    return RulingView(
        one.rule,
        _EFFECTS[one.effect],
        str(one.address or ""),
        _anchor(one.address, touched),
        _said(one.message, one.address),
        one.status,
        one.team or "",
        one.unblock or "",
        f"{words.told(one.announced, plan).capitalize()}." if one.announced else "",
        place(one.location),
    )


def _touched(plan: Plan) -> Set[Address]:
    return {change.address for change in plan.changes}


def _anchor(address: Address | None, touched: Set[Address]) -> str:
    """Where the object stands in the page, nothing where it is not in the plan."""
    return anchor(address) if address in touched and address is not None else ""
