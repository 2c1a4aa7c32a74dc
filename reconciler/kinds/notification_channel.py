"""NotificationChannel: where notifications go. The key is ours; the name is for people and need not be unique.

Source of every rule: OpenMeter v1, notification channels, and Svix, which delivers for it and whose refusals the
server answers with an empty 500.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Literal, cast
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

from reconciler.kinds import markers as m
from reconciler.kinds.fields import Metadata, Name
from reconciler.kinds.kind import Binding, Catalogue, Finding, IdOf, KeyOf, Kind, Rule, Spec
from reconciler.kinds.lifecycles import MUTABLE
from reconciler.kinds.secrets import Secret, TextOrSecret, looks_like_credential
from reconciler.model import ChangeClass, FieldChange, Tree


class NotificationChannelSpec(Spec):
    """A webhook that rules send their notifications to."""

    model_config = ConfigDict(hide_input_in_errors=True)

    name: Name
    """Display name."""
    type: Annotated[Literal["WEBHOOK"], m.Immutable("the server refuses another type (400)")]
    """How it delivers: `WEBHOOK`."""
    url: str
    """Where notifications are posted: an http or https address."""
    custom_headers: Annotated[dict[str, TextOrSecret], m.Secret(required_source=False), m.NotClearable()] | None = None
    """Further headers of each request: name → text, or a secret source. The last one cannot be removed."""
    signing_secret: Annotated[Secret, m.Secret(), m.ServerChosen()] | None = None
    """A source of the secret that signs requests: `whsec_` and base64. Left out, the server makes one and keeps it."""
    disabled: Annotated[bool, m.ServerDefault(False)] | None = None
    """Whether nothing is delivered for now."""
    metadata: Metadata | None = None
    """Free key-value pairs of your own."""


_SVIX = "Svix, endpoint headers; OpenMeter v1 answers 500"

URL = Rule("channel.url", "Svix takes http and https addresses with a host; the server answers 500 to others.", _SVIX)
HEADER_NAME = Rule("channel.header.name", "HTTP has no such header name; the server answers 500.", _SVIX)
HEADER_RESERVED = Rule("channel.header.reserved", "Svix sets this header itself; the server answers 500.", _SVIX)
HEADER_VALUE = Rule("channel.header.value", "HTTP cannot carry this value; the server answers 500.", _SVIX)
HEADER_SECRET = Rule("channel.header.secret", "A credential in a manifest is in git for good.", "reconciler")

_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_MAX_HEADER_BYTES = 4096
_RESERVED_NAMES = (
    "age cache-control clear-site-data content-encoding content-language content-length content-location "
    "content-type expires keep-alive pragma proxy-authenticate proxy-authorization te trailers transfer-encoding "
    "upgrade user-agent warning"
)
_RESERVED = frozenset(_RESERVED_NAMES.split())
_RESERVED_PREFIXES = ("svix-", "x-amz-", "x-amzn-", "x-azure-", "x-fd-", "x-gfe", "x-goog-", "x-google", "x-svix-")


def _check(key: str, spec: BaseModel, catalogue: Catalogue) -> Iterator[Finding]:
    del key, catalogue
    channel = cast("NotificationChannelSpec", spec)
    if not _is_web_address(channel.url):
        yield Finding(URL, ("url",), "write the whole address, such as `https://hooks.example.com/openmeter`")
    for name, value in (channel.custom_headers or {}).items():
        yield from _header_name(name)
        if isinstance(value, str):
            yield from _header_value(name, value)


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        valid = parts.port is None or parts.port >= 0
    except ValueError:
        return False
    return valid and parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", url)


def _header_name(name: str) -> Iterator[Finding]:
    path, lower = ("customHeaders", name), name.lower()
    if not _HEADER_NAME.fullmatch(name):
        yield Finding(HEADER_NAME, path, "a header name has letters, digits and hyphens, no spaces", at_key=True)
    elif lower in _RESERVED or lower.startswith(_RESERVED_PREFIXES):
        yield Finding(HEADER_RESERVED, path, f"`{name}` cannot be set; choose another name", at_key=True)


def _header_value(name: str, value: str) -> Iterator[Finding]:
    path = ("customHeaders", name)
    if looks_like_credential(name):
        yield Finding(HEADER_SECRET, path, f"`{name}` looks like a credential; write a source: `{{env: NAME}}`")
    if _CONTROL.search(value):
        yield Finding(HEADER_VALUE, path, "a header value is one line, without control characters")
    if len(value.encode()) > _MAX_HEADER_BYTES:
        yield Finding(HEADER_VALUE, path, f"a header value has at most {_MAX_HEADER_BYTES} bytes")


def _impact(fields: tuple[FieldChange, ...]) -> Iterable[ChangeClass]:
    for change in fields:
        cosmetic = change.path == "name" or change.path.startswith("metadata")
        yield ChangeClass.COSMETIC if cosmetic else ChangeClass.OPERATIONAL


def _to_wire(key: str, body: dict[str, Tree], ids: IdOf) -> dict[str, Tree]:
    del key, ids
    return body


def _from_wire(wire: Mapping[str, Tree], keys: KeyOf) -> dict[str, Tree]:
    del keys
    return {name: wire[name] for name in _FIELDS if wire.get(name) is not None}


_FIELDS = ("name", "type", "url", "customHeaders", "signingSecret", "disabled", "metadata")

KIND = Kind(
    name="NotificationChannel",
    group="openmeter.io/v1",
    order=50,
    spec=NotificationChannelSpec,
    lifecycle=MUTABLE,
    bindings={
        "v1": Binding(
            collection="/api/v1/notification/channels",
            catalog_write=True,
            to_wire=_to_wire,
            from_wire=_from_wire,
            # Oldest first, so that a row made while paging moves no other.
            list_query={"includeDisabled": "true", "orderBy": "id", "order": "ASC"},
        )
    },
    check=_check,
    rules=(URL, HEADER_NAME, HEADER_RESERVED, HEADER_VALUE, HEADER_SECRET),
    impact=_impact,
    summary="A webhook that notifications are sent to.",
    example="""\
apiVersion: openmeter.io/v1
kind: NotificationChannel
key: ops
spec:
  name: Operations
  type: WEBHOOK
  url: https://hooks.example.com/openmeter
  customHeaders:
    X-Team: billing
    Authorization: {env: HOOK_AUTHORIZATION}
  signingSecret: {env: HOOK_SIGNING_SECRET}
""",
    natural_key=False,
    on_create=ChangeClass.OPERATIONAL,
)
