"""Price tests for machines. Amounts are text: they are exact."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.model import Location
from reconciler.pricing import Miss, PriceTest
from reconciler.render import bill_json
from reconciler.render.money import plain


def dumps(results: Mapping[str, Sequence[PriceTest]]) -> str:
    """The results by environment, and how many passed and failed."""
    every = [result for found in results.values() for result in found]
    environments = [{"environment": name, "tests": list(map(_test, found))} for name, found in results.items()]
    counts = {state: sum(status(one) == state for one in every) for state in ("passed", "failed", "unchecked")}
    tree = {"format_version": "1.0", "environments": environments, "summary": counts}
    return json.dumps(tree, indent=2, ensure_ascii=False) + "\n"


def status(result: PriceTest) -> str:
    """``passed``, ``failed``, or ``unchecked`` where nothing is expected."""
    if not result.passed:
        return "failed"
    return "unchecked" if result.scenario.expect is None else "passed"


def _test(result: PriceTest) -> dict[str, Any]:
    scenario, bill = result.scenario, result.bill
    return {
        "scenario": scenario.key,
        "plan": scenario.plan,
        "description": scenario.description,
        "location": _location(scenario.location),
        "status": status(result),
        "currency": bill.currency if bill else None,
        "total": plain(bill.total) if bill else None,
        "lines": [bill_json.line(item) for item in bill.items] if bill else [],
        "misses": [_miss(miss) for miss in result.misses],
        "refused": result.refused,
        "notes": list(result.notes),
    }


def _miss(miss: Miss) -> dict[str, Any]:
    return {
        "what": miss.what,
        "expected": miss.expected,
        "got": miss.got,
        "difference": plain(miss.difference) if miss.difference is not None else None,
        "location": _location(miss.location),
    }


def _location(found: Location) -> dict[str, Any]:
    return {"file": found.file, "line": found.line, "column": found.column}
