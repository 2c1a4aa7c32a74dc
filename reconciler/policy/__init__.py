"""What stands between a plan and its apply: consent per object and class, limits, freeze windows, a policy. Pure."""

from reconciler.policy.consent import Consent
from reconciler.policy.freeze import frozen
from reconciler.policy.judging import Hearing, judge
from reconciler.policy.limits import Bounds, exceeded
from reconciler.policy.recheck import stricter
from reconciler.policy.teams import Teams
from reconciler.policy.upheld import upheld

__all__ = ["Bounds", "Consent", "Hearing", "Teams", "exceeded", "frozen", "judge", "stricter", "upheld"]
