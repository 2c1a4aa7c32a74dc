"""Price tests as JUnit XML: one suite per environment, one case per scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.pricing import PriceTest
from reconciler.render import bill_text, junit
from reconciler.render.junit import Case, Failure
from reconciler.render.style import Style


def dumps(results: Mapping[str, Sequence[PriceTest]]) -> str:
    """The document. A scenario that expects nothing is skipped; one that cannot be billed is a failure."""
    suites = {name: [_case(name, result) for result in found] for name, found in results.items()}
    return junit.dumps("price tests", suites)


def _case(environment: str, result: PriceTest) -> Case:
    scenario = result.scenario
    failure, skipped = None, None
    if not result.passed:
        said = [miss.sentence for miss in result.misses] or [f"it cannot be billed: {result.refused}"]
        failure = Failure("; ".join(said), "price-test", _details(result))
    elif scenario.expect is None:
        skipped = "it expects nothing"
    return Case(environment, f"Scenario/{scenario.key}", scenario.location, failure, skipped)


def _details(result: PriceTest) -> list[str]:
    said = [f"{miss.location}: {miss.sentence}" for miss in result.misses]
    return said + (bill_text.bill(result.bill, Style()).splitlines() if result.bill else [])
