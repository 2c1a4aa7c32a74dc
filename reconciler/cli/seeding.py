"""A small catalogue that nobody manages, made in a sandbox by its own API: what a team has before this tool."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.sandbox import Sandbox


_NAME = re.compile(r"\{(\w+)\}")
_THERE = 409


def seed(sandbox: Sandbox, file: Path | None = None) -> int:
    """Send the requests of a file, or of ``seed.json``, and count the objects that came of them.

    A request is ``{path, body, as}``; ``{name}`` in a path, or as a whole text of a body, is the id of what was made
    ``as`` that name. Nothing is made where the first one is there.

    Raises ``UsageError`` for a file that makes no sense, or a request that is refused.
    """
    made: dict[str, str] = {}
    for number, step in enumerate(_steps(file)):
        path = _NAME.sub(lambda match: made.get(match[1], match[0]), str(step["path"]))
        status, ident = _post(sandbox, path, _filled(step.get("body"), made))
        if status not in (200, 201, 204):
            if number == 0 and status == _THERE:
                return 0
            raise UsageError(f"the sandbox refused request {number + 1} of the seed: {status} for {step['path']}")
        if "as" in step:
            made[step["as"]] = ident
    return len(made)


def _steps(file: Path | None) -> list[dict[str, Any]]:
    source = file or files("reconciler.cli").joinpath("seed.json")
    try:
        found = json.loads(source.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read as a seed: {error}") from None
    if not isinstance(found, list) or not all(isinstance(step, dict) and "path" in step for step in found):
        raise UsageError(f"{file} is no list of requests such as `{{path: /api/v1/meters, body: {{…}}}}`")
    return found


def _filled(value: Any, made: dict[str, str]) -> Any:  # noqa: ANN401 - any JSON
    """The body with ids in the places of names."""
    match value:
        case str():
            return made.get(value[1:-1], value) if value.startswith("{") and value.endswith("}") else value
        case dict():
            return {name: _filled(item, made) for name, item in value.items()}
        case list():
            return [_filled(item, made) for item in value]
        case _:
            return value


def _post(sandbox: Sandbox, path: str, body: dict[str, Any] | None) -> tuple[int, str]:
    from reconciler.sandbox import Request

    raw = json.dumps(body).encode() if body is not None else b""
    answer = sandbox.handle(Request.from_wire("POST", path, raw, "application/json" if raw else ""))
    tree = json.loads(answer.encoded() or b"{}")
    return answer.status, str(tree.get("id", ""))
