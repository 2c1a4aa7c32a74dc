"""What ``validate`` does not do as the server does, each with its reason; nothing else may differ."""

from __future__ import annotations

from .walking import COLLECTIONS, Write

NULL = "null is the same as left out, and is never sent"
STATE = "the state of the live version decides, which a plan reads; no manifest shows it"
NUMBER = "numbers may be quoted or not, and are sent as the API wants them"
UNSENT = "every write carries it, whatever the manifest says"
SECRET = "the value stands behind a source; it is checked when it is read, before the first write"
DEFAULTED = "what may be null may be left out, and is sent as null"

REFUSED: dict[str, dict[str, tuple[int, ...]]] = {
    NULL: {
        "addon-errors": (17,),
        "billing-profile-errors": (26, 31),
        "channel-errors": (14, 19, 21),
        "feature-errors": (24,),
        "meter-errors": (28, 31, 35),
        "meter-update": (6, 11),
        "plan-addon-assignment": (40,),
        "plan-errors": (72, 73, 74, 81, 85, 91, 95, 101, 106, 108, 112, 114, 117),
        "rule-errors": (15,),
    },
    STATE: {
        "addon-lifecycle": (4, 8, 9, 16, 17),
        "plan-addon-assignment": (47, 48),
        "plan-addon-compatibility": (65, 66),
        "plan-lifecycle": (3, 7, 8, 13, 19, 20, 40),
        "plan-v3-authored": (9,),
    },
    NUMBER: {
        "feature-errors": (36,),
        "plan-create-defaults": (13,),
        "plan-errors": (57, 58, 98, 103),
        "rule-errors": (20,),
    },
    UNSENT: {"billing-profile-errors": (2, 5, 6, 7, 8)},
    SECRET: {"channel-errors": (11, 12, 13, 15), "channel-update-delete": (15,)},
    DEFAULTED: {"plan-errors": (31, 45)},
    "the id of a tax code is only known to the server": {"plan-errors": (111,)},
    "how many rules a channel has is counted with those that are not ours": {"rule-errors": (39,)},
}
"""Refused by the server, valid here."""

NO_MANIFEST: dict[str, dict[str, tuple[int, ...]]] = {
    "the body is no JSON object, or of another content type": {"meter-errors": (39, 40, 41, 42)},
    "an id in the path or body that is none; references are by key": {
        "addon-lifecycle": (6,),
        "plan-addon-assignment": (19, 37, 38, 39),
        "plan-lifecycle": (14,),
    },
    "what is written is deleted already": {
        "addon-lifecycle": (23,),
        "billing-profile-default-delete": (12,),
        "plan-addon-assignment": (60,),
        "plan-lifecycle": (26, 27, 33),
    },
    "the server made the object itself": {"billing-profile-default-delete": (4,)},
    "the object was written through API v3": {"plan-v3-authored": (10,)},
}
"""Refused requests that no manifest leads to."""

TAKEN = {
    "schema.unknown_field": "the server takes the field and drops it in silence",
    "channel.header.secret": "credentials do not stand in git",
    "entitlement.config": "no subscription can be made to a plan with it",
    "plan.key.ulid": "the server takes it for an id, and finds no plan by it",
    "plan.addons.duplicate": "two versions of an add-on have one key; it is offered once",
    "rule.features.repeated": "one feature by id and by key; a manifest has the key only",
}
"""Rules that refuse what the server takes, beside ``ignored_by_server/…``."""

SHOWN_ELSEWHERE = {
    "plan-errors#44": "a missing cadence is shown at the price that needs one",
    "rule-errors#16": "missing thresholds are shown at the type that needs them",
}
"""Where our field is not the one that the server names, nor around it."""

UNRECORDED = {
    "ignored_by_server/threshold_precision": "no recording sends a mark of more digits than a binary float has",
}
"""Rules about what the server ignores that no recording shows."""


def reason_without_manifest(write: Write) -> str | None:
    """Why nothing was declared that would have led to this request."""
    if not write.path.startswith(tuple(COLLECTIONS)):
        return "nothing of this kind is declared"
    if write.method == "DELETE" or write.path.endswith(("/archive", "/next")):
        return "it has no content: what blocks a removal or a new version is live"
    return _reason(NO_MANIFEST, write)


def reason_valid(write: Write) -> str | None:
    """Why what the server refuses is valid here."""
    return _reason(REFUSED, write)


def _reason(table: dict[str, dict[str, tuple[int, ...]]], write: Write) -> str | None:
    return next((why for why, steps in table.items() if write.step in steps.get(write.scenario, ())), None)
