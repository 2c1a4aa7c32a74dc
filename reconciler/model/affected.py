"""Whom a plan concerns: subscriptions by plan version, and what new subscribers no longer get. Never a customer."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.base import Address


@dataclass(frozen=True, slots=True, order=True)
class Reduced:
    """One entitlement of which a new subscriber gets less, nothing, or something else.

    ``where`` is the phase, ``with ADD-ON`` for an add-on's. ``before`` and ``after`` say what it is, in words, such as
    ``1,000 each P1M``; ``after`` is None where it is gone.
    """

    where: str
    feature: str
    before: str
    after: str | None


@dataclass(frozen=True, slots=True)
class Affected:
    """Who is on a plan that gets a new version or ends, and what it takes from those who come.

    ``versions`` are (version, active subscriptions), newest first: they stay where they are. None where the server does
    not tell. ``withdrawn`` are the keys of add-ons that are no longer offered with it.
    """

    plan: Address
    versions: tuple[tuple[int, int], ...] | None
    reduced: tuple[Reduced, ...] = ()
    withdrawn: tuple[str, ...] = ()

    @property
    def subscriptions(self) -> int | None:
        """Active subscriptions to any version; None where the server does not tell."""
        return None if self.versions is None else sum(count for _, count in self.versions)
