"""Plans (OpenMeter v1, `/api/v1/plans`)."""

from __future__ import annotations

from typing import Final

from reconciler.sandbox.context import Context
from reconciler.sandbox.currencies import FIAT
from reconciler.sandbox.durations import DurationError, parse_duration
from reconciler.sandbox.http import NO_CONTENT, Problem, Request, Response, invalid
from reconciler.sandbox.issues import refuse, refuse_critical, selected, shown
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.planrules import phase_issues, plan_issues, publish_plan_issues
from reconciler.sandbox.ratecards import (
    RATE_CARD,
    read_cards,
    resolve_features,
    resolve_taxes,
    shuffled,
    unwritable_cards,
    view_card,
)
from reconciler.sandbox.routing import Routes
from reconciler.sandbox.schema import ID_OR_KEY, KEY, NULLABLE_METADATA, ULID, Arr, Bool, Obj, Schema, Str
from reconciler.sandbox.store import Where
from reconciler.sandbox.tables import PLANS
from reconciler.sandbox.values import is_ulid, present
from reconciler.sandbox.versions import (
    CURRENCY,
    GET_QUERY,
    Versions,
    has_draft,
    list_query,
    named_versions,
    next_version,
)

routes = Routes()
PLAN_VERSIONS: Final = Versions(PLANS, "plan")

_DEFAULT_PRO_RATING: Final = {"enabled": True, "mode": "prorate_prices"}
_NAME: Final[dict[str, Schema]] = {"name": Str(min=1, max=256)}
_TEXTS: Final[dict[str, Schema]] = {"description": Str(max=1024), "metadata": NULLABLE_METADATA}
_PHASE: Final = Obj(
    required={**_NAME, "key": KEY, "duration": Str(nullable=True), "rateCards": Arr(RATE_CARD)},
    optional=_TEXTS,
)
_REQUIRED: Final[dict[str, Schema]] = {
    **_NAME,
    "billingCadence": Str(),
    "phases": Arr(_PHASE, min_items=1),
}
_OPTIONAL: Final[dict[str, Schema]] = {
    **_TEXTS,
    # Deprecated: accepted, thrown away, never shown.
    "alignment": Obj(optional={"billablesMustAlign": Bool()}),
    "proRatingConfig": Obj(required={"enabled": Bool(), "mode": Str(enum=("prorate_prices",))}),
    "settlementMode": Str(enum=("credit_then_invoice", "credit_only")),
}
PLAN_CREATE: Final = Obj(
    name="PlanCreate", required={**_REQUIRED, "key": KEY, "currency": CURRENCY}, optional=_OPTIONAL
)
PLAN_UPDATE: Final = Obj(name="PlanReplaceUpdate", required=_REQUIRED, optional=_OPTIONAL)
_BY_ID: Final = {"plan_id": ULID}


@routes.get("/api/v1/plans", query=list_query("draft", "active", "archived", "scheduled"))
def list_plans(ctx: Context, request: Request) -> Response:
    """Every version is an item. The filters by id, key, version and currency are joined by OR."""
    args = request.args
    named: list[Where] = named_versions(request)
    if "id" in args:
        named.append(Where(ids=args["id"], live=None))
    if "key" in args:
        named.append(Where(keys=args["key"], live=None))
    if "currency" in args:
        named.append(Where(fields={"currency": args["currency"]}, live=None))
    where = Where(
        live=None if args.get("includeDeleted") else True,
        fields={"status": args["status"]} if "status" in args else {},
        any_of=named,
    )
    return Response(200, PLAN_VERSIONS.page(ctx, request, where, view_plan))


@routes.post("/api/v1/plans", body=PLAN_CREATE)
def create_plan(ctx: Context, request: Request) -> Response:
    """A new draft version. Checked in stages: decoding, the plan's own rules, a draft in the way, features."""
    body = request.body
    if body["currency"] not in FIAT:
        raise invalid(f"failed to create plan request: invalid fiat currency code: {body['currency']}")
    try:
        content = _read_content(body)
    except DurationError as error:
        raise invalid(f"failed to create plan request: failed to parse duration '{error}'") from error
    settlement = body.get("settlementMode", "credit_then_invoice")
    plan = {**present(body, ["key", "currency"]), **content, "settlementMode": settlement}
    _refuse_draft(plan)
    history = PLAN_VERSIONS.history(ctx, body["key"])
    if has_draft(history):
        raise invalid("only a single draft version is allowed for Plan")
    _resolve(ctx, plan)
    _refuse_cards(body)
    born = {**ctx.born(), **plan, "version": next_version(history), "status": "draft"}
    return Response(201, view_plan(_save(ctx, born)))


@routes.get("/api/v1/plans/{id_or_key}", path={"id_or_key": ID_OR_KEY}, query=GET_QUERY)
def get_plan(ctx: Context, request: Request, id_or_key: str) -> Response:
    """By id any version, deleted or not; by key the active one."""
    latest = request.args.get("includeLatest", False)
    return Response(200, view_plan(PLAN_VERSIONS.find(ctx, id_or_key, latest=latest)))


@routes.put("/api/v1/plans/{plan_id}", path=_BY_ID, body=PLAN_UPDATE)
def update_plan(ctx: Context, request: Request, plan_id: str) -> Response:
    """Replaces the phases, resets the pro-rating, keeps description, metadata and settlement if omitted.

    The phases are checked by themselves first, so their issues do not name the phase. A deleted draft
    can be written to and stays deleted.
    """
    body = request.body
    try:
        content = _read_content(body)
    except DurationError as error:
        # Of all durations, only a rate card's is not caught on this path.
        raise Problem(500) from error
    refuse_critical((each for phase in content["phases"] for each in phase_issues(phase)), "plan")
    plan = PLAN_VERSIONS.get(ctx, plan_id)
    if plan["status"] != "draft":
        reason = f"can be updated, but it has {plan['status']} state"
        raise invalid(f"only Plans in [draft scheduled] {reason}")
    changed = {**plan, **content, **present(body, ["settlementMode"])}
    _resolve(ctx, changed)
    _refuse_draft(changed)
    _refuse_cards(body)
    return Response(200, view_plan(_save(ctx, {**changed, "updatedAt": ctx.now()})))


@routes.delete("/api/v1/plans/{plan_id}", path=_BY_ID)
def delete_plan(ctx: Context, request: Request, plan_id: str) -> Response:  # noqa: ARG001
    """Soft; deleting again moves `deletedAt`. Assignments stay, and so do subscriptions."""
    plan = PLAN_VERSIONS.get(ctx, plan_id)
    if plan["status"] == "active":
        reason = "can be deleted, but it has active state"
        raise invalid(f"only Plans in [archived scheduled draft] {reason}")
    PLAN_VERSIONS.save(ctx, {**plan, "deletedAt": ctx.now(), "updatedAt": ctx.now()})
    return NO_CONTENT


@routes.post("/api/v1/plans/{plan_id}/publish", path=_BY_ID)
def publish_plan(ctx: Context, request: Request, plan_id: str) -> Response:  # noqa: ARG001
    """Only a live draft without any issue; archives the version active until now."""
    plan = PLAN_VERSIONS.get(ctx, plan_id)
    if "deletedAt" in plan:
        what = f"[namespace=default, id={plan_id} deleted_at={plan['deletedAt']}]"
        raise invalid(f"cannot publish a deleted Plan {what}")
    if plan["status"] != "draft":
        reason = f"can be published/rescheduled, but it has {plan['status']} state"
        raise invalid(f"invalid Plan: only Plans in [draft scheduled] {reason}")
    refuse(publish_plan_issues(ctx, plan), "plan")
    return Response(200, view_plan(PLAN_VERSIONS.publish(ctx, plan)))


@routes.post("/api/v1/plans/{plan_id}/archive", path=_BY_ID)
def archive_plan(ctx: Context, request: Request, plan_id: str) -> Response:  # noqa: ARG001
    """Only an active version, and for good: an archived one can never be published again."""
    plan = PLAN_VERSIONS.get(ctx, plan_id)
    if plan["status"] != "active":
        reason = f"can be archived, but it is in {plan['status']} state"
        raise invalid(f"only Plans in [active] {reason}")
    return Response(200, view_plan(PLAN_VERSIONS.archive(ctx, plan)))


@routes.post("/api/v1/plans/{id_or_key}/next", path={"id_or_key": ID_OR_KEY})
def next_plan(ctx: Context, request: Request, id_or_key: str) -> Response:  # noqa: ARG001
    """Deprecated: clones a version, metadata included, assignments not.

    A deleted draft may be the source, but only one without any issue. By id the server looks at that
    one row only, so the number it takes may be taken already: 500.
    """
    by_id = is_ulid(id_or_key)
    found = [ctx.store.get(PLANS, id_or_key)] if by_id else PLAN_VERSIONS.history(ctx, id_or_key)
    history = [version for version in found if version is not None]
    if not history:
        raise invalid("no versions available for this plan")
    if has_draft(history):
        raise invalid("only a single draft version is allowed for Plan")
    source, number = history[-1], next_version(history)
    refuse(plan_issues(source), "plan")
    if ctx.store.count(PLANS, Where(keys=[source["key"]], fields={"version": [number]})):
        raise Problem(500)
    lifecycle = ("effectiveFrom", "effectiveTo", "deletedAt")
    content = {name: value for name, value in source.items() if name not in lifecycle}
    clone = {**content, **ctx.born(), "version": number, "status": "draft"}
    return Response(200, view_plan(PLAN_VERSIONS.save(ctx, clone)))


def view_plan(plan: Doc) -> Doc:
    """A plan version as shown."""
    phases = [{**phase, "rateCards": [view_card(card) for card in phase["rateCards"]]} for phase in plan["phases"]]
    return {**plan, "phases": phases}


def _read_content(body: Doc) -> Doc:
    """The fields that both writes take; raises DurationError for what a rate card says."""
    content = {
        **present(body, ["name", "description"]),
        "billingCadence": _read_duration(body["billingCadence"], "billingCadence"),
        "proRatingConfig": present(body.get("proRatingConfig", _DEFAULT_PRO_RATING), _DEFAULT_PRO_RATING),
        "phases": [_read_phase(phase) for phase in body["phases"]],
    }
    metadata = body.get("metadata")
    return content if metadata is None else {**content, "metadata": metadata}


def _read_phase(phase: Doc) -> Doc:
    duration = phase["duration"]
    stored = {
        **present(phase, ["key", "name", "description"]),
        "duration": None if duration is None else _read_duration(duration, "duration"),
        "rateCards": read_cards(phase["rateCards"]),
    }
    return {**stored, "metadata": phase["metadata"]} if phase.get("metadata") else stored


def _read_duration(text: str, name: str) -> str:
    try:
        return str(parse_duration(text))
    except DurationError as error:
        raise invalid(f"invalid {name}: failed to parse duration '{text}'") from error


def _refuse_draft(plan: Doc) -> None:
    if parse_duration(plan["billingCadence"]).is_zero:
        # This one rule has neither a code nor a field, so the whole answer loses its extensions.
        raise invalid("invalid plan: validation error: invalid BillingCadence: must not be empty")
    refuse_critical(plan_issues(plan), "plan")


def _refuse_cards(body: Doc) -> None:
    """The last check, made where each rate card is stored: it knows no phase."""
    cards = [card for phase in body["phases"] for card in phase["rateCards"]]
    refuse(unwritable_cards(cards), "plan")


def _resolve(ctx: Context, plan: Doc) -> None:
    """Features and tax codes, phase by phase; the first phase with a missing feature ends it."""
    for phase in plan["phases"]:
        # The server prints a pointer here, not the phase's key.
        path = selected("phases", "!UNSUPPORTED")
        refuse([each.under(path) for each in resolve_features(ctx, phase["rateCards"])], "plan")
        resolve_taxes(ctx, phase["rateCards"])


def _save(ctx: Context, plan: Doc) -> Doc:
    """Store content that was just written: rate cards lose their order, the findings are noted."""
    phases = [{**phase, "rateCards": shuffled(phase["rateCards"])} for phase in plan["phases"]]
    stored = {**plan, "phases": phases}
    return PLAN_VERSIONS.save(ctx, {**stored, "validationErrors": shown(plan_issues(stored))})
