"""Meter: what is counted, from which events. Natural key: ``slug``. Source of every rule: OpenMeter v1, meters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Literal, cast

from pydantic import AfterValidator, BaseModel, Field

from reconciler.kinds import markers as m
from reconciler.kinds.fields import Metadata, Name, Timestamp, problem
from reconciler.kinds.jsonpath import check_json_path
from reconciler.kinds.kind import Binding, Catalogue, Finding, IdOf, KeyOf, Kind, Rule, Spec
from reconciler.kinds.lifecycles import MUTABLE
from reconciler.model import ChangeClass, FieldChange, Tree

_LABEL = re.compile(r"[a-zA-Z_][0-9a-zA-Z_]*")


def _label(value: str) -> str:
    if not _LABEL.fullmatch(value):
        raise problem(
            "meter.group_by_name", f"`{value}` is not a group-by name: letters, digits and `_`, no digit first"
        )
    return value


JsonPath = Annotated[str, AfterValidator(check_json_path)]


class MeterSpec(Spec):
    """A meter: events of one type, aggregated into a number per subject and time window."""

    name: Name | None = None
    """Display name; the key where it is left out."""
    description: Annotated[str, Field(min_length=1, max_length=1024), m.NotClearable()] | None = None
    """What is counted, for people. Once set it can be changed but not removed."""
    event_type: Annotated[str, Field(min_length=1), m.Immutable()]
    """The CloudEvents `type` of the events that count."""
    event_from: Annotated[Timestamp, m.Immutable()] | None = None
    """Count events from this instant on (RFC 3339); earlier ones are ignored."""
    aggregation: Annotated[Literal["SUM", "COUNT", "UNIQUE_COUNT", "AVG", "MIN", "MAX", "LATEST"], m.Immutable()]
    """How events become a number."""
    value_property: Annotated[JsonPath, m.Immutable()] | None = None
    """JSONPath of the value in the event's data. Required, except for COUNT, which has none."""
    group_by: Annotated[dict[Annotated[str, AfterValidator(_label)], JsonPath], m.WhenEmpty("map")] | None = None
    """Dimensions by which usage can be split: name → JSONPath in the event's data."""
    metadata: Metadata | None = None
    """Free key-value pairs of your own."""


VALUE_MISSING = Rule(
    "meter.value_property.required", "Only COUNT counts events without reading a value.", "OpenMeter v1, meter create"
)
VALUE_FORBIDDEN = Rule(
    "meter.value_property.count", "OpenMeter refuses a value property on COUNT.", "OpenMeter v1, meter create"
)
VALUE_IN_GROUP = Rule(
    "meter.group_by.value", "OpenMeter refuses a group-by on the value property itself.", "OpenMeter v1, meter create"
)


def _check(key: str, spec: BaseModel, catalogue: Catalogue) -> Iterator[Finding]:
    del key, catalogue
    meter = cast("MeterSpec", spec)
    if meter.aggregation == "COUNT" and meter.value_property is not None:
        yield Finding(VALUE_FORBIDDEN, ("valueProperty",), "COUNT takes no `valueProperty`; leave it out", at_key=True)
    if meter.aggregation != "COUNT" and meter.value_property is None:
        yield Finding(
            VALUE_MISSING, ("aggregation",), f'{meter.aggregation} needs a `valueProperty`, such as `"$.tokens"`'
        )
    for name, path in (meter.group_by or {}).items():
        if path == meter.value_property:
            yield Finding(VALUE_IN_GROUP, ("groupBy", name), f"`{name}` groups by the value property `{path}`")


def _impact(fields: tuple[FieldChange, ...]) -> Iterable[ChangeClass]:
    for change in fields:
        if change.path.startswith("groupBy"):
            added = change.before is None and change.path != "groupBy"
            yield ChangeClass.ADDITIVE if added else ChangeClass.METERING_SEMANTIC
        elif change.path in ("name", "description") or change.path.startswith("metadata"):
            yield ChangeClass.COSMETIC
        else:
            yield ChangeClass.METERING_SEMANTIC


def _simplify(key: str, spec: dict[str, Tree], feature_name: Callable[[str], str | None]) -> dict[str, Tree]:
    del feature_name
    return {name: value for name, value in spec.items() if name != "name" or value != key}


def _to_wire(key: str, body: dict[str, Tree], ids: IdOf) -> dict[str, Tree]:
    del ids
    return {"slug": key, **body}


def _from_wire(wire: Mapping[str, Tree], keys: KeyOf) -> dict[str, Tree]:
    del keys
    return {name: wire[name] for name in _FIELDS if wire.get(name) is not None}


def _complete(key: str, spec: dict[str, Tree], feature_name: Callable[[str], str | None]) -> dict[str, Tree]:
    """The server names a meter after its slug."""
    del feature_name
    return {**spec, "name": spec.get("name") or key}


_FIELDS = (
    "name", "description", "eventType", "eventFrom", "aggregation", "valueProperty", "groupBy", "metadata",
)  # fmt: skip

KIND = Kind(
    name="Meter",
    group="openmeter.io/v1",
    order=10,
    spec=MeterSpec,
    lifecycle=MUTABLE,
    bindings={
        "v1": Binding(
            collection="/api/v1/meters",
            to_wire=_to_wire,
            from_wire=_from_wire,
            key_field="slug",
            paged=False,
            cap=1000,
            create_only=frozenset({"slug", "eventType", "eventFrom", "aggregation", "valueProperty"}),
        )
    },
    check=_check,
    rules=(VALUE_MISSING, VALUE_FORBIDDEN, VALUE_IN_GROUP),
    impact=_impact,
    summary="What is counted, from which events.",
    rename=(
        "(1) declare Meter/{new} with its `spec`; (2) a feature cannot change its meter: declare new ones with "
        "`meterSlug: {new}`, use them in rate cards, and apply; (3) once no feature names it, leave of Meter/{old} "
        "only `lifecycle: {{state: absent}}`"
    ),
    example="""\
apiVersion: openmeter.io/v1
kind: Meter
key: tokens
spec:
  name: Tokens
  eventType: prompt
  aggregation: SUM
  valueProperty: $.tokens
  groupBy:
    model: $.model
    type: $.type
""",
    complete=_complete,
    simplify=_simplify,
    retain_by_default=True,
    marked_only_by_create=True,
)
