"""Terraform for usage-based billing: an OpenMeter catalogue as YAML in git, planned and applied.

Everything the command line does, a program can do in the same few calls::

    from reconciler import PlanRequest, make_plan, open_context, run_apply

    context = open_context(environment="staging")
    plan = make_plan(context, PlanRequest(allow=("price-raising:Plan/pro",)))
    outcome = run_apply(context, plan)
    outcome.exit_code

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.errors import (
        ApiError,
        BackendError,
        BundleError,
        GuardError,
        InputError,
        ManifestError,
        PlanChangedError,
        ProjectError,
        PromotionError,
        ReconcilerError,
        RefusedError,
        RehearsalError,
        SnapshotError,
        StaleError,
        UsageError,
    )
    from reconciler.model import (
        Acceptance,
        Action,
        Address,
        Affected,
        Between,
        Change,
        ChangeClass,
        Desired,
        Difference,
        Drift,
        Drifted,
        DriftField,
        EnvironmentCheck,
        FieldChange,
        Guard,
        LastChange,
        Location,
        Observation,
        Permanent,
        Plan,
        Problem,
        Promotion,
        Proof,
        Refusal,
        Rehearsal,
        Report,
        Rerated,
        Resource,
        Rollback,
        Scenario,
        Scheduled,
        Snapshot,
        Step,
        Window,
    )
    from reconciler.planning.planfile import dumps as dump_plan
    from reconciler.planning.planfile import loads as load_plan
    from reconciler.pricing import PriceTest
    from reconciler.project import Bundle
    from reconciler.sandbox import Sandbox
    from reconciler.version import VERSION
    from reconciler.workflow import (
        AcceptRequest,
        Approved,
        Context,
        DriftRequest,
        ExportOutcome,
        ExportRequest,
        HealPlan,
        LiveRow,
        Outcome,
        PlanRequest,
        Rendering,
        Shard,
        TestRequest,
        Tidied,
        UsageRequest,
        accept,
        at_revision,
        bundle_of,
        check,
        check_environments,
        choose_bundle,
        compare_declared,
        compare_environments,
        connect,
        dump_snapshot,
        export,
        find_bundle,
        find_drift,
        last_run,
        list_environments,
        live_objects,
        load_desired,
        load_snapshot,
        make_approved_plan,
        make_destroy_plan,
        make_heal_plan,
        make_plan,
        make_promotion,
        make_rollback,
        matching,
        most_serious,
        open_context,
        pin_bundle,
        pin_environments,
        rendered,
        rendering,
        rendering_against,
        require_approved,
        require_proven,
        run_apply,
        run_price_tests,
        take_snapshot,
        tidy,
        with_bundle,
    )

_ROOMS = {
    "reconciler.errors": (
        "ApiError BackendError BundleError GuardError InputError ManifestError PlanChangedError ProjectError "
        "PromotionError ReconcilerError RefusedError RehearsalError SnapshotError StaleError UsageError"
    ),
    "reconciler.model": (
        "Acceptance Action Address Affected Between Change ChangeClass Desired Difference Drift DriftField Drifted "
        "EnvironmentCheck FieldChange Guard LastChange Location Observation Permanent Plan Problem Promotion "
        "Proof Refusal Rehearsal Report Rerated Resource Rollback Scenario Scheduled Snapshot Step Window"
    ),
    "reconciler.pricing": "PriceTest",
    "reconciler.project": "Bundle",
    "reconciler.sandbox": "Sandbox",
    "reconciler.version": "VERSION",
    "reconciler.workflow": (
        "AcceptRequest Approved Context DriftRequest ExportOutcome ExportRequest HealPlan LiveRow Outcome PlanRequest "
        "Rendering Shard TestRequest Tidied UsageRequest "
        "accept at_revision bundle_of check check_environments choose_bundle compare_declared "
        "compare_environments connect dump_snapshot export find_bundle find_drift last_run list_environments "
        "live_objects load_desired load_snapshot make_approved_plan make_destroy_plan make_heal_plan make_plan "
        "make_promotion make_rollback matching most_serious open_context pin_bundle pin_environments rendered "
        "rendering rendering_against require_approved require_proven run_apply run_price_tests take_snapshot tidy "
        "with_bundle"
    ),
}
_HOMES = {name: (room, name) for room, names in _ROOMS.items() for name in names.split()} | {
    "dump_plan": ("reconciler.planning.planfile", "dumps"),
    "load_plan": ("reconciler.planning.planfile", "loads"),
}

__all__ = [
    "VERSION",
    "AcceptRequest",
    "Acceptance",
    "Action",
    "Address",
    "Affected",
    "ApiError",
    "Approved",
    "BackendError",
    "Between",
    "Bundle",
    "BundleError",
    "Change",
    "ChangeClass",
    "Context",
    "Desired",
    "Difference",
    "Drift",
    "DriftField",
    "DriftRequest",
    "Drifted",
    "EnvironmentCheck",
    "ExportOutcome",
    "ExportRequest",
    "FieldChange",
    "Guard",
    "GuardError",
    "HealPlan",
    "InputError",
    "LastChange",
    "LiveRow",
    "Location",
    "ManifestError",
    "Observation",
    "Outcome",
    "Permanent",
    "Plan",
    "PlanChangedError",
    "PlanRequest",
    "PriceTest",
    "Problem",
    "ProjectError",
    "Promotion",
    "PromotionError",
    "Proof",
    "ReconcilerError",
    "Refusal",
    "RefusedError",
    "Rehearsal",
    "RehearsalError",
    "Rendering",
    "Report",
    "Rerated",
    "Resource",
    "Rollback",
    "Sandbox",
    "Scenario",
    "Scheduled",
    "Shard",
    "Snapshot",
    "SnapshotError",
    "StaleError",
    "Step",
    "TestRequest",
    "Tidied",
    "UsageError",
    "UsageRequest",
    "Window",
    "accept",
    "at_revision",
    "bundle_of",
    "check",
    "check_environments",
    "choose_bundle",
    "compare_declared",
    "compare_environments",
    "connect",
    "dump_plan",
    "dump_snapshot",
    "export",
    "find_bundle",
    "find_drift",
    "last_run",
    "list_environments",
    "live_objects",
    "load_desired",
    "load_plan",
    "load_snapshot",
    "make_approved_plan",
    "make_destroy_plan",
    "make_heal_plan",
    "make_plan",
    "make_promotion",
    "make_rollback",
    "matching",
    "most_serious",
    "open_context",
    "pin_bundle",
    "pin_environments",
    "rendered",
    "rendering",
    "rendering_against",
    "require_approved",
    "require_proven",
    "run_apply",
    "run_price_tests",
    "take_snapshot",
    "tidy",
    "with_bundle",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    room, attribute = _HOMES[name]
    value: object = getattr(import_module(room), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
