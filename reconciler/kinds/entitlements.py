"""What a rate card entitles a subscriber to. Source of every rule: OpenMeter v1, entitlement templates."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from reconciler.kinds import markers as m
from reconciler.kinds.fields import IsoDuration, Metadata, Number, problem
from reconciler.kinds.kind import Spec


def _not_negative(value: Decimal) -> Decimal:
    if value < 0:
        raise problem("entitlement.issue_after_reset", f"`{value}` is negative; an allowance is 0 or more")
    return value


def _exact(value: Decimal) -> Decimal:
    """An allowance is stored as a binary float: refuse what would come back as another number."""
    if Decimal(repr(float(value))) != value:
        raise problem("entitlement.issue_after_reset", f"`{value}` has more digits than the server keeps (about 15)")
    return value


def _json(value: Any) -> Any:  # noqa: ANN401 - any JSON value, or its text
    if value is None or (isinstance(value, str) and not _is_json(value)):
        raise problem("entitlement.config", "`config` is a map, or the text of a JSON document other than `null`")
    return value


def _is_json(text: str) -> bool:
    try:
        return json.loads(text) is not None
    except ValueError:
        return False


class MeteredEntitlement(Spec):
    """An allowance of usage per period."""

    type: Literal["metered"]
    """An allowance of usage."""
    is_soft_limit: Annotated[bool, m.ServerDefault(value=False)] | None = None
    """Whether usage beyond the allowance is let through."""
    issue_after_reset: Annotated[Number, AfterValidator(_not_negative), AfterValidator(_exact)] | None = None
    """The allowance at the start of each period."""
    issue_after_reset_priority: Annotated[int, Field(ge=1, le=255)] | None = None
    """The priority of that allowance among grants; lower is used first."""
    preserve_overage_at_reset: bool | None = None
    """Whether what was used beyond the allowance is taken from the next one."""
    usage_period: IsoDuration | None = None
    """How often it resets; the card's billing cadence where left out."""
    metadata: Metadata | None = None
    """Free key-value pairs of your own."""


class StaticEntitlement(Spec):
    """A fixed configuration value."""

    type: Literal["static"]
    """A configuration value."""
    config: Annotated[Any, BeforeValidator(_json), m.JsonText()]
    """The value: a map, or the text of a JSON document."""
    metadata: Metadata | None = None
    """Free key-value pairs of your own."""


class BooleanEntitlement(Spec):
    """Access, or none."""

    type: Literal["boolean"]
    """Access."""
    metadata: Metadata | None = None
    """Free key-value pairs of your own."""


Entitlement = Annotated[MeteredEntitlement | StaticEntitlement | BooleanEntitlement, Field(discriminator="type")]
"""What a subscriber may use."""
