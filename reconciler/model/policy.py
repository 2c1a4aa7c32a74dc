"""What an environment's policy says of a plan, rule by rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from reconciler.model.base import Address, Location
from reconciler.model.classes import ChangeClass

Effect = Literal["allow", "warn", "consent", "notice", "deny"]
"""What a rule asks for: nothing, a look, somebody's consent, days of notice, or another change."""

RulingStatus = Literal["met", "warned", "open"]


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one rule of the policy says of one object of a plan, or of the plan as a whole (``address`` None).

    ``rule`` is the change class that the rule is about, or the rule's own name. ``status``: ``open`` stands between
    the plan and its apply, and is also a guard. ``team`` is who has to consent, None for anybody who may apply;
    ``unblock`` says in words what is missing and who can give it, None where nothing is. ``location`` is the rule's
    place in the project file. ``announced``: since when customers know, for a rule that asks for notice.
    """

    rule: str
    effect: Effect
    address: Address | None
    message: str
    status: RulingStatus
    team: str | None = None
    unblock: str | None = None
    location: Location | None = None
    announced: date | None = None


@dataclass(frozen=True, slots=True)
class ClassNeeds:
    """What a policy asks for a change class.

    ``effect`` None: what holds without a policy. ``team`` is who must consent, None for anybody who may apply;
    ``notice`` how many days before the change customers must have been told, None for none.
    """

    effect: Literal["allow", "warn", "consent"] | None
    location: Location
    team: str | None = None
    notice: int | None = None


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One rule: an expression in CEL over a change and its plan, and what holds where it is true."""

    name: str
    when: str
    effect: Literal["warn", "consent", "deny"]
    because: str
    location: Location
    team: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What an environment asks of a plan: by change class, and by rules, which only ever ask for more."""

    classes: Mapping[ChangeClass, ClassNeeds] = field(default_factory=dict)
    rules: tuple[PolicyRule, ...] = ()

    def needs(self, found: ChangeClass) -> ClassNeeds | None:
        """What is written for a class, None where nothing is."""
        return self.classes.get(found)


NO_POLICY = Policy()
"""An environment that writes none."""
