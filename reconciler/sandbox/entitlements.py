"""Entitlement templates of rate cards."""

from __future__ import annotations

from typing import Final

from reconciler.sandbox.alignment import is_under_an_hour
from reconciler.sandbox.durations import parse_duration
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
    stored = present(template, ["type", "config"])
    if template.get("metadata"):
        stored["metadata"] = template["metadata"]
    if template["type"] == "metered":
        stored.update(_read_metered(template, billing_cadence))
    return stored


def template_issues(template: Doc, *, has_feature: bool) -> list[Issue]:
    """What is wrong with a template; all of it is accepted on a draft."""
    found = [] if has_feature else [issue("entitlement_template_with_no_feature")]
    if template["type"] != "metered":
        return found
    period = parse_duration(template["usagePeriod"])
    if period.is_negative or period.is_zero:
        found.append(issue("entitlement_template_negative_usage_period").under("entitlementTemplate"))
    if is_under_an_hour(period):
        code = "entitlement_template_usage_period_less_then_an_hour"
        found.append(issue(code).under("entitlementTemplate"))
    if "issueAfterReset" not in template:
        found.append(issue("entitlement_template_issue_after_reset_required"))
    return found


def unreadable_template(template: Doc) -> list[Issue]:
    """The one warning that refuses a draft: it is raised before the template has a place in a plan."""
    if "issueAfterResetPriority" not in template or "issueAfterReset" in template:
        return []
    code = "entitlement_template_invalid_issue_after_reset_with_priority"
    return [issue(code).under("entitlementTemplate")]


def _read_metered(template: Doc, billing_cadence: str | None) -> Doc:
    stored = present(template, ["issueAfterResetPriority", "preserveOverageAtReset"])
    stored["isSoftLimit"] = template.get("isSoftLimit", False)
    if "issueAfterReset" in template:
        stored["issueAfterReset"] = number(template["issueAfterReset"])
    period = template.get("usagePeriod", billing_cadence)
    if period is None:
        reason = "missing UsagePeriod for Metered EntitlementTemplate where cannot infer from BillingCadence"
        raise invalid(reason)
    stored["usagePeriod"] = str(parse_duration(period))
    return stored
