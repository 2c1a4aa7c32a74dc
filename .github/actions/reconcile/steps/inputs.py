"""The inputs of the action, as action.yml hands them over: one JSON object in ``INPUTS``."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import dataclass
from pathlib import Path

COMMANDS = ("validate", "plan", "apply", "drift", "promote", "snapshot")
ONE_ENVIRONMENT = ("apply", "promote")
_GLOB = set("*?[,")


class InputError(Exception):
    """An input that makes no sense; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the workflow asks for. ``token`` is GitHub's, and goes to nothing but ``reconciler ci``."""

    command: str
    environment: str = "*"
    project: str = ""
    working_directory: str = "."
    version: str = ""
    trusted_ref: str = ""
    trusted_project: str = ""
    snapshot: str = ""
    approved: bool = False
    approvals: str = "1"
    plan: str = ""
    only_plan: bool = False
    allow: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    comment: bool = True
    issue: bool = True
    artifact: bool = True
    token: str = ""

    @property
    def named(self) -> tuple[str, ...]:
        """The environments that are named, without the globs."""
        parts = (part.strip() for part in self.environment.split(","))
        return tuple(part for part in parts if part and not set("*?[") & set(part))

    @property
    def folder(self) -> Path:
        """Where the commands run."""
        return Path(os.environ["GITHUB_WORKSPACE"], self.working_directory)


def read() -> Inputs:
    """Read ``INPUTS``. Raises ``InputError``."""
    given: dict[str, str] = json.loads(os.environ["INPUTS"])
    found = Inputs(
        command=given["command"],
        environment=given["environment"].strip(),
        project=given["project"],
        working_directory=given["working-directory"],
        version=given["version"].strip(),
        trusted_ref=given["trusted-ref"],
        trusted_project=given["trusted-project"],
        snapshot=given["snapshot"],
        approved=_flag(given, "approved"),
        approvals=given["approvals"].strip(),
        plan=given["plan"],
        only_plan=_flag(given, "only-plan"),
        allow=tuple(line.strip() for line in given["allow"].splitlines() if line.strip()),
        arguments=_words(given["arguments"]),
        comment=_flag(given, "comment"),
        issue=_flag(given, "issue"),
        artifact=_flag(given, "artifact"),
        token=given["github-token"],
    )
    _check(found)
    return found


def _flag(given: dict[str, str], name: str) -> bool:
    """Anything but the two words is refused: `approved: yes` must not silently mean no."""
    if given[name] not in ("true", "false"):
        raise InputError(f"`{name}` is `{given[name]}`; it takes true or false")
    return given[name] == "true"


def _words(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text, comments=False))
    except ValueError as error:
        raise InputError(f"`arguments` cannot be split into words: {error}") from None


def _check(found: Inputs) -> None:
    if found.command not in COMMANDS:
        raise InputError(f"`command` is `{found.command}`; it takes one of {', '.join(COMMANDS)}")
    if found.command in ONE_ENVIRONMENT and (not found.environment or _GLOB & set(found.environment)):
        raise InputError(f"`{found.command}` works on one environment; name it in `environment`")
    if not found.environment:
        raise InputError("`environment` is empty; leave it out for all of them")
    wrong = [
        ("approved", found.approved, ("apply",)),
        ("plan", bool(found.plan), ("apply",)),
        ("only-plan", found.only_plan, ("plan", "promote")),
        ("snapshot", bool(found.snapshot), ("plan",)),
        ("allow", bool(found.allow), ("plan", "apply", "promote")),
    ]
    for name, given, commands in wrong:
        if given and found.command not in commands:
            raise InputError(f"`{name}` is for {', '.join(commands)}, not for {found.command}")
    if found.approved and found.plan:
        raise InputError("`approved` and `plan` are two ways to say what may be applied; give one")
    if not found.approvals.isdecimal():
        raise InputError(f"`approvals` is `{found.approvals}`; it takes a number")
    if not found.folder.is_dir():
        raise InputError(f"`working-directory` {found.working_directory} is no folder of the checkout; check out first")


def escaped(text: str) -> str:
    """Text as the value of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
