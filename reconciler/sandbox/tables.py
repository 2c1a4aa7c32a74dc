"""The collections of the store, and what modules promise each other about them."""

from typing import Final

METERS: Final = "meters"
"""Key: slug."""

FEATURES: Final = "features"
"""Key: key; parent: the meter's id. Not live once archived."""

TAX_CODES: Final = "tax_codes"
"""Key: the Stripe code, where the tax code was made for one."""

PLANS: Final = "plans"
"""Key: key. One document per version; the phases with their rate cards lie inside."""

ADDONS: Final = "addons"
"""Key: key. One document per version."""

ASSIGNMENTS: Final = "plan_addons"
"""Which add-on version a plan version offers. Key: the add-on's id; parent: the plan's id."""

CHANNELS: Final = "channels"
"""Key: `enabled` or `disabled`."""

WEBHOOKS: Final = "webhooks"
"""What the webhook service holds, one document per channel, under the channel's id."""

RULES: Final = "rules"
"""Key: `enabled` or `disabled`."""

EVENTS: Final = "events"
"""Test messages of rules. Key: the rule's id."""

USAGE_EVENTS: Final = "usage_events"
"""What customers use. Key: the event's type; parent: its subject."""

APPS: Final = "apps"
"""Key: the app's type."""

PROFILES: Final = "profiles"
"""Key: `default` on the default profile; parent: the app's id."""

CUSTOMERS: Final = "customers"
"""Key: key."""

OVERRIDES: Final = "overrides"
"""Key: the customer's id; parent: the id of the pinned profile."""

SUBJECTS: Final = "subjects"
"""Key: key."""

SUBSCRIPTIONS: Final = "subscriptions"
"""Key: the plan's key; parent: the customer's id. The phases with their items lie inside."""

GATHERING_INVOICES: Final = "gathering_invoices"
"""One per customer whose subscription was billed. Key: the customer's id."""
