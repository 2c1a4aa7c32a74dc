"""What makes a plan invalid (OpenMeter v1, plan validation)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reconciler.sandbox.alignment import aligned, is_under_an_hour
from reconciler.sandbox.context import Context
from reconciler.sandbox.durations import parse_duration
from reconciler.sandbox.issues import Issue, issue, selected
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.overlay import assignment_issues
from reconciler.sandbox.ratecards import card_issues, publish_issues
from reconciler.sandbox.store import Where
from reconciler.sandbox.tables import ADDONS, ASSIGNMENTS

_CADENCES: Final = ("P1W", "P2W", "P4W", "P1M", "P3M", "P6M", "P12M", "P1Y")


def plan_issues(plan: Doc) -> list[Issue]:
    """Everything wrong with a plan by itself: features and add-ons are not looked at."""
    found: list[Issue] = []
    seen: set[str] = set()
    for phase in plan["phases"]:
        path = selected("phases", phase["key"])
        is_last = phase is plan["phases"][-1]
        found.extend(each.under(path) for each in _duration_place_issues(phase, is_last=is_last))
        if phase["key"] in seen:
            found.append(issue("plan_phase_duplicated_key").under(path, "key"))
        seen.add(phase["key"])
        found.extend(each.under(path) for each in phase_issues(phase))
    if plan["billingCadence"] not in _CADENCES:
        found.append(issue("plan_billing_cadence_invalid"))
    return found + list(_unaligned(plan))


def phase_issues(phase: Doc) -> list[Issue]:
    """What is wrong with a phase wherever it stands."""
    found: list[Issue] = []
    if phase["duration"] is not None:
        duration = parse_duration(phase["duration"])
        if duration.is_negative:
            found.append(issue("plan_phase_with_negative_duration"))
        if is_under_an_hour(duration):
            found.append(issue("plan_phase_duration_less_then_an_hour"))
    if not phase["rateCards"]:
        return [*found, issue("plan_phase_has_no_rate_cards")]
    return found + card_issues(phase["rateCards"])


def publish_plan_issues(ctx: Context, plan: Doc) -> list[Issue]:
    """Everything that keeps a plan from being published.

    Of an assignment it only says that it does not fit; the reason stands in the assignment.
    """
    found = plan_issues(plan)
    for phase in plan["phases"]:
        path = selected("phases", phase["key"])
        found.extend(each.under(path) for each in publish_issues(ctx, phase["rateCards"]))
    for assignment in ctx.store.find(ASSIGNMENTS, Where(parent=plan["id"])):
        addon = ctx.store.get(ADDONS, assignment["addonId"])
        if addon is None or assignment_issues(plan, addon, assignment):
            found.append(issue("plan_has_incompatible_addon"))
    return found


def _duration_place_issues(phase: Doc, *, is_last: bool) -> list[Issue]:
    if is_last and phase["duration"] is not None:
        return [issue("plan_has_last_phase_with_duration")]
    if not is_last and phase["duration"] is None:
        return [issue("plan_has_non_last_phase_with_no_duration")]
    return []


def _unaligned(plan: Doc) -> Iterator[Issue]:
    """Priced recurring rate cards must fit the plan's cadence; free and one-time ones need not."""
    for phase in plan["phases"]:
        for card in phase["rateCards"]:
            cadence = card["billingCadence"]
            if card["price"] is None or cadence is None or aligned(plan["billingCadence"], cadence):
                continue
            path = (selected("phases", phase["key"]), selected("rateCards", card["key"]))
            yield issue("rate_card_billing_cadence_unaligned").under(*path)
