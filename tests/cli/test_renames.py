"""Another key: the steps that the error tells are taken one by one, and each leads to an apply that ends well."""

from __future__ import annotations

import json

import pytest

PLAN = """\
apiVersion: openmeter.io/v1
kind: Plan
key: {key}
spec:
  name: Pro
  currency: USD
  billingCadence: P1M
  phases:
    - key: main
      name: Main
      duration: null
      rateCards:
        - {{type: usage_based, featureKey: {feature}, billingCadence: P1M, price: {{type: unit, amount: "1"}}}}
  addons: [{{addon: {addon}, fromPlanPhase: main}}]
{more}"""
ADDON = """\
apiVersion: openmeter.io/v1
kind: Addon
key: {key}
spec:
  name: More
  currency: USD
  instanceType: single
  rateCards: [{{type: flat_fee, key: extra, name: Extra, billingCadence: P1M, price: {{type: flat, amount: "5"}}}}]
{more}"""
METER = """\
apiVersion: openmeter.io/v1
kind: Meter
key: {key}
spec: {{name: Tokens, eventType: prompt, aggregation: SUM, valueProperty: $.tokens}}
"""
FEATURE = """\
apiVersion: openmeter.io/v1
kind: Feature
key: {key}
spec: {{name: Tokens, meterSlug: {meter}}}
"""
ABSENT = "apiVersion: openmeter.io/v1\nkind: {kind}\nkey: {key}\nlifecycle: {{state: absent}}\n"
ARCHIVED = "lifecycle: {state: archived}\n"
CHANNEL = """\
apiVersion: openmeter.io/v1
kind: NotificationChannel
key: {key}
spec: {{name: Ops, type: WEBHOOK, url: https://hooks.example.com/x}}
{more}---
apiVersion: openmeter.io/v1
kind: NotificationRule
key: told
spec: {{name: Told, type: invoice.created, channels: [{key}]}}
"""


@pytest.fixture
def stage(project, run):
    """Declare exactly these documents and apply them: nothing is refused, and nothing is left to do."""

    def declare(*documents):
        for path in (project / "catalog").iterdir():
            path.unlink()
        for number, text in enumerate(documents):
            (project / "catalog" / f"{number}.yaml").write_text(text)
        ended = run("apply", "--auto-approve", "--prune")
        assert ended.code == 0, ended.err
        assert run("plan", "--detailed-exitcode", "--prune").code == 0

    return declare


def live(run, kind):
    rows = json.loads(run("get", kind, "--format", "json").out)
    rows = rows["objects"] if isinstance(rows, dict) else rows
    return sorted({row["key"] for row in rows if row["state"] not in ("archived", "absent", "deleted")})


def plan(key="pro", feature="tokens", addon="more", more=""):
    return PLAN.format(key=key, feature=feature, addon=addon, more=more)


def addon(key="more", more=""):
    return ADDON.format(key=key, more=more)


def meter(key="tokens"):
    return METER.format(key=key)


def feature(key="tokens", of="tokens"):
    return FEATURE.format(key=key, meter=of)


def absent(kind, key="tokens"):
    return ABSENT.format(kind=kind, key=key)


def test_a_plan(stage, run):
    rest = (meter(), feature(), addon())
    stage(*rest, plan())
    stage(*rest, plan(), plan("team"))
    stage(*rest, plan(more=ARCHIVED), plan("team"))
    assert live(run, "Plan") == ["team"]


def test_an_addon(stage, run):
    rest = (meter(), feature())
    stage(*rest, addon(), plan())
    stage(*rest, addon(), addon("extra"), plan(addon="extra"))
    stage(*rest, addon(more=ARCHIVED), addon("extra"), plan(addon="extra"))
    assert live(run, "Addon") == ["extra"]


def test_a_feature(stage, run):
    stage(meter(), feature(), addon(), plan())
    stage(meter(), feature(), feature("words"), addon(), plan(feature="words"))
    stage(meter(), absent("Feature"), feature("words"), addon(), plan(feature="words"))
    assert live(run, "Feature") == ["words"]


def test_a_meter(stage, run):
    stage(meter(), feature(), addon(), plan())
    stage(meter(), feature(), meter("words"), feature("words", "words"), addon(), plan(feature="words"))
    stage(meter(), absent("Feature"), meter("words"), feature("words", "words"), addon(), plan(feature="words"))
    stage(absent("Meter"), meter("words"), feature("words", "words"), addon(), plan(feature="words"))
    assert live(run, "Meter") == ["words"]


def test_a_channel_is_re_keyed_in_place_and_pruning_does_not_take_it_for_another(stage, run):
    stage(CHANNEL.format(key="ops", more=""))
    before = json.loads(run("get", "NotificationChannel", "--format", "json").out)
    stage(CHANNEL.format(key="oncall", more="lifecycle: {formerKeys: [ops]}\n"))
    after = json.loads(run("get", "NotificationChannel", "--format", "json").out)
    assert live(run, "NotificationChannel") == ["oncall"]
    assert ids(after) == ids(before)
    stage(CHANNEL.format(key="oncall", more=""))


def ids(found):
    rows = found["objects"] if isinstance(found, dict) else found
    return [row["id"] for row in rows]


def test_another_project_name_keeps_what_the_former_one_owned(stage, project, run):
    stage(meter(), feature())
    file = project / "reconciler.yaml"
    file.write_text(file.read_text().replace("name: acme\n", "name: beta\nformerNames: [acme]\n"))
    stage(meter(), feature())
    file.write_text(file.read_text().replace("formerNames: [acme]\n", ""))
    assert run("plan", "--detailed-exitcode").code == 0, "the marker has the new name by now"
