"""The workflow of a billing profile: when usage is collected, and invoices are issued, taxed and paid.

A PUT resets what it leaves out to these defaults, so every one is filled in and sent. Source: OpenMeter v1, billing
profiles: defaults, and what the server refuses or drops.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from reconciler.kinds import markers as m
from reconciler.kinds.durations import Period
from reconciler.kinds.fields import IsoDuration
from reconciler.kinds.kind import Finding, Rule, Spec
from reconciler.model import Path


class Alignment(Spec):
    """When collecting begins."""

    type: Annotated[Literal["subscription", "anchored"], m.ServerDefault("subscription")] | None = None
    """With the subscription's period: `subscription`. API v1 cannot set `anchored`."""
    recurring_period: dict[str, Any] | None = None
    """Refused: OpenMeter drops it."""


class Collection(Spec):
    """How usage is collected before an invoice is drafted."""

    alignment: Annotated[Alignment, m.Filled()] | None = None
    """When collecting begins."""
    interval: Annotated[IsoDuration, m.ServerDefault("PT1H")] | None = None
    """How long to wait for late events after the end of a period."""


class StripeTax(Spec):
    """A tax code of Stripe."""

    code: str
    """The code, `txcd_` and eight digits."""


class CustomInvoicingTax(Spec):
    """A tax code of a custom invoicing app."""

    code: str
    """The code."""


class DefaultTax(Spec):
    """How invoices are taxed where a rate card says nothing."""

    behavior: Literal["inclusive", "exclusive"] | None = None
    """Whether prices include tax."""
    stripe: StripeTax | None = None
    """Refused: the server takes no new tax code here."""
    custom_invoicing: CustomInvoicingTax | None = None
    """Refused: OpenMeter drops it."""
    tax_code_id: str | None = None
    """Refused: the server takes no new tax code here."""


class Invoicing(Spec):
    """How invoices are issued."""

    auto_advance: Annotated[bool, m.ServerDefault(True)] | None = None
    """Issue a draft by itself after `draftPeriod`."""
    draft_period: Annotated[IsoDuration, m.ServerDefault("P0D")] | None = None
    """How long an invoice stays a draft, for people to look at it."""
    due_after: Annotated[IsoDuration, m.ServerDefault("P30D")] | None = None
    """How long customers have to pay."""
    progressive_billing: Annotated[bool, m.ServerDefault(True)] | None = None
    """Invoice usage before the end of a period too."""
    subscription_end_proration_mode: (
        Annotated[Literal["bill_full_period", "bill_actual_period"], m.ServerDefault("bill_actual_period")] | None
    ) = None
    """What the last, cut short period of a subscription costs."""
    default_tax_config: DefaultTax | None = None
    """How invoices are taxed where a rate card says nothing."""


class Payment(Spec):
    """How invoices are paid."""

    collection_method: (
        Annotated[Literal["charge_automatically", "send_invoice"], m.ServerDefault("charge_automatically")] | None
    ) = None
    """Charge the customer, or send an invoice."""


class Tax(Spec):
    """Whether tax is calculated."""

    enabled: Annotated[bool, m.ServerDefault(True)] | None = None
    """Calculate tax where the app can."""
    enforced: Annotated[bool, m.ServerDefault(False)] | None = None
    """Issue no invoice without tax; needs `enabled`."""


class Workflow(Spec):
    """When usage is collected, invoices are issued, taxed and paid."""

    collection: Annotated[Collection, m.Filled()] | None = None
    """How usage is collected before an invoice is drafted."""
    invoicing: Annotated[Invoicing, m.Filled()] | None = None
    """How invoices are issued."""
    payment: Annotated[Payment, m.Filled()] | None = None
    """How invoices are paid."""
    tax: Annotated[Tax, m.Filled()] | None = None
    """Whether tax is calculated."""


_WRITE = "OpenMeter v1, billing profile create and update"

NEGATIVE = Rule("profile.workflow.negative", "The server refuses to wait less than no time (400).", _WRITE)
ENFORCED = Rule("profile.workflow.tax", "The server refuses to enforce tax that is not calculated (400).", _WRITE)
TAX_CODE = Rule(
    "profile.workflow.tax_code", "The server takes no new tax code here: the organisation's is used (400).", _WRITE
)
ANCHORED = Rule(
    "ignored_by_server/collection_alignment", "API v1 always stores `subscription`, whatever it is sent.", _WRITE
)
CUSTOM_TAX = Rule("ignored_by_server/custom_invoicing", "The server drops the tax code of custom invoicing.", _WRITE)

WORKFLOW_RULES = (NEGATIVE, ENFORCED, TAX_CODE, ANCHORED, CUSTOM_TAX)


def workflow_findings(workflow: Workflow | None) -> Iterator[Finding]:
    """What the server refuses or drops of a workflow."""
    if workflow is None:
        return
    if workflow.collection:
        yield from _collection(workflow.collection)
    if workflow.invoicing:
        yield from _invoicing(workflow.invoicing)
    if workflow.tax and workflow.tax.enforced and workflow.tax.enabled is False:
        yield Finding(ENFORCED, ("workflow", "tax", "enforced"), "enable tax, or do not enforce it")


def _collection(collection: Collection) -> Iterator[Finding]:
    at: Path = ("workflow", "collection")
    yield from _not_negative(collection.interval, (*at, "interval"))
    alignment = collection.alignment
    if alignment and alignment.type == "anchored":
        yield Finding(ANCHORED, (*at, "alignment", "type"), "write `subscription`, or leave `alignment` out")
    elif alignment and alignment.recurring_period is not None:
        yield Finding(ANCHORED, (*at, "alignment", "recurringPeriod"), "leave `alignment` out", at_key=True)


def _invoicing(invoicing: Invoicing) -> Iterator[Finding]:
    at: Path = ("workflow", "invoicing")
    yield from _not_negative(invoicing.due_after, (*at, "dueAfter"))
    if invoicing.auto_advance is not False:
        yield from _not_negative(invoicing.draft_period, (*at, "draftPeriod"))
    tax, at = invoicing.default_tax_config, (*at, "defaultTaxConfig")
    if tax and tax.custom_invoicing:
        yield Finding(CUSTOM_TAX, (*at, "customInvoicing"), "leave it out", at_key=True)
    for name, value in (("stripe", tax and tax.stripe), ("taxCodeId", tax and tax.tax_code_id)):
        if value is not None:
            message = "leave it out; to keep one that is there, `lifecycle.ignore` this tax config"
            yield Finding(TAX_CODE, (*at, name), message, at_key=True)


def _not_negative(duration: str | None, path: Path) -> Iterator[Finding]:
    if duration is not None and Period.parse(duration).negative:
        yield Finding(NEGATIVE, path, f"`{duration}` is negative; write `P0D` for no time at all")
