"""Live against declared: what moved outside, and putting back what is not money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.errors import UsageError
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Desired, Drift, Guard, Observation, Plan, PlanSource, TeamConsent
from reconciler.planning.drift import Side, drift
from reconciler.planning.healing import healable
from reconciler.planning.options import PlanOptions
from reconciler.policy import frozen
from reconciler.version import VERSION
from reconciler.workflow.answers import answered
from reconciler.workflow.context import Context, connect, load_desired, now
from reconciler.workflow.judging import consents_for, judged_by
from reconciler.workflow.plans import require_identity, rfc3339, stamped, with_consequences
from reconciler.workflow.requests import PlanRequest, options_for, with_dependencies
from reconciler.workflow.revisions import at_revision, is_revision

if TYPE_CHECKING:
    from reconciler.backends import Backend

_WHOLE = ("apply", "promote", "rollback")
"""The runs after which a whole catalogue is as it was declared."""


@dataclass(frozen=True, slots=True)
class DriftRequest:
    """What drift is looked for. ``base``: what was last applied, a git revision, or a file: plan, report, receipts.

    ``targets`` and ``excludes`` are patterns over ``Kind/key``.
    """

    base: str | None = None
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    prune: bool | None = None

    @property
    def planning(self) -> PlanRequest:
        """The same scope, as a plan is asked for."""
        return PlanRequest(targets=self.targets, excludes=self.excludes, prune=self.prune)


@dataclass(frozen=True, slots=True)
class Finding:
    """Drift with everything it was found with, for what comes after it."""

    drift: Drift
    desired: Desired
    observation: Observation
    options: PlanOptions


def find_drift(context: Context, request: DriftRequest = DriftRequest()) -> Drift:
    """What is live and not as declared. Writes nothing. Raises ``UsageError`` for a base that is none."""
    with connect(context, read_only=True) as backend:
        return look(context, backend, request).drift


def look(context: Context, backend: Backend, request: DriftRequest) -> Finding:
    """Drift over an open backend."""
    desired = load_desired(context)
    base = _base(context, request.base) if request.base else None
    named = {**(base[0].resources if base else {}), **desired.resources}
    observation = backend.observe(KINDS, named=named)
    require_identity(context, observation.identity)
    options = options_for(context, desired, request.planning, (), "apply")
    made, observation = answered(backend, desired, observation, options)
    before: Side | None = None
    if base is not None:
        everything = replace(options, only=None)
        then, observation = answered(backend, base[0], observation, everything)
        before = Side(base[0], then)
    found = drift(Side(desired, made), observation, options, before)
    return Finding(_stamped(context, desired, found, base[1] if base else None), desired, observation, options)


def _stamped(context: Context, desired: Desired, found: Drift, base: str | None) -> Drift:
    from reconciler.project import git_facts

    facts = git_facts(context.project.root)
    return replace(
        found,
        base=base,
        source=PlanSource(desired.digest, facts.commit, facts.dirty),
        tool=f"reconciler {VERSION}",
        created_at=rfc3339(now().replace(microsecond=0)),
    )


def _base(context: Context, text: str) -> tuple[Desired, str]:
    """What was declared then, and a name for it."""
    path = Path(text)
    if is_revision(context, text):
        return _declared_at(context, text), f"revision {text}"
    if not path.is_file():
        raise UsageError(
            f"`{text}` is neither a git revision nor a file",
            tip="--base takes what was last applied: a commit, a branch, a tag, or a plan or report file",
        )
    body = _saved(path)
    source, name = body.get("source"), body.get("environment")
    if name != context.environment.name:
        raise UsageError(f"{path} is about the environment {name}, not about {context.environment.name}")
    commit = (source.get("revision") or source.get("commit")) if isinstance(source, dict) else None
    if not isinstance(source, dict) or not isinstance(commit, str):
        raise UsageError(f"{path} does not say which commit it was made from", tip="give a git revision as --base")
    desired = _declared_at(context, commit, _moment(body))
    if source.get("manifests") != desired.digest:
        _require_exact(path, source)
    return desired, f"{text}, made at commit {commit[:7]}"


def _require_exact(path: Path, source: Mapping[str, Any]) -> None:
    """Raises ``UsageError`` where something else was applied than what the commit declares."""
    if source.get("bundle"):
        reason = f"the bundle {str(source['bundle'])[:12]}, which is not what its commit declares"
    elif source.get("dirty") and not source.get("revision"):
        reason = "manifests that were not committed, so git does not have them"
    else:
        return
    raise UsageError(f"{path} was made from {reason}", tip="give the git revision that was applied as --base")


def _moment(body: Mapping[str, Any]) -> datetime | None:
    """When it was made, in UTC: what was due only later was not declared then."""
    text = body.get("not_before") or body.get("created_at") or body.get("started_at") or body.get("run")
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _declared_at(context: Context, revision: str, moment: datetime | None = None) -> Desired:
    with at_revision(context, revision) as then:
        return load_desired(then, moment)


def _saved(path: Path) -> Mapping[str, Any]:
    """A plan or report, or the last whole apply of receipts. Raises ``UsageError`` for anything else."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    body = _parsed(text)
    if "format_version" in body:
        return body
    for line in reversed(text.splitlines()):
        receipt = _parsed(line)
        if receipt.get("mode") in _WHOLE and receipt.get("complete") is True:
            return receipt
    raise UsageError(
        f"{path} is neither a saved plan, a report, nor receipts of an apply", tip="give a git revision as --base"
    )


def _parsed(text: str) -> dict[str, Any]:
    import json

    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def make_heal_plan(
    context: Context,
    request: DriftRequest = DriftRequest(),
    allow: tuple[str, ...] = (),
    consents: tuple[TeamConsent, ...] = (),
) -> HealPlan:
    """The plan that puts back what drifted and is no money, and the drift that it leaves. Writes nothing.

    What needs a consent that nobody gave (an object that is not marked as ours) is left, so that the rest heals.
    """
    asked = replace(request.planning, allow=allow, consents=consents)
    closed: dict[Address, str] = {}
    with connect(context, read_only=True) as backend:
        finding = look(context, backend, request)
        found = finding.drift
        while True:
            judged = _healing(context, backend, finding, found, asked)
            mild = {one.address for one in found.objects if one.healable}
            opened = {guard.address: guard for guard in judged.open_guards if guard.address in mild and guard.address}
            if not opened:
                return HealPlan(stamped(context, finding.desired, judged, None), found)
            closed |= {address: _how(guard) for address, guard in opened.items()}
            found = replace(found, objects=healable(found.objects, finding.desired, closed))


def _how(guard: Guard) -> str:
    return f"healed with `--allow {guard.name}`" if guard.consentable else guard.message


def _healing(context: Context, backend: Backend, finding: Finding, found: Drift, asked: PlanRequest) -> Plan:
    """The plan of everything that is marked as healable, judged."""
    mild = (one.address for one in found.objects if one.healable)
    consents = consents_for(finding.desired, asked)
    options = options_for(context, finding.desired, asked, consents, "heal")
    options = replace(options, only=frozenset(with_dependencies(finding.desired, mild)), prune=False)
    made, observation = answered(backend, finding.desired, finding.observation, options)
    made = with_consequences(made, finding.desired, observation, options, backend)
    judged = judged_by(context, made, asked, consents)
    return replace(judged, guards=(*judged.guards, *frozen(judged, context.environment.freeze, now())))


@dataclass(frozen=True, slots=True)
class HealPlan:
    """What healing would do, and all the drift there is."""

    plan: Plan
    drift: Drift

    @property
    def left(self) -> Drift:
        """The drift that stays: money, what the manifests moved, and what needs somebody."""
        return replace(self.drift, objects=tuple(one for one in self.drift.objects if not one.healable))

    @property
    def again(self) -> PlanRequest:
        """The request of the second plan, which has to be empty afterwards: the healed objects and what they need."""
        return PlanRequest(targets=tuple(str(one.address) for one in self.drift.objects if one.healable))
