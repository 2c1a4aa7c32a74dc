"""Exit codes and the reasons that stand behind them, for ``explain --reasons``."""

from __future__ import annotations

import simplejson

from reconciler.model import REASONS
from reconciler.render.style import Style


def table(style: Style) -> str:
    """One line per reason: exit code, slug, what it means."""
    widest = max(len(reason.slug) for reason in REASONS)
    lines = []
    for reason in REASONS:
        first = f"{reason.exit_code:>3}  {reason.slug.ljust(widest)}  "
        lines += style.wrap(reason.meaning, first=first, rest=" " * len(first))
    return "\n".join(lines) + "\n"


def as_json() -> str:
    """The same as a list of objects."""
    return simplejson.dumps([reason._asdict() for reason in REASONS], indent=2) + "\n"
