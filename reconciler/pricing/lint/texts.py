"""Which texts satisfy several conditions at once: decided exactly, with an example.

A condition is read character by character, as a small automaton; a search over all of them at once, shortest text
first, ends with a text that satisfies everything, or with the proof that there is none. Order is that of code points,
which is that of the server's UTF-8 bytes. Patterns with a backslash, or with letters beyond ASCII that are compared
whatever their case, are not decided: ``Undecided``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

State = object

_LIMIT = 5_000
"""States looked at before giving up."""


class Undecided(Exception):  # noqa: N818 - an answer, not an error
    """Nothing can be said about these conditions."""


class Atom(Protocol):
    """A condition on a text."""

    @property
    def characters(self) -> str:
        """Those that it tells from others."""
        ...

    def start(self) -> State:
        """Before the first character."""
        ...

    def step(self, state: State, character: str) -> State:
        """After one more."""
        ...

    def accepts(self, state: State) -> bool:
        """Whether the text may end here."""
        ...


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    atom: Atom

    @property
    def characters(self) -> str:
        """Those that it tells from others."""
        return self.atom.characters

    def start(self) -> State:
        """Before the first character."""
        return self.atom.start()

    def step(self, state: State, character: str) -> State:
        """After one more."""
        return self.atom.step(state, character)

    def accepts(self, state: State) -> bool:
        """Whether the text may end here."""
        return not self.atom.accepts(state)


@dataclass(frozen=True, slots=True)
class Joined:
    """All of several conditions, or (``every`` False) any of them; of none: true, or false."""

    atoms: tuple[Atom, ...]
    every: bool = True

    @property
    def characters(self) -> str:
        """Those that it tells from others."""
        return "".join(atom.characters for atom in self.atoms)

    def start(self) -> State:
        """Before the first character."""
        return tuple(atom.start() for atom in self.atoms)

    def step(self, state: State, character: str) -> State:
        """After one more."""
        assert isinstance(state, tuple)
        return tuple(atom.step(one, character) for atom, one in zip(self.atoms, state, strict=True))

    def accepts(self, state: State) -> bool:
        """Whether the text may end here."""
        assert isinstance(state, tuple)
        found = (atom.accepts(one) for atom, one in zip(self.atoms, state, strict=True))
        return all(found) if self.every else any(found)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text with ``wildcards``: ``%`` any text, ``_`` one character; without them, the text itself."""

    text: str
    wildcards: bool = False
    any_case: bool = False

    def __post_init__(self) -> None:
        if (self.wildcards and "\\" in self.text) or (self.any_case and not self.text.isascii()):
            raise Undecided(self.text)

    @property
    def characters(self) -> str:
        """Those that it tells from others."""
        return self.text.lower() + self.text.upper() if self.any_case else self.text

    def start(self) -> State:
        """The places in the pattern where the text may be."""
        return self._reached({0})

    def step(self, state: State, character: str) -> State:
        """After one more."""
        assert isinstance(state, frozenset)
        following = set()
        for place in state:
            if place == len(self.text):
                continue
            wanted = self.text[place]
            if self.wildcards and wanted == "%":
                following.add(place)
            elif (self.wildcards and wanted == "_") or self._same(wanted, character):
                following.add(place + 1)
        return self._reached(following)

    def accepts(self, state: State) -> bool:
        """Whether the text may end here."""
        assert isinstance(state, frozenset)
        return len(self.text) in state

    def _same(self, one: str, other: str) -> bool:
        return one.lower() == other.lower() if self.any_case else one == other

    def _reached(self, places: set[int]) -> frozenset[int]:
        """A ``%`` may stand for nothing."""
        found = set(places)
        for place in places:
            while self.wildcards and place < len(self.text) and self.text[place] == "%":
                place += 1
                found.add(place)
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class After:
    """Texts behind another one in order, itself not included."""

    text: str

    @property
    def characters(self) -> str:
        """Those that it tells from others."""
        return self.text

    def start(self) -> State:
        """As many characters as are equal so far; a word once it is decided."""
        return 0

    def step(self, state: State, character: str) -> State:
        """After one more."""
        if not isinstance(state, int):
            return state
        if state == len(self.text):
            return "behind"
        wanted = self.text[state]
        if character == wanted:
            return state + 1
        return "behind" if character > wanted else "before"

    def accepts(self, state: State) -> bool:
        """Whether the text may end here: what is a beginning of the other text stands before it."""
        return state == "behind"


def example(condition: Atom, preferred: Sequence[str] = ()) -> str | None:
    """A text that satisfies a condition, one of the ``preferred`` if possible; None: there is none.

    Raises ``Undecided`` where the search would take too long.
    """
    for text in preferred:
        if _holds(condition, text):
            return text
    return _shortest(condition)


def _holds(condition: Atom, text: str) -> bool:
    state = condition.start()
    for character in text:
        state = condition.step(state, character)
    return condition.accepts(state)


def _shortest(condition: Atom) -> str | None:
    alphabet = _alphabet(condition.characters)
    first = condition.start()
    seen, waiting = {first}, deque([(first, "")])
    while waiting:
        state, text = waiting.popleft()
        if condition.accepts(state):
            return text
        for character in alphabet:
            following = condition.step(state, character)
            if following not in seen:
                if len(seen) >= _LIMIT:
                    raise Undecided("too many states")
                seen.add(following)
                waiting.append((following, text + character))
    return None


def _alphabet(told: str) -> tuple[str, ...]:
    """The characters that are told apart, and one from every gap between them; readable ones first."""
    known = sorted(set(told))
    points = [ord(character) for character in known]
    gaps = set(_between([-1, *points, 0x110000]))
    return tuple(sorted({*known, *gaps}, key=lambda character: (not character.isalnum(), character)))


def _between(points: Sequence[int]) -> Iterator[str]:
    for low, high in pairwise(points):
        inside = [*range(ord("a"), ord("z") + 1), *range(ord("0"), ord("9") + 1), *range(ord("A"), ord("Z") + 1)]
        found = next((point for point in inside if low < point < high), None)
        found = next((point for point in range(max(low + 1, 32), high)), None) if found is None else found
        if found is None and low + 1 < high:
            found = low + 1
        if found is not None and not 0xD800 <= found <= 0xDFFF:
            yield chr(found)
