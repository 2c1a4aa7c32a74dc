"""Which add-ons a plan offers (OpenMeter v1, `/api/v1/plans/{planId}/addons`).

The last part of a path is the add-on's id, not an id of the assignment: that one is never shown.
"""

from __future__ import annotations

from typing import Final

from reconciler.sandbox.addons import ADDON_VERSIONS, view_addon
from reconciler.sandbox.context import Context
from reconciler.sandbox.http import NO_CONTENT, Problem, Request, Response, conflict, invalid, not_found
from reconciler.sandbox.issues import refuse, shown
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.listing import INCLUDE_DELETED, PAGE, order_by, page_of
from reconciler.sandbox.overlay import assignment_issues, currency_issues
from reconciler.sandbox.plans import PLAN_VERSIONS
from reconciler.sandbox.routing import Routes
from reconciler.sandbox.schema import ID_OR_KEY, KEY, METADATA, ULID, Arr, Num, Obj, Schema, Str
from reconciler.sandbox.store import Where
from reconciler.sandbox.tables import ADDONS, ASSIGNMENTS, PLANS
from reconciler.sandbox.values import present

routes = Routes()

_PHASE: Final[dict[str, Schema]] = {"fromPlanPhase": Str()}
_OPTIONAL: Final[dict[str, Schema]] = {"maxQuantity": Num(integer=True), "metadata": METADATA}
ASSIGNMENT_CREATE: Final = Obj(name="PlanAddonCreate", required={**_PHASE, "addonId": ULID}, optional=_OPTIONAL)
ASSIGNMENT_UPDATE: Final = Obj(name="PlanAddonReplaceUpdate", required=_PHASE, optional=_OPTIONAL)
_LIST_QUERY: Final = {
    **PAGE,
    **INCLUDE_DELETED,
    **order_by("id", "key", "version", "created_at", "updated_at"),
    "id": Arr(ULID),
    "key": Arr(KEY),
}
_ORDER_FIELDS: Final = {"created_at": "createdAt", "updated_at": "updatedAt"}
_OF_PLAN: Final = {"plan_id": ULID}
_ONE: Final = {"plan_id": ULID, "addon_id": ULID}
_ANY: Final = {"plan": ID_OR_KEY, "addon": ID_OR_KEY}


@routes.get("/api/v1/plans/{plan}/addons", path={"plan": ID_OR_KEY}, query=_LIST_QUERY)
def list_assignments(ctx: Context, request: Request, plan: str) -> Response:
    """A plan's key means all its versions; a filter by add-on adds those of any other plan."""
    args = request.args
    plans = [Where(parent=each["id"], live=None) for each in _named(ctx, PLANS, [plan])]
    addons = _named(ctx, ADDONS, [*args.get("id", []), *args.get("key", [])])
    either = [*plans, Where(keys=[addon["id"] for addon in addons], live=None)]
    where = Where(live=None if args.get("includeDeleted") else True, any_of=either)
    order = _ORDER_FIELDS.get(args.get("orderBy", "id"), "id")
    page = page_of(ctx, request, ASSIGNMENTS, where, order=order, descending=True)
    return Response(200, {**page, "items": [_view(ctx, item) for item in page["items"]]})


@routes.post("/api/v1/plans/{plan_id}/addons", path=_OF_PLAN, body=ASSIGNMENT_CREATE)
def create_assignment(ctx: Context, request: Request, plan_id: str) -> Response:
    """Needs a draft plan and an active add-on; drops the metadata, and checks nothing but currencies."""
    body = request.body
    if ctx.store.count(ASSIGNMENTS, Where(parent=plan_id, keys=[body["addonId"]])):
        what = f"[namespace=default plan.id={plan_id} addon.id={body['addonId']}]"
        raise conflict(f"plan add-on assignment already exists {what}")
    plan = PLAN_VERSIONS.get(ctx, plan_id)
    _require_draft(plan)
    addon = ADDON_VERSIONS.get(ctx, body["addonId"])
    if "deletedAt" in addon:
        raise invalid(f"add-on is deleted [deletedAt={addon['deletedAt']}]")
    if addon["status"] != "active":
        raise invalid(f"invalid {addon['status']} status, allowed statuses: [active]")
    refuse(currency_issues(plan, addon, body["fromPlanPhase"]), "add-on")
    links = {"planId": plan_id, "addonId": addon["id"]}
    assignment = {**ctx.born(), **links, **present(body, ["fromPlanPhase", "maxQuantity"])}
    return Response(201, _view(ctx, _save(ctx, assignment)))


@routes.get("/api/v1/plans/{plan}/addons/{addon}", path=_ANY)
def get_assignment(ctx: Context, request: Request, plan: str, addon: str) -> Response:  # noqa: ARG001
    """Where keys leave several versions open, the oldest assignment."""
    return Response(200, _view(ctx, _find(ctx, plan, addon)))


@routes.put("/api/v1/plans/{plan_id}/addons/{addon_id}", path=_ONE, body=ASSIGNMENT_UPDATE)
def update_assignment(ctx: Context, request: Request, plan_id: str, addon_id: str) -> Response:
    """Clears an omitted quantity, keeps omitted metadata, and checks everything, unlike its creation."""
    body = request.body
    assignment = _find(ctx, plan_id, addon_id)
    plan = PLAN_VERSIONS.get(ctx, plan_id)
    _require_draft(plan)
    kept = {name: value for name, value in assignment.items() if name != "maxQuantity"}
    changed = {**kept, **present(body, ["fromPlanPhase", "maxQuantity", "metadata"])}
    refuse(assignment_issues(plan, ADDON_VERSIONS.get(ctx, addon_id), changed), "add-on")
    if {"metadata": {}, **changed} != {"metadata": {}, **assignment}:
        changed["updatedAt"] = ctx.now()
    return Response(200, _view(ctx, _save(ctx, changed)))


@routes.delete("/api/v1/plans/{plan_id}/addons/{addon_id}", path=_ONE)
def delete_assignment(ctx: Context, request: Request, plan_id: str, addon_id: str) -> Response:  # noqa: ARG001
    """Only from a live draft; what was attached when the plan was published or deleted stays."""
    assignment = _find(ctx, plan_id, addon_id)
    _require_draft(PLAN_VERSIONS.get(ctx, plan_id))
    _save(ctx, {**assignment, "deletedAt": ctx.now(), "updatedAt": ctx.now()})
    return NO_CONTENT


def _named(ctx: Context, collection: str, ids_or_keys: list[str]) -> list[Doc]:
    """Every version, deleted or not, with one of these ids or keys."""
    where = Where(ids=ids_or_keys, keys=ids_or_keys, either=True, live=None)
    return ctx.store.find(collection, where)


def _find(ctx: Context, plan: str, addon: str) -> Doc:
    addons = [each["id"] for each in _named(ctx, ADDONS, [addon])]
    plans = [Where(parent=each["id"], live=None) for each in _named(ctx, PLANS, [plan])]
    found = ctx.store.first(ASSIGNMENTS, Where(keys=addons, any_of=plans)) if plans else None
    if found is None:
        raise _missing(plan, addon)
    return found


def _missing(plan: str, addon: str) -> Problem:
    what = f"[namespace=default plan.idOrKey={plan} addon.idOrKey={addon}]"
    return not_found(f"not found error: plan add-on assignment not found {what}")


def _require_draft(plan: Doc) -> None:
    if "deletedAt" in plan:
        raise invalid(f"plan is deleted [deletedAt={plan['deletedAt']}]")
    if plan["status"] != "draft":
        raise invalid(f"invalid {plan['status']} status, allowed statuses: [draft scheduled]")


def _save(ctx: Context, assignment: Doc) -> Doc:
    return ctx.store.put(ASSIGNMENTS, assignment, key=assignment["addonId"], parent=assignment["planId"])


def _view(ctx: Context, assignment: Doc) -> Doc:
    """The assignment with its whole add-on, and what is wrong between it and the plan now."""
    plan = PLAN_VERSIONS.get(ctx, assignment["planId"])
    addon = ADDON_VERSIONS.get(ctx, assignment["addonId"])
    fields = ["fromPlanPhase", "maxQuantity", "createdAt", "updatedAt", "deletedAt"]
    metadata = {"metadata": assignment["metadata"]} if assignment.get("metadata") else {}
    findings = shown(assignment_issues(plan, addon, assignment))
    return {
        "addon": view_addon(addon),
        **present(assignment, fields),
        **metadata,
        "validationErrors": findings,
    }
