"""Snapshots: the live catalogue taken into a file, and planned against without a network and without a secret.

A pull request of a fork gets no token. With a snapshot that the base branch's own run took it gets the whole plan all
the same; what is applied is planned again, against what is live then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import SnapshotError
from reconciler.kinds.registry import KINDS
from reconciler.model import Desired, Problem, Snapshot
from reconciler.version import VERSION
from reconciler.workflow.context import Context, connect, load_desired, now

if TYPE_CHECKING:
    from reconciler.backends import Backend
    from reconciler.backends.snapshot import SnapshotBackend


def take_snapshot(context: Context) -> Snapshot:
    """Everything that a plan of this environment may need, read now. Writes nothing.

    No secret is in it, and of customers only counts. Raises ``RefusedError`` where another namespace answers than the
    environment names, ``ManifestError`` where the manifests cannot be read.
    """
    from reconciler.workflow.bundles import pinned

    context = pinned(context)
    desired = load_desired(context)
    with connect(context, read_only=True) as backend:
        return read_snapshot(context, desired, backend)


def read_snapshot(context: Context, desired: Desired, backend: Backend) -> Snapshot:
    """The same over an open backend."""
    from reconciler.backends.snapshot import questions_of
    from reconciler.backends.snapshotfile import digested
    from reconciler.backends.unsecret import Plain, without_secrets
    from reconciler.workflow.plans import require_identity, rfc3339

    seen = backend.observe(KINDS, everything=True, named=desired.resources)
    require_identity(context, seen.identity)
    answers = backend.ask(sorted(questions_of(seen, desired.resources)))
    shown = without_secrets(seen, Plain.of(desired.resources.values()))
    return digested(
        Snapshot(
            project=context.project.name,
            environment=context.environment.name,
            api=context.environment.api,
            created_at=rfc3339(now().replace(microsecond=0)),
            tool=f"reconciler {VERSION}",
            observation=replace(shown, answers=answers, requests=0, seconds=0.0),
            looked_for=frozenset(address for address in desired.resources if address.kind in seen.capped),
        )
    )


def dump_snapshot(snapshot: Snapshot) -> str:
    """A snapshot as the text of its file."""
    from reconciler.backends.snapshotfile import dumps

    return dumps(snapshot)


def load_snapshot(path: Path) -> Snapshot:
    """Read a snapshot. Raises ``SnapshotError`` where it cannot be read, is damaged, or is of a newer format."""
    from reconciler.backends.snapshotfile import loads

    try:
        return loads(path.read_text("utf-8"), str(path))
    except OSError as error:
        raise SnapshotError(
            f"the snapshot {path} cannot be read: {error.strerror}",
            tip="`reconciler snapshot -e ENV -o FILE` makes one",
        ) from None
    except UnicodeDecodeError:
        raise SnapshotError(f"{path} is no snapshot: it is not text") from None


def require_fitting(context: Context, snapshot: Snapshot) -> None:
    """Refuse a snapshot of anything else than what is planned for: raises ``SnapshotError``."""
    environment, project, seen = context.environment, context.project, snapshot.observation
    of, here = _told(snapshot), environment.name
    if snapshot.project not in (project.name, *project.former_names):
        raise SnapshotError(f"{of} is of the project {snapshot.project}, and this is {project.name}")
    if snapshot.environment != here:
        raise SnapshotError(f"{of} is of the environment {snapshot.environment}, not of {here}")
    if environment.identity is not None and seen.identity != environment.identity:
        raise SnapshotError(
            f"{of} is of the namespace {seen.identity or 'without a billing profile'}, and {here} is pinned to "
            f"{environment.identity}"
        )
    if seen.endpoint.rstrip("/") != environment.endpoint.rstrip("/"):
        raise SnapshotError(f"{of} was taken at {seen.endpoint}, and {here} is at {environment.endpoint}")
    if snapshot.api != environment.api:
        raise SnapshotError(f"{of} was read through API {snapshot.api}, and {here} speaks {environment.api}")


def against(snapshot: Snapshot, desired: Desired) -> SnapshotBackend:
    """The backend that a plan of these manifests asks instead of a server."""
    from reconciler.backends.snapshot import SnapshotBackend
    from reconciler.backends.unsecret import Plain

    return SnapshotBackend(snapshot, Plain.of(desired.resources.values()))


def remarks(
    context: Context, snapshot: Snapshot, backend: SnapshotBackend, desired: Desired, moment: datetime
) -> tuple[Problem, ...]:
    """What whoever reads a plan from a snapshot has to know: that it is old, and what could not be looked at."""
    return (*_age(context, snapshot, moment), *_assumed(backend, desired), *_unchecked(backend))


def _age(context: Context, snapshot: Snapshot, moment: datetime) -> Iterator[Problem]:
    taken = datetime.fromisoformat(snapshot.created_at)
    if moment - taken > context.environment.plan_valid_for:
        hours = context.environment.plan_valid_for.total_seconds() / 3600
        message = (
            f"{_told(snapshot)} was taken at {snapshot.created_at}, longer ago than a plan of "
            f"{context.environment.name} is valid ({hours:g} h): much may have moved since"
        )
        yield Problem("snapshot.old", message, severity="warning")


def _assumed(backend: SnapshotBackend, desired: Desired) -> Iterator[Problem]:
    for address in sorted(backend.assumed):
        resource = desired.resources.get(address)
        message = (
            f"{address} is in no list of the snapshot and was not declared yet when that was taken, so it is taken to "
            "be absent; whether an object that no list shows has its key is found out before it is applied"
        )
        place = resource.location if resource else None
        yield Problem("snapshot.assumed", message, place, severity="warning", address=address)


def _unchecked(backend: SnapshotBackend) -> Iterator[Problem]:
    if backend.unchecked:
        names = ", ".join(sorted(backend.unchecked))
        message = (
            f"the webhook address of {names} holds what looks like a credential, which a snapshot leaves out: "
            "that part is not checked"
        )
        yield Problem("snapshot.unchecked", message, severity="warning")


def _told(snapshot: Snapshot) -> str:
    return f"the snapshot sha256:{snapshot.digest[:12]}"
