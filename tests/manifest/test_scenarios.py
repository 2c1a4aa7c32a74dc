"""``kind: Scenario`` among the manifests: read, checked against its plan, placed, never declared."""

from datetime import date
from decimal import Decimal

import jsonschema
import pytest
import yaml

from reconciler.manifest.scenarios import SCENARIO
from reconciler.manifest.schema import schema
from reconciler.model import Bound, Increase

HEAD = "apiVersion: reconciler/v1\nkind: Scenario\nkey: a\nspec:\n  plan: pro\n"
CATALOGUE = """\
apiVersion: openmeter.io/v1
kind: Meter
key: tokens
spec: {eventType: a, aggregation: COUNT}
---
apiVersion: openmeter.io/v1
kind: Feature
key: tokens
spec: {name: Tokens, meterSlug: tokens}
---
apiVersion: openmeter.io/v1
kind: Addon
key: seat
spec:
  name: Seat
  currency: USD
  instanceType: multiple
  rateCards: [{type: flat_fee, key: seats, name: Seats, billingCadence: P1M, price: {type: flat, amount: 25}}]
---
apiVersion: openmeter.io/v1
kind: Addon
key: priority
spec:
  name: Priority
  currency: USD
  instanceType: single
  rateCards: [{type: flat_fee, key: lane, name: Lane, billingCadence: P1M, price: {type: flat, amount: 99}}]
---
apiVersion: openmeter.io/v1
kind: Addon
key: unused
spec:
  name: Not on offer
  currency: USD
  instanceType: single
  rateCards: [{type: flat_fee, key: lane, name: Lane, billingCadence: P1M, price: {type: flat, amount: 99}}]
---
apiVersion: openmeter.io/v1
kind: Plan
key: pro
spec:
  name: Pro
  currency: USD
  billingCadence: P1M
  phases:
    - key: trial
      name: Trial
      duration: P1M
      rateCards:
        - {type: usage_based, featureKey: tokens, billingCadence: P1M, price: null}
    - key: main
      name: Main
      rateCards:
        - {type: flat_fee, key: base, name: Base, billingCadence: P1M, price: {type: flat, amount: 20}}
        - type: flat_fee
          key: exit
          name: Exit
          billingCadence: null
          price: {type: flat, amount: 5, paymentTerm: in_arrears}
        - {type: usage_based, featureKey: tokens, billingCadence: P1M, price: {type: unit, amount: 2}}
  addons:
    - {addon: seat, fromPlanPhase: main, maxQuantity: 3}
    - {addon: priority, fromPlanPhase: main}
"""


@pytest.fixture
def priced(catalogue):
    return catalogue.write(plans_yaml=CATALOGUE)


def wrong(catalogue):
    """The errors; what the catalogue is warned of is not about scenarios."""
    return [problem for problem in catalogue.check() if problem.severity == "error"]


def places(catalogue):
    return [f"{problem.location} {problem.rule}" for problem in wrong(catalogue)]


def scenario(catalogue, text, environment=None):
    (found,) = catalogue.write(a_yaml=text).load(environment).scenarios
    return found


def test_a_scenario_is_read_and_declares_nothing(priced):
    before = priced.load()
    text = HEAD + (
        "  description: Ada\n  phase: main\n  start: 2026-02-28\n  periods: 2\n  addons: {seat: 2}\n"
        "  usage: {tokens: [10, '2.5']}\n  expect:\n    total: '165.00'\n    lines: {tokens: 25, base: 40}\n"
        "    atLeast: 1\n    atMost: 200\n    increaseVs: {live: {atMost: 10%}, v1: {atLeast: -1.5}}\n"
    )
    found = scenario(priced, text)
    assert (found.key, found.plan, found.phase, found.description) == ("a", "pro", "main", "Ada")
    assert (found.start, found.periods, found.signs_up, found.addons) == (date(2026, 2, 28), 2, False, {"seat": 2})
    assert found.usage == {"tokens": (Decimal(10), Decimal("2.5"))}
    assert found.expect.total == Decimal("165.00")
    assert found.expect.lines == {"tokens": Decimal(25), "base": Decimal(40)}
    assert (found.expect.at_least, found.expect.at_most) == (Decimal(1), Decimal(200))
    assert found.expect.increases == (
        Increase("live", at_most=Bound(Decimal(10), percent=True)),
        Increase("v1", at_least=Bound(Decimal("-1.5"))),
    )
    assert str(found.location) == "a.yaml:1:1"
    assert str(found.source.locate(("expect", "lines", "base"))) == "a.yaml:14:31"
    after = priced.load()
    assert after.resources.keys() == before.resources.keys()
    assert after.digest == before.digest


def test_what_is_left_out_is_the_last_phase_one_period_and_no_expectation(priced):
    found = scenario(priced, HEAD)
    assert (found.phase, found.periods, found.start, found.signs_up) == (None, 1, None, False)
    assert (found.addons, found.usage, found.expect) == ({}, {}, None)


@pytest.mark.parametrize(
    ("spec", "place", "says"),
    [
        ("  phase: mian\n", "6:10 scenario.phase", "Plan/pro has no phase `mian`; did you mean `main`?"),
        ("  phase: q\n", "6:10 scenario.phase", "its phases are `trial` or `main`"),
        ("  phase: main\n  signsUp: true\n", "6:3 scenario.phase", "leave out `phase` or `signsUp`"),
        ("  addons: {saet: 1}\n", "6:12 scenario.addon", "does not offer the add-on `saet`; did you mean `seat`?"),
        ("  addons: {unused: 1}\n", "6:12 scenario.addon", "it offers `seat` or `priority`"),
        ("  addons: {seat: 4}\n", "6:18 scenario.quantity", "Plan/pro offers at most 3 of `seat`"),
        ("  addons: {seat: 0}\n", "6:18 schema.range", "at least 1"),
        ("  addons: {priority: 2}\n", "6:22 scenario.quantity", "bought once"),
        ("  phase: trial\n  addons: {seat: 1}\n", "7:12 scenario.addon", "from the phase `main` on"),
        ("  usage: {token: 1}\n", "6:11 scenario.usage", "price the usage of `token`; did you mean `tokens`?"),
        ("  usage: {base: 1}\n", "6:11 scenario.usage", "by usage it prices `tokens`"),
        ("  usage: {tokens: -1}\n", "6:19 scenario.usage", "usage is never negative; this is -1"),
        ("  periods: 2\n  usage: {tokens: [1, -2]}\n", "7:11 scenario.usage", "usage of service period 2 is never"),
        ("  usage: {tokens: []}\n", "6:11 scenario.usage", "this one is empty"),
        ("  usage: {tokens: many}\n", "6:19 scenario.usage", "not the text `many`"),
        ("  usage: {tokens: true}\n", "6:19 scenario.usage", "not `true`"),
        ("  usage: {tokens: [1, 2]}\n", "6:11 scenario.usage", "2 totals of `tokens` for 1 billing periods"),
        ("  periods: 0\n", "6:12 schema.range", "at least 1"),
        ("  periods: 100000\n", "6:12 schema.range", "at most 1200"),
        ("  start: 2026-02-30\n", "6:10 scenario.start", "write it like"),
        ("  expect: {}\n", "6:3 scenario.expect", "it expects nothing"),
        ("  expect: {total: 1.005}\n", "6:19 scenario.precision", "USD has 2 decimals: no bill comes to 1.005"),
        ("  expect: {total: -1}\n", "6:19 value.negative", "negative"),
        ("  expect: {lines: {bsae: 20}}\n", "6:20 scenario.card", "has no rate card `bsae`; did you mean `base`?"),
        ("  expect: {lines: {seats: 25}}\n", "6:20 scenario.card", "its cards are `base`, `exit` or `tokens`"),
        ("  expect: {lines: {exit: 5}}\n", "6:26 scenario.card", "a one-time fee in arrears"),
        ("  signsUp: true\n  expect: {lines: {exit: 5}}\n", "7:26 scenario.card", "a one-time fee in arrears"),
        ("  phase: trial\n  expect: {lines: {tokens: 5}}\n", "7:28 scenario.card", "it has no price"),
        ("  expect: {atLeast: 3, atMost: 2}\n", "6:21 scenario.expect", "at least 3 and at most 2 cannot both be"),
        ("  expect: {total: 3, atMost: 2}\n", "6:19 scenario.expect", "more than the 2 of `atMost`"),
        ("  expect: {total: 3, atLeast: 4}\n", "6:19 scenario.expect", "less than the 4 of `atLeast`"),
        ("  expect: {total: 3, lines: {base: 4}}\n", "6:22 scenario.expect", "come to 4, more than the total of 3"),
        ("  expect: {atMost: 3, lines: {base: 4}}\n", "6:23 scenario.expect", "more than the 3 of `atMost`"),
        ("  expect: {increaseVs: {live: {}}}\n", "6:25 scenario.expect", "write `atMost` or `atLeast`"),
        ("  expect: {increaseVs: {live: {atMost: x%}}}\n", "6:40 scenario.increase", "such as `10%`"),
        ("  expect: {increaseVs: {v: {atMost: 1, atLeast: 2}}}\n", "6:49 scenario.expect", "at least 2 and at most 1"),
        ("  expct: {}\n", "6:3 schema.unknown_field", "did you mean `expect`?"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(priced, spec, place, says):
    (problem,) = wrong(priced.write(a_yaml=HEAD + spec))
    assert f"{problem.location} {problem.rule}" == f"a.yaml:{place}"
    assert says in problem.message
    assert problem.why


def test_all_that_is_wrong_is_said_in_one_run(priced):
    bad = "  addons: {saet: 1}\n  usage: {q: 1}\n  expect: {total: 1.001, lines: {q: 1}, atMost: 1}\n"
    found = places(priced.write(a_yaml=HEAD + bad, b_yaml=HEAD.replace("key: a", "key: b").replace("pro", "prro")))
    assert found == [
        "a.yaml:6:12 scenario.addon",
        "a.yaml:7:11 scenario.usage",
        "a.yaml:8:19 scenario.expect",
        "a.yaml:8:19 scenario.precision",
        "a.yaml:8:34 scenario.card",
        "b.yaml:5:9 reference.unknown",
    ]


@pytest.mark.parametrize(
    "spec",
    [
        "  phase: trial\n  expect: {lines: {tokens: 0}}\n",
        "  signsUp: true\n  expect: {lines: {tokens: 2}}\n  usage: {tokens: [1, 1]}\n",
        "  signsUp: true\n  addons: {seat: 3, priority: 1}\n  expect: {lines: {seats: 75, lane: 99}}\n",
        "  usage: {tokens: 0}\n  expect: {total: 20, atMost: 20, atLeast: 20}\n",
        "  expect: {increaseVs: {live: {atMost: '0', atLeast: -5%}}}\n",
    ],
)
def test_what_can_be_is_no_problem(priced, spec):
    assert wrong(priced.write(a_yaml=HEAD + spec)) == []


def test_a_one_time_fee_in_arrears_is_billed_when_its_phase_ends(priced):
    price = "{type: flat, amount: 5, paymentTerm: in_arrears}"
    fee = f"{{type: flat_fee, key: exit, name: Exit, billingCadence: null, price: {price}}}"
    free = "- {type: usage_based, featureKey: tokens, billingCadence: P1M, price: null}\n"
    priced.write(plans_yaml=CATALOGUE.replace(free, f"{free}        - {fee}\n"))
    assert wrong(priced.write(a_yaml=HEAD + "  signsUp: true\n  expect: {lines: {exit: 5}}\n")) == []
    (problem,) = wrong(priced.write(a_yaml=HEAD + "  phase: trial\n  expect: {lines: {exit: 5}}\n"))
    assert problem.rule == "scenario.card"


def test_a_card_that_is_billed_more_often_than_the_plan_has_more_service_periods(priced):
    monthly = "featureKey: tokens, billingCadence: P1M, price: {type: unit"
    priced.write(plans_yaml=CATALOGUE.replace(monthly, monthly.replace("P1M", "P1D")))
    assert wrong(priced.write(a_yaml=HEAD + "  usage: {tokens: [1, 2, 3]}\n")) == []


def test_a_scenario_of_a_plan_that_is_wrong_itself_adds_no_problem(priced):
    broken = CATALOGUE.replace("billingCadence: P1M\n  phases", "billingCadence: P1X\n  phases")
    (problem,) = wrong(priced.write(plans_yaml=broken, a_yaml=HEAD + "  phase: nowhere\n"))
    assert problem.rule == "value.duration"


def test_two_of_one_key_and_a_lifecycle_are_refused(priced):
    priced.write(a_yaml=HEAD, b_yaml=HEAD, c_yaml=HEAD.replace("key: a", "key: c") + "lifecycle: {protect: true}\n")
    assert places(priced) == ["b.yaml:1:1 manifest.duplicate", "c.yaml:6:1 reuse.lifecycle"]


def test_variables_overlays_and_extends_work_as_in_objects(priced):
    priced.project(
        """
        variables: {load: {type: decimal, default: "3"}}
        environments:
          prod: {endpoint: https://x.example, vars: {load: "7"}, overlays: [prod]}
        """
    )
    base = HEAD + "  usage: {tokens: '{{ vars.load }}'}\n  expect: {total: 26}\n"
    heavy = "apiVersion: reconciler/v1\nkind: Scenario\nkey: b\nextends: a\nspec: {addons: {seat: 1}, expect: null}\n"
    patch = "apiVersion: reconciler/v1\nkind: Scenario\nkey: a\npatch: {expect: {total: 34}}\n"
    priced.write(a_yaml=base, b_yaml=heavy, prod__a_yaml=patch)
    here, there = priced.load().scenarios, priced.load("prod").scenarios
    assert [one.key for one in here] == ["a", "b"]
    assert [one.usage["tokens"] for one in (*here, *there)] == [3, 3, 7, 7]
    assert [one.expect and one.expect.total for one in (*here, *there)] == [26, None, 34, None]
    assert here[1].addons == {"seat": 1}
    assert str(there[0].source.locate(("expect", "total"))) == "prod/a.yaml:4:25"


def test_an_abstract_scenario_is_only_there_to_be_extended(priced):
    abstract = HEAD.replace("spec:", "abstract: true\nspec:")
    heavy = "apiVersion: reconciler/v1\nkind: Scenario\nkey: b\nextends: a\n"
    assert [one.key for one in priced.write(a_yaml=abstract, b_yaml=heavy).load().scenarios] == ["b"]


def test_the_plan_of_a_scenario_is_no_template(priced):
    (problem,) = wrong(priced.write(a_yaml=HEAD.replace("plan: pro", "plan: '{{ vars.x }}'")))
    assert problem.rule == "template.fixed"


def errors(text):
    return list(jsonschema.Draft202012Validator(schema()).iter_errors(yaml.safe_load(text)))


@pytest.mark.parametrize(
    "text",
    [
        SCENARIO.example,
        HEAD + "  usage: {tokens: [1, '2']}\n",
        HEAD + "  usage: {tokens: '{{ vars.load }}'}\n  addons: {seat: '{{ vars.seats }}'}\n",
        HEAD + "  expect: {increaseVs: {HEAD~1: {atMost: -5, atLeast: '3%'}}}\n",
        HEAD.replace("  plan: pro\n", "  periods: 2\n").replace("spec:", "extends: b\nspec:"),
        HEAD.replace("spec:\n  plan: pro\n", "patch: {usage: {tokens: null}}\n"),
    ],
)
def test_the_json_schema_takes_a_scenario(text):
    assert errors(text) == []


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "lifecycle: {protect: true}\n",
        HEAD + "  phases: main\n",
        HEAD + "  usage: {tokens: []}\n",
        HEAD + "  expect: {total: []}\n",
        HEAD + "  periods: 0\n",
        HEAD.replace("reconciler/v1", "openmeter.io/v1"),
        HEAD.replace("  plan: pro", "  signsUp: true"),
    ],
)
def test_the_json_schema_refuses_a_wrong_one(text):
    assert errors(text)
