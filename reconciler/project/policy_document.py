"""The shape of ``policy`` in an environment: what each change class needs, and rules over the plan."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from reconciler.kinds.fields import problem
from reconciler.kinds.kind import Spec
from reconciler.project.naming import Name
from reconciler.project.rules import POLICY

_TEAM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(?:/[A-Za-z0-9][A-Za-z0-9_.-]*)*")
_MOST_DAYS = 3650


def _team(value: str) -> str:
    if not _TEAM.fullmatch(value):
        plain = value.removeprefix("@")
        also = f"; write `{plain}`" if _TEAM.fullmatch(plain) else "; write it like `acme/pricing`"
        raise problem(POLICY.id, f"`{value}` is no team{also}")
    return value


TeamName = Annotated[
    str, AfterValidator(_team), Field(json_schema_extra={"pattern": f"^{_TEAM.pattern}$"}, max_length=200)
]


class ClassNeedsDocument(Spec):
    """What a change of a class needs, where one word does not say it."""

    effect: Literal["allow", "warn", "consent"] | None = None
    """`allow`: nothing more; `warn`: nothing, and a warning; `consent`: of anybody who may apply. Default: as usual."""
    consent: TeamName | None = None
    """The team that must consent, such as `acme/pricing`; neither `--allow` nor an Approval stands in for it."""
    notice: Annotated[int, Field(ge=1, le=_MOST_DAYS)] | None = None
    """So many days before, customers must have been told: by an Approval that covers it and says `announced`."""

    @model_validator(mode="after")
    def _sense(self) -> ClassNeedsDocument:
        if self.consent is not None and self.effect in ("allow", "warn"):
            raise problem(POLICY.id, f"a team's consent and `effect: {self.effect}` contradict each other; leave one")
        if self.effect is None and self.consent is None and self.notice is None:
            raise problem(POLICY.id, "it asks for nothing; write `allow`, `warn`, `consent`, or `{consent: TEAM}`")
        return self


ClassNeedsValue = Literal["allow", "warn", "consent"] | ClassNeedsDocument


class ClassesDocument(Spec):
    """What changes of each class need: `allow`, `warn`, `consent`, or `{consent: TEAM, notice: DAYS}`."""

    cosmetic: ClassNeedsValue | None = None
    """Names, descriptions, metadata."""
    operational: ClassNeedsValue | None = None
    """Channels and rules of notifications."""
    additive: ClassNeedsValue | None = None
    """What only adds something."""
    price_lowering: Annotated[ClassNeedsValue | None, Field(alias="price-lowering")] = None
    """A price falls."""
    entitlement_reducing: Annotated[ClassNeedsValue | None, Field(alias="entitlement-reducing")] = None
    """New subscribers get less."""
    price_raising: Annotated[ClassNeedsValue | None, Field(alias="price-raising")] = None
    """A price rises, or may."""
    billing_behaviour: Annotated[ClassNeedsValue | None, Field(alias="billing-behaviour")] = None
    """How or when customers are billed."""
    metering_semantic: Annotated[ClassNeedsValue | None, Field(alias="metering-semantic")] = None
    """What is counted."""
    destructive: ClassNeedsValue | None = None
    """What cannot be undone: every delete, archive or replacement."""


class ConsentDocument(Spec):
    """The consent of a team."""

    consent: TeamName
    """The team that must consent, such as `acme/pricing`."""


class RuleDocument(Spec):
    """A rule of your own; it can only ask for more than the classes do."""

    name: Name
    """Unique in the environment; the guard is called `policy.NAME`."""
    when: Annotated[str, Field(min_length=1)]
    """An expression in CEL over `change` and `plan`; `reconciler explain Policy.rules.when` lists what they have."""
    effect: Literal["deny", "warn", "consent"] | ConsentDocument
    """Where `when` is true, or cannot be told: `deny`, `warn`, `consent`, or `{consent: TEAM}`."""
    because: Annotated[str, Field(min_length=1)]
    """Why; every plan that the rule is about says it."""


class PolicyDocument(Spec):
    """What an environment asks of a plan before it is applied."""

    classes: ClassesDocument | None = None
    """By change class; a class that is not here is as usual."""
    rules: list[RuleDocument] | None = None
    """Rules in CEL; those of the environment that this one extends hold as well, but for one of the same name."""
