"""Every rule of a kind is met by a document that breaks it, at the path of what is wrong.

``refused/KIND.yaml`` holds one document per case: ``refused`` (rule id → path), the ``spec``, and with ``beside`` the
other documents of the catalogue. A case lists everything that is found, so a rule that fires too often fails too.
"""

import pytest
from pydantic import ValidationError

from reconciler.kinds.registry import KINDS
from reconciler.model import render_path

from .conftest import HERE, read

CASES = [(path.stem, case) for path in sorted((HERE / "refused").glob("*.yaml")) for case in read(path.read_text())]
TABLES = sorted({kind for kind, _ in CASES})


def _name(case):
    return "+".join(item["rule"] for item in case["refused"])


def _found(kind_name, case, check):
    try:
        findings = check(kind_name, case["spec"], *case.get("beside", ()), key=case.get("key", "it"))
    except ValidationError as error:
        return [(problem["type"], render_path(problem["loc"])) for problem in error.errors()]
    assert all(finding.rule in KINDS[kind_name].rules for finding in findings)
    return [(finding.rule.id, render_path(finding.path)) for finding in findings]


@pytest.mark.parametrize(("kind", "case"), CASES, ids=[f"{kind}-{_name(case)}" for kind, case in CASES])
def test_the_rule_finds_what_is_wrong_and_where(kind, case, check):
    expected = [(item["rule"], item.get("path") or "") for item in case["refused"]]
    assert sorted(_found(kind, case, check)) == sorted(expected)


@pytest.mark.parametrize("kind", TABLES)
def test_every_rule_of_the_kind_has_a_case(kind):
    # Kinds share rules (rate cards), and one case of a rule is enough.
    met = {item["rule"] for _, case in CASES for item in case["refused"]}
    assert {rule.id for rule in KINDS[kind].rules} - met == set()
