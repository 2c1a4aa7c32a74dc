import pytest

from reconciler.manifest.allow import allowances, apply_allowances
from reconciler.model import Location, Problem


def warning(line, rule="plan.lint", severity="warning"):
    return Problem(rule, "m", Location("a.yaml", line), severity)


def rules(text, *problems):
    return [problem.rule for problem in apply_allowances(problems, allowances("a.yaml", text))]


def test_a_comment_silences_a_warning_on_its_line_and_is_listed():
    text = "a: 1\nb: 2  # reconciler: allow plan.lint because the board said so\n"
    (listed,) = apply_allowances([warning(2)], allowances("a.yaml", text))
    assert (listed.rule, listed.severity, str(listed.location)) == ("allow.used", "warning", "a.yaml:2:7")
    assert "the board said so" in listed.message


def test_a_comment_on_a_line_of_its_own_is_about_the_next_one():
    assert rules("# reconciler: allow plan.lint because x\n# more\n\nb: 2\n", warning(4)) == ["allow.used"]


@pytest.mark.parametrize("problem", [warning(3), warning(2, "plan.other")])
def test_other_lines_and_rules_are_not_silenced(problem):
    found = rules("a: 1\nb: 2 # reconciler: allow plan.lint because x\n", problem)
    assert found == [problem.rule, "allow.unused"]


def test_an_error_cannot_be_silenced():
    assert rules("a: 1 # reconciler: allow plan.lint because x", warning(1, severity="error")) == [
        "plan.lint",
        "allow.unused",
    ]


def test_without_a_reason_nothing_is_silenced():
    assert rules("a: 1 # reconciler: allow plan.lint", warning(1)) == ["plan.lint", "allow.reason"]


def test_a_text_without_such_comments_is_not_searched():
    assert allowances("a.yaml", "# allow nothing\n") == []


def test_the_warnings_of_a_run_are_silenced_in_its_result(catalogue):
    text = """\
        apiVersion: openmeter.io/v1
        kind: Meter
        key: m
        spec: {eventType: a, aggregation: COUNT} # reconciler: allow some.rule because it may come
        """
    desired = catalogue.write(a_yaml=text).load()
    assert [warning.rule for warning in desired.warnings] == ["allow.unused"]
