"""The sandbox on a port, with the standard library's server."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from reconciler.sandbox.http import Request
from reconciler.sandbox.server import Sandbox


class SandboxServer(ThreadingHTTPServer):
    """One thread per connection; port 0 picks a free one."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, sandbox: Sandbox, host: str, port: int) -> None:
        super().__init__((host, port), _Handler)
        self.sandbox = sandbox

    @property
    def url(self) -> str:
        """The address to give to a client."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up; anything else is a fault of the sandbox."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    """Reads one request after another from a kept-alive connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: SandboxServer

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        content_type, accept = (self.headers.get(name) or "" for name in ("Content-Type", "Accept"))
        request = Request.from_wire(self.command, self.path, raw, content_type, accept)
        response = self.server.sandbox.handle(request)
        body = response.encoded()
        self.send_response(response.status)
        if response.content_type:
            self.send_header("Content-Type", response.content_type)
        if response.status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - names of the base class

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - name of the base class
        """Keep quiet: what a client did is the client's story to tell."""


def serve(sandbox: Sandbox, host: str, port: int) -> None:
    """Answer on a port until interrupted."""
    with SandboxServer(sandbox, host, port) as server:
        server.serve_forever()


@contextmanager
def serving(sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0) -> Iterator[SandboxServer]:
    """Answer on a port from a thread while the block runs; the server knows its `url`."""
    with SandboxServer(sandbox, host, port) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
