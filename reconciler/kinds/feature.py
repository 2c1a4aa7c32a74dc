"""Feature: what customers get, and which usage of a meter it is. Natural key: ``key``. Never updated, only replaced.

Source of every rule: OpenMeter v1, features; API v1 has no update of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Literal, cast

from pydantic import BaseModel, ConfigDict, Field

from reconciler.kinds import filters
from reconciler.kinds import markers as m
from reconciler.kinds.fields import Key, Metadata, Quantity
from reconciler.kinds.filters import Filter, filter_findings, normal_filter
from reconciler.kinds.kind import Binding, Catalogue, Finding, IdOf, KeyOf, Kind, Rule, Spec
from reconciler.kinds.lifecycles import CREATE_ONLY
from reconciler.kinds.meter import MeterSpec
from reconciler.model import ChangeClass, FieldChange, Path, Tree

_CREATE = "OpenMeter v1, feature create"
_AGGREGATIONS = ("SUM", "COUNT", "UNIQUE_COUNT", "LATEST")

Text = Annotated[str, Field(min_length=1)]
TokenType = Literal["input", "output", "cache_read", "cache_write", "reasoning", "request", "response"]


class ManualUnitCost(Spec):
    """A fixed cost of one unit."""

    type: Literal["manual"]
    """A fixed amount."""
    amount: Quantity
    """What one unit costs you, not below 0."""


class LlmUnitCost(Spec):
    """A cost looked up in the server's price list of language models, by provider, model and type of token.

    Each of the three is either fixed or read from a dimension of the meter.
    """

    # `model_property` is no method of pydantic's.
    model_config = ConfigDict(protected_namespaces=())

    type: Literal["llm"]
    """A lookup."""
    provider_property: Text | None = None
    """The group-by name that holds the provider."""
    provider: Text | None = None
    """The provider, such as `openai`, where it is always the same."""
    model_property: Text | None = None
    """The group-by name that holds the model."""
    model: Text | None = None
    """The model, such as `gpt-4o`, where it is always the same."""
    token_type_property: Text | None = None
    """The group-by name that holds the type of token."""
    token_type: TokenType | None = None
    """The type of token, where it is always the same."""


UnitCost = Annotated[ManualUnitCost | LlmUnitCost, Field(discriminator="type")]


class FeatureSpec(Spec):
    """A feature: something a plan can price or grant, measured by a part of a meter's usage, or by nothing."""

    name: Annotated[Text, m.CannotUpdate()]
    """Display name."""
    meter_slug: Annotated[Key, m.Ref("Meter"), m.Immutable()] | None = None
    """The meter that measures it. Left out: the feature is on or off and has no usage."""
    meter_group_by_filters: Annotated[dict[str, str], m.Immutable()] | None = None
    """Older spelling of filters: group-by name → the one value that counts."""
    advanced_meter_group_by_filters: Annotated[dict[str, Filter], m.Immutable()] | None = None
    """Which usage of the meter counts: group-by name → condition."""
    unit_cost: Annotated[UnitCost, m.Immutable()] | None = None
    """What one unit costs you, for margin reports."""
    metadata: Annotated[Metadata, m.CannotUpdate()] | None = None
    """Free key-value pairs of your own."""


ULID_KEY = Rule(
    "feature.key.ulid", "The server takes a key of 26 characters that begins with 0 to 7 for an id (400).", _CREATE
)
AGGREGATION = Rule(
    "feature.meter.aggregation", "The server makes features of SUM, COUNT, UNIQUE_COUNT and LATEST only (400).", _CREATE
)
FILTER_KEY = Rule("feature.filter.group_by", "The server filters by the meter's group-by names only (400).", _CREATE)
NO_METER = Rule(
    "feature.filter.meter", "Without a meter the server stores filters that nothing uses.", _CREATE, "warning"
)
BOTH_FILTERS = Rule(
    "ignored_by_server/legacy_filters",
    "Beside `advancedMeterGroupByFilters` the server ignores `meterGroupByFilters`.",
    _CREATE,
)
COST_METER = Rule("feature.unit_cost.meter", "The server looks costs up for metered features only (400).", _CREATE)
COST_MISSING = Rule("feature.unit_cost.missing", "The lookup needs provider, model and type of token (400).", _CREATE)
COST_BOTH = Rule("feature.unit_cost.both", "Each part of the lookup is fixed or read, not both (400).", _CREATE)
COST_PROPERTY = Rule("feature.unit_cost.property", "The lookup reads the meter's group-by names only (400).", _CREATE)

RULES = (
    *(ULID_KEY, AGGREGATION, FILTER_KEY, NO_METER, BOTH_FILTERS),
    *(COST_METER, COST_MISSING, COST_BOTH, COST_PROPERTY),
    *filters.RULES,
)

_DIMENSIONS = (("provider", "providerProperty"), ("model", "modelProperty"), ("tokenType", "tokenTypeProperty"))


def _check(key: str, spec: BaseModel, catalogue: Catalogue) -> Iterator[Finding]:
    feature = cast("FeatureSpec", spec)
    found = catalogue.spec("Meter", feature.meter_slug) if feature.meter_slug else None
    meter = found if isinstance(found, MeterSpec) else None
    if len(key) == 26 and key[0] in "01234567":
        yield Finding(ULID_KEY, (), f"`{key}` looks like an id to the server; choose a key of another length")
    if meter and meter.aggregation not in _AGGREGATIONS:
        yield Finding(
            AGGREGATION,
            ("meterSlug",),
            f"a feature cannot be made of `{feature.meter_slug}`, whose aggregation is {meter.aggregation}",
        )
    yield from _filters(feature, meter)
    if isinstance(feature.unit_cost, LlmUnitCost):
        yield from _lookup(feature.unit_cost, meter, metered=feature.meter_slug is not None)


def _filters(feature: FeatureSpec, meter: MeterSpec | None) -> Iterator[Finding]:
    legacy, advanced = feature.meter_group_by_filters or {}, feature.advanced_meter_group_by_filters or {}
    legacy_at, advanced_at = "meterGroupByFilters", "advancedMeterGroupByFilters"
    if legacy and advanced:
        yield Finding(BOTH_FILTERS, (legacy_at,), f"write every filter under `{advanced_at}`", at_key=True)
    if (legacy or advanced) and feature.meter_slug is None:
        at = advanced_at if advanced else legacy_at
        yield Finding(NO_METER, (at,), "these filters have no meter to filter; add `meterSlug`", at_key=True)
    for name, text in legacy.items():
        if not text:
            yield Finding(filters.EMPTY_TEXT, (legacy_at, name), "the server cannot filter by an empty text")
    for name, condition in advanced.items():
        yield from filter_findings(condition, (advanced_at, name))
    for at, name in [(legacy_at, name) for name in legacy] + [(advanced_at, name) for name in advanced]:
        yield from _known(FILTER_KEY, name, meter, (at, name), at_key=True)


def _lookup(cost: LlmUnitCost, meter: MeterSpec | None, *, metered: bool) -> Iterator[Finding]:
    written = cost.model_dump(by_alias=True, exclude_none=True)
    if not metered:
        yield Finding(COST_METER, ("unitCost", "type"), "a looked-up cost needs a meter; add `meterSlug`")
    for fixed, read in _DIMENSIONS:
        if fixed not in written and read not in written:
            yield Finding(COST_MISSING, ("unitCost",), f"write `{fixed}` or `{read}`")
        if fixed in written and read in written:
            yield Finding(COST_BOTH, ("unitCost", read), f"write `{fixed}` or `{read}`, not both", at_key=True)
        if read in written:
            yield from _known(COST_PROPERTY, str(written[read]), meter, ("unitCost", read))


def _known(rule: Rule, name: str, meter: MeterSpec | None, path: Path, *, at_key: bool = False) -> Iterator[Finding]:
    """A group-by name that the meter does not have; nothing where the meter is not declared in full."""
    if meter is None or name in (meter.group_by or {}):
        return
    names = ", ".join(f"`{known}`" for known in sorted(meter.group_by or {})) or "none"
    yield Finding(rule, path, f"the meter has no group-by `{name}`; it has {names}", at_key=at_key)


def _impact(fields: tuple[FieldChange, ...]) -> Iterable[ChangeClass]:
    for change in fields:
        if change.path == "name" or change.path.startswith("metadata"):
            yield ChangeClass.COSMETIC
        elif change.path.startswith("unitCost"):
            # Nothing tells whether a lookup becomes dearer, so every change of a cost takes the careful class.
            yield ChangeClass.BILLING_BEHAVIOUR
        else:
            yield ChangeClass.METERING_SEMANTIC


def _complete(key: str, spec: dict[str, Tree], feature_name: Callable[[str], str | None]) -> dict[str, Tree]:
    """The one spelling in which filters are compared and sent: the server shows ``{k: {$eq: v}}`` for both."""
    del key, feature_name
    legacy, advanced = spec.get("meterGroupByFilters"), spec.get("advancedMeterGroupByFilters")
    rest = {name: value for name, value in spec.items() if name != "meterGroupByFilters"}
    if isinstance(advanced, Mapping) and advanced:
        rest["advancedMeterGroupByFilters"] = {name: normal_filter(advanced[name]) for name in advanced}
    elif isinstance(legacy, Mapping):
        rest["advancedMeterGroupByFilters"] = {name: {"$eq": legacy[name]} for name in legacy}
    return rest


def _to_wire(key: str, body: dict[str, Tree], ids: IdOf) -> dict[str, Tree]:
    del ids
    return {"key": key, **body}


def _from_wire(wire: Mapping[str, Tree], keys: KeyOf) -> dict[str, Tree]:
    del keys
    spec = {name: wire[name] for name in _FIELDS if wire.get(name) is not None}
    return _complete("", spec, lambda _: None)


_FIELDS = ("name", "meterSlug", "meterGroupByFilters", "advancedMeterGroupByFilters", "unitCost", "metadata")

KIND = Kind(
    name="Feature",
    group="openmeter.io/v1",
    order=20,
    spec=FeatureSpec,
    lifecycle=CREATE_ONLY,
    bindings={
        "v1": Binding(
            collection="/api/v1/features",
            to_wire=_to_wire,
            from_wire=_from_wire,
            key_field="key",
            updatable=False,
            marks_on_update=False,
            deleted_field="archivedAt",
        )
    },
    check=_check,
    rules=RULES,
    impact=_impact,
    summary="What customers get: a part of a meter's usage, or something that is on or off.",
    rename=(
        "(1) declare Feature/{new} with its `spec`; (2) write `featureKey: {new}` in rate cards and `{new}` in the "
        "`features` of rules, and apply: plans get a new version, subscriptions stay on theirs; (3) once no plan and "
        "no subscription names it, leave of Feature/{old} only `lifecycle: {{state: absent}}`"
    ),
    example="""\
apiVersion: openmeter.io/v1
kind: Feature
key: tokens
spec:
  name: Tokens
  meterSlug: tokens
  advancedMeterGroupByFilters:
    type: {$in: [input, output]}
  unitCost:
    type: manual
    amount: "0.0000025"
""",
    complete=_complete,
)
