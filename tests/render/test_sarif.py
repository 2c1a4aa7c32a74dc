"""SARIF 2.1.0: what the standard and GitHub code scanning ask of a file, and what a reader gets out of it."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import unquote

import jsonschema
import pytest

from reconciler.model import Address, Guard, Location, Problem
from reconciler.render import explain, sarif
from reconciler.render.findings import Places

TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
PLACE = {
    "type": "object",
    "required": ["artifactLocation", "region"],
    "properties": {
        "artifactLocation": {
            "required": ["uri", "uriBaseId"],
            "properties": {
                "uri": {"type": "string", "format": "uri-reference", "pattern": "^[^/%:][^:\\s]*$"},
                "uriBaseId": {"const": "%SRCROOT%"},
            },
        },
        "region": {
            "required": ["startLine"],
            "additionalProperties": {"type": "integer", "minimum": 1},
        },
    },
}
LOCATION = {"required": ["physicalLocation"], "properties": {"physicalLocation": PLACE}}
REQUIRED = {
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "maxItems": 20,
            "items": {
                "type": "object",
                "required": ["tool", "results", "automationDetails", "columnKind"],
                "properties": {
                    "tool": {
                        "properties": {
                            "driver": {
                                "required": ["name", "semanticVersion", "rules"],
                                "properties": {
                                    "rules": {
                                        "uniqueItems": True,
                                        "items": {
                                            "required": ["id", "shortDescription", "fullDescription", "help"],
                                            "properties": {
                                                "id": {"type": "string", "minLength": 1, "maxLength": 255},
                                                "shortDescription": TEXT,
                                                "fullDescription": TEXT,
                                                "help": TEXT,
                                                "defaultConfiguration": {
                                                    "properties": {"level": {"enum": ["error", "warning", "note"]}}
                                                },
                                            },
                                        },
                                    }
                                },
                            }
                        }
                    },
                    "results": {
                        "maxItems": 25000,
                        "items": {
                            "required": ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
                            "properties": {
                                "level": {"enum": ["error", "warning", "note"]},
                                "message": TEXT,
                                "locations": {
                                    "minItems": 1,
                                    "items": LOCATION,
                                },
                                "partialFingerprints": {"additionalProperties": {"type": "string"}, "minProperties": 1},
                            },
                        },
                    },
                },
            },
        },
    },
}  # fmt: skip
"""What GitHub Docs say of code scanning: the properties that it requires, and its limits."""


def read(text):
    """The document, as far as a host would take it."""
    document = json.loads(text)
    jsonschema.validate(document, REQUIRED, format_checker=jsonschema.FormatChecker())
    for run in document["runs"]:
        rules = run["tool"]["driver"]["rules"]
        for result in run["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    return document


def results(text):
    return [result for run in read(text)["runs"] for result in run["results"]]


def place(result):
    return result["locations"][0]["physicalLocation"]


def problem(message="wrong", line=3, rule="schema.type", **more):
    return Problem(rule, message, **{"location": Location("catalog/plans.yaml", line, 5), "span": 4, **more})


def test_a_problem_is_a_result_at_its_place_with_its_rule():
    document = read(sarif.problems([problem(address=Address("Plan", "pro"), why="Because.")], Places("billing")))
    (run,) = document["runs"]
    (result,), (rule,) = run["results"], run["tool"]["driver"]["rules"]
    assert (result["ruleId"], result["level"], result["message"]["text"]) == ("schema.type", "error", "wrong\nBecause.")
    assert place(result) == {
        "artifactLocation": {"uri": "billing/catalog/plans.yaml", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 3, "startColumn": 5, "endColumn": 9},
    }
    assert result["locations"][0]["logicalLocations"] == [{"name": "pro", "fullyQualifiedName": "Plan/pro"}]
    assert run["automationDetails"] == {"id": "reconciler/validate/"}
    why = next(known.why for known in explain.every_rule() if known.id == "schema.type")
    assert rule["fullDescription"]["text"] == why
    assert why in rule["help"]["text"]


def test_nothing_wrong_is_a_run_without_results_which_closes_alerts():
    (run,) = read(sarif.problems([]))["runs"]
    assert run["results"] == []


def test_every_rule_of_the_validator_has_what_a_host_asks_of_rules():
    every = explain.every_rule()
    found = [problem(rule=rule.id, severity=rule.severity) for rule in every]
    (run,) = read(sarif.problems(found))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert {rule["id"] for rule in rules} == {rule.id for rule in every} - {"allow.used"}
    assert all(rule["name"].isalnum() for rule in rules)


def test_a_problem_of_no_rule_that_is_known_has_a_help_too():
    (run,) = read(sarif.problems([problem(rule="plan.failed")]))["runs"]
    assert run["tool"]["driver"]["rules"][0]["help"]["text"]


def test_what_moves_down_a_file_stays_the_same_alert_and_two_alike_are_two():
    def prints(*lines):
        return [result["partialFingerprints"] for result in results(sarif.problems([problem(line=n) for n in lines]))]

    assert prints(3) == prints(40)
    one, other = prints(3, 4)
    assert one != other
    assert prints(3)[0] == one


def test_one_of_two_objects_with_the_same_mistake_keeps_its_alert_when_the_other_is_mended():
    pro, team = (problem(address=Address("Plan", key)) for key in ("pro", "team"))
    both = results(sarif.problems([pro, replace(team, location=Location("catalog/plans.yaml", 9))]))
    (left,) = results(sarif.problems([team]))
    assert left["partialFingerprints"] == both[1]["partialFingerprints"]


@pytest.mark.parametrize("file", ["../../outside.yaml", "/etc/passwd"])
def test_what_is_outside_of_the_repository_is_told_at_the_project_file(file):
    (result,) = results(sarif.problems([problem(location=Location(file, 9, 9))], Places("a b", "reconciler.yaml")))
    assert place(result)["artifactLocation"]["uri"] == "a%20b/reconciler.yaml"
    assert place(result)["region"] == {"startLine": 1}


def test_hostile_names_stay_one_path_and_print_nothing():
    name = "a b%41:ü\n\x1b[31m\u202e.yaml"
    text = sarif.problems([problem("mü\x00\n]]>\u202e", location=Location(name, 1), address=Address("Plan", "\x1b"))])
    (result,) = results(text)
    assert text.isascii()
    assert unquote(place(result)["artifactLocation"]["uri"]) == name
    assert result["message"]["text"] == "mü\\x00\\n]]>\\u202e"
    assert result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "Plan/\\x1b"


def test_guards_are_results_the_gravest_first(make):
    plan = make.plan("price", "replaced")
    consented = replace(plan.guards[0], status="consented", consent="--allow")
    closed = Guard("frozen", Address("Plan", "pro"), "books are closed", False, location=Location("reconciler.yaml", 7))
    document = read(sarif.plan(replace(plan, guards=(consented, plan.guards[1], closed))))
    (run,) = document["runs"]
    found = run["results"]
    assert [(one["ruleId"], one["level"]) for one in found] == [
        ("guard.frozen", "error"),
        ("guard.destructive", "warning"),
        ("guard.price-raising", "note"),
    ]
    assert found[0]["relatedLocations"][0]["physicalLocation"]["region"]["startLine"] == 7
    assert found[0]["properties"] == {"address": "Plan/pro", "environment": "production"}
    assert place(found[2])["artifactLocation"]["uri"] == "catalog/ratecards.yaml"
    assert run["automationDetails"] == {"id": "reconciler/plan/production/"}


def test_how_old_a_snapshot_is_stands_beside_the_results_and_is_no_alert(make):
    (live,), (run,) = (read(sarif.plan(plan))["runs"] for plan in (make.plan("price"), make.from_snapshot("price")))
    (made,) = run.pop("invocations")
    assert made["executionSuccessful"] is True
    assert [note["message"]["text"] for note in made["toolExecutionNotifications"]] == [make.snapshot_said]
    assert run == live


def test_every_environment_is_a_category_of_its_own(make):
    plan = make.plan("price")
    other = replace(plan, target=replace(plan.target, environment="staging"))
    ids = [run["automationDetails"]["id"] for run in read(sarif.plans([plan, other], broken=[problem()]))["runs"]]
    assert ids == ["reconciler/validate/", "reconciler/plan/production/", "reconciler/plan/staging/"]


def test_more_environments_than_a_host_takes_runs_of_are_one_run(make):
    plan = make.plan("price")
    plans = [replace(plan, target=replace(plan.target, environment=f"e{n}")) for n in range(21)]
    (run,) = read(sarif.plans(plans))["runs"]
    assert {result["properties"]["environment"] for result in run["results"]} == {f"e{n}" for n in range(21)}
    assert len(run["results"]) == 21


def test_more_results_than_a_host_takes_are_left_out_from_the_mildest_end(monkeypatch):
    monkeypatch.setattr(sarif, "MAX_RESULTS", 2)
    found = [problem(str(n), n, severity="warning" if n < 3 else "error") for n in range(1, 5)]
    (run,) = read(sarif.problems(found))["runs"]
    assert [result["message"]["text"] for result in run["results"]] == ["3", "4"]
    assert run["properties"] == {"leftOut": 2}
