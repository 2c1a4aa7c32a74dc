"""The commands from end to end, on the embedded sandbox."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from reconciler.render import schemas

SCHEMAS = Path(__file__).parents[2] / "schemas"


def test_plan_apply_plan_is_the_whole_street(run, project):
    first = run("plan")
    assert first.code == 0
    assert "# Meter/tokens will be created" in first.out
    assert first.out.endswith("Plan: 2 to create.\n")
    done = run("apply", "--auto-approve")
    assert done.code == 0
    assert "Apply complete: 2 created.\n" in done.out
    assert "✓ Meter/tokens" in done.err
    second = run("plan")
    assert second.out.endswith("No changes. OpenMeter matches the manifests.\n")
    again = run("apply", "--auto-approve")
    assert again.code == 0
    assert "No changes." in again.out


def test_detailed_exitcode_tells_pending_changes_from_none(run, project):
    assert run("plan", "--detailed-exitcode").code == 2
    run("apply", "--auto-approve")
    assert run("plan", "--detailed-exitcode").code == 0


def test_a_saved_plan_is_shown_and_applied_as_it_is(run, project):
    saved = run("plan", "-o", "pr.plan")
    assert "Saved pr.plan" in saved.err
    shown = run("show", "--plan", "pr.plan")
    assert shown.out.splitlines()[1:] == saved.out.splitlines()[1:]
    done = run("apply", "--plan", "pr.plan")
    assert done.code == 0
    assert "Apply complete: 2 created." in done.out


def test_a_stale_plan_is_refused_and_names_what_moved(run, project):
    run("plan", "-o", "pr.plan")
    (project / "catalog" / "meters.yaml").write_text(
        (project / "catalog" / "meters.yaml").read_text().replace("name: Tokens", "name: All tokens")
    )
    assert run("apply", "--auto-approve").code == 0
    refused = run("apply", "--plan", "pr.plan")
    assert refused.code == 3
    assert "Refused" in refused.err
    assert "Meter/tokens" in refused.err


@pytest.mark.parametrize("content", [None, "", "{}", "not json", "\xff"])
def test_a_file_that_is_no_plan_ends_with_1(run, project, content):
    if content is not None:
        Path("pr.plan").write_bytes(content.encode("latin-1"))
    for command in ("show", "apply"):
        assert run(command, "--plan", "pr.plan").code == 1


def test_a_plan_that_somebody_edited_is_refused(run, project):
    run("plan", "-o", "pr.plan")
    Path("pr.plan").write_text(Path("pr.plan").read_text().replace('"name": "Tokens"', '"name": "Free"'))
    assert run("apply", "--plan", "pr.plan").code == 3


def test_json_goes_to_stdout_alone_and_is_valid_by_the_schemas(run, project):
    plan = run("plan", "--format", "json")
    assert list(Draft202012Validator(schemas.plan()).iter_errors(json.loads(plan.out))) == []
    report = run("apply", "--auto-approve", "--format", "json", "--report", "r.json")
    assert list(Draft202012Validator(schemas.report()).iter_errors(json.loads(report.out))) == []
    assert Path("r.json").read_text() == report.out
    assert "Plan: 2 to create." in report.err
    empty = run("apply", "--auto-approve", "--format", "json")
    assert list(Draft202012Validator(schemas.report()).iter_errors(json.loads(empty.out))) == []


def test_targets_bring_what_they_need_and_leave_the_rest(run, project):
    assert run("plan", "--target", "Meter/tokens").out.endswith("Plan: 1 to create.\n")
    assert "Meter/tokens" in run("plan", "--target", "Feature/tokens").out
    assert run("plan", "--exclude", "Feature/tokens").out.endswith("Plan: 1 to create.\n")


def test_validate_tells_all_problems_with_their_places_and_ends_with_1(run, project):
    good = run("validate")
    assert good.code == 0
    assert "No problems; 2 files checked against 2 environments." in good.out
    (project / "catalog" / "meters.yaml").write_text(
        "apiVersion: openmeter.io/v1\nkind: Meter\nkey: tokens\nspec:\n  eventtype: prompt\n  aggregation: SUMM\n"
    )
    bad = run("validate")
    assert bad.code == 1
    assert "catalog/meters.yaml:5:3: error[schema.unknown_field]" in bad.out
    assert "    5 |   eventtype: prompt" in bad.out
    tree = json.loads(run("validate", "--format", "json").out)
    assert not tree["valid"]
    assert tree["errors"] == len(tree["problems"])
    planned = run("plan")
    assert planned.code == 1
    assert planned.out == ""
    assert "catalog/meters.yaml:5:3: error" in planned.err


def test_destroy_takes_the_name_of_the_environment_and_removes_everything_owned(run, project):
    run("apply", "--auto-approve")
    done = run("destroy", "--auto-approve", "--confirm", "sandbox")
    assert done.code == 0
    assert "Destroy complete: 1 archived, 1 deleted." in done.out
    assert run("destroy", "--auto-approve", "--confirm", "sandbox").code == 0


def test_get_lists_what_is_live_and_whose_it_is(run, project):
    run("apply", "--auto-approve")
    table = run("get").out
    assert any(line.split()[:3] == ["Meter/tokens", "live", "owned"] for line in table.splitlines())
    rows = json.loads(run("get", "--format", "json").out)
    assert {"Meter", "Feature", "BillingProfile"} == {row["kind"] for row in rows}
    assert "eventType:     prompt" in run("get", "Meter/tokens").out
    assert run("get", "meter").code == 0
    assert run("get", "Meter/nope").code == 1


def test_render_and_graph_print_what_is_declared(run, project):
    assert "kind: Feature" in run("render").out
    assert run("graph").out.startswith("flowchart LR")
    assert '"Feature/tokens" -> "Meter/tokens";' in run("graph", "--format", "dot").out
    assert run("graph", "-o", "g.md").out == ""
    assert Path("g.md").read_text() == run("graph").out


def test_explain_prints_kinds_fields_and_rules(run):
    assert "Meter" in run("explain").out
    assert "one of: SUM" in run("explain", "meter.aggregation").out
    rules = run("explain", "--rules").out
    assert "schema.unknown_field" in rules
    assert "meter.value_property.required" in rules
    assert "schema.unknown_field" not in run("explain", "Meter", "--rules").out
    assert json.loads(run("explain", "--rules", "--format", "json").out)


@pytest.mark.parametrize("name", ["manifest", "project", "plan", "report", "drift", "summary", "snapshot"])
def test_the_schemas_in_the_repository_are_fresh(run, name):
    stale = f"schemas/{name}.json is stale: run `reconciler schema --write` at the root of the repository"
    assert (SCHEMAS / f"{name}.json").read_text() == run("schema", name).out, stale


def test_schema_write_writes_all_of_them(run, tmp_path):
    assert run("schema", "--write", "-o", "out").code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "drift.json",
        "manifest.json",
        "plan.json",
        "project.json",
        "report.json",
        "snapshot.json",
        "summary.json",
    ]


def test_init_makes_a_project_that_works_at_once_and_overwrites_nothing(run, tmp_path, monkeypatch):
    assert run("init", "My Billing").code == 0
    monkeypatch.chdir(tmp_path / "My Billing")
    assert "name: my_billing" in Path("reconciler.yaml").read_text()
    checked = run("validate")
    assert (checked.code, "No problems; " in checked.out + checked.err) == (0, True)
    assert run("fmt", "--check").code == 0
    assert run("apply", "--auto-approve").code == 0
    assert "No changes." in run("plan").out
    before = {path: path.read_bytes() for path in Path().rglob("*.yaml")}
    again = run("init")
    assert again.code == 64
    assert "nothing was written" in again.err
    assert before == {path: path.read_bytes() for path in Path().rglob("*.yaml")}


def test_init_keeps_a_gitignore_that_is_there_and_says_what_to_add(run, tmp_path):
    (tmp_path / ".gitignore").write_text("mine\n")
    ended = run("init")
    assert ended.code == 0
    assert (tmp_path / ".gitignore").read_text() == "mine\n"
    assert "Add .reconciler/ to your .gitignore" in ended.err


def test_init_github_writes_the_four_workflows_and_says_what_they_need(run, tmp_path):
    ended = run("init", "--github")
    written = sorted(path.name for path in (tmp_path / ".github/workflows").iterdir())
    assert written == ["billing-apply.yml", "billing-by-hand.yml", "billing-drift.yml", "billing-plan.yml"]
    for needed in ("billing-plan", "OPENMETER_STAGING_TOKEN", "OPENMETER_TOKEN", "reviewers"):
        assert needed in ended.err


def test_the_workflows_name_the_environments_and_the_tokens_of_the_project_beside_them(run, tmp_path):
    import re

    run("init", "--github")
    project = (tmp_path / "reconciler.yaml").read_text()
    tokens = set(re.findall(r"token: \{ env: (\w+) \}", project))
    for path in (tmp_path / ".github/workflows").iterdir():
        text = path.read_text()
        assert set(re.findall(r"secrets\.(\w+)", text)) == tokens
        for name in re.findall(r"environment: (\w+),(\w+)$", text, re.MULTILINE):
            assert all(f"  {one}:\n" in project for one in name)
        assert "@ACTION@" not in text


def test_a_seeded_sandbox_has_objects_that_nobody_manages(run, project):
    assert "5 objects made" in run("sandbox", "seed").err
    assert "already" in run("sandbox", "seed").err
    assert "unmanaged" in run("get", "Plan").out or "unmanaged" in run("get", "Meter").out
    assert run("plan").out.endswith("Plan: 2 to create.\n")
    assert run("sandbox", "reset").code == 0
    assert "legacy" not in run("get").out


def test_the_sandbox_is_filled_by_the_requests_of_a_file_ids_in_the_places_of_names(run, project):
    meter = {"slug": "calls", "eventType": "call", "aggregation": "COUNT"}
    steps = [
        {"path": "/api/v1/meters", "body": meter, "as": "meter"},
        {"path": "/api/v1/features", "body": {"key": "calls", "name": "Calls", "meterSlug": "{slug}"}},
    ]
    Path("by_hand.json").write_text(json.dumps(steps))
    ended = run("sandbox", "seed", "by_hand.json")
    assert (ended.code, "the sandbox refused request 2" in ended.err) == (64, True)
    run("sandbox", "reset")
    channel = {"name": "Ops", "type": "WEBHOOK", "url": "https://x.example"}
    rule = {"name": "Made", "type": "invoice.created", "channels": ["{ops}"]}
    channels, rules = "/api/v1/notification/channels", "/api/v1/notification/rules"
    steps = [{"path": channels, "body": channel, "as": "ops"}, {"path": rules, "body": rule, "as": "rule"}]
    Path("by_hand.json").write_text(json.dumps(steps))
    assert "2 objects made" in run("sandbox", "seed", "by_hand.json").err
    assert run("get", "NotificationRule").out.endswith("1 live object: 1 unmanaged.\n")


@pytest.mark.parametrize("text", ["", "{}", "[1]", "[{}]"])
def test_a_file_that_is_no_seed_is_a_usage_error(run, project, text):
    Path("by_hand.json").write_text(text)
    ended = run("sandbox", "seed", "by_hand.json")
    assert (ended.code, "by_hand.json" in ended.err) == (64, True)


def test_the_same_plan_is_the_same_text(run, project):
    def body(text):
        return text.splitlines()[1:]

    assert body(run("plan").out) == body(run("plan").out)


def test_plan_with_paths_works_without_a_project_file(run, project, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "m.yaml").write_text((project / "catalog" / "meters.yaml").read_text())
    (project / "reconciler.yaml").unlink()
    assert run("plan", "elsewhere").out.endswith("Plan: 1 to create.\n")
    assert run("plan", "elsewhere", "--prune").code == 64


def test_a_glob_of_environments_reads_each_of_them(run, project):
    text = (project / "reconciler.yaml").read_text()
    (project / "reconciler.yaml").write_text(text + '  sandbox_two: { endpoint: "sandbox:two" }\n')
    run("apply", "--auto-approve", "-e", "sandbox_two")
    shown = run("plan", "-e", "sand*", "--detailed-exitcode")
    assert shown.code == 2
    assert shown.out.index("Plan: 2 to create.") < shown.out.index("No changes.")
    assert run("plan", "-e", "sand*", "-o", "x.plan").code == 64
    assert run("plan", "-e", "prod*").code == 64
    assert run("validate", "-e", "*").out.endswith("checked against 3 environments.\n")
    listed = run("get", "Meter", "-e", "sand*").out
    assert listed.index("sandbox\n") < listed.index("sandbox_two\n")


@pytest.mark.parametrize("stream", ["1", "2"])
def test_an_apply_whose_reader_goes_away_is_done_all_the_same(run, project, stream):
    script = f"{sys.executable} -m reconciler apply --auto-approve {stream}>&- ; echo $?"
    if stream == "2":
        script = f"{sys.executable} -m reconciler apply --auto-approve 2> >(exec true); echo $?"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert "Traceback" not in done.stderr
    assert "No changes." in run("plan").out


def test_a_report_that_cannot_be_written_does_not_hide_what_was_done(run, project):
    (project / "r.json").mkdir()
    ended = run("apply", "--auto-approve", "--report", "r.json")
    assert ended.code == 64
    assert "Plan:" not in ended.out


def test_an_export_is_valid_and_its_plan_changes_nothing(run, project):
    run("sandbox", "seed")
    ended = run("export", "-o", "exported")
    assert ended.code == 0
    assert sorted(Path(line).name for line in ended.out.splitlines()) == ["features.yaml", "meters.yaml", "plans.yaml"]
    assert "Next: reconciler plan exported" in ended.err
    assert run("validate", "exported").code == 0
    assert run("plan", "exported").out.endswith("No changes. OpenMeter matches the manifests.\n")
    assert run("export", "-o", "exported").code == 64


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
      rateCards:
        - type: usage_based
          featureKey: tokens
          billingCadence: P1M
          price: { type: unit, amount: "0.000002" }
"""


@pytest.fixture
def endpoint():
    """A sandbox on a port: to the tool, a server like any other."""
    from reconciler.sandbox import Sandbox
    from reconciler.sandbox.serve import serving

    sandbox = Sandbox(":memory:")
    with serving(sandbox) as server:
        yield server.url
    sandbox.close()


def test_a_price_rise_on_a_real_address_needs_its_own_consent(run, project, endpoint):
    plans = project / "catalog" / "plans.yaml"
    plans.write_text(PLAN)
    at = ("--endpoint", endpoint)
    assert run("apply", "--auto-approve", *at).code == 0
    plans.write_text(PLAN.replace("0.000002", "0.0000025"))
    shown = run("plan", *at, "-o", "x.plan")
    assert shown.code == 0
    assert "0.000002 -> 0.0000025 USD" in shown.out
    assert "2.00 -> 2.50 USD per 1M (+25.0 %)" in shown.out
    assert "--allow price-raising:Plan/pro" in shown.out
    refused = run("apply", "--auto-approve", *at)
    assert refused.code == 3
    assert "1 guard is open: price-raising:Plan/pro. Nothing was written." in refused.err
    assert run("apply", "--plan", "x.plan", *at).code == 3
    other = run("apply", "--auto-approve", *at, "--allow", "destructive:Plan/pro")
    assert other.code == 3
    done = run("apply", "--auto-approve", *at, "--allow", "price-raising:Plan/*")
    assert done.code == 0
    assert "Apply complete: 1 new version." in done.out
    assert "version 2 published" in done.err
    assert done.err.count("Plan/pro") == 1


def test_a_saved_plan_of_a_bare_endpoint_finds_its_way_back(run, project, endpoint):
    (project / "reconciler.yaml").unlink()
    assert run("plan", "catalog", "--endpoint", endpoint, "-o", "x.plan").code == 0
    assert run("apply", "--plan", "x.plan").code == 0
