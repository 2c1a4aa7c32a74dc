"""Short ways to talk to a sandbox in tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from reconciler.sandbox import Sandbox


class Asking:
    """A fresh sandbox with a clock of its own, and one method to talk to it."""

    def __init__(self) -> None:
        self.time = datetime(2030, 1, 15, 12, tzinfo=UTC)
        self.sandbox = Sandbox(":memory:", clock=lambda: self.time)
        self.client = httpx.Client(transport=self.sandbox.transport(), base_url="http://sandbox/api/v1")

    def pass_time(self, **span: float) -> None:
        self.time += timedelta(**span)

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and decoded body of an answer."""
        answer = self.client.request(method, path, json=body)
        return answer.status_code, answer.json() if answer.content else None

    def made(self, path: str, body: Any) -> Any:
        """What a POST has made; it must succeed."""
        status, answer = self.ask("POST", path, body)
        assert status < 300, answer
        return answer

    def read(self, path: str) -> Any:
        """The body of a GET, which must succeed."""
        status, answer = self.ask("GET", path)
        assert status == 200, answer
        return answer
