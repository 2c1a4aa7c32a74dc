"""``ci approval``: the plan that was approved with the pull request which became this commit, proven step by step.

commit → the pull request that was merged as it → the sticky comment, as it was written → the run of exactly the merged
head → its artifact → a plan with the digests of the comment; and the reviews of that head. Where one step is missing
nothing is approved.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.ci import artifacts, comments, pulls, reviews, sticky, teams
from reconciler.ci.api import Api
from reconciler.ci.document import Entry
from reconciler.ci.job import Job
from reconciler.ci.pulls import Pull
from reconciler.ci.reviews import Review
from reconciler.ci.teams import Consents
from reconciler.errors import ApprovalError, ForeignPlanError, PlanFileError
from reconciler.model import Guard, Plan
from reconciler.planning import planfile

_AGAIN = "make a new plan by a further commit or by running the checks again, and have it reviewed"


@dataclass(frozen=True, slots=True)
class Asked:
    """For which environment, and how many approvals are needed at ``least``.

    ``known`` are teams and their members of a trusted project file, ``plans`` further plans whose teams are asked for.
    """

    environment: str
    least: int = 1
    known: Mapping[str, Sequence[str]] = field(default_factory=dict)
    plans: Sequence[Plan] = ()
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Approved:
    """The plan file as it was reviewed, byte for byte, by whom, and the consents that this gives."""

    text: str
    change_digest: str
    pull: Pull
    approvals: Sequence[Review]
    consents: Consents


def approval(api: Api, job: Job, asked: Asked, pause: Callable[[], None]) -> Approved:
    """The approved plan of this job's commit. Raises ``ApprovalError`` with a reason, or ``HostError``."""
    pull = _merged(api, job, pause)
    _require_newest(api, job)
    entry = _entry(api, job, pull, asked)
    given = reviews.approvals(api, job, pull, asked.least, entry.since)
    text, plan = _plan(api, job, pull, entry, asked.environment)
    digest = planfile.change_digest(plan)
    wanted = teams.teams_of([plan, *asked.plans])
    found = teams.consents(api, job, wanted, asked.known, given, asked.environment, digest)
    _require(plan, found)
    return Approved(text, digest, pull, given, found)


def _require(plan: Plan, found: Consents) -> None:
    """Every team that the reviewed plan waited for has consented, and no rule forbade it.

    The policy of the merged commit may be another one: a change must not do away with the rule that judged it.
    """
    forbidden = [guard for guard in plan.open_guards if _forbids(guard)]
    if forbidden:
        said = "; ".join(f"{guard.name}: {guard.message}" for guard in forbidden)
        tip = "bring another change, or the other policy first, in a pull request of its own"
        raise ApprovalError(f"the policy that judged it forbids it: {said}", reason="guards-open", tip=tip)
    waited = sorted({guard.team for guard in plan.open_guards if guard.team is not None})
    missing = [found.missing[team] for team in waited if team in found.missing]
    if missing:
        tip = "have a member approve the pull request, also after the merge, then run this job again"
        raise ApprovalError("; ".join(missing), reason="guards-open", tip=tip)


def _forbids(guard: Guard) -> bool:
    """Whether a rule of the policy denies this and nobody's consent opens it."""
    return guard.code.startswith("policy.") and not guard.consentable and guard.team is None


def _merged(api: Api, job: Job, pause: Callable[[], None]) -> Pull:
    pull = pulls.merged_as(api, job, pause)
    if pull is None:
        raise ApprovalError(
            f"{job.sha[:10]} was not merged by a pull request: nobody has reviewed it",
            reason="not-approved",
            tip="bring changes by pull requests; protect the branch so that nothing else gets in",
        )
    if not pull.own:
        raise ApprovalError(
            f"pull request {pull.number} comes from a fork, whose plan proves nothing",
            reason="approval-unreadable",
            tip="push its commits to a branch of this repository and merge that",
        )
    return pull


def _require_newest(api: Api, job: Job) -> None:
    """A run that is started again does not bring back what the branch has left: a change that was reverted, say.

    The first attempt may come late: of two merges in one minute both are applied, one after the other.
    """
    if job.run_attempt < 2:
        return
    tip = artifacts.tip(api, job, job.default_branch)
    if tip != job.sha:
        raise ApprovalError(
            f"{job.default_branch} has moved on to {tip[:10]} since this run was started first",
            reason="head-moved",
            tip="run the newest run again, or bring a new pull request, of an empty commit if need be",
        )


def _entry(api: Api, job: Job, pull: Pull, asked: Asked) -> Entry:
    """What the sticky comment says of the environment."""
    author = comments.identity(api, job, asked.author)
    found = comments.ours(api, job, pull.number, author)
    document, healths = sticky.together(found)
    if not found:
        raise _unreadable(f"pull request {pull.number} has no comment with plans")
    if any(health != "sound" for health in healths):
        raise _unreadable(f"the comment with the plans of pull request {pull.number} was edited or damaged")
    entry = document.entries.get(asked.environment)
    if entry is None:
        raise _unreadable(f"pull request {pull.number} has no plan for {asked.environment}")
    if entry.head != pull.head:
        raise ApprovalError(
            f"the plan for {asked.environment} is of {entry.head[:10]}, and {pull.head[:10]} was merged",
            reason="head-moved",
            tip=_AGAIN,
        )
    if entry.state == "stale" or entry.change_digest is None:
        raise _unreadable(f"the plan for {asked.environment} in pull request {pull.number} is out of date or failed")
    return entry


def _unreadable(message: str) -> ApprovalError:
    return ApprovalError(message, reason="approval-unreadable", tip=_AGAIN)


def _plan(api: Api, job: Job, pull: Pull, entry: Entry, environment: str) -> tuple[str, Plan]:
    """The plan that the comment is about, from the artifacts of the run that made it."""
    run = artifacts.run(api, job, entry.plan_run) if entry.plan_run else None
    if run is None:
        raise _unreadable(f"the run that made the plan for {environment} is gone")
    own = artifacts.repository_id(api, job)
    if run.event != "pull_request" or run.head != pull.head or not run.repository == run.head_repository == own:
        raise _unreadable(
            f"the plan for {environment} was not made by a run of the pull request's own head ({run.url})"
        )
    if run.conclusion != "success":
        raise _unreadable(f"the run that made the plan for {environment} ended with {run.conclusion or run.status}")
    seen = False
    for text, plan in _plans(api, job, pull, run.id, environment):
        seen = True
        same = planfile.change_digest(plan) == entry.change_digest
        if same and json.loads(text)["digest"] == entry.plan_digest:
            return text, plan
    if seen:
        raise _unreadable(f"the saved plan for {environment} is another than the comment shows")
    raise _unreadable(f"the run that made the plan for {environment} has no plan of it any more ({run.url})")


def _plans(api: Api, job: Job, pull: Pull, run: int, environment: str) -> Iterator[tuple[str, Plan]]:
    """Every plan of an environment that a run kept; those in the artifact of its name come first."""
    found = [one for one in artifacts.of_run(api, job, run) if artifacts.is_of(one, pull.head)]
    named = artifacts.plans_name(environment, pull.head)
    for artifact in sorted(found, key=lambda one: one.name != named):
        for path, content in artifacts.read(api, job, artifact).items():
            if path.endswith(".plan"):
                yield from _read(content, environment)


def _read(content: bytes, environment: str) -> Iterator[tuple[str, Plan]]:
    try:
        text = content.decode()
        plan = planfile.loads(text)
    except (UnicodeDecodeError, PlanFileError, ForeignPlanError):
        return
    if plan.target.environment == environment:
        yield text, plan
