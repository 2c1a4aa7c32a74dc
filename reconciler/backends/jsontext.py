"""JSON with exact numbers both ways: a fraction is a ``Decimal``, never a float."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import NoReturn, cast

from reconciler.model import Tree


def loads(text: bytes) -> Tree:
    """Read a document; raises ``ValueError`` for anything that is not one, too deep ones included."""
    try:
        return cast("Tree", json.loads(text, parse_float=Decimal, parse_constant=_no_constant))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def dumps(body: Mapping[str, Tree]) -> bytes:
    """Write a body; decimals keep every digit."""
    import simplejson

    return simplejson.dumps(body, use_decimal=True, separators=(",", ":"), ensure_ascii=False).encode()


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
