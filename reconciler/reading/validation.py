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


@dataclass(frozen=True, slots=True)
class Complaint:
    """An error of pydantic and where it points."""

    detail: ErrorDetails
    found: Trace


def validate(model: type[M], tree: Map, mark: int, what: str) -> tuple[M | None, list[Issue]]:
    """The tree as an instance of the model, or its issues; ``what`` names the whole tree in messages."""
    try:
        return model.model_validate(tree, by_alias=True, by_name=False), []
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=True)
    complaints = [
        Complaint(detail, trace(shape_of(model), tree, mark, detail["loc"], detail["type"])) for detail in details
    ]
    return None, _unique(_issues(complaints, what))


def _issues(complaints: list[Complaint], what: str) -> list[Issue]:
    """One issue per complaint, but of a choice between types only what helps: every member of it complains."""
    choices: dict[Path, dict[str, list[Complaint]]] = {}
    issues: list[Issue] = []
    for complaint in complaints:
        if complaint.found.union is None:
            issues.append(_issue(complaint, what))
        else:
            choices.setdefault(complaint.found.union, {}).setdefault(complaint.found.member, []).append(complaint)
    for members in choices.values():
        fitting = [group for group in members.values() if not any(map(_wants_another_form, group))]
        if fitting:
            issues += [_issue(complaint, what) for complaint in min(fitting, key=len)]
        else:
            every = [complaint for group in members.values() for complaint in group if complaint.found.at_union]
            found = every[0].found
            message = wording.choice([complaint.detail for complaint in every], found)
            issues.append(Issue("schema.type", message, found.mark, found.path, found.span))
    return issues


def _issue(complaint: Complaint, what: str) -> Issue:
    found = complaint.found
    rule, message = wording.explain(complaint.detail, found, what)
    return Issue(rule, message, found.mark, found.path, found.span)


def _wants_another_form(complaint: Complaint) -> bool:
    return complaint.detail["type"] in wording.WRONG_FORM and complaint.found.at_union


def _unique(issues: list[Issue]) -> list[Issue]:
    return list({(issue.rule, issue.mark, issue.message): issue for issue in issues}.values())


def plain(tree: Any) -> Any:  # noqa: ANN401 - any tree
    """The tree as plain maps and lists, without places."""
    if isinstance(tree, dict):
        return {key: plain(value) for key, value in tree.items()}
    return [plain(item) for item in tree] if isinstance(tree, list) else tree
