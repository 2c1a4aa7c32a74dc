"""What stands between a plan and its apply: consent per object and class, limits. Pure."""

from reconciler.policy.consent import Consent, judge
from reconciler.policy.limits import Bounds

__all__ = ["Bounds", "Consent", "judge"]
