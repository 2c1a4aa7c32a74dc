"""No secret is changed that the plan did not show as changed.

A plan made where a secret's source cannot be read says "not checked". If the value then turns out to differ from
the live one, whoever approved the plan did not see that: the run is refused before its first write.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.backends import Backend
from reconciler.errors import RefusedError
from reconciler.execution.bodies import SECRET, with_secrets
from reconciler.model import Path, Plan, Step, Tree, render_path


def check_secrets(plan: Plan, backend: Backend, secrets: Mapping[str, str]) -> None:
    """Raise ``RefusedError`` for a secret that would change although no field of the plan says so.

    Reads each object whose update carries a secret that the plan does not show as changed; a plan made to write
    secrets is not checked.
    """
    if plan.write_secrets:
        return
    shown = {change.address: {field.path for field in change.fields} for change in plan.changes}
    for step in plan.steps:
        if step.method != "PUT" or step.body is None or "{" in step.path:
            continue
        seen = shown.get(step.address, set())
        unseen = [path for path in _secret_paths(step.body) if not _is_shown(path, seen)]
        if unseen:
            _compare(step, unseen, with_secrets(step.body, secrets), backend.perform("GET", step.path).body or {})


def _is_shown(path: Path, shown: set[str]) -> bool:
    """Whether the plan shows a change there: of the value, or of all it stands in."""
    return any(render_path(path[:length]) in shown for length in range(1, len(path) + 1))


def _compare(step: Step, paths: list[Path], ours: Tree, live: Tree) -> None:
    differing = [render_path(path) for path in paths if _at(ours, path) != _at(live, path)]
    if differing:
        raise RefusedError(
            f"{step.address}: {', '.join(differing)} differs from the live value, which the plan could not see",
            tip="make the plan where the secret's source can be read, or with --write-secrets",
        )


def _secret_paths(tree: Tree, here: Path = ()) -> Iterator[Path]:
    if not isinstance(tree, Mapping):
        return
    if len(tree) == 1 and SECRET in tree:
        yield here
        return
    for name, value in tree.items():
        yield from _secret_paths(value, (*here, name))


def _at(tree: Tree, path: Path) -> Tree:
    for part in path:
        tree = tree.get(str(part)) if isinstance(tree, Mapping) else None
    return tree
