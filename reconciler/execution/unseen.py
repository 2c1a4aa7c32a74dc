"""No secret is changed that the plan did not show as changed.

A plan made where a secret's source cannot be read says "not checked". If the value then turns out to differ from
the live one, whoever approved the plan did not see that: the run is refused before its first write.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.backends import Backend
from reconciler.errors import RefusedError, SecretError
from reconciler.execution.bodies import SECRET, with_secrets
from reconciler.kinds.secrets import signing_secret_problem
from reconciler.model import Path, Plan, Step, Tree, render_path

SIGNING = "signingSecret"
MAKE_ONE = 'make one: echo "whsec_$(openssl rand -base64 32)"'


def check_signing(plan: Plan, secrets: Mapping[str, str]) -> None:
    """Raise ``SecretError`` for a signing secret that the server would answer with an empty 500; never shows it."""
    for step in plan.steps:
        if step.body is None or SECRET not in _keys(step.body.get(SIGNING)):
            continue
        value = with_secrets({SIGNING: step.body[SIGNING]}, secrets)[SIGNING]
        if reason := signing_secret_problem(str(value)):
            raise SecretError(f"{step.address}: the value of its {SIGNING} cannot be used: {reason}", tip=MAKE_ONE)


def _keys(value: Tree) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, Mapping) else ()


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
            reason="secret-differs",
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
