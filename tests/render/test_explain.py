from __future__ import annotations

import json
import textwrap

import pytest

from reconciler.errors import UsageError
from reconciler.expressions.variables import VARIABLES
from reconciler.kinds.registry import KINDS
from reconciler.render import explain, explain_text
from reconciler.render.style import Style


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_explained_with_its_fields_rules_and_example(name):
    shown = explain_text.kind(explain.explain(name), Style())
    kind = KINDS[name]
    assert kind.summary.split()[0] in shown
    assert all(field in shown for field in kind.shape.fields)
    assert all(rule.id in shown for rule in kind.rules)
    assert kind.example.splitlines()[-1] in shown


@pytest.mark.parametrize("name", KINDS)
def test_every_field_of_every_kind_says_what_it_is_for(name):
    def silent(fields):
        for field in fields:
            if not (field.description or field.notes):
                yield field.path
            yield from silent(field.children)

    assert list(silent(explain.explain(name).fields)) == []


def test_a_field_says_its_type_choices_and_that_it_cannot_be_changed():
    shown = explain_text.kind(explain.explain("Meter.aggregation"), Style())
    assert "must be given" in shown
    assert "one of: SUM, COUNT" in shown
    assert "Immutable" in shown


def test_a_reference_names_the_kind_that_it_points_to():
    assert "Meter key" in explain_text.kind(explain.explain("Feature.meterSlug"), Style())


def test_a_path_may_go_deep_and_through_spec_and_indices():
    found = explain.explain("plan.spec.phases[0].rateCards")
    assert found.field is not None
    assert found.field.path == "phases.rateCards"


def test_a_price_lists_its_models_and_which_field_belongs_to_which():
    shown = explain_text.kind(explain.explain("Plan.phases.rateCards.price"), Style(width=140))
    assert "tiered" in shown
    assert "here type is" in shown
    price = explain.explain("Plan.phases.rateCards.price").field
    assert price is not None
    required = {field.name: field.required for field in price.children}
    assert required["type"]
    assert not required["amount"]
    assert "Only where type is flat, unit or package, and must be given there." in shown


@pytest.mark.parametrize(("path", "hint"), [("Metre", "Meter"), ("Meter.agregation", "aggregation")])
def test_a_typo_gets_the_nearest_name(path, hint):
    with pytest.raises(UsageError, match=f"did you mean `{hint}`"):
        explain.explain(path)


def test_the_overview_lists_every_kind_in_text_and_json():
    shown = explain_text.overview(KINDS.values(), Style())
    tree = json.loads(explain_text.overview_json(KINDS.values()))
    assert all(name in shown for name in KINDS)
    assert [item["kind"] for item in tree] == list(KINDS)


def test_json_has_the_same_fields_as_the_text():
    tree = json.loads(explain_text.as_json(explain.explain("Meter")))
    assert [field["path"] for field in tree["fields"]] == list(KINDS["Meter"].shape.fields)
    assert tree["rules"]


def test_rules_are_listed_with_reason_and_source():
    rule = KINDS["Meter"].rules[0]
    shown = explain_text.rules([rule], Style())
    assert rule.id in shown
    assert rule.why in shown
    assert rule.source in shown


def test_the_lifecycle_of_a_document_is_explained_too():
    shown = explain_text.kind(explain.explain("Plan.lifecycle"), Style())
    assert "onRemove" in shown
    assert "one of: full, create-only, observe" in shown
    assert "lifecycle" not in [field.name for field in explain.explain("Plan").fields]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("Plan.extends", "Start from that object"),
        ("RateCard.extends", "Start from that object"),
        ("Meter.abstract", "never sent"),
        ("Plan.phases.from", "Copy the cards of another phase"),
        ("Plan.phases.price", "the copied cards are free"),
        ("Plan.phases.rateCards.use", "Start from a shared card"),
        ("Addon.rateCards.use", "Start from a shared card"),
        ("RateCard", "rate card written once"),
        ("RateCard.price.tiers.unitPrice", "unitPrice"),
    ],
)
def test_the_words_of_reuse_are_explained(path, said):
    assert said in explain_text.kind(explain.explain(path), Style())


@pytest.mark.parametrize("path", ["RateCard.use", "RateCard.abstract", "RateCard.lifecycle", "Approval.extends"])
def test_words_that_mean_nothing_somewhere_are_not_explained_there(path):
    with pytest.raises(UsageError):
        explain.explain(path)


def test_the_rules_of_shared_cards_are_those_of_reuse_and_of_cards():
    ids = {rule.id for rule in explain.explain("RateCard").rules}
    assert {"reuse.unknown", "reuse.unused", "card.price.silent"} <= ids


@pytest.mark.parametrize("name", ["Project", "Environment", "Policy"])
def test_the_projects_own_files_have_a_page_on_which_every_field_is_described(name):
    found = explain.explain(name.lower())
    assert found.kind.name == name
    assert [field.path for field in found.fields if not field.description] == []
    page = explain_text.kind(found, Style())
    assert "Fields  (* must be given)" in page
    assert "key: KEY" not in page
    assert all(rule.id.startswith("project.") for rule in found.rules)


def test_every_rule_of_the_project_file_stands_on_one_of_its_pages():
    from reconciler.project.rules import RULES

    shown = [rule.id for name in ("Project", "Environment") for rule in explain.explain(name).rules]
    assert sorted(shown) == sorted(rule.id for rule in RULES)


def test_the_examples_of_the_projects_own_files_are_read_without_a_problem(tmp_path):
    from reconciler.project import load_project

    base = "  fleet: { abstract: true }\n"
    (tmp_path / "reconciler.yaml").write_text(explain.explain("Project").kind.example + base)
    (tmp_path / "environments").mkdir()
    policy = textwrap.indent(explain.explain("Policy").kind.example, "  ")
    (tmp_path / "environments" / "eu.yaml").write_text(
        f"{explain.explain('Environment').kind.example}policy:\n{policy}"
    )
    assert list(load_project(tmp_path).environments) == ["staging", "eu"]


def test_a_field_of_an_environment_is_found_by_its_path():
    assert [field.name for field in explain.explain("Environment.limits").field.children] == [
        "maxChangesPercent", "maxRemovals", "catalogWrites", "maxSubscribersAffected", "maxBillIncreasePercent",
    ]  # fmt: skip
    with pytest.raises(UsageError, match="did you mean `token`"):
        explain.explain("Environment.tokn")


def test_every_name_that_a_rule_can_use_is_explained():
    page = explain_text.kind(explain.explain("Policy.rules.when"), Style(width=200))
    for record in VARIABLES.values():
        for one in record.attributes:
            assert f"{one.name} " in page
            assert " ".join(one.meaning.split()) in page
    assert "path " in explain_text.kind(explain.explain("Environment.policy.rules.when.change.fields"), Style())


def test_what_may_be_a_word_or_a_map_has_the_fields_of_the_map():
    found = explain.explain("Project.environments.policy.classes.price-raising").field
    assert [one.name for one in found.children] == ["effect", "consent", "notice"]
    assert found.choices == ("allow", "warn", "consent")
