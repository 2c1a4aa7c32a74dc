"""The way to a live catalogue: a small protocol, and the REST engine behind it, driven by the kinds' bindings.

Nothing heavy is imported here: httpx and stamina come in with the first backend that is opened.
"""

from reconciler.backends.opening import open_backend
from reconciler.backends.protocol import Answer, Backend, Found

__all__ = ["Answer", "Backend", "Found", "open_backend"]
