"""Problems of files, read back from what ``validate --format json`` prints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reconciler.ci.given import File
from reconciler.errors import PlanFileError
from reconciler.model import Address, Location, Problem


def loads(file: File) -> tuple[Problem, ...]:
    """The problems of a file. Raises ``PlanFileError`` for anything else."""
    try:
        return tuple(_problem(item) for item in json.loads(file.text)["problems"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise PlanFileError(f"{file.name} is not what `validate --format json` prints") from None


def _problem(item: Mapping[str, Any]) -> Problem:
    address, why = item.get("address"), item.get("why")
    return Problem(
        str(item["rule"]),
        str(item["message"]),
        Location.read(item["location"]),
        "warning" if item["severity"] == "warning" else "error",
        str(why) if why is not None else None,
        int(item.get("span", 1)),
        Address.parse(str(address)) if address else None,
    )
