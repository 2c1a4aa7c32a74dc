"""One gate for all threads of a client: how many requests may be in flight, and when the next one may start.

A server that limits the rate (429, or 503 with ``Retry-After``) has refused the request, not failed at it. So nobody
counts that as an attempt: everybody waits, as long as the server asks or twice as long as the last time, and then at
most half as many requests are in flight; every ``Pace.recover_after`` accepted requests allow one more again. That is
how TCP shares a line (additive increase, multiplicative decrease).

It ends when nothing at all was accepted for ``Pace.drought`` seconds, or would not be: then nothing more is sent
until the time that the server named. And it ends at once when the run is to stop.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from reconciler.backends.clock import Clock
from reconciler.errors import HaltedError, TransportError

TIP = "run the same command again after that; what is done stays done"
_SLICE = 0.2
"""Seconds between two looks whether the run is to stop: a signal handler may set an event and nothing else."""
_TOLD_EVERY = 30.0
"""Seconds between two sentences about one storm."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How a client yields to a server that limits the rate. Times in seconds."""

    first_wait: float = 1.0
    longest_wait: float = 20.0
    jitter: float = 0.25
    """Up to this share is added to every wait, so that several clients do not come back at once."""
    drought: float = 600.0
    """Without one accepted request for so long, the run gives up."""
    recover_after: int = 8


class Gate:
    """Used by several threads at once. ``tell`` gets a sentence when a wait begins, twice a minute at most."""

    def __init__(
        self,
        most: int,
        pace: Pace,
        clock: Clock,
        tell: Callable[[str], None],
        spread: Callable[[], float] = random.random,
    ) -> None:
        self._most = self._allowed = max(1, most)
        self._pace, self._clock, self._tell, self._spread = pace, clock, tell, spread
        self._free = threading.Condition()
        self._closed = threading.Event()
        self._stop = threading.Event()
        self._in_flight = self._round = self._refusals = self._accepted = 0
        self._opens = self._told = float("-inf")
        self._dry_since: float | None = None
        self._hopeless: str | None = None

    @property
    def allowed(self) -> int:
        """How many requests may be in flight now."""
        return self._allowed

    def heed(self, stop: threading.Event) -> None:
        """From now on end every wait once this event is set."""
        self._stop = stop

    def close(self) -> None:
        """End every wait."""
        self._closed.set()

    @contextmanager
    def passage(self) -> Iterator[int]:
        """Wait for a place; gives the number of the round, which tells requests of before and after a refusal apart.

        Raises ``HaltedError`` if the run is to stop while the server makes it wait, and ``TransportError`` once it is
        known that waiting has no end.
        """
        number = self._enter()
        try:
            yield number
        finally:
            with self._free:
                self._in_flight -= 1
                self._free.notify()

    def accepted(self, number: int) -> None:
        """The server let a request of this round through to an answer, whichever."""
        with self._free:
            self._dry_since = self._hopeless = None
            if number != self._round:
                return
            self._refusals = 0
            self._accepted += 1
            if self._accepted >= self._pace.recover_after and self._allowed < self._most:
                self._allowed, self._accepted = self._allowed + 1, 0
                self._free.notify()

    def refused(self, number: int, status: int, asked: float | None) -> str | None:
        """The server refused a request of this round and asked to wait so many seconds.

        The reason where waiting makes no sense any more.
        """
        with self._free:
            if number == self._round:
                # The others of this round were sent before anybody knew: they count once.
                self._round += 1
                self._refusals += 1
                self._accepted = 0
                self._allowed = max(1, self._allowed // 2)
                self._shut(asked or self._backoff())
            elif asked:
                self._shut(asked)
            self._hopeless = self._hopeless_now(status, asked)
            sentence = None if self._hopeless else self._sentence(status)
            hopeless = self._hopeless
        if sentence:
            self._tell(sentence)
        return hopeless

    def _enter(self) -> int:
        while True:
            with self._free:
                left = self._opens - self._clock.monotonic()
                if left <= 0:
                    if self._in_flight < self._allowed:
                        self._in_flight += 1
                        return self._round
                    self._free.wait(_SLICE)
                hopeless = self._hopeless
            if self._closed.is_set() or (self._stop.is_set() and (left > 0 or self._allowed < self._most)):
                raise HaltedError("the run was stopped while the server limited the rate")
            if left > 0:
                if hopeless:
                    raise TransportError(hopeless, sent=False, tip=TIP, reason="rate-limited")
                self._clock.sleep(min(left, _SLICE))

    def _shut(self, wait: float) -> None:
        """Nothing starts for this long, and a little longer."""
        wait += self._spread() * self._pace.jitter * min(wait, self._pace.longest_wait)
        now = self._clock.monotonic()
        self._opens = max(self._opens, now + wait)
        self._dry_since = now if self._dry_since is None else self._dry_since

    def _backoff(self) -> float:
        doublings = min(self._refusals - 1, 16)
        return min(self._pace.longest_wait, self._pace.first_wait * 2.0**doublings)

    def _hopeless_now(self, status: int, asked: float | None) -> str | None:
        if self._dry_since is None or self._opens - self._dry_since <= self._pace.drought:
            return None
        longest = f"{self._pace.drought / 60:.0f} min"
        if asked and asked > self._pace.drought:
            moment = self._clock.utc() + timedelta(seconds=asked)
            return (
                f"the server limits the rate ({status}) and asks to wait {asked:.0f} s, until "
                f"{moment:%Y-%m-%d %H:%M} UTC; that is longer than the {longest} that a run waits"
            )
        return f"the server limits the rate ({status}) and has accepted nothing for almost {longest}"

    def _sentence(self, status: int) -> str | None:
        now = self._clock.monotonic()
        if now - self._told < _TOLD_EVERY:
            return None
        self._told = now
        wait, allowed = max(0.0, self._opens - now), self._allowed
        return (
            f"the server limits the rate ({status}), waiting {wait:.0f} s and then going on with at most {allowed} "
            f"request{'' if allowed == 1 else 's'} at once"
        )
