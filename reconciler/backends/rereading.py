"""One object once more: what a run reads just before it writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from reconciler.backends.client import Client
from reconciler.backends.dialect import Dialect
from reconciler.backends.lists import Listing, Lists
from reconciler.backends.observe import is_gone, is_versioned, objects, observed
from reconciler.backends.reading import read_assignments
from reconciler.errors import ApiError
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Observed

_NOT_FOUND = 404


class Rereader:
    """Reads in the calling thread."""

    def __init__(self, client: Client, lists: Lists, dialect: Dialect) -> None:
        self._client = client
        self._lists = lists
        self._dialect = dialect

    def read(self, address: Address, ident: str | None, *, assignments: bool) -> tuple[Observed, ...]:
        """What stands under an address now. One request, and one per draft whose add-ons are wanted."""
        if is_versioned(KINDS[address.kind]):
            rows = self._versions(address)
            return tuple(self._offering(row) if assignments and row.state == "draft" else row for row in rows)
        return self._one(address, ident) if ident else ()

    def _versions(self, address: Address) -> tuple[Observed, ...]:
        kind = KINDS[address.kind]
        binding = kind.binding(self._dialect.api)
        listing = Listing(binding.collection, {"key": address.key}, binding.paged, self._dialect.page_size)
        rows = objects(kind, binding, self._lists.read_here(listing))
        return tuple(row for row in rows if row.key == address.key)

    def _offering(self, row: Observed) -> Observed:
        return replace(row, assignments=read_assignments(self._lists, self._dialect, row.id))

    def _one(self, address: Address, ident: str) -> tuple[Observed, ...]:
        kind = KINDS[address.kind]
        binding = kind.binding(self._dialect.api)
        try:
            row = self._client.get(f"{binding.collection}/{quote(ident, safe='')}").json
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return ()
            raise
        return (observed(kind, binding, row),) if isinstance(row, Mapping) and not is_gone(row, binding) else ()
