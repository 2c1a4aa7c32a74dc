"""Who subscribes to a plan and what they used (OpenMeter v1): reads only, and nothing of it is kept.

API v1 has no list of subscriptions: they come with the customers of a plan. A meter tells the usage of up to a hundred
customers in one answer, as billing counts it: their keys are subjects too, and times count in whole seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import quote

from reconciler.backends.client import Client
from reconciler.backends.dialect import Dialect
from reconciler.backends.lists import Listing, Lists
from reconciler.errors import ProtocolError
from reconciler.model import Metered, Subscriber, Tree

MOST_CUSTOMERS = 100
"""How many customers one question about usage may name (OpenMeter v1, meter query)."""


def subscribers(lists: Lists, dialect: Dialect, plan: str) -> tuple[Subscriber, ...]:
    """Every active subscription to a plan, in the order of the customers' ids; pages are read side by side."""
    query = {"planKey": plan, "expand": "subscriptions", "orderBy": "id"}
    rows = lists.read({"": Listing(dialect.customers, query, page_size=dialect.page_size)})[""]
    return tuple(found for row in rows for found in _of(row, plan))


def _of(customer: Mapping[str, Tree], plan: str) -> Iterator[Subscriber]:
    for item, version in subscriptions_to(customer, plan):
        ident = str(customer.get("id"))
        yield Subscriber(
            ident, str(customer.get("key") or ident), str(customer.get("name") or ""), str(item.get("id")), version
        )


def subscriptions_to(customer: Mapping[str, Tree], plan: str) -> Iterator[tuple[Mapping[str, Tree], int]]:
    """The subscriptions of a customer to a plan, each with its version; others' plans do not count."""
    found = customer.get("subscriptions")
    for item in found if isinstance(found, list) else ():
        named = item.get("plan") if isinstance(item, Mapping) else None
        version = named.get("version") if isinstance(named, Mapping) and named.get("key") == plan else None
        if isinstance(item, Mapping) and isinstance(version, int):
            yield item, version


def subscription(client: Client, dialect: Dialect, ident: str) -> Mapping[str, Tree]:
    """A subscription with its phases and items."""
    path = f"{dialect.subscriptions}/{quote(ident, safe='')}"
    found = client.get(path).json
    if not isinstance(found, Mapping):
        raise ProtocolError(f"GET {dialect.subscriptions}: no subscription")
    return found


def used(client: Client, dialect: Dialect, asked: Metered, customers: Sequence[str]) -> dict[str, Decimal]:
    """Units per customer id, for up to ``MOST_CUSTOMERS``; who used nothing is not there."""
    path = dialect.usage.format(slug=quote(asked.meter, safe=""))
    query: dict[str, str | Sequence[str]] = {
        "from": _instant(asked.start),
        "to": _instant(asked.end),
        "groupBy": "customer_id",
        "filterCustomerId": list(customers),
    }
    if asked.filters:
        query["advancedMeterGroupByFilters"] = asked.filters
    found = client.get(path, query).json
    rows = found.get("data") if isinstance(found, Mapping) else None
    if not isinstance(rows, list):
        raise ProtocolError(f"GET {path}: the answer has no `data`")
    units: dict[str, Decimal] = {}
    for row in rows:
        customer, value = (row.get("customerId"), row.get("value")) if isinstance(row, Mapping) else (None, None)
        if not isinstance(customer, str) or isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise ProtocolError(f"GET {path}: a row without `customerId` or `value`")
        units[customer] = units.get(customer, Decimal(0)) + value
    return units


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
