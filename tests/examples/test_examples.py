"""Every example is what its README promises: it applies, converges, and says what a change would do."""

import json

import pytest
import yaml
from jsonschema import Draft202012Validator

from .conftest import EXAMPLES, missing

NAMES = sorted(path.name for path in EXAMPLES.iterdir() if (path / "catalog").exists())
"""The examples that have manifests; what writes its own is run by its README."""
PLACES = [
    ("ai-saas", None),
    ("ai-saas", "staging"),
    ("ai-saas", "production"),
    ("api-platform", None),
    ("api-platform", "live"),
    ("gitops", None),
    ("gitops", "staging"),
    ("gitops", "production"),
    ("promotion", None),
    ("promotion", "staging"),
    ("promotion", "production"),
]
COLLECTIONS = {
    "Meter": "/api/v1/meters",
    "Feature": "/api/v1/features",
    "Addon": "/api/v1/addons",
    "Plan": "/api/v1/plans",
    "NotificationChannel": "/api/v1/notification/channels",
    "NotificationRule": "/api/v1/notification/rules",
    "BillingProfile": "/api/v1/billing/profiles",
}
SCHEMAS = ("manifest", "project")
everywhere = pytest.mark.parametrize(("name", "environment"), PLACES)


def test_every_example_is_tested_in_every_environment_that_it_declares():
    assert sorted({name for name, _ in PLACES}) == NAMES
    for name in NAMES:
        tested = {environment for place, environment in PLACES if place == name}
        text = (EXAMPLES / name / "reconciler.yaml").read_text(encoding="utf-8")
        declared = {line.strip(" :") for line in text.splitlines() if line.startswith("  ") and line.endswith(":")}
        assert tested - {None} <= declared


@pytest.mark.parametrize("name", NAMES)
def test_an_example_has_no_problem_in_any_environment(name, example):
    said = example(name).run("validate")
    assert said.code == 0, said.out + said.err
    assert "No problems" in said.out + said.err


@everywhere
def test_a_first_apply_creates_everything_and_the_next_plan_is_empty(name, environment, example):
    here = example(name, environment)
    first = here.plan()
    assert set(first["summary"]) == {"create"} or {k for k, n in first["summary"].items() if n} == {"create"}
    assert f"{len(here.declared())} created" in here.here("apply", "--auto-approve").out
    said = here.here("plan", "--detailed-exitcode")
    assert "No changes. OpenMeter matches the manifests." in said.out
    assert here.plan()["changes"] == []


@everywhere
def test_what_is_live_after_an_apply_is_what_is_declared_and_active(name, environment, example):
    here = example(name, environment)
    here.here("apply", "--auto-approve")
    with here.server() as server:
        told = [line for address, spec in here.declared().items() for line in differences(server, *address, spec)]
    assert not told, "\n".join(told)


def differences(server, kind, key, spec):
    found = live(server, kind, key)
    if found is None:
        return [f"{kind}/{key} is not live"]
    if kind in ("Plan", "Addon") and (found["status"], found["validationErrors"]) != ("active", None):
        return [f"{kind}/{key} is {found['status']}: {found['validationErrors']}"]
    return missing(plain(server, kind, found, spec), found, f"{kind}/{key}")


def live(server, kind, key):
    """The one object that the marker, or the key, says is this one."""
    answer = server.get(COLLECTIONS[kind], params={"page": 1, "pageSize": 1000, "includeDisabled": "true"}).json()
    rows = answer if isinstance(answer, list) else answer["items"]
    own = "slug" if kind == "Meter" else "key"
    if kind in ("Meter", "Feature", "Addon", "Plan"):
        rows = [row for row in rows if row[own] == key and row.get("status", "active") == "active"]
    else:
        rows = [row for row in rows if (row.get("metadata") or {}).get("reconciler.key") == key]
    assert len(rows) <= 1, f"{len(rows)} live {kind}/{key}"
    return rows[0] if rows else None


def plain(server, kind, found, spec):
    """A declaration in the server's words: names instead of references, text where a map was convenient."""
    spec = json.loads(json.dumps(spec))
    spec.pop("signingSecret", None)
    spec.pop("customHeaders", None)
    spec.pop("app", None)
    if kind == "NotificationRule":
        keys = {row["id"]: row["metadata"]["reconciler.key"] for row in channels(server)}
        assert sorted(spec.pop("channels")) == sorted(keys[channel["id"]] for channel in found["channels"])
        assert spec.pop("features", []) == [feature["id"] for feature in found.get("features") or []]
    if kind == "Plan":
        attached = server.get(f"/api/v1/plans/{found['id']}/addons").json()["items"]
        wanted = {item["addon"]: item for item in spec.pop("addons", [])}
        assert {item["addon"]["key"] for item in attached} == set(wanted)
        for item in attached:
            assert item["fromPlanPhase"] == wanted[item["addon"]["key"]]["fromPlanPhase"]
            assert str(item.get("maxQuantity")) == str(wanted[item["addon"]["key"]].get("maxQuantity"))
            assert item["addon"]["status"] == "active"
            assert not item.get("validationErrors")
    for cards in [spec.get("rateCards", [])] + [phase["rateCards"] for phase in spec.get("phases", [])]:
        for card in cards:
            template = card.get("entitlementTemplate", {})
            if template.get("type") == "static":
                config = template.pop("config")
                assert isinstance(config, str | dict)
    return spec


def channels(server):
    return server.get(COLLECTIONS["NotificationChannel"], params={"pageSize": 1000}).json()["items"]


def test_a_price_change_is_one_new_version_with_its_percentage_and_only_that(example):
    here = example("ai-saas")
    here.here("apply", "--auto-approve")
    here.replace("catalog/plans/pro.yaml", '"0.0000125"', '"0.0000150"')
    said = here.here("plan").out
    assert "Plan/pro will be published as version 2" in said
    assert "0.0000125 -> 0.000015 USD" in said
    assert "12.50 -> 15.00 USD per 1M (+20.0 %)" in said
    assert "Plan: 1 new version." in said
    (change,) = here.plan()["changes"]
    assert (change["address"], change["classes"], change["reasons"]) == (
        "Plan/pro",
        ["price-raising"],
        ["active_plan_is_immutable"],
    )
    assert [field["path"] for field in change["fields"]] == [
        "phases[main].rateCards[tokens_gale_output].price.tiers[1].unitPrice.amount"
    ]

    here.here("apply", "--auto-approve")
    with here.server() as server:
        versions = server.get("/api/v1/plans", params={"key": "pro", "order": "ASC", "orderBy": "version"}).json()
        assert [(row["version"], row["status"]) for row in versions["items"]] == [(1, "archived"), (2, "active")]
        attached = server.get(f"/api/v1/plans/{versions['items'][1]['id']}/addons").json()["items"]
        assert [item["addon"]["key"] for item in attached] == ["priority"]
    assert here.plan()["changes"] == []


def test_a_changed_add_on_takes_the_plans_that_offer_it_along(example):
    here = example("api-platform")
    here.here("apply", "--auto-approve")
    here.replace("catalog/addons.yaml", '"900"', '"950"')
    reasons = {change["address"]: change["reasons"] for change in here.plan()["changes"]}
    assert reasons == {
        "Addon/gold_support": ["active_plan_is_immutable"],
        "Plan/growth_monthly_usd": ["addon_version_changed"],
    } or set(reasons) == {"Addon/gold_support", "Plan/growth_monthly_usd"}
    here.here("apply", "--auto-approve")
    assert here.plan()["changes"] == []


def test_staging_and_production_live_apart_and_differ_where_their_overlays_say(example):
    staging, production = example("ai-saas", "staging"), example("ai-saas", "production")
    staging.here("apply", "--auto-approve")
    production.here("apply", "--auto-approve")
    with staging.server() as one, production.server() as other:
        trials = [live(server, "Plan", "pro")["phases"][0]["duration"] for server in (one, other)]
        hooks = [sorted(row["name"] for row in channels(server)) for server in (one, other)]
        urls = [live(server, "NotificationChannel", "billing_events")["url"] for server in (one, other)]
    assert trials == ["PT1H", "P14D"]
    assert hooks == [["Billing events"], ["Billing events", "Finance"]]
    assert urls == ["https://hooks.staging.halyard.example/openmeter", "https://hooks.halyard.example/openmeter"]


def test_no_secret_of_production_reaches_output_or_files(example):
    here = example("ai-saas", "production")
    secret = "whsec_aGFseWFyZC1oYWx5YXJkLWhhbHlhcmQtMTIzNDU2Nzg="
    said = [here.here("plan", "-o", "first.plan"), here.here("apply", "--auto-approve", "--report", "report.json")]
    said += [here.here("plan"), here.here("render"), here.here("get")]
    written = [path for path in here.folder.rglob("*") if path.is_file() and ".db" not in path.name]
    assert {"first.plan", "report.json", "production.jsonl"} <= {path.name for path in written}
    assert not [path for path in written if secret[6:] in path.read_text(encoding="utf-8")]
    assert not [one for one in said if secret[6:] in one.out + one.err]


@pytest.mark.parametrize("name", NAMES)
def test_every_manifest_names_its_schema_by_a_path_that_exists(name):
    for path in sorted((EXAMPLES / name).rglob("*.yaml")):
        first = path.read_text(encoding="utf-8").split("\n", 1)[0]
        prefix, _, relative = first.partition("$schema=")
        assert prefix == "# yaml-language-server: "
        assert (path.parent / relative).resolve().is_file(), f"{path}: {relative}"
        assert relative.endswith("project.json" if path.name == "reconciler.yaml" else "manifest.json")


@pytest.mark.parametrize("name", NAMES)
def test_an_editor_finds_nothing_to_complain_about(name):
    schemas = {file: json.loads((EXAMPLES.parent / "schemas" / f"{file}.json").read_text()) for file in SCHEMAS}
    for path in sorted((EXAMPLES / name).rglob("*.yaml")):
        schema = schemas["project" if path.name == "reconciler.yaml" else "manifest"]
        for document in yaml.load_all(path.read_text(encoding="utf-8"), Loader=Json):
            told = [f"{path.name}: {error.message}" for error in Draft202012Validator(schema).iter_errors(document)]
            assert not told, told


class Json(yaml.SafeLoader):
    """YAML as editors read it: instants are text."""


Json.yaml_implicit_resolvers = {
    first: [rule for rule in rules if rule[0] != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
