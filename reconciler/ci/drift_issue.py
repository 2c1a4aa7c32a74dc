"""What the issue about drift in an environment says. The hidden first line tells which drift it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import simplejson

from reconciler.ci import driftfile
from reconciler.errors import PlanFileError
from reconciler.model import Drift
from reconciler.planning.digest import sha256
from reconciler.render import drift_json, drift_markdown
from reconciler.render.plan_markdown import Options

LIMIT = 60_000
"""Characters. GitHub takes 65,536."""
_FIRST = re.compile(r"<!-- reconciler:drift (?P<environment>\S+) (?P<digest>[0-9a-f]{64}) -->")


@dataclass(frozen=True, slots=True)
class Found:
    """The drift of one environment; None: it could not be looked for."""

    environment: str
    drift: Drift | None

    @property
    def clean(self) -> bool:
        """Whether live is as declared, all of it: of a part of the catalogue nobody can say."""
        return self.drift is not None and self.drift.clean and self.drift.complete

    @property
    def differs(self) -> bool:
        """Whether something is known to differ."""
        return self.drift is not None and not self.drift.clean

    @property
    def digest(self) -> str:
        """The same for the same drift, whenever it is found and wherever its lines have moved to."""
        if self.drift is None:
            return sha256(None)
        objects = drift_json.tree(self.drift)["objects"]
        return sha256([{**_bare(item), "fields": [_bare(field) for field in item["fields"]]} for item in objects])


def _bare(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in ("location", "notes", "fields")}


def loads(text: str, name: str) -> Iterator[Found]:
    """The environments of a file: one drift, or what ``drift -e '*'`` came to. Raises ``PlanFileError``."""
    try:
        tree = simplejson.loads(text, use_decimal=True)
        items = (
            tree["environments"] if "environments" in tree else [{"environment": tree["environment"], "result": tree}]
        )
        for item in items:
            found = None if item["result"] is None else driftfile.read(item["result"])
            yield Found(str(item["environment"]), found)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise PlanFileError(f"{name} is not what `drift --format json` prints") from None


def marked(body: str) -> tuple[str, str] | None:
    """The environment and the digest that an issue's text is about; None where it is no such text."""
    found = _FIRST.match(body)
    return (found["environment"], found["digest"]) if found else None


def title(found: Found) -> str:
    """The title of the issue."""
    return f"Billing catalogue: drift in {found.environment}"


def body(found: Found, run_url: str) -> str:
    """The text of the issue."""
    assert found.drift is not None
    text = drift_markdown.drift(found.drift, Options(LIMIT, run_url)).rstrip("\n")
    first = f"<!-- reconciler:drift {found.environment} {found.digest} -->"
    last = f"Found by [this run](<{run_url}>). This issue is closed once live is as declared again."
    return f"{first}\n{text}\n\n{last}\n"
