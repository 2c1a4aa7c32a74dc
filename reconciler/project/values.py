"""A project and its environments as frozen values: what the rest of the program sees of ``reconciler.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal

from reconciler.model import NO_POLICY, Address, Location, Policy, Problem, Window
from reconciler.project.secrets import SecretSource

Value = str | bool | int | Decimal
"""The value of a variable."""

VariableType = Literal["string", "decimal", "integer", "boolean"]

SANDBOX = "sandbox"
"""The environment that every project has: the embedded server."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A declared variable. ``minimum``/``maximum`` bound numbers; ``choices`` lists every allowed value."""

    name: str
    type: VariableType
    default: Value | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    choices: tuple[Value, ...] = ()
    description: str = ""
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one run; None = the default of the target. ``catalog_writes``: plan and add-on writes in flight.

    ``max_subscribers_affected`` counts active subscriptions to the plans that change; ``max_bill_increase_percent`` is
    about every bill that the plan shows.
    """

    max_changes_percent: int | None = None
    max_removals: int | None = None
    catalog_writes: int = 2
    max_subscribers_affected: int | None = None
    max_bill_increase_percent: int | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """A value as written somewhere, and where: what precedence is decided over."""

    value: object
    location: Location | None
    origin: str


@dataclass(frozen=True, slots=True)
class DeclaredEnvironment:
    """An environment as the project file has it, ``extends`` resolved, variables not yet.

    An ``abstract`` one is only extended and may have no endpoint. ``withheld`` names credentials of what it extends
    that were given for another address, and were therefore not inherited.
    """

    name: str
    endpoint: str
    location: Location | None = None
    api: str = "v1"
    identity: str | None = None
    token: SecretSource | None = None
    headers: Mapping[str, str | SecretSource] = field(default_factory=dict)
    vars: Mapping[str, Given] = field(default_factory=dict)
    var_files: tuple[str, ...] = ()
    overlays: tuple[str, ...] = ()
    limits: Limits = Limits()
    prune: bool | None = None
    adopt: Mapping[Address, str] = field(default_factory=dict)
    protected: bool = False
    promotes_from: str | None = None
    bundle: str | None = None
    soak: timedelta | None = None
    freeze: tuple[Window, ...] = ()
    policy: Policy = NO_POLICY
    plan_valid_for: timedelta = timedelta(hours=72)
    warnings: tuple[Problem, ...] = ()
    extends: str | None = None
    abstract: bool = False
    insecure: bool = False
    description: str = ""
    withheld: tuple[str, ...] = ()
    written: Mapping[str, Given] = field(default_factory=dict, repr=False, compare=False)
    """Field → everything that the files say of it, furthest ancestor first, and where it is said last."""


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment, ready to use: ``variables`` are resolved by precedence and typed.

    A declared variable without a value anywhere is missing from ``variables``; only a template that uses it fails.
    ``endpoint`` is an address, or ``sandbox:`` for the embedded server.
    """

    name: str
    endpoint: str
    api: str = "v1"
    identity: str | None = None
    token: SecretSource | None = None
    headers: Mapping[str, str | SecretSource] = field(default_factory=dict)
    variables: Mapping[str, Value] = field(default_factory=dict)
    overlays: tuple[str, ...] = ()
    limits: Limits = Limits()
    prune: bool | None = None
    adopt: Mapping[Address, str] = field(default_factory=dict)
    protected: bool = False
    promotes_from: str | None = None
    bundle: str | None = None
    soak: timedelta | None = None
    freeze: tuple[Window, ...] = ()
    policy: Policy = NO_POLICY
    plan_valid_for: timedelta = timedelta(hours=72)
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a command line sets over the project file. ``vars`` are texts, parsed by the declared type."""

    endpoint: str | None = None
    token_env: str | None = None
    project_name: str | None = None
    vars: Mapping[str, str] = field(default_factory=dict)
    var_files: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class ManifestSecrets:
    """The secret sources that manifests may name under a trusted project file."""

    env: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()
    commands: frozenset[tuple[str, ...]] = frozenset()

    def __contains__(self, source: SecretSource) -> bool:
        """Whether exactly this source is one of them."""
        return source.env in self.env or source.file in self.files or source.command in self.commands


@dataclass(frozen=True, slots=True)
class Trust:
    """A project file that somebody trusted wrote, over the one at hand, which anybody may have written.

    ``root`` is its folder, ``secrets`` what it lets manifests name. ``inside`` is what the files at hand may lie in,
    ``closed`` folders in it that they may not, and ``tracked`` the files in it that git knows, None where git does not
    answer: what a job leaves beside them, such as credentials, is no file of a pull request. ``new`` are environments
    that only the project file at hand has.
    """

    root: Path
    secrets: ManifestSecrets
    inside: Path
    closed: tuple[Path, ...] = ()
    new: frozenset[str] = frozenset()
    tracked: frozenset[str] | None = field(default=None, repr=False)

    def holds(self, path: Path) -> bool:
        """Whether a file really lies where the files at hand may, wherever links to it stand."""
        real = path.resolve()
        if not real.is_relative_to(self.inside) or any(real.is_relative_to(folder) for folder in self.closed):
            return False
        name = real.relative_to(self.inside)
        if any(part.lower() == ".git" for part in name.parts):
            return False
        return self.tracked is None or name.as_posix() in self.tracked or real.is_dir()


@dataclass(frozen=True, slots=True)
class Project:
    """A project: one catalogue and the environments it is applied to. ``file`` is None where there is no file.

    ``bases`` are the abstract environments: extended by others, applied to by nobody. ``teams`` are the members, by
    their names at the host, of the teams that policies name; who is in another one the host is asked.
    """

    name: str
    root: Path
    former_names: tuple[str, ...] = ()
    manifests: tuple[str, ...] = (".",)
    protect: tuple[str, ...] = ()
    variables: Mapping[str, Variable] = field(default_factory=dict)
    environments: Mapping[str, DeclaredEnvironment] = field(default_factory=dict)
    bases: Mapping[str, DeclaredEnvironment] = field(default_factory=dict)
    teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    secrets: ManifestSecrets = ManifestSecrets()
    default_environment: str = SANDBOX
    file: Path | None = None
    warnings: tuple[Problem, ...] = ()
    revision: str | None = None
    """The commit that it was read from, abbreviated; None for what lies on disk. Places are ``COMMIT:FILE`` then."""
    edited: Mapping[Path, bytes] = field(default_factory=dict, repr=False, compare=False)
    """Manifests, by their absolute real path, that are to be read as this instead of as they lie on disk."""

    trust: Trust | None = None
    """Set where a trusted project file rules: whatever stands at hand may be hostile then."""
    written: Mapping[str, Given] = field(default_factory=dict, repr=False, compare=False)

    @property
    def sources_root(self) -> Path:
        """Where files and commands that give secrets are looked up: never where a pull request could put them."""
        return self.trust.root if self.trust else self.root

    @property
    def untrusted(self) -> frozenset[str]:
        """The environments that only an untrusted file has: checked, and connected to by nobody."""
        return self.trust.new if self.trust else frozenset()

    def may_name(self, source: SecretSource) -> bool:
        """Whether a manifest may name this source; without a trusted project file every one."""
        return self.trust is None or source in self.trust.secrets

    def may_read(self, path: Path) -> bool:
        """Whether a file of the catalogue may be read, and shown in messages."""
        return self.trust is None or self.trust.holds(path)

    def environment(self, name: str | None = None, overrides: Overrides | None = None) -> Environment:
        """One environment with its variables resolved; the default one without a name.

        Raises ``UsageError`` for an unknown name, ``ProjectError`` with every problem of its variables.
        """
        from reconciler.project.environments import choose

        return choose(self, name, overrides or Overrides())
