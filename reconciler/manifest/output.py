"""Desired resources as YAML: the documents after templates, reuse and overlays."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import yaml

from reconciler.kinds import markers as m
from reconciler.kinds.durations import plain
from reconciler.kinds.registry import KINDS
from reconciler.kinds.shape import Field, ListOf, MapOf, Object, OneOf, Scalar, Shape
from reconciler.model import Desired, Management, Resource, Tree
from reconciler.reading.scalars import ScalarError, resolve


class _Dumper(yaml.SafeDumper):
    """Writes what ``reading`` reads back as the same values."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401 - PyYAML's
        """Shared values are written out wherever they stand."""
        del data
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    """Text, quoted wherever YAML 1.1 or 1.2 would read something else."""
    try:
        other = not isinstance(resolve(value), str)
    except ScalarError:
        other = True
    style = "|" if "\n" in value else '"' if other else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _decimal(dumper: yaml.SafeDumper, value: Decimal) -> yaml.ScalarNode:
    text = plain(value)
    return dumper.represent_scalar(f"tag:yaml.org,2002:{'float' if '.' in text else 'int'}", text)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(Decimal, _decimal)
_Dumper.add_multi_representer(
    dict, lambda dumper, value: dumper.represent_mapping("tag:yaml.org,2002:map", value.items())
)
_Dumper.add_multi_representer(list, lambda dumper, value: dumper.represent_sequence("tag:yaml.org,2002:seq", value))


def render(desired: Desired) -> str:
    """Every document after templates, reuse and overlays, in the order of the resources."""
    documents = [document(resource) for resource in desired.resources.values()]
    text: str = yaml.dump_all(
        documents, Dumper=_Dumper, sort_keys=False, allow_unicode=True, explicit_start=True, width=1000
    )
    return text if documents else ""


def dump(resource: Resource) -> str:
    """One resource as YAML, without the line that separates documents."""
    text: str = yaml.dump(document(resource), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)
    return text


def document(resource: Resource) -> dict[str, Any]:
    """One resource as the document that declares it."""
    kind = KINDS[resource.address.kind]
    found: dict[str, Any] = {"apiVersion": kind.group, "kind": kind.name, "key": resource.address.key}
    if resource.spec:
        found["spec"] = _in_order(kind.shape, resource.spec)
    if lifecycle := _lifecycle(resource.management):
        found["lifecycle"] = lifecycle
    return found


def _in_order(shape: Shape | None, value: Tree) -> Tree:
    """Fields in the order in which the kind has them, and no ``null`` that only means "left out".

    How a manifest is put together does not show.
    """
    match value:
        case Mapping():
            variant = shape.variants.get(str(value.get(shape.tag))) if isinstance(shape, OneOf) else shape
            fields = variant.fields if isinstance(variant, Object) else {}
            below = {name: field.shape for name, field in fields.items()}
            free = variant.value if isinstance(variant, MapOf) else None
            names = [*(name for name in fields if name in value), *(name for name in value if name not in fields)]
            names = [name for name in names if value[name] is not None or _decides(fields.get(name))]
            return {name: _in_order(below.get(name, free), value[name]) for name in names}
        case list() | tuple():
            return [_in_order(shape.item if isinstance(shape, ListOf) else None, item) for item in value]
        case Decimal() | int() if isinstance(shape, Scalar) and shape.form == "decimal-text":
            return value if isinstance(value, bool) else plain(Decimal(value))
        case _:
            return value


def _decides(field: Field | None) -> bool:
    """Whether ``null`` says "none" there, which is a decision, and not "left out"."""
    empty = field.get(m.WhenEmpty) if field else None
    return field is None or (empty is not None and empty.value == "null")


def _lifecycle(managed: Management) -> Mapping[str, Any]:
    """What differs from the defaults."""
    default = Management()
    names = {
        "state": "state", "protect": "protect", "onRemove": "on_remove", "ignore": "ignore", "manage": "manage",
        "replaceOn": "replace_on", "formerKeys": "former_keys",
    }  # fmt: skip
    found = {name: getattr(managed, attribute) for name, attribute in names.items()}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in found.items()
        if value != getattr(default, names[name])
    }
