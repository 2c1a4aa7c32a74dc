"""What a run did, object by object, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from reconciler.model import Action, Address, Change, Report, StepResult, Verb
from reconciler.render import fields_text, words
from reconciler.render.escape import columns, escape
from reconciler.render.style import Paint, Style

State = Literal["done", "failed", "unknown", "skipped", "not-sent"]

_MARKS: dict[State, tuple[str, str, Paint]] = {
    "done": ("✓", "ok", "green"),
    "failed": ("✗", "x", "red"),
    "unknown": ("?", "?", "red"),
    "skipped": ("–", "-", "yellow"),
    "not-sent": ("·", ".", "dim"),
}
VERBS: dict[str, str] = {
    "create": "created",
    "update": "updated",
    "publish": "published",
    "archive": "archived",
    "delete": "deleted",
    "attach": "attached",
    "reattach": "attached again",
    "detach": "detached",
    "adopt": "adopted",
    "release": "released",
}
_NAME_UP_TO = 44


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one object: all its steps together. ``half_made``: some were done and not all."""

    address: Address
    change: Change | None
    results: tuple[StepResult, ...]

    @property
    def state(self) -> State:
        """The worst of its steps."""
        states = {result.state for result in self.results}
        if "failed" in states:
            return "failed"
        if "sent-unknown" in states:
            return "unknown"
        if "skipped" in states:
            return "skipped"
        return "not-sent" if "not-sent" in states else "done"

    @property
    def half_made(self) -> bool:
        """Whether something of it was written, but not everything."""
        written = any(result.state in ("done", "verified", "sent-unknown") for result in self.results)
        return written and self.state != "done"

    @property
    def seconds(self) -> float:
        """How long its requests took together."""
        return sum(result.seconds for result in self.results)


def outcomes(report: Report) -> tuple[Outcome, ...]:
    """The steps of a report grouped by object, in the order of the plan."""
    grouped: dict[Address, list[StepResult]] = {}
    for result in report.results:
        grouped.setdefault(result.step.address, []).append(result)
    changes = {change.address: change for change in report.plan.changes}
    return tuple(Outcome(address, changes.get(address), tuple(found)) for address, found in grouped.items())


def report(report: Report, style: Style, *, lines: bool = True, saved: str | None = None) -> str:
    """One line per object where ``lines``, every failure in detail, the totals. ``saved`` names the report's file."""
    found = outcomes(report)
    pad = name_width(outcome.address for outcome in found)
    out = [line for outcome in found for line in outcome_lines(outcome, style, pad)] if lines else []
    details = [line for outcome in found if outcome.state in ("failed", "unknown") for line in _detail(outcome, style)]
    if details:
        out += ["", *details]
    if report.mismatches:
        out += [style.paint("Read back, and not as it should be:", "red", "bold")]
        out += [line for text in report.mismatches for line in style.wrap(escape(text), first="  ", rest="    ")]
    out += totals(report, found, style, saved)
    return "\n".join(out) + "\n"


def name_width(addresses: Iterable[Address]) -> int:
    """The width of the column of names."""
    return min(max((columns(escape(str(address))) for address in addresses), default=0), _NAME_UP_TO)


def outcome_lines(outcome: Outcome, style: Style, pad: int = 0) -> list[str]:
    """One object: ``✓ Plan/pro   version 5: created, 1 add-on attached, published   0.31 s``."""
    fancy, ascii_only, paint = _MARKS[outcome.state]
    mark = style.paint(style.glyph(fancy, ascii_only.ljust(2)), paint, "bold")
    name = escape(str(outcome.address))
    name += " " * max(0, pad - columns(name))
    seconds = f"{outcome.seconds:.2f} s" if outcome.seconds else ""
    left = f"  {mark} {name}  {_said(outcome)}"
    if style.fits(left, seconds):
        return [style.aside(left, style.paint(seconds, "dim"))]
    prefix = " " * 8
    return [f"  {mark} {name.rstrip()}", *style.wrap(_said(outcome), first=prefix, rest=prefix)]


def _said(outcome: Outcome) -> str:
    match outcome.state:
        case "done":
            return _done(outcome)
        case "failed" | "unknown":
            return _after(outcome, _failure(_bad(outcome)))
        case "skipped":
            why = next((result.error for result in outcome.results if result.state == "skipped" and result.error), "")
            return _after(outcome, f"skipped, {escape(why)}" if why else "skipped")
        case _:
            return _after(outcome, "not started")


def _after(outcome: Outcome, then: str) -> str:
    """What happened last, behind what was done before it."""
    verbs = _verbs(outcome)
    return f"{verbs}, then {then}" if verbs else then


def _failure(result: StepResult) -> str:
    if result.state == "sent-unknown":
        return escape(result.error or "sent, but no answer came: it may be done or not")
    status = f"{result.status} " if result.status else ""
    return f"{status}{escape(result.error or 'refused')}"


def _bad(outcome: Outcome) -> StepResult:
    return next(result for result in outcome.results if result.state in ("failed", "sent-unknown"))


def _done(outcome: Outcome) -> str:
    change = outcome.change
    verbs = _verbs(outcome)
    notes = [escape(note) for result in outcome.results for note in result.notes]
    version = change.after_version if change else None
    if version is not None and change is not None and change.action in (Action.CREATE, Action.NEW_VERSION):
        simple = verbs in ("created, published", "published")
        verbs = f"version {version} published" if simple else f"version {version}: {verbs}"
    return ", ".join([verbs, *notes])


def _verbs(outcome: Outcome) -> str:
    """``created, 2 add-ons attached, published``: each verb once, in the order in which it happened."""
    counts: dict[Verb, int] = {}
    for result in outcome.results:
        if result.state in ("done", "verified"):
            counts[result.step.verb] = counts.get(result.step.verb, 0) + 1
    return ", ".join(_verb(verb, count) for verb, count in counts.items())


def _verb(verb: Verb, count: int) -> str:
    if verb in ("attach", "reattach", "detach"):
        return f"{words.plural(count, 'add-on')} {VERBS[verb]}"
    return VERBS[verb]


def _detail(outcome: Outcome, style: Style) -> Iterator[str]:
    bad = _bad(outcome)
    what = "failed" if bad.state == "failed" else "may have failed"
    yield style.paint(f"{escape(str(outcome.address))} {what}: {_failure(bad)}", "red", "bold")
    request = f"{bad.step.method} {escape(bad.step.path)}"
    facts = [f"step {escape(bad.step.id)}", request]
    facts += [f"request {escape(bad.request_id)}"] if bad.request_id else []
    yield style.paint("  " + "  ".join(facts), "dim")
    if outcome.change and outcome.change.location:
        yield f"  declared at {fields_text.place(outcome.change.location)}"
    if bad.tip:
        yield from style.wrap(escape(bad.tip), first="  Tip: ", rest="       ")
    yield ""


def totals(report: Report, found: tuple[Outcome, ...], style: Style, saved: str | None) -> Iterator[str]:
    """The last lines: complete, partly applied, nothing applied, or interrupted; and what to do."""
    counts = {state: sum(outcome.state == state for outcome in found) for state in _MARKS}
    complete = counts["done"] == len(found)
    if complete and not report.interrupted:
        yield style.paint(
            words.done(report.plan.summary, report.plan.mode), "green" if not report.mismatches else "yellow", "bold"
        )
        if report.mismatches:
            yield "Not everything reads back as declared: plan again to see the difference."
    else:
        written = any(result.state in ("done", "verified", "sent-unknown") for result in report.results)
        head = "Interrupted" if report.interrupted else ("Partly applied" if written else "Nothing was applied")
        yield style.paint(f"{head}: {_counted(counts)}.", "yellow" if written else "red", "bold")
        yield from style.wrap(_next(report, found, written=written), first="", rest="")
    if report.requests:
        took = f"{words.plural(report.requests, 'request')} in {report.seconds:.1f} s"
        yield style.paint(took, "dim")
    if saved:
        yield style.paint(f"Report: {escape(saved)}", "dim")


def _counted(counts: dict[State, int]) -> str:
    said: dict[State, str] = {
        "done": "done",
        "failed": "failed",
        "unknown": "unknown",
        "skipped": "skipped",
        "not-sent": "not started",
    }
    return ", ".join(f"{counts[state]} {text}" for state, text in said.items() if counts[state]) or "nothing to do"


def _next(report: Report, found: tuple[Outcome, ...], *, written: bool) -> str:
    half = [escape(str(outcome.address)) for outcome in found if outcome.half_made]
    if half:
        first = (
            f"{words.listed(half)} {'is' if len(half) == 1 else 'are'} half-made; the next apply finishes what is left."
        )
    else:
        first = "Nothing was left half-made." if written else "The catalogue is as it was."
    again = "run apply again" if report.interrupted else "run apply again after fixing the cause"
    return (
        f"{first} What is done stays done: {again}."
        if written
        else f"{first} Fix the cause and {'' if report.interrupted else 'run apply again'}".rstrip(" ") + "."
    )
