"""The ``Backend`` of a snapshot: it answers what the file holds, sends nothing, and refuses everything else."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NoReturn

from reconciler.backends.protocol import Answer, Found
from reconciler.backends.unsecret import Plain, masked_url
from reconciler.errors import UsageError
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Metered, Observation, Observed, Question, Reply, Snapshot, Step, Subscriber, Tree

_ABSENT, _UNTOLD = "absent", "untold"


class SnapshotBackend:
    """A live catalogue as it was. ``declared`` is what the manifests say now.

    A webhook's address from which a credential was left out counts as the declared one that would look the same;
    ``unchecked`` tells of which channels, by key. ``assumed`` are the addresses that nobody had looked for when it was
    taken, and that count as absent.
    """

    def __init__(self, snapshot: Snapshot, declared: Plain = Plain()) -> None:  # noqa: B008 - frozen
        self._snapshot = snapshot
        self._seen = snapshot.observation
        self._urls = {masked_url(url, declared=True): url for url in sorted(declared.urls)}
        self.assumed: set[Address] = set()
        self.unchecked: set[str] = set()

    @property
    def api(self) -> str:
        """The dialect."""
        return self._snapshot.api

    @property
    def endpoint(self) -> str:
        """The address that was read."""
        return self._seen.endpoint

    @property
    def requests(self) -> int:
        """None is ever sent."""
        return 0

    def identity(self) -> str | None:
        """Which namespace answered."""
        return self._seen.identity

    def observe(
        self,
        kinds: Iterable[str],
        *,
        assignments: bool = True,
        everything: bool = False,
        named: Iterable[Address] = (),
    ) -> Observation:
        """What was live, as far as it is asked for."""
        wanted = frozenset(kinds)
        objects = {
            kind: tuple(self._shown(row, assignments=assignments, everything=everything) for row in rows)
            for kind, rows in self._seen.objects.items()
            if kind in wanted
        }
        capped = self._seen.capped & wanted
        self._assume(address for address in named if address.kind in capped)
        return replace(
            self._seen,
            objects=objects,
            apps=self._seen.apps if "BillingProfile" in wanted else (),
            last_versions={at: number for at, number in self._seen.last_versions.items() if at.kind in wanted},
            capped=capped,
            answers={},
        )

    def ask(self, questions: Iterable[Question]) -> dict[Question, Reply]:
        """What was asked when it was taken; an object that nobody asked for is taken to be absent, and told."""
        return {question: self._answer(question) for question in dict.fromkeys(questions)}

    def subscribers(self, plan: str) -> tuple[Subscriber, ...]:
        """Not in a snapshot: raises ``UsageError``."""
        del plan
        _refuse("holds no customer")

    def subscription(self, ident: str) -> Mapping[str, Tree]:
        """Not in a snapshot: raises ``UsageError``."""
        del ident
        _refuse("holds no subscription")

    def used(self, asked: Metered, customers: Sequence[str]) -> dict[str, Decimal]:
        """Not in a snapshot: raises ``UsageError``."""
        del asked, customers
        _refuse("holds no usage")

    def perform(self, method: str, path: str, body: Mapping[str, Tree] | None = None) -> Answer:
        """Nothing is sent: raises ``UsageError``."""
        del body
        _refuse(f"is no server; {method} {path} was not sent")

    def reread(self, address: Address, ident: str | None = None, *, assignments: bool = False) -> tuple[Observed, ...]:
        """What stood there does not tell what stands there now: raises ``UsageError``."""
        del address, ident, assignments
        _refuse("cannot be read again")

    def find_created(self, step: Step, body: Mapping[str, Tree] | None) -> Found | None:
        """Nothing is ever created: raises ``UsageError``."""
        del step, body
        _refuse("cannot be read again")

    def explain(self, step: Step) -> tuple[str, ...]:
        """Nothing is ever refused."""
        del step
        return ()

    def heed(self, stop: threading.Event) -> None:
        """Nothing ever waits."""
        del stop

    def close(self) -> None:
        """Nothing is open."""

    def _shown(self, row: Observed, *, assignments: bool, everything: bool) -> Observed:
        if not assignments or (row.state == "archived" and not everything):
            row = replace(row, assignments=None)
        url = row.wire.get("url") if row.kind == "NotificationChannel" else None
        meant = self._urls.get(url) if isinstance(url, str) else None
        if meant is None or meant == url:
            return row
        self.unchecked.add(row.key or row.id)
        return replace(row, wire={**row.wire, "url": meant})

    def _assume(self, addresses: Iterable[Address]) -> None:
        known = {Address(kind, row.key) for kind, rows in self._seen.objects.items() for row in rows if row.key}
        self.assumed |= set(addresses) - known - self._snapshot.looked_for

    def _answer(self, question: Question) -> Reply:
        if question in self._seen.answers:
            return self._seen.answers[question]
        if question.topic == "readable":
            self.assumed.add(Address(question.kind, question.key))
            return _ABSENT
        return _UNTOLD


def questions_of(observation: Observation, declared: Iterable[Address]) -> frozenset[Question]:
    """Everything that a plan may ask about what is live, and whether what is declared and not listed is there."""
    plans = {row.key for row in observation.objects.get("Plan", ()) if row.key}
    asked = {Question(topic, "Plan", key) for key in plans for topic in ("subscribers", "versions")}
    asked |= {Question("overrides", "BillingProfile", row.id) for row in observation.objects.get("BillingProfile", ())}
    listed = {Address(kind, row.key) for kind, rows in observation.objects.items() for row in rows if row.key}
    missing = {at for at in declared if at not in listed and KINDS[at.kind].lifecycle.name == "versioned"}
    return frozenset(asked | {Question("readable", at.kind, at.key) for at in missing})


def _refuse(why: str) -> NoReturn:
    raise UsageError(f"a snapshot {why}", tip="do it against the live catalogue, without --from-snapshot")
