"""What the sticky comment says of one environment, through the life of its plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.ci import advice
from reconciler.ci.composing import LIMIT
from reconciler.ci.document import Entry, State
from reconciler.ci.given import Made
from reconciler.model import Plan
from reconciler.render import plan_markdown
from reconciler.render.markdown import code, sentence
from reconciler.render.plan_markdown import Options, Section

_MOST_STEPS = 10
_LONGEST = 300
_ENDED = ("failed", "sent-unknown")


@dataclass(frozen=True, slots=True)
class Told:
    """Who says something now. ``head`` is the commit of the pull request, ``link`` the page with the whole plan."""

    state: State
    head: str
    run: int
    attempt: int
    run_url: str
    link: str | None = None
    mention: bool = False
    planning: bool = False
    """Whether this is a job that plans, so that what it has is the plan, and what fails is the planning."""


def entry_of(made: Made, told: Told, known: Entry | None) -> Entry:
    """What the header says of an environment now.

    Only a job that plans says which plan it is: one that applies keeps what is known of the approved one.
    """
    state = _state(made, told)
    base = _planned(made, told) if known is None or (told.planning and told.state != "stale") else known
    if state == "failed" and told.planning:
        # A plan whose command failed is shown, and nobody can approve it.
        base = replace(base, change_digest=None, plan_digest=None)
    elif told.planning:
        base = replace(base, since=_since(base, known) or base.since)
    link = told.link or base.link if told.planning and state != "stale" else base.link or told.link
    entry = replace(base, state=state, run=told.run, attempt=told.attempt, reason=made.reason, link=link)
    if state == "applied" and entry.guards_open:
        entry = replace(entry, guards_open=0, guards=f"{entry.guards_open} consented")
    return replace(entry, status=_status(entry, told), notes=tuple(_notes(made, entry, told)))


def _since(entry: Entry, known: Entry | None) -> str | None:
    """Since when people could look at this change: a plan made again, and the same, was there before."""
    same = known is not None and (known.head, known.change_digest) == (entry.head, entry.change_digest)
    return known.since if known is not None and same else None


def _planned(made: Made, told: Told) -> Entry:
    if made.plan is None:
        return Entry(told.state, told.head, told.run)
    row = plan_markdown.row(Section(made.environment, made.plan), mention=told.mention)
    return Entry(
        told.state,
        told.head,
        told.run,
        change_digest=made.change_digest,
        plan_digest=made.plan_digest,
        plan_run=told.run,
        since=made.plan.created_at,
        max_class=made.max_class.value if made.max_class else None,
        counts=made.counts,
        guards_open=len(made.plan.open_guards),
        plan=row.plan,
        guards=row.guards,
        status=row.status,
    )


def _state(made: Made, told: Told) -> State:
    """What a job says of all its environments is not believed of one where its files say otherwise."""
    reported = made.report is not None and made.report["exit_code"] != 0
    if told.planning and told.state in ("planned", "failed"):
        return "planned" if made.plan is not None and made.failure is None and _went(made, told) else "failed"
    if told.state == "applied" and (reported or made.failure is not None):
        return "failed"
    return told.state


def _went(made: Made, told: Told) -> bool:
    """Whether the plan of one environment was made, though the job as a whole may have failed."""
    return told.state == "planned" or made.turn is not None


def _status(entry: Entry, told: Told) -> str:
    run = f"[{{}}](<{told.run_url}>)"
    match entry.state:
        case "planned":
            return entry.status
        case "stale":
            return "**out of date**"
        case "applying":
            return run.format("being applied")
        case "applied":
            return run.format("applied")
        case "failed":
            why = f" {code(entry.reason)}" if entry.reason and entry.reason != "failed" else ""
            return f"**{run.format('failed')}**{why}"


def _notes(made: Made, entry: Entry, told: Told) -> list[str]:
    run = f"[this run](<{told.run_url}>)"
    match entry.state:
        case "planned":
            return []
        case "stale":
            return [f"Out of date: {_why_stale(made, entry, told)}. [The run](<{told.run_url}>) makes a new plan."]
        case "applying":
            return [f"Merged; {run} plans again and applies it if it is still the same change."]
        case "applied":
            return [f"Applied by {run}{_result(made)}."]
        case "failed":
            return [
                f"Failed in {run}{_totals(made.report)}.",
                *_why(made, told),
                *_steps(made.report),
                *_advice(made, told),
            ]


def _why_stale(made: Made, entry: Entry, told: Told) -> str:
    if made.turn is not None and made.failure:
        return _sentence(made.failure)
    if entry.head != told.head:
        return f"{code(told.head[:10])} was pushed since"
    return "what is live moved since"


def _why(made: Made, told: Told) -> list[str]:
    if made.report is None and made.failure is None and not told.planning:
        return [advice.CUT_OFF]
    if made.report is None and made.turn is None and made.plan is None:
        return ["It ended before it could say why; its log tells."]
    if made.turn is not None and made.turn.differences is not None:
        return []  # what differs stands below, under a line of its own
    return [_sentence(line) for line in (made.failure or "").strip().splitlines()[:_MOST_STEPS]]


def _advice(made: Made, told: Told) -> list[str]:
    """A plan that cannot be made says itself what to do; of an apply people want to know what became of it."""
    said = None if told.planning else advice.after(made)
    return [said] if said else []


def _result(made: Made) -> str:
    """What the command said, in the words of its plan; without its summary how many steps there were."""
    said = made.turn.said.rstrip(".").partition(" complete: ")[2] if made.turn is not None else ""
    return f": {_sentence(said)}" if said else _totals(made.report)


def _totals(report: Mapping[str, Any] | None) -> str:
    if report is None:
        return ""
    states: list[str] = [str(step.get("state")) for step in report["steps"]]
    done = sum(state in ("done", "verified") for state in states)
    parts = [f"{done} done"] if done else []
    parts += [f"{count} failed"] if (count := sum(state in _ENDED for state in states)) else []
    parts += [f"{count} not done"] if (count := sum(state in ("skipped", "not-sent") for state in states)) else []
    return f": {', '.join(parts)}" if parts else ": nothing to do"


def _steps(report: Mapping[str, Any] | None) -> list[str]:
    failed = [step for step in (report or {}).get("steps", ()) if step.get("state") in _ENDED]
    lines = [f"- {code(str(step.get('address')))}: {_sentence(str(step.get('error')))}" for step in failed]
    more = len(lines) - _MOST_STEPS
    return lines[:_MOST_STEPS] + ([f"- and {more} more"] if more > 0 else [])


def _sentence(text: str) -> str:
    return sentence(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")


def text_of(made: Made, told: Told, limit: int = LIMIT) -> str | None:
    """The plan of an environment, without its heading; None where this job made none: then that of before stays."""
    if told.state == "stale" or made.plan is None:
        return "" if told.planning and told.state != "stale" else None
    plan = consented(made.plan) if _state(made, told) == "applied" else made.plan
    options = Options(limit, told.link, mention=told.mention, expires=False)
    _, _, text = plan_markdown.section(Section(made.environment, plan), options).partition("\n")
    return text.strip("\n")


def consented(plan: Plan) -> Plan:
    """A plan as it was applied: what was open when it was made was opened by its approval, else it were not live."""
    guards = tuple(replace(guard, status="consented") for guard in plan.guards)
    met = tuple(replace(one, status="met", unblock=None) if one.status == "open" else one for one in plan.policy)
    return replace(plan, guards=guards, policy=met)
