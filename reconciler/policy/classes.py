"""What a policy asks for each change class."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model import NEEDS_NO_CONSENT, Action, Change, ChangeClass, ClassNeeds, Guard, Plan, Policy
from reconciler.policy.demands import Demand, whom

MEANING = {
    ChangeClass.COSMETIC: "changes a name, a description or metadata",
    ChangeClass.OPERATIONAL: "changes who is notified of what",
    ChangeClass.ADDITIVE: "adds something",
    ChangeClass.PRICE_LOWERING: "lowers a price",
    ChangeClass.ENTITLEMENT_REDUCING: "gives new subscribers less",
    ChangeClass.PRICE_RAISING: "raises a price, or may",
    ChangeClass.BILLING_BEHAVIOUR: "changes how or when customers are billed",
    ChangeClass.METERING_SEMANTIC: "changes what is counted",
    ChangeClass.DESTRUCTIVE: "cannot be undone",
}


def of_classes(plan: Plan, policy: Policy) -> Iterator[Demand]:
    """What is written for each class of each change. Destroying is its own consent, unless a team has to give it."""
    for change in plan.changes:
        if change.action is Action.NO_CHANGE:
            continue
        for found in change.classes:
            needs = policy.needs(found)
            own = plan.mode == "destroy" and found is ChangeClass.DESTRUCTIVE
            if needs is not None and needs.effect is not None and not (own and needs.team is None):
                yield _demand(change, found, needs)


def _demand(change: Change, found: ChangeClass, needs: ClassNeeds) -> Demand:
    said = f"{change.address}: {MEANING[found]}"
    guard = _guard(change, found, needs, said)
    asks = whom(needs.team, f"{found.value}:{change.address}") if needs.effect == "consent" else None
    return Demand(found.value, needs.effect or "consent", change.address, said, needs.location, guard, asks)


def _guard(change: Change, found: ChangeClass, needs: ClassNeeds, said: str) -> Guard | None:
    """What is allowed keeps its guard, so that a reader sees which line of the policy opened it."""
    if needs.effect == "consent":
        return Guard(
            found.value, change.address, said, consentable=needs.team is None, team=needs.team, location=needs.location
        )
    if found in NEEDS_NO_CONSENT:
        return None
    origin = f"policy at {needs.location.file}:{needs.location.line}"
    return Guard(
        found.value, change.address, said, consentable=True, status="consented", consent=origin, location=needs.location
    )
