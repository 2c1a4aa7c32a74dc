"""Writing live objects as manifests: one file per kind, in a folder that is new or empty."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.errors import UsageError
from reconciler.kinds.registry import KINDS
from reconciler.manifest.templates import is_template
from reconciler.model import Location, Resource
from reconciler.planning.export import Exported
from reconciler.planning.export import export as declare
from reconciler.workflow.context import Context, connect


class _Nowhere:
    """An exported object stands in no file yet."""

    def locate(self, path: tuple[str | int, ...]) -> Location:
        """The first line of nothing."""
        del path
        return Location("", 1)


def export(context: Context, out: Path) -> tuple[str, ...]:
    """Write every live object below ``out`` and return the files written.

    Raises ``UsageError`` if one of them exists.
    """
    with connect(context, read_only=True) as backend:
        observation = backend.observe(KINDS)
    found = declare(observation, context.project.name, tuple(context.project.former_names))
    kinds = [name for name in KINDS if any(item.address.kind == name for item in found)]
    texts = {f"{_file(name)}.yaml": text(found, name) for name in kinds}
    taken = sorted(name for name in texts if (out / name).exists())
    if taken:
        raise UsageError(f"{out / taken[0]} exists already; export into a new or empty folder")
    out.mkdir(parents=True, exist_ok=True)
    for name, content in texts.items():
        (out / name).write_text(content, encoding="utf-8")
    return tuple(str(out / name) for name in texts)


def text(found: tuple[Exported, ...], kind: str) -> str:
    """The file of one kind."""
    from reconciler.manifest.output import dump

    parts = []
    for item in found:
        if item.address.kind == kind and item.unwritable:
            said = (f"{item.address} is left out: {item.unwritable}", *item.comments)
            parts.append("".join(f"# {line}\n" for line in said))
        elif item.address.kind == kind:
            resource = Resource(item.address, _verbatim(item.spec or {}), item.management, Location("", 1), _Nowhere())
            comments = "".join(f"# {comment}\n" for comment in item.comments)
            parts.append(f"---\n{comments}{dump(resource)}")
    return "".join(parts)


def _verbatim(value: Any) -> Any:  # noqa: ANN401 - a tree in, the same tree out
    """The tree with every text as it is: what looks like a template is no template."""
    match value:
        case str() if is_template(value):
            return f"{{{{ {json.dumps(value, ensure_ascii=False)} }}}}"
        case Mapping():
            return {name: _verbatim(item) for name, item in value.items()}
        case list() | tuple():
            return [_verbatim(item) for item in value]
        case _:
            return value


def _file(kind: str) -> str:
    """``NotificationChannel`` → ``notification_channels``."""
    words = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind).strip("_")
    return f"{words}s"
