"""What ties objects of different kinds together beyond a reference, and how a plan respects it.

Rules show only their enabled channels; a meter's group-by is used by features; a default billing profile is promoted,
never unset. Source: OpenMeter v1, notification rules (b), meters (c), billing profiles (c).
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, ChangeClass, Observed, Question, Resource, Step, Tree
from reconciler.planning.compare import Comparison
from reconciler.planning.work import Work

_SERVERS_OWN = "openmeter-sandbox"


def effective(work: Work, resource: Resource, wanted: dict[str, Tree]) -> dict[str, Tree]:
    """A rule as it will be shown: with those of its channels that will be enabled.

    When none will be, the rule stays as it is shown: nothing tells whether its hidden channels are the declared ones.
    """
    live = work.lives[resource.address].current
    if resource.address.kind != "NotificationRule":
        return wanted
    declared = [str(key) for key in _list(wanted.get("channels"))]
    enabled: list[Tree] = [key for key in declared if _enabled(work, key)]
    if live is None:
        # Not the disabled ones: the server would hide them, and refuse to delete them for this rule's sake.
        return {**wanted, "channels": enabled or list(declared)}
    shown = _list(work.live_spec(live).get("channels"))
    if not enabled and all(key in declared for key in shown):
        enabled = shown
    elif not enabled:
        enabled = list(declared)
    rest = {name: wanted[name] for name in wanted if name != "channels"}
    return {**rest, "channels": enabled} if enabled else rest


def written(work: Work, resource: Resource, wanted: Mapping[str, Tree]) -> Mapping[str, Tree]:
    """What an update of a rule sends: the server wants at least one channel, so all of them where none is enabled."""
    if resource.address.kind != "NotificationRule":
        return wanted
    declared = _list(resource.spec.get("channels"))
    if any(_enabled(work, str(key)) for key in declared):
        return wanted
    return {**wanted, "channels": declared}


def shown_channels(work: Work, body: dict[str, Tree]) -> dict[str, Tree]:
    """The body of a rule with the channels that the server shows of it when it is read: the enabled ones."""
    ids = [ident for ident in _list(body.get("channels")) if not _is_disabled(work, str(ident))]
    return {**body, "channels": ids}


def _is_disabled(work: Work, ident: str) -> bool:
    row = work.index.by_id("NotificationChannel", ident)
    return row is not None and row.wire.get("disabled") is True


def rules_left(work: Work, channel: Observed) -> list[str]:
    """The live rules that go on telling a channel once this plan is done; the server keeps the channel for them.

    A rule does not show its disabled channels, so these are not all.
    """
    found = []
    for row in work.observation.objects.get("NotificationRule", ()):
        named = [item.get("id") for item in _list(row.wire.get("channels")) if isinstance(item, Mapping)]
        if channel.id in named and not _lets_go(work, row, channel):
            key = work.key_of(row.kind, row.id)
            found.append(f"NotificationRule/{key}" if key else f"a rule that nobody manages ({row.id})")
    return found


def _lets_go(work: Work, rule: Observed, channel: Observed) -> bool:
    address = Address(rule.kind, work.key_of(rule.kind, rule.id) or "")
    declared = work.desired.resources.get(address)
    if address in work.retiring:
        return True
    if declared is None or declared.management.manage != "full":
        return False
    return work.key_of(channel.kind, channel.id) not in _list(declared.spec.get("channels"))


def _list(value: Tree) -> list[Tree]:
    return list(value) if isinstance(value, list | tuple) else []


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
    channels = [str(key) for key in _list(resource.spec.get("channels"))]
    switched = any(_switched(work, key) for key in channels)
    return (*(("channel_enabled_or_disabled",) if switched else ()), *rewrites(work, resource))


def rewrites(work: Work, resource: Resource) -> tuple[str, ...]:
    """Why a rule is written again although it shows what is declared: what it names unseen stands in the way."""
    if resource.address.kind != "NotificationRule":
        return ()
    named = {Address("NotificationChannel", str(key)) for key in _list(resource.spec.get("channels"))}
    hidden = any(_is_hidden(work, address) for address in work.retiring)
    replaced = work.replaced | {address for address in named if (live := work.lives.get(address)) and live.superseded}
    causes = {"channel_replaced": bool(named & replaced), "disabled_channel_removed": hidden}
    return tuple(cause for cause, holds in causes.items() if holds)


def _is_hidden(work: Work, address: Address) -> bool:
    """A live channel that no rule shows, although rules may name it."""
    if address.kind != "NotificationChannel":
        return False
    live = work.lives.get(address)
    rows = live.rows if live else work.index.rows(address)
    return any(row.wire.get("disabled") is True for row in rows)


def _switched(work: Work, key: str) -> bool:
    address = Address("NotificationChannel", key)
    live, declared = work.lives.get(address), work.desired.resources.get(address)
    if live is None or live.current is None or declared is None:
        return False
    return (declared.spec.get("disabled") is True) != (live.current.wire.get("disabled") is True)


def classes_of_create(work: Work, kind: Kind, wanted: Mapping[str, Tree]) -> tuple[ChangeClass, ...]:
    """The classes of a new object.

    A new default billing profile bills every customer without one of their own, unless the default so far is the one
    that the server made for itself: that one nobody has chosen.
    """
    if kind.lifecycle.name != "singleton-default" or wanted.get("default") is not True:
        return (kind.on_create,)
    rows = work.observation.objects.get(kind.name, ())
    chosen = any(row.wire.get("default") is True and not is_servers_own(row) for row in rows)
    return (kind.on_create, ChangeClass.BILLING_BEHAVIOUR) if chosen else (kind.on_create,)


def is_servers_own(row: Observed) -> bool:
    """The billing profile that every server makes for itself, as long as nobody has claimed it."""
    return row.kind == "BillingProfile" and row.marker is None and row.wire.get("name") == _SERVERS_OWN


def guard_create(work: Work, address: Address, wanted: Mapping[str, Tree], request: Mapping[str, Tree]) -> None:
    """What cannot be created because something it names is not there: an app that nobody installed."""
    apps = request.get("apps")
    if isinstance(apps, Mapping) and None in apps.values():
        app = wanted.get("app")
        name = f"{app.get('type')} app `{app.get('name')}`" if isinstance(app, Mapping) else f"{app} app"
        work.guard("not_found", address, f"{address} needs the {name}, which is not installed; install it first")


def guard_update(work: Work, resource: Resource, live: Observed, comparison: Comparison) -> None:
    """What the server refuses to update."""
    if resource.address.kind == "BillingProfile" and live.wire.get("default") is True:
        _guard_default(work, resource, comparison)


def guard_late(work: Work) -> None:
    """What the server refuses, as far as it only shows once everything is decided."""
    for step in work.steps.all():
        live = work.index.by_id("Meter", step.target_id or "")
        if live is not None and step.verb == "update":
            _guard_group_by(work, step, live)


def _guard_group_by(work: Work, step: Step, meter: Observed) -> None:
    """A group-by key that a live feature filters on cannot be dropped (409), unless that feature goes first."""
    kept = (step.body or {}).get("groupBy")
    before = work.live_spec(meter).get("groupBy")
    dropped = {*(before if isinstance(before, Mapping) else ())} - {*(kept if isinstance(kept, Mapping) else ())}
    for feature in features_of(work, step.address.key):
        filters = work.live_spec(feature).get("advancedMeterGroupByFilters")
        used = sorted(dropped & set(filters)) if isinstance(filters, Mapping) else []
        if used and Address("Feature", feature.key or "") not in work.retiring | work.replaced:
            work.guard(
                "blocked_by_server",
                step.address,
                f"{step.address}: group-by `{used[0]}` cannot be dropped while Feature/{feature.key} filters on "
                "it; give the feature a new filter or a new key first",
            )


def features_of(work: Work, meter: str) -> list[Observed]:
    """The live features that a meter measures."""
    return [row for row in work.observation.objects.get("Feature", ()) if row.wire.get("meterSlug") == meter]


def _guard_default(work: Work, resource: Resource, comparison: Comparison) -> None:
    """The default profile cannot be unset; another one is promoted instead, and the server demotes this one."""
    if not any(change.path == "default" for change in comparison.changes):
        return
    if not promoted_beside(work, resource.address):
        work.guard(
            "blocked_by_server",
            resource.address,
            f"{resource.address} is the default billing profile and the server never unsets it; declare another "
            "profile with `default: true` and this one is demoted",
        )


def promoted_beside(work: Work, address: Address) -> bool:
    """Whether this plan makes another profile the default one, which ends that of ``address``."""
    return any(
        other.address.kind == address.kind
        and other.address != address
        and other.address in work.lives
        and other.spec.get("default") is True
        and other.management.state == "active"
        and other.management.manage == "full"
        for other in work.desired.resources.values()
    )


def pinned_customers(work: Work, live: Observed) -> int:
    """How many customers were given this billing profile for themselves; the server keeps it while there are any."""
    if live.kind != "BillingProfile":
        return 0
    answer = work.ask(Question("overrides", live.kind, live.id))
    return answer if isinstance(answer, int) else 0


def guard_replace(work: Work, resource: Resource, live: Observed, comparison: Comparison) -> None:
    """What the server refuses to replace: a profile with customers, the default one, a meter whose features stay."""
    guard_update(work, resource, live, comparison)
    if pinned := pinned_customers(work, live):
        work.guard(
            "blocked_by_server",
            resource.address,
            f"{resource.address} cannot be replaced: the server keeps it as long as customers are pinned to it "
            f"({pinned}). Declare the new profile under a key of its own and move the customers to it",
        )
    if resource.address.kind != "Meter":
        return
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
    steps = [step for step in work.steps.all() if step.address.kind == "BillingProfile"]
    promoting = {step.id for step in steps if step.body and step.body.get("default") is True}
    for step in steps:
        if step.id not in promoting:
            work.steps.then(step.id, promoting)


def _detach_before_disable(work: Work) -> None:
    """A rule lets go of a channel before it is deleted (it may name it unseen), or disabled (if it shows it)."""
    rules = [step for step in work.steps.all() if step.address.kind == "NotificationRule"]
    for step in work.steps.all():
        if step.address.kind == "NotificationChannel" and step.verb == "delete":
            work.steps.then(step.id, [rule.id for rule in rules])
    for step in work.steps.all():
        goes = bool(step.body and step.body.get("disabled") is True)
        if step.address.kind != "NotificationChannel" or not goes or step.target_id is None:
            continue
        for rule in work.observation.objects.get("NotificationRule", ()):
            address = Address("NotificationRule", work.key_of(rule.kind, rule.id) or rule.id)
            shown = work.live_spec(rule).get("channels")
            waits = any(step.id in other.after for other in work.steps.of(address))
            if isinstance(shown, list) and step.address.key in shown and not waits:
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
