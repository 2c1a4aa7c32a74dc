"""How a plan differs from the approved one, above the plan that was approved: what has to be looked at again."""

from __future__ import annotations

import re

from reconciler.ci.given import Made
from reconciler.planning import replannedfile
from reconciler.render import replanned_markdown

_MARKS = ("<!-- reconciler:replanned -->", "<!-- /reconciler:replanned -->")
_BLOCK = re.compile(f"{re.escape(_MARKS[0])}.*?{re.escape(_MARKS[1])}\n*", re.DOTALL)
_HEADING = re.compile(r"^### (.*)$", re.MULTILINE)
LIMIT = 12_000
"""Characters of it in a comment, which holds other environments too."""
_BELOW = "#### What was approved"
_CUT = "Further differences did not fit here; the summary of the run and its log have all of them."


def text_of(made: Made, limit: int = LIMIT) -> str | None:
    """The differences as Markdown of at most about so many characters; None where there are none."""
    if made.turn is None or made.turn.differences is None:
        return None
    try:
        found = replannedfile.read(made.turn.differences)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    text = _HEADING.sub(r"**\1**", replanned_markdown.replanned(found)).strip("\n")
    if len(text) <= limit:
        return text
    above = text.partition("<details>")[0].rstrip("\n")
    if len(above) > limit:
        above = "\n".join(above.split("\n")[:3])
    return f"{above}\n\n{_CUT}"


def above(made: Made, plan: str, limit: int = LIMIT) -> str:
    """The text of a plan with the differences above it, instead of those of an earlier attempt."""
    bare, found = _BLOCK.sub("", plan), text_of(made, limit)
    return f"{_MARKS[0]}\n{found}\n\n{_BELOW}\n{_MARKS[1]}\n\n{bare}" if found else bare
