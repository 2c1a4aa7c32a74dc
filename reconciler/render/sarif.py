"""Problems and plans as SARIF 2.1.0, for GitHub code scanning and every other viewer of static analysis.

Sources: the OASIS standard, and GitHub Docs, *SARIF support for code scanning*, for what it requires (help texts, a
location of every result, a category per run) and its limits: 20 runs of a file, 25,000 results of a run, of which it
shows the first 5,000. The gravest come first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import simplejson

from reconciler.kinds.kind import Rule
from reconciler.model import Plan, Problem
from reconciler.planning.digest import sha256
from reconciler.render import explain
from reconciler.render.escape import escape
from reconciler.render.findings import HERE, Finding, Places, gravest_first, of_plan, of_problems, of_snapshot
from reconciler.version import VERSION

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MAX_RUNS = 20
MAX_RESULTS = 25_000
_ROOT = "%SRCROOT%"
_FINGERPRINT = "reconciler/v1"

_ABOUT = {
    "guard": "This stands between the plan and its apply: {}.",
    "policy": "A rule of the environment's policy: {}.",
    "change": "A change of the class {}.",
}
_OPENING = (
    "Somebody has to consent: `--allow CODE:KIND/KEY`, a committed Approval, or whom the environment's policy names. "
    "Some guards open only when what they are about is changed."
)


def problems(found: Iterable[Problem], places: Places = HERE) -> str:
    """The problems of files as one run of the category ``reconciler/validate``."""
    return _document([_checked(found, places)])


def plan(plan: Plan, places: Places = HERE) -> str:
    """Guards, warnings and changes that can hurt, as a run of the category ``reconciler/plan/ENVIRONMENT``."""
    return plans([plan], places)


def plans(plans: Sequence[Plan], places: Places = HERE, broken: Iterable[Problem] = ()) -> str:
    """The same of several plans, one run each; all in one run where they are more than a host takes of one file.

    ``broken`` are the problems of files for which there is no plan: a run of its own, as of ``problems``.
    """
    found = [(plan.target.environment, of_plan(plan), of_snapshot(plan)) for plan in plans]
    problems = list(broken)
    first = [_checked(problems, places)] if problems else []
    if len(found) + len(first) > MAX_RUNS:
        every = gravest_first(finding for _, ones, _ in found for finding in ones)
        told = [one for _, _, ones in found for one in ones]
        return _document([*first, _run("reconciler/plan", every, places, told)])
    return _document([*first, *(_run(f"reconciler/plan/{name}", ones, places, told) for name, ones, told in found)])


def _checked(found: Iterable[Problem], places: Places) -> dict[str, Any]:
    return _run("reconciler/validate", gravest_first(of_problems(found)), places)


def _document(runs: Sequence[Mapping[str, Any]]) -> str:
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": runs}
    return simplejson.dumps(document, indent=2, ensure_ascii=True) + "\n"


def _run(category: str, found: Sequence[Finding], places: Places, told: Sequence[Finding] = ()) -> dict[str, Any]:
    """A run of these results; what is ``told`` beside them is about how it was made, and no alert."""
    kept = found[:MAX_RESULTS]
    names = list(dict.fromkeys(finding.rule for finding in kept))
    known = {rule.id: rule for rule in explain.every_rule()}
    index = {name: at for at, name in enumerate(names)}
    seen: Counter[str] = Counter()
    return {
        "tool": {
            "driver": {
                "name": "reconciler",
                "semanticVersion": VERSION,
                "rules": [_rule(name, known.get(name)) for name in names],
            }
        },
        "automationDetails": {"id": f"{escape(category)}/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The top of the repository."}}},
        "results": [_result(finding, index[finding.rule], places, seen) for finding in kept],
        **({"invocations": [_invocation(told)]} if told else {}),
        **({"properties": {"leftOut": len(found) - len(kept)}} if len(found) > len(kept) else {}),
    }


def _invocation(told: Sequence[Finding]) -> dict[str, Any]:
    notes = [{"level": one.level, "message": {"text": escape(one.message)}} for one in told]
    return {"executionSuccessful": True, "toolExecutionNotifications": notes}


def _rule(name: str, rule: Rule | None) -> dict[str, Any]:
    said, help_text = _texts(name, rule)
    return {
        "id": escape(name),
        "name": _pascal(name),
        "shortDescription": {"text": said},
        "fullDescription": {"text": said},
        "help": {"text": help_text},
        "defaultConfiguration": {"level": _default(name, rule)},
        "properties": {"tags": ["billing", escape(name.partition(".")[0])]},
    }


def _texts(name: str, rule: Rule | None) -> tuple[str, str]:
    """What a rule is about, and what helps. A host refuses a rule without either."""
    if rule is not None:
        return rule.why, f"{rule.why} Source: {rule.source}. All rules: reconciler explain --rules"
    family, _, what = name.partition(".")
    if family in _ABOUT:
        return _ABOUT[family].format(escape(what)), _OPENING if family == "guard" else f"{escape(what)}: see the plan."
    return f"{escape(name)}.", "What is wrong and what helps stands in each message."


def _default(name: str, rule: Rule | None) -> str:
    if rule is not None:
        return rule.severity
    return "note" if name.startswith("change.") else "error" if name.startswith("rehearsal.") else "warning"


def _pascal(name: str) -> str:
    """``plan.tiers.open_end`` → ``PlanTiersOpenEnd``, as the standard asks of names."""
    words = "".join(char if char.isalnum() else " " for char in name).split()
    return "".join(word[:1].upper() + word[1:] for word in words)


def _result(finding: Finding, index: int, places: Places, seen: Counter[str]) -> dict[str, Any]:
    digest = sha256([finding.rule, places.file(finding.location), str(finding.address or ""), finding.message])[:32]
    seen[digest] += 1
    found: dict[str, Any] = {
        "ruleId": escape(finding.rule),
        "ruleIndex": index,
        "level": finding.level,
        "message": {"text": "\n".join(escape(line) for line in _lines(finding))},
        "locations": [_location(finding, places)],
        # Not over the line's number: what moves down a file stays the same alert.
        "partialFingerprints": {_FINGERPRINT: f"{digest}:{seen[digest]}"},
    }
    if finding.related is not None and finding.related != finding.location and places.is_inside(finding.related):
        uri = {"uri": quote(places.file(finding.related)), "uriBaseId": _ROOT}
        region = {"startLine": finding.related.line, "startColumn": finding.related.column}
        place = {"artifactLocation": uri, "region": region}
        found["relatedLocations"] = [{"physicalLocation": place, "message": {"text": "what asks for it"}}]
    properties = {"address": finding.address, "environment": finding.environment}
    if any(properties.values()):
        found["properties"] = {name: escape(str(value)) for name, value in properties.items() if value}
    return found


def _lines(finding: Finding) -> Iterator[str]:
    yield finding.message
    yield from finding.details
    if finding.help and finding.level != "note":
        yield finding.help


def _location(finding: Finding, places: Places) -> dict[str, Any]:
    """Where it is. GitHub takes no result without a place: what has none is told at the project file's first line."""
    where = finding.location if finding.location and places.is_inside(finding.location) else None
    region = {"startLine": 1}
    if where is not None:
        column = max(1, where.column)
        region = {"startLine": max(1, where.line), "startColumn": column, "endColumn": column + finding.span}
    physical = {"artifactLocation": {"uri": quote(places.file(where)), "uriBaseId": _ROOT}, "region": region}
    location: dict[str, Any] = {"physicalLocation": physical}
    if finding.address is not None:
        name = escape(str(finding.address))
        location["logicalLocations"] = [{"name": escape(finding.address.key), "fullyQualifiedName": name}]
    return location
