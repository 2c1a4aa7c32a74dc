"""Going back to an older revision, forward only: the plan, and what stays as it has become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reconciler.model.base import Address
from reconciler.model.plan import Plan

Lasting = Literal["archived", "replaced", "created_anew", "subscriptions", "invoices", "stays"]


@dataclass(frozen=True, slots=True)
class Permanent:
    """One thing that no plan undoes, in a sentence. ``address`` is None where it is about no single object."""

    code: Lasting
    address: Address | None
    message: str


@dataclass(frozen=True, slots=True)
class Rollback:
    """``revision`` is what was asked for, ``commit`` its full hash, ``permanent`` what cannot be undone."""

    revision: str
    commit: str
    plan: Plan
    permanent: tuple[Permanent, ...] = ()
