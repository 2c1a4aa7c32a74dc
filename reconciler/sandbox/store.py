"""The sandbox's database: JSON documents in one SQLite table, a transaction per request.

A document is a dict with an `id`; what is searched for stands beside it in columns. It is *live*
while it has neither `deletedAt` nor `archivedAt`: deletion is soft on the server, so on most kinds
a deleted row can still be read by its id.
"""

from __future__ import annotations

import re
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.sandbox import jsontext
from reconciler.sandbox.jsontext import Doc

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    key TEXT,
    parent TEXT,
    live INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (collection, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS documents_by_key ON documents (collection, key);
CREATE INDEX IF NOT EXISTS documents_by_parent ON documents (collection, parent);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
_FIELD = re.compile(r"[A-Za-z.]+")

Condition = tuple[str, list[str | int]]


@dataclass(frozen=True, slots=True)
class Where:
    """Which documents of a collection are meant; every given condition must hold.

    `keys` and `ids` hold alternatives; `either` joins these two with OR, as the server's plan list
    does. `fields` compares top-level fields of the document, `contains` looks for a part of one,
    ignoring case. `any_of` holds alternatives of any shape. `live` None means deleted ones too.
    """

    keys: Sequence[str] | None = None
    ids: Sequence[str] | None = None
    parent: str | None = None
    live: bool | None = True
    either: bool = False
    fields: Mapping[str, Sequence[str | int]] = field(default_factory=dict)
    contains: Mapping[str, str] = field(default_factory=dict)
    any_of: Sequence[Where] = ()

    def sql(self) -> tuple[str, list[str | int]]:
        """The condition and its arguments, the name of the collection to be put in front."""
        parts = self._parts()
        condition = " AND ".join(["collection = ?", *(text for text, _ in parts)])
        return condition, [argument for _, arguments in parts for argument in arguments]

    def _parts(self) -> list[Condition]:
        parts: list[Condition] = []
        named = [_one_of("key", self.keys), _one_of("id", self.ids)]
        given = [part for part in named if part is not None]
        if self.either and len(given) > 1:
            parts.append((f"({given[0][0]} OR {given[1][0]})", [*given[0][1], *given[1][1]]))
        else:
            parts.extend(given)
        if self.parent is not None:
            parts.append(("parent = ?", [self.parent]))
        if self.live is not None:
            parts.append(("live = ?", [int(self.live)]))
        for name, values in self.fields.items():
            parts.extend(part for part in [_one_of(_column(name), values)] if part is not None)
        for name, text in self.contains.items():
            parts.append((f"instr(lower({_column(name)}), lower(?)) > 0", [text]))
        alternatives = [_all_of(where._parts()) for where in self.any_of]
        if alternatives:
            texts = " OR ".join(text for text, _ in alternatives)
            parts.append((f"({texts})", [argument for _, arguments in alternatives for argument in arguments]))
        return parts


EVERYTHING = Where(live=None)
LIVE = Where()


class UnstorableText(Exception):  # noqa: N818 - what is wrong, not that something is
    """A text with a NUL character, which no text column of the server's database takes."""


class Store:
    """The database file and its lock; `transaction()` is the only way in."""

    def __init__(self, path: Path | str) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(_SCHEMA)
        # A sandbox is usually dropped, not closed; its file must not stay open until the process ends.
        weakref.finalize(self, self._connection.close)

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[Session]:
        """All or nothing: an exception leaves no trace. A writer holds the file from the start."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            try:
                yield Session(self._connection)
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._connection.close()


@dataclass(frozen=True, slots=True)
class Session:
    """Reads and writes within one transaction."""

    connection: sqlite3.Connection

    def get(self, collection: str, id: str) -> Doc | None:  # noqa: A002 - it is the field's name
        """The document with this id, deleted or not."""
        return self.first(collection, Where(ids=[id], live=None))

    def first(self, collection: str, where: Where = LIVE, *, order: str = "id", descending: bool = False) -> Doc | None:
        """The first match in the given order, or None."""
        found = self.find(collection, where, order=order, descending=descending, limit=1)
        return found[0] if found else None

    def find(
        self,
        collection: str,
        where: Where = LIVE,
        *,
        order: str = "id",
        descending: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Doc]:
        """The matching documents ordered by a column or top-level field, equal ones by id."""
        condition, arguments = where.sql()
        direction = "DESC" if descending else "ASC"
        statement = (
            f"SELECT body FROM documents WHERE {condition} "  # noqa: S608 - built from own column names
            f"ORDER BY {_column(order)} {direction}, id {direction} LIMIT ? OFFSET ?"
        )
        limits = [-1 if limit is None else limit, offset]
        rows = self.connection.execute(statement, [collection, *arguments, *limits])
        return [jsontext.loads(row[0]) for row in rows]

    def count(self, collection: str, where: Where = LIVE) -> int:
        """How many documents match."""
        condition, arguments = where.sql()
        statement = f"SELECT count(*) FROM documents WHERE {condition}"  # noqa: S608 - own column names
        row = self.connection.execute(statement, [collection, *arguments]).fetchone()
        return int(row[0])

    def put(self, collection: str, doc: Doc, *, key: str | None = None, parent: str | None = None) -> Doc:
        """Insert or replace a document by its id, and hand it back; raises UnstorableText."""
        if _has_nul(doc):
            raise UnstorableText
        live = doc.get("deletedAt") is None and doc.get("archivedAt") is None
        self.connection.execute(
            "INSERT OR REPLACE INTO documents (collection, id, key, parent, live, body) VALUES (?,?,?,?,?,?)",
            [collection, doc["id"], key, parent, int(live), jsontext.dumps(doc)],
        )
        return doc

    def remove(self, collection: str, id: str) -> None:  # noqa: A002 - it is the field's name
        """Drop a row for good, which the server does only with dependent rows."""
        self.connection.execute("DELETE FROM documents WHERE collection = ? AND id = ?", [collection, id])

    def counter(self, name: str) -> int:
        """The last value written under this name, 0 before the first."""
        row = self.connection.execute("SELECT value FROM counters WHERE name = ?", [name]).fetchone()
        return 0 if row is None else int(row[0])

    def set_counter(self, name: str, value: int) -> None:
        """Remember a number: text, because a ULID has 128 bits."""
        self.connection.execute("INSERT OR REPLACE INTO counters VALUES (?, ?)", [name, str(value)])

    def clear(self) -> None:
        """Forget every document; the counters stay, so that no id is given out twice."""
        self.connection.execute("DELETE FROM documents")


def _has_nul(value: jsontext.Json) -> bool:
    match value:
        case str():
            return "\0" in value
        case dict():
            return any("\0" in name or _has_nul(each) for name, each in value.items())
        case list():
            return any(_has_nul(each) for each in value)
        case _:
            return False


def _column(name: str) -> str:
    if name in ("id", "key", "parent"):
        return name
    if not _FIELD.fullmatch(name):
        raise ValueError(name)
    return f"json_extract(body, '$.{name}')"


def _all_of(parts: Sequence[Condition]) -> Condition:
    text = " AND ".join(part for part, _ in parts) or "1"
    return f"({text})", [argument for _, arguments in parts for argument in arguments]


def _one_of(column: str, values: Sequence[str | int] | None) -> Condition | None:
    if values is None:
        return None
    # One JSON argument holds any number of alternatives, where a list of marks is limited.
    return f"{column} IN (SELECT value FROM json_each(?))", [jsontext.dumps(list(values))]  # noqa: S608 - own names
