"""``diff`` on two servers: what it tells, what it does not compare, and that it only reads."""

from __future__ import annotations

import json

import pytest

from .conftest import FEATURE, METER

SECRET = "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"


def plan(fee="{{ vars.fee }}", **more):
    card = {"type": "flat_fee", "key": "base", "name": "Base", "billingCadence": "P1M",
            "price": {"type": "flat", "amount": fee}}  # fmt: skip
    return ("Plan", "pro", {"name": "Pro", "currency": "USD", "billingCadence": "P1M",
            "phases": [{"key": "main", "name": "Main", "rateCards": [card]}], **more})  # fmt: skip


def channel(name="Ops"):
    return ("NotificationChannel", "ops", {"name": name, "type": "WEBHOOK", "url": "https://hooks.example",
            "signingSecret": {"env": "HOOK"}, "customHeaders": {"X-Key": {"env": "HOOK"}}})  # fmt: skip


@pytest.fixture
def both(run, pair, monkeypatch):
    """Apply these documents to both environments."""
    monkeypatch.setenv("HOOK", SECRET)

    def apply(*documents):
        pair.declare(*documents)
        for name in ("staging", "production"):
            ended = run("apply", "-e", name, "--auto-approve")
            assert ended.code == 0, ended.err

    return apply


def differences(run, *args):
    ended = run("diff", "--format", "json", *(args or ("--from", "staging", "--to", "production")))
    (one,) = json.loads(ended.out)["comparisons"]
    assert ended.code == (2 if one["differences"] else 0)
    assert one["equal"] is (not one["differences"])
    return {found["address"]: found for found in one["differences"]}


def test_a_price_that_differs_is_shown_with_its_path_and_its_per_cent(run, pair, both):
    both(METER, FEATURE, plan())
    ended = run("diff", "--from", "staging", "--to", "production")
    assert ended.code == 2
    assert "# Plan/pro differs: staging (version 1), production (version 1)" in ended.out
    assert "~ phases[main].rateCards[base].price.amount: 20 -> 1 USD (-95.0 %)" in ended.out
    assert "[price-lowering]" in ended.out
    assert ended.out.endswith("Differences: 1 different; 2 the same.\n")
    turned = run("diff", "--from", "production", "--to", "staging").out
    assert "price.amount: 1 -> 20 USD" in turned


def test_nothing_but_reads_reaches_either_server(run, pair, both):
    both(METER, FEATURE, plan(), channel())
    seen = []
    for server in (pair.staging, pair.production):
        handle = server.sandbox.handle
        server.sandbox.handle = lambda request, handle=handle: (seen.append(request.method), handle(request))[1]
    assert run("diff", "--from", "staging", "--to", "production").code == 2
    assert run("diff", "--to", "production").code == 0
    assert set(seen) == {"GET"}


def test_ids_versions_and_markers_are_no_differences(run, pair, both):
    both(METER, FEATURE, plan("7"))
    for fee in ("8", "7"):
        pair.declare(METER, FEATURE, plan(fee))
        allow = ("--allow", "price-raising:Plan/pro", "--allow", "price-lowering:Plan/pro")
        assert run("apply", "--auto-approve", *allow).code == 0
    pro = pair.production.items("plans")
    assert [len(pair.staging.items("plans")), len(pro)] == [3, 1]
    assert differences(run) == {}
    out = run("diff", "--from", "staging", "--to", "production").out
    assert out.endswith("No differences: staging and production are the same in 3 objects.\n")


def test_what_the_server_chose_for_itself_is_no_difference(run, pair, both):
    taxed = plan("1")
    taxed[2]["phases"][0]["rateCards"][0]["taxConfig"] = {"stripe": {"code": "txcd_10000000"}}
    both(taxed)
    chosen = [
        server.items("plans")[0]["phases"][0]["rateCards"][0]["taxConfig"]["taxCodeId"]
        for server in (pair.staging, pair.production)
    ]
    assert chosen[0] != chosen[1]
    assert differences(run) == {}
    assert differences(run, "--to", "production") == {}


def test_archived_versions_are_nothing_that_could_differ(run, pair, both):
    both(METER)
    pair.declare(METER, plan("1"))
    assert run("apply", "--auto-approve", "-e", "staging").code == 0
    (version,) = pair.staging.items("plans")
    pair.staging.send("POST", f"plans/{version['id']}/archive")
    assert differences(run) == {}


def test_what_exists_on_one_side_only_is_shown_and_whose_it_is(run, pair, both):
    both(METER)
    marker = {"reconciler.project": "other", "reconciler.key": "theirs"}
    meter = {"eventType": "x", "aggregation": "COUNT"}
    pair.staging.send("POST", "meters", {"slug": "theirs", "metadata": marker, **meter})
    pair.production.send("POST", "meters", {"slug": "nobodys", "name": "Nobody's", **meter})
    found = differences(run)
    assert {address: one["difference"] for address, one in found.items()} == {
        "Meter/nobodys": "only_in_to", "Meter/theirs": "only_in_from",
    }  # fmt: skip
    assert (found["Meter/theirs"]["from"]["managed"], found["Meter/theirs"]["from"]["project"]) == ("foreign", "other")
    assert found["Meter/nobodys"]["to"]["managed"] == "unmanaged"
    assert found["Meter/nobodys"]["from"] is None
    out = run("diff", "--from", "staging", "--to", "production").out
    assert "+ Meter/theirs\n" in out
    assert "- Meter/nobodys\n" in out
    assert "# staging: by other" in out
    assert "# production: unmanaged" in out
    assert out.endswith("Differences: 1 only in staging, 1 only in production; 1 the same.\n")


def test_secrets_are_neither_compared_nor_shown(run, pair, both):
    both(channel())
    (ours,) = pair.production.items("notification/channels")
    headers, fields = {"X-Key": "other-secret"}, ("type", "name", "url", "metadata")
    pair.production.send("PUT", f"notification/channels/{ours['id']}", {
        **{name: ours[name] for name in fields}, "signingSecret": "whsec_" + "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4",
        "customHeaders": headers,
    })  # fmt: skip
    assert differences(run) == {}
    pair.production.send("DELETE", f"notification/channels/{ours['id']}")
    shown = run("diff", "--from", "staging", "--to", "production").out
    assert "+ NotificationChannel/ops" in shown
    assert SECRET not in shown + run("diff", "--from", "staging", "--to", "production", "--format", "json").out
    assert SECRET not in run("diff", "--to", "production").out


def test_objects_without_a_key_are_told_apart_by_marker_and_then_by_name(run, pair, both):
    both(channel("Pager"))
    (ours,) = pair.production.items("notification/channels")
    body = {name: ours[name] for name in ("type", "name", "url")}
    pair.production.send("DELETE", f"notification/channels/{ours['id']}")
    pair.declare(METER)
    for server in (pair.production, pair.staging):
        server.send("POST", "notification/channels", {**body, "name": "Other", "url": "https://other.example"})
    pair.production.send("POST", "notification/channels", {**body, "url": "https://moved.example"})
    found = differences(run)
    assert list(found) == ["NotificationChannel/ops"]
    assert (found["NotificationChannel/ops"]["from"]["managed"], found["NotificationChannel/ops"]["to"]["managed"]) == (
        "owned", "unmanaged",
    )  # fmt: skip
    assert [field["path"] for field in found["NotificationChannel/ops"]["fields"]] == ["customHeaders", "url"]
    turned = differences(run, "--from", "production", "--to", "staging")
    assert list(turned) == ["NotificationChannel/ops"]


def test_a_draft_against_an_active_version_is_a_difference_of_state(run, pair, both):
    both(METER)
    pair.declare(METER, plan("1"))
    assert run("apply", "--auto-approve", "-e", "staging").code == 0
    pair.declare(METER, (*plan("1"), {"state": "draft"}))
    assert run("apply", "--auto-approve", "-e", "production").code == 0
    found = differences(run)["Plan/pro"]
    assert found["fields"] == [{"path": "lifecycle.state", "from": "active", "to": "draft", "currency": None}]


def test_add_ons_that_only_one_side_offers_are_a_difference(run, pair, both):
    addon = ("Addon", "extra", {"name": "Extra", "currency": "USD", "instanceType": "single", "rateCards": [
        {"type": "flat_fee", "key": "extra", "name": "Extra", "billingCadence": "P1M",
         "price": {"type": "flat", "amount": "3"}}]})  # fmt: skip
    both(addon, plan("1", addons=[{"addon": "extra", "fromPlanPhase": "main"}]))
    assert differences(run) == {}
    (version,) = pair.production.items("plans")
    (link,) = pair.production.items(f"plans/{version['id']}/addons")
    assert link["addon"]["key"] == "extra"
    pair.declare(addon, plan("1"))
    consent = ("--allow", "entitlement-reducing:Plan/pro")
    assert run("apply", "--auto-approve", "-e", "production", *consent).code == 0
    pair.declare(addon, plan("1", addons=[{"addon": "extra", "fromPlanPhase": "main"}]))
    found = differences(run)
    assert [field["path"] for field in found["Plan/pro"]["fields"]] == ["addons"]
    assert "+ addons" in run("diff", "--from", "staging", "--to", "production").out


def test_manifests_are_rendered_for_the_environment_that_they_are_compared_with(run, pair, both):
    both(METER, FEATURE, plan())
    for name in ("staging", "production"):
        assert differences(run, "--to", name) == {}
        assert differences(run, "--from", "catalog", "--to", name) == {}
    pair.declare(METER, plan("21"))
    found = differences(run, "--to", "production")
    assert {address: one["difference"] for address, one in found.items()} == {
        "Feature/tokens": "only_in_to", "Plan/pro": "different",
    }  # fmt: skip
    (field,) = found["Plan/pro"]["fields"]
    assert (field["from"], field["to"], field["currency"]) == ("21", "20", "USD")
    assert found["Plan/pro"]["from"]["location"] == {"file": "catalog/all.yaml", "line": 10, "column": 1}
    assert "catalog/all.yaml:10" in run("diff", "--to", "production").out


def test_a_part_of_the_manifests_says_nothing_of_the_rest(run, pair, both):
    both(METER, FEATURE, plan())
    (pair.root / "catalog" / "meters.yaml").write_text(METER.replace("name: Tokens", "name: All"))
    ended = run("diff", "--from", "catalog/meters.yaml", "--to", "production")
    assert "name: Tokens -> All" in ended.out
    assert "2 objects of production that catalog/meters.yaml does not declare left out." in ended.out
    assert list(differences(run, "--from", "catalog/meters.yaml", "--to", "production")) == ["Meter/tokens"]


def test_what_is_meant_to_be_gone_is_no_difference_where_it_is(run, pair, both):
    both(METER)
    pair.declare(METER, ("Meter", "old", None, {"state": "absent"}))
    assert differences(run, "--to", "production") == {}
    pair.production.send("POST", "meters", {"slug": "old", "eventType": "x", "aggregation": "COUNT"})
    assert list(differences(run, "--to", "production")) == ["Meter/old"]


def test_one_environment_is_compared_with_several(run, pair, both):
    both(METER)
    pair.declare(METER, FEATURE)
    run("apply", "--auto-approve", "-e", "production")
    pair.project(f"  pro_copy: {{ endpoint: '{pair.staging.url}' }}\n")
    ended = run("diff", "--from", "staging", "--to", "pro*", "--format", "json")
    assert ended.code == 2
    found = json.loads(ended.out)["comparisons"]
    assert [(one["to"]["name"], one["equal"]) for one in found] == [("pro_copy", True), ("production", False)]
    text = run("diff", "--from", "staging", "--to", "pro*").out
    assert "both are the same namespace" in text


def test_objects_can_be_chosen(run, pair, both):
    both(METER)
    pair.declare(METER, FEATURE, plan())
    run("apply", "--auto-approve", "-e", "staging")
    between = ("--from", "staging", "--to", "production")
    assert list(differences(run, *between, "--target", "Plan/*")) == ["Plan/pro"]
    assert list(differences(run, *between, "--exclude", "Plan/*")) == ["Feature/tokens"]


def test_another_namespace_than_the_pinned_one_is_not_compared(run, pair):
    pair.project(f"    identity: {pair.staging.identity}\n")
    ended = run("diff", "--from", "staging", "--to", "production")
    assert (ended.code, ended.out) == (3, "")


@pytest.mark.parametrize(
    "args",
    [
        ("--from", "stagin", "--to", "production"),
        ("--from", "staging", "--to", "staging"),
        ("--from", "staging", "--to", "nowhere"),
        ("--from", "staging", "--from", "catalog"),
        ("--from", "staging", "--to", "x*"),
    ],
)
def test_a_comparison_that_makes_no_sense_is_a_matter_of_usage(run, pair, args):
    assert run("diff", *args).code == 64
