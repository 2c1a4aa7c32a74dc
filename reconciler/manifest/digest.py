"""One digest over everything that an environment declares, independent of files, order and spelling of numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from decimal import Decimal
from hashlib import sha256

from reconciler.kinds.durations import plain
from reconciler.model import Resource


def digest(resources: Iterable[Resource]) -> str:
    """SHA-256 in hex over the canonical JSON of all rendered specs and their management."""
    encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_exact)
    total = sha256()
    for resource in sorted(resources, key=lambda resource: resource.address):
        managed = asdict(resource.management)
        line = encoder.encode([resource.address.kind, resource.address.key, managed, resource.spec])
        total.update(line.encode("utf-8", "surrogatepass") + b"\n")
    return total.hexdigest()


def _exact(value: object) -> str:
    """Called for what JSON does not know: an exact number, as its text."""
    if isinstance(value, Decimal):
        return plain(value)
    raise TypeError(f"{type(value).__name__} is no value of a manifest")
