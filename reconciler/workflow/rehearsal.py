"""Trying a plan out before anybody approves it: its steps on a copy in memory of what was observed.

What the copy refuses the server would refuse, as far as the sandbox knows the server. Nothing is sent to the target
and no secret is read: each is stood in for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import RehearsalError
from reconciler.kinds.registry import KINDS
from reconciler.model import (
    IMPOSSIBLE,
    Action,
    Address,
    Desired,
    Location,
    Observation,
    Plan,
    Refusal,
    Rehearsal,
    Report,
    StepResult,
)
from reconciler.planning import paths
from reconciler.planning.options import PlanOptions, no_secret
from reconciler.planning.verify import verify
from reconciler.workflow.answers import answered

if TYPE_CHECKING:
    from reconciler.backends import Backend
    from reconciler.project import Environment

_IN_MEMORY = "sandbox:rehearsal"
_PATH = re.compile(r"[A-Za-z]+(?:\.[A-Za-z]+|\[[^\]]+\])*")


def rehearse(
    made: Plan, desired: Desired, observation: Observation, options: PlanOptions, environment: Environment
) -> Rehearsal:
    """Run the plan's steps on a copy of what was observed, read back, and plan a second time.

    What people still have to agree on does not matter: consents, notice, limits, freeze windows, a policy's own rules.
    Left out is what the live catalogue does not let through, with all that needs it. Raises ``RehearsalError`` where
    what was observed is nothing that the sandbox could show.
    """
    from reconciler.backends import open_backend
    from reconciler.workflow.likeness import likeness

    tried, left_out = _allowed(made)
    try:
        sandbox = likeness(observation, desired, made)
    except ValueError as error:
        raise RehearsalError(f"the plan cannot be rehearsed on what was read: {error}") from error
    inside = replace(environment, endpoint=_IN_MEMORY, token=None, headers={})
    backend = open_backend(inside, base=Path(), transport=sandbox.transport(), parallelism=1)
    try:
        report = _run(tried, backend)
        refusals = tuple(_refusals(report, desired))
        differences = () if refusals else _differences(report, desired, options, backend, left_out)
    finally:
        backend.close()
        sandbox.close()
    return Rehearsal(
        accepted=report.count("done"),
        total=len(tried.steps),
        refusals=refusals,
        second_empty=None if refusals else not differences,
        differences=differences,
        left_out=tuple(sorted(left_out)),
    )


def _allowed(made: Plan) -> tuple[Plan, frozenset[Address]]:
    """The plan without what the live catalogue does not let through, and without what needs a step of that."""
    blocked = {guard.address for guard in made.open_guards if guard.code in IMPOSSIBLE}
    out: set[str] = set()
    for step in made.steps:
        if step.address in blocked or out.intersection(step.after):
            out.add(step.id)
    steps = tuple(step for step in made.steps if step.id not in out)
    addresses = {step.address for step in made.steps if step.id in out} | {item for item in blocked if item}
    # Whether a secret differs from the live one, which the plan could not see, is nothing a copy could tell.
    return replace(made, steps=steps, write_secrets=True), frozenset(addresses)


def _run(tried: Plan, backend: Backend) -> Report:
    """One step after the other, so that it ends the same way every time."""
    from reconciler.execution import apply
    from reconciler.workflow.likeness import stand_in_for

    return apply(tried, backend, reveal=stand_in_for, parallelism=1, catalog_writes=1)


def _refusals(report: Report, desired: Desired) -> Iterator[Refusal]:
    places = {change.address: change.location for change in report.plan.changes}
    for result in report.results:
        if result.state in ("failed", "sent-unknown"):
            step = result.step
            message = _said(result)
            place = _place(step.address, message, desired) or places.get(step.address)
            yield Refusal(step.id, step.address, message, place, result.status)


def _said(result: StepResult) -> str:
    return (result.error or "refused without a reason").removeprefix(f"{result.step.address}: ")


def _place(address: Address, message: str, desired: Desired) -> Location | None:
    """Where the first field that the message names is declared."""
    resource = desired.resources.get(address)
    if resource is None:
        return None
    fields = KINDS[address.kind].shape.fields
    for text in _PATH.findall(message):
        path = paths.parse(text)
        if path[0] in fields and (len(path) > 1 or f"`{text}`" in message):
            return resource.source.locate(path)
    return resource.location


def _differences(
    report: Report, desired: Desired, options: PlanOptions, backend: Backend, left_out: frozenset[Address]
) -> tuple[str, ...]:
    """What is not as it was meant, and what a second plan would do; nothing where all is well."""
    tried = report.plan
    named = (*desired.resources, *(seen.address for seen in tried.observed))
    observation = backend.observe(KINDS, everything=tried.mode == "destroy", named=named)
    created = {
        f"{result.step.address}#id": result.created_id
        for result in report.results
        if result.created_id is not None and result.step.verb == "create"
    }
    wrong = [mismatch.message for mismatch in verify(tried, observation, created, left_out)]
    again = replace(options, reveal=no_secret, write_secrets=False)
    second, _ = answered(backend, desired, observation, again)
    # What may be refused is tried by every plan.
    expected = left_out | {step.address for step in second.steps if step.may_refuse}
    left = [
        f"{change.address}: a second plan would still {change.action.value.replace('_', ' ')} it"
        for change in second.changes
        if change.action is not Action.NO_CHANGE and change.address not in expected
    ]
    return (*wrong, *left)
