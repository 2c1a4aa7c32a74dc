"""Who is on the plans that change, and which entitlements and add-ons new subscribers no longer get. Pure.

A subscription stays on the plan version it was made for (OpenMeter v1, plan publish and archive), so nothing here
moves anybody: a migration is no plan's side effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

import simplejson

from reconciler.errors import PricingError
from reconciler.kinds.durations import plain
from reconciler.model import Action, Address, Affected, Change, Plan, Question, Reduced, Reply, Tree
from reconciler.planning.sides import Side, Sides
from reconciler.pricing.bills import START
from reconciler.pricing.offers import items
from reconciler.pricing.periods import duration, later

_ENDS_A_VERSION = frozenset({Action.NEW_VERSION, Action.ARCHIVE, Action.REPLACE, Action.DELETE})

Template = Mapping[str, Tree]
Granted = dict[tuple[str, str], Template]
"""Entitlements by where they are (a phase, ``with ADD-ON``) and feature."""


def questions(made: Plan) -> frozenset[Question]:
    """What has to be asked: one question per plan that changes, nothing where none does."""
    return frozenset(Question("versions", "Plan", change.address.key) for change in _changed(made))


def affected(made: Plan, plans: Mapping[Address, Sides], answers: Mapping[Question, Reply]) -> tuple[Affected, ...]:
    """Every plan that gets a new version or ends, in the order of the changes, with the answers to ``questions``."""
    found = []
    for change in _changed(made):
        answer = answers.get(Question("versions", "Plan", change.address.key))
        versions = tuple(sorted(answer, reverse=True)) if isinstance(answer, tuple) else None
        both = plans.get(change.address)
        if both is None:
            found.append(Affected(change.address, versions))
        else:
            reduced = tuple(_reduced(both.before, both.after))
            found.append(Affected(change.address, versions, reduced, _withdrawn(both.before, both.after)))
    return tuple(found)


def _changed(made: Plan) -> Iterator[Change]:
    """Plans of which a published version ends; a left-over draft never had a subscriber."""
    for change in made.changes:
        ends = change.action in _ENDS_A_VERSION and "draft_not_wanted" not in change.reasons
        if change.address.kind == "Plan" and ends:
            yield change


def _withdrawn(before: Side, after: Side) -> tuple[str, ...]:
    offered = {str(offer.get("addon")) for offer in items(after.plan.get("addons"))}
    return tuple(sorted({str(offer.get("addon")) for offer in items(before.plan.get("addons"))} - offered))


def _reduced(before: Side, after: Side) -> Iterator[Reduced]:
    """What is gone or less, phase by phase; a phase that is gone counts only where no other gives the same."""
    old, new = _granted(before), _granted(after)
    phases = {where for where, _ in _places(after)}
    withdrawn = {f"with {key}" for key in _withdrawn(before, after)}
    for (where, feature), template in old.items():
        found = new.get((where, feature))
        if where in withdrawn or (found is None and where not in phases and _elsewhere(new, feature, template)):
            continue
        if found is None or _is_less(template, found):
            yield Reduced(where, feature, _words(template), None if found is None else _words(found))


def _elsewhere(granted: Granted, feature: str, template: Template) -> bool:
    return any(name == feature and not _is_less(template, other) for (_, name), other in granted.items())


def _places(side: Side) -> Iterator[tuple[str, Mapping[str, Tree]]]:
    for phase in items(side.plan.get("phases")):
        yield str(phase.get("key")), phase
    for key, addon in side.addons.items():
        yield f"with {key}", addon


def _granted(side: Side) -> Granted:
    found: Granted = {}
    for where, holder in _places(side):
        for card in items(holder.get("rateCards")):
            template = card.get("entitlementTemplate")
            if isinstance(template, Mapping):
                found[where, str(card.get("featureKey"))] = template
    return found


def _is_less(before: Template, after: Template) -> bool:
    """Whether a subscriber gets less, or something else that only people can compare."""
    kinds = (before.get("type"), after.get("type"))
    if kinds == ("metered", "metered"):
        return _allows_less(before, after)
    if kinds == ("static", "static"):
        return before.get("config") != after.get("config")
    return kinds[0] != kinds[1] and kinds != ("metered", "boolean")


def _allows_less(before: Template, after: Template) -> bool:
    old, new = _allowance(before), _allowance(after)
    harder = before.get("isSoftLimit") is True and after.get("isSoftLimit") is not True
    overage = after.get("preserveOverageAtReset") is True and before.get("preserveOverageAtReset") is not True
    return new < old or harder or overage or (old > 0 and _resets_less_often(before, after))


def _allowance(template: Template) -> Decimal:
    found = template.get("issueAfterReset")
    return found if isinstance(found, Decimal) else Decimal(0)


def _resets_less_often(before: Template, after: Template) -> bool:
    old, new = before.get("usagePeriod"), after.get("usagePeriod")
    if old == new:
        return False
    try:
        return later(START, duration(str(new))) > later(START, duration(str(old)))
    except PricingError:
        return True


def _words(template: Template) -> str:
    """What an entitlement gives: ``1,000 each P1M``, ``access``, ``{"seats":5}``."""
    match template.get("type"):
        case "metered":
            units = f"{Decimal(plain(_allowance(template))):,f}"
            soft = ", more is let through" if template.get("isSoftLimit") is True else ""
            overage = ", overage is carried over" if template.get("preserveOverageAtReset") is True else ""
            return f"{units} each {template.get('usagePeriod')}{soft}{overage}"
        case "static":
            return simplejson.dumps(template.get("config"), use_decimal=True, sort_keys=True, separators=(",", ":"))
        case _:
            return "access"
