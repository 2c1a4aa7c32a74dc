"""The marker: the metadata keys by which we know an object again. Pure reading and writing of a metadata map.

It is ours: it never shows as a difference, and a user's own metadata never loses a key because of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model import Marker, OnRemove, Tree

PREFIX = "reconciler."
PROJECT, KEY, PROTECT, ON_REMOVE, CONTENT, REPLACES = (
    PREFIX + name for name in ("project", "key", "protect", "onremove", "content", "replaces")
)


def read(metadata: Tree) -> Marker | None:
    """The marker in a metadata map; None where project or key is missing."""
    if not isinstance(metadata, Mapping):
        return None
    project, key = metadata.get(PROJECT), metadata.get(KEY)
    if not (isinstance(project, str) and isinstance(key, str)):
        return None
    on_remove: OnRemove | None = {"retain": "retain", "remove": "remove"}.get(str(metadata.get(ON_REMOVE)))  # type: ignore[assignment]
    return Marker(
        project=project,
        key=key,
        protect=metadata.get(PROTECT) == "true",
        on_remove=on_remove,
        content=_text(metadata.get(CONTENT)),
        replaces=_text(metadata.get(REPLACES)),
    )


def strip(metadata: Tree) -> dict[str, Tree]:
    """The user's own part of a metadata map."""
    if not isinstance(metadata, Mapping):
        return {}
    return {key: value for key, value in metadata.items() if not key.startswith(PREFIX)}


def write(own: Mapping[str, Tree], marker: Marker | None) -> dict[str, Tree]:
    """The user's metadata with our keys; with None, without any of them."""
    merged = strip(own)
    if marker is None:
        return merged
    merged[PROJECT], merged[KEY] = marker.project, marker.key
    if marker.protect:
        merged[PROTECT] = "true"
    for name, value in ((ON_REMOVE, marker.on_remove), (CONTENT, marker.content), (REPLACES, marker.replaces)):
        if value is not None:
            merged[name] = value
    return merged


def _text(value: Tree) -> str | None:
    return value if isinstance(value, str) else None
