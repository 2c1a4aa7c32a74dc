"""What the issue about drift in an environment says. The hidden first line tells which drift it is about."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.errors import PlanFileError
from reconciler.render.markdown import code, fenced, folded, sentence, table, tag

LIMIT = 60_000
"""Characters. GitHub takes 65,536."""
_FIRST = re.compile(r"<!-- reconciler:drift (?P<environment>\S+) (?P<digest>[0-9a-f]{64}) -->")
_ORIGINS = {"outside": "edited live", "manifest": "not applied yet", "both": "both sides", "unknown": "not known"}


@dataclass(frozen=True, slots=True)
class Found:
    """The drift of one environment, as ``drift --format json`` tells it; None: it could not be looked for."""

    environment: str
    drift: Mapping[str, Any] | None

    @property
    def clean(self) -> bool:
        """Whether live is as declared, all of it: of a part of the catalogue nobody can say."""
        return self.drift is not None and bool(self.drift["clean"]) and bool(self.drift.get("complete", True))

    @property
    def differs(self) -> bool:
        """Whether something is known to differ."""
        return self.drift is not None and not self.drift["clean"]

    @property
    def digest(self) -> str:
        """The same for the same drift, whenever it is found."""
        objects = [] if self.drift is None else self.drift["objects"]
        seen = [{key: item[key] for key in item if key not in ("location", "notes")} for item in objects]
        return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()


def loads(text: str, name: str) -> Iterator[Found]:
    """The environments of a file: one drift, or what ``drift -e '*'`` came to. Raises ``PlanFileError``."""
    try:
        tree = json.loads(text)
        if "environments" not in tree:
            yield _found(str(tree["environment"]), tree)
            return
        for item in tree["environments"]:
            yield _found(str(item["environment"]), item["result"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise PlanFileError(f"{name} is not what `drift --format json` prints") from None


def _found(environment: str, tree: Any) -> Found:  # noqa: ANN401 - JSON
    if tree is None:
        return Found(environment, None)
    if not isinstance(tree["clean"], bool) or not all(isinstance(item["address"], str) for item in tree["objects"]):
        raise TypeError
    return Found(environment, tree)


def marked(body: str) -> tuple[str, str] | None:
    """The environment and the digest that an issue's text is about; None where it is no such text."""
    found = _FIRST.match(body)
    return (found["environment"], found["digest"]) if found else None


_WHAT_TO_DO = (
    "**What to do**: `reconciler accept` writes what is live into the manifests, `reconciler drift --heal` puts back "
    "what is no money, `reconciler apply` all of it."
)


def title(found: Found) -> str:
    """The title of the issue."""
    return f"Billing catalogue: drift in {found.environment}"


def body(found: Found, run_url: str) -> str:
    """The text of the issue."""
    drift = found.drift or {}
    objects = drift.get("objects", [])
    count = len(objects)
    head = [
        f"<!-- reconciler:drift {found.environment} {found.digest} -->",
        f"### {code(found.environment)}: {count} {'object is' if count == 1 else 'objects are'} not as declared",
        "",
        f"Found by [this run](<{run_url}>). This issue is closed once live is as declared again.",
        "",
        *table(("object", "what", "who moved it", ""), _rows(objects[:300])),
        *([f"and {count - 300} more"] if count > 300 else []),
        "",
        _WHAT_TO_DO,
    ]
    return "\n".join([*head, *_details(objects, LIMIT - sum(len(line) + 1 for line in head))]) + "\n"


def _rows(objects: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    for item in objects:
        origin = _ORIGINS.get(str(item.get("origin")), "not known")
        yield code(item["address"]), sentence(str(item.get("what", ""))), origin, sentence(str(item.get("title", "")))


def _details(objects: Iterable[Mapping[str, Any]], room: int) -> list[str]:
    lines: list[str] = []
    for item in objects:
        fields = [line for field in item.get("fields", ()) for line in _field(field)]
        block = ["", *folded(tag(str(item["address"])), fenced(fields, "diff"))] if fields else []
        room -= sum(len(line) + 1 for line in block)
        if room < 200:
            return [*lines, "", "Further details did not fit here; the log of the run has them."]
        lines += block
    return lines


def _field(field: Mapping[str, Any]) -> Iterator[str]:
    path, note = str(field.get("path")), field.get("note")
    if note:
        yield f"! {path}: {note}"
        return
    for sign, side in (("-", "declared"), ("+", "live")):
        if field.get(side) is not None:
            yield f"{sign} {path}: {json.dumps(field[side], ensure_ascii=False)}"
