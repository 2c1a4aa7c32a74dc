"""What an environment takes over from the one that it ``extends``.

Maps merge, everything else is replaced where it is written. What belongs to one place stays there:

- ``identity``, ``adopt``, the token, headers from a source and ``insecure`` were given for one address. A child with
  another address inherits none of them, else production's token would travel to staging. A base without an address
  belongs to no place yet: its credentials are meant for whoever extends it.
- ``promotesFrom`` and ``bundle`` say which catalogue one environment gets. They come down from an abstract base only.
- ``abstract`` and ``description`` never come down.

Another token at the same address keeps the ``identity``: where it leads to another namespace, that is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from reconciler.model import Location
from reconciler.project.secrets import SecretSource
from reconciler.project.values import DeclaredEnvironment
from reconciler.reading.suggest import did_you_mean
from reconciler.reading.tree import Map, find
from reconciler.reading.validation import Issue

if TYPE_CHECKING:
    from reconciler.project.document import EnvironmentDocument


class Reporting(Protocol):
    """What gathers issues and knows places."""

    def add(self, issues: Iterable[Issue], severity: str = "error") -> None:
        """Add issues."""
        ...

    def location(self, mark: int) -> Location:
        """The place of a mark."""
        ...

    def inside(self, mark: int, text: str, line: int, column: int) -> int:
        """The mark of a place inside a scalar's text."""
        ...


@dataclass(frozen=True, slots=True)
class Written:
    """One environment as it stands in a file."""

    name: str
    document: EnvironmentDocument
    tree: Map
    mark: int

    @property
    def abstract(self) -> bool:
        """Whether it is only there to be extended."""
        return bool(self.document.abstract)

    def at(self, *path: str) -> int:
        """The mark of a field, or of the environment where the field is inherited."""
        return find(self.tree, self.mark, path)


def chain_of(reading: Reporting, written: Mapping[str, Written], name: str) -> list[Written]:
    """The environment and what it extends, furthest ancestor first; empty where that is a circle or unknown."""
    chain = [written[name]]
    while (parent := chain[0].document.extends) is not None:
        mark = chain[0].at("extends")
        if parent not in written:
            hint = did_you_mean(parent, written)
            reading.add([Issue("project.extends", f"there is no environment `{parent}` to extend{hint}", mark)])
            return []
        if written[parent] in chain:
            circle = " → ".join([*(link.name for link in reversed(chain)), parent])
            reading.add([Issue("project.extends", f"environments extend each other in a circle: {circle}", mark)])
            return []
        chain.insert(0, written[parent])
    return chain


def elsewhere(base: DeclaredEnvironment, endpoint: str) -> DeclaredEnvironment:
    """The environment at another address: without what was given for the first one. ``withheld`` names it."""
    if not base.endpoint or endpoint == base.endpoint:
        return replace(base, endpoint=endpoint)
    sources = [name for name, value in base.headers.items() if isinstance(value, SecretSource)]
    withheld = [*base.withheld, *(["token"] if base.token else []), *(f"header {name}" for name in sources)]
    return replace(
        base,
        endpoint=endpoint,
        identity=None,
        adopt={},
        token=None,
        headers={name: value for name, value in base.headers.items() if name not in sources},
        insecure=False,
        withheld=tuple(dict.fromkeys(withheld)),
    )


def still_withheld(found: DeclaredEnvironment) -> tuple[str, ...]:
    """What was not inherited and not given anew."""
    given = {"token"} if found.token else set()
    given |= {f"header {name}" for name in found.headers}
    return tuple(name for name in found.withheld if name not in given)
