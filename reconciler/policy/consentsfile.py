"""The file of ``--consents``: what a host proves that teams have consented to; ``reconciler ci approval`` writes it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from reconciler.errors import UsageError
from reconciler.model import TeamConsent

FORMAT_VERSION = "1.0"
_DIGEST = re.compile(r"[0-9a-f]{64}")
LARGEST = 4_000_000
"""Characters that nobody needs more of: thousands of consents."""
_TEXTS = ("team", "environment", "change_digest", "source")
_FIELDS = (*_TEXTS, "by")


def loads(text: str, name: str) -> tuple[TeamConsent, ...]:
    """The consents of a file; ``name`` is its own, for messages.

    A field that a newer version adds is passed over. Raises ``UsageError`` with everything that is wrong: a consent
    that is misread must not count.
    """
    if len(text) > LARGEST:
        raise UsageError(f"{name} is no file of consents: it is too large", tip=_TIP)
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError(f"{name} is no file of consents: it is not JSON", tip=_TIP) from None
    problems = list(_problems(body))
    if problems:
        raise UsageError(f"{name} is no file of consents: {'; '.join(problems)}", tip=_TIP)
    return tuple(
        TeamConsent(item["team"], tuple(item["by"]), item["environment"], item["change_digest"], item["source"])
        for item in body["consents"]
    )


_TIP = "`reconciler ci approval` writes one from the reviews of a merged pull request"


def _problems(body: Any) -> Iterator[str]:  # noqa: ANN401 - whatever the file held
    if not isinstance(body, dict):
        yield "it is not an object"
        return
    version = body.get("format_version")
    if not isinstance(version, str) or version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        yield f"`format_version` is {json.dumps(version)}, this reconciler reads {FORMAT_VERSION}"
    consents = body.get("consents")
    if not isinstance(consents, list):
        yield "`consents` is not a list"
        return
    for index, item in enumerate(consents):
        yield from (f"consents[{index}]: {reason}" for reason in _wrong(item))


def _wrong(item: Any) -> Iterator[str]:  # noqa: ANN401 - whatever the file held
    if not isinstance(item, dict):
        yield "it is not an object"
        return
    if missing := [name for name in _FIELDS if name not in item]:
        yield f"{', '.join(f'`{name}`' for name in missing)} missing"
    for name in _TEXTS:
        if name in item and not _is_text(item[name]):
            yield f"`{name}` is not a text"
    by = item.get("by", ["?"])
    if not (isinstance(by, list) and by and all(map(_is_text, by))):
        yield "`by` is not a list of names"
    digest = item.get("change_digest")
    if isinstance(digest, str) and digest and not _DIGEST.fullmatch(digest):
        yield "`change_digest` is not 64 characters of 0-9 and a-f; the beginning of one is not enough"


def _is_text(value: Any) -> bool:  # noqa: ANN401 - whatever the file held
    """Whether it says something, in characters that can be written: JSON knows halves of some that cannot."""
    return isinstance(value, str) and bool(value.strip()) and not re.search("[\ud800-\udfff]", value)
