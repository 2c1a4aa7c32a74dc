"""Where a secret comes from, and its value at the moment it is needed. No value ever reaches a message."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.errors import SecretError
from reconciler.model import Tree

COMMAND_SECONDS = 30
_FORMS = "{env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT…]}"


@dataclass(frozen=True, slots=True)
class SecretSource:
    """Exactly one of: an environment variable, a file, a command whose output is the secret."""

    env: str | None = None
    file: str | None = None
    command: tuple[str, ...] | None = None

    @classmethod
    def parse(cls, tree: Mapping[str, Tree]) -> SecretSource:
        """Read ``{env: …}``, ``{file: …}`` or ``{command: […]}``; raises ``SecretError`` for anything else."""
        match dict(tree):
            case {"env": str(name), **rest} if name and not rest:
                return cls(env=name)
            case {"file": str(path), **rest} if path and not rest:
                return cls(file=path)
            case {"command": [*words], **rest} if words and not rest and all(isinstance(word, str) for word in words):
                return cls(command=tuple(str(word) for word in words))
            case _:
                raise SecretError(f"a secret source is {_FORMS}")

    def __str__(self) -> str:
        if self.env is not None:
            return f"environment variable {self.env}"
        if self.file is not None:
            return f"file {self.file}"
        return f"command {(self.command or ('?',))[0]}"


def reveal(source: SecretSource, *, base: Path, allow_command: bool) -> str:
    """The secret itself, without a trailing newline. ``base`` is what a relative path is relative to.

    Raises ``SecretError`` where the source gives nothing, naming the source and never a value.
    """
    if source.env is not None:
        value = os.environ.get(source.env, "")
    elif source.file is not None:
        value = _from_file(source, base / source.file)
    elif source.command is not None and allow_command:
        value = _from_command(source, source.command, base)
    else:
        raise SecretError(f"the {source} is not run here")
    value = value.removesuffix("\n").removesuffix("\r")
    if not value:
        raise SecretError(f"the {source} is not set or empty", tip=_tip(source))
    return value


def _tip(source: SecretSource) -> str | None:
    return f"export {source.env}=…" if source.env is not None else None


def _from_file(source: SecretSource, path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise SecretError(f"the {source} cannot be read: {error.strerror or type(error).__name__}") from None
    except UnicodeDecodeError:
        raise SecretError(f"the {source} is not UTF-8 text") from None


def _from_command(source: SecretSource, command: tuple[str, ...], base: Path) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the project's own command, as a list, without a shell
            command, cwd=base, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
            timeout=COMMAND_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise SecretError(f"the {source} gave no answer within {COMMAND_SECONDS} seconds") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise SecretError(f"the {source} cannot be run: {reason}") from None
    if done.returncode != 0:
        raise SecretError(f"the {source} failed with exit code {done.returncode}")
    try:
        return done.stdout.decode("utf-8")
    except UnicodeDecodeError:
        raise SecretError(f"the {source} printed something that is not UTF-8 text") from None
