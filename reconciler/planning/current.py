"""Which rows of a live catalogue say what holds today. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.kinds.registry import KINDS
from reconciler.model import Observed, Tree
from reconciler.planning.canonical import canonical
from reconciler.planning.couplings import is_servers_own

_FRESH: dict[str, Tree] = {
    "name": "openmeter-sandbox",
    "description": "Default profile for OpenMeter sandbox",
    "supplier": {"name": "OpenMeter", "addresses": [{"country": "US"}]},
}
"""The billing profile that a server makes at its first start. Source: OpenMeter v1, as it answers then."""


def current_rows(rows: Iterable[Observed]) -> Iterator[Observed]:
    """The active version of each key, else its draft; every object of a kind without versions.

    Archived versions, and the profile that every server makes for itself as long as nobody has edited it, are not part
    of a catalogue.
    """
    best: dict[str, Observed] = {}
    for row in sorted(rows, key=lambda item: item.id):
        if row.state == "archived" or (is_servers_own(row) and _is_fresh(row)):
            continue
        name = row.key if row.version is not None and row.key is not None else row.id
        if name not in best or row.state == "active":
            best[name] = row
    yield from best.values()


def _is_fresh(row: Observed) -> bool:
    """Whether the server's own profile is as it was made; another one may have become the default since."""
    kind = KINDS[row.kind]
    spec = canonical(kind, kind.bindings["v1"].from_wire(row.wire, lambda *_: None))
    unlike = ("default", "app", "metadata")
    fresh = canonical(kind, _FRESH)
    return {name: spec[name] for name in spec if name not in unlike} == {
        name: fresh[name] for name in fresh if name not in unlike
    }
