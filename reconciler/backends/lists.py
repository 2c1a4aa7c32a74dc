"""Reading lists: pages side by side, repeated rows removed, and once more when the list moved meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass, field
from typing import TypeVar

from reconciler.backends.client import Client
from reconciler.errors import ProtocolError
from reconciler.model import Tree

Row = Mapping[str, Tree]
A = TypeVar("A")
B = TypeVar("B")
_MOST_PAGES = 10_000
"""Ten million objects: a `totalCount` beyond that is no list that anybody could read."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One list to read. ``paged`` is False for a bare array that ignores page parameters."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    paged: bool = True
    page_size: int = 1000
    id_path: tuple[str, ...] = ("id",)
    """Where a row holds what tells it from the others."""
    first_page_only: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page; ``size`` is what the server made of the page size asked for."""

    rows: tuple[Row, ...]
    total: int
    size: int


class Lists:
    """Reads lists with a pool of threads that it does not own. Only the calling thread waits."""

    def __init__(self, client: Client, pool: Executor) -> None:
        self._client = client
        self._pool = pool

    def read(self, wanted: Mapping[str, Listing]) -> dict[str, tuple[Row, ...]]:
        """Read several lists at once; the answer has the same names in the same order."""
        first = {self._submit(listing, 1): name for name, listing in wanted.items()}
        rest: dict[str, list[Future[Page]]] = {}
        for future in as_completed(first):
            name = first[future]
            rest[name] = [
                self._submit(wanted[name], number) for number in range(2, _pages(wanted[name], future.result()) + 1)
            ]
        pages = {name: [future.result(), *(more.result() for more in rest[name])] for future, name in first.items()}
        return {name: self._settled(wanted[name], pages[name]) for name in wanted}

    def _settled(self, listing: Listing, pages: list[Page]) -> tuple[Row, ...]:
        """The rows, each once; a list whose total moved between its pages is read a second time."""
        rows = _distinct(listing, pages)
        if listing.first_page_only or len(pages) == 1 or {page.total for page in pages} == {len(rows)}:
            return rows
        again = [self._submit(listing, number) for number in range(1, len(pages) + 1)]
        fresh = [future.result() for future in again]
        more = range(len(fresh) + 1, _pages(listing, fresh[0]) + 1)
        fresh += [self._submit(listing, number).result() for number in more]
        return _distinct(listing, fresh)

    def read_here(self, listing: Listing) -> tuple[Row, ...]:
        """Read one list page by page in this thread, which may be one of the pool's own."""
        pages = [self._page(listing, 1)]
        pages += [self._page(listing, number) for number in range(2, _pages(listing, pages[0]) + 1)]
        return _distinct(listing, pages)

    def map(self, function: Callable[[A], B], items: Iterable[A]) -> list[B]:
        """The results of a function that runs in the pool, in the order of the items."""
        return list(self._pool.map(function, items))

    def _submit(self, listing: Listing, number: int) -> Future[Page]:
        return self._pool.submit(self._page, listing, number)

    def _page(self, listing: Listing, number: int) -> Page:
        query = dict(listing.query)
        if listing.paged:
            query |= {"page": str(number), "pageSize": str(listing.page_size)}
        answer = self._client.get(listing.path, query).json
        return _paged(listing, answer) if listing.paged else _bare(listing, answer)


def _bare(listing: Listing, answer: Tree) -> Page:
    if isinstance(answer, Mapping):
        return _paged(listing, answer)
    rows = _rows(listing, answer)
    return Page(rows, len(rows), max(1, len(rows)))


def _paged(listing: Listing, answer: Tree) -> Page:
    if not isinstance(answer, Mapping):
        raise ProtocolError(f"GET {listing.path}: a list without pages where one with pages was asked for")
    total, size = answer.get("totalCount"), answer.get("pageSize")
    if not isinstance(total, int) or isinstance(total, bool) or total < 0:
        raise ProtocolError(f"GET {listing.path}: the list has no `totalCount`")
    if not isinstance(size, int) or not 0 < size <= listing.page_size:
        size = listing.page_size
    return Page(_rows(listing, answer.get("items")), total, size)


def _rows(listing: Listing, items: Tree) -> tuple[Row, ...]:
    if not isinstance(items, list):
        raise ProtocolError(f"GET {listing.path}: the list has no items")
    for item in items:
        if not isinstance(item, Mapping) or not isinstance(_identifier(item, listing.id_path), str):
            raise ProtocolError(f"GET {listing.path}: an item without {'.'.join(listing.id_path)}")
    return tuple(items)


def _pages(listing: Listing, first: Page) -> int:
    if listing.first_page_only:
        return 1
    pages = max(1, -(-first.total // first.size))
    if pages > _MOST_PAGES:
        raise ProtocolError(f"GET {listing.path}: the list claims to have more than {_MOST_PAGES} pages")
    return pages


def _distinct(listing: Listing, pages: Iterable[Page]) -> tuple[Row, ...]:
    """Every row once, in the order of the pages: a row that moved to the next page meanwhile is there twice."""
    rows: dict[Tree, Row] = {}
    for page in pages:
        for row in page.rows:
            rows.setdefault(_identifier(row, listing.id_path), row)
    return tuple(rows.values())


def _identifier(row: Row, path: tuple[str, ...]) -> Tree:
    value: Tree = row
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
