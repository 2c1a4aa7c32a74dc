"""The list shapes: pages with a total, and the parameters that choose them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from reconciler.sandbox.context import Context
from reconciler.sandbox.http import Request
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.schema import Bool, Num, Schema, Str
from reconciler.sandbox.store import Where

PAGE_SIZE: Final = 100
PAGE: Final[Mapping[str, Schema]] = {
    "page": Num(minimum=1, integer=True),
    "pageSize": Num(minimum=1, maximum=1000, integer=True),
}
ORDER: Final[Mapping[str, Schema]] = {"order": Str(enum=("ASC", "DESC"))}
INCLUDE_DELETED: Final[Mapping[str, Schema]] = {"includeDeleted": Bool()}


def order_by(*fields: str) -> Mapping[str, Schema]:
    """The `order` and `orderBy` parameters, with the fields one may order by."""
    return {**ORDER, "orderBy": Str(enum=fields)}


def page_of(
    ctx: Context, request: Request, collection: str, where: Where, *, order: str = "id", descending: bool
) -> Doc:
    """One page of a collection as the server shapes it; `descending` is the kind's default order."""
    page, size = page_numbers(request.args)
    items = ctx.store.find(
        collection,
        where,
        order=order,
        descending=is_descending(request.args, default=descending),
        limit=size,
        offset=(page - 1) * size,
    )
    return page_body(items, page, size, ctx.store.count(collection, where))


def page_numbers(args: Mapping[str, Any]) -> tuple[int, int]:
    """Page number and size, with the server's defaults."""
    return args.get("page", 1), args.get("pageSize", PAGE_SIZE)


def page_body(items: list[Doc], page: int, size: int, total: int) -> Doc:
    """The envelope around a page."""
    return {"items": items, "page": page, "pageSize": size, "totalCount": total}


def is_descending(args: Mapping[str, Any], *, default: bool) -> bool:
    """Whether the list was asked for newest (or highest) first."""
    return bool(args["order"] == "DESC") if "order" in args else default
