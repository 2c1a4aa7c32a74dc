"""What a project says about its environments, without a network and without reading a secret."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reconciler.errors import SecretError
from reconciler.project.secrets import SecretSource, reveal
from reconciler.project.values import SANDBOX, DeclaredEnvironment, Project


@dataclass(frozen=True, slots=True)
class Credential:
    """One secret that an environment sends: what it is for, where it comes from, and whether that gives anything.

    ``present`` is None for a command: it is not run to find out.
    """

    use: str
    source: str
    present: bool | None


@dataclass(frozen=True, slots=True)
class EnvironmentFacts:
    """One environment as the project file has it. ``default``: what commands without ``-e`` use."""

    declared: DeclaredEnvironment
    default: bool
    credentials: tuple[Credential, ...]

    @property
    def name(self) -> str:
        """The name that ``-e`` takes."""
        return self.declared.name


def environments_of(project: Project) -> tuple[EnvironmentFacts, ...]:
    """Every environment in the order of the files, the embedded sandbox last where no file names it. Offline."""
    declared = list(project.environments.values())
    if SANDBOX not in project.environments:
        declared.append(DeclaredEnvironment(SANDBOX, f"{SANDBOX}:"))
    return tuple(
        EnvironmentFacts(one, one.name == project.default_environment, tuple(_credentials(one, project.sources_root)))
        for one in declared
    )


def _credentials(declared: DeclaredEnvironment, base: Path) -> Iterator[Credential]:
    if declared.token is not None:
        yield _credential("token", declared.token, base)
    for name, value in declared.headers.items():
        if isinstance(value, SecretSource):
            yield _credential(f"header {name}", value, base)


def _credential(use: str, source: SecretSource, base: Path) -> Credential:
    if source.command is not None:
        return Credential(use, str(source), None)
    try:
        reveal(source, base=base, allow_command=False)
    except SecretError:
        return Credential(use, str(source), False)
    return Credential(use, str(source), True)
