"""Looking at environments: what the project says of them, and what is really behind their addresses."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError
from reconciler.kinds.registry import KINDS
from reconciler.model import EnvironmentCheck, LastRun, Observation
from reconciler.workflow.context import Context, connect
from reconciler.workflow.live import LiveRow, declared_or_nothing, live_rows

if TYPE_CHECKING:
    from reconciler.project import EnvironmentFacts, Project

_SIDE_BY_SIDE = 8
"""How many environments are read at once: most of the time is waiting for somebody else's server."""


def list_environments(project: Project) -> tuple[EnvironmentFacts, ...]:
    """Every environment of a project as it is written, without a network and without reading a secret."""
    from reconciler.project import environments_of

    return environments_of(project)


def check_environments(
    project: Project, names: Sequence[str | None], opened: Callable[[str | None], Context]
) -> tuple[EnvironmentCheck, ...]:
    """Look at several environments side by side; ``opened`` gives the context of a name, or of the default one.

    Nothing is written.
    An environment that cannot be opened or read is in the result with its error; the others are looked at all the same.
    """
    with ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="reconciler-env") as pool:
        found = tuple(pool.map(lambda name: _checked(project, name, opened), names))
    return tuple(replace(one, same_as=_twins(one, found)) for one in found)


def _checked(project: Project, name: str | None, opened: Callable[[str | None], Context]) -> EnvironmentCheck:
    declared = project.environments.get(name or project.default_environment)
    known = EnvironmentCheck(name or project.default_environment, declared.endpoint if declared else "")
    try:
        context = opened(name)
        environment = context.environment
        known = replace(
            known,
            name=environment.name,
            endpoint=environment.endpoint,
            protected=environment.protected,
            pinned=environment.identity,
            withheld=declared.withheld if declared else (),
            last_run=last_run(context) if declared is None or declared.endpoint == environment.endpoint else None,
        )
        return check_environment(context, known)
    except ReconcilerError as error:
        return replace(known, error=error.message, tip=error.tip, failure=error.exit_code)


def check_environment(context: Context, known: EnvironmentCheck) -> EnvironmentCheck:
    """What is live in one environment, whose it is, and which namespace that is. Raises ``BackendError``."""
    desired = declared_or_nothing(context)
    with connect(context, read_only=True) as backend:
        observation = backend.observe(KINDS, named=desired.resources)
        requests = backend.requests
    rows = [row for row in live_rows(context, desired, observation) if row.state != "archived"]
    return replace(
        known,
        identity=observation.identity,
        requests=requests,
        counts=_counts(rows, observation),
        others=dict(sorted(Counter(row.project or "?" for row in _once(rows) if row.claim == "foreign").items())),
    )


def pin_environments(project: Project, found: Iterable[EnvironmentCheck]) -> tuple[EnvironmentCheck, ...]:
    """Write the identity of what answers into the file of each environment that was read and names none yet.

    One that names another namespace stays as it is: whether that is a mistake is for people to decide. An embedded
    sandbox is pinned only where it is protected.
    """
    return tuple(_pinned(project, one) if _is_open(one) else one for one in found)


def _is_open(one: EnvironmentCheck) -> bool:
    return one.reachable and one.pinned is None and (one.protected or not one.embedded)


def _pinned(project: Project, one: EnvironmentCheck) -> EnvironmentCheck:
    from reconciler.project import pin

    if one.identity is None:
        return replace(one, not_written="it has no billing profile, so nothing tells which namespace it is")
    try:
        place = pin(project, one.name, one.identity)
    except ReconcilerError as error:
        return replace(one, not_written=error.message)
    return replace(one, pinned=one.identity, written_to=str(place))


def _counts(rows: Iterable[LiveRow], observation: Observation) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in _once(rows):
        found[row.kind][row.claim] += 1
    return {kind: dict(found[kind]) for kind in observation.objects if kind in found}


def _once(rows: Iterable[LiveRow]) -> list[LiveRow]:
    """Each object once, however many versions of it there are; the newest version is first and speaks for it."""
    first: dict[tuple[str, str], LiveRow] = {}
    for row in rows:
        first.setdefault((row.kind, row.key if row.version is not None and row.key else row.id), row)
    return list(first.values())


def _twins(one: EnvironmentCheck, found: Iterable[EnvironmentCheck]) -> tuple[str, ...]:
    """The other environments that lead to the same namespace: what is applied to one changes them too."""
    if one.identity is None:
        return ()
    return tuple(other.name for other in found if other.name != one.name and other.identity == one.identity)


def last_run(context: Context) -> LastRun | None:
    """What the receipts on this machine say of the last run; ``left`` where it was cut off, or goes on still."""
    from reconciler.execution import history

    return history.last_run(context.receipts)
