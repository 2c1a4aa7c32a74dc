"""The expressions of GitHub Actions that this project's workflows use, evaluated as GitHub does.

Names with dots, text, numbers, ``== != && || !``, parentheses, and the functions below. What is not there is empty, as
at GitHub; a form that is not known here is an error, so that no test passes by misreading one.
"""

from __future__ import annotations

import json
import re

_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<sign>==|!=|&&|\|\||[!(),])|(?P<word>[\w.*-]+))")
_HOLE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


def fill(text, context):
    """Text with every ``${{ … }}`` filled in; a value that is nothing but one of them keeps its type."""
    if not isinstance(text, str):
        return text
    if whole := re.fullmatch(r"\$\{\{((?:(?!\}\}).)*)\}\}", text.strip(), re.DOTALL):
        return evaluate(whole[1], context)
    return _HOLE.sub(lambda hole: as_text(evaluate(hole[1], context)), text)


def condition(text, context):
    """Whether a step or a job with this ``if`` runs; one without a status function runs only after success."""
    if text is None:
        return context["status"] == "success"
    inner = str(text).strip()
    if whole := re.fullmatch(r"\$\{\{(.*)\}\}", inner, re.DOTALL):
        inner = whole[1]
    asks = re.search(r"\b(always|success|failure|cancelled)\(", inner)
    return truth(evaluate(inner, context)) and (bool(asks) or context["status"] == "success")


def evaluate(text, context):
    tokens = [found for found in _TOKEN.finditer(text) if found[0].strip()]
    assert re.sub(r"\s", "", "".join(found[0] for found in tokens)) == re.sub(r"\s", "", text), text
    return _Parser([(found.lastgroup, found[found.lastgroup]) for found in tokens], context).whole()


def as_text(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def truth(value):
    return value not in (None, False, 0, "")


class _Parser:
    def __init__(self, tokens, context):
        self.tokens, self.context = [*tokens, (None, None)], context

    def whole(self):
        value = self.either()
        assert self.tokens == [(None, None)], f"not understood from here: {self.tokens}"
        return value

    def take(self, *signs):
        if self.tokens[0][0] == "sign" and self.tokens[0][1] in signs:
            return self.tokens.pop(0)[1]
        return None

    def either(self):
        value = self.both()
        while self.take("||"):
            other = self.both()
            value = value if truth(value) else other
        return value

    def both(self):
        value = self.compared()
        while self.take("&&"):
            other = self.compared()
            value = other if truth(value) else value
        return value

    def compared(self):
        value = self.plain()
        while sign := self.take("==", "!="):
            same = _equal(value, self.plain())
            value = same if sign == "==" else not same
        return value

    def plain(self):
        if self.take("!"):
            return not truth(self.plain())
        if self.take("("):
            value = self.either()
            assert self.take(")")
            return value
        kind, word = self.tokens.pop(0)
        if kind == "text":
            return word[1:-1].replace("''", "'")
        assert kind == "word", word
        if self.take("("):
            return self.called(word)
        if re.fullmatch(r"-?\d+(\.\d+)?", word):
            return float(word)
        if word in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[word]
        return self.named(word)

    def called(self, name):
        values = []
        while not self.take(")"):
            values.append(self.either())
            self.take(",")
        if name in _STATES:
            return _STATES[name] in (None, self.context["status"])
        return _FUNCTIONS[name](*values)

    def named(self, path):
        value = self.context
        first, *rest = path.split(".")
        assert first in value, f"no context `{first}`"
        for part in [first, *rest]:
            value = value.get(part) if isinstance(value, dict) else None
        return value


def _equal(one, other):
    """Text without regard to case; two of different types as numbers, as GitHub does."""
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    return _number(one) == _number(other)


def _number(value):
    try:
        return float(value or 0)
    except ValueError:
        return float("nan")


_STATES = {"always": None, "success": "success", "failure": "failure", "cancelled": "cancelled"}
_FUNCTIONS = {
    "toJSON": lambda value: json.dumps(value, indent=2),
    "startsWith": lambda text, start: as_text(text).lower().startswith(as_text(start).lower()),
}
