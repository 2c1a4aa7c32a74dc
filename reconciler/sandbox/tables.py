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

SUBSCRIPTION_ITEMS: Final = "subscription_items"
"""One row per feature a subscription uses. Key: the feature's key; parent: the subscription's id.

Live (no `deletedAt`) exactly while the subscription is: such a row keeps its feature from being
archived.
"""
