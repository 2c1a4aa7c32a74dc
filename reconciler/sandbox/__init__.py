"""An embedded server that behaves like OpenMeter's API v1.

It shares no code with the rest of the package, so that it cannot share its mistakes: what it
re-orders, fills in, re-formats and refuses is taken from recordings of the real server.
"""

from reconciler.sandbox.http import Request, Response
from reconciler.sandbox.server import Sandbox

__all__ = ["Request", "Response", "Sandbox"]
