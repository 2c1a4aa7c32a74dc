"""Whatever somebody edits past the reconciler in a real catalogue: what ``accept`` took is declared, nothing is broken.

The oracle is another look: what still differs from live is exactly what was left, with a reason.
"""

from __future__ import annotations

import copy
import random
import re
import shutil
from pathlib import Path

import httpx
import pytest

from reconciler.sandbox import Sandbox
from reconciler.workflow import (
    AcceptRequest,
    accept,
    check,
    find_drift,
    make_plan,
    open_context,
    run_apply,
    sandbox_path,
)

EXAMPLES = Path(__file__).parents[2] / "examples"
WRITABLE = {
    "plans": ("name", "description", "metadata", "billingCadence", "proRatingConfig", "phases", "settlementMode"),
    "addons": ("name", "description", "metadata", "instanceType", "rateCards"),
    "meters": ("name", "description", "metadata", "groupBy"),
    "notification/channels": ("type", "name", "url", "customHeaders", "signingSecret", "metadata", "disabled"),
    "notification/rules": ("type", "name", "channels", "features", "thresholds", "metadata", "disabled"),
    "billing/profiles": ("name", "description", "default", "supplier", "workflow", "metadata"),
}
CARD = {"type": "flat_fee", "key": "zz_new", "name": "New", "billingCadence": "P1M"}


class Somebody:
    """Edits one random value of one random object at a time; what the server refuses is tried otherwise."""

    def __init__(self, database, seed):
        self.random = random.Random(seed)
        transport = Sandbox(database).transport()
        self.http = httpx.Client(base_url="http://sandbox/api/v1/", transport=transport)

    def items(self, path):
        found = self.http.get(path, params={"pageSize": 100} if not path.startswith("notification") else {}).json()
        return found if isinstance(found, list) else found["items"]

    def edit(self):
        """Edit something; whether the server took it."""
        path = self.random.choice(["plans", "plans", *WRITABLE])
        rows = [row for row in self.items(path) if row.get("status", "active") == "active" and self._ours(row)]
        if not rows:
            return False
        row = self.random.choice(rows)
        versioned = path in ("plans", "addons")
        if versioned:
            made = self.http.post(f"{path}/{row['id']}/next")
            if made.is_error:
                return False
            row = self.http.get(f"{path}/{made.json()['id']}").json()
        body = {name: row[name] for name in WRITABLE[path] if name in row}
        if path == "notification/rules":
            body["channels"] = [channel["id"] for channel in body["channels"]]
            body["features"] = [feature["key"] for feature in body.get("features", [])]
        for _ in range(20):
            tried = copy.deepcopy(body)
            self._change(tried)
            if self.http.put(f"{path}/{row['id']}", json=tried).is_error:
                continue
            if not versioned or self.http.post(f"{path}/{row['id']}/publish").is_success:
                return True
        if versioned:
            self.http.delete(f"{path}/{row['id']}")
        return False

    def _ours(self, row):
        return not row["name"].startswith("openmeter")

    def _change(self, body):
        leaves, lists = [], []
        _walk(body, None, None, leaves, lists)
        how = self.random.choice(["text", "number", "drop", "shorten", "add"])
        holder, name, value = self.random.choice(leaves)
        if how == "shorten" and lists:
            found = self.random.choice(lists)
            del found[self.random.randrange(len(found))]
        elif how == "add" and "phases" in body:
            price = {"type": "flat", "amount": "3.5", "paymentTerm": "in_advance"}
            body["phases"][-1]["rateCards"].append({**CARD, "price": price})
        elif how == "add":
            body["metadata"] = {**(body.get("metadata") or {}), "new": "{{ x }} 12"}
        elif str(name).startswith("reconciler."):
            return
        elif how == "drop" and isinstance(holder, dict):
            del holder[name]
        elif isinstance(value, bool):
            holder[name] = not value
        elif isinstance(value, int | float):
            holder[name] = value + 1
        elif isinstance(value, str):
            number = re.fullmatch(r"[0-9.]+", value)
            holder[name] = (
                str(float(value) + 1.5) if number else self.random.choice([f"{value} edited", "no", "a: b #c"])
            )


def _walk(value, holder, name, leaves, lists):
    if isinstance(value, dict):
        for key in value:
            _walk(value[key], value, key, leaves, lists)
    elif isinstance(value, list):
        if len(value) > 1:
            lists.append(value)
        for index, item in enumerate(value):
            _walk(item, value, index, leaves, lists)
    else:
        leaves.append((holder, name, value))


def _plain(url):
    return re.sub(r"\W", "", url)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A copy of an example whose environments are embedded ones."""

    def make(name):
        monkeypatch.setenv("HALYARD_WEBHOOK_SECRET", "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0")
        monkeypatch.setenv("WAYMARK_ALERTS_AUTHORIZATION", "Bearer x")
        shutil.copytree(EXAMPLES / name, tmp_path / name, ignore=shutil.ignore_patterns(".reconciler"))
        file = tmp_path / name / "reconciler.yaml"
        text = re.sub(r"endpoint: https?:(\S+)", lambda url: f'endpoint: "sandbox:{_plain(url[1])}"', file.read_text())
        file.write_text(
            re.sub(r"    (token|headers|prune|limits|protected|promotesFrom|soak):.*\n(      .*\n)*", "", text)
        )
        return tmp_path / name

    return make


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("example", "environment", "to"),
    [("ai-saas", "production", "auto"), ("ai-saas", "sandbox", "base"), ("api-platform", "live", "overlay")],
)
def test_what_was_accepted_is_declared_and_what_still_differs_was_left_with_a_reason(
    project, example, environment, to, seed
):
    root = project(example)
    context = open_context(root, environment=environment)
    run_apply(context, make_plan(context))
    somebody = Somebody(sandbox_path(context), seed)
    edits = sum(somebody.edit() for _ in range(1 + seed % 3))
    done = accept(context, AcceptRequest(to=to))
    again = open_context(root, environment=environment)
    assert [problem for problem in check(again, every_environment=True) if problem.severity == "error"] == []
    differs = {found.address for found in find_drift(again).objects}
    assert differs == {left.address for left in done.left}
    assert all(left.reason for left in done.left)
    assert edits or not done.accepted
