"""The README keeps its word: its commands exist and run, its picture and its examples are real."""

import re
import shlex
import shutil
from pathlib import Path

import click
import pytest
import yaml

from reconciler.__main__ import main
from reconciler.cli.main import cli
from reconciler.project import load_project

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
SHELL = [line for language, block in BLOCKS if language == "sh" for line in block.splitlines()]
RUN, TEST = SHELL[:2]


def words(line):
    return [part.strip() for part in re.split(r"&&| \| ", line.partition(" #")[0])]


def commands():
    """Every `reconciler …` of the README, in blocks and in running text."""
    spoken = re.findall(r"`(reconciler [^`]+)`", README)
    return sorted(
        {" ".join(part.split()) for line in [*SHELL, *spoken] for part in words(line) if "reconciler " in part}
    )


def test_ci_runs_exactly_the_test_command():
    assert TEST in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_the_main_command_does_the_main_job_and_ends_with_nothing_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NO_COLOR", "1")
    setup, activate, install, enter, *steps, leave = words(RUN)
    assert (setup, activate, install) == ("python3.11 -m venv .venv", ". .venv/bin/activate", "pip install -q .")
    assert (enter, leave) == ("cd examples/ai-saas", "cd ../..")
    shutil.copytree(ROOT / "examples" / "ai-saas", tmp_path / "x", ignore=shutil.ignore_patterns(".reconciler"))
    monkeypatch.chdir(tmp_path / "x")
    said = []
    for step in steps:
        program, *arguments = shlex.split(step)
        assert program == "reconciler"
        assert main(arguments) == 0
        said.append(capsys.readouterr().out)
    assert [step.split()[1] for step in steps] == ["validate", "plan", "apply", "plan"]
    assert "Plan: 26 to create." in said[1]
    assert "Apply complete: 26 created." in said[2]
    assert "No changes. OpenMeter matches the manifests." in said[3]


@pytest.mark.parametrize("line", commands())
def test_every_command_of_the_readme_exists_with_its_options(line):
    _, name, *arguments = shlex.split(line)
    command = cli.get_command(click.Context(cli), name)
    assert command is not None, name
    while isinstance(command, click.Group) and arguments:
        command = command.get_command(click.Context(command), arguments.pop(0))
        assert command is not None, line
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in arguments if word.startswith("-")} <= known


def test_the_picture_is_real_output_of_the_example():
    picture = next(block for language, block in BLOCKS if not language)
    assert picture in (ROOT / "examples" / "ai-saas" / "README.md").read_text(encoding="utf-8")


def test_the_comparison_of_two_environments_is_real_output_of_the_example(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("HALYARD_WEBHOOK_SECRET", "whsec_" + "c2VjcmV0" * 4)
    for name in ("HALYARD_STAGING_TOKEN", "HALYARD_OPENMETER_TOKEN"):
        monkeypatch.setenv(name, "token")
    shutil.copytree(ROOT / "examples" / "ai-saas", tmp_path / "x", ignore=shutil.ignore_patterns(".reconciler"))
    monkeypatch.chdir(tmp_path / "x")
    file = tmp_path / "x" / "reconciler.yaml"
    embedded = re.sub(r"https://openmeter\.staging\S+", "sandbox:staging", file.read_text())
    file.write_text(embedded.replace("https://openmeter.cloud", "sandbox:production"))
    assert main(["apply", "-e", "*", "--auto-approve"]) == 0
    capsys.readouterr()
    assert main(["diff", "--from", "staging", "--to", "production"]) == 2
    shown = capsys.readouterr().out
    block = next(block for language, block in BLOCKS if not language and "differs: " in block)
    assert [part for part in block.split("\n\n") if part.strip("\n") not in shown] == []


def test_the_mistake_is_real_output_of_the_example():
    mistake = next(block for language, block in BLOCKS if not language and "error[" in block)
    assert mistake in (ROOT / "examples" / "ai-saas" / "README.md").read_text(encoding="utf-8")


def test_what_plans_share_in_the_readme_is_changed_as_it_says(tmp_path, monkeypatch, capsys):
    (shared,) = [block for language, block in BLOCKS if language == "yaml" and "kind: RateCard" in block]
    catalog = tmp_path / "catalog"
    catalog.mkdir()
    (catalog / "cards.yaml").write_text(shared, encoding="utf-8")
    (catalog / "rest.yaml").write_text(
        "apiVersion: openmeter.io/v1\nkind: Meter\nkey: tokens\n"
        "spec: {eventType: t, aggregation: SUM, valueProperty: $.n}\n---\n"
        "apiVersion: openmeter.io/v1\nkind: Feature\nkey: tokens\nspec: {name: Tokens, meterSlug: tokens}\n"
    )
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reconciler.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Project\nname: acme\nmanifests: [catalog]\n"
    )
    assert main(["apply", "--auto-approve"]) == 0
    (catalog / "cards.yaml").write_text(shared.replace("0.000002", "0.000003"), encoding="utf-8")
    capsys.readouterr()
    assert main(["plan"]) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if " changes Plan/" in line]
    assert told == ["RateCard/tokens (catalog/cards.yaml:1) changes Plan/pro, Plan/team"]
    assert told[0] in README


def test_the_yaml_of_the_readme_is_valid(tmp_path, monkeypatch, capsys):
    blocks = [block for language, block in BLOCKS if language == "yaml"]
    plan, secrets, scenario, approval, _, shared, project = blocks
    assert "kind: RateCard" in shared
    kinds = [yaml.safe_load(block)["kind"] for block in (plan, scenario, approval, project)]
    assert kinds == ["Plan", "Scenario", "Approval", "Project"]
    (tmp_path / "reconciler.yaml").write_text(project + secrets, encoding="utf-8")
    (tmp_path / "overlays" / "staging").mkdir(parents=True)
    catalog = tmp_path / "catalog"
    catalog.mkdir()
    (catalog / "plan.yaml").write_text(plan, encoding="utf-8")
    (catalog / "approval.yaml").write_text(approval.replace("2027-", "2999-"), encoding="utf-8")
    (catalog / "rest.yaml").write_text(
        """\
apiVersion: openmeter.io/v1
kind: Meter
key: tokens
spec: {eventType: inference, aggregation: SUM, valueProperty: $.tokens}
---
apiVersion: openmeter.io/v1
kind: Feature
key: tokens
spec: {name: Tokens, meterSlug: tokens}
---
apiVersion: openmeter.io/v1
kind: Feature
key: fast
spec: {name: Fast lane}
---
apiVersion: openmeter.io/v1
kind: Addon
key: priority
spec:
  name: Priority
  currency: USD
  instanceType: single
  rateCards:
    - {type: flat_fee, featureKey: fast, billingCadence: P1M, price: {type: flat, amount: "9"}}
""",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    assert main(["validate"]) == 0, capsys.readouterr()
    assert main(["apply", "--auto-approve"]) == 0, capsys.readouterr()


def test_the_price_test_of_the_readme_passes_on_the_example(tmp_path, monkeypatch, capsys):
    (scenario,) = [block for language, block in BLOCKS if language == "yaml" and "kind: Scenario" in block]
    shutil.copytree(ROOT / "examples" / "ai-saas", tmp_path / "x", ignore=shutil.ignore_patterns(".reconciler"))
    (tmp_path / "x" / "catalog" / "scenarios.yaml").write_text(scenario, encoding="utf-8")
    monkeypatch.chdir(tmp_path / "x")
    assert main(["test"]) == 0, capsys.readouterr()
    assert capsys.readouterr().out.endswith("1 of 1 price test passed.\n")


def test_the_policy_of_the_readme_says_what_the_text_says(tmp_path):
    (policy,) = [block for language, block in BLOCKS if language == "yaml" and "policy:\n" in block]
    placed = policy.replace("  production:\n", "  production:\n    endpoint: https://openmeter.example\n")
    (tmp_path / "reconciler.yaml").write_text(f"apiVersion: reconciler/v1\nkind: Project\nname: acme\n{placed}")
    found = load_project(tmp_path)
    policy = found.environment("production").policy
    asked = {str(name): (needs.effect, needs.team, needs.notice) for name, needs in policy.classes.items()}
    assert asked == {
        "additive": ("warn", None, None),
        "price-lowering": ("allow", None, None),
        "price-raising": ("consent", "acme/pricing", 30),
        "destructive": ("consent", "acme/billing-leads", None),
    }
    assert [(rule.name, rule.effect) for rule in policy.rules] == [("steep_raise", "deny")]
    assert found.teams == {"acme/pricing": ("alice", "bob")}


def test_the_library_example_runs(tmp_path, monkeypatch, capsys):
    program, priced = [block for language, block in BLOCKS if language == "python"]
    exec(compile(priced, "README.md", "exec"), {})  # it asserts what the bill is
    shutil.copytree(ROOT / "examples" / "ai-saas", tmp_path / "x", ignore=shutil.ignore_patterns(".reconciler"))
    monkeypatch.chdir(tmp_path / "x")
    exec(compile(program, "README.md", "exec"), {})
    assert "Plan/pro create" in capsys.readouterr().out


@pytest.mark.source
def test_every_relative_link_leads_somewhere():
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]
    assert links
    assert not [link for link in links if not (ROOT / link).exists()]


def test_the_bill_is_real_output_of_the_example(monkeypatch, capsys):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.chdir(ROOT / "examples" / "ai-saas")
    said = next(block for language, block in BLOCKS if language == "console" and "reconciler price" in block)
    command, printed = said.split("\n", 1)
    assert main(shlex.split(command)[2:]) == 0
    assert capsys.readouterr().out == printed
