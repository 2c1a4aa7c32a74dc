"""Secrets in a manifest: where a value comes from, never the value itself.

A declared secret is a source. Its shape is the same in every file: an environment variable, a file, or a command.
"""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, ConfigDict, Field, WrapValidator, model_validator

from reconciler.kinds.fields import problem
from reconciler.kinds.kind import Spec

_ONE_OF = "write exactly one of `{env: NAME}`, `{file: PATH}` or `{command: [PROGRAM, …]}`"
_PREFIX = "whsec_"


_CREDENTIAL = re.compile(r"token|secret|key|passw|credential|cookie|authori|signature|\bauth\b", re.IGNORECASE)


def looks_like_credential(name: str) -> bool:
    """Whether a header of this name carries what nobody may read in git."""
    return _CREDENTIAL.search(name) is not None


_CREDENTIAL_VALUE = re.compile(
    r"(?:bearer|basic|digest|token|apikey)\s+\S|(?:[sr]k|gh[a-z]|xox[a-z]|glpat|whsec|akia|eyj)[-_a-z0-9]{8}",
    re.IGNORECASE,
)


def looks_like_credential_value(text: str) -> bool:
    """Whether a text is of a form that only credentials have, whatever its name: ``Bearer …``, ``sk_…``, a JWT."""
    return _CREDENTIAL_VALUE.match(text.strip()) is not None


class SecretSource(Spec):
    """Where a secret comes from: exactly one of the three."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1}, hide_input_in_errors=True)

    env: Annotated[str, Field(min_length=1)] | None = None
    """An environment variable of the machine that applies."""
    file: Annotated[str, Field(min_length=1)] | None = None
    """A file, relative to the project; its last line break is not part of the secret."""
    command: Annotated[list[str], Field(min_length=1)] | None = None
    """A program and its arguments, run without a shell when applying; what it prints is the secret."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [value for value in (self.env, self.file, self.command) if value is not None]
        if len(given) != 1:
            raise problem("secret.source", f"a secret has one source; {_ONE_OF}")
        return self


def _no_literal(value: Any) -> Any:  # noqa: ANN401 - whatever YAML held
    if isinstance(value, Mapping | SecretSource) or value is None:
        return value
    raise problem("secret.literal", f"a secret never stands in a manifest; {_ONE_OF}")


def _text_or_source(value: Any, _: Any) -> str | SecretSource:  # noqa: ANN401 - whatever YAML held
    match value:
        case str() | SecretSource():
            return value
        case Mapping():
            return SecretSource.model_validate(value)
        case _:
            raise problem("value.text", f"quote the value, or take it from a source: {_ONE_OF}")


Secret = Annotated[SecretSource, BeforeValidator(_no_literal)]
"""A secret: only a source is accepted."""

TextOrSecret = Annotated[str | SecretSource, WrapValidator(_text_or_source)]
"""Text, or a source where it is nobody's business."""


def signing_secret_problem(value: str) -> str | None:
    """Why the server would refuse this signing secret, without a part of it; None where it takes it.

    Source: OpenMeter v1, notification channels: without the prefix, or with other lengths, it answers 400 or 500.
    """
    text = value.removeprefix(_PREFIX)
    if text == value:
        return f"a signing secret begins with `{_PREFIX}`"
    if not 32 <= len(text) <= 100:
        return f"a signing secret has 32 to 100 characters after `{_PREFIX}`"
    try:
        a2b_base64(text, strict_mode=True)
    except Base64Error:
        return f"a signing secret is base64 after `{_PREFIX}`"
    return None
