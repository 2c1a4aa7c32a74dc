"""Re-rating the last closed billing period of a plan's real subscribers: reads only, side by side, with a cap."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from reconciler.errors import PricingError
from reconciler.model import Address, Desired, Metered, Observation, Plan, Rerated, Subscriber
from reconciler.planning.options import PlanOptions
from reconciler.planning.rerating import Catalogue, Rateable, catalogue, rateable, rerated, sampled
from reconciler.planning.sides import Sides
from reconciler.workflow.usage_request import UsageRequest

if TYPE_CHECKING:
    from reconciler.backends import Backend

_BATCH = 100
"""How many customers one question about usage names."""


def rerate(
    plans: Mapping[Address, Sides],
    made: Plan,
    desired: Desired,
    observation: Observation,
    options: PlanOptions,
    backend: Backend,
    asked: UsageRequest,
    now: datetime,
    parallelism: int,
) -> tuple[Rerated, ...]:
    """One result per plan of which a price changes. Raises what reading raises."""
    found = []
    with ThreadPoolExecutor(max(1, parallelism), thread_name_prefix="reconciler-usage") as pool:
        for address, both in plans.items():
            if both.changed():
                known = catalogue(address, both, made, desired, observation, options)
                found.append(_of_plan(address, known, backend, asked, now, pool))
    return tuple(found)


def _of_plan(
    address: Address, known: Catalogue, backend: Backend, asked: UsageRequest, now: datetime, pool: ThreadPoolExecutor
) -> Rerated:
    everybody = backend.subscribers(address.key)
    chosen = sampled(everybody, asked.cap)
    done, lock = [0], threading.Lock()

    def look(who: Subscriber) -> Rateable | str:
        try:
            return rateable(who, backend.subscription(who.subscription), known, now)
        except PricingError as error:
            return error.message
        finally:
            with lock:
                done[0] += 1
                asked.on_progress(address, done[0], len(chosen))

    looked = list(pool.map(look, chosen))
    found = [one for one in looked if isinstance(one, Rateable)]
    units = _used(found, backend, pool)
    unrated = [one for one in looked if isinstance(one, str)]
    return rerated(address, found, units, unrated, len(everybody), names=asked.names)


def _used(found: Sequence[Rateable], backend: Backend, pool: ThreadPoolExecutor) -> dict[tuple[str, Metered], Decimal]:
    """Customers with the same question are asked for together: those who share a billing period."""
    wanted: dict[Metered, list[str]] = defaultdict(list)
    for one in found:
        for metered in one.asked():
            wanted[metered].append(one.who.customer)
    batches = [
        (metered, sorted(set(customers))[at : at + _BATCH])
        for metered, customers in sorted(wanted.items())
        for at in range(0, len(set(customers)), _BATCH)
    ]
    answers = pool.map(lambda batch: backend.used(*batch), batches)
    return {
        (customer, metered): value
        for (metered, _), units in zip(batches, answers, strict=True)
        for customer, value in units.items()
    }
