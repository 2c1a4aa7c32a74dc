"""What cannot be billed is no finding: the rules about money never fail."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.errors import PricingError
from reconciler.kinds.kind import Finding

_UNBILLABLE = (PricingError, ArithmeticError, ValueError)
"""What the server would refuse, and dates and numbers beyond what can be computed."""


def settled(findings: Iterable[Finding]) -> list[Finding]:
    """What a rule finds, up to what cannot be billed."""
    found: list[Finding] = []
    try:
        found.extend(findings)
    except _UNBILLABLE:
        return found
    return found
