"""The workflow of a billing profile: defaults, durations and what the server refuses in it.

Source: OpenMeter v1, billing profile POST and PUT. Whatever a body omits takes the default, on a PUT
as well; only `subscriptionEndProrationMode` is kept there.
"""

from __future__ import annotations

from typing import Final

from reconciler.sandbox.durations import DurationError, parse_duration
from reconciler.sandbox.http import Problem, invalid
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.schema import DATE_TIME, ULID, Bool, Obj, OneOf, Str, Tagged
from reconciler.sandbox.values import present

END_PRORATION: Final = "bill_actual_period"
_PERIODS: Final = ("draftPeriod", "dueAfter")

_ALIGNMENT: Final = Tagged(
    "type",
    {
        "subscription": Obj(required={"type": Str(enum=("subscription",))}),
        "anchored": Obj(
            required={
                "type": Str(enum=("anchored",)),
                "recurringPeriod": Obj(required={"interval": OneOf((Str(),)), "anchor": DATE_TIME}),
            }
        ),
    },
)
TAX_CONFIG: Final = Obj(
    optional={
        "behavior": Str(enum=("inclusive", "exclusive")),
        "stripe": Obj(required={"code": Str(pattern=r"^txcd_\d{8}$")}),
        "customInvoicing": Obj(required={"code": Str()}),
        "taxCodeId": ULID,
    }
)
WORKFLOW: Final = Obj(
    optional={
        "collection": Obj(optional={"alignment": _ALIGNMENT, "interval": Str()}),
        "invoicing": Obj(
            optional={
                "autoAdvance": Bool(),
                "draftPeriod": Str(),
                "dueAfter": Str(),
                "progressiveBilling": Bool(),
                "subscriptionEndProrationMode": Str(enum=("bill_full_period", "bill_actual_period")),
                "defaultTaxConfig": TAX_CONFIG,
            }
        ),
        "payment": Obj(optional={"collectionMethod": Str(enum=("charge_automatically", "send_invoice"))}),
        "tax": Obj(optional={"enabled": Bool(), "enforced": Bool()}),
    }
)


def read_workflow(body: Doc, end_proration: str = END_PRORATION) -> Doc:
    """A complete workflow, valid by itself; a text that is no duration is the server's 500."""
    collection, invoicing = body.get("collection", {}), body.get("invoicing", {})
    workflow = {
        # API v1 can read an anchored alignment, but writes none.
        "collection": {
            "alignment": {"type": "subscription"},
            "interval": _period(collection.get("interval", "PT1H")),
        },
        "invoicing": {
            "autoAdvance": invoicing.get("autoAdvance", True),
            "draftPeriod": _period(invoicing.get("draftPeriod", "P0D")),
            "dueAfter": _period(invoicing.get("dueAfter", "P30D")),
            "progressiveBilling": invoicing.get("progressiveBilling", True),
            "subscriptionEndProrationMode": invoicing.get("subscriptionEndProrationMode", end_proration),
            **_tax_config(invoicing),
        },
        "payment": {
            "collectionMethod": "charge_automatically",
            **present(body.get("payment", {}), ["collectionMethod"]),
        },
        "tax": {"enabled": True, "enforced": False, **present(body.get("tax", {}), ["enabled", "enforced"])},
    }
    _check(workflow)
    return workflow


def check_periods(body: Doc) -> None:
    """Refuse texts that are no durations: on a PUT that comes before anything else is looked at."""
    periods = (body.get("collection", {}).get("interval"), *present(body.get("invoicing", {}), _PERIODS).values())
    for text in periods:
        if text is not None:
            _period(text)


def check_tax_code(workflow: Doc, stored: Doc) -> None:
    """Refuse a tax code that the stored workflow does not have already (a deprecated field)."""
    new, old = _codes(workflow), _codes(stored)
    if any(value is not None and value != known for value, known in zip(new, old, strict=True)):
        raise invalid(
            "setting a tax code (stripe.code / taxCodeId) on a billing profile's defaultTaxConfig is "
            "deprecated and can no longer be added or changed; the organization default tax code is used "
            "instead. You may still remove it. (behavior is unaffected.)"
        )


def _period(text: str) -> str:
    try:
        return str(parse_duration(text))
    except DurationError as error:
        raise Problem(500) from error


def _tax_config(invoicing: Doc) -> Doc:
    config = present(invoicing.get("defaultTaxConfig", {}), ["behavior", "stripe", "taxCodeId"])
    return {"defaultTaxConfig": config} if config else {}


def _codes(workflow: Doc) -> tuple[str | None, str | None]:
    config = workflow.get("invoicing", {}).get("defaultTaxConfig", {})
    return config.get("taxCodeId"), config.get("stripe", {}).get("code")


def _check(workflow: Doc) -> None:
    invoicing = workflow["invoicing"]
    problems = {
        "invalid collection config: item collection period must be greater or equal to 0": _is_negative(
            workflow["collection"]["interval"]
        ),
        "invalid invoice config: draft period must be greater or equal to 0": invoicing["autoAdvance"]
        and _is_negative(invoicing["draftPeriod"]),
        "invalid invoice config: due after must be greater or equal to 0": _is_negative(invoicing["dueAfter"]),
        "invalid tax config: tax is enforced but tax is not enabled": workflow["tax"]["enforced"]
        and not workflow["tax"]["enabled"],
    }
    for reason, applies in problems.items():
        if applies:
            raise Problem(400, f"invalid workflow config: {reason}")


def _is_negative(duration: str) -> bool:
    return parse_duration(duration).is_negative
