"""The recorded writes of the real server, each as the manifests that would have led to it.

A recording is walked from its beginning. Every object that the server took is declared beside the one that is written
next, so that references resolve as they did there: ids become keys, what is not published yet is a draft.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from reconciler.kinds.registry import KINDS

RECORDINGS = Path(__file__).parents[3] / "shared" / "openmeter" / "traces"
COLLECTIONS = {kind.binding("v1").collection: kind.name for kind in KINDS.values()}
VERSIONED = ("Plan", "Addon")
_ID = re.compile(r"<id:(\d+)>")
_ATTACHED = re.compile(r"(/api/v1/plans)/([^/]+)/addons(?:/([^/]+))?")
_ONE = re.compile(r"(.+?)/([^/]+?)(?:/(publish|archive|next))?")
# The server makes these; a body that was read and sent back has them.
_NEVER_DECLARED = ("id", "key", "slug", "apps", "version", "status", "createdAt", "updatedAt", "deletedAt")


@dataclass(frozen=True)
class Declared:
    """An object as a manifest declares it. ``spec`` without ids; ``key`` None where the request had none."""

    kind: str
    key: Any
    spec: dict[str, Any]
    state: str = "active"
    addons: tuple[dict[str, Any], ...] = ()

    def document(self) -> dict[str, Any]:
        spec = {**self.spec, "addons": list(self.addons)} if self.addons else self.spec
        head = {"apiVersion": "openmeter.io/v1", "kind": self.kind, "key": self.key, "spec": spec}
        if self.key is None:
            del head["key"]
        return head if self.state == "active" else {**head, "lifecycle": {"state": self.state}}


@dataclass(frozen=True)
class Write:
    """One recorded write: the answer, and what would have been declared; ``wanted`` None where no manifest has it."""

    scenario: str
    step: int
    method: str
    path: str
    status: int
    detail: str
    wanted: Declared | None = None
    beside: tuple[Declared, ...] = ()

    def __str__(self) -> str:
        return f"{self.scenario}#{self.step}"

    @property
    def taken(self) -> bool:
        return self.status < 300

    def as_draft(self) -> Write:
        return replace(self, wanted=replace(self.wanted, state="draft")) if self.wanted else self


@dataclass
class _Walk:
    """What is there after the steps so far: id (or key) of the server → what was declared."""

    live: dict[str, Declared] = field(default_factory=dict)

    def key_of(self, ident: Any) -> Any:
        """The key of what has this id; text that is no id, or the id of nothing, stays recognisable."""
        if not isinstance(ident, str):
            return ident
        if ident in self.live:
            return self.live[ident].key
        return _ID.sub(r"k_id\1", ident) if _ID.search(ident) else ident

    def spec(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        """A body as a spec: keys for ids, a source for the secret, one app for three times its id."""
        spec = {name: value for name, value in body.items() if name not in _NEVER_DECLARED}
        for name in ("channels", "features"):
            if kind == "NotificationRule" and isinstance(spec.get(name), list):
                spec[name] = [self.key_of(item) for item in spec[name]]
        if isinstance(spec.get("signingSecret"), str):
            spec["signingSecret"] = {"env": "SIGNING_SECRET"}
        if "apps" in body:
            spec["app"] = "sandbox"
        return _whole_ids(spec)

    def target(self, method: str, path: str, body: Any) -> tuple[str | None, Declared | None]:
        """The id that is written, if it exists already, and what is declared by writing it."""
        if path in COLLECTIONS and method == "POST" and isinstance(body, dict):
            kind = COLLECTIONS[path]
            key = body.get("slug" if kind == "Meter" else "key") if "key" in _own_keys(kind) else "it"
            return None, Declared(kind, key, self.spec(kind, body), "draft" if kind in VERSIONED else "active")
        if found := _ATTACHED.fullmatch(path):
            return found[2], self._attached(method, found[2], found[3], body)
        found = _ONE.fullmatch(path)
        known = self.live.get(found[2]) if found and found[1] in COLLECTIONS else None
        if not found or not known:
            return None, None
        ident = found[2]
        if method == "PUT" and isinstance(body, dict) and not found[3]:
            kept = {name: known.spec[name] for name in _kept(known.kind) if name in known.spec and name not in body}
            return ident, replace(known, spec={**kept, **self.spec(known.kind, body)})
        return ident, replace(known, state="active") if found[3] == "publish" else None

    def _attached(self, method: str, plan: str, addon: str | None, body: Any) -> Declared | None:
        known = self.live.get(plan)
        ident = addon or (body or {}).get("addonId")
        if known is None or ident not in self.live:
            return None
        key = self.live[ident].key
        others = tuple(item for item in known.addons if item["addon"] != key)
        if method == "DELETE":
            return replace(known, addons=others)
        offer = {name: value for name, value in body.items() if name != "addonId"}
        # A POST takes what an update of the same refuses: it blocks publishing, so the update is judged as a publish.
        known = replace(known, state="active") if method == "PUT" else known
        return replace(known, addons=(*(known.addons if method == "POST" else others), {"addon": key, **offer}))

    def take(self, method: str, path: str, ident: str | None, wanted: Declared | None, answer: Any) -> None:
        """What the server has after it took the write."""
        if wanted is not None:
            key = wanted.key if wanted.key != "it" else _ID.sub(r"k_id\1", answer["id"])
            for name in filter(None, (ident or answer["id"], key if wanted.kind in ("Meter", "Feature") else "")):
                state = self.live[name].state if _ATTACHED.fullmatch(path) else wanted.state
                self.live[name] = replace(wanted, key=key, state=state)
        elif (found := _ONE.fullmatch(path)) and found[2] in self.live:
            if method == "DELETE":
                gone = self.live[found[2]]
                self.live = {name: item for name, item in self.live.items() if item != gone}
            elif found[3] == "next":
                self.live[answer["id"]] = replace(self.live[found[2]], state="draft")
            elif found[3] == "archive":
                self.live[found[2]] = replace(self.live[found[2]], state="archived")

    def beside(self, wanted: Declared | None, ident: str | None) -> tuple[Declared, ...]:
        """The other objects, each address once, in its latest version, and no version of what is written."""
        if wanted is None:
            return ()
        mine = {(wanted.kind, wanted.key)} if ident or wanted.kind in VERSIONED else set()
        found = {(item.kind, item.key): item for item in self.live.values()}
        return tuple(item for address, item in found.items() if address not in mine)


def _own_keys(kind: str) -> tuple[str, ...]:
    return ("key",) if kind in ("Meter", "Feature", *VERSIONED) else ()


def _kept(kind: str) -> tuple[str, ...]:
    """The fields that an update does not carry."""
    return ("eventType", "eventFrom", "aggregation", "valueProperty") if kind == "Meter" else ("currency", "app")


def _whole_ids(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {name: _whole_ids(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return [_whole_ids(value) for value in tree]
    return _ID.sub(lambda found: f"01{found[1]:0>24}", tree) if isinstance(tree, str) else tree


def writes(path: Path) -> Iterator[Write]:
    """Every write of a recording, in its order."""
    walk = _Walk()
    for step in json.loads(path.read_text(), parse_float=Decimal)["steps"]:
        request, response = step.get("request"), step.get("response")
        if not request or not response or request["method"] == "GET" or not request["path"].startswith("/api/v1/"):
            continue
        method, url, body = request["method"], request["path"], request.get("body")
        ident, wanted = walk.target(method, url, body)
        answer = response.get("body")
        refused = response["status"] >= 400 and isinstance(answer, dict)
        detail = json.dumps(answer, default=str) if refused else ""
        beside = walk.beside(wanted, ident)
        yield Write(path.stem, step["step"], method, url, response["status"], detail, wanted, beside)
        if response["status"] < 300:
            walk.take(method, url, ident, wanted, answer)
