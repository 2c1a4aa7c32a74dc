"""What was observed, without what nobody may read in a file: for snapshots, which leave the machine that made them.

A signing secret and the value of a custom header go, that there is one stays. A text that a manifest holds is in git
already, so it stays: what it is compared with has to be known. An address for webhooks may hold a password, a token in
its query or a long key in its path; these go even where a manifest says them. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from reconciler.backends.redaction import Redactor, secrets_in
from reconciler.kinds.secrets import looks_like_credential, looks_like_credential_value
from reconciler.model import Observation, Observed, Resource, Tree

LEFT_OUT = "(secret, not in the snapshot)"
"""Stands for a secret of which only is known that it is there."""
HIDDEN = "***"

_CHANNEL, _PROFILE = "NotificationChannel", "BillingProfile"
_WITH_CHANNELS = frozenset({_CHANNEL, "NotificationRule"})
_TIMES = ("createdAt", "updatedAt", "deletedAt")
_CHANNEL_FIELDS = frozenset(
    ("id", "type", "name", "url", "disabled", "customHeaders", "signingSecret", "metadata", "annotations", *_TIMES)
)
_APP_FIELDS = frozenset(
    ("id", "type", "name", "description", "status", "default", "listing", "metadata", "livemode", "stripeAccountId",
     "enableDraftSyncHook", "enableIssuingSyncHook", *_TIMES)
)  # fmt: skip
_LONG = re.compile(r"(?=[^/]*[0-9])(?=[^/]*[A-Za-z])[A-Za-z0-9_.~%+-]{20,}")


@dataclass(frozen=True, slots=True)
class Plain:
    """What the manifests say in clear text: headers by lower-case name with their values, and addresses."""

    headers: frozenset[tuple[str, str]] = frozenset()
    urls: frozenset[str] = frozenset()

    @classmethod
    def of(cls, resources: Iterable[Resource]) -> Plain:
        """What these documents say."""
        specs = [resource.spec for resource in resources if resource.address.kind == _CHANNEL]
        headers = {
            (name.lower(), value)
            for spec in specs
            for name, value in _entries(spec.get("customHeaders"))
            if isinstance(value, str)
        }
        return cls(frozenset(headers), frozenset(url for spec in specs if isinstance(url := spec.get("url"), str)))


def without_secrets(observation: Observation, plain: Plain) -> Observation:
    """The same observation without any secret."""
    objects = {kind: tuple(_row(row, plain) for row in rows) for kind, rows in observation.objects.items()}
    return replace(observation, objects=objects, apps=tuple(_only(app, _APP_FIELDS) for app in observation.apps))


def _row(row: Observed, plain: Plain) -> Observed:
    if row.kind == _PROFILE and isinstance(apps := row.wire.get("apps"), Mapping):
        shown = {role: _only(app, _APP_FIELDS) if isinstance(app, Mapping) else app for role, app in apps.items()}
        return replace(row, wire={**row.wire, "apps": shown})
    if row.kind not in _WITH_CHANNELS:
        return row
    wire = _only(row.wire, _CHANNEL_FIELDS) if row.kind == _CHANNEL else dict(row.wire)
    said = {value for _, value in plain.headers} | plain.urls
    known = [value for value in secrets_in(wire) if value not in said]
    return replace(row, wire=_mapping(wire, plain, Redactor(known)))


def _mapping(tree: Mapping[str, Tree], plain: Plain, redact: Redactor) -> dict[str, Tree]:
    return {name: _value(name, value, plain, redact) for name, value in tree.items()}


def _value(name: str, value: Tree, plain: Plain, redact: Redactor) -> Tree:
    match value:
        case Mapping() if name == "customHeaders":
            return {
                header: text if (header.lower(), text) in plain.headers else LEFT_OUT for header, text in value.items()
            }
        case str() if name == "signingSecret":
            return LEFT_OUT if value else value
        case str() if name == "url":
            return masked_url(value, declared=value in plain.urls)
        case str():
            return redact(value)
        case Mapping():
            return _mapping(value, plain, redact)
        case list():
            return [_value("", item, plain, redact) for item in value]
        case _:
            return value


def masked_url(url: str, *, declared: bool) -> str:
    """An address for webhooks without what may be a credential in it.

    ``declared``: it stands in a manifest, so that only what looks like a credential goes; else all but its host does.
    """
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")
    except ValueError:
        return HIDDEN
    netloc = f"{HIDDEN}@{host[2]}" if host[1] else host[2]
    if declared:
        path = "/".join(HIDDEN if _LONG.fullmatch(part) else part for part in parts.path.split("/"))
        query = "&".join(map(_parameter, parts.query.split("&"))) if parts.query else ""
    else:
        path, query = (f"/{HIDDEN}" if parts.path not in ("", "/") else parts.path), HIDDEN if parts.query else ""
    rest = (f"?{query}" if query else "") + (f"#{HIDDEN}" if parts.fragment else "")
    return f"{parts.scheme}://{netloc}{path}{rest}"


def _parameter(text: str) -> str:
    name, sign, value = text.partition("=")
    if not sign:
        return HIDDEN if _LONG.fullmatch(name) else name
    secret = looks_like_credential(name) or looks_like_credential_value(value) or _LONG.fullmatch(value)
    return f"{name}={HIDDEN}" if secret and value else text


def _only(tree: Mapping[str, Tree], names: frozenset[str]) -> dict[str, Tree]:
    """Of an object that may hold credentials only what is known to be none."""
    return {name: value for name, value in tree.items() if name in names}


def _entries(tree: Tree) -> Iterable[tuple[str, Tree]]:
    return tree.items() if isinstance(tree, Mapping) else ()
