"""Choosing an environment and resolving its variables by precedence.

Lowest first: default · the environment's ``vars`` · its ``varFiles`` in order · ``--var-file`` · ``--var``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from reconciler.errors import ProjectError, UsageError
from reconciler.model import Problem
from reconciler.project.building import Reading
from reconciler.project.endpoints import check_endpoint, is_insecure
from reconciler.project.inheritance import elsewhere
from reconciler.project.loading import in_order
from reconciler.project.secrets import SecretSource
from reconciler.project.values import SANDBOX, DeclaredEnvironment, Environment, Given, Overrides, Project, Value
from reconciler.project.variables import convert
from reconciler.reading.suggest import did_you_mean
from reconciler.reading.tree import Map
from reconciler.reading.yaml import Reader

ADHOC = "adhoc"
"""The environment of a bare ``--endpoint`` where no other is the default: an address is not the sandbox."""


def choose(project: Project, name: str | None, overrides: Overrides) -> Environment:
    """One environment, ready to use. See ``Project.environment``."""
    declared = _declared(project, name, overrides)
    problems: list[Problem] = []
    given = _given(project, declared, overrides, problems)
    variables = _resolve(project, given, problems)
    if problems:
        raise ProjectError(in_order(problems))
    warnings = list(declared.warnings)
    if overrides.endpoint is not None and is_insecure(declared.endpoint):
        warnings.append(Problem("project.http", "http:// to another machine: anybody between can read and change it",
                                severity="warning"))  # fmt: skip
    return Environment(
        name=declared.name,
        endpoint=declared.endpoint,
        api=declared.api,
        identity=declared.identity,
        token=declared.token,
        headers=declared.headers,
        variables=variables,
        overlays=declared.overlays,
        limits=declared.limits,
        prune=declared.prune,
        adopt=declared.adopt,
        protected=declared.protected,
        promotes_from=declared.promotes_from,
        bundle=declared.bundle,
        soak=declared.soak,
        freeze=declared.freeze,
        policy=declared.policy,
        plan_valid_for=declared.plan_valid_for,
        warnings=tuple(warnings),
    )


def _declared(project: Project, name: str | None, overrides: Overrides) -> DeclaredEnvironment:
    from dataclasses import replace

    if name is None and overrides.endpoint is not None and project.default_environment == SANDBOX:
        found = DeclaredEnvironment(ADHOC, "")
    else:
        found = _named(project, name or project.default_environment)
    if overrides.endpoint is not None:
        if reason := check_endpoint(overrides.endpoint):
            raise UsageError(reason)
        address = overrides.endpoint.rstrip("/") if overrides.endpoint.startswith("http") else overrides.endpoint
        found = elsewhere(found, address)
    if overrides.token_env is not None:
        found = replace(found, token=SecretSource(env=overrides.token_env))
    return found


def _named(project: Project, name: str) -> DeclaredEnvironment:
    if name in project.environments:
        return project.environments[name]
    if name == SANDBOX:
        return DeclaredEnvironment(SANDBOX, "sandbox:")
    if name in project.bases:
        heirs = [one.name for one in project.environments.values() if one.extends == name]
        tip = f"it is extended by {', '.join(heirs)}" if heirs else None
        raise UsageError(f"the environment `{name}` is abstract: it is only there to be extended", tip=tip)
    known = sorted({*project.environments, SANDBOX})
    raise UsageError(
        f"there is no environment `{name}`{did_you_mean(name, known)}", tip=f"environments: {', '.join(known)}"
    )


def _given(
    project: Project, declared: DeclaredEnvironment, overrides: Overrides, problems: list[Problem]
) -> Iterator[tuple[str, Given, bool]]:
    """Every value of a variable, lowest precedence first, and whether it is text of a command line."""
    for name, given in declared.vars.items():
        yield name, given, False
    for name in declared.var_files:
        for variable, given in _from_file(project, project.root / name, problems, project.may_read).items():
            yield variable, given, False
    for path in overrides.var_files:
        for variable, given in _from_file(project, path, problems).items():
            yield variable, given, False
    for name, text in overrides.vars.items():
        yield name, Given(text, None, "--var"), True


def _from_file(
    project: Project, path: Path, problems: list[Problem], holds: Callable[[Path], bool] | None = None
) -> Mapping[str, Given]:
    reading = Reading(Reader(), project.root, holds=holds)
    tree = reading.single(path.absolute(), "a file of variables")
    problems += reading.problems
    if not isinstance(tree, Map):
        return {}
    return {
        name: Given(value, reading.location(tree.entry_marks(name)[1]), reading.relative(path.absolute()))
        for name, value in tree.items()
        if not name.startswith("x-")
    }


def _resolve(project: Project, given: Iterator[tuple[str, Given, bool]], problems: list[Problem]) -> dict[str, Value]:
    values: dict[str, Value] = {
        name: variable.default for name, variable in project.variables.items() if variable.default is not None
    }
    for name, value, text in given:
        declared = project.variables.get(name)
        if declared is None:
            hint = did_you_mean(name, project.variables)
            message = f"variable `{name}` ({value.origin}) is not declared{hint}"
            problems.append(Problem("project.variable", message, value.location))
            continue
        found, reason = convert(declared, value.value, text=text)
        if reason or found is None:
            problems.append(Problem("project.variable", f"{reason} ({value.origin})", value.location))
        else:
            values[name] = found
    return values
