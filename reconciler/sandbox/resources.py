"""The server's resource modules, in one place: their routes, and what they create at start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from reconciler.sandbox import (
    access,
    addons,
    apps,
    assignments,
    bystanders,
    channels,
    customers,
    events,
    features,
    meters,
    overrides,
    plans,
    profiles,
    rules,
    ruletests,
    subjects,
    subscriptions,
    taxes,
    usage,
)
from reconciler.sandbox.context import Context
from reconciler.sandbox.routing import Routes

ROUTES: Final[tuple[Routes, ...]] = (
    meters.routes,
    usage.routes,
    events.routes,
    features.routes,
    taxes.routes,
    plans.routes,
    addons.routes,
    assignments.routes,
    channels.routes,
    rules.routes,
    ruletests.routes,
    apps.routes,
    profiles.routes,
    customers.routes,
    access.routes,
    overrides.routes,
    subjects.routes,
    subscriptions.routes,
    bystanders.routes,
)

Seed = Callable[[Context], None]

SEEDS: Final[tuple[Seed, ...]] = (taxes.seed_tax_codes, apps.seed, profiles.seed)
"""Called at every start, in this order; each creates its object only if it is missing."""
