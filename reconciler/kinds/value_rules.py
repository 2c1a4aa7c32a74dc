"""The rules that the types of fields carry, for ``explain --rules``: what each single value has to look like."""

from __future__ import annotations

from reconciler.kinds.kind import Rule

_API = "OpenMeter v1, OpenAPI"
_CARDS = "OpenMeter v1, rate cards"
_MANIFEST = "manifest language"

VALUE_RULES = (
    Rule("value.key", "The server takes no other form for a key (400).", _API),
    Rule("value.decimal", "Money and quantities are exact; a binary float is not.", _API),
    Rule("value.negative", "The server refuses amounts below 0 (400).", _CARDS),
    Rule("value.currency", "The server refuses a currency that it does not know (400).", "OpenMeter v1, plan create"),
    Rule("value.duration", "The server refuses what is no ISO-8601 duration (400).", _API),
    Rule("value.instant", "The server refuses what is no RFC 3339 instant (400).", _API),
    Rule("value.text", "The server refuses what is no text (400).", _API),
    Rule("value.country", "The server refuses what is no ISO-3166 country code (400).", _API),
    Rule("value.ulid", "The server refuses what is no id of its own (400).", _API),
    Rule("value.json_path", "The server refuses a JSONPath that it cannot read (400).", "OpenMeter v1, meter create"),
    Rule("value.app", "A profile is invoiced through one app that is installed.", "OpenMeter v1, billing profiles"),
    Rule("meter.group_by_name", "The server takes letters, digits and `_` only (400).", "OpenMeter v1, meter create"),
    Rule("metadata.reserved", "Metadata of ours says whose an object is.", _MANIFEST),
    Rule("secret.literal", "A secret in git is no secret.", _MANIFEST),
    Rule("secret.source", "With two sources nobody knows which one holds.", _MANIFEST),
    Rule("plan.billing_cadence", "The server bills a plan in these steps only (400).", "OpenMeter v1, plan create"),
    Rule("price.package.quantity", "The server refuses packages of nothing (400).", _CARDS),
    Rule("discount.percentage", "The server refuses other percentages (400).", _CARDS),
    Rule("entitlement.issue_after_reset", "The server keeps a binary float that is 0 or more.", _CARDS),
    Rule("entitlement.config", "No subscription can be made to a plan with another one.", _CARDS),
    Rule("tax.stripe_code", "The server takes no other form (400).", _API),
)
