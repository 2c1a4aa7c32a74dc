"""Did you mean: the nearest known name to one that is not known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is closest to ``name``, if one is close; letter case and separators count little."""
    names = sorted(known)
    folded = _fold(name)
    for candidate in names:
        if _fold(candidate) == folded:
            return candidate
    # difflib is quadratic in the length of the words; nobody's typo is that long.
    if len(name) > 100:
        return None
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    return close[0] if close else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``; did you mean `x`?``, or nothing."""
    found = nearest(name, known)
    return f"; did you mean `{found}`?" if found else ""


class Hints:
    """Suggestions for the first mistakes of a run only: comparing ten thousand with ten thousand names takes hours."""

    def __init__(self, limit: int = 25) -> None:
        self._left = limit

    def did_you_mean(self, name: str, known: Iterable[str]) -> str:
        """``; did you mean `x`?``, or nothing."""
        if self._left <= 0:
            return ""
        self._left -= 1
        return did_you_mean(name, known)


def one_of(names: Iterable[str]) -> str:
    """``` `a`, `b` or `c` ```."""
    quoted = [f"`{name}`" for name in names]
    return " or ".join((", ".join(quoted[:-1]), quoted[-1])) if len(quoted) > 1 else "".join(quoted)


def _fold(name: str) -> str:
    return name.replace("_", "").replace("-", "").replace(" ", "").lower()
