"""Policies written for Terraform's plans: the README's own, run by conftest or OPA where one of them is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from .test_guards import FEATURE, apply, gone, meter, pro

README = Path(__file__).parents[2] / "README.md"
LISTED = {"pricing_page": "https://acme.example/pricing"}

pytestmark = pytest.mark.source


@pytest.fixture
def judge(tmp_path):
    """Rule → messages of the README's policy over a document in Terraform's shape."""
    opa, conftest = shutil.which("opa"), shutil.which("conftest")
    if opa is None and conftest is None:
        pytest.skip("neither conftest nor opa is on this machine: the README's policy was not run")
    (policy,) = re.findall(r"^```rego\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "plan.rego").write_text(policy)

    def with_conftest(text):
        command = [conftest, "test", "-p", str(tmp_path / "policy"), "-o", "json", "-"]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        (found,) = json.loads(done.stdout)
        return {
            "deny": {one["msg"] for one in found.get("failures", ())},
            "warn": {one["msg"] for one in found.get("warnings", ())},
        }

    def with_opa(text):
        command = [opa, "eval", "-d", str(tmp_path / "policy"), "--stdin-input", "data.main"]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)["result"][0]["expressions"][0]["value"]
        return {rule: set(found[rule]) for rule in ("deny", "warn")}

    return with_conftest if conftest else with_opa


def planned(run):
    return run("plan", "--format", "terraform-json").out


def test_the_readmes_policy_passes_and_refuses_what_it_says(run, live, judge):
    live.declare(meter(), FEATURE, pro("20", metadata=LISTED))
    assert judge(planned(run)) == {"deny": set(), "warn": set()}
    apply(run)
    live.declare(meter(), FEATURE, pro("25", metadata=LISTED))
    price = "phases[main].rateCards[base].price.amount"
    assert judge(planned(run)) == {"deny": set(), "warn": {f"openmeter_plan.pro: {price} rises by 25 %"}}
    live.declare(meter(), FEATURE, pro("20", metadata={"pricing_page": "http://x"}))
    assert judge(planned(run))["deny"] == {"openmeter_plan.pro is on no price list"}
    live.declare(meter(), FEATURE, gone("Plan", "pro"))
    assert judge(planned(run))["deny"] == {"openmeter_plan.pro would be removed"}
