"""Instants and ids that strictly increase, per store, whatever the machine's clock does."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID_DIGITS = 26
_MICROSECOND = timedelta(microseconds=1)

Now = Callable[[], datetime]
Entropy = Callable[[], int]


def wall_clock() -> datetime:
    """The machine's time, in UTC."""
    return datetime.now(UTC)


def random_bits() -> int:
    """The 80 random bits of a ULID."""
    return secrets.randbits(80)


def next_micros(now: datetime, last: int) -> int:
    """Microseconds since 1970: the given instant, or the next free one after `last`.

    Never a multiple of ten, so that the printed fraction always has six digits: the server trims
    trailing zeros, and trimmed instants would not sort as text.
    """
    micros = max((now - _EPOCH) // _MICROSECOND, last + 1)
    return micros if micros % 10 else micros + 1


def next_ulid(micros: int, entropy: int, last: int) -> int:
    """A ULID as a number: the time in milliseconds, then 80 random bits; always above `last`."""
    return max(((micros // 1000) << 80) | entropy, last + 1)


def micros_of(instant: datetime) -> int:
    """Microseconds since 1970."""
    return (instant - _EPOCH) // _MICROSECOND


def print_instant(micros: int) -> str:
    """RFC 3339 in UTC with six fractional digits."""
    return rfc3339(_EPOCH + timedelta(microseconds=micros))


def print_ulid(number: int) -> str:
    """The 26 characters of Crockford's base 32."""
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -5, -5))


def read_ulid(text: str) -> int:
    """A ULID as a number; 0 for a text that is none."""
    digits = [_ALPHABET.find(character) for character in text]
    if len(digits) != _ULID_DIGITS or -1 in digits:
        return 0
    number = 0
    for digit in digits:
        number = number << 5 | digit
    return number


def rfc3339(instant: datetime) -> str:
    """Print an instant in UTC as the server does: no trailing zeros, `Z` as the zone."""
    text = instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return text.rstrip("0").rstrip(".") + "Z"


def parse_instant(text: str) -> datetime:
    """Read RFC 3339; digits finer than a microsecond are cut off, as the database does."""
    return datetime.fromisoformat(text)
