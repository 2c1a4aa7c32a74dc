"""A project, one of its environments, and the way to what is live there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.model import Desired, Problem

if TYPE_CHECKING:
    from reconciler.backends import Backend
    from reconciler.project import Bundle, Environment, Overrides, Project


@dataclass(frozen=True, slots=True)
class Context:
    """A project, one of its environments, and how to talk to it. ``paths`` replace the project's manifests.

    ``on_wait`` gets a sentence, in any thread, when the server's rate limit makes the run wait.
    ``overrides`` are what the environment was opened with over the project file, to open it again elsewhere. With a
    ``bundle`` the environment declares that one, not the manifests at hand. ``today`` is where the files of a revision
    were taken from. ``instead`` is declared in place of everything that stands in files.
    """

    project: Project
    environment: Environment
    paths: tuple[Path, ...] = ()
    parallelism: int = 8
    overrides: Overrides | None = None
    on_wait: Callable[[str], None] | None = None
    bundle: Bundle | None = None
    today: Context | None = None
    instead: Desired | None = None
    read_only: bool = False
    """Nothing but reading requests may be sent, whatever is asked for."""

    @property
    def embedded(self) -> bool:
        """Whether the environment is the embedded sandbox."""
        return self.environment.endpoint.startswith("sandbox:")

    @property
    def state_folder(self) -> Path:
        """``.reconciler/`` beside the project file, the trusted one where there is one: receipts and the sandbox.

        Deleting it changes no plan.
        """
        return self.project.sources_root / ".reconciler"

    @property
    def receipts(self) -> Path:
        """The file that says, step by step, what was done to this environment from here."""
        return self.state_folder / "receipts" / f"{self.environment.name}.jsonl"


def open_context(
    start: Path | None = None,
    *,
    file: Path | None = None,
    environment: str | None = None,
    endpoint: str | None = None,
    token_env: str | None = None,
    project_name: str | None = None,
    variables: Mapping[str, str] | None = None,
    var_files: tuple[Path, ...] = (),
    paths: tuple[Path, ...] = (),
    parallelism: int = 8,
    on_wait: Callable[[str], None] | None = None,
    read_only: bool = False,
    trusted: Path | None = None,
) -> Context:
    """Find and read the project file above ``start`` and choose an environment. Raises ``ProjectError``.

    ``read_only``: whatever is done with it later, no request but a GET is sent. ``trusted``: a project file that rules
    over the one that is found, which may be anybody's; raises ``RefusedError`` for an environment that it lacks.
    """
    from reconciler.project import Overrides, load_project
    from reconciler.project.trust import require_known

    project = load_project(start or Path.cwd(), file, trusted)
    overrides = Overrides(
        endpoint=endpoint,
        token_env=token_env,
        project_name=project_name,
        vars=dict(variables or {}),
        var_files=tuple(var_files),
    )
    chosen = project.environment(environment, overrides)
    require_known(project, chosen.name)
    if project_name is not None:
        project = replace(project, name=project_name)
    return Context(project, chosen, paths, parallelism, overrides, on_wait, read_only=read_only)


def now() -> datetime:
    """The clock of the workflow, in UTC."""
    return datetime.now(UTC)


def load_desired(context: Context, at: datetime | None = None) -> Desired:
    """Everything the environment declares, now or ``at`` a moment. Raises ``ManifestError`` with all problems."""
    if context.instead is not None:
        return context.instead
    from reconciler import manifest
    from reconciler.workflow.bundles import pinned

    context = pinned(context)
    found = manifest.load(
        context.project, context.environment, paths=context.paths, at=at or now(), bundle=context.bundle
    )
    # What is due only in the future is nothing to tidy up today.
    return found if at is None else replace(found, warnings=_without_due(found.warnings))


def _without_due(warnings: tuple[Problem, ...]) -> tuple[Problem, ...]:
    return tuple(problem for problem in warnings if problem.rule != "overlay.due")


def check(context: Context, *, every_environment: bool = False) -> tuple[Problem, ...]:
    """Every problem of the manifests, errors and warnings: of one environment, or of the base and all of them."""
    from reconciler import manifest
    from reconciler.workflow.bundles import check_pins, pinned

    if every_environment:
        found = manifest.check(context.project, None, paths=context.paths, at=now())
        return found if context.paths else tuple(dict.fromkeys((*found, *check_pins(context))))
    context = pinned(context)
    return manifest.check(context.project, context.environment, paths=context.paths, at=now(), bundle=context.bundle)


def rendered(context: Context) -> str:
    """The manifests after templates and overlays, as YAML."""
    from reconciler import manifest

    return manifest.render(load_desired(context))


@contextmanager
def connect(context: Context, *, read_only: bool = False) -> Iterator[Backend]:
    """The backend of the environment; the embedded sandbox needs no port.

    Raises ``UsageError`` for a project at a revision: its folder has no tokens, and an empty sandbox.
    """
    if context.project.trust is not None:
        from reconciler.project.trust import require_known

        require_known(context.project, context.environment.name)
    if context.project.revision is not None:
        raise UsageError(f"the project is that of commit {context.project.revision}; connect with the one of today")
    from reconciler.backends import open_backend

    transport = None
    if context.embedded:
        from reconciler.sandbox import Sandbox

        context.state_folder.mkdir(parents=True, exist_ok=True)
        transport = Sandbox(sandbox_path(context)).transport()
    backend = open_backend(
        context.environment,
        base=context.project.sources_root,
        transport=transport,
        parallelism=context.parallelism,
        read_only=read_only or context.read_only,
        on_wait=context.on_wait,
    )
    try:
        yield backend
    finally:
        backend.close()


def sandbox_path(context: Context) -> Path:
    """The database of an embedded environment: one per name after ``sandbox:``."""
    name = context.environment.endpoint.removeprefix("sandbox:").strip("/") or "sandbox"
    return context.state_folder / f"{name}.db"
