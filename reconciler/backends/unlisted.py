"""Objects that a list cut short does not show: read one by one, by the key under which somebody names them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import quote

from reconciler.backends.client import Client
from reconciler.backends.dialect import Dialect
from reconciler.backends.lists import Lists
from reconciler.backends.observe import is_gone, observed
from reconciler.errors import ApiError
from reconciler.kinds.references import references
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Observed

_NOT_FOUND = 404


class Unlisted:
    """Completes what the lists showed. OpenMeter v1 lists 1,000 meters at most, whatever page is asked for."""

    def __init__(self, client: Client, lists: Lists, dialect: Dialect) -> None:
        self._client = client
        self._lists = lists
        self._dialect = dialect

    def added(
        self, objects: Mapping[str, tuple[Observed, ...]], capped: frozenset[str], named: Iterable[Address]
    ) -> dict[str, tuple[Observed, ...]]:
        """The objects with those of the capped kinds that are named, by the caller or by a live object."""
        if not capped:
            return dict(objects)
        wanted = {address for address in (*named, *self._named_by(objects)) if address.kind in capped}
        listed = {Address(kind, row.key) for kind in capped for row in objects[kind] if row.key}
        missing = sorted(wanted - listed)
        found = [row for row in self._lists.map(self._read, missing) if row is not None]
        return {
            kind: tuple(sorted((*rows, *(row for row in found if row.kind == kind)), key=lambda row: row.key or ""))
            if kind in capped
            else rows
            for kind, rows in objects.items()
        }

    def _named_by(self, objects: Mapping[str, tuple[Observed, ...]]) -> set[Address]:
        return {
            address
            for kind, rows in objects.items()
            for row in rows
            if row.state != "archived"
            for _, address in references(KINDS[kind].shape, row.wire)
        }

    def _read(self, address: Address) -> Observed | None:
        kind = KINDS[address.kind]
        binding = kind.binding(self._dialect.api)
        try:
            row = self._client.get(f"{binding.collection}/{quote(address.key, safe='')}").json
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        return observed(kind, binding, row) if isinstance(row, Mapping) and not is_gone(row, binding) else None
