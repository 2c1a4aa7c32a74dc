"""Taking back an object that two runs have made at the same time."""

from __future__ import annotations

from reconciler.backends import Backend
from reconciler.errors import ApiError
from reconciler.model import Step

_PROMOTED = ("name", "description", "supplier", "workflow", "metadata")
"""What a profile's PUT resets or refuses to miss."""


def take_back(backend: Backend, step: Step, made: str, first: str) -> None:
    """Delete ``made``, which the create ``step`` has made beside ``first``. Raises ``BackendError``.

    The second of two default profiles has demoted the first, and a default cannot be deleted (400): the one that stays
    becomes the default again before.
    """
    try:
        backend.perform("DELETE", f"{step.path}/{made}")
    except ApiError:
        if step.body is None or step.body.get("default") is not True:
            raise
        _promote(backend, f"{step.path}/{first}")
        backend.perform("DELETE", f"{step.path}/{made}")


def _promote(backend: Backend, path: str) -> None:
    """Make a profile the default, and leave the rest of it as it is."""
    live = backend.perform("GET", path).body or {}
    kept = {name: live[name] for name in _PROMOTED if live.get(name) is not None}
    backend.perform("PUT", path, {**kept, "default": True})
