"""What the server refuses in a plan beyond its cards. Source: OpenMeter v1, plan create and publish."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconciler.kinds.alignment import aligned
from reconciler.kinds.durations import Period
from reconciler.kinds.identifiers import taken_for_id
from reconciler.kinds.kind import Catalogue, Finding, Rule
from reconciler.kinds.ratecard_rules import check_cards

if TYPE_CHECKING:
    from reconciler.kinds.plan import Phase, PlanSpec

_WRITE, _PUBLISH = "OpenMeter v1, plan create", "OpenMeter v1, plan publish"

PHASE_TWICE = Rule("plan.phases.duplicate", "Phases are told apart by their key.", _WRITE)
DURATION_SILENT = Rule(
    "plan.phases.duration.silent", "Every phase but the last ends; how long it lasts has to be said.", _PUBLISH
)
DURATION_LAST = Rule("plan.phases.duration.last", "The last phase of a plan never ends.", _PUBLISH)
DURATION_MISSING = Rule("plan.phases.duration.missing", "Every phase but the last ends.", _PUBLISH)
DURATION_SHORT = Rule("plan.phases.duration.short", "A phase lasts an hour or longer.", _PUBLISH)
NO_CARDS = Rule("plan.phases.no_cards", "A phase without rate cards cannot be published.", _PUBLISH)
UNALIGNED = Rule(
    "plan.cadence.unaligned", "A priced card is billed as often as the plan, or a whole number of times more or less.",
    _PUBLISH,
)  # fmt: skip
KEY = Rule("plan.key.ulid", "The server takes it for an id, so that no plan is found by it.", _WRITE)
ALIGNMENT = Rule("ignored_by_server/alignment", "The server accepts it and does nothing with it.", _WRITE)
CREDITS = Rule("plan.settlement.credit_only", "Servers without credits refuse it.", _WRITE, "warning")

RULES = (
    PHASE_TWICE, DURATION_SILENT, DURATION_LAST, DURATION_MISSING, DURATION_SHORT, NO_CARDS, UNALIGNED, KEY, ALIGNMENT,
    CREDITS,
)  # fmt: skip


def check(key: str, plan: PlanSpec, catalogue: Catalogue) -> Iterator[Finding]:
    """Every finding of the plan itself, its phases and their cards."""
    if taken_for_id(key):
        yield Finding(KEY, (), f"`{key}` looks like an id to the server; choose a key of another length")
    if plan.alignment is not None:
        yield Finding(ALIGNMENT, ("alignment",), "leave it out; cards are always aligned to the plan", at_key=True)
    if plan.settlement_mode == "credit_only":
        yield Finding(CREDITS, ("settlementMode",), "only servers with credits switched on accept `credit_only`")
    seen: set[str] = set()
    for index, phase in enumerate(plan.phases):
        if phase.key in seen:
            yield Finding(PHASE_TWICE, ("phases", index, "key"), f"another phase is called `{phase.key}` already")
        seen.add(phase.key)
        yield from _duration(phase, index, last=index == len(plan.phases) - 1)
        yield from _cards(plan, phase, index, catalogue)


def _duration(phase: Phase, index: int, *, last: bool) -> Iterator[Finding]:
    at = ("phases", index, "duration")
    if last:
        if phase.duration is not None:
            yield Finding(DURATION_LAST, at, "the last phase has no end; leave `duration` out", publish_only=True)
        return
    if "duration" not in phase.model_fields_set:
        message = f"how long does the phase `{phase.key}` last? add `duration: P1M`"
        yield Finding(DURATION_SILENT, ("phases", index), message)
    elif phase.duration is None:
        message = f"the phase `{phase.key}` is not the last one; how long does it last?"
        yield Finding(DURATION_MISSING, at, message, publish_only=True)
    elif not Period.parse(phase.duration).at_least_an_hour():
        yield Finding(DURATION_SHORT, at, f"`{phase.duration}` is shorter than an hour", publish_only=True)


def _cards(plan: PlanSpec, phase: Phase, index: int, catalogue: Catalogue) -> Iterator[Finding]:
    at = ("phases", index, "rateCards")
    if not phase.rate_cards:
        message = f"the phase `{phase.key}` has no rate cards; a free one has a card with `price: null`"
        yield Finding(NO_CARDS, at, message, at_key=True, publish_only=True)
    for found in check_cards(phase.rate_cards, catalogue):
        yield Finding(
            found.rule, (*at, *found.path), found.message, at_key=found.at_key, publish_only=found.publish_only
        )
    for number, card in enumerate(phase.rate_cards):
        cadence = card.billing_cadence
        if card.price is not None and cadence is not None and not aligned(plan.billing_cadence, cadence):
            message = (
                f"`{cadence}` does not go with the plan's `{plan.billing_cadence}`: neither is a multiple of the other"
            )
            yield Finding(UNALIGNED, (*at, number, "billingCadence"), message, publish_only=True)
