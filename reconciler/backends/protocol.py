"""What planning and execution may ask of a live catalogue, whatever API answers."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from reconciler.model import Address, Metered, Observation, Observed, Question, Reply, Step, Subscriber, Tree


@dataclass(frozen=True, slots=True)
class Answer:
    """An accepted request. ``body`` is None where the server sent none; ``seconds`` includes every retry."""

    status: int
    body: Mapping[str, Tree] | None
    request_id: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Found:
    """What reading back shows of a write whose answer was lost: the live body, and its id where it has one."""

    body: Mapping[str, Tree]
    id: str | None


class Backend(Protocol):
    """One live catalogue. Safe to use from several threads.

    Every method raises ``TransportError`` (no answer), ``ApiError`` (refused) or ``ProtocolError`` (not the API's
    answer); their texts never hold a secret.
    """

    @property
    def api(self) -> str:
        """The dialect: ``v1``."""
        ...

    @property
    def endpoint(self) -> str:
        """The address as the environment names it."""
        ...

    @property
    def requests(self) -> int:
        """How many requests were sent so far, repeated ones included."""
        ...

    def identity(self) -> str | None:
        """Which namespace answers: the id of its oldest billing profile. None where it has none."""
        ...

    def observe(
        self,
        kinds: Iterable[str],
        *,
        assignments: bool = True,
        everything: bool = False,
        named: Iterable[Address] = (),
    ) -> Observation:
        """Read every live object of these kinds.

        ``everything`` adds the assignments of archived plan versions; ``named`` are read one by one where the server
        cuts their list short.
        """
        ...

    def ask(self, questions: Iterable[Question]) -> dict[Question, Reply]:
        """Answer what no list tells."""
        ...

    def subscribers(self, plan: str) -> tuple[Subscriber, ...]:
        """Every active subscription to the plan with this key."""
        ...

    def subscription(self, ident: str) -> Mapping[str, Tree]:
        """One subscription with its phases and items, as it came."""
        ...

    def used(self, asked: Metered, customers: Sequence[str]) -> dict[str, Decimal]:
        """Units per customer id, of those named; who used nothing is not there."""
        ...

    def perform(self, method: str, path: str, body: Mapping[str, Tree] | None = None) -> Answer:
        """Send one request. A POST is never sent twice once it may have arrived."""
        ...

    def reread(self, address: Address, ident: str | None = None, *, assignments: bool = False) -> tuple[Observed, ...]:
        """What stands under an address now: every version of a plan or add-on, else the object with this id.

        Deleted objects are left out. ``assignments``: drafts with their add-ons.
        """
        ...

    def find_created(self, step: Step, body: Mapping[str, Tree] | None) -> Found | None:
        """Look whether a POST or DELETE whose answer was lost has happened.

        ``step.path`` and ``body`` hold real ids. None where nothing shows that it has, which does not prove that it
        never will.
        """
        ...

    def explain(self, step: Step) -> tuple[str, ...]:
        """What the live object says about the refusal of this step, one sentence each; empty where nothing."""
        ...

    def heed(self, stop: threading.Event) -> None:
        """From now on end every wait for the server's rate limit once ``stop`` is set.

        The requests that wait raise ``HaltedError``: they were not sent.
        """
        ...

    def close(self) -> None:
        """Give back the connections."""
        ...
