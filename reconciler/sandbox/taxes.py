"""Tax codes: made by the server for every Stripe code that a rate card names.

API v1 can only point at them; their own endpoint belongs to v3, of which the list is all there is here.
"""

from __future__ import annotations

from typing import Final

from reconciler.sandbox.context import Context
from reconciler.sandbox.http import Request, Response, invalid
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.routing import Routes
from reconciler.sandbox.schema import ULID, Obj, Str
from reconciler.sandbox.store import Where
from reconciler.sandbox.tables import TAX_CODES
from reconciler.sandbox.values import present

routes = Routes()

TAX_CONFIG: Final = Obj(
    optional={
        "behavior": Str(enum=("inclusive", "exclusive")),
        "stripe": Obj(required={"code": Str(pattern=r"^txcd_\d{8}$")}),
        "customInvoicing": Obj(required={"code": Str()}),
        "taxCodeId": ULID,
    }
)
_PAGE_SIZE: Final = 20


def read_tax_config(config: Doc) -> Doc:
    """What is kept of a tax configuration: the code for custom invoicing is dropped."""
    return present(config, ["behavior", "stripe", "taxCodeId"])


def resolve_tax_config(ctx: Context, config: Doc) -> Doc:
    """Adds the tax code's id or its Stripe code; the id wins over a Stripe code sent beside it."""
    if "taxCodeId" in config:
        tax_code = ctx.store.get(TAX_CODES, config["taxCodeId"])
        if tax_code is None:
            raise invalid(f"tax code {config['taxCodeId']} not found")
        mapped = {"stripe": {"code": tax_code["stripe"]}} if tax_code["stripe"] else {}
        return {**present(config, ["behavior", "taxCodeId"]), **mapped}
    if "stripe" not in config:
        return config
    code = config["stripe"]["code"]
    tax_code = ctx.store.first(TAX_CODES, Where(keys=[code]))
    tax_code = tax_code or _create(ctx, key=f"stripe_{code}", name=code, stripe=code)
    return {**config, "taxCodeId": tax_code["id"]}


def seed_tax_codes(ctx: Context) -> None:
    """The two tax codes that every namespace has."""
    if ctx.store.count(TAX_CODES) == 0:
        _create(ctx, key="default", name="Provider default", stripe="", system=True)
        _create(ctx, key="nontaxable", name="Nontaxable", stripe="txcd_00000000", system=True)


@routes.get("/api/v3/openmeter/tax-codes")
def list_tax_codes(ctx: Context, request: Request) -> Response:
    """API v3's list, in its own shape."""
    asked = dict(request.query)
    size, page = int(asked.get("page[size]", _PAGE_SIZE)), int(asked.get("page[number]", 1))
    found = ctx.store.find(TAX_CODES, limit=size, offset=(page - 1) * size)
    meta = {"page": {"size": size, "number": page, "total": ctx.store.count(TAX_CODES)}}
    return Response(200, {"data": [_view(tax_code) for tax_code in found], "meta": meta})


def _create(ctx: Context, *, key: str, name: str, stripe: str, system: bool = False) -> Doc:
    tax_code = {**ctx.born(), "key": key, "name": name, "stripe": stripe, "system": system}
    ctx.later()
    return ctx.store.put(TAX_CODES, tax_code, key=stripe or None)


def _view(tax_code: Doc) -> Doc:
    stripe = tax_code["stripe"]
    return {
        **present(tax_code, ["id", "key", "name"]),
        "app_mappings": [{"app_type": "stripe", "tax_code": stripe}] if stripe else [],
        "labels": {"openmeter_managed_by": "system"} if tax_code["system"] else {},
        "created_at": tax_code["createdAt"],
        "updated_at": tax_code["updatedAt"],
    }
