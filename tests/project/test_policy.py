"""Policies as the project file has them: what is wrong, where, and what an environment takes over."""

from __future__ import annotations

import pytest

from reconciler.model import ChangeClass


def policy(found, name="prod"):
    return found.environments[name].policy


def env(text, **more):
    extra = "".join(f"\n    {name}: {value}" for name, value in more.items())
    return f"environments:\n  prod:\n    endpoint: https://p.example{extra}\n    policy: {text}\n"


def test_one_word_or_a_map_says_what_a_class_needs(project):
    found = policy(
        project(env("{classes: {price-lowering: allow, price-raising: {consent: acme/pricing, notice: 30}}}"))
    )
    raising = found.classes[ChangeClass.PRICE_RAISING]
    assert (raising.effect, raising.team, raising.notice) == ("consent", "acme/pricing", 30)
    assert found.classes[ChangeClass.PRICE_LOWERING].effect == "allow"
    assert str(raising.location) == "reconciler.yaml:7:47"


WRONG = [
    ("{classes: {price-rasing: allow}}", "7:24 schema.unknown_field", "did you mean `price-raising`?"),
    ("{classes: {price-raising: deny}}", "7:39 schema.type", "`allow`, `warn` or `consent` or a map"),
    ("{classes: {price-raising: {}}}", "7:24 project.policy", "it asks for nothing"),
    ("{classes: {additive: {effect: allow, consent: a/b}}}", "7:24 project.policy", "contradict each other"),
    ("{classes: {additive: {consent: '@a/b'}}}", "7:44 project.policy", "write `a/b`"),
    ("{classes: {additive: {notice: 0}}}", "7:43 schema.range", "at least 1"),
    ("{rules: [{name: A b, when: 'true', effect: deny, because: x}]}", "7:29 project.name", "write `a_b`"),
    ("{rules: [{name: a, effect: deny, because: x}]}", "7:22 schema.missing", "`when`"),
    ("{rules: [{name: a, when: 'true', effect: deny}]}", "7:22 schema.missing", "`because`"),
    (
        "{rules: [{name: a, when: 'true', effect: allow, because: x}]}",
        "7:54 schema.type",
        "`deny`, `warn` or `consent`",
    ),
    ("{rules: [{name: a, when: change.percnt > 1.0, effect: deny, because: x}]}", "7:44 project.policy", "`percent`"),
    ("{rules: [{name: a, when: 'change.percnt > 1.0', effect: deny, because: x}]}", "7:45 project.policy", "`percent`"),
]


@pytest.mark.parametrize(("text", "place", "says"), WRONG, ids=[row[0][:60] for row in WRONG])
def test_what_is_wrong_is_told_where_it_stands(refused, text, place, says):
    places, messages = refused(env(text))
    assert places == [place]
    assert says in messages[0]


BLOCKS = [
    ("|\n            true ||\n              change.percnt > 1.0", "10:21"),
    ("|-\n            change.percnt > 1.0", "9:19"),
    (">\n            true ||\n            change.percnt > 1.0", "8:13"),
    ('"change.key == \\"a\\" || change.percnt > 1.0"', "8:13"),
]


@pytest.mark.parametrize(("when", "place"), BLOCKS)
def test_a_mistake_inside_a_block_is_told_at_its_own_line_where_it_has_one(refused, when, place):
    places, _ = refused("", environments__other_yaml="endpoint: 'sandbox:'\npolicy:\n\n  rules:\n"
                        f"    - effect: deny\n      name: a\n      because: x\n      when: {when}\n")  # fmt: skip
    assert places == [f"{place} project.policy"]


def test_a_rule_that_is_there_twice_is_refused_with_both_places(refused):
    rule = "{name: a, when: 'true', effect: deny, because: x}"
    places, messages = refused(env(f"{{rules: [{rule}, {rule}]}}"))
    assert places == ["7:80 project.policy"]
    assert "reconciler.yaml:7:29" in messages[0]


def test_what_an_environment_extends_is_asked_for_as_well(project):
    found = project(
        """
        environments:
          base:
            abstract: true
            policy:
              classes: {additive: warn, price-raising: consent}
              rules:
                - {name: a, when: "true", effect: deny, because: x}
                - {name: b, when: "true", effect: deny, because: x}
          prod:
            extends: base
            endpoint: https://p.example
            policy:
              classes: {price-raising: {consent: acme/pricing}}
              rules: [{name: b, when: "false", effect: warn, because: y}]
        """
    )
    mine = policy(found)
    assert {item.value: needs.effect for item, needs in mine.classes.items()} == {
        "additive": "warn",
        "price-raising": "consent",
    }
    assert mine.classes[ChangeClass.PRICE_RAISING].team == "acme/pricing"
    assert [(rule.name, rule.effect) for rule in mine.rules] == [("a", "deny"), ("b", "warn")]


def test_a_policy_comes_along_to_another_address(project):
    found = project(
        """
        environments:
          prod: {endpoint: "https://p.example", policy: {classes: {additive: consent}}}
          eu: {extends: prod, endpoint: "https://eu.example"}
        """
    )
    assert policy(found, "eu") == policy(found)


def test_teams_have_members(project, refused):
    assert project("teams: {acme/pricing: [alice, bob]}").teams == {"acme/pricing": ("alice", "bob")}
    assert refused("teams: {acme/pricing: []}")[0] == ["4:9 schema.length"]
