"""The JSONPath expressions that the server's event store accepts, by their shape.

Source: OpenMeter v1 tries each path in ClickHouse when a meter is written. Measured: ``$``, ``$.a.b[0].c``,
``$["a b"]`` and ``$.a[*]`` pass; ``$..a``, ``$.a-b`` and a path without ``$`` do not.
"""

from __future__ import annotations

import re

from reconciler.kinds.fields import problem

_STEP = r"""(?:\.[A-Za-z_][A-Za-z0-9_]*|\[\s*(?:\d+|\*|\d+\s+to\s+\d+|"[^"\]]+"|'[^'\]]+')\s*\])"""
_PATH = re.compile(rf"\$(?:{_STEP})*")


def check_json_path(value: str) -> str:
    """The path as it is; raises the located problem ``value.json_path`` with what to write instead."""
    if not value.startswith("$"):
        raise problem("value.json_path", f"`{value}` is not a JSONPath: it begins with `$`; write `$.{value}`")
    if not _PATH.fullmatch(value):
        raise problem("value.json_path", f"`{value}` is not a JSONPath that OpenMeter reads{_hint(value)}")
    return value


def _hint(value: str) -> str:
    if ".." in value:
        return "; `..` is not supported: name every level"
    quoted = re.sub(r"\.([A-Za-z0-9_]*-[A-Za-z0-9_-]*)", r'["\1"]', value)
    return f"; write `{quoted}`" if quoted != value and _PATH.fullmatch(quoted) else ""
