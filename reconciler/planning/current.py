"""Which rows of a live catalogue say what holds today. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.model import Observed
from reconciler.planning.couplings import is_servers_own


def current_rows(rows: Iterable[Observed]) -> Iterator[Observed]:
    """The active version of each key, else its draft; every object of a kind without versions.

    Archived versions, and the profile that every server makes for itself, are not part of a catalogue.
    """
    best: dict[str, Observed] = {}
    for row in sorted(rows, key=lambda item: item.id):
        if row.state == "archived" or is_servers_own(row):
            continue
        name = row.key if row.version is not None and row.key is not None else row.id
        if name not in best or row.state == "active":
            best[name] = row
    yield from best.values()
