"""``accept``: what was edited live stands in the files afterwards, comments and all, and a plan has nothing left."""

from __future__ import annotations

import json

import httpx
import pytest

from reconciler.sandbox import Sandbox
from reconciler.workflow.desk import Desk

PROJECT = """\
apiVersion: reconciler/v1
kind: Project
name: acme
manifests: [catalog]
defaultEnvironment: production
variables:
  fee: { type: decimal, default: "20" } # monthly
  hook: { type: string, default: https://hooks.example.com }
environments:
  # tried here first
  staging:
    endpoint: "sandbox:staging"
    overlays: [overlays/staging]
  production:
    endpoint: "sandbox:production" # the real one
    overlays: [overlays/production]
"""
ALONE = """\
apiVersion: reconciler/v1
kind: Project
name: acme
manifests: [catalog]
defaultEnvironment: production
variables:
  fee: { type: decimal, default: "20" } # monthly
  hook: { type: string, default: https://hooks.example.com }
environments:
  production: { endpoint: "sandbox:production" }
"""
CATALOG = """\
# what we count
apiVersion: openmeter.io/v1
kind: Meter
key: tokens
spec:
  name: Tokens   # shown in the portal
  eventType: prompt
  aggregation: COUNT
  groupBy:
    model: $.model # large or small
---
apiVersion: openmeter.io/v1
kind: Feature
key: tokens
spec:
  name: Tokens
  meterSlug: tokens
---
apiVersion: openmeter.io/v1
kind: NotificationChannel
key: ops
spec:
  name: Ops
  type: WEBHOOK
  url: "{{ vars.hook }}"
---
apiVersion: openmeter.io/v1
kind: NotificationRule
key: bills
spec:
  name: Bills
  type: invoice.created
  channels: [ops]
---
apiVersion: openmeter.io/v1
kind: Addon
key: more
spec:
  name: More
  currency: USD
  instanceType: single
  rateCards:
    - type: flat_fee
      key: more
      name: More
      billingCadence: P1M
      price: { type: flat, amount: "5" }
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
        # what everybody pays
        - type: flat_fee
          key: base
          name: Base
          billingCadence: P1M
          price: { type: flat, amount: "{{ vars.fee }}" } # see the variables
        - type: usage_based
          featureKey: tokens
          billingCadence: P1M
          price:
            type: tiered
            mode: graduated
            tiers:
              - { upToAmount: 1000, unitPrice: { type: unit, amount: "0.02" } } # the first thousand
              - { unitPrice: { type: unit, amount: "0.01" } }
"""
SHARED = """\
apiVersion: reconciler/v1
kind: RateCard
key: seats
spec:
  type: flat_fee
  key: seats
  name: Seats
  billingCadence: P1M
  price: { type: flat, amount: "7" } # per seat
"""
USERS = """\
apiVersion: openmeter.io/v1
kind: Plan
key: small
spec: &plan
  name: Small
  currency: USD
  billingCadence: P1M
  phases:
    - key: main
      name: Main
      duration: null
      rateCards:
        - use: seats
---
apiVersion: openmeter.io/v1
kind: Plan
key: big
spec:
  name: Big
  currency: USD
  billingCadence: P1M
  phases:
    - key: main
      name: Main
      duration: null
      rateCards:
        - use: seats # as many as they like
"""


class Live:
    """Somebody who edits an embedded environment past the reconciler."""

    def __init__(self, root, name="production"):
        transport = Sandbox(root / ".reconciler" / f"{name}.db").transport()
        self._http = httpx.Client(base_url="http://sandbox/api/v1/", transport=transport)

    def send(self, method, path, body=None):
        answer = self._http.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else {}

    def items(self, path):
        found = self.send("GET", path)
        return found if isinstance(found, list) else found["items"]

    def meter(self, **fields):
        (meter,) = self.items("meters")
        body = {name: meter[name] for name in ("name", "description", "metadata", "groupBy") if name in meter}
        self.send("PUT", f"meters/{meter['id']}", {**body, **fields})

    def channel(self, **fields):
        (channel,) = self.items("notification/channels")
        names = ("type", "name", "url", "customHeaders", "signingSecret", "metadata", "disabled")
        body = {name: channel[name] for name in names if name in channel}
        self.send("PUT", f"notification/channels/{channel['id']}", {**body, **fields})

    def version(self, key, change):
        """Click the next version of a plan: the active one, changed and published."""
        (active,) = [plan for plan in self.items("plans") if (plan["key"], plan["status"]) == (key, "active")]
        offers = self.items(f"plans/{active['id']}/addons")
        made = self.send("POST", f"plans/{active['id']}/next")
        draft = self.send("GET", f"plans/{made['id']}")
        change(draft)
        names = ("name", "description", "metadata", "billingCadence", "proRatingConfig", "phases", "settlementMode")
        self.send("PUT", f"plans/{draft['id']}", {name: draft[name] for name in names if name in draft})
        kept = [offer["addon"]["id"] for offer in self.items(f"plans/{draft['id']}/addons")]
        for offer in [offer for offer in offers if offer["addon"]["id"] not in kept]:
            self.attach(draft["id"], offer["addon"]["id"], offer["fromPlanPhase"])
        self.send("POST", f"plans/{draft['id']}/publish")

    def attach(self, plan, addon, phase="main"):
        self.send("POST", f"plans/{plan}/addons", {"addonId": addon, "fromPlanPhase": phase})


@pytest.fixture
def start(tmp_path, run):
    """Write a project and apply it to its environments; gives who edits production."""

    def begin(project=PROJECT, environments=("staging", "production"), **files):
        texts = {"reconciler.yaml": project, "catalog/all.yaml": CATALOG, "catalog/pro.yaml": PLAN}
        texts |= {name.replace("__", "/") + ".yaml": text for name, text in files.items()}
        for name in ("overlays/staging", "overlays/production"):
            (tmp_path / name).mkdir(parents=True)
        for name, text in texts.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        for name in environments:
            assert run("apply", "-e", name, "--auto-approve").code == 0
        return Live(tmp_path)

    return begin


@pytest.fixture
def alone(start):
    return lambda **files: start(ALONE, ("production",), **files)


def cards(plan):
    return {card["key"]: card for card in plan["phases"][0]["rateCards"]}


def difference(before, after):
    old, new = before.splitlines(), after.splitlines()
    return [line.strip() for line in old if line not in new], [line.strip() for line in new if line not in old]


def settled(run, *targets):
    """Nothing is wrong, and a plan of what was accepted is empty."""
    assert run("validate").code == 0
    chosen = [part for target in targets for part in ("--target", target)]
    assert run("plan", "--detailed-exitcode", *chosen).out.endswith("No changes. OpenMeter matches the manifests.\n")


def test_values_go_where_they_are_declared_and_every_other_character_stays(run, alone, tmp_path):
    live = alone()
    live.meter(name="Tokens, all", groupBy={"model": "$.name", "kind": "$.kind"})
    ended = run("accept")
    assert ended.code == 0, ended.out
    assert "Accepted 3 changes; 1 file written." in ended.out
    assert difference(CATALOG, (tmp_path / "catalog" / "all.yaml").read_text()) == (
        ["name: Tokens   # shown in the portal", "model: $.model # large or small"],
        ["name: Tokens, all   # shown in the portal", "model: $.name # large or small", "kind: $.kind"],
    )
    settled(run)
    assert run("drift").code == 0
    assert run("accept").out == "No drift. There is nothing to accept.\n"


def test_a_dry_run_prints_the_edit_as_a_diff_and_writes_nothing(run, alone, tmp_path):
    alone().meter(name="Clicked")
    ended = run("accept", "--dry-run")
    assert ended.code == 0
    assert "-  name: Tokens   # shown in the portal\n+  name: Clicked   # shown in the portal\n" in ended.out
    assert ended.out.startswith("--- a/catalog/all.yaml\n+++ b/catalog/all.yaml\n")
    assert (tmp_path / "catalog" / "all.yaml").read_text() == CATALOG
    found = json.loads(run("accept", "--dry-run", "--format", "json").out)
    assert [(one["address"], one["path"], one["after"]) for one in found["accepted"]] == [
        ("Meter/tokens", "name", "Clicked")
    ]
    assert found["written"] is False


def test_prices_tiers_cards_phases_and_add_ons_of_a_version_made_by_hand(run, alone, tmp_path):
    live = alone()
    (addon,) = live.items("addons")

    def change(plan):
        tiers = cards(plan)["tokens"]["price"]["tiers"]
        tiers[0]["unitPrice"]["amount"] = "0.03"
        tiers.insert(1, {"upToAmount": "5000", "flatPrice": None, "unitPrice": {"type": "unit", "amount": "0.015"}})
        price = {"type": "flat", "amount": "3", "paymentTerm": "in_arrears"}
        new = {"type": "flat_fee", "key": "help", "name": "Help", "billingCadence": "P1M", "price": price}
        plan["phases"][0]["rateCards"].append(new)
        plan["metadata"] = {**plan["metadata"], "team": "x"}
        plan["description"] = "Clicked: {{ with }} braces"
        live.attach(plan["id"], addon["id"])

    live.version("pro", change)
    ended = run("accept")
    assert ended.code == 0, ended.out
    text = (tmp_path / "catalog" / "pro.yaml").read_text()
    gone, come = difference(PLAN, text)
    assert gone == ['- { upToAmount: 1000, unitPrice: { type: unit, amount: "0.02" } } # the first thousand']
    assert "metadata: { team: x }" in come
    assert come[:2] == [
        "description: \"{{ 'Clicked: {{ with }} braces' }}\"",
        '- { upToAmount: 1000, unitPrice: { type: unit, amount: "0.03" } } # the first thousand',
    ]
    settled(run)


def test_one_price_of_a_tier_changes_one_line(run, alone, tmp_path):
    def change(plan):
        cards(plan)["tokens"]["price"]["tiers"][1]["unitPrice"]["amount"] = "0.009"

    alone().version("pro", change)
    assert run("accept").code == 0
    assert difference(PLAN, (tmp_path / "catalog" / "pro.yaml").read_text()) == (
        ['- { unitPrice: { type: unit, amount: "0.01" } }'],
        ['- { unitPrice: { type: unit, amount: "0.009" } }'],
    )
    settled(run)


def test_what_only_this_environment_has_stays_where_it_is_and_the_rest_goes_into_the_overlay(run, start, tmp_path):
    def change(plan):
        cards(plan)["base"]["price"]["amount"] = "25"
        plan["description"] = "Clicked"

    start().version("pro", change)
    ended = run("accept")
    assert ended.code == 0, ended.out
    assert difference(PROJECT, (tmp_path / "reconciler.yaml").read_text()) == ([], ['vars: { fee: "25" }'])
    assert (tmp_path / "overlays" / "production" / "pro.yaml").read_text() == (
        "apiVersion: openmeter.io/v1\nkind: Plan\nkey: pro\npatch:\n  description: Clicked\n"
    )
    assert (tmp_path / "catalog" / "pro.yaml").read_text() == PLAN
    settled(run)
    assert run("plan", "-e", "staging", "--detailed-exitcode").code == 0


def test_a_card_that_became_free_of_another_kind_or_was_removed(run, alone):
    live = alone()

    def change(plan):
        price = {"type": "package", "amount": "2", "quantityPerPackage": "10"}
        other = {**cards(plan)["tokens"], "price": price}
        plan["phases"][0]["rateCards"] = [cards(plan)["base"], other]

    live.version("pro", change)
    assert run("accept").code == 0
    settled(run)
    live.version("pro", lambda plan: cards(plan)["tokens"].update(price=None))
    assert run("accept").code == 0
    settled(run)
    live.version("pro", lambda plan: plan["phases"][0].update(rateCards=[cards(plan)["tokens"]]))
    ended = run("accept")
    assert ended.code == 0, ended.out
    settled(run)


def test_a_value_that_is_one_variable_sets_it_for_this_environment_only(run, start, tmp_path):
    live = start()
    live.version("pro", lambda plan: cards(plan)["base"]["price"].update(amount="25"))
    live.channel(url="https://clicked.example.com")
    ended = run("accept")
    assert ended.code == 0, ended.out
    assert "as a variable" in ended.out
    assert (tmp_path / "catalog" / "pro.yaml").read_text() == PLAN
    gone, come = difference(PROJECT, (tmp_path / "reconciler.yaml").read_text())
    assert gone == []
    assert come == ['vars: { fee: "25", hook: https://clicked.example.com }']
    settled(run)
    assert run("plan", "-e", "staging", "--detailed-exitcode").code == 0


def test_a_variable_that_another_environment_would_take_over_is_left(run, start, tmp_path):
    heir = PROJECT + '  canary: { extends: production, endpoint: "sandbox:canary" }\n'
    live = start(project=heir)
    live.version("pro", lambda plan: cards(plan)["base"]["price"].update(amount="25"))
    ended = run("accept")
    assert ended.code == 2
    assert "it is the variable `fee`, which canary would take over by `extends`" in " ".join(ended.out.split())
    assert (tmp_path / "reconciler.yaml").read_text() == heir


def test_a_variable_of_a_file_is_changed_in_the_file(run, start, tmp_path):
    own = PROJECT.replace(
        "overlays: [overlays/production]", "overlays: [overlays/production]\n    varFiles: [prod.yaml]"
    )
    live = start(project=own, prod='# ours\nfee: "21" # more\n')
    live.version("pro", lambda plan: cards(plan)["base"]["price"].update(amount="25"))
    assert run("accept").code == 0
    assert (tmp_path / "prod.yaml").read_text() == '# ours\nfee: "25" # more\n'
    settled(run)


def test_a_variable_of_the_only_environment_gets_another_default(run, alone, tmp_path):
    alone().version("pro", lambda plan: cards(plan)["base"]["price"].update(amount="25"))
    assert run("accept").code == 0
    assert difference(ALONE, (tmp_path / "reconciler.yaml").read_text()) == (
        ['fee: { type: decimal, default: "20" } # monthly'],
        ['fee: { type: decimal, default: "25" } # monthly'],
    )
    settled(run)


def test_a_variable_that_others_use_and_a_computed_value_are_left_with_the_place_to_change(run, alone, tmp_path):
    again = PLAN.replace("key: pro", "key: twin").replace("name: Pro", "name: Twin")
    computed = PLAN.replace("key: pro", "key: double").replace("{{ vars.fee }}", "{{ vars.fee * 2 }}")
    live = alone(catalog__twin=again, catalog__double=computed)
    before = {path: path.read_bytes() for path in sorted(tmp_path.rglob("*.yaml"))}
    for key in ("pro", "double"):
        live.version(key, lambda plan: cards(plan)["base"]["price"].update(amount="25"))
    ended = run("accept")
    assert ended.code == 2
    said = " ".join(ended.out.split())
    assert "Plan/twin would no longer be as live: they share what declares it" in said
    assert "it is made by the template `{{ vars.fee * 2 }}`; change what that is made of" in said
    assert "catalog/double.yaml:18" in said
    assert {path: path.read_bytes() for path in sorted(tmp_path.rglob("*.yaml"))} == before


def test_what_other_environments_share_goes_into_this_ones_overlay(run, start, tmp_path):
    live = start()
    live.meter(name="Clicked")
    live.version("pro", lambda plan: cards(plan)["tokens"]["price"]["tiers"][1]["unitPrice"].update(amount="0.009"))
    ended = run("accept")
    assert ended.code == 0, ended.out
    assert "in this environment's overlay" in ended.out
    assert (tmp_path / "catalog" / "all.yaml").read_text() == CATALOG
    assert (tmp_path / "catalog" / "pro.yaml").read_text() == PLAN
    assert (tmp_path / "overlays" / "production" / "all.yaml").read_text() == (
        "apiVersion: openmeter.io/v1\nkind: Meter\nkey: tokens\npatch:\n  name: Clicked\n"
    )
    assert '"0.009"' in (tmp_path / "overlays" / "production" / "pro.yaml").read_text()
    settled(run)
    assert run("plan", "-e", "staging", "--detailed-exitcode").code == 0
    live.meter(name="Again", groupBy={"model": "$.model", "kind": "$.kind"})
    assert run("accept").code == 0
    assert (tmp_path / "overlays" / "production" / "all.yaml").read_text() == (
        "apiVersion: openmeter.io/v1\nkind: Meter\nkey: tokens\npatch:\n  name: Again\n  groupBy:\n    kind: $.kind\n"
    )
    settled(run)


def test_what_a_template_computes_is_left_though_the_rest_goes_into_the_overlay(run, start, tmp_path):
    def change(plan):
        cards(plan)["base"]["price"]["amount"] = "50"
        plan["description"] = "Clicked"

    live = start(catalog__pro=PLAN.replace("{{ vars.fee }}", "{{ vars.fee * 2 }}"))
    live.version("pro", change)
    ended = run("accept")
    assert ended.code == 2
    assert "it is made by the template `{{ vars.fee * 2 }}`" in " ".join(ended.out.split())
    assert (tmp_path / "overlays" / "production" / "pro.yaml").read_text() == (
        "apiVersion: openmeter.io/v1\nkind: Plan\nkey: pro\npatch:\n  description: Clicked\n"
    )
    assert run("accept", "--to", "overlay").code == 0
    settled(run)


def test_to_base_writes_where_it_is_declared_and_says_whom_else_it_changes(run, start, tmp_path):
    start().meter(name="Clicked")
    ended = run("accept", "--to", "base")
    assert ended.code == 0
    assert "this also changes what staging declares: Meter/tokens" in ended.out
    assert "name: Clicked   # shown" in (tmp_path / "catalog" / "all.yaml").read_text()
    assert run("plan", "-e", "staging", "--detailed-exitcode").code == 2


def test_a_value_of_the_overlay_is_changed_in_the_overlay(run, start, tmp_path):
    patch = "apiVersion: openmeter.io/v1\nkind: Meter\nkey: tokens\npatch:\n  name: Ours # not staging's\n"
    live = start(overlays__production__meters=patch)
    live.meter(name="Clicked")
    assert run("accept").code == 0
    text = (tmp_path / "overlays" / "production" / "meters.yaml").read_text()
    assert text == patch.replace("Ours", "Clicked")
    settled(run)


def test_a_shared_card_is_changed_when_all_that_use_it_moved_and_written_over_when_one_did(run, alone, tmp_path):
    live = alone(catalog__cards=SHARED, catalog__users=USERS)
    for key in ("small", "big"):
        live.version(key, lambda plan: cards(plan)["seats"]["price"].update(amount="9"))
    run("accept")
    assert run("accept").code == 0
    settled(run)
    live.version("big", lambda plan: cards(plan)["seats"]["price"].update(amount="11"))
    ended = run("accept")
    assert ended.code == 0, ended.out
    assert "use: seats # as many as they like" in (tmp_path / "catalog" / "users.yaml").read_text()
    settled(run)
    (big,) = [plan for plan in live.items("plans") if (plan["key"], plan["version"]) == ("big", 3)]
    assert cards(big)["seats"]["price"]["amount"] == "11"


def test_what_is_gone_from_live_goes_from_the_files_and_an_archived_plan_is_declared_archived(run, alone, tmp_path):
    live = alone()
    live.send("DELETE", f"notification/rules/{live.items('notification/rules')[0]['id']}")
    live.send("POST", f"plans/{live.items('plans')[0]['id']}/archive")
    ended = run("accept")
    assert ended.code == 2
    assert "if it was removed on purpose, `accept --target NotificationRule/bills`" in " ".join(ended.out.split())
    assert run("accept", "--target", "NotificationRule/*").code == 0
    assert "NotificationRule" not in (tmp_path / "catalog" / "all.yaml").read_text()
    assert (tmp_path / "catalog" / "pro.yaml").read_text() == PLAN + "lifecycle:\n  state: archived\n"
    settled(run)


def test_what_something_else_needs_is_left_and_in_an_overlay_only_this_environment_loses_it(run, start, tmp_path):
    live = start()
    live.send("DELETE", f"notification/rules/{live.items('notification/rules')[0]['id']}")
    live.send("DELETE", f"notification/channels/{live.items('notification/channels')[0]['id']}")
    ended = run("accept", "--target", "NotificationChannel/ops")
    assert ended.code == 2
    assert "the manifests would be wrong then" in " ".join(ended.out.split())
    assert run("accept", "--target", "NotificationRule/bills").code == 0
    assert (tmp_path / "catalog" / "all.yaml").read_text() == CATALOG
    assert run("accept", "--target", "NotificationChannel/ops").code == 0
    settled(run)
    assert run("plan", "-e", "staging", "--detailed-exitcode").code == 0


def test_where_nothing_was_applied_yet_nothing_is_declared_gone(run, start, tmp_path):
    start(environments=("staging",))
    before = {path: path.read_bytes() for path in sorted(tmp_path.rglob("*.yaml"))}
    ended = run("accept")
    assert ended.code == 2
    assert "Accepted 0 changes, 6 left; no file written." in ended.out
    assert {path: path.read_bytes() for path in sorted(tmp_path.rglob("*.yaml"))} == before


def test_a_rule_that_shows_a_disabled_channel_no_more_is_settled_with_the_channel(run, alone):
    alone().channel(disabled=True)
    ended = run("accept")
    assert ended.code == 0, ended.out
    settled(run)


def test_a_file_that_somebody_changes_meanwhile_is_not_overwritten(run, alone, tmp_path, monkeypatch):
    alone().meter(name="Clicked")
    file = tmp_path / "catalog" / "all.yaml"
    save = Desk.save

    def late(desk):
        file.write_text(CATALOG + "# mine\n")
        save(desk)

    monkeypatch.setattr(Desk, "save", late)
    ended = run("accept")
    assert ended.code == 64
    assert "catalog/all.yaml was changed meanwhile; nothing was written" in ended.err
    assert file.read_text() == CATALOG + "# mine\n"


def test_secrets_drafts_and_what_is_not_ours_are_left_with_a_reason(run, alone, tmp_path, monkeypatch):
    monkeypatch.setenv("HOOK_SECRET", "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0")
    secret = CATALOG.replace('url: "{{ vars.hook }}"', 'url: "{{ vars.hook }}"\n  signingSecret: { env: HOOK_SECRET }')
    live = alone(catalog__all=secret)
    live.channel(signingSecret="whsec_" + "Y2xpY2tlZGNsaWNrZWRjbGlja2VkY2xpY2tlZA==")
    (plan,) = live.items("plans")
    live.send("POST", f"plans/{plan['id']}/next")
    ended = run("accept")
    assert ended.code == 2
    assert "a secret or header is never copied out of live" in " ".join(ended.out.split())
    assert "whsec_" not in ended.out
    assert "a draft is not accepted; publish or delete it where it was made" in " ".join(ended.out.split())
    assert (tmp_path / "catalog" / "all.yaml").read_text() == secret


@pytest.mark.parametrize("name", ["a[b]", "a.b", "x]y[", "[", "team[eu].size"])
def test_metadata_whose_names_read_as_paths_is_accepted_whole(run, alone, name):
    live = alone()
    (meter,) = live.items("meters")
    live.meter(metadata={**(meter.get("metadata") or {}), name: "1"})
    ended = run("accept")
    assert ended.code == 0, ended.out + ended.err
    settled(run)


@pytest.mark.parametrize("quoted", ["{{ 'Pro {{ x }}' }}", '{{ "Pro {{ \\"x\\" }}" }}'])
def test_a_text_in_quotes_that_only_looks_like_a_template_is_written_anew(run, alone, tmp_path, quoted):
    live = alone(catalog__pro=PLAN.replace("spec:", f"spec:\n  description: {json.dumps(quoted)} # why", 1))
    live.version("pro", lambda plan: plan.update(description="Pro {{ y }}"))
    ended = run("accept")
    assert ended.code == 0, ended
    assert "{{ 'Pro {{ y }}' }}\" # why" in (tmp_path / "catalog" / "pro.yaml").read_text()
    settled(run)
