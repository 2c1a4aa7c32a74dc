"""How a plan differs from the one that was approved, as JSON."""

from __future__ import annotations

import simplejson

from reconciler.model import Replanned
from reconciler.planning import replannedfile

FORMAT_VERSION = "1.0"


def dumps(found: Replanned) -> str:
    """One document; ``differences`` is what a summary has under the same name."""
    document = {"format_version": FORMAT_VERSION, "same": found.same, "differences": replannedfile.tree(found)}
    return simplejson.dumps(document, indent=2, use_decimal=True, ensure_ascii=False) + "\n"
