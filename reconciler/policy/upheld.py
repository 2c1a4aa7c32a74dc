"""What the policy asked of a plan when it was approved goes on to be asked when it is applied.

Else a change could bring along the policy that lets it through: it is reviewed under the policy of before, and applied
under its own. What became stricter meanwhile is judged anew as everything is; here is only what became laxer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reconciler.model import POLICY, Guard, Plan, Policy
from reconciler.policy.notice import NOTICE
from reconciler.policy.teams import Teams

_LAXER = "; the approved plan asks for it, and the policy of now does not: have the plan approved anew"


def upheld(approved: Plan, made: Plan, policy: Policy, teams: Teams) -> Plan:
    """A plan, judged by the policy of now, with what only the policy of its approval asks for, open or consented.

    A team that had to consent still has to. Notice and denials still hold where the policy of now has none of the kind;
    of a rule that it still has, what that rule says now counts.
    """
    now = {guard.name: guard for guard in made.guards}
    more = {guard.name: guard for guard in _asked(approved, now, policy, teams)}
    guards = (*(more.pop(guard.name, guard) for guard in made.guards), *more.values())
    return replace(made, guards=guards)


def _asked(approved: Plan, now: dict[str, Guard], policy: Policy, teams: Teams) -> Iterator[Guard]:
    for guard in approved.guards:
        today = now.get(guard.name)
        if guard.team is not None:
            if today is None or today.status == "consented":  # what is open stands in the way already
                yield _both(teams.answered(replace(guard, status="open", consent=None), ()), today)
        elif today is None and guard.status == "open" and _ended(guard, policy):
            yield replace(guard, message=guard.message + _LAXER)


def _both(then: Guard, today: Guard | None) -> Guard:
    """One guard for what was asked for then and is asked for today, which is consented to already."""
    if today is None or then.status == "open":
        return then
    said = dict.fromkeys(one for one in (then.consent, today.consent) if one)
    return replace(today, consent="; ".join(said))


def _ended(guard: Guard, policy: Policy) -> bool:
    """Whether a guard that nothing opens came from something that the policy has no more."""
    if guard.code == NOTICE:
        return True
    denied = guard.code.startswith(POLICY) and not guard.consentable
    return denied and all(f"{POLICY}{rule.name}" != guard.code or rule.effect != "deny" for rule in policy.rules)
