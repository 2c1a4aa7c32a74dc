"""What a changing object holds, whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.model.base import Address, Tree


@dataclass(frozen=True, slots=True)
class Contents:
    """One live object that a plan changes: its canonical spec as it is and as it will be.

    ``before`` is that of the live object, of the active version, or of our draft; ``after`` is None where nothing of it
    stays, or where it stays and is nobody's any more. Secrets are hidden, and what the server chose itself is left out.
    """

    address: Address
    before: Mapping[str, Tree]
    after: Mapping[str, Tree] | None = None
