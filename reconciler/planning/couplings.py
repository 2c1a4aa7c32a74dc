"""What ties objects of different kinds together beyond a reference, and how a plan respects it.

Rules show only their enabled channels; a meter's group-by is used by features; a default billing profile is promoted,
never unset. Source: OpenMeter v1, notification rules (b), meters (c), billing profiles (c).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Observed, Resource, Tree
from reconciler.planning.compare import Comparison
from reconciler.planning.work import Work


def effective(work: Work, resource: Resource, wanted: dict[str, Tree]) -> dict[str, Tree]:
    """A rule as it can be shown: with those of its channels that will be enabled.

    When none will be, the rule keeps what it has: the server wants at least one channel.
    """
    if resource.address.kind != "NotificationRule":
        return wanted
    declared = [str(key) for key in cast("list[Tree]", wanted.get("channels") or [])]
    enabled: list[Tree] = [key for key in declared if _enabled(work, key)]
    if enabled:
        return {**wanted, "channels": enabled}
    live = work.lives[resource.address].current
    shown = work.live_spec(live).get("channels") if live else None
    if live is None:
        return wanted
    return {**wanted, "channels": shown} if shown else {name: wanted[name] for name in wanted if name != "channels"}


def _enabled(work: Work, key: str) -> bool:
    """Whether a channel will be enabled once the plan is done."""
    address = Address("NotificationChannel", key)
    declared = work.desired.resources.get(address)
    if declared is not None and declared.management.manage == "full":
        return declared.spec.get("disabled") is not True
    live = work.lives.get(address)
    return live is None or live.current is None or live.current.wire.get("disabled") is not True


def reasons(work: Work, resource: Resource) -> tuple[str, ...]:
    """Why an object changes although its own document may not have."""
    if resource.address.kind != "NotificationRule":
        return ()
    channels = [str(key) for key in cast("list[Tree]", resource.spec.get("channels") or [])]
    switched = [key for key in channels if _switched(work, key)]
    return ("channel_enabled_or_disabled",) if switched else ()


def _switched(work: Work, key: str) -> bool:
    address = Address("NotificationChannel", key)
    live, declared = work.lives.get(address), work.desired.resources.get(address)
    if live is None or live.current is None or declared is None:
        return False
    return (declared.spec.get("disabled") is True) != (live.current.wire.get("disabled") is True)


def guard_create(work: Work, address: Address, wanted: Mapping[str, Tree], request: Mapping[str, Tree]) -> None:
    """What cannot be created because something it names is not there: an app that nobody installed."""
    apps = request.get("apps")
    if isinstance(apps, Mapping) and None in apps.values():
        app = wanted.get("app")
        name = f"{app.get('type')} app `{app.get('name')}`" if isinstance(app, Mapping) else f"{app} app"
        work.guard("not_found", address, f"{address} needs the {name}, which is not installed; install it first")


def guard_update(work: Work, resource: Resource, live: Observed, comparison: Comparison) -> None:
    """What the server refuses to update."""
    if resource.address.kind == "Meter":
        _guard_group_by(work, resource, comparison)
    if resource.address.kind == "BillingProfile" and live.wire.get("default") is True:
        _guard_default(work, resource, comparison)


def _guard_group_by(work: Work, resource: Resource, comparison: Comparison) -> None:
    """A group-by key that a live feature filters on cannot be dropped (409), unless that feature goes first."""
    dropped = {
        change.path.removeprefix("groupBy.")
        for change in comparison.changes
        if change.path.startswith("groupBy.") and change.after is None
    }
    if any(change.path == "groupBy" and change.after is None for change in comparison.changes):
        dropped |= set(cast("Mapping[str, Tree]", _live_group_by(work, resource)))
    for feature in features_of(work, resource.address.key):
        filters = work.live_spec(feature).get("advancedMeterGroupByFilters")
        used = sorted(dropped & set(filters)) if isinstance(filters, Mapping) else []
        if used and Address("Feature", feature.key or "") not in work.retiring | work.replaced:
            work.guard(
                "blocked_by_server",
                resource.address,
                f"{resource.address}: group-by `{used[0]}` cannot be dropped while Feature/{feature.key} filters on "
                "it; give the feature a new filter or a new key first",
            )


def _live_group_by(work: Work, resource: Resource) -> Tree:
    live = work.lives[resource.address].current
    return (work.live_spec(live).get("groupBy") or {}) if live else {}


def features_of(work: Work, meter: str) -> list[Observed]:
    """The live features that a meter measures."""
    return [row for row in work.observation.objects.get("Feature", ()) if row.wire.get("meterSlug") == meter]


def _guard_default(work: Work, resource: Resource, comparison: Comparison) -> None:
    """The default profile cannot be unset; another one is promoted instead, and the server demotes this one."""
    if not any(change.path == "default" for change in comparison.changes):
        return
    promoted = next(
        (
            other.address
            for other in work.desired.resources.values()
            if other.address.kind == "BillingProfile"
            and other.address != resource.address
            and other.spec.get("default") is True
        ),
        None,
    )
    if promoted is None:
        work.guard(
            "blocked_by_server",
            resource.address,
            f"{resource.address} is the default billing profile and the server never unsets it; declare another "
            "profile with `default: true` and this one is demoted",
        )


def guard_replace(work: Work, resource: Resource, live: Observed) -> None:
    """What the server refuses to replace: a meter while features on it cannot be replaced either."""
    if resource.address.kind != "Meter":
        return
    del live
    for feature in features_of(work, resource.address.key):
        address = Address("Feature", feature.key or feature.id)
        if address not in work.desired.resources and address not in work.retiring:
            work.guard(
                "blocked_by_server",
                resource.address,
                f"{resource.address} cannot be replaced while {address}, which is not declared here, measures by it",
            )


def order_late(work: Work) -> None:
    """The waits that only show once everything is decided."""
    _demote_after_promotion(work)
    _detach_before_disable(work)
    _features_before_meter(work)


def _demote_after_promotion(work: Work) -> None:
    steps = [step for step in work.steps.all() if step.address.kind == "BillingProfile" and step.body]
    promoting = {step.id for step in steps if step.body and step.body.get("default") is True}
    for step in steps:
        if step.id not in promoting:
            work.steps.then(step.id, promoting)


def _detach_before_disable(work: Work) -> None:
    """A rule that shows a channel lets go of it before the channel is disabled or deleted."""
    for step in work.steps.all():
        goes = step.verb == "delete" or bool(step.body and step.body.get("disabled") is True)
        if step.address.kind != "NotificationChannel" or not goes or step.target_id is None:
            continue
        for rule in work.observation.objects.get("NotificationRule", ()):
            address = Address("NotificationRule", work.key_of(rule.kind, rule.id) or rule.id)
            shown = work.live_spec(rule).get("channels")
            if isinstance(shown, list) and step.address.key in shown:
                work.steps.then(step.id, work.steps.last.get(address, ()))


def _features_before_meter(work: Work) -> None:
    """Features go before the meter they measure by is deleted, or loses a group-by they filter on."""
    for step in work.steps.all():
        if step.address.kind != "Meter" or step.verb not in ("delete", "update"):
            continue
        for feature in features_of(work, step.address.key):
            address = Address("Feature", feature.key or "")
            archived = [other.id for other in work.steps.of(address) if other.verb == "archive"]
            work.steps.then(step.id, archived)


def plans_with_feature(work: Work, key: str) -> list[Observed]:
    """The live plan versions, drafts left out, that name a feature."""
    return [
        row
        for row in work.observation.objects.get("Plan", ())
        if row.state != "draft" and key in feature_keys(work, row)
    ]


def feature_keys(work: Work, row: Observed) -> frozenset[str]:
    """The features that a live plan or add-on version names."""
    from reconciler.kinds.references import references

    kind: Kind = KINDS[row.kind]
    return frozenset(
        address.key for _, address in references(kind.shape, work.live_spec(row)) if address.kind == "Feature"
    )
