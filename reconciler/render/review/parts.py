"""One environment of a pull request, and what a text of several of them is made of."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reconciler.model import Plan

LIMIT = 65_000
"""Characters of one comment. GitHub takes 65,536; GitLab 1,000,000."""

DETAILS = ("<!-- reconciler:details -->", "<!-- /reconciler:details -->")
"""What stands around the folded details of a section. No name can forge them: see ``markdown.unhidden``."""

_FOLDED = re.compile(f"{re.escape(DETAILS[0])}.*?{re.escape(DETAILS[1])}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Section:
    """One environment: its plan, or a sentence that says why there is none.

    ``plan`` and ``failure`` may both be there: a plan whose rehearsal was refused.
    """

    environment: str
    plan: Plan | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the headline table. Every cell is Markdown already; a host puts its own ``status`` in."""

    environment: str
    plan: str
    guards: str
    status: str


@dataclass(frozen=True, slots=True)
class Options:
    """How long a text may be, where the whole of it is, and whether teams are to be notified.

    ``link`` is the address of the saved plan or its page, None: the text names the plan file. ``mention``: a team that
    has to consent stands as ``@team``, which notifies it, and not as code. ``expires``: whether the plan is to be
    applied as it is, within its time; an approved one is planned again, whenever that is.
    """

    limit: int = LIMIT
    link: str | None = None
    mention: bool = False
    expires: bool = True


def without_details(text: str, link: str | None = None) -> str:
    """A section as ``section`` wrote it, less its folded details: for a comment that holds others too.

    Changes nothing where there are none.
    """
    return _FOLDED.sub(lambda _: f"Every detail is left out here to fit: {whole(link)}.", text)


def whole(link: str | None, what: str = "plan") -> str:
    """Where everything is: a link that nothing can break out of, or the file."""
    if link is None or not link.startswith(("https://", "http://")):
        return f"the {what} file has it"
    safe = "".join(char if char.isascii() and char.isprintable() and char not in ' <>|()\\`"' else "" for char in link)
    return f"[the whole {what}](<{safe}>)"
