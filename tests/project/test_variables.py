from decimal import Decimal

import pytest

from reconciler.errors import ProjectError
from reconciler.project import Overrides

DECLARED = """
variables:
  price: {type: decimal, default: "19", min: 0, max: 100}
  seats: {type: integer, default: 3, enum: [3, 5]}
  trial: {type: boolean, default: false}
  label: {default: none}
  must: {type: string}
environments:
  staging:
    endpoint: "sandbox:"
    vars: {price: 1.10, label: env}
    varFiles: [a.yaml, b.json]
"""
FILES = {"a_yaml": "price: '2'\nlabel: a\n", "b.json": '{"label": "b"}'}


def values(project, name=None, **overrides):
    return dict(project(DECLARED, **FILES).environment(name, Overrides(**overrides)).variables)


def test_defaults_hold_where_nothing_else_is_said(project):
    assert values(project) == {"price": Decimal(19), "seats": 3, "trial": False, "label": "none"}


def test_files_win_over_vars_and_later_files_over_earlier(project):
    found = values(project, "staging")
    assert (found["price"], found["label"]) == (Decimal(2), "b")


def test_the_command_line_wins_over_files_and_var_over_var_file(project, tmp_path):
    (tmp_path / "c.yaml").write_text("label: c\nprice: 3\n")
    found = values(project, "staging", var_files=(tmp_path / "c.yaml",), vars={"price": "4.50"})
    assert (found["price"], found["label"]) == (Decimal("4.50"), "c")


def test_text_of_the_command_line_is_parsed_by_the_declared_type(project):
    found = values(project, vars={"seats": "5", "trial": "true", "label": "7", "price": "0.1"})
    assert found == {"seats": 5, "trial": True, "label": "7", "price": Decimal("0.1")}


@pytest.mark.parametrize(
    ("name", "text"),
    [("seats", "4"), ("seats", "5.5"), ("seats", "x"), ("trial", "yes"), ("price", "101"), ("price", "-1"),
     ("price", "1e3"), ("prise", "1")],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_refused(project, name, text):
    with pytest.raises(ProjectError) as caught:
        values(project, vars={name: text})
    assert [problem.rule for problem in caught.value.problems] == ["project.variable"]
    assert "--var" in caught.value.problems[0].message


def test_a_wrong_value_in_a_file_has_its_place(project, tmp_path):
    (tmp_path / "c.yaml").write_text("label: c\nprice: [3]\nlable: x\n")
    with pytest.raises(ProjectError) as caught:
        values(project, var_files=(tmp_path / "c.yaml",))
    assert [str(problem.location) for problem in caught.value.problems] == ["c.yaml:2:8", "c.yaml:3:8"]
    assert "did you mean `label`" in caught.value.problems[1].message


def test_a_missing_file_of_variables_is_a_problem(project, tmp_path):
    with pytest.raises(ProjectError) as caught:
        values(project, var_files=(tmp_path / "none.yaml",))
    assert caught.value.problems[0].rule == "project.file"


@pytest.mark.parametrize(
    "declaration",
    ["{type: integer, default: 1.5}", "{type: string, default: 1}", "{type: boolean, default: 'true'}",
     "{type: decimal, default: 3, min: 4}", "{type: string, min: 1}", "{type: integer, enum: [a]}",
     "{type: integer, default: 1, enum: [2]}"],
)  # fmt: skip
def test_a_declaration_that_contradicts_itself_is_refused(refused, declaration):
    places, _ = refused(f"variables: {{x: {declaration}}}")
    assert [place.split()[1] for place in places] == ["project.variable"]


def test_a_variable_without_a_value_is_only_missing(project):
    assert "must" not in values(project)
