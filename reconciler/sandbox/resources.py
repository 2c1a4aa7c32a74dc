"""The server's resource modules, in one place: their routes, and what they create at start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from reconciler.sandbox import (
    apps,
    bystanders,
    channels,
    customers,
    features,
    meters,
    overrides,
    profiles,
    rules,
    subjects,
    subscriptions,
)
from reconciler.sandbox.context import Context
from reconciler.sandbox.routing import Routes

ROUTES: Final[tuple[Routes, ...]] = (
    meters.routes,
    features.routes,
    channels.routes,
    rules.routes,
    apps.routes,
    profiles.routes,
    customers.routes,
    overrides.routes,
    subjects.routes,
    subscriptions.routes,
    bystanders.routes,
)

Seed = Callable[[Context], None]

SEEDS: Final[tuple[Seed, ...]] = (apps.seed, profiles.seed)
"""Called at every start, in this order; each creates its object only if it is missing."""
