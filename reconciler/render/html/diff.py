"""Which words of a text went and which came, for both sides of a change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal

from reconciler.render.html.text import Lines

Mark = Literal["same", "gone", "come"]
_TOKENS = re.compile(r"\w+(?:[.,]\w+)*|\s+|[^\w\s]")
_MOST = 1_500
"""Words of one side beyond which nobody compares them: the time would grow with the square."""
_ALIKE = 0.4
"""Texts that have less in common are two texts: word by word they would be a confetti."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text with one mark."""

    text: Lines
    mark: Mark


Pieces = tuple[Piece, ...]


def words(before: str, after: str) -> tuple[Pieces, Pieces]:
    """Both sides in pieces, those that differ marked."""
    old, new = _TOKENS.findall(before), _TOKENS.findall(after)
    if max(len(old), len(new)) > _MOST:
        return _whole(before, "gone"), _whole(after, "come")
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return _whole(before, "gone"), _whole(after, "come")
    codes = matcher.get_opcodes()
    one = ((tag != "equal", old[start:end]) for tag, start, end, _, _ in codes)
    other = ((tag != "equal", new[start:end]) for tag, _, _, start, end in codes)
    return _pieces(one, "gone"), _pieces(other, "come")


def same(text: str) -> Pieces:
    """A text that is not compared."""
    return _whole(text, "same")


def _whole(text: str, mark: Mark) -> Pieces:
    return (Piece(Lines(text), mark),) if text else ()


def _pieces(runs: Iterator[tuple[bool, list[str]]], mark: Mark) -> Pieces:
    """Neighbours with the same mark are one piece; a blank between two marked words is marked with them."""
    found = [(differs, "".join(tokens)) for differs, tokens in runs if tokens]
    for at in range(1, len(found) - 1):
        if found[at][1] == " " and found[at - 1][0] and found[at + 1][0]:
            found[at] = (True, " ")
    grouped = ((differs, "".join(text for _, text in run)) for differs, run in groupby(found, key=lambda one: one[0]))
    return tuple(Piece(Lines(text), mark if differs else "same") for differs, text in grouped)
