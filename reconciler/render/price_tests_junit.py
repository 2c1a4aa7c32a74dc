"""Price tests as JUnit XML, which every CI shows: one suite per environment, one case per scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from reconciler.pricing import PriceTest
from reconciler.render import bill_text
from reconciler.render.escape import escape
from reconciler.render.price_tests_json import status
from reconciler.render.style import Style


def dumps(results: Mapping[str, Sequence[PriceTest]]) -> str:
    """The document. A scenario that expects nothing is skipped; one that cannot be billed is a failure."""
    every = [result for found in results.values() for result in found]
    root = Element("testsuites", {"name": "price tests", **_counts(every)})
    for name, found in results.items():
        suite = SubElement(root, "testsuite", {"name": name, **_counts(found)})
        for result in found:
            _case(suite, name, result)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _counts(results: Sequence[PriceTest]) -> dict[str, str]:
    found = [status(result) for result in results]
    return {"tests": str(len(found)), "failures": str(found.count("failed")), "skipped": str(found.count("unchecked"))}


def _case(suite: Element, environment: str, result: PriceTest) -> None:
    scenario = result.scenario
    place = {"file": scenario.location.file, "line": str(scenario.location.line)}
    case = SubElement(suite, "testcase", {"classname": environment, "name": f"Scenario/{scenario.key}", **place})
    if not result.passed:
        said = [miss.sentence for miss in result.misses] or [f"it cannot be billed: {result.refused}"]
        failure = SubElement(case, "failure", {"message": escape("; ".join(said)), "type": "price-test"})
        failure.text = "\n".join(_details(result))
    elif scenario.expect is None:
        SubElement(case, "skipped", {"message": "it expects nothing"})


def _details(result: PriceTest) -> list[str]:
    said = [f"{miss.location}: {miss.sentence}" for miss in result.misses]
    bill = bill_text.bill(result.bill, Style()).splitlines() if result.bill else []
    return [escape(line) for line in said] + bill
