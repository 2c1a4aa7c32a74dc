"""The sticky comment as a value: a hidden header, and a section per environment.

The header is the first line, a hidden comment with JSON. It holds what machines compare (head commit, digests, which
run wrote what) and what the table at the top is made of, so that a job that knows one environment can write the whole.
Its checksum is over everything that is shown: whoever edits the comment by hand is noticed. It detects accidents, not
forgery: who may write as the same bot can write anything.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, get_args

from reconciler.model import ChangeClass

FORMAT_VERSION = "1.0"
MARK = "<!-- reconciler:comment "
"""How the first line begins; a comment of this tool is known by it."""

State = Literal["planned", "stale", "applying", "applied", "failed"]
STATES: tuple[State, ...] = get_args(State)
Health = Literal["sound", "edited", "damaged"]
"""As it was written · somebody changed it · its header or a section cannot be read."""

_CHECKSUM = re.compile(r'"checksum":"[0-9a-f]*"')
_SECTION = re.compile(
    r"^<!-- reconciler:section (?P<name>\S+) -->\n(?P<body>.*?)^<!-- /reconciler:section (?P=name) -->$", re.M | re.S
)
PLAN = "<!-- reconciler:plan -->"
"""What stands between what happened to a plan and the plan."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the header knows of an environment.

    ``head`` is the commit of the pull request that it is about, ``run`` and ``attempt`` who wrote it. ``plan``,
    ``guards`` and ``status`` are the cells of the table at the top, Markdown already; ``notes`` lines under the
    heading, Markdown too. ``change_digest`` and ``plan_digest`` are None where there is no plan that can be approved,
    ``plan_run`` is the run that made it, ``since`` when a plan of this change was first made of this head.
    """

    state: State
    head: str
    run: int
    attempt: int = 1
    change_digest: str | None = None
    plan_digest: str | None = None
    plan_run: int | None = None
    since: str | None = None
    max_class: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    guards_open: int = 0
    reason: str | None = None
    link: str | None = None
    plan: str = "no plan"
    guards: str = ""
    status: str = ""
    notes: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[int, int]:
        """What tells an earlier writer from a later one."""
        return self.run, self.attempt

    @property
    def risk(self) -> int:
        """How severe its worst change is; what is not known is worst."""
        if self.max_class is None:
            return -1 if self.change_digest else len(ChangeClass)
        return ChangeClass(self.max_class).rank


@dataclass(frozen=True, slots=True)
class Document:
    """A whole comment: the newest commit that it is about, and per environment its entry and its text."""

    head: str
    entries: Mapping[str, Entry] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)

    def having(self, name: str, entry: Entry, text: str | None = None) -> Document:
        """One in which an environment is as given; without a text it keeps what it has."""
        texts = self.texts if text is None else {**self.texts, name: text}
        return replace(self, entries={**self.entries, name: entry}, texts=texts)


def header(document: Document, shown: str) -> str:
    """The first line of a comment that shows this text."""
    tree = {
        "checksum": "",
        "environments": {name: _entry_tree(document.entries[name]) for name in sorted(document.entries)},
        "format_version": FORMAT_VERSION,
        "head": document.head,
    }
    line = f"{MARK}{_hidden(tree)} -->"
    return line.replace('"checksum":""', f'"checksum":"{_checksum(line, shown)}"', 1)


def _entry_tree(entry: Entry) -> dict[str, Any]:
    tree = asdict(entry) | {"notes": list(entry.notes), "counts": dict(sorted(entry.counts.items()))}
    return {name: value for name, value in tree.items() if name == "head" or value not in (None, "", [], {})}


def _hidden(tree: Mapping[str, Any]) -> str:
    """JSON that ends no hidden comment, whatever is in it."""
    text = json.dumps(tree, sort_keys=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e")


def _checksum(line: str, shown: str) -> str:
    bare = _CHECKSUM.sub('"checksum":""', line, count=1)
    return hashlib.sha256(f"{bare}\n{_plain(shown)}".encode()).hexdigest()


def _plain(text: str) -> str:
    """A text without what a host may change on its own: the kind of line ends, and space around it."""
    return text.replace("\r\n", "\n").strip()


@dataclass(frozen=True, slots=True)
class Reading:
    """A comment that was read: what it says, and whether that can be relied on."""

    document: Document
    health: Health


def read(body: str) -> Reading:
    """What a comment says. Of a damaged one only the sections that are whole are left, and their entries are stale."""
    text = _plain(body)
    line, _, shown = text.partition("\n")
    texts = {found["name"]: _after_plan(found["body"]) for found in _SECTION.finditer(shown)}
    document = _header(line)
    if document is None or set(document.entries) != set(texts):
        lost = {name: void(Entry("stale", "", 0), _DAMAGED) for name in texts}
        known = document.entries if document else {}
        kept = {name: void(entry, _DAMAGED) for name, entry in known.items() if name in texts}
        return Reading(Document(document.head if document else "", lost | kept, texts), "damaged")
    stated = _CHECKSUM.search(line)
    sound = stated is not None and stated.group() == f'"checksum":"{_checksum(line, shown)}"'
    document = replace(document, texts=texts)
    if sound:
        return Reading(document, "sound")
    voided = {name: void(entry, _EDITED) for name, entry in document.entries.items()}
    return Reading(replace(document, entries=voided), "edited")


_DAMAGED = "this comment was damaged; the plan has to be made again"
_EDITED = "this comment was edited by hand; the plan has to be made again"


def void(entry: Entry, why: str) -> Entry:
    """The entry of a plan that nobody can rely on any more: no digest is left to approve."""
    if entry.state in ("applied", "failed"):
        return replace(entry, change_digest=None, plan_digest=None)
    return replace(
        entry,
        state="stale",
        change_digest=None,
        plan_digest=None,
        status="**out of date**",
        notes=(f"Out of date: {why}.",),
    )


def _after_plan(body: str) -> str:
    _, found, text = body.partition(f"{PLAN}\n")
    return text.strip("\n") if found else ""


def _header(line: str) -> Document | None:
    """The document of a header without its texts; None where it is none that can be read."""
    if not (line.startswith(MARK) and line.endswith(" -->")):
        return None
    try:
        tree = json.loads(line.removeprefix(MARK).removesuffix(" -->"))
        if str(tree["format_version"]).partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
            return None
        entries = {str(name): _entry(item) for name, item in tree["environments"].items()}
        return Document(str(tree["head"]), entries)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


_KNOWN = frozenset(one.name for one in fields(Entry))
_NUMBERS = ("run", "attempt", "guards_open", "plan_run")
_TEXTS = ("head", "change_digest", "plan_digest", "since", "reason", "link", "plan", "guards", "status")


def _entry(item: Mapping[str, Any]) -> Entry:
    """Fields of a newer version are left; raises ``ValueError`` for one of another type."""
    known = {name: value for name, value in item.items() if name in _KNOWN}
    if known.get("state") not in STATES or not all(isinstance(known.get(name, 0), int) for name in _NUMBERS):
        raise ValueError("no state, or a number that is none")
    if not all(isinstance(known.get(name, ""), str) for name in _TEXTS):
        raise ValueError("a text that is none")
    if "max_class" in known:
        ChangeClass(known["max_class"])
    notes = tuple(str(note) for note in known.get("notes", ()))
    counts = {str(name): int(count) for name, count in known.get("counts", {}).items()}
    return Entry(**(known | {"notes": notes, "counts": counts}))
