"""Lists that a client may read but nothing here ever fills: they are answered as on a fresh server."""

from __future__ import annotations

from typing import Final

from reconciler.sandbox.context import Context
from reconciler.sandbox.http import Request, Response
from reconciler.sandbox.listing import PAGE, page_body, page_numbers
from reconciler.sandbox.routing import Routes

routes: Final = Routes()


@routes.get("/api/v1/billing/invoices", query=PAGE)
def list_invoices(ctx: Context, request: Request) -> Response:  # noqa: ARG001
    """No invoice is ever issued; gathering ones are kept, but not shown."""
    return _nothing(request)


@routes.get("/api/v1/entitlements", query=PAGE)
def list_entitlements(ctx: Context, request: Request) -> Response:  # noqa: ARG001
    """A bare array without page parameters. Those of subscriptions are shown by the subscriptions alone."""
    return _nothing(request) if request.args else Response(200, [])


@routes.get("/api/v1/grants", query=PAGE)
def list_grants(ctx: Context, request: Request) -> Response:  # noqa: ARG001
    """A bare array without page parameters; the one that is left out is told as 0."""
    args = request.args
    page = page_body([], args.get("page", 0), args.get("pageSize", 0), 0)
    return Response(200, page if args else [])


def _nothing(request: Request) -> Response:
    page, size = page_numbers(request.args)
    return Response(200, page_body([], page, size, 0))
