"""What one API has that no kind's binding says: the paths beside the collections and how it shows states.

A dialect is a value; a further API is a further value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """The paths and words of one API, for the requests that no kind describes."""

    api: str
    page_size: int
    apps: str
    customers: str
    subscriptions: str
    usage: str
    """What a meter counted, with ``{slug}``."""
    overrides: str
    """The customers with a billing profile of their own."""
    invoices: str
    profiles: str
    profiles_oldest_first: Mapping[str, str]
    """Lists every profile there ever was, the first one first: both the profiles and the namespace's identity."""
    assignments: str
    """The add-ons of one plan version, with ``{id}``."""
    with_deleted: Mapping[str, str]
    """Added to the lists of versioned kinds: deleted versions still count for numbering."""
    latest: Mapping[str, str]
    """Added to a read by key, so that it answers drafts too."""
    unreadable_suffix: str
    """How the codes end by which the API refuses to show an object that another API wrote."""


V1 = Dialect(
    api="v1",
    page_size=1000,
    apps="/api/v1/apps",
    customers="/api/v1/customers",
    subscriptions="/api/v1/subscriptions",
    usage="/api/v1/meters/{slug}/query",
    overrides="/api/v1/billing/customers",
    invoices="/api/v1/billing/invoices",
    profiles="/api/v1/billing/profiles",
    profiles_oldest_first={"includeArchived": "true", "orderBy": "createdAt", "order": "ASC"},
    assignments="/api/v1/plans/{id}/addons",
    with_deleted={"includeDeleted": "true"},
    latest={"includeLatest": "true"},
    unreadable_suffix="_not_representable",
)

DIALECTS: Mapping[str, Dialect] = {"v1": V1}
"""API name → dialect."""
