"""A small catalogue that nobody manages, made in a sandbox by its own API: what a team has before this tool."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reconciler.sandbox import Sandbox


def seed(sandbox: Sandbox) -> int:
    """Send the requests of ``seed.json`` and count the objects that came of them; nothing if the first one is there."""
    steps: list[dict[str, Any]] = json.loads(files("reconciler.cli").joinpath("seed.json").read_text(encoding="utf-8"))
    made: dict[str, str] = {}
    for number, step in enumerate(steps):
        status, ident = _post(sandbox, str(step["path"]).format_map(made), step.get("body"))
        if status not in (200, 201):
            if number == 0:
                return 0
            raise AssertionError(f"the sandbox refused its seed: {status} for {step['path']}")
        if "as" in step:
            made[step["as"]] = ident
    return len(made)


def _post(sandbox: Sandbox, path: str, body: dict[str, Any] | None) -> tuple[int, str]:
    from reconciler.sandbox import Request

    raw = json.dumps(body).encode() if body is not None else b""
    answer = sandbox.handle(Request.from_wire("POST", path, raw, "application/json" if raw else ""))
    tree = json.loads(answer.encoded() or b"{}")
    return answer.status, str(tree.get("id", ""))
