"""Under a trusted project file: which secrets the manifests of a pull request may name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from reconciler.errors import RefusedError
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Desired, Path, Plan, Problem, Tree, render_path
from reconciler.planning.secrets import has_secrets, is_source

if TYPE_CHECKING:
    from reconciler.project import Project, SecretSource

_HOW = "the trusted project does not list it under `secrets`"


def unlisted(project: Project, desired: Desired) -> tuple[Problem, ...]:
    """A warning for every source that a manifest names and may not: it is not read, so nothing is compared."""
    return tuple(_unlisted(project, desired)) if project.trust is not None else ()


def _unlisted(project: Project, desired: Desired) -> Iterator[Problem]:
    from reconciler.project import SecretSource

    for address, resource in desired.resources.items():
        if not has_secrets(KINDS[address.kind].shape):
            continue
        for path, tree in _sources(resource.spec):
            source = SecretSource.parse(tree)
            if not project.may_name(source):
                message = f"{address}: the {source} of `{render_path(path)}` is not read: {_HOW}"
                place = resource.source.locate(path)
                yield Problem("project.unlisted_secret", message, place, "warning", address=address)


def require_named(project: Project, sources: Iterable[SecretSource], address: Address | None = None) -> None:
    """Refuse secrets that a manifest names and may not: raises ``RefusedError``."""
    wrong = dict.fromkeys(str(source) for source in sources if not project.may_name(source))
    if wrong:
        where = f"{address} names" if address else "a manifest names"
        raise RefusedError(
            f"{where} the {', the '.join(wrong)}, and {_HOW}",
            tip="list it in the project file of the base branch first, with a review of its own",
            reason="untrusted",
        )


def require_listed(project: Project, made: Plan) -> None:
    """Refuse a plan that would send a secret which its manifests may not name. Raises ``RefusedError``."""
    from reconciler.project import SecretSource

    if project.trust is None:
        return
    for step in made.steps:
        found = (tree["$secret"] for _, tree in _maps(step.body or {}) if "$secret" in tree)
        require_named(project, (SecretSource.parse(tree) for tree in found if isinstance(tree, Mapping)), step.address)


def _sources(tree: Tree) -> Iterator[tuple[Path, Mapping[str, Tree]]]:
    return ((path, found) for path, found in _maps(tree) if is_source(found))


def _maps(tree: Tree, path: Path = ()) -> Iterator[tuple[Path, Mapping[str, Tree]]]:
    """Every map in a tree, outermost first."""
    if isinstance(tree, Mapping):
        yield path, tree
        for name, value in tree.items():
            yield from _maps(value, (*path, name))
    elif isinstance(tree, list | tuple):
        for index, value in enumerate(tree):
            yield from _maps(value, (*path, index))
