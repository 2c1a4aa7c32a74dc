"""Secrets: what a full run prints and writes holds none of them, in no encoding; when they are read; when refused."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from reconciler.sandbox import Sandbox
from reconciler.sandbox.http import Response
from reconciler.sandbox.serve import serving

from .conftest import Served
from .test_guards import apply, meter, wrapped

SIGNING = "whsec_" + base64.b64encode(b"signing/secret+of==the?channel!!").decode()
ROTATED = "whsec_" + base64.b64encode(b"another>secret+of==the?channel!!").decode()
HEADER = 'Basic h3ader/"s3cret"+value=='
TOKEN = 'om_t0ken/"with"+signs=&percent%'
DOOR = 'd00r/"key"+of&the%proxy'
SECRETS = {"SIGNING": SIGNING, "HEADER": HEADER, "TOKEN": TOKEN, "DOOR": DOOR}
ENCODINGS = ("plain", "json", "url", "hex", "base64", "reversed")


def spellings(secret):
    """How a secret could stand in a text, by encoding; base64 at each of its three alignments."""
    raw = secret.encode()
    cut = [base64.b64encode(b"\0" * shift + raw).decode()[4 if shift else 0 :].rstrip("=")[:-1] for shift in range(3)]
    return {
        "plain": [secret],
        "json": [json.dumps(secret)[1:-1]],
        "url": [quote(secret), quote(secret, safe="")],
        "hex": [raw.hex(), raw.hex().upper()],
        "base64": cut,
        "reversed": [secret[::-1]],
    }


class Echoing(Sandbox):
    """A server that answers the writes of ``breaks`` with an error that repeats every secret in one encoding."""

    breaks = ""
    status = 400
    encoding = "plain"

    def handle(self, request):
        if self.breaks and request.method != "GET" and self.breaks in request.path:
            body = json.loads(request.raw)
            values = [body["signingSecret"], *body["customHeaders"].values(), TOKEN, DOOR]
            said = [spelt for value in values for spelt in spellings(value)[self.encoding]]
            detail = " | ".join(["invalid body", *said])
            return Response(self.status, {"status": self.status, "title": "Bad Request", "detail": detail},
                            "application/problem+json")  # fmt: skip
        return super().handle(request)


def channel(name="Ops", signing=None):
    spec = {
        "name": name,
        "type": "WEBHOOK",
        "url": "https://hooks.example.com/ops",
        "customHeaders": {"Authorization": {"env": "HEADER"}},
        "signingSecret": signing or {"env": "SIGNING"},
    }
    return ("NotificationChannel", "ops", spec)


@pytest.fixture
def echoing(tmp_path, monkeypatch):
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    with serving(Echoing(":memory:")) as server:
        live = Served(tmp_path, server.url, server.sandbox)
        yield live.project("token: {env: TOKEN}, headers: {X-Door: {env: DOOR}}").declare(meter(), channel())


class Grep:
    """Everything that a run printed and wrote, searched for secrets."""

    def __init__(self, run, root):
        self._run, self._root = run, root
        self.texts = {}

    def __call__(self, *args):
        ended = self._run(*args, "-vv")
        self.texts[" ".join(args)] = f"{ended.out}\n{ended.err}"
        return ended

    def found(self):
        files = (path for path in self._root.rglob("*") if path.is_file())
        texts = {**self.texts, **{str(path): path.read_text(encoding="utf-8") for path in files}}
        for secret in (*SECRETS.values(), ROTATED):
            for encoding, forms in spellings(secret).items():
                for where, text in texts.items():
                    if any(form in text for form in forms):
                        yield f"{encoding} of {secret} in {where}"


@pytest.fixture
def grep(run, tmp_path):
    return Grep(run, tmp_path)


def full_run(grep, live, monkeypatch):
    """Every command that could show something, over a create, an edit and a rotation."""
    assert grep("validate").code == 0
    assert grep("plan", "-o", "pr.plan").code == 0
    assert grep("show", "--plan", "pr.plan").code == 0
    assert grep("apply", "--plan", "pr.plan", "--report", "report.json").code == 0
    monkeypatch.setenv("SIGNING", ROTATED)
    live.declare(meter(), channel("Renamed"))
    assert "(secret, changed)" in grep("plan", "--format", "json").out
    assert "(secret, changed)" in grep("plan", "-o", "second.plan").out
    assert grep("apply", "--auto-approve", "--format", "json", "--report", "second.json").code == 0
    assert live.items("notification/channels")[0]["signingSecret"] == ROTATED
    for command in ("get", "get --format json", "get NotificationChannel/ops", "render", "graph", "export -o out"):
        assert grep(*command.split()).code == 0, command
    assert grep("destroy", "--auto-approve", "--confirm", "live").code == 0


def test_no_secret_is_in_anything_that_a_full_run_prints_or_writes(grep, echoing, monkeypatch):
    full_run(grep, echoing, monkeypatch)
    assert {"pr.plan", "report.json", "live.jsonl"} <= {path.name for path in echoing.root.rglob("*")}
    assert list(grep.found()) == []


@pytest.mark.parametrize("status", [400, 500])
@pytest.mark.parametrize("encoding", ENCODINGS[:-1])
def test_no_secret_is_in_what_is_said_of_a_refusal_that_repeats_it_encoded(grep, echoing, encoding, status):
    echoing.sandbox.breaks, echoing.sandbox.status, echoing.sandbox.encoding = "/channels", status, encoding
    ended = grep("apply", "--auto-approve", "--report", "report.json")
    assert ended.code == 4
    assert "invalid body" in ended.out + ended.err
    assert "failed" in (echoing.root / "report.json").read_text()
    assert list(grep.found()) == []


def test_the_search_itself_finds_each_encoding(grep, tmp_path):
    for encoding, (form, *_) in spellings(SIGNING).items():
        (tmp_path / encoding).write_text(f"so {form} it")
    assert {line.split()[0] for line in grep.found()} == set(ENCODINGS)


def test_errors_about_secrets_name_the_source_and_not_the_value(grep, echoing, monkeypatch):
    monkeypatch.setenv("SIGNING", "whsec_tooshort")
    ended = grep("apply", "--auto-approve")
    assert ended.code == 1
    assert "the value of its signingSecret cannot be used" in wrapped(ended.err)
    assert "tooshort" not in ended.err
    monkeypatch.delenv("SIGNING")
    ended = grep("apply", "--auto-approve")
    assert "environment variable SIGNING" in wrapped(ended.err)
    monkeypatch.delenv("TOKEN")
    assert "environment variable TOKEN" in wrapped(grep("plan").err)
    assert echoing.items("notification/channels") == []
    assert list(grep.found()) == []


def test_a_command_is_never_run_by_a_plan_and_once_by_an_apply(run, echoing):
    script = f"echo run >> ran; printf %s {SIGNING}"
    echoing.declare(channel(signing={"command": ["sh", "-c", script]}))
    ran = echoing.root / "ran"
    for command in ("validate", "plan", "plan -o x.plan", "plan --write-secrets", "show --plan x.plan", "render"):
        assert run(*command.split()).code == 0
    assert not ran.exists()
    apply(run)
    assert ran.read_text() == "run\n"
    assert echoing.items("notification/channels")[0]["signingSecret"] == SIGNING
    assert "(secret, not checked)" in run("plan").out
    assert ran.read_text() == "run\n"


@pytest.fixture
def unchecked(run, echoing, monkeypatch):
    """An edit that was planned where the signing secret could not be read, and applied where it is another one."""

    def plan(*options):
        apply(run)
        echoing.declare(meter(), channel("Renamed"))
        monkeypatch.delenv("SIGNING")
        planned = run("plan", "-o", "x.plan", *options)
        assert planned.code == 0
        monkeypatch.setenv("SIGNING", ROTATED)
        return planned

    return plan


def test_a_secret_that_was_not_checked_and_turns_out_different_is_refused(run, echoing, unchecked):
    assert "(secret, not checked)" in unchecked().out
    before = echoing.everything()
    ended = run("apply", "--plan", "x.plan")
    assert ended.code == 3
    assert "signingSecret differs from the live value, which the plan could not see" in wrapped(ended.err)
    assert "--write-secrets" in ended.err
    assert "Nothing was written." in ended.err
    assert echoing.everything() == before


def test_a_plan_made_to_write_secrets_writes_it(run, echoing, unchecked):
    assert "(secret, written whatever it is)" in unchecked("--write-secrets").out
    assert run("apply", "--plan", "x.plan").code == 0
    assert echoing.items("notification/channels")[0]["signingSecret"] == ROTATED


def test_a_secret_that_was_not_checked_and_is_as_before_is_no_matter(run, echoing, unchecked, monkeypatch):
    unchecked()
    monkeypatch.setenv("SIGNING", SIGNING)
    assert run("apply", "--plan", "x.plan").code == 0
    (row,) = echoing.items("notification/channels")
    assert (row["name"], row["signingSecret"], row["customHeaders"]) == ("Renamed", SIGNING, {"Authorization": HEADER})


def test_a_file_beside_the_project_is_a_source_too(run, echoing):
    (Path(echoing.root) / "secret.txt").write_text(ROTATED + "\n")
    echoing.declare(channel(signing={"file": "secret.txt"}))
    apply(run)
    assert echoing.items("notification/channels")[0]["signingSecret"] == ROTATED
    assert "No changes." in run("plan").out
