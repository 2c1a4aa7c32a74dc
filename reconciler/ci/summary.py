"""``ci summary``: the page of the job, made like the comment, with room for every detail."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.ci import replanned, sections
from reconciler.ci.composing import shown
from reconciler.ci.document import Document
from reconciler.ci.given import Made
from reconciler.ci.sections import Told

LIMIT = 250_000
"""Characters. GitHub takes 1 MiB of a step, and a character may take four bytes."""


def summary(made: Mapping[str, Made], told: Told) -> str:
    """What became of every environment: its plan where there is one, and what an apply did."""
    document = Document(told.head)
    room = LIMIT // max(1, len(made))
    for name, one in made.items():
        entry = sections.entry_of(one, told, None)
        plan = sections.text_of(one, told, room) or ""
        document = document.having(name, entry, replanned.above(one, plan, room))
    return shown(document).rstrip("\n") + "\n"
