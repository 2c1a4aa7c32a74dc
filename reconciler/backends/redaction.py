"""Keeps secrets out of every text that leaves this room."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

from reconciler.model import Tree

HIDDEN = "***"

_SHAPES = (
    (re.compile(r"whsec_[A-Za-z0-9+/=_-]+"), f"whsec_{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic) +[A-Za-z0-9._~+/=-]{4,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"://[^/\s@]+@"), f"://{HIDDEN}@"),
)

_SECRET_FIELDS = frozenset({"signingSecret"})
_SECRET_MAPS = frozenset({"customHeaders"})

_SHORT = 4
"""Shorter values are hidden only where they stand alone: they would blacken every other word."""


class Redactor:
    """Replaces known secret values, and whatever has the shape of one. Its ``repr`` names none."""

    __slots__ = ("_pattern", "_secrets")

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = tuple(secrets)
        forms = sorted(
            {form for secret in self._secrets for form in _forms(secret)}, key=lambda form: (-len(form), form)
        )
        self._pattern = re.compile("|".join(map(_regex, forms))) if forms else None

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        if self._pattern is not None:
            text = self._pattern.sub(HIDDEN, text)
        for shape, replacement in _SHAPES:
            text = shape.sub(replacement, text)
        return text

    def knowing(self, secrets: Iterable[str]) -> Redactor:
        """One that hides these values too."""
        more = tuple(secrets)
        return Redactor((*self._secrets, *more)) if more else self


def secrets_in(body: Tree) -> Iterator[str]:
    """The values of a body that are secret by their field: signing secrets and custom headers."""
    if isinstance(body, Mapping):
        for name, value in body.items():
            if name in _SECRET_FIELDS and isinstance(value, str):
                yield value
            elif name in _SECRET_MAPS and isinstance(value, Mapping):
                yield from (text for text in value.values() if isinstance(text, str))
            else:
                yield from secrets_in(value)
    elif isinstance(body, list):
        for item in body:
            yield from secrets_in(item)


def _forms(secret: str) -> Iterator[str]:
    """A value as it is and as others may spell it, without the white space that a header loses.

    JSON, URL, hex and base64; base64 also at the two other alignments, where the value is the end of a longer text.
    """
    bare = secret.strip()
    if not bare:
        return
    yield from (bare, json.dumps(bare)[1:-1], json.dumps(bare, ensure_ascii=False)[1:-1])
    if len(bare) < _SHORT:
        return
    raw = bare.encode("utf-8", "surrogatepass")
    yield from (quote(raw), quote(raw, safe=""), quote_plus(raw), raw.hex(), raw.hex().upper())
    whole = base64.b64encode(raw).decode()
    # What stands before a value shares its first characters with it, what follows shares the last one.
    inner = [base64.b64encode(bytes(before) + raw).decode()[4:].rstrip("=")[:-1] for before in (1, 2)]
    for text in (whole, whole.rstrip("=")[:-1], *inner):
        yield from (text, text.replace("+", "-").replace("/", "_"))


def _regex(form: str) -> str:
    escaped = re.escape(form)
    return escaped if len(form) >= _SHORT else rf"(?<!\w){escaped}(?!\w)"
