"""``env list`` and ``env check`` on two servers."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager

import pytest
import stamina

from reconciler.sandbox import Sandbox, serve

from .conftest import FEATURE, METER

DEAD = "  dead: { endpoint: 'http://127.0.0.1:1' }\n"
ELSEWHERE = "01J00000000000000000000000"


@pytest.fixture(autouse=True)
def _impatient():
    with stamina.set_testing(True, attempts=1):
        yield


def checked(run, *args):
    ended = run("env", "check", "--format", "json", *args)
    return ended.code, {one["name"]: one for one in json.loads(ended.out)["environments"]}


def test_list_tells_every_environment_without_a_network(run, pair, monkeypatch):
    pair.project(
        "  copy: { extends: production, endpoint: 'https://nowhere.invalid' }\n"
        "  eu: { extends: production, token: { env: EU_TOKEN }, protected: true, overlays: [eu] }\n"
    )
    monkeypatch.delenv("EU_TOKEN", raising=False)
    listed = json.loads(run("env", "list", "--format", "json").out)["environments"]
    assert [(one["name"], one["default"]) for one in listed] == [
        ("staging", True), ("production", False), ("copy", False), ("eu", False), ("sandbox", False),
    ]  # fmt: skip
    eu = listed[3]
    assert (eu["endpoint"], eu["extends"], eu["protected"], eu["overlays"]) == (
        pair.production.url, "production", True, ["eu"],
    )  # fmt: skip
    assert eu["credentials"] == [{"for": "token", "source": "environment variable EU_TOKEN", "present": False}]
    assert listed[1]["promotesFrom"] == "staging"
    assert eu["promotesFrom"] is None


def test_list_never_shows_a_secret_or_runs_a_command(run, pair, monkeypatch, tmp_path):
    ran = tmp_path / "ran"
    pair.project(
        f"  a: {{ extends: staging, token: {{ command: [touch, {ran}] }} }}\n"
        "  b: { extends: staging, token: { env: B_TOKEN }, headers: { X-Access: { file: gone } } }\n"
    )
    monkeypatch.setenv("B_TOKEN", "hunter2")
    ended = run("env", "list")
    assert ended.code == 0
    assert "hunter2" not in ended.out + ended.err + run("env", "list", "--format", "json").out
    assert "token by command" in ended.out
    assert "token, header X-Access missing" in ended.out
    assert "b: the file gone (header X-Access) gives nothing here" in ended.out
    assert not ran.exists()


def test_list_works_without_a_project_file(run, tmp_path):
    assert "sandbox:" in run("env", "list").out


def test_list_says_what_is_missing_before_anything_can_be_applied(run, pair):
    pair.project("  copy: { extends: staging, protected: true, token: { env: PATH } }\n"
                 "  other: { extends: copy, endpoint: 'https://other.invalid' }\n")  # fmt: skip
    out = run("env", "list").out
    assert "copy: protected and not pinned" in out
    assert "other: token not inherited, because it was given for another address" in out


def test_check_tells_which_namespace_answers_and_whose_everything_is(run, pair):
    pair.declare(METER, FEATURE)
    assert run("apply", "--auto-approve").code == 0
    marker = {"reconciler.project": "other", "reconciler.key": "theirs"}
    meter = {"slug": "theirs", "eventType": "x", "aggregation": "COUNT"}
    pair.staging.send("POST", "meters", meter | {"metadata": marker})
    pair.staging.send("POST", "meters", meter | {"slug": "nobodys"})
    code, found = checked(run)
    assert code == 0
    staging = found["staging"]
    assert (staging["reachable"], staging["identity"]) == (True, pair.staging.identity)
    assert (staging["pinned"], staging["matches"], staging["sameAs"]) == (None, None, [])
    assert staging["objects"]["Meter"] == {"owned": 1, "foreign": 1, "unmanaged": 1}
    assert staging["objects"]["Feature"] == {"owned": 1}
    assert staging["foreignProjects"] == {"other": 1}
    assert staging["lastApply"]["steps"] == {"verified": 2}
    assert found["production"]["identity"] == pair.production.identity != staging["identity"]
    assert found["production"]["lastApply"] is None
    text = run("env", "check").out
    assert "owned       1 Meter, 1 Feature" in text
    assert "foreign     1 Meter (by other)" in text
    assert "2 environments: 2 as expected." in text


def test_a_plan_with_many_versions_is_one_object(run, pair):
    plan = {"name": "Pro", "currency": "USD", "billingCadence": "P1M"}
    plan["phases"] = [{"key": "main", "name": "Main", "rateCards": [
        {"type": "flat_fee", "key": "base", "name": "Base", "billingCadence": "P1M",
         "price": {"type": "flat", "amount": "{{ vars.fee }}"}}]}]  # fmt: skip
    pair.declare(("Plan", "pro", plan))
    for fee in ("1", "2", "3"):
        allow = ("--allow", "price-raising:Plan/pro")
        assert run("apply", "--auto-approve", "--var", f"fee={fee}", *allow).code == 0
    assert len(pair.staging.items("plans")) == 3
    assert checked(run)[1]["staging"]["objects"]["Plan"] == {"owned": 1}


def test_an_environment_that_does_not_answer_ends_with_1_and_hides_no_other(run, pair):
    pair.project(DEAD)
    code, found = checked(run)
    assert code == 1
    assert "no connection" in found["dead"]["error"]
    assert found["dead"]["reachable"] is False
    assert found["staging"]["reachable"] is True
    assert checked(run, "-e", "[sp]*")[0] == 0


def test_a_token_that_is_not_there_is_told_by_its_source(run, pair):
    pair.project(f"  other: {{ endpoint: '{pair.staging.url}', token: {{ env: NOT_SET_ANYWHERE }} }}\n")
    code, found = checked(run)
    assert code == 1
    assert found["other"]["error"] == "the environment variable NOT_SET_ANYWHERE is not set or empty"
    assert found["staging"]["reachable"]


def test_another_namespace_than_the_pinned_one_ends_with_3_and_is_refused_by_a_plan(run, pair):
    pair.declare(METER)
    pair.project(f"    identity: {pair.staging.identity}\n")
    code, found = checked(run)
    assert code == 3
    assert found["production"]["matches"] is False
    assert "another namespace answers" in run("env", "check").out
    before = pair.production.items("meters")
    for command in (("plan",), ("apply", "--auto-approve")):
        refused = run(*command, "-e", "production")
        assert refused.code == 3
        assert pair.production.identity in refused.err
        assert "Nothing was written" in refused.err
    assert pair.production.items("meters") == before == []


def test_two_environments_that_are_one_namespace_are_told(run, pair):
    pair.project(f"  copy: {{ endpoint: '{pair.staging.url}' }}\n")
    found = checked(run)[1]
    assert (found["copy"]["sameAs"], found["staging"]["sameAs"]) == (["staging"], ["copy"])
    assert found["production"]["sameAs"] == []


def test_a_bare_address_can_be_looked_at_before_there_is_a_project(run, pair):
    (pair.root / "reconciler.yaml").unlink()
    code, found = checked(run, "--endpoint", pair.staging.url)
    assert code == 0
    assert found["adhoc"]["identity"] == pair.staging.identity


@pytest.mark.parametrize(("missing", "refused"), [("manifests", 1), ("bundle", 3)])
def test_manifests_that_do_not_read_hide_nothing_of_what_is_live_and_ours(run, pair, missing, refused):
    pair.declare(METER)
    assert run("apply", "--auto-approve").code == 0
    path = pair.root / "reconciler.yaml"
    path.write_text(path.read_text().replace("name: acme", "name: later\nformerNames: [acme]"))
    if missing == "bundle":
        path.write_text(path.read_text().replace('vars: { fee: "1" }', f"bundle: 'sha256:{'0' * 64}'"))
    else:
        (pair.root / "catalog" / "all.yaml").write_text("kind: [")
    assert run("plan").code == refused
    code, found = checked(run)
    assert code == 0
    assert found["staging"]["objects"]["Meter"] == {"owned": 1}
    assert "owned" in run("get", "Meter").out


def test_an_unknown_environment_is_a_matter_of_usage(run, pair):
    assert run("env", "check", "-e", "stagin").code == 64
    assert run("env", "check", "-e", "x*").code == 64


def test_receipts_that_are_damaged_are_no_reason_to_fail(run, pair):
    folder = pair.root / ".reconciler" / "receipts"
    folder.mkdir(parents=True)
    lines = ["{", "[]", '{"run": 1}', '{"run": "r", "step": "1", "state": "started"}', "\xff"]
    (folder / "staging.jsonl").write_bytes("\n".join(lines).encode("latin-1"))
    assert checked(run)[1]["staging"]["lastApply"] == {"startedAt": "r", "steps": {"started": 1}}


def test_pin_writes_the_identity_below_the_endpoint_and_touches_no_other_line(run, pair):
    (pair.root / "environments").mkdir()
    own = pair.root / "environments" / "own.yaml"
    own.write_text(f"# ours\nendpoint: {pair.staging.url} # here\n\n# not much\nlimits: {{ maxRemovals: 1 }}\n")
    pair.project(f"  flow: {{ endpoint: '{pair.production.url}', prune: true }} # short\n")
    before = (pair.root / "reconciler.yaml").read_text().splitlines()
    code, found = checked(run, "--pin")
    assert code == 0
    assert [one["matches"] for one in found.values()] == [True] * 4
    after = (pair.root / "reconciler.yaml").read_text().splitlines()
    assert [line for line in before if line not in after] == before[-1:]
    assert after[after.index(before[9]) + 1] == f"    identity: {pair.staging.identity}"
    assert after[-1].startswith("  flow: { endpoint:")
    assert after[-1].endswith("prune: true } # short")
    lines = own.read_text().splitlines()
    assert lines[:3] == ["# ours", f"endpoint: {pair.staging.url} # here", f"identity: {pair.staging.identity}"]
    assert lines[3:] == ["", "# not much", "limits: { maxRemovals: 1 }"]
    assert found["staging"]["writtenTo"].startswith("reconciler.yaml:11:")


def test_what_is_pinned_is_found_again_and_not_written_twice(run, pair):
    assert run("env", "check", "--pin").code == 0
    text = (pair.root / "reconciler.yaml").read_text()
    code, found = checked(run, "--pin")
    assert (code, found["staging"]["writtenTo"]) == (0, None)
    assert (pair.root / "reconciler.yaml").read_text() == text
    pair.declare(METER)
    assert run("apply", "--auto-approve", "-e", "production").code == 0


def test_a_pinned_identity_is_never_overwritten_by_what_answers_instead(run, pair):
    assert run("env", "check", "--pin").code == 0
    path = pair.root / "reconciler.yaml"
    swapped = path.read_text().replace(pair.production.url, "X").replace(pair.staging.url, pair.production.url)
    path.write_text(swapped.replace("X", pair.staging.url))
    text = path.read_text()
    assert checked(run, "--pin")[0] == 3
    assert path.read_text() == text


def test_what_stands_in_several_places_at_once_is_not_pinned_in_place(run, pair):
    body = f"  one: &one\n    endpoint: {pair.staging.url}\n  two: *one\n"
    pair.project(body)
    text = (pair.root / "reconciler.yaml").read_text()
    code, found = checked(run, "--pin", "-e", "one")
    assert code == 1
    assert "change it by hand" in found["one"]["notWritten"]
    assert (pair.root / "reconciler.yaml").read_text() == text
    assert "not written: " in run("env", "check", "--pin", "-e", "one").out


def test_an_embedded_sandbox_is_pinned_only_where_it_is_protected(run, pair):
    pair.project("  a: { endpoint: 'sandbox:a' }\n  b: { endpoint: 'sandbox:b', protected: true }\n")
    code, found = checked(run, "--pin", "-e", "[ab]")
    assert code == 0
    assert (found["a"]["pinned"], found["b"]["matches"]) == (None, True)
    assert run("env", "check", "--pin", "--endpoint", pair.staging.url).code == 64


class _ByToken(serve.SandboxServer):
    """One address with a namespace per token, as a hosted OpenMeter has it."""

    def __init__(self, namespaces):
        self._chosen = threading.local()
        super().__init__(next(iter(namespaces.values())), "127.0.0.1", 0)
        self.namespaces = namespaces
        self.RequestHandlerClass = _Choosing

    @property
    def sandbox(self):
        return self._chosen.sandbox

    @sandbox.setter
    def sandbox(self, value):
        self._chosen.sandbox = value


class _Choosing(serve._Handler):
    def parse_request(self):
        parsed = super().parse_request()
        self.server.sandbox = self.server.namespaces.get(self.headers.get("Authorization", ""), Sandbox(":memory:"))
        return parsed


@contextmanager
def hosted(namespaces):
    with _ByToken(namespaces) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server.url
        server.shutdown()
        thread.join()


def test_a_token_that_leads_to_another_namespace_is_refused_before_anything_is_planned(run, pair, monkeypatch):
    namespaces = {"Bearer one": Sandbox(":memory:"), "Bearer other": Sandbox(":memory:")}
    pair.declare(METER)
    with hosted(namespaces) as url:
        pair.project(f"  cloud: {{ endpoint: '{url}', token: {{ env: CLOUD_TOKEN }}, protected: true }}\n")
        monkeypatch.setenv("CLOUD_TOKEN", "one")
        assert checked(run, "-e", "cloud", "--pin")[1]["cloud"]["matches"] is True
        assert run("plan", "-e", "cloud", "-o", "x.plan").code == 0
        monkeypatch.setenv("CLOUD_TOKEN", "other")
        code, found = checked(run, "-e", "cloud")
        assert (code, found["cloud"]["matches"]) == (3, False)
        for command in (
            ("plan", "-e", "cloud"),
            ("apply", "-e", "cloud", "--auto-approve"),
            ("apply", "--plan", "x.plan"),
            ("destroy", "-e", "cloud", "--auto-approve", "--confirm", "cloud"),
            ("diff", "--from", "staging", "--to", "cloud"),
            ("drift", "-e", "cloud"),
            ("get", "-e", "cloud"),
            ("get", "Meter", "-e", "cloud"),
        ):
            refused = run(*command)
            assert refused.code == 3, command
            assert "check the endpoint and the token" in " ".join(refused.err.split()), command
            assert "Bearer" not in refused.err
        monkeypatch.setenv("CLOUD_TOKEN", "one")
        assert run("apply", "--plan", "x.plan").code == 0
        assert run("get", "Meter/tokens", "-e", "cloud").code == 0
    meters = [len(_meters(sandbox)) for sandbox in namespaces.values()]
    assert meters == [1, 0]


def _meters(sandbox):
    import httpx

    with httpx.Client(base_url="http://x/api/v1/", transport=sandbox.transport()) as client:
        return client.get("meters").json()
