"""The Jinja2 environment of value templates: expressions over ``vars`` and ``environment``, and nothing else.

Sandboxed and bounded: no calls, no loops, no assignments, no access to files, time, randomness or the process; every
number is exact. What Jinja2 offers beyond that is refused when the template is read, before anything runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, NoReturn

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.lexer import Lexer, Token
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from reconciler.kinds.durations import plain
from reconciler.manifest import arithmetic
from reconciler.reading.suggest import did_you_mean

MAX_TEXT = 100_000
"""The longest text that a template may make."""

_REFUSED: Mapping[type[nodes.Node], str] = {
    nodes.Call: "functions and methods cannot be called; use a filter such as `| round(2)`",
    nodes.For: "loops are not supported in values",
    nodes.Assign: "`set` is not supported in values",
    nodes.AssignBlock: "`set` is not supported in values",
    nodes.Macro: "macros are not supported in values",
    nodes.CallBlock: "macros are not supported in values",
    nodes.FilterBlock: "filter blocks are not supported in values",
    nodes.With: "`with` is not supported in values",
    nodes.Block: "blocks are not supported in values",
    nodes.Extends: "other templates cannot be used",
    nodes.Include: "other templates cannot be used",
    nodes.Import: "other templates cannot be used",
    nodes.FromImport: "other templates cannot be used",
    nodes.Dict: "maps cannot be made by a template",
}


class Names(Mapping[str, Any]):
    """``vars`` or ``environment``: names that are looked up, and nothing else that an object has."""

    def __init__(self, title: str, values: Mapping[str, Any], unset: Iterable[str] = ()) -> None:
        self.title, self._values, self.unset = title, values, frozenset(unset)

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - any value
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


_LONGEST_EXPONENT = 6


class UnsetError(Exception):
    """A template uses a declared variable that has no value in this environment."""


class _ExactLexer(Lexer):
    """Reads a number with a fraction as the ``Decimal`` of its text."""

    def wrap(
        self, stream: Iterable[tuple[int, str, str]], name: str | None = None, filename: str | None = None
    ) -> Iterator[Token]:
        for lineno, token, text in stream:
            if token == "integer" and len(text) > arithmetic.MAX_DIGITS:  # noqa: S105 - a kind of token of Jinja2
                raise TemplateSyntaxError(f"`{text[:20]}…` has more than {arithmetic.MAX_DIGITS} digits", lineno)
            if token == "float":  # noqa: S105 - another
                yield Token(lineno, "float", _decimal(text, lineno))  # type: ignore[arg-type]
            else:
                yield from super().wrap([(lineno, token, text)], name, filename)


def _decimal(text: str, line: int) -> Decimal:
    """The number as it stands; ``1e999999999`` written out has more digits than anybody has memory for."""
    exponent = text.lower().partition("e")[2].replace("_", "")
    if len(exponent) > _LONGEST_EXPONENT or abs(int(exponent or 0)) > arithmetic.MAX_DIGITS:
        raise TemplateSyntaxError(f"`{text[:20]}` is out of range; exponents go up to {arithmetic.MAX_DIGITS}", line)
    return Decimal(text.replace("_", ""))


class _ExactCode(CodeGenerator):
    """Writes ``Decimal`` constants into the compiled template."""

    def visit_Const(self, node: nodes.Const, frame: Frame) -> None:  # noqa: N802 - Jinja2's name
        if isinstance(node.value, Decimal):
            self.write(f"environment.decimal({str(node.value)!r})")
        else:
            super().visit_Const(node, frame)

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802 - Jinja2's name
        self.write("environment.joined((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")


class ValueEnvironment(ImmutableSandboxedEnvironment):
    """See the module."""

    code_generator_class = _ExactCode
    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "%", "**"))
    intercepted_unops = frozenset(("-", "+"))
    decimal = Decimal

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined, autoescape=False, finalize=show, keep_trailing_newline=True, optimized=False
        )
        self.globals.clear()
        self.filters = dict(_FILTERS)
        self.tests = {name: self.tests[name] for name in _TESTS}
        self._exact_lexer = _ExactLexer(self)

    @property
    def lexer(self) -> Lexer:
        """Jinja2's lexer, with exact numbers."""
        return self._exact_lexer

    @staticmethod
    def joined(parts: tuple[Any, ...]) -> str:
        """``a ~ b``."""
        return "".join(str(show(part)) for part in parts)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401 - Jinja2's
        """Exact arithmetic."""
        del context
        return arithmetic.operate(operator, left, right)

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:  # noqa: ANN401 - Jinja2's
        """Exact arithmetic."""
        del context
        return arithmetic.negated(arg) if operator == "-" else arithmetic.operate("+", arg, 0)

    def getattr(self, obj: Any, attribute: str) -> Any:  # noqa: ANN401 - Jinja2's
        """``vars.NAME``: a name of ``vars`` or ``environment``; nothing else has attributes."""
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:  # noqa: ANN401 - Jinja2's
        """``vars["NAME"]``, or a character or part of a text."""
        if isinstance(obj, Names):
            if argument in obj:
                return obj[argument]
            _no_such_name(obj, str(argument))
        if isinstance(obj, StrictUndefined):
            raise SecurityError(f"there is no `{obj._undefined_name}`; templates know `vars` and `environment`")
        if isinstance(obj, str | list | tuple) and isinstance(argument, int | slice):
            return super().getitem(obj, argument)
        raise SecurityError(f"`{argument}` is no part of a value")


def parse(environment: ValueEnvironment, text: str) -> nodes.Template:
    """The syntax tree of a template that uses only what is allowed; raises ``TemplateSyntaxError`` otherwise."""
    tree = environment.parse(text)
    for node in tree.find_all(nodes.Node):
        if (reason := _REFUSED.get(type(node))) is not None:
            raise TemplateSyntaxError(reason, getattr(node, "lineno", 1))
        if isinstance(node, nodes.Filter) and node.name not in environment.filters:
            hint = did_you_mean(node.name, environment.filters)
            raise TemplateSyntaxError(f"there is no filter `{node.name}`{hint}", node.lineno)
    return tree


def show(value: Any) -> Any:  # noqa: ANN401 - Jinja2's finalize
    """A value inside a text."""
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return plain(value)
        case Fraction():
            raise arithmetic.InexactError("the result has no exact decimal value; round it: `(…) | round(2)`")
        case str() | int() | StrictUndefined():
            return value
        case _:
            raise arithmetic.InexactError("only text, numbers and booleans can stand inside a text")


def _no_such_name(names: Names, name: str) -> NoReturn:
    if name in names.unset:
        raise UnsetError(name)
    raise SecurityError(f"there is no `{names.title}.{name}`{did_you_mean(name, (*names, *names.unset))}")


def _text(value: Any, name: str) -> str:  # noqa: ANN401 - a filter's argument
    if not isinstance(value, str):
        raise arithmetic.InexactError(f"`{name}` takes text")
    return value


def _on_text(name: str, change: Callable[[str], str]) -> Callable[[Any], str]:
    return lambda value: change(_text(value, name))


def _replace(value: Any, old: Any, new: Any) -> str:  # noqa: ANN401 - a filter's arguments
    text, before, after = _text(value, "replace"), _text(old, "replace"), _text(new, "replace")
    if not before or len(text) + text.count(before) * len(after) > MAX_TEXT:
        raise arithmetic.InexactError("`replace` takes a text that is not empty, and makes no huge one")
    return text.replace(before, after)


def _default(value: Any, other: Any = "") -> Any:  # noqa: ANN401 - a filter's arguments
    return other if isinstance(value, StrictUndefined) or value is None else value


def _string(value: Any) -> str:  # noqa: ANN401 - a filter's argument
    return str(show(value))


def _length(value: Any) -> int:  # noqa: ANN401 - a filter's argument
    return len(_text(value, "length"))


def _extreme(name: str, choose: Callable[[list[Any]], Any]) -> Callable[[Any], Any]:
    def pick(value: Any) -> Any:  # noqa: ANN401 - a filter's argument
        if not isinstance(value, list | tuple) or not value:
            raise arithmetic.InexactError(f"`{name}` takes a list such as `[vars.a, 10] | {name}`")
        exact = {Fraction(arithmetic.operate("+", item, 0)): item for item in value}
        return exact[choose(list(exact))]

    return pick


_FILTERS: Mapping[str, Callable[..., Any]] = {
    "abs": arithmetic.absolute,
    "capitalize": _on_text("capitalize", str.capitalize),
    "default": _default,
    "int": arithmetic.whole,
    "length": _length,
    "lower": _on_text("lower", str.lower),
    "max": _extreme("max", max),
    "min": _extreme("min", min),
    "replace": _replace,
    "round": arithmetic.rounded,
    "string": _string,
    "title": _on_text("title", str.title),
    "trim": _on_text("trim", str.strip),
    "upper": _on_text("upper", str.upper),
}
_TESTS = ("defined", "undefined", "in", "eq", "ne", "lt", "le", "gt", "ge", "==", "!=", "<", "<=", ">", ">=", "none",
          "string", "number", "boolean", "true", "false", "odd", "even")  # fmt: skip
