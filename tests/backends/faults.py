"""A transport that breaks chosen requests on their way to a real one, and remembers every request."""

import threading
from datetime import UTC, datetime, timedelta

import httpx

from reconciler.backends.client import Client, Settings
from reconciler.backends.clock import Clock
from reconciler.backends.dialect import V1
from reconciler.backends.rest import RestBackend


class Faults(httpx.BaseTransport):
    """Hands requests on to ``inner``; ``breaks`` queues what happens to the next ones that match instead."""

    def __init__(self, inner):
        self.inner = inner
        self.requests = []
        self._queued = []
        self._lock = threading.Lock()

    @property
    def seen(self):
        return [f"{request.method} {request.url.path}" for request in self.requests]

    def breaks(self, method, path, *actions):
        """The next requests with this method and a path that ends so meet these actions, one each."""
        self._queued += [(method, path, action) for action in actions]
        return self

    def handle_request(self, request):
        request.read()
        with self._lock:
            self.requests.append(request)
            action = self._next(request)
        return action(request, self.inner.handle_request) if action else self.inner.handle_request(request)

    def _next(self, request):
        for number, (method, path, action) in enumerate(self._queued):
            if request.method == method and request.url.path.endswith(path):
                del self._queued[number]
                return action
        return None


def raised(error):
    """The request never arrives."""

    def act(request, handle):
        raise error("broken on purpose", request=request)

    return act


def lost(error):
    """The request is handled and its answer is lost."""

    def act(request, handle):
        handle(request)
        raise error("broken on purpose", request=request)

    return act


def answered(status, content=b"", **headers):
    """Something answers in the server's place."""

    def act(request, handle):
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.Response(status, content=content, headers=fields)

    return act


def handled_but(status, content=b"", **headers):
    """The request is handled, and another answer comes back."""

    def act(request, handle):
        handle(request)
        return answered(status, content, **headers)(request, handle)

    return act


class FakeTime:
    """A clock in which waiting takes no time: it jumps. ``slept`` holds every wait."""

    START = datetime(2026, 1, 1, 12, tzinfo=UTC)

    def __init__(self, on_sleep=None):
        self.seconds = 0.0
        self.slept = []
        self._on_sleep = on_sleep
        self._lock = threading.Lock()
        self.clock = Clock(lambda: self.seconds, lambda: self.START + timedelta(seconds=self.seconds), self._sleep)

    def _sleep(self, seconds):
        with self._lock:
            self.seconds += seconds
            self.slept.append(seconds)
        if self._on_sleep:
            self._on_sleep(self)


def client(transport, **settings):
    settings.setdefault("clock", FakeTime().clock)
    return Client(Settings("http://catalogue.test", **settings), transport)


def backend(transport, *, parallelism=4, dialect=V1, **settings):
    return RestBackend(
        client(transport, **settings), dialect, endpoint="http://catalogue.test", parallelism=parallelism
    )
