"""One thing that a policy says of a plan: before it is answered a demand, afterwards a ruling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from reconciler.model import Address, Effect, Guard, Location, Problem, Ruling, RulingStatus

WARNING = "policy.warning"
"""The rule of what a policy warns of."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What one rule asks for one object, or for the plan. ``rule`` is a change class or the rule's own name.

    ``guard`` is what it puts between the plan and its apply, None for nothing; ``unblock`` says who can take it away.
    """

    rule: str
    effect: Effect
    address: Address | None
    message: str
    location: Location | None
    guard: Guard | None = None
    unblock: str | None = None
    announced: date | None = None

    @property
    def warning(self) -> Problem | None:
        """What the plan warns of, where that is all the rule asks for."""
        if self.effect != "warn":
            return None
        return Problem(WARNING, self.message, self.location, address=self.address, severity="warning")

    def ruling(self, guards: Mapping[str, Guard]) -> Ruling:
        """What is said of it in the plan, with what became of its guard."""
        found = guards.get(self.guard.name) if self.guard else None
        if self.effect == "notice":  # several classes of one change share a guard
            found = self.guard
        opened = found is not None and found.status == "open"
        status: RulingStatus = "warned" if self.effect == "warn" else "open" if opened else "met"
        return Ruling(
            self.rule,
            self.effect,
            self.address,
            self.message,
            status,
            team=found.team if found else None,
            unblock=self.unblock if opened else None,
            location=self.location,
            announced=self.announced,
        )


def whom(team: str | None, flag: str) -> str:
    """Who can give a consent, and how."""
    if team is None:
        return f"anybody who may apply consents with `--allow {flag}`, or a committed Approval does"
    return f"an approving review of a member of {team}"
