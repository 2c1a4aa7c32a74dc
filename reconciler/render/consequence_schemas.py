"""JSON Schemas of what a saved plan tells of bills and subscribers, and of what the policy says of it."""

from __future__ import annotations

from typing import get_args

from reconciler.model import Effect, RulingStatus
from reconciler.render.schema_parts import ADDRESS, COUNT, EXACT, LOCATION, TEXT, Schema, array, nullable, record


def properties() -> dict[str, Schema]:
    """The parts of a plan file that its change digest does not know; all of them may be left out."""
    return {
        "impacts": array(_impact()),
        "curves": array(_curve()),
        "affected": array(_affected()),
        "rerated": array(_rerated()),
        "policy": array(_ruling()),
        "contents": array(_contents()),
    }


def _impact() -> Schema:
    amounts = nullable(record({"before": EXACT, "after": EXACT, "difference": EXACT}))
    return record(
        {
            "plan": ADDRESS,
            "customer": {"type": "string", "description": "A scenario, or what was made up."},
            "generated": {"type": "boolean", "description": "Made up, because no scenario names the plan."},
            "currency": TEXT,
            "period": {"type": "string", "description": "The plan's billing cadence, ISO 8601."},
            "each": amounts,
            "yearly": amounts,
            "reason": nullable({"type": "string", "description": "Why the bill could not be computed."}),
        },
        description="What a customer who subscribes from now on pays, before and after.",
    )


def _contents() -> Schema:
    return record(
        {
            "address": ADDRESS,
            "before": {"type": "object", "description": "The canonical spec of what is live, secrets hidden."},
            "after": nullable({"type": "object", "description": "What it will be; null where it ends."}),
        },
        description="One live object that changes, whole.",
    )


def _ruling() -> Schema:
    return record(
        {
            "rule": {"type": "string", "description": "The change class that the rule is about, or its own name."},
            "effect": {"enum": list(get_args(Effect))},
            "address": nullable(ADDRESS),
            "message": TEXT,
            "status": {"enum": list(get_args(RulingStatus))},
            "team": nullable({"type": "string", "description": "Who has to consent; null: anybody who may apply."}),
            "unblock": nullable({"type": "string", "description": "What is missing, and who can give it."}),
            "location": LOCATION,
            "announced": nullable({"type": "string", "description": "Since when customers know, of a notice."}),
        },
        description="What one rule of the environment's policy says of an object, or of the plan as a whole (null).",
    )


def _curve() -> Schema:
    exact = array(EXACT)
    return record(
        {
            "plan": ADDRESS,
            "phase": TEXT,
            "feature": TEXT,
            "currency": TEXT,
            "quantities": exact,
            "before": exact,
            "after": exact,
        },
        description="The bill of a period against the quantity of a feature; a side without a price is empty.",
    )


def _affected() -> Schema:
    reduced = {
        "where": {"type": "string", "description": "A phase, or `with ADD-ON`."},
        "feature": TEXT,
        "before": TEXT,
    }
    gone = nullable({"type": "string", "description": "Null: it is gone."})
    told = {"type": "integer", "minimum": 0, "description": "Active ones; null where the server does not tell."}
    return record(
        {
            "plan": ADDRESS,
            "subscriptions": nullable(told),
            "versions": nullable(array(record({"version": COUNT, "subscriptions": COUNT}))),
            "reduced": array(record({**reduced, "after": gone})),
            "withdrawn": array({"type": "string", "description": "An add-on that is no longer offered."}),
        },
        description="Who is on a plan that gets a new version or ends, and what new subscribers no longer get.",
    )


def _rerated() -> Schema:
    spread = record(dict.fromkeys(("least", "median", "ninth", "most"), EXACT))
    return record(
        {
            "plan": ADDRESS,
            "currency": TEXT,
            **dict.fromkeys(("subscriptions", "looked_at", "rated"), COUNT),
            "unrated": array(record({"reason": TEXT, "subscriptions": COUNT})),
            **dict.fromkeys(("before", "after", "difference"), EXACT),
            **dict.fromkeys(("more", "less", "same"), COUNT),
            "spread": nullable(spread),
            "steepest_percent": EXACT,
            "newly_charged": COUNT,
        },
        description="The last closed billing period of real customers, rated on the new version: aggregates only.",
    )
