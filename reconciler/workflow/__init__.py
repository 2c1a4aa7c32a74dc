"""What the commands do, as calls: read a project, plan, apply, destroy, look at what is live.

This is where the rooms meet; it holds no rules of its own. Everything the command line can do, a program can do with
these functions::

    context = open_context(environment="staging")
    plan = make_plan(context, PlanRequest(allow=("price-raising:Plan/pro",)))
    outcome = run_apply(context, plan)
"""

from reconciler.planning.planner import stops
from reconciler.workflow.accepting import AcceptRequest, accept
from reconciler.workflow.applying import (
    Outcome,
    require_complete,
    require_live,
    require_open,
    require_rehearsed,
    require_writable,
    run_apply,
)
from reconciler.workflow.approved import Approved, make_approved_plan, require_approved
from reconciler.workflow.bundles import bundle_of, find_bundle, pinned, with_bundle
from reconciler.workflow.comparing import compare_declared, compare_environments
from reconciler.workflow.context import (
    Context,
    check,
    connect,
    load_desired,
    now,
    open_context,
    rendered,
    sandbox_path,
)
from reconciler.workflow.drifting import DriftRequest, HealPlan, find_drift, make_heal_plan
from reconciler.workflow.environments import check_environments, last_run, list_environments, pin_environments
from reconciler.workflow.exporting import ExportOutcome, ExportRequest, default_folder, export
from reconciler.workflow.fleet import Shard, matching, most_serious
from reconciler.workflow.live import LiveRow, live_objects
from reconciler.workflow.plans import make_destroy_plan, make_plan
from reconciler.workflow.price_tests import TestRequest, run_price_tests
from reconciler.workflow.promoting import choose_bundle, make_promotion, pin_bundle, require_proven
from reconciler.workflow.renderings import Rendering, rendering, rendering_against
from reconciler.workflow.requests import PlanRequest
from reconciler.workflow.revisions import at_revision, is_revision
from reconciler.workflow.rollback import declared_at, make_rollback
from reconciler.workflow.snapshots import dump_snapshot, load_snapshot, take_snapshot
from reconciler.workflow.tidying import Tidied, tidy
from reconciler.workflow.usage_request import UsageRequest

__all__ = [
    "AcceptRequest",
    "Approved",
    "Context",
    "DriftRequest",
    "ExportOutcome",
    "ExportRequest",
    "HealPlan",
    "LiveRow",
    "Outcome",
    "PlanRequest",
    "Rendering",
    "Shard",
    "TestRequest",
    "Tidied",
    "UsageRequest",
    "accept",
    "at_revision",
    "bundle_of",
    "check",
    "check_environments",
    "choose_bundle",
    "compare_declared",
    "compare_environments",
    "connect",
    "declared_at",
    "default_folder",
    "dump_snapshot",
    "export",
    "find_bundle",
    "find_drift",
    "is_revision",
    "last_run",
    "list_environments",
    "live_objects",
    "load_desired",
    "load_snapshot",
    "make_approved_plan",
    "make_destroy_plan",
    "make_heal_plan",
    "make_plan",
    "make_promotion",
    "make_rollback",
    "matching",
    "most_serious",
    "now",
    "open_context",
    "pin_bundle",
    "pin_environments",
    "pinned",
    "rendered",
    "rendering",
    "rendering_against",
    "require_approved",
    "require_complete",
    "require_live",
    "require_open",
    "require_proven",
    "require_rehearsed",
    "require_writable",
    "run_apply",
    "run_price_tests",
    "sandbox_path",
    "stops",
    "take_snapshot",
    "tidy",
    "with_bundle",
]
