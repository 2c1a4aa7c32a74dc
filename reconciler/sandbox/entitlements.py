"""Entitlement templates of rate cards."""

from __future__ import annotations

from typing import Final

from reconciler.sandbox.alignment import is_under_an_hour
from reconciler.sandbox.durations import DurationError, parse_duration
from reconciler.sandbox.http import invalid
from reconciler.sandbox.issues import Issue, issue
from reconciler.sandbox.jsontext import Doc, number
from reconciler.sandbox.schema import METADATA, Bool, Num, Obj, Str, Tagged
from reconciler.sandbox.values import present

ENTITLEMENT: Final = Tagged(
    tag="type",
    options={
        "metered": Obj(
            optional={
                "metadata": METADATA,
                "isSoftLimit": Bool(),
                "issueAfterReset": Num(minimum=0),
                "issueAfterResetPriority": Num(minimum=1, maximum=255, integer=True),
                "preserveOverageAtReset": Bool(),
                "usagePeriod": Str(),
            }
        ),
        # The text is meant to be JSON, but nobody looks: "not json" can be published.
        "static": Obj(required={"config": Str()}, optional={"metadata": METADATA}),
        "boolean": Obj(optional={"metadata": METADATA}),
    },
)


def read_template(template: Doc, billing_cadence: str | None) -> Doc:
    """A template as stored; raises DurationError, or a Problem when no usage period can be told."""
    stored = present(template, ["type", "config"] if template["type"] == "static" else ["type"])
    if template.get("metadata"):
        stored["metadata"] = template["metadata"]
    if template["type"] == "metered":
        stored.update(_read_metered(template, billing_cadence))
    return stored


def template_issues(template: Doc, *, has_feature: bool) -> list[Issue]:
    """What is wrong with a template; all of it is accepted on a draft."""
    found = [] if has_feature else [issue("entitlement_template_with_no_feature")]
    if template["type"] == "metered" and "issueAfterReset" not in template:
        found.append(issue("entitlement_template_issue_after_reset_required"))
    return found


def unwritable_template(template: Doc, billing_cadence: str | None) -> list[Issue]:
    """The warnings that refuse a draft too: they are raised where the template is stored, which knows no plan."""
    if template.get("type") != "metered":
        return []
    codes = [*_priority_codes(template), *_period_codes(_usage_period(template, billing_cadence))]
    return [issue(code).under("entitlementTemplate") for code in codes]


def _priority_codes(template: Doc) -> list[str]:
    if "issueAfterResetPriority" not in template or "issueAfterReset" in template:
        return []
    return ["entitlement_template_invalid_issue_after_reset_with_priority"]


def _period_codes(text: str | None) -> list[str]:
    """Nothing of a period that is missing or malformed: reading it says that."""
    try:
        period = parse_duration(text or "")
    except DurationError:
        return []
    found = ["entitlement_template_negative_usage_period"] if period.is_negative else []
    return [*found, "entitlement_template_usage_period_less_then_an_hour"] if is_under_an_hour(period) else found


def _usage_period(template: Doc, billing_cadence: str | None) -> str | None:
    """The period as sent, or the card's cadence; a period of nothing counts as not sent, and so does such a cadence."""
    for text in (template.get("usagePeriod"), billing_cadence):
        if text is not None and not _is_nothing(text):
            return str(text)
    return None


def _is_nothing(text: str) -> bool:
    try:
        return parse_duration(text).is_zero
    except DurationError:
        return False


def _read_metered(template: Doc, billing_cadence: str | None) -> Doc:
    stored = present(template, ["issueAfterResetPriority", "preserveOverageAtReset"])
    stored["isSoftLimit"] = template.get("isSoftLimit", False)
    if "issueAfterReset" in template:
        stored["issueAfterReset"] = number(template["issueAfterReset"])
    period = _usage_period(template, billing_cadence)
    if period is None:
        reason = "missing UsagePeriod for Metered EntitlementTemplate where cannot infer from BillingCadence"
        raise invalid(reason)
    stored["usagePeriod"] = str(parse_duration(period))
    return stored
