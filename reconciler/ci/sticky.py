"""Keeping one comment, whoever else writes it at the same moment.

GitHub has no conditional writes. So the comment is read, merged and written until what is read afterwards has what
this job has to say: two creators end with the older comment, a writer that was overwritten writes again, a comment
that somebody deleted is made anew. An older run never replaces what a newer one said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from reconciler.ci import comments
from reconciler.ci.api import Api
from reconciler.ci.comments import Comment
from reconciler.ci.document import Document, Entry, read
from reconciler.ci.job import Job
from reconciler.errors import HostError

MOST_ROUNDS = 8

Say = Callable[[Document], Document]
"""Puts what this job has to say into what stands there; gives the same back where there is nothing to say."""
Write = Callable[[Document], str]


@dataclass(frozen=True, slots=True)
class Kept:
    """How it ended: the page of the comment, None where there is none, and what was found on the way.

    ``moved``: this job speaks of a commit that is no longer the newest, so that it said nothing more.
    """

    url: str | None
    notices: tuple[str, ...] = ()
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Which pull request, and as whom: comments of others are none of ours."""

    api: Api
    job: Job
    number: int
    author: str


def keep(
    place: Place,
    say: Say,
    write: Write,
    pause: Callable[[], None],
    current: Callable[[], bool] = lambda: True,
) -> Kept:
    """Bring the comment to say what this job says, and beside it nothing else than before.

    ``pause`` is called before what was written is read again, and again before it is read a last time; ``current``
    tells whether this job may still speak. Raises ``HostError`` where the host does not let it, or others keep
    overwriting it.
    """
    notices: dict[str, None] = {}
    written, seen = False, 0
    for _ in range(MOST_ROUNDS):
        found = comments.ours(place.api, place.job, place.number, place.author)
        before, healths = together(found)
        after = say(before)
        notices |= dict.fromkeys(_NOTICES[health] for health in healths if health in _NOTICES)
        url = found[0].url if found else None
        if (healths == ["sound"] and after == before) or not (found or after.entries):
            seen += 1
            if seen > 1 or not written:
                return Kept(url, tuple(notices), moved=written and not current())
        elif not current():
            return Kept(url, tuple(notices), moved=True)
        else:
            written, seen = True, 0
            _write(place, found, write(after))
        pause()
    raise HostError(f"the comment of pull request {place.number} was overwritten {MOST_ROUNDS} times", passing=True)


_NOTICES = {
    "edited": "the comment had been edited by hand; it was written anew, and what it said of plans is void",
    "damaged": "the comment was damaged; it was written anew, and what it said of plans is void",
}


def _write(place: Place, found: Sequence[Comment], body: str) -> None:
    """The oldest of them gets the text, the others go. Whether it arrived is seen when it is read again."""
    try:
        if found:
            comments.change(place.api, place.job, found[0], body)
        else:
            comments.create(place.api, place.job, place.number, body)
        for other in found[1:]:
            comments.delete(place.api, place.job, other)
    except HostError as error:
        if not (error.passing or error.status == 404):
            raise


def together(found: Sequence[Comment]) -> tuple[Document, list[str]]:
    """What all of them say, and whether each can be relied on.

    Of an environment that several speak of it is what the latest run said.
    """
    document, healths = Document(""), []
    for reading in (read(one.body) for one in found):
        document = merged(document, reading.document)
        healths.append(str(reading.health))
    return document, healths


def merged(one: Document, other: Document) -> Document:
    """Both in one; the later writer's entries win, and on a tie the first's."""
    for name, entry in other.entries.items():
        known = one.entries.get(name)
        if known is None or entry.order > known.order:
            one = one.having(name, entry, other.texts.get(name, ""))
    return replace(one, head=_later_head(one, other))


def _later_head(one: Document, other: Document) -> str:
    def last(document: Document) -> tuple[int, int]:
        return max((entry.order for entry in document.entries.values()), default=(0, 0))

    return (other if last(other) > last(one) or not one.head else one).head


def newer(known: Entry | None, order: tuple[int, int]) -> bool:
    """Whether somebody later than this run has spoken already."""
    return known is not None and known.order > order
