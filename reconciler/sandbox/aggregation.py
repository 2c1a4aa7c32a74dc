"""What the events of a meter come to: values read by JSONPath, grouped and aggregated as the event store does.

Source: OpenMeter, the ClickHouse queries of meters: times count in whole seconds, a value that is no number counts as
none, a group of which no event has a value has no row, and what is not there reads as an empty text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

from reconciler.sandbox.clock import parse_instant
from reconciler.sandbox.jsontext import Doc, dumps

_STEP: Final = re.compile(r"""\.([A-Za-z_][A-Za-z0-9_]*)|\[\s*(\d+)\s*\]|\[\s*["']([^"'\]]+)["']\s*\]""")

Window = tuple[datetime, datetime] | None


def text_at(data: Any, path: str) -> str:  # noqa: ANN401 - any JSON value
    """The scalar at a JSONPath as text; nothing for a map, a list or what is not there."""
    for name, index, quoted in _STEP.findall(path):
        if index:
            data = data[int(index)] if isinstance(data, list) and int(index) < len(data) else None
        else:
            data = data.get(name or quoted) if isinstance(data, dict) else None
    if data is None or isinstance(data, dict | list):
        return ""
    return data if isinstance(data, str) else dumps(data)


def aggregated(meter: Doc, events: Iterable[Doc]) -> Decimal | None:
    """One value over some events; None where none of them has one."""
    found = list(events)
    if meter["aggregation"] == "COUNT":
        return Decimal(len(found)) if found else None
    texts = [text_at(event["data"], meter["valueProperty"]) for event in found]
    if meter["aggregation"] == "UNIQUE_COUNT":
        return Decimal(len({text for text in texts if text != "null"})) if found else None
    timed = zip((parse_instant(event["time"]) for event in found), map(_number, texts), strict=True)
    numbers = [(at, number) for at, number in timed if number is not None]
    if not numbers:
        return None
    return _one(meter["aggregation"], numbers)


def _one(aggregation: str, numbers: list[tuple[datetime, Decimal]]) -> Decimal:
    values = [number for _, number in numbers]
    match aggregation:
        case "MAX":
            return max(values)
        case "MIN":
            return min(values)
        case "AVG":
            return sum(values, Decimal(0)) / len(values)
        case "LATEST":
            return max(numbers, key=lambda each: each[0])[1]
        case _:
            return sum(values, Decimal(0))


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def window_of(at: datetime, size: str | None, zone: ZoneInfo) -> Window:
    """The window that an instant lies in; None without windows."""
    local = at.astimezone(zone).replace(second=0, microsecond=0)
    match size:
        case "MINUTE":
            return local, local + timedelta(minutes=1)
        case "HOUR":
            return (start := local.replace(minute=0)), start + timedelta(hours=1)
        case "DAY":
            return (start := local.replace(hour=0, minute=0)), start + timedelta(days=1)
        case "MONTH":
            start = local.replace(day=1, hour=0, minute=0)
            return start, (start + timedelta(days=32)).replace(day=1)
        case _:
            return None


def passes(text: str, condition: Mapping[str, Any]) -> bool:
    """Whether a value passes a filter; one without an operator lets everything through."""
    return all(_passes(text, operator, value) for operator, value in condition.items() if value is not None)


def _passes(text: str, operator: str, value: Any) -> bool:  # noqa: ANN401 - a text or a list
    match operator:
        case "$eq":
            return bool(text == value)
        case "$in":
            return bool(text in value)
        case "$and":
            return all(passes(text, each) for each in value)
        case "$or":
            return any(passes(text, each) for each in value)
        case "$like" | "$ilike":
            flags = re.DOTALL | (re.IGNORECASE if operator == "$ilike" else 0)
            pattern = "".join(".*" if char == "%" else "." if char == "_" else re.escape(char) for char in value)
            return re.fullmatch(pattern, text, flags) is not None
        case "$gt" | "$lte":
            return bool(text > value) == (operator == "$gt")
        case "$lt" | "$gte":
            return bool(text < value) == (operator == "$lt")
        case _:
            return not _passes(text, {"$ne": "$eq", "$nin": "$in", "$nlike": "$like"}.get(operator, "$ilike"), value)
