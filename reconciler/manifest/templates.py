"""One text with ``{{ … }}`` → its value. Jinja2 is loaded only when a text needs more than a plain variable."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from reconciler.model import Tree
from reconciler.reading.scalars import is_template as is_template

if TYPE_CHECKING:
    from jinja2 import nodes

    from reconciler.manifest.jinja import ValueEnvironment

MAX_TEMPLATE = 4000
_MAX_BRACKETS = 40
_SIMPLE = re.compile(r"\{\{\s*vars\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")


class TemplateError(Exception):
    """A template that gives no value. ``unset``: only because a variable has none in this environment."""

    def __init__(self, message: str, *, unset: bool = False) -> None:
        super().__init__(message)
        self.unset = unset


class Templates:
    """Renders texts for one environment: its variables and its name."""

    def __init__(self, environment: str, variables: Mapping[str, Any], declared: Iterable[str] = ()) -> None:
        self._environment, self._variables = environment, variables
        self._unset = frozenset(declared) - frozenset(variables)
        self._cache: dict[str, Tree] = {}
        self._jinja: ValueEnvironment | None = None

    def render(self, text: str) -> Tree:
        """The value of a text; one that is exactly one expression keeps its type. Raises ``TemplateError``."""
        simple = _SIMPLE.fullmatch(text)
        if simple and simple[1] in self._variables:
            value: Tree = self._variables[simple[1]]
            return value
        if text not in self._cache:
            self._cache[text] = self._render(text)
        return self._cache[text]

    def _render(self, text: str) -> Tree:
        from jinja2.exceptions import TemplateError as JinjaError

        from reconciler.manifest.jinja import MAX_TEXT, UnsetError

        if len(text) > MAX_TEMPLATE or sum(map(text.count, "([{")) > _MAX_BRACKETS:
            raise TemplateError(
                f"the template is too long: at most {MAX_TEMPLATE} characters, {_MAX_BRACKETS} brackets"
            )
        try:
            value = self._evaluate(text)
        except UnsetError as error:
            message = f"variable `{error}` has no value in environment `{self._environment}`"
            raise TemplateError(message, unset=True) from None
        except (JinjaError, ArithmeticError, TypeError, ValueError, LookupError) as error:
            raise TemplateError(_sentence(error)) from None
        except (RecursionError, SyntaxError, MemoryError):
            raise TemplateError("the template is too deeply nested") from None
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise TemplateError(f"the template makes a text of more than {MAX_TEXT} characters")
        return value

    def _evaluate(self, text: str) -> Tree:
        from jinja2 import nodes

        from reconciler.manifest.jinja import Names, ValueEnvironment, parse

        jinja = self._jinja = self._jinja or ValueEnvironment()
        tree = parse(jinja, text)
        names = {
            "vars": Names("vars", self._variables, self._unset),
            "environment": Names("environment", {"name": self._environment}),
        }
        expression = _only_expression(tree)
        if expression is None:
            return jinja.from_string(tree).render(names)
        assign = nodes.Assign(nodes.Name("result", "store"), expression, lineno=1)
        template = jinja.from_string(nodes.Template([assign], lineno=1))
        context = template.new_context(names)
        for _ in template.root_render_func(context):
            pass
        return _value(context.vars["result"])


def _only_expression(tree: nodes.Template) -> nodes.Expr | None:
    """The expression of a text that is nothing else."""
    from jinja2 import nodes

    if len(tree.body) == 1 and isinstance(tree.body[0], nodes.Output) and len(tree.body[0].nodes) == 1:
        only = tree.body[0].nodes[0]
        return None if isinstance(only, nodes.TemplateData) else only
    return None


def _value(result: Any) -> Tree:  # noqa: ANN401 - whatever an expression gives
    """What a value may be: text, a number, a boolean, nothing, or a list of those."""
    from jinja2 import StrictUndefined

    from reconciler.manifest.jinja import show

    match result:
        case StrictUndefined():
            return str(result)  # raises what is undefined, with its name
        case list() | tuple():
            return [_value(item) for item in result]
        case None | bool() | int() | Decimal() | str():
            return result
        case _:
            return str(show(result))  # raises that this cannot stand in a manifest


def _sentence(error: Exception) -> str:
    """The message of an error of a template, for people."""
    text = getattr(error, "message", None) or str(error)
    return text.rstrip(".") or f"it cannot be evaluated ({type(error).__name__})"
