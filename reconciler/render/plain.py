"""Small values of the model as plain JSON values."""

from __future__ import annotations

from typing import Any

from reconciler.model import Location


def location(place: Location | None) -> dict[str, Any] | None:
    """``{file, line, column}``, lines and columns from 1."""
    return {"file": place.file, "line": place.line, "column": place.column} if place else None
