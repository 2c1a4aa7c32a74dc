"""Which guards can be consented to, and how a consent is written: ``CODE:KIND/KEY``."""

from __future__ import annotations

from reconciler.model.classes import NEEDS_NO_CONSENT, ChangeClass

CONSENTABLE = (
    "adopt",
    *(item.value for item in ChangeClass if item not in NEEDS_NO_CONSENT),
    "empty-manifests",
    "price-test",
)
"""The codes that a consent may have."""

NEVER_CONSENTED = (
    "protected",
    "foreign_owner",
    "foreign_draft",
    "blocked_by_server",
    "duplicate_marker",
    "unreadable_live_object",
    "not_found",
    "ambiguous_match",
    "max_removals",
    "max_changes_percent",
    "max_subscribers_affected",
    "max_bill_increase_percent",
    "frozen",
)
"""Guards that nothing opens but a change of what they are about (``foreign_draft``: ``adopt`` does)."""


def split_consent(text: str) -> tuple[str, str]:
    """The code and the pattern over addresses of ``CODE:KIND/KEY``; KIND and KEY may be globs.

    ``empty-manifests`` is about no object and may stand alone. Raises ``ValueError`` with what is wrong.
    """
    code, colon, pattern = text.partition(":")
    if code in NEVER_CONSENTED:
        instead = "; a foreign draft is taken over with `adopt`" if code == "foreign_draft" else ""
        raise ValueError(f"`{text}`: nothing consents to `{code}`{instead}")
    if code not in CONSENTABLE:
        raise ValueError(f"`{text}`: there is no consent called `{code}`; there are {', '.join(CONSENTABLE)}")
    if not colon and code == "empty-manifests":
        return code, "*/*"
    kind, slash, key = pattern.partition("/")
    if not (kind and slash and key):
        raise ValueError(f"`{text}` is not CODE:KIND/KEY, such as `price-raising:Plan/pro`")
    return code, pattern
