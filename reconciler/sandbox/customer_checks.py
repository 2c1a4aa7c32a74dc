"""What the server refuses in a customer's body: keys and subjects that belong to somebody else."""

from __future__ import annotations

from reconciler.sandbox.context import Context
from reconciler.sandbox.currencies import FIAT
from reconciler.sandbox.http import Problem, conflict, invalid
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.store import Where
from reconciler.sandbox.tables import CUSTOMERS


def subjects_of(body: Doc) -> list[str]:
    """The subject keys as sent."""
    keys: list[str] = body.get("usageAttribution", {}).get("subjectKeys", [])
    return keys


def check_body(body: Doc, doing: str) -> None:
    """Refuse what needs no look at other customers; `doing` is a word of the message."""
    prefix = f"error {doing} customer: validation error: validation error"
    if "currency" in body and body["currency"] not in FIAT:
        raise invalid(f"{prefix}: validation error: invalid fiat currency code: {body['currency']}")
    if "key" not in body and not subjects_of(body):
        raise invalid(f"{prefix}: either key or usageAttribution.subjectKeys must be provided")


def check_key(ctx: Context, body: Doc, own_id: str | None) -> None:
    """Refuse a key that is another customer's key or subject, or any customer's id."""
    if "key" not in body:
        return
    key = body["key"]
    if ctx.store.get(CUSTOMERS, key) is not None:
        raise conflict(f"key {key} overlaps with id of another customer")
    if owner := owner_of(ctx, [key], own_id):
        raise conflict(f"key {key} overlaps with subject of another customer: {owner}")
    holder = ctx.store.first(CUSTOMERS, Where(keys=[key]))
    if holder is not None and holder["id"] != own_id:
        raise conflict(f'key "{key}" is already used by an another customer in the namespace default')


def owner_of(ctx: Context, subjects: list[str], own_id: str | None) -> str | None:
    """The id of another live customer that has one of the subjects."""
    for key in subjects:
        for customer in ctx.store.find(CUSTOMERS, Where(contains={"subjectKeys": key})):
            if key in customer["subjectKeys"] and customer["id"] != own_id:
                return str(customer["id"])
    return None


def subject_conflict(subjects: list[str]) -> Problem:
    """409: a subject belongs to another customer, or was given twice."""
    keys = ", ".join(subjects)
    return conflict(
        f"one or multiple subject keys of [{keys}] are already associated with an different customer "
        "in the namespace default"
    )
