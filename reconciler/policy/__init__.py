"""What stands between a plan and its apply: consent per object and class, limits, freeze windows. Pure."""

from reconciler.policy.consent import Consent, judge
from reconciler.policy.freeze import frozen
from reconciler.policy.limits import Bounds

__all__ = ["Bounds", "Consent", "frozen", "judge"]
