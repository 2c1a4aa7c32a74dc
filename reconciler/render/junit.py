"""JUnit XML, which every CI shows: suites of cases, with everything in them escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from reconciler.model import Location
from reconciler.render.escape import escape


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a case failed: one line, what kind of failure it is, and what else there is to read, line by line."""

    message: str
    kind: str
    details: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One test. It failed, was ``skipped`` (why), or passed; ``said`` are lines to read in any case."""

    group: str
    name: str
    location: Location | None = None
    failure: Failure | None = None
    skipped: str | None = None
    said: Sequence[str] = ()


def dumps(name: str, suites: Mapping[str, Sequence[Case]]) -> str:
    """The document; ends with a newline."""
    every = [case for cases in suites.values() for case in cases]
    root = Element("testsuites", {"name": escape(name), **_counts(every)})
    for suite, cases in suites.items():
        element = SubElement(root, "testsuite", {"name": escape(suite), **_counts(cases)})
        for case in cases:
            _case(element, case)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _counts(cases: Sequence[Case]) -> dict[str, str]:
    failures = sum(case.failure is not None for case in cases)
    skipped = sum(case.skipped is not None for case in cases)
    return {"tests": str(len(cases)), "failures": str(failures), "skipped": str(skipped)}


def _case(suite: Element, case: Case) -> None:
    place = {"file": escape(case.location.file), "line": str(case.location.line)} if case.location else {}
    element = SubElement(suite, "testcase", {"classname": escape(case.group), "name": escape(case.name), **place})
    if case.failure is not None:
        about = {"message": escape(case.failure.message), "type": escape(case.failure.kind)}
        SubElement(element, "failure", about).text = _text(case.failure.details)
    elif case.skipped is not None:
        SubElement(element, "skipped", {"message": escape(case.skipped)})
    if case.said:
        SubElement(element, "system-out").text = _text(case.said)


def _text(lines: Sequence[str]) -> str:
    return "\n".join(escape(line) for line in lines)
