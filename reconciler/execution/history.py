"""Reading receipts back: what the last run on this machine came to."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.model import LastRun


def last_run(path: Path) -> LastRun | None:
    """The last run in a file of receipts; None where there is none. Lines that are no receipts are passed over."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    receipts = [found for line in lines if (found := _receipt(line))]
    if not receipts:
        return None
    last = receipts[-1]
    steps: dict[str, str] = {}
    for receipt in reversed(receipts):
        if receipt["run"] != last["run"]:
            break
        steps.setdefault(receipt["step"], receipt["state"])
    left = last["left"] if isinstance(last["left"], int) else 0
    return LastRun(last["run"], dict(sorted(Counter(steps.values()).items())), left)


def _receipt(line: str) -> dict[str, Any] | None:
    try:
        found: Any = json.loads(line)
    except ValueError:
        return None
    if not isinstance(found, Mapping) or not all(isinstance(found.get(name), str) for name in ("run", "step", "state")):
        return None
    return {name: found.get(name) for name in ("run", "step", "state", "left")}
