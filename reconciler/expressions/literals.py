"""Texts that an expression compares with, where only some are ever met: a rule about a misspelt class never holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from reconciler.expressions.wording import Fault
from reconciler.kinds.registry import KINDS
from reconciler.model import Action, ChangeClass
from reconciler.reading.suggest import did_you_mean

_CLASSES = tuple(found.value for found in ChangeClass)
_KNOWN: Mapping[str, tuple[str, ...]] = {
    "class": _CLASSES,
    "max_class": _CLASSES,
    "classes": _CLASSES,
    "action": tuple(action.value for action in Action),
    "kind": tuple(KINDS),
    "mode": ("apply", "destroy", "heal", "rollback", "promote"),
}
_TEXT = r"(?P<quote>[\"'])(?P<text>[^\"'\\]*)(?P=quote)"
_COMPARED = re.compile(rf"\.(?P<name>class|max_class|action|kind|mode)\s*(?:==|!=)\s*{_TEXT}")
_TURNED = re.compile(rf"{_TEXT}\s*(?:==|!=|in)\s*\w+(?:\.\w+)?\.(?P<name>class|max_class|classes|action|kind|mode)\b")
_AMONG = re.compile(r"\.(?P<name>class|max_class|action|kind|mode)\s+in\s*\[(?P<items>[^\]]*)\]")
_ITEM = re.compile(_TEXT)


def faults(text: str) -> Iterator[Fault]:
    """Every text that the name it is compared with never is."""
    for pattern in (_COMPARED, _TURNED):
        for found in pattern.finditer(text):
            yield from _checked(text, found["name"], found["text"], found.start("text"))
    for among in _AMONG.finditer(text):
        for found in _ITEM.finditer(among["items"]):
            yield from _checked(text, among["name"], found["text"], among.start("items") + found.start("text"))


def _checked(text: str, name: str, value: str, at: int) -> Iterator[Fault]:
    known = _KNOWN[name]
    if value not in known:
        hint = did_you_mean(value, known) or f"; there are {', '.join(known)}"
        before = text[:at]
        yield Fault(f"no `{name}` is ever `{value}`{hint}", before.count("\n") + 1, at - before.rfind("\n"))
