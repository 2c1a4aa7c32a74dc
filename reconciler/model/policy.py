"""What an environment's policy says of a plan, rule by rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reconciler.model.base import Address, Location

Effect = Literal["allow", "warn", "consent", "notice", "deny"]
"""What a rule asks for: nothing, a look, somebody's consent, days of notice, or another change."""

RulingStatus = Literal["met", "warned", "open"]


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one rule of the policy says of one object of a plan, or of the plan as a whole (``address`` None).

    ``rule`` is the change class that the rule is about, or the rule's own name. ``status``: ``open`` stands between
    the plan and its apply, and is also a guard. ``team`` is who has to consent, None for anybody who may apply;
    ``unblock`` says in words what is missing and who can give it, None where nothing is. ``location`` is the rule's
    place in the project file.
    """

    rule: str
    effect: Effect
    address: Address | None
    message: str
    status: RulingStatus
    team: str | None = None
    unblock: str | None = None
    location: Location | None = None
