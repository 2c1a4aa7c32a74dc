"""Tokens and headers as written → as sources, refusing what is no header and what should not stand in a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconciler.project.endpoints import looks_like_credential
from reconciler.project.inheritance import Reporting, Written
from reconciler.project.secrets import SecretSource
from reconciler.reading.tree import find
from reconciler.reading.validation import Issue

if TYPE_CHECKING:
    from reconciler.project.document import Source

Headers = dict[str, str | SecretSource]

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A token of RFC 9110, 5.6.2."""
_OURS = {"host", "content-length", "content-type", "transfer-encoding", "connection"}


def source(reading: Reporting, link: Written, written: Source | None, *path: str) -> SecretSource | None:
    """A source of a secret; exactly one of its three forms."""
    if written is None:
        return None
    given = [name for name in ("env", "file", "command") if getattr(written, name) is not None]
    if len(given) != 1:
        message = "a source is exactly one of `env`, `file` and `command`"
        reading.add([Issue("project.secret", message, link.at(*path))])
    return SecretSource(written.env, written.file, tuple(written.command) if written.command else None)


def headers(reading: Reporting, link: Written) -> Headers:
    """The headers of one environment as it is written, without those that it inherits."""
    found: Headers = {}
    for name, value in (link.document.headers or {}).items():
        mark = find(link.tree, link.mark, ("headers", name), at_key=True)
        if reason := _refused(name, found, token=link.document.token is not None):
            reading.add([Issue("project.header", reason, mark)])
        if isinstance(value, str):
            found[name] = value
            if looks_like_credential(name):
                message = f"`{name}` looks like a credential; give a source such as `{{env: NAME}}`, not the value"
                reading.add([Issue("project.secret", message, mark)])
        elif given := source(reading, link, value, "headers", name):
            found[name] = given
    return found


def _refused(name: str, before: Headers, *, token: bool) -> str | None:
    lower = name.lower()
    if not _NAME.fullmatch(name):
        return f"`{name}` is no name of an HTTP header"
    if lower in _OURS:
        return f"`{name}` is set by each request itself"
    if lower == "authorization" and token:
        return f"`{name}` beside `token`: both are the Authorization header; leave one of them out"
    twin = next((other for other in before if other.lower() == lower), None)
    return f"`{name}` is the same header as `{twin}`" if twin else None


def merged(base: Mapping[str, str | SecretSource], own: Headers) -> Headers:
    """A child's headers over those that it inherits; HTTP does not tell upper from lower case."""
    written = {name.lower() for name in own}
    return {**{name: value for name, value in base.items() if name.lower() not in written}, **own}
