"""Events of usage (OpenMeter v1, `/events`): taken one or many at a time, kept as they came, counted by the meters.

Nothing is thrown away as a repetition: the server does that only where it is told to.
"""

from __future__ import annotations

from typing import Any, Final

from reconciler.sandbox import jsontext
from reconciler.sandbox.clock import parse_instant, rfc3339
from reconciler.sandbox.context import Context
from reconciler.sandbox.http import JSON, NO_CONTENT, Problem, Request, Response
from reconciler.sandbox.jsontext import Doc, Json
from reconciler.sandbox.routing import Routes
from reconciler.sandbox.schema import DATE_TIME, Obj, Str, Violation, check
from reconciler.sandbox.tables import USAGE_EVENTS

routes: Final = Routes()

_ONE: Final = "application/cloudevents+json"
_MANY: Final = "application/cloudevents-batch+json"
_EVENT: Final = Obj(
    required={name: Str(min=1) for name in ("id", "source", "specversion", "type", "subject")},
    optional={"time": DATE_TIME},
)


@routes.post("/api/v1/events")
def ingest_events(ctx: Context, request: Request) -> Response:
    """One event or a list of them; without a time it is now."""
    for event in _events(request):
        at = rfc3339(parse_instant(event["time"])) if event.get("time") else ctx.present()
        kept = {"type": event["type"], "subject": event["subject"], "time": at, "data": event.get("data") or {}}
        ctx.store.put(USAGE_EVENTS, {"id": ctx.new_id(), **kept}, key=event["type"], parent=event["subject"])
    return NO_CONTENT


def _events(request: Request) -> list[Doc]:
    kind = request.content_type.partition(";")[0].strip()
    if kind not in (JSON, _ONE, _MANY):
        raise _bad(f'header Content-Type has unexpected value "{request.content_type}"')
    try:
        body: Json = jsontext.loads(request.raw)
    except ValueError as error:
        raise _bad(f"failed to decode request body: {error}") from error
    events = body if isinstance(body, list) and kind != _ONE else [body]
    for event in events:
        _check(event)
    if not events:
        raise Problem(400, "invalid event: no events found")
    return events


def _check(event: Any) -> None:  # noqa: ANN401 - any JSON value
    problem = _bad(
        "doesn't match schema #/components/schemas/IngestEventsBody: doesn't match any schema from \"anyOf\""
    )
    if not isinstance(event, dict) or not isinstance(event.get("data") or {}, dict):
        raise problem
    try:
        check(_EVENT, {name: value for name, value in event.items() if name != "time" or value is not None})
    except Violation as violation:
        raise problem from violation


def _bad(reason: str) -> Problem:
    return Problem(400, f"request body has an error: {reason}", by_validator=True)
