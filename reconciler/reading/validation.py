"""A tree against a pydantic model: the instance, or every issue with its rule, its place and what to write instead.

No message or exception of pydantic leaves this module as it is: its locations are paths of the model, ours are places
in a file, and its sentences are written for programmers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from reconciler.kinds.shape import shape_of
from reconciler.model import Path
from reconciler.reading import wording
from reconciler.reading.trace import Trace, trace
from reconciler.reading.tree import Map

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong in a tree. ``span`` is how many characters to underline at ``mark``."""

    rule: str
    message: str
    mark: int
    path: Path = ()
    span: int = 1
    why: str | None = None


def validate(model: type[M], tree: Map, mark: int, what: str) -> tuple[M | None, list[Issue]]:
    """The tree as an instance of the model, or its issues; ``what`` names the whole tree in messages."""
    try:
        return model.model_validate(tree, by_alias=True, by_name=False), []
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=True)
    traces = [(detail, trace(shape_of(model), tree, mark, detail["loc"], detail["type"])) for detail in details]
    return None, _unique([_issue(detail, found, what) for detail, found in _one_member(traces)])


def _issue(detail: ErrorDetails, found: Trace, what: str) -> Issue:
    rule, message = wording.explain(detail, found, what)
    return Issue(rule, message, found.mark, found.path, found.span)


def _one_member(traces: list[tuple[ErrorDetails, Trace]]) -> list[tuple[ErrorDetails, Trace]]:
    """Of a choice between types, every member complains: keep the complaints of the member that fits best."""
    groups: dict[tuple[Path, int], dict[str, list[tuple[ErrorDetails, Trace]]]] = {}
    out: list[tuple[ErrorDetails, Trace]] = []
    for detail, found in traces:
        if found.union is None:
            out.append((detail, found))
            continue
        members = groups.setdefault((found.union, found.mark if not found.union else 0), {})
        members.setdefault(found.member, []).append((detail, found))
    for members in groups.values():
        out += max(members.values(), key=_fit)
    return out


def _fit(complaints: list[tuple[ErrorDetails, Trace]]) -> tuple[bool, int]:
    """A member that accepts the value's form fits better than one that wants another; then the fewest complaints."""
    wrong_form = any(detail["type"] in wording.WRONG_FORM and found.at_union for detail, found in complaints)
    return (not wrong_form, -len(complaints))


def _unique(issues: list[Issue]) -> list[Issue]:
    return list({(issue.rule, issue.mark, issue.message): issue for issue in issues}.values())


def plain(tree: Any) -> Any:  # noqa: ANN401 - any tree
    """The tree as plain maps and lists, without places."""
    if isinstance(tree, dict):
        return {key: plain(value) for key, value in tree.items()}
    return [plain(item) for item in tree] if isinstance(tree, list) else tree
