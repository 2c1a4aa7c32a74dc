"""Runs a plan's steps over a backend: in order where order matters, side by side where it does not."""

from reconciler.execution.events import Event
from reconciler.execution.receipts import append_verified
from reconciler.execution.run import apply

__all__ = ["Event", "append_verified", "apply"]
