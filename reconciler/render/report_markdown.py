"""What a run did, for a job's summary or a pull request: what failed first, then everything that was done.

Reads the report as it is written (``report_json.tree``, or the file of ``--report`` parsed), so that a job that has
only the file shows the same. Never longer than the limit: what was done is counted before a failure is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from reconciler.model import Mode, Report
from reconciler.render import report_json, words
from reconciler.render.markdown import code, folded, sentence, table
from reconciler.render.report_text import VERBS
from reconciler.render.review.fitting import Block, fit, size
from reconciler.render.review.naming import clipped
from reconciler.render.review.parts import Options, whole
from reconciler.render.review.said import counted

_DONE = ("done", "verified")
_BAD = ("failed", "sent-unknown")
_MARKS = {"failed": "✗", "sent-unknown": "?", "skipped": "–", "not-sent": "·"}
_WORST = tuple(_MARKS)
_OPEN = 12
"""Up to so many objects stand open; more are folded."""
_LONGEST = 500
_DIGEST = 12

Step = Mapping[str, Any]


def report(found: Report, options: Options | None = None) -> str:
    """A run; ends with a newline."""
    return of(report_json.tree(found), options)


def of(tree: Mapping[str, Any], options: Options | None = None) -> str:
    """A report as its file has it; ends with a newline."""
    options = options or Options()
    groups = _by_object(tree["steps"])
    head = [f"### {code(clipped(str(tree['environment']), 100))}: {ended(tree)}"]
    tail = ["", f"<sub>{' · '.join(_foot(tree))}</sub>"]
    blocks = [*_failed(groups), *_mismatches(tree), *_left(tree, groups), *_objects(groups)]
    fitted = fit(blocks, options.limit - size(head) - size(tail) - 200)
    note = (
        ["", f"Shortened to fit: {words.listed(fitted.shortened)}; {whole(options.link, 'report')}."]
        if fitted.shortened
        else []
    )
    return "\n".join([*head, *fitted.lines, *note, *tail]) + "\n"


def ended(tree: Mapping[str, Any]) -> str:
    """What it came to, in one sentence, such as ``Partly applied: 3 done, 1 failed, 1 skipped.``."""
    mode = cast("Mode", tree["mode"])
    said = words.ended(int(tree["exit_code"]), tree["summary"], mode)
    counts = _counts(_by_object(tree["steps"]))
    return said if int(tree["exit_code"]) in (0, 5) else f"{said.rstrip('.')}: {counts}."


def _by_object(steps: Sequence[Step]) -> dict[str, list[Step]]:
    found: dict[str, list[Step]] = {}
    for step in steps:
        found.setdefault(str(step["address"]), []).append(step)
    return found


def _state(steps: Sequence[Step]) -> str:
    """The worst of an object's steps."""
    states = {str(step["state"]) for step in steps}
    return next((state for state in _WORST if state in states), "done")


def _counts(groups: Mapping[str, Sequence[Step]]) -> str:
    said = {
        "done": "done",
        "failed": "failed",
        "sent-unknown": "unknown",
        "skipped": "skipped",
        "not-sent": "not started",
    }
    states = [_state(steps) for steps in groups.values()]
    return (
        ", ".join(f"{states.count(state):,} {text}" for state, text in said.items() if state in states)
        or "nothing to do"
    )


def _verbs(steps: Sequence[Step]) -> str:
    """``created, 2 add-ons attached, published``: each verb once, in the order in which it happened."""
    counts: dict[str, int] = {}
    for step in steps:
        if step["state"] in _DONE:
            counts[str(step["verb"])] = counts.get(str(step["verb"]), 0) + 1
    return ", ".join(
        f"{words.plural(count, 'add-on')} {VERBS.get(verb, verb)}" if verb.endswith("tach") else VERBS.get(verb, verb)
        for verb, count in counts.items()
    )


def _failed(groups: Mapping[str, Sequence[Step]]) -> list[Block]:
    bad = {name: steps for name, steps in groups.items() if _state(steps) in _BAD}
    if not bad:
        return []
    title = f"**Failed: {counted(len(bad), 'object')}**"

    def told(*, whole: bool) -> list[str]:
        return ["", title, "", *(line for name, steps in bad.items() for line in _failure(name, steps, whole=whole))]

    forms = (lambda: told(whole=True), lambda: told(whole=False), lambda: ["", title])
    return [Block(100, forms, "what failed")]


def _failure(name: str, steps: Sequence[Step], *, whole: bool) -> Iterator[str]:
    bad = next(step for step in steps if step["state"] in _BAD)
    error = bad["error"] or (
        "refused" if bad["state"] == "failed" else "sent, but no answer came: it may be done or not"
    )
    status = f"{bad['status']} " if bad["status"] else ""
    before = _verbs(steps)
    then = f"{before}, then " if before else ""
    yield f"- ✗ {code(clipped(name, 200))}: {then}{status}{sentence(clipped(str(error), _LONGEST))}"
    if not whole:
        return
    facts = [code(f"{bad['method']} {bad['path']}")]
    facts += [f"request {code(str(bad['request_id']))}"] if bad["request_id"] else []
    facts += [f"declared at {_place(bad['location'])}"] if bad["location"] else []
    yield f"  <br>{', '.join(facts)}"
    if bad["tip"]:
        yield f"  <br>{sentence(clipped(str(bad['tip']), _LONGEST))}"


def _place(location: Mapping[str, Any]) -> str:
    return code(f"{location['file']}:{location['line']}")


def _mismatches(tree: Mapping[str, Any]) -> list[Block]:
    found = [str(text) for text in tree["mismatches"]]
    if not found:
        return []
    title = "**Read back, and not as it should be**"
    lines = [f"- {sentence(clipped(text, _LONGEST))}" for text in found]
    short = f"{title}: {counted(len(found), 'difference')}"
    return [Block(100, (lambda: ["", title, "", *lines], lambda: ["", short]), "what reads back otherwise")]


def _left(tree: Mapping[str, Any], groups: Mapping[str, Sequence[Step]]) -> list[Block]:
    """What the next apply has to do, and that it is safe to run it."""
    if int(tree["exit_code"]) == 0:
        return []
    half = [
        name
        for name, steps in groups.items()
        if _state(steps) != "done" and any(step["state"] in (*_DONE, "sent-unknown") for step in steps)
    ]
    written = any(step["state"] in (*_DONE, "sent-unknown") for steps in groups.values() for step in steps)
    if half:
        names = words.listed(
            [code(clipped(name)) for name in half[:5]] + ([f"{len(half) - 5:,} more"] if half[5:] else [])
        )
        said = f"{names} {'is' if len(half) == 1 else 'are'} half-made; the next apply finishes what is left."
    else:
        said = "Nothing was left half-made." if written else "The catalogue is as it was."
    return [Block(90, (lambda: ["", f"**{said}**" if half else said],))]


def _objects(groups: Mapping[str, Sequence[Step]]) -> list[Block]:
    """Every object; folded where they are many, counted where they do not fit."""
    if not groups:
        return []
    done = sum(_state(steps) == "done" for steps in groups.values())
    pending = {name: steps for name, steps in groups.items() if _state(steps) != "done"}

    def shown(some: Mapping[str, Sequence[Step]], title: str) -> list[str]:
        rows = table(
            ("object", "what was done", "time"), [_row(name, steps) for name, steps in some.items()], right=(2,)
        )
        return ["", *(rows if len(some) <= _OPEN else folded(title, rows))]

    forms = [lambda: shown(groups, counted(len(groups), "object"))]
    if pending:
        forms.append(lambda: [*shown(pending, f"{len(pending):,} not done"), "", f"{done:,} done."])
    forms.append(lambda: ["", f"{counted(len(groups), 'object')}: {_counts(groups)}."])
    return [Block(10, tuple(forms), "the table of objects")]


def _row(name: str, steps: Sequence[Step]) -> tuple[str, str, str]:
    state, verbs = _state(steps), _verbs(steps)
    seconds = sum(float(step["seconds"]) for step in steps)
    notes = [sentence(clipped(str(note), 200)) for step in steps for note in step["notes"]]
    match state:
        case "done":
            said = ", ".join([verbs, *notes])
        case "skipped":
            why = next((str(step["error"]) for step in steps if step["state"] == "skipped" and step["error"]), "")
            said = f"skipped, {sentence(clipped(why, 200))}" if why else "skipped"
        case _:
            said = {"failed": "**failed**", "sent-unknown": "**not known**"}.get(state, "not started")
    said = f"{verbs}, then {said}" if verbs and state != "done" else said
    return f"{_MARKS.get(state, '✓')} {code(clipped(name, 200))}", said, f"{seconds:.2f} s" if seconds else ""


def _foot(tree: Mapping[str, Any]) -> Iterator[str]:
    if tree["requests"]:
        yield f"{counted(int(tree['requests']), 'request')} in {float(tree['seconds']):.1f} s"
    yield f"plan {code(str(tree['plan_digest'])[:_DIGEST])}"
    yield code(clipped(str(tree["target"]["endpoint"]), 100))
    if tree["target"]["identity"]:
        yield f"namespace {code(clipped(str(tree['target']['identity'])))}"
    if tree["source"]["commit"]:
        yield f"commit {code(str(tree['source']['commit'])[:10])}"
    if tree["started_at"]:
        yield f"begun {sentence(str(tree['started_at'])[:19].replace('T', ' '))} UTC"
