"""Which addresses an environment may have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

_SANDBOX = re.compile(r"sandbox:(?:[a-z0-9][a-z0-9_-]{0,62})?")
_CREDENTIAL = re.compile(r"authorization|token|secret|api-?key|password|passwd|cookie|credential", re.IGNORECASE)
SERVICES = ("api", "openmeter", "billing", "default")
"""What the service that has the catalogue may be called, where an endpoint is a map."""


def service_address(services: Mapping[str, str]) -> str | None:
    """The address of the catalogue's API in a map service → address; None where no name says which it is."""
    return next((services[name] for name in SERVICES if name in services), None)


def check_endpoint(text: str) -> str | None:
    """Why an address cannot be used, None where it can. The address itself is not repeated: it may hold a password."""
    if text.startswith("sandbox:"):
        return None if _SANDBOX.fullmatch(text) else "the embedded server is `sandbox:` or `sandbox:name`"
    parts = _split(text)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        return "an endpoint is an address such as `https://openmeter.example`, or `sandbox:`"
    if parts.username is not None or parts.password is not None:
        return "an address holds no user name or password; use `token` or `headers`"
    if parts.query or parts.fragment:
        return "an address holds no `?` or `#`"
    return None


def is_insecure(text: str) -> bool:
    """Whether requests to it travel unencrypted to another machine."""
    parts = _split(text)
    return parts is not None and parts.scheme == "http" and not _is_loopback(parts.hostname or "")


def looks_like_credential(header: str) -> bool:
    """Whether a header's name says that its value is secret."""
    return bool(_CREDENTIAL.search(header))


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
