"""Names in the project file: of projects, and of a policy's rules."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from reconciler.kinds.fields import KEY as KEY_GRAMMAR
from reconciler.kinds.fields import problem, suggest_key
from reconciler.project.rules import KEY


def _name(value: str) -> str:
    if not (KEY_GRAMMAR.fullmatch(value) and len(value) <= 63):
        hint = suggest_key(value)[:63]
        also = f"; write `{hint}`" if hint and hint != value else ""
        raise problem(KEY.id, f"`{value}` is no name: lower-case letters and digits joined by `_`, up to 63{also}")
    return value


Name = Annotated[
    str, AfterValidator(_name), Field(json_schema_extra={"pattern": f"^{KEY_GRAMMAR.pattern}$"}, max_length=63)
]
