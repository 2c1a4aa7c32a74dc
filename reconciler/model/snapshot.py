"""A live catalogue at one moment, kept to plan against where nobody can or may ask the server."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.base import Address
from reconciler.model.observed import Observation


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a plan needs of an environment: everything observed, and the answers to what plans ask besides.

    No secret is in it, and of customers only how many there are. ``created_at`` is RFC 3339 in UTC; ``looked_for`` are
    the addresses that were read one by one where the server cuts a list short, so that their absence is known;
    ``digest`` is the SHA-256 in hex of the file that it is.
    """

    project: str
    environment: str
    api: str
    created_at: str
    tool: str
    observation: Observation
    looked_for: frozenset[Address] = frozenset()
    digest: str = ""
