"""NotificationRule: what is notified, about which features, to which channels. The key is ours.

Source of every rule: OpenMeter v1, notification rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Literal, cast

from pydantic import BaseModel

from reconciler.kinds import markers as m
from reconciler.kinds.fields import Key, Metadata, Name, Number
from reconciler.kinds.identifiers import ULID, to_id, to_key
from reconciler.kinds.kind import Binding, Catalogue, Finding, IdOf, KeyOf, Kind, Rule, Spec
from reconciler.kinds.lifecycles import MUTABLE
from reconciler.model import ChangeClass, FieldChange, Tree

BALANCE = "entitlements.balance.threshold"
RESET = "entitlements.reset"
MAX_CHANNELS, MAX_THRESHOLDS, MAX_RULES = 5, 10, 10


class Threshold(Spec):
    """A mark that a customer's balance or usage passes."""

    type: Literal["balance_value", "usage_value", "usage_percentage", "PERCENT", "NUMBER"]
    """What the value is of. `PERCENT` and `NUMBER` are older names of `usage_percentage` and `usage_value`."""
    value: Number
    """The mark: above 0, and for `balance_value` 0 as well. A percentage may be above 100."""


class NotificationRuleSpec(Spec):
    """A rule: when something happens, tell some channels."""

    name: Name
    """Display name."""
    type: Annotated[
        Literal["entitlements.balance.threshold", "entitlements.reset", "invoice.created", "invoice.updated"],
        m.Immutable("the server refuses another type (400)"),
    ]
    """What it tells about."""
    channels: Annotated[list[Key], m.Ref("NotificationChannel"), m.Unordered()]
    """The channels it tells: 1 to 5."""
    features: Annotated[list[Key], m.Ref("Feature"), m.Unordered()] | None = None
    """The features it is about; left out: all. Rules about entitlements only."""
    thresholds: list[Threshold] | None = None
    """The marks it tells about, 1 to 10. Rules of `entitlements.balance.threshold` only, which need them."""
    disabled: Annotated[bool, m.ServerDefault(False)] | None = None
    """Whether it tells nothing for now."""
    metadata: Metadata | None = None
    """Free key-value pairs of your own."""


_WRITE = "OpenMeter v1, notification rule create and update"

CHANNELS = Rule("rule.channels", f"The server takes 1 to {MAX_CHANNELS} channels per rule (400).", _WRITE)
CHANNEL_FULL = Rule("rule.channels.full", f"A channel takes {MAX_RULES} rules, disabled ones too (400).", _WRITE)
FEATURES = Rule("rule.features.empty", "The server refuses an empty list (400).", _WRITE)
REPEATED = Rule("rule.features.repeated", "The server refuses a feature named twice (400).", _WRITE)
THRESHOLDS = Rule("rule.thresholds", f"These rules have 1 to {MAX_THRESHOLDS} thresholds (400).", _WRITE)
THRESHOLD = Rule("rule.threshold.value", "The server refuses a mark that is passed from the start (400).", _WRITE)
REPEATED_CHANNEL = Rule(
    "ignored_by_server/repeated_channel", "The server keeps a channel that is named twice once.", _WRITE
)
NO_FEATURES = Rule("ignored_by_server/rule_features", "The server drops features of rules about invoices.", _WRITE)
NO_THRESHOLDS = Rule("ignored_by_server/rule_thresholds", "The server drops thresholds of other rules.", _WRITE)
PRECISION = Rule(
    "ignored_by_server/threshold_precision",
    "The server keeps a mark as a binary number of about 15 digits.",
    _WRITE,
)


def _check(key: str, spec: BaseModel, catalogue: Catalogue) -> Iterator[Finding]:
    rule = cast("NotificationRuleSpec", spec)
    yield from _channels(key, rule, catalogue)
    yield from _features(rule)
    yield from _thresholds(rule)


def _channels(key: str, rule: NotificationRuleSpec, catalogue: Catalogue) -> Iterator[Finding]:
    if not rule.channels:
        yield Finding(CHANNELS, ("channels",), "name at least one channel")
    if len(set(rule.channels)) > MAX_CHANNELS:
        yield Finding(
            CHANNELS, ("channels",), f"{len(set(rule.channels))} channels; split the rule into rules of {MAX_CHANNELS}"
        )
    for index, channel in enumerate(rule.channels):
        if channel in rule.channels[:index]:
            yield Finding(REPEATED_CHANNEL, ("channels", index), f"`{channel}` is named twice")
        elif key in _users(channel, catalogue)[MAX_RULES:]:
            message = f"more than {MAX_RULES} rules tell `{channel}`; give some of them a channel of their own"
            yield Finding(CHANNEL_FULL, ("channels", index), message)


def _users(channel: str, catalogue: Catalogue) -> list[str]:
    """The declared rules that name a channel, by key, so that only those above the limit are refused."""
    rules = ((key, catalogue.spec("NotificationRule", key)) for key in sorted(catalogue.keys("NotificationRule")))
    return [key for key, rule in rules if isinstance(rule, NotificationRuleSpec) and channel in rule.channels]


def _features(rule: NotificationRuleSpec) -> Iterator[Finding]:
    if rule.features is None:
        return
    if rule.type not in (BALANCE, RESET):
        message = f"a rule of `{rule.type}` is about no feature; leave the list out"
        yield Finding(NO_FEATURES, ("features",), message, at_key=True)
    elif not rule.features:
        yield Finding(FEATURES, ("features",), "name a feature, or leave the list out for all of them")
    for index, feature in enumerate(rule.features):
        if feature in rule.features[:index]:
            yield Finding(REPEATED, ("features", index), f"`{feature}` is named twice")


def _thresholds(rule: NotificationRuleSpec) -> Iterator[Finding]:
    marks = rule.thresholds
    if rule.type != BALANCE:
        if marks is not None:
            message = f"a rule of `{rule.type}` has no thresholds; leave them out"
            yield Finding(NO_THRESHOLDS, ("thresholds",), message, at_key=True)
        return
    if not marks:
        message = "add `thresholds`, such as `[{type: usage_percentage, value: 80}]`"
        yield Finding(THRESHOLDS, ("type",) if marks is None else ("thresholds",), message)
    elif len(marks) > MAX_THRESHOLDS:
        yield Finding(THRESHOLDS, ("thresholds",), f"{len(marks)} thresholds; split the rule")
    for index, mark in enumerate(marks or ()):
        yield from _mark(mark, index)


def _mark(mark: Threshold, index: int) -> Iterator[Finding]:
    path = ("thresholds", index, "value")
    if mark.value < 0 or (mark.value == 0 and mark.type != "balance_value"):
        least = "0 or more" if mark.type == "balance_value" else "above 0"
        yield Finding(THRESHOLD, path, f"a mark of `{mark.type}` is {least}, not {mark.value}")
    kept = Decimal(repr(float(mark.value)))
    if kept != mark.value:
        yield Finding(PRECISION, path, f"the server would make it {kept}; write that, or fewer digits")


def _impact(fields: tuple[FieldChange, ...]) -> Iterable[ChangeClass]:
    for change in fields:
        cosmetic = change.path == "name" or change.path.startswith("metadata")
        yield ChangeClass.COSMETIC if cosmetic else ChangeClass.OPERATIONAL


def _to_wire(key: str, body: dict[str, Tree], ids: IdOf) -> dict[str, Tree]:
    del key
    wire = dict(body)
    wire["channels"] = [to_id("NotificationChannel", channel, ids) for channel in _list(body.get("channels"))]
    if "features" in body:
        # By key, not by id: keys outlive the archiving and re-creation of a feature.
        wire["features"] = [_without_prefix(feature) for feature in _list(body["features"])]
    return wire


def _from_wire(wire: Mapping[str, Tree], keys: KeyOf) -> dict[str, Tree]:
    spec = {name: wire[name] for name in _FIELDS if wire.get(name) is not None}
    spec["channels"] = [to_key("NotificationChannel", channel, keys) for channel in _list(wire.get("channels"))]
    if spec.get("features"):
        spec["features"] = [_feature_key(feature, keys) for feature in _list(spec["features"])]
    return spec


def _feature_key(feature: Tree, keys: KeyOf) -> Tree:
    """The server shows as ``id`` what was written, and that may be a key."""
    name = feature.get("id") if isinstance(feature, Mapping) else feature
    if isinstance(name, str) and not ULID.fullmatch(name):
        return name
    return to_key("Feature", name, keys)


def _without_prefix(feature: Tree) -> Tree:
    return feature.removeprefix("id:") if isinstance(feature, str) else feature


def _list(value: Tree) -> list[Tree]:
    return list(value) if isinstance(value, list | tuple) else []


_FIELDS = ("name", "type", "features", "thresholds", "disabled", "metadata")

KIND = Kind(
    name="NotificationRule",
    group="openmeter.io/v1",
    order=60,
    spec=NotificationRuleSpec,
    lifecycle=MUTABLE,
    bindings={
        "v1": Binding(
            collection="/api/v1/notification/rules",
            catalog_write=True,
            to_wire=_to_wire,
            from_wire=_from_wire,
            list_query={"includeDisabled": "true", "orderBy": "id", "order": "ASC"},
        )
    },
    check=_check,
    rules=(
        *(CHANNELS, CHANNEL_FULL, REPEATED_CHANNEL, FEATURES, REPEATED, NO_FEATURES),
        *(THRESHOLDS, THRESHOLD, NO_THRESHOLDS, PRECISION),
    ),
    impact=_impact,
    summary="What is notified, about which features, to which channels.",
    example="""\
apiVersion: openmeter.io/v1
kind: NotificationRule
key: quota
spec:
  name: Quota almost used
  type: entitlements.balance.threshold
  channels: [ops]
  features: [tokens]
  thresholds:
    - {type: usage_percentage, value: 80}
    - {type: usage_percentage, value: 100}
""",
    natural_key=False,
    on_create=ChangeClass.OPERATIONAL,
)
