"""``ci comment``: the sticky comment of a pull request, brought to what this job knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from reconciler.ci import pulls, replanned, sections, sticky
from reconciler.ci.api import Api
from reconciler.ci.comments import identity
from reconciler.ci.composing import compose, shown
from reconciler.ci.document import Document, Entry, State
from reconciler.ci.given import Made
from reconciler.ci.job import Job
from reconciler.ci.sections import Told
from reconciler.ci.sticky import Kept, Place
from reconciler.errors import HostError, UsageError


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be said. ``environments`` are named although there is no file of them; ``link`` leads to the plans."""

    state: State
    made: Mapping[str, Made]
    environments: Sequence[str] = ()
    link: str | None = None
    author: str | None = None
    mention: bool = False
    pull: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """How it ended: where it stands, what to tell in the log, and the text where the host did not take it."""

    url: str | None
    notices: tuple[str, ...] = ()
    instead: str | None = None


def comment(api: Api, job: Job, asked: Asked, pause: Callable[[], None]) -> Said:
    """Say it. A host that does not let this job write (a fork's token, a locked conversation) gets it as text.

    Raises ``HostError`` for every other failure of the host, ``UsageError`` where it is not said of what.
    """
    if asked.state != "stale" and not (asked.made or asked.environments):
        raise UsageError(f"{asked.state} of which environment?", tip="give its files, or name it: -e ENV")
    found = _pull(api, job, asked, pause)
    if found is None:
        return Said(None, (f"commit {job.sha[:10]} was not merged by a pull request: there is nothing to comment on",))
    planning = job.pull_number is not None or asked.state == "planned"
    told = Told(
        asked.state, _head(job, found), job.run_id, job.run_attempt, job.run_url, asked.link, asked.mention, planning
    )
    try:
        place = Place(api, job, found.number, identity(api, job, asked.author))
        kept = _kept(place, asked, told, found, pause)
    except HostError as error:
        if error.status != 403 or error.passing:
            raise
        text = shown(_say(Document(told.head), asked, told))
        return Said(None, (f"{error.message}: it is in the summary of the job instead",), text)
    return Said(kept.url, (*kept.notices, *((_MOVED,) if kept.moved else ())))


_MOVED = "the pull request has a newer commit: what this run says of an older one is not shown as current"


def _pull(api: Api, job: Job, asked: Asked, pause: Callable[[], None]) -> pulls.Pull | None:
    number = asked.pull or job.pull_number
    return pulls.get(api, job, number) if number is not None else pulls.merged_as(api, job, pause)


def _head(job: Job, found: pulls.Pull) -> str:
    """The commit that this job is about: its event's, else what was merged."""
    return job.pull_head or found.head


def _kept(place: Place, asked: Asked, told: Told, found: pulls.Pull, pause: Callable[[], None]) -> Kept:
    def current() -> bool:
        """A later push has a run of its own; of a merged pull request the commit no longer moves."""
        return found.merged or pulls.get(place.api, place.job, found.number).head == told.head

    def own(name: str, limit: int) -> str:
        return sections.text_of(asked.made[name], told, limit) or ""

    def write(document: Document) -> str:
        mine = [name for name, made in asked.made.items() if made.plan and _speaks(document, name, told)]
        return compose(document, {name: partial(own, name) for name in mine})

    left: dict[str, None] = {}

    def say(document: Document) -> Document:
        left.update((name, None) for name in _names(document, asked, told) if _later(document, name, told))
        return _say(document, asked, told)

    kept = sticky.keep(place, say, write, pause, current)
    kept = replace(kept, notices=(*kept.notices, *(f"{name}: a later run has told more already" for name in left)))
    if kept.moved and kept.url is not None:
        # Pushed while this was being written: what stands there now must not look like a plan of the new commit.
        late = replace(asked, state="stale")
        again = replace(told, state="stale")
        rest = sticky.keep(place, lambda document: _outdate(document, late, again), compose, pause)
        return Kept(rest.url, (*kept.notices, *rest.notices), moved=True)
    return kept


def _speaks(document: Document, name: str, told: Told) -> bool:
    """Whether the text of an environment is what this job rendered."""
    return told.planning and not _later(document, name, told)


def _later(document: Document, name: str, told: Told) -> bool:
    return sticky.newer(document.entries.get(name), (told.run, told.attempt))


def _outdate(document: Document, asked: Asked, told: Told) -> Document:
    """Only what this very run has said is marked."""
    for name in asked.made:
        known = document.entries.get(name)
        if known is not None and known.order == (told.run, told.attempt) and known.state != "stale":
            why = "a newer commit was pushed"
            notes = (f"Out of date: {why}.",)
            document = document.having(name, replace(known, state="stale", status="**out of date**", notes=notes))
    return document


def _say(document: Document, asked: Asked, told: Told) -> Document:
    """What stands there with what is to be said; what a later run said stays."""
    for name in _names(document, asked, told):
        if _later(document, name, told):
            continue
        known = document.entries.get(name)
        made = asked.made.get(name, Made(name))
        entry = sections.entry_of(made, told, known)
        before = document.texts.get(name, "")
        text = _text(made, told, entry.state, before)
        if entry != known or (text and not before):
            document = document.having(name, entry, text)
    return replace(document, head=_newest(document, told)) if document.entries else document


def _text(made: Made, told: Told, state: State, before: str) -> str:
    """What stands below the heading: the plan of this job if it plans, else the approved one, as it was applied."""
    opened = made.plan is not None and made.plan.open_guards and state == "applied"
    fresh = sections.text_of(made, told) if told.planning or opened or not before else None
    return replanned.above(made, before if fresh is None else fresh)


def _newest(document: Document, told: Told) -> str:
    later = any(entry.order > (told.run, told.attempt) for entry in document.entries.values())
    return document.head if later and document.head else told.head


def _names(document: Document, asked: Asked, told: Told) -> list[str]:
    """The environments to speak of; where none is named, a push makes everything of earlier commits stale."""
    if named := sorted({*asked.made, *asked.environments}):
        return named
    return [name for name, entry in document.entries.items() if _passed(entry, told)]


def _passed(entry: Entry, told: Told) -> bool:
    ours = entry.order == (told.run, told.attempt)
    return entry.head != told.head and (ours or entry.state in ("planned", "stale", "failed"))
