"""Shared cards, bases and copied phases: what they become, where their values stand, and what is refused."""

import pytest

from reconciler.model import Address

FEATURES = """\
apiVersion: openmeter.io/v1
kind: Meter
key: tokens
spec: {eventType: t, aggregation: SUM, valueProperty: $.n}
---
apiVersion: openmeter.io/v1
kind: Feature
key: tokens
spec: {name: Tokens, meterSlug: tokens}
"""
CARD = """\
apiVersion: reconciler/v1
kind: RateCard
key: per_token
spec:
  type: usage_based
  featureKey: tokens
  billingCadence: P1M
  price: {type: unit, amount: "0.002"}
"""
FEE = """\
apiVersion: reconciler/v1
kind: RateCard
key: fee
spec:
  type: flat_fee
  name: Base fee
  billingCadence: P1M
  price: {type: flat, amount: "19"}
"""
PLAN = """\
apiVersion: openmeter.io/v1
kind: Plan
key: pro
spec:
  name: Pro
  currency: USD
  billingCadence: P1M
  phases:
    - key: main
      name: Main
      duration: null
      rateCards:
"""
TWO_PHASES = """\
apiVersion: openmeter.io/v1
kind: Plan
key: pro
spec:
  name: Pro
  currency: USD
  billingCadence: P1M
  phases:
    - {key: trial, name: Trial, duration: P12M, from: main, price: null}
    - key: main
      name: Main
      duration: null
      rateCards:
        - use: fee
        - use: per_token
          discounts: {percentage: {percentage: 10}}
"""
PRO, TEAM = Address("Plan", "pro"), Address("Plan", "team")


def team(text="", key="team"):
    head = f"apiVersion: openmeter.io/v1\nkind: Plan\nkey: {key}\nextends: pro\n"
    return head + (f"spec:\n{text}" if text else "")


def card_patch(text):
    return f"apiVersion: reconciler/v1\nkind: RateCard\nkey: per_token\npatch: {text}\n"


def plan_patch(text, key="pro"):
    return f"apiVersion: openmeter.io/v1\nkind: Plan\nkey: {key}\npatch: {text}\n"


@pytest.fixture
def project(catalogue):
    body = """\
        manifests: [catalog]
        variables: {price: {type: decimal}, fee: {type: decimal, default: "19"}}
        environments:
          staging: {endpoint: "sandbox:", vars: {price: "0.001"}, overlays: [over]}
        """
    catalogue.project(body).write(catalog__a_yaml=FEATURES, catalog__b_yaml=CARD, catalog__c_yaml=FEE)
    (catalogue.root / "over").mkdir()
    return catalogue


def cards(project, environment=None, plan=PRO, phase=-1):
    found = project.load(environment).resources[plan].spec["phases"][phase]["rateCards"]
    return {card.get("key") or card["featureKey"]: card for card in found}


def place(project, *path, plan=PRO, environment=None):
    location = project.load(environment).resources[plan].source.locate(path)
    return f"{location.file}:{location.line}"


# --- shared cards -------------------------------------------------------------------------------------------------


def test_a_used_card_is_the_shared_one_with_the_overrides_merged_onto_it(project):
    project.write(catalog__p_yaml=PLAN + '        - {use: per_token, price: {amount: "0.001"}, name: Cheap}\n')
    assert cards(project)["tokens"] == {
        "type": "usage_based",
        "featureKey": "tokens",
        "billingCadence": "P1M",
        "price": {"type": "unit", "amount": "0.001"},
        "name": "Cheap",
    }


def test_shared_cards_are_no_objects(project):
    project.write(catalog__p_yaml=PLAN + "        - {use: per_token}\n        - {use: fee}\n")
    assert [str(address) for address in project.load().resources] == ["Meter/tokens", "Feature/tokens", "Plan/pro"]


def test_the_key_of_a_used_card_is_its_own_or_its_features_or_the_one_it_is_shared_under(project):
    rows = "        - {use: per_token}\n        - {use: fee}\n        - {use: fee, key: base}\n"
    project.write(catalog__p_yaml=PLAN + rows)
    assert list(cards(project)) == ["tokens", "fee", "base"]


def test_null_takes_a_price_away_and_says_so(project):
    project.write(catalog__p_yaml=PLAN + "        - {use: per_token, price: null}\n")
    assert cards(project)["tokens"]["price"] is None


def test_a_card_may_be_used_by_an_addon(project):
    addon = """\
        apiVersion: openmeter.io/v1
        kind: Addon
        key: extra
        spec: {name: Extra, currency: USD, instanceType: single, rateCards: [{use: per_token}]}
        """
    project.write(catalog__x_yaml=addon)
    found = project.load().resources[Address("Addon", "extra")].spec["rateCards"]
    assert [card["price"]["amount"] for card in found] == ["0.002"]


def test_values_point_at_the_shared_card_or_at_the_override(project):
    project.write(catalog__p_yaml=PLAN + "        - use: per_token\n          name: N\n        - use: fee\n")
    at = ("phases", "[main]", "rateCards")
    assert place(project, *at, "[tokens]", "price", "amount") == "catalog/b.yaml:8"
    assert place(project, *at, "[tokens]", "name") == "catalog/p.yaml:14"
    assert place(project, *at, "[tokens]") == "catalog/p.yaml:13"
    assert place(project, *at, "[fee]", "key") == "catalog/p.yaml:15"


def test_what_a_shared_card_does_not_say_would_be_written_there(project):
    project.write(catalog__p_yaml=PLAN + "        - use: per_token\n")
    assert place(project, "phases", "[main]", "rateCards", "[tokens]", "discounts") == "catalog/b.yaml:5"


def test_templates_of_a_shared_card_are_rendered_for_each_environment(project):
    card = CARD.replace('"0.002"', '"{{ vars.price * 2 }}"')
    project.write(catalog__b_yaml=card, catalog__p_yaml=PLAN + "        - use: per_token\n")
    assert str(cards(project, "staging")["tokens"]["price"]["amount"]) == "0.002"
    assert project.problems("sandbox") == ["catalog/b.yaml:8:31 template.unset"]


def test_a_patch_of_a_shared_card_reaches_everybody_who_uses_it(project):
    project.write(
        catalog__p_yaml=PLAN + '        - {use: per_token, price: {amount: "0.009"}}\n',
        catalog__q_yaml=PLAN.replace("key: pro", "key: team") + "        - use: per_token\n",
        over__o_yaml=card_patch('{price: {amount: "0.005"}, name: Patched}'),
    )
    assert cards(project, "staging", TEAM)["tokens"]["price"]["amount"] == "0.005"
    mine = cards(project, "staging")["tokens"]
    assert (mine["price"]["amount"], mine["name"]) == ("0.009", "Patched")
    assert cards(project, None, TEAM)["tokens"]["price"]["amount"] == "0.002"
    where = place(project, "phases", 0, "rateCards", 0, "price", "amount", plan=TEAM, environment="staging")
    assert where == "over/o.yaml:4"


def test_a_patch_of_a_plan_changes_a_used_card_by_its_key(project):
    patch = plan_patch('{phases: [{key: main, rateCards: [{featureKey: tokens, price: {amount: "0.007"}}]}]}')
    project.write(catalog__p_yaml=PLAN + "        - use: per_token\n", over__o_yaml=patch)
    assert cards(project, "staging")["tokens"]["price"] == {"type": "unit", "amount": "0.007"}


def test_a_card_used_in_a_patch_takes_the_place_of_the_one_with_its_key_and_nothing_of_it_stays(project):
    rows = """\
        - {use: per_token, key: tokens, discounts: {percentage: {percentage: 50}}}
        - use: fee
"""
    other = CARD.replace("key: per_token", "key: dearer").replace("0.002", "0.008")
    patch = plan_patch("{phases: [{key: main, rateCards: [{use: dearer}]}]}")
    project.write(catalog__p_yaml=PLAN + rows, catalog__d_yaml=other, over__o_yaml=patch)
    found = cards(project, "staging")
    assert list(found) == ["tokens", "fee"]
    assert found["tokens"]["price"]["amount"] == "0.008"
    assert "discounts" not in found["tokens"]


def test_a_shared_card_extends_another(project):
    cheap = "apiVersion: reconciler/v1\nkind: RateCard\nkey: cheap\nextends: per_token\nspec: {price: {amount: '0'}}\n"
    project.write(catalog__d_yaml=cheap, catalog__p_yaml=PLAN + "        - use: cheap\n")
    assert cards(project)["tokens"]["price"] == {"type": "unit", "amount": "0"}


def test_a_shared_card_of_an_overlay_exists_in_its_environments_only(project):
    plan = PLAN + "        - use: extra\n"
    project.write(over__p_yaml=plan, over__c_yaml=FEE.replace("key: fee", "key: extra"))
    assert list(cards(project, "staging")) == ["extra"]
    assert PRO not in project.load().resources


# --- bases --------------------------------------------------------------------------------------------------------


def test_an_object_starts_from_its_base_and_says_what_differs(project):
    project.write(
        catalog__p_yaml=PLAN + "        - use: fee\n",
        catalog__q_yaml=team("  name: Team\n  phases: [{key: main, rateCards: [{key: fee, price: {amount: '49'}}]}]\n"),
    )
    found = project.load().resources
    assert (found[PRO].spec["name"], found[TEAM].spec["name"]) == ("Pro", "Team")
    assert found[TEAM].spec["currency"] == "USD"
    assert cards(project, plan=TEAM)["fee"]["price"] == {"type": "flat", "amount": "49"}
    assert cards(project)["fee"]["price"] == {"type": "flat", "amount": "19"}


def test_an_object_may_say_nothing_but_its_base(project):
    project.write(catalog__p_yaml=PLAN + "        - use: fee\n", catalog__q_yaml=team())
    found = project.load().resources
    assert found[TEAM].spec == found[PRO].spec


def test_cards_are_removed_placed_and_replaced_as_in_overlays(project):
    text = "  phases: [{key: main, rateCards: [{key: fee, $remove: true}, {use: per_token, $before: b}]}]\n"
    rows = "        - use: fee\n        - {use: fee, key: a}\n        - {use: fee, key: b}\n"
    project.write(catalog__p_yaml=PLAN + rows, catalog__q_yaml=team(text))
    assert list(cards(project, plan=TEAM)) == ["a", "tokens", "b"]
    assert list(cards(project)) == ["fee", "a", "b"]


def test_null_in_a_free_map_takes_an_entry_of_the_base_away(project):
    base = PLAN.replace("  phases:", "  metadata: {a: '1', b: '2'}\n  phases:")
    project.write(catalog__p_yaml=base + "        - use: fee\n", catalog__q_yaml=team("  metadata: {a: null}\n"))
    assert project.load().resources[TEAM].spec["metadata"] == {"b": "2"}


def test_values_point_at_the_base_the_override_or_the_shared_card_of_the_base(project):
    project.write(catalog__p_yaml=PLAN + "        - use: fee\n", catalog__q_yaml=team("  name: Team\n"))
    at = ("phases", "[main]", "rateCards", "[fee]")
    assert place(project, "currency", plan=TEAM) == "catalog/p.yaml:6"
    assert place(project, "name", plan=TEAM) == "catalog/q.yaml:6"
    assert place(project, *at, "price", "amount", plan=TEAM) == "catalog/c.yaml:8"
    assert place(project, "description", plan=TEAM) == "catalog/p.yaml:5"
    assert project.load().resources[TEAM].location.file == "catalog/q.yaml"


def test_an_abstract_object_is_never_sent(project):
    base = PLAN.replace("key: pro\n", "key: pro\nabstract: true\n")
    project.write(catalog__p_yaml=base + "        - use: fee\n", catalog__q_yaml=team())
    found = project.load().resources
    assert PRO not in found
    assert TEAM in found


def test_an_abstract_object_may_leave_out_what_others_fill_in(project):
    base = PLAN.replace("key: pro\n", "key: pro\nabstract: true\n").replace("  currency: USD\n", "")
    project.write(catalog__p_yaml=base + "        - use: fee\n", catalog__q_yaml=team("  currency: EUR\n"))
    assert project.load().resources[TEAM].spec["currency"] == "EUR"


def test_a_lifecycle_is_not_passed_on(project):
    base = PLAN + "        - use: fee\nlifecycle: {protect: true}\n"
    project.write(catalog__p_yaml=base, catalog__q_yaml=team())
    found = project.load().resources
    assert (found[PRO].management.protect, found[TEAM].management.protect) == (True, False)


def test_a_patch_of_a_base_reaches_what_extends_it_and_a_patch_of_that_comes_after(project):
    project.write(
        catalog__p_yaml=PLAN + "        - use: fee\n        - use: per_token\n",
        catalog__q_yaml=team("  name: Team\n"),
        over__a_yaml=plan_patch("{name: Never, description: Patched, metadata: {a: '1', b: '2'}}"),
        over__b_yaml=plan_patch(
            "{metadata: {a: null}, phases: [{key: main, rateCards: [{key: fee, $remove: true}]}]}", "team"
        ),
    )
    found = project.load("staging").resources[TEAM].spec
    assert (found["name"], found["description"], found["metadata"]) == ("Team", "Patched", {"b": "2"})
    assert list(cards(project, "staging", TEAM)) == ["tokens"]
    assert list(cards(project, "staging")) == ["fee", "tokens"]


def test_a_base_that_an_overlay_makes_absent_still_serves(project):
    gone = "apiVersion: openmeter.io/v1\nkind: Plan\nkey: pro\nlifecycle: {state: absent}\n"
    project.write(catalog__p_yaml=PLAN + "        - use: fee\n", catalog__q_yaml=team(), over__o_yaml=gone)
    assert list(cards(project, "staging", TEAM)) == ["fee"]


def test_templates_of_a_base_are_rendered_in_what_extends_it(project):
    rows = "        - {use: fee, price: {amount: '{{ vars.fee + 1 }}'}}\n"
    project.write(catalog__p_yaml=PLAN + rows, catalog__q_yaml=team())
    assert str(cards(project, plan=TEAM)["fee"]["price"]["amount"]) == "20"


def test_every_kind_can_extend(catalogue, meter):
    other = "apiVersion: openmeter.io/v1\nkind: Meter\nkey: calls\nextends: tokens\nspec: {eventType: b}\n"
    catalogue.write(a_yaml=meter, b_yaml=other)
    assert catalogue.specs()["Meter/calls"] == {"eventType": "b", "aggregation": "COUNT"}


def test_a_long_chain_of_bases_and_of_phases_needs_no_deep_stack(catalogue, meter):
    chain = "".join(
        f"---\napiVersion: openmeter.io/v1\nkind: Meter\nkey: m{n}\nextends: {'tokens' if n == 0 else f'm{n - 1}'}\n"
        for n in range(1500)
    )
    phases = "".join(
        f"    - {{key: p{n}, name: P, duration: P1M, from: {f'p{n + 1}' if n < 999 else 'main'}}}\n"
        for n in range(1000)
    )
    plan = PLAN.replace("    - key: main", phases + "    - key: main") + "        - use: fee\n"
    catalogue.write(a_yaml=meter + chain, c_yaml=FEE, p_yaml=plan)
    found = catalogue.specs()
    assert found["Meter/m1499"] == found["Meter/tokens"]
    assert found["Plan/pro"]["phases"][0]["rateCards"] == found["Plan/pro"]["phases"][-1]["rateCards"]


# --- copied phases ------------------------------------------------------------------------------------------------


def test_a_phase_copies_the_cards_of_another_and_makes_them_free(project):
    project.write(catalog__p_yaml=TWO_PHASES)
    trial, main = cards(project, phase=0), cards(project)
    assert [card["price"] for card in trial.values()] == [None, None]
    assert "discounts" not in trial["tokens"], "nothing can be taken off what is free"
    assert main["tokens"]["discounts"] == {"percentage": {"percentage": 10}}
    assert main["fee"]["price"] == {"type": "flat", "amount": "19"}
    assert trial["fee"]["billingCadence"] == "P1M"


def test_a_copy_without_price_null_costs_the_same(project):
    project.write(catalog__p_yaml=TWO_PHASES.replace(", price: null", ""))
    assert cards(project, phase=0) == cards(project)


def test_the_cards_beside_from_change_the_copies(project):
    own = (
        "rateCards: [{key: fee, $remove: true}, {key: tokens, price: {type: unit, amount: '0.1'}}, {use: fee, key: x}]"
    )
    project.write(catalog__p_yaml=TWO_PHASES.replace("price: null", f"price: null, {own}"))
    trial = cards(project, phase=0)
    assert list(trial) == ["tokens", "x"]
    assert trial["tokens"]["price"] == {"type": "unit", "amount": "0.1"}
    assert list(cards(project)) == ["fee", "tokens"]


def test_copies_follow_what_bases_and_overlays_make_of_the_phase(project):
    text = "  currency: EUR\n  phases: [{key: main, rateCards: [{key: fee, price: {amount: '17'}}]}]\n"
    patch = plan_patch("{phases: [{key: main, rateCards: [{use: fee, key: late}]}]}", "team")
    plan = TWO_PHASES.replace(", price: null", "")
    project.write(catalog__p_yaml=plan, catalog__q_yaml=team(text), over__o_yaml=patch)
    trial = cards(project, "staging", TEAM, phase=0)
    assert trial["fee"]["price"]["amount"] == "17"
    assert list(trial) == ["fee", "tokens", "late"]
    assert cards(project, phase=0)["fee"]["price"]["amount"] == "19"


def test_changes_to_copies_of_every_layer_come_one_after_the_other(project):
    own = "price: null, rateCards: [{key: fee, name: One}]"
    text = "  phases: [{key: trial, rateCards: [{key: fee, name: Two}, {key: tokens, $remove: true}]}]\n"
    patch = plan_patch("{phases: [{key: trial, price: null, rateCards: [{key: fee, description: Three}]}]}", "team")
    project.write(
        catalog__p_yaml=TWO_PHASES.replace("price: null", own), catalog__q_yaml=team(text), over__o_yaml=patch
    )
    trial = cards(project, "staging", TEAM, phase=0)
    assert list(trial) == ["fee"]
    assert (trial["fee"]["name"], trial["fee"]["description"], trial["fee"]["price"]) == ("Two", "Three", None)


def test_saying_price_null_again_does_not_take_it_back(project):
    project.write(
        catalog__p_yaml=TWO_PHASES,
        catalog__q_yaml=team("  phases: [{key: trial, price: null}]\n"),
        over__o_yaml=plan_patch("{phases: [{key: trial, price: null}]}"),
    )
    for plan in (PRO, TEAM):
        assert {card["price"] for card in cards(project, "staging", plan, phase=0).values()} == {None}


def test_what_extends_may_stop_copying(project):
    text = "  phases: [{key: trial, from: null, rateCards: [{use: fee}]}]\n"
    project.write(catalog__p_yaml=TWO_PHASES.replace(", price: null", ""), catalog__q_yaml=team(text))
    assert list(cards(project, plan=TEAM, phase=0)) == ["fee"]


def test_a_copy_of_a_copy(project):
    plan = TWO_PHASES.replace(
        "    - key: main",
        "    - {key: ramp, name: R, duration: P1M, from: trial, rateCards: [{use: fee}]}\n    - key: main",
    )
    project.write(catalog__p_yaml=plan)
    ramp = cards(project, phase=1)
    assert ramp["tokens"]["price"] is None
    assert ramp["fee"]["price"]["amount"] == "19"


def test_values_of_a_copy_point_at_the_phase_that_is_copied_and_its_price_at_the_null(project):
    project.write(catalog__p_yaml=TWO_PHASES)
    at = ("phases", "[trial]", "rateCards", "[tokens]")
    assert place(project, *at, "price") == "catalog/p.yaml:9"
    assert place(project, *at, "billingCadence") == "catalog/b.yaml:7"
    assert place(project, *at) == "catalog/p.yaml:15"
    project.write(catalog__p_yaml=TWO_PHASES.replace(", price: null", ""))
    assert place(project, *at, "discounts") == "catalog/p.yaml:16"


# --- currencies ---------------------------------------------------------------------------------------------------


def euros(text="", key="team"):
    return team(f"  currency: EUR\n{text}", key)


def warned(project, rule="reuse.currency"):
    return [f"{p.location} {p.message}" for p in project.check() if p.rule == rule]


def test_an_amount_that_is_billed_in_two_currencies_is_warned_of_where_it_stands(project):
    rows = "        - {type: flat_fee, key: a, name: A, billingCadence: P1M, price: {type: flat, amount: 5}}\n"
    project.write(catalog__p_yaml=PLAN + "        - use: per_token\n" + rows, catalog__q_yaml=euros())
    assert warned(project) == [
        "catalog/b.yaml:8:31 this amount is EUR in Plan/team and USD in Plan/pro; say it where each currency is said",
        "catalog/p.yaml:14:94 this amount is EUR in Plan/team and USD in Plan/pro; say it where each currency is said",
    ]


def test_amounts_of_one_document_are_warned_of_once(project):
    tiers = "price: {type: tiered, mode: volume, tiers: [{upToAmount: 5, unitPrice: {amount: 1, type: unit}}, "
    card = CARD.replace('price: {type: unit, amount: "0.002"}', tiers + "{flatPrice: {type: flat, amount: 3}}]}")
    project.write(catalog__b_yaml=card, catalog__p_yaml=PLAN + "        - use: per_token\n", catalog__q_yaml=euros())
    (told,) = warned(project)
    assert told.endswith("; so is 1 more amount of this document")


def test_amounts_that_are_said_for_each_currency_are_no_matter(project):
    said = "  phases: [{key: main, rateCards: [{key: fee, price: {amount: 17}}, {key: tokens, price: null}]}]\n"
    rows = "        - use: fee\n        - use: per_token\n"
    project.write(catalog__p_yaml=PLAN + rows, catalog__q_yaml=euros(said))
    assert warned(project) == []


def test_zero_is_the_same_in_every_currency_and_so_is_an_archived_plan(project):
    free = CARD.replace('"0.002"', '"0.00"')
    archived = euros(key="old") + "lifecycle: {state: archived}\n"
    project.write(catalog__b_yaml=free, catalog__p_yaml=PLAN + "        - use: per_token\n", catalog__q_yaml=euros())
    assert warned(project) == []
    project.write(catalog__b_yaml=CARD, catalog__q_yaml=archived)
    assert warned(project) == []


def test_the_warning_is_silenced_where_the_amount_stands(project):
    card = CARD.replace('amount: "0.002"}', 'amount: "0.002"} # reconciler: allow reuse.currency because the same')
    project.write(catalog__b_yaml=card, catalog__p_yaml=PLAN + "        - use: per_token\n", catalog__q_yaml=euros())
    assert warned(project) == []
    assert warned(project, "allow.used") != []


# --- what is refused ----------------------------------------------------------------------------------------------

LIFE = "lifecycle: {protect: true}\n"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("- use: per_tokens", ("catalog/p.yaml:13:16 reuse.unknown there is no shared rate card `per_tokens`; did you "
                              "mean `per_token`?")),
        ("- use: zzz", ("catalog/p.yaml:13:16 reuse.unknown there is no shared rate card `zzz`; declare it with "
                       "`kind: RateCard`")),
        ("- use: [fee]", "catalog/p.yaml:13:16 schema.type `use` names a shared card by its key, not a list"),
        ("- use:", "catalog/p.yaml:13:15 schema.type `use` names a shared card by its key, not nothing (`null`)"),
        ('- use: "{{ vars.fee }}"', ("catalog/p.yaml:13:16 template.fixed `use` cannot be a template: what plans are "
                                    "made of is fixed for all environments")),
        ("- {use: fee, prise: 1}", ("catalog/p.yaml:13:22 schema.unknown_field unknown field `prise` in "
                                   "`phases[main].rateCards[fee]`; did you mean `price`?")),
        ("- {use: fee, key: Bad-Key}", ("catalog/p.yaml:13:27 value.key `Bad-Key` is not a key: lower-case letters and "
                                       "digits, joined by `_`; write `bad_key`")),
        ("- {use: per_token, key: other}", ("catalog/p.yaml:13:33 card.key.feature a card with `featureKey: tokens` "
                                           "has that key; leave `key` out")),
        ("- use: fee\n        - use: fee", ("catalog/p.yaml:14:16 card.key.duplicate another card of this phase is "
                                           "called `fee` already")),
        ("- {use: per_token, featureKey: nothing}", ("catalog/p.yaml:13:40 reference.unknown Feature/nothing is not "
                                                    "declared; declare it, or with `lifecycle: {manage: observe}` if "
                                                    "it exists elsewhere")),
    ],
)  # fmt: skip
def test_a_wrong_use_is_refused_where_it_stands(project, rows, expected):
    project.write(catalog__p_yaml=PLAN + f"        {rows}\n")
    found = [f"{p.location} {p.rule} {p.message}" for p in project.check() if p.severity == "error"]
    assert found == [expected]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"q": team().replace("extends: pro", "extends: por")},
         ["catalog/q.yaml:4:10 reuse.unknown Plan/por is not declared, so nothing can extend it; did you mean `pro`?"]),
        ({"q": team().replace("extends: pro", "extends: fee")},
         [("catalog/q.yaml:4:10 reuse.unknown Plan/fee is not declared, so nothing can extend it; RateCard/fee is of "
          "another kind")]),
        ({"q": team().replace("extends: pro", "extends: team")},
         ["catalog/q.yaml:4:10 reuse.cycle Plan/team cannot extend itself"]),
        ({"q": team().replace("extends: pro", "extends: b") + "---\n" + team(key="b").replace("pro", "team")},
         ["catalog/q.yaml:4:10 reuse.cycle objects extend each other in a circle: Plan/team → Plan/b → Plan/team",
          "catalog/q.yaml:9:10 reuse.cycle objects extend each other in a circle: Plan/b → Plan/team → Plan/b"]),
        ({"q": team() + "lifecycle: {state: absent}\n"},
         ["catalog/q.yaml:4:10 lifecycle.absent what is to be absent starts from nothing; leave `extends` out"]),
        ({"q": FEE.replace("key: fee", "key: g") + LIFE},
         [("catalog/q.yaml:9:1 reuse.lifecycle a shared card is never sent, so it has no `lifecycle`; write it on the "
          "plans and add-ons that use it")]),
        ({"q": team().replace("extends: pro", "extends: pro\nabstract: true") + LIFE},
         [("catalog/q.yaml:6:1 reuse.lifecycle Plan/team is abstract and never sent; write `lifecycle` on what extends "
          "it: it is not passed on")]),
        ({"q": FEE.replace("key: fee", "key: g") + "abstract: true\n"},
         ["catalog/q.yaml:9:1 reuse.abstract a shared card is never sent anyway; leave `abstract` out"]),
        ({"q": FEE.replace("key: fee", "key: g").replace("  type:", "  use: fee\n  type:", 1)},
         [("catalog/q.yaml:5:3 reuse.nested a shared card is not made of another by `use`; write `extends: KEY` beside "
          "its `key`")]),
        ({"q": FEE + "---\n" + FEE.replace("key: fee", "key: g")},
         [("catalog/q.yaml:1:1 manifest.duplicate RateCard/fee is declared twice; the other is at catalog/c.yaml:1:1; "
          "in an overlay, write `patch:`")]),
        ({"q": "apiVersion: openmeter.io/v1\nkind: Meter\nkey: x\nlifecycle: {manage: observe}\n---\n"
               "apiVersion: openmeter.io/v1\nkind: Meter\nkey: y\nextends: x\nspec: {eventType: a}\n"},
         ["catalog/q.yaml:9:10 reuse.empty Meter/x is declared without a `spec`, so there is nothing to start from"]),
        ({"q": "apiVersion: reconciler/v1\nkind: RateCard\nkey: g\n"},
         ["catalog/q.yaml:1:1 schema.missing `spec` is missing in RateCard/g"]),
        ({"q": "apiVersion: openmeter.io/v1\nkind: Feature\nkey: f\nabstract: true\nspec: {meterSlug: tokens}\n---\n"
               "apiVersion: openmeter.io/v1\nkind: Plan\nkey: x\nextends: pro\n"
               "spec: {phases: [{key: main, rateCards: [{use: per_token, featureKey: f}]}]}\n"},
         ["catalog/q.yaml:11:70 reference.unknown Feature/f is abstract and never sent, so nothing can refer to it"]),
    ],
)  # fmt: skip
def test_what_cannot_be_reused_is_refused_with_what_to_write(project, files, expected):
    project.write(
        catalog__p_yaml=PLAN + "        - use: fee\n",
        **{f"catalog__{name}_yaml": text for name, text in files.items()},
    )
    errors = [f"{p.location} {p.rule} {p.message}" for p in project.check() if p.severity == "error"]
    assert errors == expected


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        (card_patch("{}") + "abstract: true\n", "over/o.yaml:5:1 reuse.patch"),
        (plan_patch("{}") + "extends: team\n", "over/o.yaml:5:10 reuse.patch"),
        (card_patch("{}").replace("patch: {}", LIFE), "over/o.yaml:4:1 reuse.lifecycle"),
        (card_patch("{}").replace("per_token", "per_tokens"), "over/o.yaml:1:1 overlay.unknown"),
        (card_patch("{use: fee}"), "over/o.yaml:4:9 reuse.nested"),
        (plan_patch("{phases: [{key: main, rateCards: [{use: fee, $remove: true}]}]}"),
         "over/o.yaml:4:43 overlay.remove"),
    ],
)  # fmt: skip
def test_a_patch_that_cannot_reach_its_aim_is_refused(project, patch, expected):
    project.write(catalog__p_yaml=PLAN + "        - use: fee\n        - use: per_token\n", over__o_yaml=patch)
    assert project.problems("staging") == [expected]


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        ("from: mian, price: null", ("catalog/p.yaml:9:55 reuse.from the plan has no phase `mian` to copy; did you "
                                     "mean `main`?")),
        ("from: zzz", "catalog/p.yaml:9:55 reuse.from the plan has no phase `zzz` to copy; it has main"),
        ("from: trial", "catalog/p.yaml:9:55 reuse.from the phase `trial` cannot copy itself"),
        ("from: [main]", "catalog/p.yaml:9:55 schema.type `from` names a phase by its key, not a list"),
        ('from: "{{ vars.fee }}"', ("catalog/p.yaml:9:55 template.fixed `from` cannot be a template: what a plan is "
                                   "made of is fixed for all environments")),
        ("from: main, price: {type: flat}", ("catalog/p.yaml:9:61 reuse.price beside `from`, `price` can only be "
                                            "`null`, which makes the copied cards free")),
        ("price: null, rateCards: []", ("catalog/p.yaml:9:49 reuse.price a phase has no price; `price: null` beside "
                                       "`from: PHASE` makes the copied cards free")),
        ("from: main, rateCards: [{key: x, $remove: true}]", ("catalog/p.yaml:9:73 overlay.remove there is no item `x` "
                                                             "to remove")),
    ],
)  # fmt: skip
def test_a_wrong_copy_is_refused_where_it_stands(project, phase, expected):
    project.write(catalog__p_yaml=TWO_PHASES.replace("from: main, price: null", phase))
    assert [f"{p.location} {p.rule} {p.message}" for p in project.check()] == [expected]


def test_phases_that_copy_each_other_are_refused(project):
    plan = TWO_PHASES.replace("      duration: null", "      duration: null\n      from: trial")
    project.write(catalog__p_yaml=plan)
    assert [f"{p.location} {p.message}" for p in project.check()] == [
        "catalog/p.yaml:9:55 phases copy each other in a circle: trial → main → trial",
        "catalog/p.yaml:13:13 phases copy each other in a circle: main → trial → main",
    ]


def test_a_wrong_value_of_a_shared_card_is_told_once_and_there(project):
    project.write(
        catalog__b_yaml=CARD.replace("0.002", "-1"),
        catalog__p_yaml=PLAN + "        - use: per_token\n        - use: fee\n",
        catalog__q_yaml=team(),
    )
    assert project.problems() == ["catalog/b.yaml:8:31 value.negative"]


def test_what_is_wrong_only_where_a_shared_card_is_used_says_where_that_is(project):
    card = CARD + "  discounts: {percentage: {percentage: 10}}\n"
    plans = [PLAN.replace("key: pro", f"key: p{n}") + "        - {use: per_token, price: null}\n" for n in range(4)]
    project.write(catalog__b_yaml=card, catalog__p_yaml="---\n".join(plans))
    (problem,) = [p for p in project.check() if p.severity == "error"]
    assert str(problem.location) == "catalog/b.yaml:9:3"
    assert problem.message == "there is no price to take this off (in Plan/p0, Plan/p1, Plan/p2 and 1 more)"


def test_a_wrong_shared_card_that_nobody_uses_is_told_too(project):
    broken = FEE.replace("key: fee", "key: other").replace("price:", "prise:")
    project.write(catalog__d_yaml=broken)
    assert project.problems() == ["catalog/d.yaml:8:3 schema.unknown_field"]


def test_what_a_shared_card_leaves_open_is_no_mistake(project):
    project.write(
        catalog__d_yaml="apiVersion: reconciler/v1\nkind: RateCard\nkey: open\nspec: {type: usage_based}\n",
        catalog__p_yaml=PLAN + "        - {use: open, featureKey: tokens, billingCadence: P1M, price: null}\n"
        "        - {use: fee}\n        - {use: per_token, featureKey: null, key: x, price: null, name: X}\n",
    )
    assert project.problems() == []


def test_what_is_wrong_in_an_abstract_object_is_told_even_if_nothing_extends_it(project):
    base = PLAN.replace("key: pro\n", "key: pro\nabstract: true\n").replace("name: Pro", "nmae: Pro")
    project.write(catalog__p_yaml=base + "        - use: fee\n        - use: per_token\n")
    assert project.problems() == ["catalog/p.yaml:6:3 schema.unknown_field"]


def test_what_is_never_used_is_warned_of(project):
    base = PLAN.replace("key: pro\n", "key: pro\nabstract: true\n")
    project.write(catalog__p_yaml=base + "        - use: fee\n")
    found = [f"{p.location} {p.severity} {p.message}" for p in project.check()]
    assert found == [
        "catalog/b.yaml:1:1 warning nothing uses RateCard/per_token, and it is never sent itself",
        "catalog/p.yaml:1:1 warning nothing extends Plan/pro, and it is never sent itself",
    ]


def test_what_is_used_in_one_environment_only_is_used(project):
    patch = plan_patch("{phases: [{key: main, rateCards: [{use: per_token}]}]}")
    project.write(catalog__p_yaml=PLAN + "        - use: fee\n", over__o_yaml=patch)
    assert project.problems() == []
    assert project.problems("sandbox") == [], "the overlays of staging were not looked at"
    assert project.problems("staging") == []


def test_a_change_of_a_card_that_is_not_there_is_refused_with_the_one_that_is_meant(project):
    text = "  phases: [{key: main, rateCards: [{key: fees, price: {amount: '49'}}]}]\n"
    project.write(catalog__p_yaml=PLAN + "        - use: fee\n", catalog__q_yaml=team(text))
    errors = [f"{p.location} {p.message}" for p in project.check() if p.severity == "error"]
    message = "there is no item `fees` to change, and a new one needs a `type`; did you mean `fee`?"
    assert errors == [f"catalog/q.yaml:6:36 {message}"]
