"""The rows of an answer about usage: the events that are asked for, by window and group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from reconciler.sandbox.aggregation import Window, aggregated, passes, text_at, window_of
from reconciler.sandbox.clock import parse_instant, rfc3339
from reconciler.sandbox.context import Context
from reconciler.sandbox.jsontext import Doc, number
from reconciler.sandbox.store import Where
from reconciler.sandbox.tables import CUSTOMERS, USAGE_EVENTS


def rows(ctx: Context, meter: Doc, question: Doc, columns: list[str]) -> Iterator[Doc]:
    """One row per window and group that has a value, by time and then by group."""
    owners = _owners(ctx, question.get("filterCustomerId", []))
    zone = ZoneInfo(question.get("windowTimeZone") or "UTC")
    groups: dict[tuple[Window, tuple[str, ...]], list[Doc]] = {}
    for event in counted(ctx, meter, question, owners):
        window = window_of(parse_instant(event["time"]), question.get("windowSize"), zone)
        group = tuple(_dimension(meter, event, name, owners) for name in columns)
        groups.setdefault((window, group), []).append(event)
    for (window, group), events in sorted(groups.items(), key=lambda each: (each[0][0] or (), each[0][1])):
        value = aggregated(meter, events)
        if value is not None:
            yield _row(question, window, events, dict(zip(columns, group, strict=True)), value)


def _owners(ctx: Context, customer_ids: list[str]) -> dict[str, str]:
    """Subject → id of the customer it is of, for the customers asked for: their keys are subjects too."""
    found = {}
    for customer_id in customer_ids:
        customer = ctx.store.get(CUSTOMERS, customer_id) or {}
        for subject in filter(None, [customer.get("key"), *customer.get("subjectKeys", [])]):
            found[subject] = customer_id
    return found


def counted(ctx: Context, meter: Doc, question: Mapping[str, Any], owners: dict[str, str]) -> Iterator[Doc]:
    """The events that a question is about; times count in whole seconds, the end is not included."""
    starts = [question.get("from"), meter.get("eventFrom")]
    start = max((parse_instant(text).replace(microsecond=0) for text in starts if text), default=None)
    end = parse_instant(question["to"]).replace(microsecond=0) if question.get("to") else None
    filters = _filters(question)
    for event in ctx.store.find(USAGE_EVENTS, Where(keys=[meter["eventType"]])):
        at, subject = parse_instant(event["time"]).replace(microsecond=0), event["subject"]
        inside = (start is None or at >= start) and (end is None or at < end)
        asked = (not question.get("subject") or subject in question["subject"]) and (
            not question.get("filterCustomerId") or subject in owners
        )
        wanted = (passes(text_at(event["data"], meter["groupBy"][name]), each) for name, each in filters)
        if inside and asked and all(wanted):
            yield event


def _filters(question: Mapping[str, Any]) -> list[tuple[str, Doc]]:
    simple: Doc = {name: {"$in": values} for name, values in question.get("filterGroupBy", {}).items() if values}
    return [*(question.get("advancedMeterGroupByFilters") or {}).items(), *simple.items()]


def _dimension(meter: Doc, event: Doc, name: str, owners: dict[str, str]) -> str:
    if name == "subject":
        return str(event["subject"])
    return owners.get(event["subject"], "") if name == "customer_id" else text_at(event["data"], meter["groupBy"][name])


def _row(question: Doc, window: Window, events: list[Doc], group: dict[str, str], value: Decimal) -> Doc:
    times = sorted(parse_instant(event["time"]) for event in events)
    start, end = window or (_minute(times[0]), _minute(times[-1]) + timedelta(minutes=1))
    whole = {} if window else {"windowStart": question.get("from"), "windowEnd": question.get("to")}
    row = {"windowStart": rfc3339(start), "windowEnd": rfc3339(end), **{k: v for k, v in whole.items() if v}}
    row |= {"customerId": group.pop("customer_id")} if "customer_id" in group else {}
    return {
        **row,
        "subject": group.pop("subject", None),
        "groupBy": group,
        "value": number(Decimal(repr(float(value)))),
    }


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
