"""What was found behind an environment's address, and what was last done there from this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last run in an environment's receipts: when it began and how many steps ended in which state.

    A step in the state ``started`` was in flight when the run died. ``left`` is how many steps were not over by the
    last receipt: a run that ends, even interrupted or failed, leaves none.
    """

    started_at: str
    states: Mapping[str, int]
    left: int = 0


@dataclass(frozen=True, slots=True)
class EnvironmentCheck:
    """One environment, looked at. Where it could not be read, ``error`` says why and ``exit_code`` how that ends.

    ``identity`` is the namespace that answers, ``pinned`` the one that the environment names. ``counts`` has, per kind,
    how many objects are owned, claimed, unmanaged and foreign; ``others`` how many belong to which other project.
    Archived versions are not counted. ``same_as`` are further environments that lead to the same namespace.
    """

    name: str
    endpoint: str
    protected: bool = False
    pinned: str | None = None
    identity: str | None = None
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    others: Mapping[str, int] = field(default_factory=dict)
    requests: int = 0
    last_run: LastRun | None = None
    withheld: tuple[str, ...] = ()
    same_as: tuple[str, ...] = ()
    written_to: str | None = None
    """Where the identity was written just now."""
    not_written: str | None = None
    """Why the identity was not written although it was asked for."""
    error: str | None = None
    tip: str | None = None
    failure: int = 0

    @property
    def reachable(self) -> bool:
        """Whether the catalogue could be read."""
        return self.error is None

    @property
    def embedded(self) -> bool:
        """Whether it is a sandbox inside this tool, which `sandbox reset` makes another namespace at any time."""
        return self.endpoint.startswith("sandbox:")

    @property
    def matches(self) -> bool | None:
        """Whether the namespace is the pinned one; None where nothing is pinned or nothing answers."""
        return None if self.pinned is None or not self.reachable else self.identity == self.pinned

    @property
    def exit_code(self) -> int:
        """0 where all is well, 3 for another namespace than the pinned one, else the code of what failed."""
        if not self.reachable:
            return self.failure
        return 3 if self.matches is False else int(self.not_written is not None)
