"""The REST engine: the ``Backend`` of any API that kinds have bindings for."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from reconciler.backends import usage
from reconciler.backends.client import Client
from reconciler.backends.dialect import Dialect
from reconciler.backends.lists import Lists
from reconciler.backends.protocol import Answer, Found
from reconciler.backends.questions import answer
from reconciler.backends.reading import IDENTITY, PLANS, Reading, identity_listing
from reconciler.backends.rereading import Rereader
from reconciler.backends.settle import Settler
from reconciler.backends.unlisted import Unlisted
from reconciler.model import Address, LiveState, Metered, Observation, Observed, Question, Reply, Step, Subscriber, Tree

_CURRENT: frozenset[LiveState] = frozenset({"draft", "active"})
_EVERY: frozenset[LiveState] = _CURRENT | {"archived"}


class RestBackend:
    """A live catalogue behind an HTTP API. Reads run side by side in one pool, at most ``parallelism`` at a time."""

    def __init__(self, client: Client, dialect: Dialect, *, endpoint: str, parallelism: int) -> None:
        self._client = client
        self._dialect = dialect
        self._endpoint = endpoint
        self._pool = ThreadPoolExecutor(max(1, parallelism), thread_name_prefix="reconciler-read")
        self._lists = Lists(client, self._pool)
        self._settler = Settler(client, self._lists, dialect)
        self._rereader = Rereader(client, self._lists, dialect)

    @property
    def api(self) -> str:
        """The dialect."""
        return self._dialect.api

    @property
    def endpoint(self) -> str:
        """The address as the environment names it."""
        return self._endpoint

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return self._client.requests

    def identity(self) -> str | None:
        """The id of the oldest billing profile, archived ones included. One request."""
        rows = self._lists.read({IDENTITY: identity_listing(self._dialect)})[IDENTITY]
        return str(rows[0]["id"]) if rows else None

    def observe(
        self,
        kinds: Iterable[str],
        *,
        assignments: bool = True,
        everything: bool = False,
        named: Iterable[Address] = (),
    ) -> Observation:
        """Read every live object of these kinds; ``named`` one by one where the server cuts their list short.

        ``assignments`` of a draft or active plan version is None where they were not wanted or the server cannot
        show them, ``()`` where there are none. Archived versions have theirs read only for ``everything``: they can
        no longer change, but hold their add-on versions.
        """
        started, before = time.perf_counter(), self._client.requests
        states = _EVERY if everything else _CURRENT
        reading = Reading(self._lists, self._dialect, kinds, assignments_of=states if assignments else frozenset())
        capped = reading.capped()
        unlisted = Unlisted(self._client, self._lists, self._dialect)
        return Observation(
            endpoint=self._endpoint,
            identity=reading.identity(),
            objects=unlisted.added(reading.objects(), capped, named),
            apps=reading.apps(),
            last_versions=reading.last_versions(),
            capped=capped,
            requests=self._client.requests - before,
            seconds=time.perf_counter() - started,
        )

    def ask(self, questions: Iterable[Question]) -> dict[Question, Reply]:
        """Answer what no list tells; side by side, in the order of the questions, each asked once."""
        distinct = list(dict.fromkeys(questions))
        answers = self._lists.map(lambda question: answer(self._client, self._dialect, self._lists, question), distinct)
        return dict(zip(distinct, answers, strict=True))

    def subscribers(self, plan: str) -> tuple[Subscriber, ...]:
        """Every active subscription to a plan; one request per page of customers."""
        return usage.subscribers(self._lists, self._dialect, plan)

    def subscription(self, ident: str) -> Mapping[str, Tree]:
        """One subscription as it came. One request."""
        return usage.subscription(self._client, self._dialect, ident)

    def used(self, asked: Metered, customers: Sequence[str]) -> dict[str, Decimal]:
        """Units per customer id; one request per ``usage.MOST_CUSTOMERS`` of them."""
        found: dict[str, Decimal] = {}
        for at in range(0, len(customers), usage.MOST_CUSTOMERS):
            found |= usage.used(self._client, self._dialect, asked, customers[at : at + usage.MOST_CUSTOMERS])
        return found

    def perform(self, method: str, path: str, body: Mapping[str, Tree] | None = None) -> Answer:
        """Send one request. ``Answer.body`` is None where the answer has no JSON object."""
        reply = self._client.send(method, path, body=body)
        json = reply.json if isinstance(reply.json, Mapping) else None
        return Answer(reply.status, json, reply.request_id, reply.seconds)

    def reread(self, address: Address, ident: str | None = None, *, assignments: bool = False) -> tuple[Observed, ...]:
        """What stands under an address now; drafts with their add-ons where these are wanted."""
        return self._rereader.read(address, ident, assignments=assignments)

    def find_created(self, step: Step, body: Mapping[str, Tree] | None) -> Found | None:
        """Look whether a POST whose answer was lost has happened."""
        return self._settler.find(step, body or {})

    def explain(self, step: Step) -> tuple[str, ...]:
        """Why a plan version with add-ons was refused: the server's own answer does not say."""
        return self._settler.faults_of_assignments(step) if step.address.kind == PLANS else ()

    def heed(self, stop: threading.Event) -> None:
        """From now on end every wait for the server's rate limit once ``stop`` is set."""
        self._client.heed(stop)

    def close(self) -> None:
        """Give back threads and connections; what waits for the server's rate limit waits no longer."""
        self._client.stop_waiting()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._client.close()
