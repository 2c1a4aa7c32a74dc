"""Compares an answer with a recorded one, in which what no two runs share is masked.

Recordings mask `<id:N>`, `<ts:N>`, `<secret:N>`. A mask is bound to the first value it meets and must
stand for that value from then on, and for no other mask's value. Instants less than 0.1 ms apart
share a mask, as in the recordings; but two instants that one answer shows for the first time may
coincide, since how far apart the real server took them is chance. Wording (`detail`, `message`) may
differ; that there is one may not.
"""

import base64
import copy
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import simplejson

MASK = re.compile(r"<(?:id|ts|secret):\d+>|<request>|<endpoint>|<ptr>|<time>")
TRIMMED = re.compile(r"<trimmed: (\d+) elements in all>")
SAME_INSTANT = timedelta(microseconds=100)
WORDING = ("detail", "message")
UNORDERED = ("rateCards", "channels", "validationErrors")


@dataclass
class Bindings:
    """What each mask stands for in this run."""

    values: dict[str, str] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)
    """The instants first met in the answer being compared."""
    own_clock: bool = False
    """Whether the server under test takes its own time: then an instant only has to be one."""

    def bind(self, mask: str, value: str) -> bool:
        """Whether the mask can stand for the value; remembers it if so."""
        if self.own_clock and mask.startswith("<ts:"):
            self.values.setdefault(mask, value)
            return _is_instant(value)
        if mask in self.values:
            return _same(mask, self.values[mask], value)
        kind = mask.partition(":")[0]
        others = [other for other in self.values if other.startswith(kind + ":") and other not in self.fresh]
        if any(_same(mask, self.values[other], value) for other in others):
            return False
        self.values[mask] = value
        if kind == "<ts":
            self.fresh.add(mask)
        return True

    def fill(self, value: Any) -> Any:
        """A request with its masks replaced; a mask not met before stands for an invented value."""
        match value:
            case str():
                return MASK.sub(lambda found: self._known_or_invented(found[0]), value)
            case list():
                return [self.fill(item) for item in value]
            case dict():
                return {name: self.fill(item) for name, item in value.items()}
            case _:
                return value

    def _known_or_invented(self, mask: str) -> str:
        if mask not in self.values:
            self.values[mask] = _invent(mask)
        return self.values[mask]


def _is_instant(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _same(mask: str, one: str, other: str) -> bool:
    if not mask.startswith("<ts:"):
        return one == other
    return abs(datetime.fromisoformat(one) - datetime.fromisoformat(other)) < SAME_INSTANT


def _invent(mask: str) -> str:
    number = int(re.sub(r"\D", "", mask) or 0)
    if mask.startswith("<secret:"):
        return "whsec_" + base64.b64encode(bytes([number % 256] * 32)).decode()
    return f"01AAAAAAAAAAAAAAAAAA{number:06d}"


def compare(expected: Any, actual: Any, bindings: Bindings, path: str = "$") -> list[str]:
    """Every difference between a recorded and a given value, as lines of text."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return _compare_objects(expected, actual, bindings, path)
    if isinstance(expected, list) and isinstance(actual, list):
        return _compare_lists(expected, actual, bindings, path)
    if isinstance(expected, str) and isinstance(actual, str):
        return [] if _compare_texts(expected, actual, bindings) else [_told(path, expected, actual)]
    if isinstance(expected, bool) or isinstance(actual, bool):
        return [] if expected is actual else [_told(path, expected, actual)]
    return [] if expected == actual else [_told(path, expected, actual)]


def _told(path: str, expected: Any, actual: Any) -> str:
    return f"{path}: expected {simplejson.dumps(expected)}, got {simplejson.dumps(actual)}"


def _compare_objects(expected: dict[str, Any], actual: dict[str, Any], bindings: Bindings, path: str) -> list[str]:
    lines = [_told(f"{path}.{name}", expected[name], "nothing") for name in expected.keys() - actual.keys()]
    lines += [_told(f"{path}.{name}", "nothing", actual[name]) for name in actual.keys() - expected.keys()]
    for name in expected:
        if name not in actual or (name in WORDING and isinstance(actual[name], str)):
            continue
        # The items of a subscription's phase come out of a map, in another order at every call.
        is_listing = name == "items" and ("marketplace" in path or ".phases[" in path)
        if (name in UNORDERED or is_listing) and isinstance(expected[name], list):
            lines += _compare_bags(expected[name], actual[name], bindings, f"{path}.{name}")
        else:
            lines += compare(expected[name], actual[name], bindings, f"{path}.{name}")
    return lines


def _compare_lists(expected: list[Any], actual: list[Any], bindings: Bindings, path: str) -> list[str]:
    total = len(expected)
    trimmed = TRIMMED.fullmatch(expected[-1]) if expected and isinstance(expected[-1], str) else None
    if trimmed:
        total, expected = int(trimmed[1]), expected[:-1]
    if total != len(actual):
        return [f"{path}: expected {total} items, got {len(actual)}: {simplejson.dumps(actual)[:400]}"]
    pairs = enumerate(zip(expected, actual, strict=False))
    return [line for i, (one, other) in pairs for line in compare(one, other, bindings, f"{path}[{i}]")]


def _compare_bags(expected: list[Any], actual: Any, bindings: Bindings, path: str) -> list[str]:
    """Lists without an order: every recorded item needs a given one of its own."""
    if not isinstance(actual, list) or len(expected) != len(actual):
        return [_told(path, expected, actual)]
    left = list(actual)
    for item in expected:
        trials = [(compare(item, other, copy.deepcopy(bindings), path), other) for other in left]
        differences, best = min(trials, key=lambda trial: len(trial[0]))
        if differences:
            return differences
        compare(item, best, bindings, path)
        left.remove(best)
    return []


def _compare_texts(expected: str, actual: str, bindings: Bindings) -> bool:
    masks = MASK.findall(expected)
    if not masks:
        return expected == actual
    literal = MASK.split(expected)
    found = re.fullmatch("(.+)".join(re.escape(text) for text in literal), actual, re.DOTALL)
    if found is None:
        return False
    numbered = [(mask, value) for mask, value in zip(masks, found.groups(), strict=True) if ":" in mask]
    return all(bindings.bind(mask, value) for mask, value in numbered)
