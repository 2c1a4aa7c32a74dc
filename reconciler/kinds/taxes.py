"""How a rate card is taxed. Source of every rule: OpenMeter v1, tax configuration of rate cards."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator

from reconciler.kinds import markers as m
from reconciler.kinds.billing_workflow import CustomInvoicingTax
from reconciler.kinds.fields import problem
from reconciler.kinds.identifiers import ULID
from reconciler.kinds.kind import Spec

_TAX_CODE = re.compile(r"txcd_\d{8}")


def _tax_code(value: str) -> str:
    if not _TAX_CODE.fullmatch(value):
        raise problem("tax.stripe_code", f"`{value}` is not a Stripe tax code: `txcd_` and eight digits")
    return value


def _ulid(value: str) -> str:
    if not ULID.fullmatch(value):
        raise problem("value.ulid", f"`{value}` is not an id of OpenMeter (26 characters)")
    return value


class StripeTaxCode(Spec):
    """How Stripe taxes it."""

    code: Annotated[str, AfterValidator(_tax_code)]
    """Stripe's product tax code."""


class TaxConfig(Spec):
    """How it is taxed."""

    behavior: Literal["inclusive", "exclusive"] | None = None
    """Whether prices hold the tax already."""
    stripe: Annotated[StripeTaxCode, m.ServerChosen(beside="taxCodeId")] | None = None
    """How Stripe taxes it; the server finds it from `taxCodeId`."""
    tax_code_id: Annotated[str, AfterValidator(_ulid), m.ServerChosen()] | None = None
    """The id of a tax code in OpenMeter; the server finds it from `stripe.code`."""
    custom_invoicing: CustomInvoicingTax | None = None
    """Refused: OpenMeter drops it."""
