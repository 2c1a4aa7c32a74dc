"""A project file that somebody trusted wrote, over the one of a pull request.

Whoever opens a pull request may write anything into ``reconciler.yaml``. Under ``--trusted-project FILE``, the base
branch's file, what decides over the pull request comes from there: where requests go and with which credentials, which
secrets may be read, limits, protection and policy. What the catalogue itself says stays the pull request's: that is
what it is about.

Every field is on one of two lists; one that is on none is taken from the trusted file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from reconciler.errors import RefusedError, UsageError
from reconciler.model import Location, Policy, Problem
from reconciler.project.git import tracked
from reconciler.project.loading import find_project_file, read_project
from reconciler.project.rules import TRUST
from reconciler.project.values import SANDBOX, DeclaredEnvironment, Given, Project, Trust

OWN = frozenset(("apiVersion", "kind", "manifests", "variables", "environments", "description"))
"""Fields of the project that are the catalogue's own business: the pull request's file says them."""
TRUSTED = frozenset(("name", "formerNames", "protect", "defaultEnvironment", "teams", "secrets"))
"""Fields of the project that the trusted file says; ``protect`` may get longer, never shorter."""
OWN_OF_ENVIRONMENT = frozenset(
    ("apiVersion", "kind", "name", "extends", "description", "vars", "varFiles", "overlays", "bundle")
)
"""The same of an environment. ``extends`` counts for these fields only."""
TRUSTED_OF_ENVIRONMENT = frozenset(
    ("abstract", "endpoint", "api", "token", "headers", "insecure", "identity", "protected", "adopt", "prune", "limits",
     "policy", "freeze", "soak", "promotesFrom", "planValidFor")
)  # fmt: skip


def under_trust(start: Path, file: Path | None, trusted: Path) -> Project:
    """The project at hand as far as it may say anything, and the trusted one for the rest.

    ``project.trust`` tells later rooms to be careful. What was ignored is in the warnings of the project and of its
    environments. Raises ``ProjectError`` for problems of either file, ``UsageError`` where one is missing or both are
    the same.
    """
    found = file or find_project_file(start)
    for path, what in ((found, "project file here"), (trusted, f"trusted project file {trusted}")):
        if path is None or not path.is_file():
            raise UsageError(f"there is no {what}", tip="--trusted-project rules over a project file, and needs both")
    assert found is not None
    if found.resolve() == trusted.resolve():
        raise UsageError(
            f"{trusted} is the project file at hand itself, so nothing would be trusted",
            tip="check out the base branch into another folder, and name the file there",
        )
    trust = _trust(found.absolute().parent, trusted.absolute().parent)
    own = read_project(found, holds=trust.holds)
    return merged(own, _told_of(read_project(trusted, shown_from=own.root), own.root), trust)


def _told_of(base: Project, root: Path) -> Project:
    """Its policy with lines as they are called in its own repository: nobody can look into a runner's folder."""
    environments = {
        name: replace(one, policy=_policy(one.policy, base, root)) for name, one in base.environments.items()
    }
    return replace(base, environments=environments)


def _policy(policy: Policy, base: Project, root: Path) -> Policy:
    folder = os.path.normpath(base.root)

    def named(location: Location) -> Location:
        path = Path(os.path.normpath(root / location.file))
        return replace(location, file=path.relative_to(folder).as_posix()) if path.is_relative_to(folder) else location

    classes = {name: replace(needs, location=named(needs.location)) for name, needs in policy.classes.items()}
    return Policy(classes, tuple(replace(rule, location=named(rule.location)) for rule in policy.rules))


def _trust(root: Path, other: Path) -> Trust:
    """Where the files at hand may lie: the whole repository, less the trusted folder where that lies in it."""
    from reconciler.project.values import ManifestSecrets

    here, there = root.resolve(), other.resolve()
    inside = next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), None)
    closed = () if here.is_relative_to(there) else (there,)
    return Trust(there, ManifestSecrets(), inside or here, closed, tracked=tracked(inside) if inside else None)


def merged(own: Project, base: Project, trust: Trust) -> Project:
    """The trusted project with what the one at hand may say."""
    environments = {name: _environment(own.environments[name], base) for name in own.environments}
    new = frozenset(name for name in environments if name not in base.environments and name != SANDBOX)
    kept = tuple(dict.fromkeys((*base.protect, *own.protect)))
    return replace(
        base,
        root=own.root,
        file=own.file,
        manifests=own.manifests,
        variables=own.variables,
        environments=environments,
        bases=own.bases,
        protect=kept,
        trust=replace(trust, secrets=base.secrets, new=new),
        warnings=(*_kept(own.warnings), *base.warnings, *_of_project(own, base, new)),
    )


def _environment(own: DeclaredEnvironment, base: Project) -> DeclaredEnvironment:
    """What the file at hand says of the catalogue; everything else is trusted, or nothing at all."""
    rules = base.environments.get(own.name) or DeclaredEnvironment(
        own.name, f"{SANDBOX}:" if own.name == SANDBOX else ""
    )
    return replace(
        rules,
        location=own.location,
        vars=own.vars,
        var_files=own.var_files,
        overlays=own.overlays,
        bundle=own.bundle,
        description=own.description,
        warnings=(*rules.warnings, *_ignored(own, rules)),
    )


def _kept(warnings: tuple[Problem, ...]) -> Iterator[Problem]:
    """Without what is said of an address that does not count."""
    return (warning for warning in warnings if warning.rule not in ("project.http", "project.insecure"))


def _of_project(own: Project, base: Project, new: frozenset[str]) -> Iterator[Problem]:
    for name in sorted(TRUSTED):
        mine, theirs = own.written.get(name), base.written.get(name)
        longer = name == "protect" and set(base.protect) <= set(own.protect)
        if _said(mine) != _said(theirs) and not longer:
            yield _problem(name, "", mine, theirs, Location(_name_of(own), 1))
    for name in sorted(new):
        message = f"the environment {name} is not in the trusted project: it is only checked until it is merged"
        yield Problem(TRUST.id, message, own.environments[name].location, "warning")
    for name in sorted(base.environments.keys() - own.environments.keys()):
        message = (
            f"the environment {name} of the trusted project ({base.environments[name].location}) is not here any more"
        )
        yield Problem(TRUST.id, message, Location(_name_of(own), 1), "warning")


def _ignored(own: DeclaredEnvironment, rules: DeclaredEnvironment) -> Iterator[Problem]:
    """One warning for each field that the file at hand has otherwise, and may not; a new one is told as a whole."""
    if not rules.endpoint:
        return
    for name in sorted({*own.written, *rules.written} - OWN_OF_ENVIRONMENT):
        mine, theirs = own.written.get(name), rules.written.get(name)
        if not name.startswith("x-") and _said(mine) != _said(theirs):
            yield _problem(name, f" of {own.name}", mine, theirs, own.location)


def _problem(name: str, of: str, mine: Given | None, theirs: Given | None, place: Location | None) -> Problem:
    here = mine.location if mine else place
    if theirs is None:
        message = f"`{name}`{of} is ignored: the trusted project says nothing of it"
    elif mine is None:
        message = f"`{name}`{of} is taken from the trusted project ({theirs.location}), though it is not here"
    else:
        message = f"`{name}`{of} is taken from the trusted project ({theirs.location}), not from {here}"
    return Problem(TRUST.id, message, here, "warning")


def _said(given: Given | None) -> object:
    return given.value if given else None


def _name_of(project: Project) -> str:
    return project.file.name if project.file else ""


def require_known(project: Project, name: str) -> None:
    """Refuse an environment that only an untrusted file has: raises ``RefusedError``."""
    if project.trust is not None and name in project.trust.new:
        raise RefusedError(
            f"the environment {name} is not in the trusted project, so nobody trusted said where it is",
            tip=f"merge `environments: {{{name}: …}}` first; until then `reconciler validate` checks it; once it is "
            "merged, a run that is started by hand trusts the checkout itself",
            reason="untrusted",
        )
