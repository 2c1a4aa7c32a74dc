"""What a failed step says to people: one sentence, and what to do about it where that is known."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.errors import ApiError, BackendError
from reconciler.execution.places import translate
from reconciler.model import Step, Tree, Verb

_DOING: Mapping[Verb, str] = {
    "create": "create",
    "update": "update",
    "publish": "publish",
    "archive": "archive",
    "delete": "delete",
    "attach": "attaching an add-on",
    "reattach": "updating an add-on assignment",
    "detach": "detaching an add-on",
    "adopt": "adopt",
    "release": "release",
}

AGAIN = "something changed since the plan was made: make a new plan"

_CODE_TIPS = {
    "rate_card_feature_not_found": "a feature it names does not exist or was archived: " + AGAIN,
    "rate_card_feature_archived": "a feature it names was archived: " + AGAIN,
    "plan_has_incompatible_addon": (
        "an attached add-on does not fit: compare phases, cadences and the cards of the same key, "
        "and that the add-on version is still active"
    ),
    "addon_invalid_status": "the add-on version is no longer in the state that the plan was made for: make a new plan",
    "addon_invalid_status_for_publish": "it was published or archived meanwhile: make a new plan",
    "default_profile_cannot_be_deleted": "make another profile the default first",
    "default_profile_cannot_be_unset": "declare another profile with `default: true`: that demotes this one",
    "profile_already_deleted": "it was deleted meanwhile: make a new plan",
    "profile_referenced": "customers are pinned to this profile: move them to another one first",
}

_TEXT_TIPS = (
    ("only a single draft version is allowed", "a draft of this key exists already: " + AGAIN),
    ("can be updated, but it has", "it was published or archived meanwhile: make a new plan"),
    ("can be published", "it was published or archived meanwhile: make a new plan"),
    ("referenced by active plan", "archive the plans that use the feature first, or give the new feature another key"),
    ("already exists", "somebody made it meanwhile: make a new plan"),
    ("has active features", "archive the features of this meter first"),
    ("assigned to one or more rules", "take the channel out of these rules first"),
    ("non-existing features", "create the feature first, or restore it: rules need live features"),
    ("credits are not enabled", "this server runs without credits: `settlementMode: credit_only` is not available"),
)

_KIND_500 = {
    "NotificationChannel": (
        "the server needs its webhook service (Svix) for channels; check also the url, the header names and that "
        "the signing secret is `whsec_` and base64; a secret can be changed 10 times a day"
    ),
    "NotificationRule": "the server needs its webhook service (Svix) for rules",
}

_SERVER_ERROR = 500
_BAD_REQUEST = 400
_FORWARD: frozenset[Verb] = frozenset({"create", "update", "publish", "attach", "reattach"})
_DECLARED = "correct what is declared for it, then plan again; `reconciler explain {kind}` tells what its fields take"
_LIVE = "look at it with `reconciler get`: it is not as the plan saw it; make a new plan"
_SERVER_FAILED = "the server failed and gave no reason: its log has one under the request's id; then run apply again"

_STATUS_TIPS = {
    404: "it, or something it refers to, is gone: " + AGAIN,
    409: "it conflicts with what is live now: make a new plan",
    412: "it was deleted meanwhile: make a new plan",
}


def refused(step: Step, error: BackendError, body: Mapping[str, Tree] | None) -> str:
    """What the server, or the way to it, said about this step."""
    said = translate(error.message, body)
    return f"{step.address}: {_DOING[step.verb]} {'refused' if isinstance(error, ApiError) else 'failed'}: {said}"


def unknown(step: Step, error: BackendError, body: Mapping[str, Tree] | None) -> str:
    """The same for a step that may have happened."""
    return f"{refused(step, error, body)}; whether it happened is not known, and it is not sent again"


def overtaken(step: Step, moved: str) -> str:
    """What somebody else did to the object before this step was sent."""
    return f"{step.address}: {_DOING[step.verb]} not sent, somebody changed it since the run began: {moved}"


def altered(step: Step, how: str) -> str:
    """How a draft is not what was sent, so that it is not published."""
    return f"{step.address}: {_DOING[step.verb]} not sent, the draft is not as it was sent: {how}"


def advice(step: Step, error: BackendError) -> str | None:
    """What to do, by the server's code, its words or its status; else what the error itself advises."""
    if isinstance(error, ApiError):
        for code, _ in error.codes:
            if code in _CODE_TIPS:
                return _CODE_TIPS[code]
        for words, tip in _TEXT_TIPS:
            if words in error.message:
                return tip
        if error.status >= _SERVER_ERROR and step.address.kind in _KIND_500:
            return _KIND_500[step.address.kind]
        return error.tip or _STATUS_TIPS.get(error.status) or _general(step, error.status)
    return error.tip


def _general(step: Step, status: int) -> str | None:
    """What helps with a refusal that nobody foresaw."""
    if status >= _SERVER_ERROR:
        return _SERVER_FAILED
    if status != _BAD_REQUEST:
        return None
    return _DECLARED.format(kind=step.address.kind) if step.verb in _FORWARD else _LIVE
