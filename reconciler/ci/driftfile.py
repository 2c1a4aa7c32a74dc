"""Drift, read back from what ``drift --format json`` prints.

Raises what indexing raises where something is missing; ``drift_issue`` says it in its own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from reconciler.model import (
    Address,
    ChangeClass,
    Drift,
    Drifted,
    DriftField,
    FieldChange,
    Location,
    PlanSource,
    Target,
)
from reconciler.model.drift import Origin, What


def read(tree: Mapping[str, Any]) -> Drift:
    """The drift that a file's values stand for; warnings are left out, they are no drift."""
    target, source = tree["target"], tree["source"]
    drift = Drift(
        Target(str(tree["environment"]), str(target["endpoint"]), target["identity"], str(target["api"])),
        str(tree["project"]),
        tuple(_object(item) for item in tree["objects"]),
        unchanged=int(tree.get("unchanged", 0)),
        complete=bool(tree["complete"]),
        base=tree["base"],
        source=PlanSource(str(source["manifests"]), source["commit"], source["dirty"]),
        tool=str(tree["tool"]),
        created_at=str(tree["created_at"]),
    )
    if drift.clean is not tree["clean"]:
        raise ValueError("`clean` is not what `objects` say")
    return drift


def _object(item: Mapping[str, Any]) -> Drifted:
    return Drifted(
        Address.parse(item["address"]),
        _one_of(What, item["what"]),
        _one_of(Origin, item["origin"]),
        str(item["title"]),
        tuple(_field(field) for field in item["fields"]),
        tuple(ChangeClass(name) for name in item["classes"]),
        healable=bool(item["healable"]),
        location=Location.read(item["location"]),
        notes=tuple(str(note) for note in item["notes"]),
        version=item["version"],
    )


def _field(item: Mapping[str, Any]) -> DriftField:
    change = FieldChange(
        str(item["path"]),
        item["declared"],
        item["live"],
        Location.read(item["location"]),
        item["currency"],
        item["note"],
    )
    return DriftField(change, _one_of(Origin, item["origin"]))


def _one_of(kind: Any, value: Any) -> Any:  # noqa: ANN401 - a word of a Literal
    if value not in get_args(kind):
        raise ValueError(f"{value!r} is none of {', '.join(get_args(kind))}")
    return value
