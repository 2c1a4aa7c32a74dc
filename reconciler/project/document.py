"""The shape of ``reconciler.yaml`` as pydantic models: what may stand in the file, and its JSON Schema."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from reconciler.kinds.fields import problem
from reconciler.kinds.kind import Spec
from reconciler.project.bundles import BundleReference
from reconciler.project.naming import Name
from reconciler.project.policy_document import PolicyDocument, TeamName
from reconciler.project.rules import API, BUNDLE, DURATION, FREEZE
from reconciler.project.times import MOMENT, parse_moment, parse_period

API_VERSION = "reconciler/v1"


def _api(value: str) -> str:
    if value == "v3":
        raise problem("project.not_supported", "API v3 is not supported yet; this version speaks `v1`")
    if value != "v1":
        raise problem(API.id, f"`{value}` is no API of OpenMeter; write `v1`")
    return value


def _period(value: str) -> str:
    if parse_period(value) is None:
        raise problem(DURATION.id, f"`{value}` is no fixed time; write it like `PT72H` or `P3D`")
    return value


def _bundle(value: str) -> str:
    if BundleReference.parse(value) is None:
        raise problem(BUNDLE.id, f"`{value}` is no bundle; write `sha256:DIGEST` or `sha256:DIGEST@COMMIT`, in full")
    return value


def _moment(value: str) -> str:
    if parse_moment(value) is None:
        raise problem(FREEZE.id, f"`{value}` is no date; write {MOMENT}")
    return value


ENVIRONMENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
EnvironmentName = Annotated[str, Field(pattern=f"^{ENVIRONMENT_NAME.pattern}$")]
Scalar = str | bool | int | Decimal


class Source(Spec):
    """Where a secret comes from: exactly one of the three."""

    env: Annotated[str, Field(min_length=1)] | None = None
    """An environment variable of the machine that runs the command."""
    file: Annotated[str, Field(min_length=1)] | None = None
    """A file, relative to the project."""
    command: Annotated[list[str], Field(min_length=1)] | None = None
    """A program and its arguments, run without a shell; what it prints is the secret."""


class VariableDocument(Spec):
    """A variable that templates can use as `vars.NAME`."""

    type: Literal["string", "decimal", "integer", "boolean"] = "string"
    """What its values are; decimals are exact."""
    default: Scalar | None = None
    """The value where nothing else gives one; without it every environment has to."""
    min: Scalar | None = None
    """The smallest number allowed."""
    max: Scalar | None = None
    """The largest number allowed."""
    enum: Annotated[list[Scalar], Field(min_length=1)] | None = None
    """Every value allowed."""
    description: str | None = None
    """What it is for, for people."""


class LimitsDocument(Spec):
    """How much one run may change; no consent lifts a limit."""

    max_changes_percent: Annotated[int, Field(ge=0, le=100)] | None = None
    """Percentage of the live objects; 30 by default on remote endpoints."""
    max_removals: Annotated[int, Field(ge=0)] | None = None
    """Deletes, archives and replaces; 0 by default on remote endpoints."""
    catalog_writes: Annotated[int, Field(ge=1, le=16)] | None = None
    """Plan, add-on and assignment writes in flight; the server can hang for good at 4."""
    max_subscribers_affected: Annotated[int, Field(ge=0)] | None = None
    """Active subscriptions to plans that get a new version or end; no bound by default."""
    max_bill_increase_percent: Annotated[int, Field(ge=0)] | None = None
    """How much more any bill that a plan shows may come to; no bound by default."""


class WindowDocument(Spec):
    """A time in which nothing that concerns money may change."""

    from_: Annotated[str, AfterValidator(_moment), Field(alias="from")]
    """The first day in UTC, or an instant with its zone."""
    to: Annotated[str, AfterValidator(_moment)]
    """The last day in UTC, or the instant at which it ends."""
    because: Annotated[str, Field(min_length=1)]
    """Why; every refusal says it."""

    @model_validator(mode="after")
    def _forwards(self) -> WindowDocument:
        start, end = parse_moment(self.from_), parse_moment(self.to, through=True)
        if start is not None and end is not None and end <= start:
            raise problem(FREEZE.id, f"it ends ({self.to}) before it begins ({self.from_})")
        return self


class EnvironmentDocument(Spec):
    """One place that the catalogue is applied to."""

    extends: str | None = None
    """Start from this environment; maps merge, the rest is replaced. Another address inherits no credential."""
    abstract: bool | None = None
    """Only there to be extended; needs no `endpoint`."""
    endpoint: Annotated[str, Field(min_length=1)] | dict[str, str] | None = None
    """Address of the server without `/api/v1`, a map service → address (`api`), or `sandbox:` for the embedded one."""
    api: Annotated[str, AfterValidator(_api)] | None = None
    """The API it speaks: `v1`."""
    token: Source | None = None
    """Where the bearer token comes from."""
    headers: dict[str, str | Source] | None = None
    """Further headers of every request."""
    vars: dict[str, Scalar] | None = None
    """Values of variables."""
    var_files: list[str] | None = None
    """Files with values of variables, later ones win; relative to the project."""
    overlays: list[str] | None = None
    """Folders with patches and documents of this environment, applied in this order."""
    identity: Annotated[str, Field(min_length=1)] | None = None
    """Which namespace is behind the address: the id of its oldest billing profile."""
    promotes_from: str | None = None
    """The environment that changes come from."""
    bundle: Annotated[str, AfterValidator(_bundle)] | None = None
    """The catalogue is that of this bundle, not of the manifests at hand: `sha256:DIGEST` or `sha256:DIGEST@COMMIT`."""
    soak: Annotated[str, AfterValidator(_period)] | None = None
    """How long a catalogue must have been live, unchanged, where it is promoted from: `P2D`, `PT4H`."""
    freeze: list[WindowDocument] | None = None
    """Times in which nothing that concerns money may change here; no consent opens them."""
    policy: PolicyDocument | None = None
    """What each change class needs here, and rules of your own over the plan."""
    protected: bool | None = None
    """Apply needs `identity`."""
    adopt: dict[str, str] | None = None
    """`Kind/key` → id, for channels, rules and profiles that several live objects match."""
    prune: bool | None = None
    """Remove what carries this project's marker and is no longer declared."""
    limits: LimitsDocument | None = None
    """How much one run may change."""
    plan_valid_for: Annotated[str, AfterValidator(_period)] | None = None
    """How long a saved plan may be applied; `PT72H` by default."""
    insecure: bool | None = None
    """Allow a token over http:// to a host that is not this machine."""
    description: str | None = None
    """What it is for, for people."""


class EnvironmentFile(EnvironmentDocument):
    """An environment in a file of its own, `environments/NAME.yaml`."""

    api_version: Literal["reconciler/v1"] | None = None
    """`reconciler/v1`."""
    kind: Literal["Environment"] | None = None
    """`Environment`."""
    name: EnvironmentName | None = None
    """The name of the file without its ending."""


class SecretsDocument(Spec):
    """The sources that manifests may name where the project file is the trusted one; every other is not read."""

    env: list[Annotated[str, Field(min_length=1)]] | None = None
    """Environment variables."""
    files: list[Annotated[str, Field(min_length=1)]] | None = None
    """Files, as manifests write them; they are looked up beside the trusted project file."""
    commands: list[Annotated[list[str], Field(min_length=1)]] | None = None
    """Programs with all their arguments; they run in the folder of the trusted project file."""


class ProjectDocument(Spec):
    """One catalogue and the environments that it is applied to."""

    api_version: Literal["reconciler/v1"]
    """`reconciler/v1`."""
    kind: Literal["Project"]
    """`Project`."""
    name: Name
    """Goes into the marker of every object we own; see `formerNames` before changing it."""
    former_names: list[Name] | None = None
    """Old names of the project: what they own is ours."""
    manifests: list[str] | None = None
    """Files and folders, relative to this file; by default its folder."""
    protect: list[str] | None = None
    """Patterns over `Kind/key` of objects that are never deleted, archived or replaced."""
    variables: dict[str, VariableDocument] | None = None
    """Variables that templates can use."""
    default_environment: str | None = None
    """The environment of commands without `-e`; else `sandbox`."""
    teams: dict[TeamName, Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]] | None = None
    """Team → its members, as the pull request's host calls them; of a team that is not here the host is asked."""
    secrets: SecretsDocument | None = None
    """Which secret sources manifests may name under `--trusted-project`."""
    environments: dict[EnvironmentName, EnvironmentDocument] | None = None
    """Where the catalogue is applied to; further ones may stand in `environments/NAME.yaml`."""
    description: str | None = None
    """What it is, for people."""
