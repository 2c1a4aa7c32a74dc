"""Opening a backend for an environment: its address, its token and its headers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reconciler.backends.clock import CLOCK, Clock
from reconciler.errors import SecretError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from reconciler.backends.protocol import Backend
    from reconciler.project import Environment, SecretSource

_IN_PROCESS = "http://sandbox.invalid"
"""The address behind an injected transport: it is never resolved."""

_HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?")


def open_backend(
    environment: Environment,
    *,
    base: Path,
    transport: httpx.BaseTransport | None = None,
    parallelism: int = 8,
    read_only: bool = False,
    connect_timeout: float = 5.0,
    read_timeout: float = 30.0,
    on_wait: Callable[[str], None] | None = None,
    clock: Clock = CLOCK,
) -> Backend:
    """Connect to an environment; nothing is sent yet.

    ``base`` is where relative token files are looked up; time-outs are in seconds; ``transport`` stands in for the
    network; ``on_wait`` gets a sentence, in any thread, when the server's rate limit makes the
    client wait. Raises ``SecretError`` for a token or header source without a usable value, ``UsageError`` for an
    endpoint or API that cannot be used.
    """
    from reconciler.backends.client import Client, Settings
    from reconciler.backends.dialect import DIALECTS
    from reconciler.backends.rest import RestBackend

    if environment.api not in DIALECTS:
        raise UsageError(f"API `{environment.api}` is not supported; supported: {', '.join(DIALECTS)}")
    headers, secrets = _headers(environment, base)
    settings = Settings(
        base_url=_base_url(environment.endpoint, in_process=transport is not None),
        headers=headers,
        secrets=secrets,
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        connections=max(1, parallelism),
        read_only=read_only,
        clock=clock,
        on_wait=on_wait or _nobody,
    )
    return RestBackend(
        Client(settings, transport),
        DIALECTS[environment.api],
        endpoint=environment.endpoint,
        parallelism=parallelism,
    )


def _nobody(sentence: str) -> None:
    """Nobody listens."""
    del sentence


def _headers(environment: Environment, base: Path) -> tuple[dict[str, str], tuple[str, ...]]:
    """The headers of every request, and which values of them are secret: all that come from a source."""
    from importlib.metadata import version

    headers = {"user-agent": f"reconciler/{version('openmeter-reconciler')}"}
    secrets: list[str] = []
    for name, value in environment.headers.items():
        if not isinstance(value, str):
            value = _reveal(value, base, f"header `{name}`")
            secrets.append(value)
        elif not _HEADER_VALUE.fullmatch(value):
            raise UsageError(f"header `{name}` has a value that no HTTP header can hold")
        headers[name.lower()] = value
    if environment.token is not None:
        token = _reveal(environment.token, base, "the token")
        secrets.append(token)
        headers["authorization"] = f"Bearer {token}"
    return headers, tuple(secrets)


def _reveal(source: SecretSource, base: Path, what: str) -> str:
    from reconciler.project import reveal

    value = reveal(source, base=base, allow_command=True).strip()
    if not _HEADER_VALUE.fullmatch(value):
        raise SecretError(f"the source of {what} gives a value that no HTTP header can hold (empty, or not plain text)")
    return value


def _base_url(endpoint: str, *, in_process: bool) -> str:
    if in_process and not endpoint.startswith(("http://", "https://")):
        return _IN_PROCESS
    try:
        parts = urlsplit(endpoint)
    except ValueError:
        raise UsageError("the endpoint is not a valid address") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"the endpoint is no http:// or https:// address, but `{parts.scheme}:`")
    if parts.username or parts.password:
        raise UsageError("the endpoint holds a user name or password", tip="use `token` or `headers` instead")
    return endpoint.rstrip("/")
