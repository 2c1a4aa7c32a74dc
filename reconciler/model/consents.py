"""Which guards can be consented to, and how a consent is written: ``CODE:KIND/KEY``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reconciler.model.classes import NEEDS_NO_CONSENT, ChangeClass

CONSENTABLE = (
    "adopt",
    *(item.value for item in ChangeClass if item not in NEEDS_NO_CONSENT),
    "empty-manifests",
    "price-test",
)
"""The codes that a consent may have in every environment."""

BY_POLICY = tuple(item.value for item in ChangeClass if item in NEEDS_NO_CONSENT)
"""Further codes, which only a policy asks for; so does every rule of its own, as ``policy.NAME``."""

POLICY = "policy."
"""What the code of a policy's own rule begins with."""

_RULE = re.compile(r"policy\.[a-z0-9]+(?:_[a-z0-9]+)*")

IMPOSSIBLE = (
    "protected",
    "foreign_owner",
    "foreign_draft",
    "blocked_by_server",
    "duplicate_marker",
    "unreadable_live_object",
    "not_found",
    "ambiguous_match",
)
"""Guards over what is live: its server, its owner or its `protect` does not let the change through."""

NEVER_CONSENTED = (
    *IMPOSSIBLE,
    "max_removals",
    "max_changes_percent",
    "max_subscribers_affected",
    "max_bill_increase_percent",
    "frozen",
    "notice",
)
"""Guards that nothing opens but a change of what they are about (``foreign_draft``: ``adopt`` does)."""


def split_consent(text: str) -> tuple[str, str]:
    """The code and the pattern over addresses of ``CODE:KIND/KEY``; KIND and KEY may be globs.

    ``empty-manifests`` is about no object and may stand alone; so may ``policy.NAME``, of a rule about the whole plan.
    Raises ``ValueError`` with what is wrong.
    """
    code, colon, pattern = text.partition(":")
    if code in NEVER_CONSENTED:
        instead = "; a foreign draft is taken over with `adopt`" if code == "foreign_draft" else ""
        raise ValueError(f"`{text}`: nothing consents to `{code}`{instead}")
    if code not in (*CONSENTABLE, *BY_POLICY) and not _RULE.fullmatch(code):
        known = ", ".join((*CONSENTABLE, *BY_POLICY))
        raise ValueError(f"`{text}`: there is no consent called `{code}`; there are {known}, and policy.NAME of a rule")
    if not colon and (code == "empty-manifests" or code.startswith(POLICY)):
        return code, "*/*"
    kind, slash, key = pattern.partition("/")
    if not (kind and slash and key):
        raise ValueError(f"`{text}` is not CODE:KIND/KEY, such as `price-raising:Plan/pro`")
    return code, pattern


@dataclass(frozen=True, slots=True)
class TeamConsent:
    """A consent that a host proves: members of a team have approved one change of one environment.

    ``by`` are the members as the host names them; ``change_digest`` is the whole one, of the plan that they saw;
    ``source`` is where they said so, for people.
    """

    team: str
    by: tuple[str, ...]
    environment: str
    change_digest: str
    source: str
