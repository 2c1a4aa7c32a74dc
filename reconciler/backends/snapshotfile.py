"""A snapshot as a file: canonical JSON under a digest. Format: ``schemas/snapshot.json``.

The digest is over the whole file, without itself: it detects damage and editing, not forgery. Whose snapshot it is has
to be known from where it was fetched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import simplejson

from reconciler.backends.jsontext import loads as parse
from reconciler.backends.observe import observed
from reconciler.errors import SnapshotError
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Assignment, Observation, Observed, Question, Reply, Snapshot
from reconciler.planning.digest import sha256

FORMAT_VERSION = "1.0"
PREFIX = "sha256:"


def dumps(snapshot: Snapshot) -> str:
    """The snapshot as a file: sorted keys, two spaces, one newline at the end."""
    body = _body(snapshot)
    body["digest"] = PREFIX + sha256(body)
    return simplejson.dumps(body, indent=2, sort_keys=True, use_decimal=True, ensure_ascii=False) + "\n"


def digested(snapshot: Snapshot) -> Snapshot:
    """The snapshot with its digest."""
    return replace(snapshot, digest=sha256(_body(snapshot)))


def loads(text: str, name: str) -> Snapshot:
    """Read a snapshot; ``name`` is what the file is called in messages.

    Raises ``SnapshotError`` for what is no snapshot, for a newer format, and for one that is damaged or was edited.
    """
    try:
        body = parse(text.encode())
    except ValueError as error:
        raise SnapshotError(f"{name} is no snapshot: {error}") from None
    if not isinstance(body, dict) or body.get("kind") != "Snapshot" or not isinstance(body.get("format_version"), str):
        raise SnapshotError(f"{name} is no snapshot", tip="`reconciler snapshot -e ENV -o FILE` makes one")
    _check_version(name, body["format_version"])
    stated = body.pop("digest", None)
    if stated != PREFIX + sha256(body):
        raise SnapshotError(
            f"{name} is damaged or was edited: its digest does not fit", tip="fetch it again, or take a new one"
        )
    try:
        return replace(_read(body), digest=str(stated).removeprefix(PREFIX))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SnapshotError(f"{name} is no snapshot: {type(error).__name__} at {error}") from None


def _check_version(name: str, version: str) -> None:
    if version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise SnapshotError(
            f"{name} has format {version}; this reconciler reads {FORMAT_VERSION}",
            tip="use the version of reconciler that took it, or take a new one",
        )


def _body(snapshot: Snapshot) -> dict[str, Any]:
    seen = snapshot.observation
    return {
        "kind": "Snapshot",
        "format_version": FORMAT_VERSION,
        "tool": snapshot.tool,
        "created_at": snapshot.created_at,
        "project": snapshot.project,
        "environment": snapshot.environment,
        "target": {"endpoint": seen.endpoint, "identity": seen.identity, "api": snapshot.api},
        "objects": {kind: [_row(row) for row in rows] for kind, rows in seen.objects.items()},
        "apps": [dict(app) for app in seen.apps],
        "last_versions": {str(address): version for address, version in seen.last_versions.items()},
        "capped": sorted(seen.capped),
        "looked_for": sorted(map(str, snapshot.looked_for)),
        "answers": [
            {"topic": asked.topic, "kind": asked.kind, "key": asked.key, "reply": _reply(reply)}
            for asked, reply in sorted(seen.answers.items())
        ],
    }


def _row(row: Observed) -> dict[str, Any]:
    found = None if row.assignments is None else [_assignment(item) for item in row.assignments]
    return {"wire": dict(row.wire)} | ({"assignments": found} if row.kind == "Plan" else {})


def _assignment(item: Assignment) -> dict[str, Any]:
    return {
        "addon_key": item.addon_key,
        "addon_id": item.addon_id,
        "addon_version": item.addon_version,
        "from_phase": item.from_phase,
        "max_quantity": item.max_quantity,
        "metadata": dict(item.metadata),
    }


def _reply(reply: Reply) -> Any:  # noqa: ANN401 - JSON
    return [list(pair) for pair in reply] if isinstance(reply, tuple) else reply


def _read(body: Mapping[str, Any]) -> Snapshot:
    target = body["target"]
    if datetime.fromisoformat(body["created_at"]).tzinfo is None:
        raise ValueError("created_at")
    seen = Observation(
        endpoint=_text(target["endpoint"]),
        identity=None if target["identity"] is None else _text(target["identity"]),
        objects={kind: _read_rows(kind, _text(target["api"]), body["objects"][kind]) for kind in KINDS},
        apps=tuple(map(_mapping, _list(body["apps"]))),
        last_versions={Address.parse(text): int(version) for text, version in body["last_versions"].items()},
        capped=frozenset(map(_text, _list(body["capped"]))),
        answers=dict(map(_read_answer, _list(body["answers"]))),
    )
    return Snapshot(
        project=_text(body["project"]),
        environment=_text(body["environment"]),
        api=_text(target["api"]),
        created_at=body["created_at"],
        tool=_text(body["tool"]),
        observation=seen,
        looked_for=frozenset(map(Address.parse, _list(body["looked_for"]))),
    )


def _read_rows(kind: str, api: str, rows: Any) -> tuple[Observed, ...]:  # noqa: ANN401 - JSON
    return tuple(_read_row(kind, api, row) for row in _list(rows))


def _read_answer(one: Mapping[str, Any]) -> tuple[Question, Reply]:
    return Question(one["topic"], one["kind"], one["key"]), _read_reply(one["reply"])


def _read_row(kind: str, api: str, row: Mapping[str, Any]) -> Observed:
    found = observed(KINDS[kind], KINDS[kind].binding(api), _mapping(row["wire"]))
    given = row.get("assignments")
    return found if given is None else replace(found, assignments=tuple(Assignment(**item) for item in given))


def _read_reply(reply: Any) -> Reply:  # noqa: ANN401 - JSON
    if isinstance(reply, list):
        return tuple((int(version), int(count)) for version, count in reply)
    if isinstance(reply, int | str):
        return reply
    raise ValueError("reply")


def _text(value: Any) -> str:  # noqa: ANN401 - JSON
    if not isinstance(value, str):
        raise TypeError("a text")
    return value


def _list(value: Any) -> list[Any]:  # noqa: ANN401 - JSON
    if not isinstance(value, list):
        raise TypeError("a list")
    return value


def _mapping(value: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    if not isinstance(value, dict):
        raise TypeError("a map")
    return value
