"""The sandbox itself: a database, a router, and the two ways to talk to them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

import httpx

from reconciler.sandbox import taxes
from reconciler.sandbox.clock import Entropy, Now, random_bits, wall_clock
from reconciler.sandbox.context import Context
from reconciler.sandbox.http import Problem, Request, Response
from reconciler.sandbox.resources import ROUTES, SEEDS
from reconciler.sandbox.restoring import Bodies, restore
from reconciler.sandbox.routing import Router
from reconciler.sandbox.standins import pin_somebody, subscribe
from reconciler.sandbox.store import Store, UnstorableText


class Sandbox:
    """A server that behaves like OpenMeter's API v1, in this process, on one SQLite database.

    `path` is the database file, or `:memory:` for one that vanishes with the object. Safe to call
    from several threads; several processes may share a file. `clock` and `entropy` are for tests.
    """

    def __init__(
        self, path: Path | str = ":memory:", *, clock: Now = wall_clock, entropy: Entropy = random_bits
    ) -> None:
        self._store = Store(path)
        self._router = Router(ROUTES)
        self._clock = clock
        self._entropy = entropy
        self._requests = itertools.count(1)
        self.seed()

    def handle(self, request: Request) -> Response:
        """Answer one request; a refusal leaves the database as it was."""
        try:
            with self._store.transaction(write=request.method != "GET") as session:
                return self._router.answer(Context(session, self._clock, self._entropy), request)
        except Problem as problem:
            return problem.response(self._request_id())
        except UnstorableText:
            return Problem(500).response(self._request_id())

    def _request_id(self) -> str:
        return f"sandbox-{next(self._requests):06d}"

    def transport(self) -> httpx.BaseTransport:
        """A transport for an httpx client that reaches this sandbox without a port."""
        return SandboxTransport(self)

    def seed(self) -> None:
        """Make what the server makes by itself at every start, where it is missing."""
        with self._store.transaction(write=True) as session:
            for seed in SEEDS:
                seed(Context(session, self._clock, self._entropy))

    def reset(self) -> None:
        """Forget everything and start anew, as on an empty database."""
        with self._store.transaction(write=True) as session:
            session.clear()
        self.seed()

    def restore(self, bodies: Bodies, *, subscribed: Iterable[str] = (), pinned: Iterable[str] = ()) -> None:
        """Forget everything and take over what another server shows: see `restoring`.

        Lists show afterwards what was listed there. `subscribed` are the keys of plans that customers are on,
        `pinned` the ids of billing profiles that customers have of their own: they are stood in for. Raises
        ValueError for what cannot be restored, and keeps what was there.
        """
        with self._store.transaction(write=True) as session:
            session.clear()
            ctx = Context(session, self._clock, self._entropy)
            taxes.seed_tax_codes(ctx)
            restore(ctx, bodies)
            for plan_key in subscribed:
                subscribe(ctx, plan_key)
            for profile_id in pinned:
                pin_somebody(ctx, profile_id)

    def close(self) -> None:
        """Close the database."""
        self._store.close()


class SandboxTransport(httpx.BaseTransport):
    """httpx's seam: turns its requests into the sandbox's and the answers back."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request of an httpx client."""
        target = request.url.raw_path.decode("ascii")
        content_type = request.headers.get("content-type", "")
        accept = request.headers.get("accept", "")
        asked = Request.from_wire(request.method, target, request.read(), content_type, accept)
        answer = self._sandbox.handle(asked)
        headers = {"content-type": answer.content_type} if answer.content_type else {}
        return httpx.Response(answer.status, headers=headers, content=answer.encoded())
