"""Subjects (OpenMeter v1, `/subjects`): made by customers for each of their subject keys, and listed."""

from __future__ import annotations

from typing import Final

from reconciler.sandbox.context import Context
from reconciler.sandbox.http import Request, Response
from reconciler.sandbox.routing import Routes
from reconciler.sandbox.store import Where
from reconciler.sandbox.tables import SUBJECTS

routes: Final = Routes()


@routes.get("/api/v1/subjects")
def list_subjects(ctx: Context, request: Request) -> Response:  # noqa: ARG001
    """All of them, oldest first, as a bare array."""
    return Response(200, ctx.store.find(SUBJECTS))


def provide_subjects(ctx: Context, customer_id: str, keys: list[str]) -> None:
    """Make the subjects that are missing; they outlive the customer's use of them."""
    for key in keys:
        if ctx.store.first(SUBJECTS, Where(keys=[key])) is None:
            now = ctx.later()
            origin = {"createdBy": "subject.provisioner", "customerId": customer_id}
            subject = {"id": ctx.new_id(), "key": key, "metadata": origin, "createdAt": now, "updatedAt": now}
            ctx.store.put(SUBJECTS, subject, key=key)
