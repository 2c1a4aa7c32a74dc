"""Plans as a reviewer reads them in a pull request: one sentence to act on, what it costs, every detail folded.

Never longer than a comment may be: details go first, those of the least risky objects before others, then what only
explains. What changes money or removes something is told whatever its number, in fewer words where it must be; where
not even that fits, the first lines say so. One comment may be made of several sections, each replaced by itself:
``title``, ``row``, ``headline``, ``section`` and ``without_details`` are its parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from reconciler.model import Plan
from reconciler.render.markdown import code, table
from reconciler.render.review.fitting import size
from reconciler.render.review.naming import clipped
from reconciler.render.review.parts import DETAILS, LIMIT, Options, Row, Section, whole, without_details
from reconciler.render.review.said import counted, row, title
from reconciler.render.review.section import Draft, draft, missing

__all__ = [
    "DETAILS",
    "LIMIT",
    "Options",
    "Row",
    "Section",
    "headline",
    "plan",
    "plans",
    "row",
    "section",
    "title",
    "without_details",
]

_MOST_ROWS = 60


def plan(plan: Plan, *, limit: int = LIMIT, link: str | None = None) -> str:
    """One environment's plan; ends with a newline."""
    return plans([Section(plan.target.environment, plan)], Options(limit, link))


def plans(sections: Sequence[Section], options: Options | None = None) -> str:
    """The plans of several environments: one headline, one table, then a section each; ends with a newline."""
    options = options or Options()
    room = options.limit - size(_top(sections, [], options))
    drafts = [draft(one, replace(options, limit=room)) for one in sections]
    if sum(one.size for one in drafts) > room:
        shares = _shares([one.size for one in drafts], room)
        drafts = [draft(one, replace(options, limit=share)) for one, share in zip(sections, shares, strict=True)]
    top = _top(sections, drafts, options)
    room = options.limit - size(top)
    made = "\n".join([*top, *_texts(drafts, room)])
    return made if len(made) <= options.limit else _stub(title(sections), len(sections), options)


def headline(rows: Iterable[Row]) -> str:
    """The table at the top, one row per environment; ends with a newline."""
    cells = [(one.environment, one.plan, one.guards, one.status) for one in rows]
    return "\n".join(table(("environment", "plan", "guards", "status"), cells)) + "\n"


def section(one: Section, options: Options | None = None) -> str:
    """Everything about one environment, under a heading of the fourth level; ends with a newline.

    No longer than the limit, if that is more than a few sentences. Its folded details stand between ``DETAILS``, so
    that a comment that is made of several sections can leave them out later (``without_details``).
    """
    options = options or Options()
    made = draft(one, options)
    text = made.text(options.limit - made.size)
    return text if len(text) <= options.limit else _stub(made.above[0], 1, options)


def _top(sections: Sequence[Section], drafts: Sequence[Draft], options: Options) -> list[str]:
    """The sentence, what is missing below, and the table; of very many environments those without a change as one."""
    several = len(sections) > 1
    said = [
        f"{text} of {code(one.one.environment)}" if several else text for one in drafts for text in one.fitted.missing
    ]
    loud = ["", *missing(said, options.link)] if said else []
    rows = [row(one, mention=options.mention) for one in sections]
    if len(rows) > _MOST_ROWS:
        quiet = [one for one in rows if one.status == "no changes"]
        rows = [one for one in rows if one.status != "no changes"]
        rows += [Row(counted(len(quiet), "environment"), "no changes", "none", "no changes")] if quiet else []
    return [title(sections), *loud, "", headline(rows)]


def _shares(sizes: Sequence[int], room: int) -> list[int]:
    """How many characters each section gets: what it needs, or an equal part of what the small ones leave."""
    shares = [0] * len(sizes)
    for count, at in zip(range(len(sizes), 0, -1), sorted(range(len(sizes)), key=sizes.__getitem__), strict=True):
        shares[at] = min(sizes[at], room // count)
        room -= shares[at]
    return shares


def _texts(drafts: Sequence[Draft], room: int) -> list[str]:
    """The sections, each with the details that fit; what is the same to the last line is told once."""
    room -= sum(one.size for one in drafts)
    texts: list[str] = []
    told: dict[tuple[str, ...], str] = {}
    for number, one in enumerate(drafts):
        lines = tuple(line for fold in one.folds for line in fold.lines)
        text = one.text(
            room // (len(drafts) - number), same_as=told.get(lines), banner=len(drafts) > 1 or not one.fitted.missing
        )
        if len(lines) and "did not fit here" not in text:
            told.setdefault(lines, one.one.environment)
        room -= max(0, len(text) + 1 - one.size)
        texts.append(text)
    return texts


def _stub(heading: str, count: int, options: Options) -> str:
    """What is left where even the shortest form does not fit."""
    said = f"**Nothing of {counted(count, 'environment')} fits here.** Do not approve it from this text"
    lines = [clipped(heading, max(200, options.limit // 2)), "", "> [!CAUTION]", f"> {said}; {whole(options.link)}."]
    return "\n".join(lines) + "\n"
