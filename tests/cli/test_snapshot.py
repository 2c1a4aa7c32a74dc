"""`snapshot` and `plan --from-snapshot`: no secret in the file, no network and no secret source for the plan."""

from __future__ import annotations

import base64
import json
import socket

import httpx
import pytest

from reconciler.planning import planfile
from reconciler.sandbox import Sandbox
from reconciler.sandbox.serve import serving

from .conftest import Served
from .test_approved_rest import cut_off_after
from .test_guards import FEATURE, meter, pro, subscribed
from .test_secrets import DOOR, HEADER, SIGNING, TOKEN, spellings

PASSWORD = "p4ss-of+the=hook"
LONG = "T0a1b2c3d4e5f6g7h8i9j0k1"
QUERY = "q0ery-t0ken-value"
FOREIGN = "s3cret-that-nobody-declares"
SECRETS = {"SIGNING": SIGNING, "HEADER": HEADER, "TOKEN": TOKEN, "DOOR": DOOR}
URL = f"https://me:{PASSWORD}@hooks.example.com/in/{LONG}?token={QUERY}&team=billing"


def channel(name="Ops", url=URL, team="billing"):
    headers = {"Authorization": {"env": "HEADER"}, "X-Team": team}
    spec = {"name": name, "type": "WEBHOOK", "url": url, "customHeaders": headers, "signingSecret": {"env": "SIGNING"}}
    return ("NotificationChannel", "ops", spec)


@pytest.fixture
def live(tmp_path, monkeypatch):
    """A project with every kind of secret, applied; and a channel that somebody else made."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    with serving(Sandbox(":memory:")) as server:
        found = Served(tmp_path, server.url, server.sandbox)
        yield found.project("token: {env: TOKEN}, headers: {X-Door: {env: DOOR}}").declare(meter(), channel())


@pytest.fixture
def taken(run, live, tmp_path):
    assert run("apply", "--auto-approve").code == 0
    theirs = {"name": f"Theirs {FOREIGN}", "type": "WEBHOOK", "url": f"https://hooks.example.com/{FOREIGN}?a={FOREIGN}",
              "customHeaders": {"X-Any": FOREIGN}}  # fmt: skip
    live.send("POST", "notification/channels", theirs)
    ended = run("snapshot", "-o", "live.json")
    assert (ended.code, ended.out) == (0, "")
    return tmp_path / "live.json"


@pytest.fixture
def cut_off(monkeypatch):
    """No network, no token, and no source of a secret that could be read."""

    def never(*args, **kwargs):
        raise AssertionError("something was to be sent or read")

    for name in SECRETS:
        monkeypatch.delenv(name)
    monkeypatch.setattr(socket, "socket", never)
    monkeypatch.setattr(socket, "create_connection", never)
    monkeypatch.setattr(httpx, "Client", never)
    monkeypatch.setattr("reconciler.project.secrets.reveal", never)
    monkeypatch.setattr("reconciler.project.reveal", never)
    monkeypatch.setattr("reconciler.sandbox.Sandbox", never)


def plan_of(ended):
    return json.loads(ended.out)


def digest_of(ended):
    return plan_of(ended)["change_digest"]


def test_no_secret_is_in_the_file_in_no_encoding(taken):
    text = taken.read_text()
    found = [
        f"{encoding} of {secret}"
        for secret in (*SECRETS.values(), PASSWORD, LONG, QUERY, FOREIGN)
        for encoding, forms in spellings(secret).items()
        for form in forms
        if form in text
    ]
    assert found == []
    assert "hooks.example.com/in/***?token=***&team=billing" in text


def test_what_is_in_git_already_stays_so_that_it_can_be_compared(taken):
    (ours, theirs) = sorted(
        (row["wire"] for row in json.loads(taken.read_text())["objects"]["NotificationChannel"]),
        key=lambda wire: wire["name"],
    )
    assert ours["customHeaders"]["X-Team"] == "billing"
    assert ours["customHeaders"]["Authorization"] == theirs["customHeaders"]["X-Any"] == "(secret, not in the snapshot)"
    assert theirs["url"] == "https://hooks.example.com/***?***"


def test_the_file_fits_its_schema(taken, run):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(run("schema", "snapshot").out)
    jsonschema.Draft202012Validator(schema).validate(json.loads(taken.read_text()))


def test_a_plan_from_a_snapshot_needs_no_network_and_no_secret_and_is_the_live_one(run, live, taken, request):
    live.declare(meter(), meter("words"), channel("Renamed"))
    known = run("plan", "--format", "json")
    request.getfixturevalue("cut_off")
    kept = run("plan", "--from-snapshot", taken, "--format", "json")
    assert kept.code == 0, kept.err
    assert digest_of(kept) == digest_of(known)
    assert plan_of(kept)["summary"]["update"] == 1
    notes = [note for change in plan_of(kept)["changes"] for note in change["notes"]]
    assert "`signingSecret` (secret, not checked)" in notes
    assert "`customHeaders.Authorization` (secret, not checked)" in notes
    (warned,) = plan_of(kept)["warnings"]
    assert warned["rule"] == "snapshot.unchecked"


def test_a_rehearsal_works_cut_off_too(run, live, taken, monkeypatch):
    for name in SECRETS:
        monkeypatch.delenv(name)
    live.declare(meter(), meter("words"), channel("Renamed"))
    ended = run("plan", "--from-snapshot", taken, "--rehearse", "--format", "json")
    assert ended.code == 0, ended.err
    assert plan_of(ended)["rehearsal"]["refusals"] == []


def test_a_plain_header_and_an_address_that_change_are_seen(run, live, taken):
    live.declare(meter(), channel(team="platform"))
    assert [field["path"] for field in plan_of(run("plan", "--from-snapshot", taken, "--format", "json"))["changes"][0][
        "fields"]] == ["customHeaders.X-Team"]  # fmt: skip
    live.declare(meter(), channel(url=URL.replace("/in/", "/out/")))
    assert [field["path"] for field in plan_of(run("plan", "--from-snapshot", taken, "--format", "json"))["changes"][0][
        "fields"]] == ["url"]  # fmt: skip


def test_the_file_and_every_printing_say_what_it_was_made_from(run, live, taken, clock):
    live.declare(meter(), meter("words"), channel())
    tree = json.loads(taken.read_text())
    assert run("snapshot", "-o", taken).code == 0  # by the clock that stands still
    tree = json.loads(taken.read_text())
    clock.wait(hours=14)
    made = plan_of(run("plan", "--from-snapshot", taken, "--format", "json", "-o", "x.plan"))
    assert made["source"]["snapshot"] == tree["digest"].removeprefix("sha256:")
    assert made["source"]["snapshot_at"] == tree["created_at"] == "2026-12-01T12:00:00Z"
    said = f"a snapshot taken 14 h ago, 2026-12-01 12:00 UTC, sha256:{tree['digest'][7:19]}"
    for command in (["plan", "--from-snapshot", taken], ["show", "--plan", "x.plan"]):
        for form in ("text", "markdown", "html"):
            assert said in " ".join(run(*command, "--format", form).out.split()), (command, form)
    assert planfile.loads((live.root / "x.plan").read_text()).source.snapshot_at == "2026-12-01T12:00:00Z"


def test_one_that_is_older_than_a_plan_is_valid_is_warned_of(run, live, taken, clock):
    assert run("snapshot", "-o", taken).code == 0
    clock.wait(hours=71)
    assert "snapshot.old" not in run("plan", "--from-snapshot", taken).out
    clock.wait(hours=2)
    assert "longer ago than a plan of live is valid (72 h)" in " ".join(
        run("plan", "--from-snapshot", taken).out.split()
    )


@pytest.mark.parametrize("changes", [True, False])
def test_a_plan_from_a_snapshot_is_never_applied(run, live, taken, changes):
    live.declare(meter(), *([meter("words")] if changes else []), channel())
    ended = run("plan", "--from-snapshot", taken, "-o", "x.plan")
    assert ended.code == 0
    assert "To apply" not in ended.err
    ended = run("apply", "--plan", "x.plan")
    assert ended.code == 3
    assert "made from a snapshot: plan again against the live catalogue" in ended.err
    assert len(live.items("meters")) == 1


def edited(path, **changes):
    from reconciler.planning.digest import sha256

    tree = json.loads(path.read_text())
    tree.pop("digest")
    for name, value in changes.items():
        at = tree["target"] if name in tree["target"] else tree
        at[name] = value
    path.write_text(json.dumps({**tree, "digest": "sha256:" + sha256(tree)}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"project": "others"}, "is of the project others, and this is acme"),
        ({"environment": "staging"}, "is of the environment staging, not of live"),
        ({"endpoint": "https://elsewhere.example"}, "was taken at https://elsewhere.example, and live is at"),
        ({"api": "v3"}, "no snapshot"),
        ({"format_version": "2.0"}, "has format 2.0; this reconciler reads 1.0"),
    ],
)
def test_one_of_something_else_is_refused(run, taken, changes, words):
    edited(taken, **changes)
    ended = run("plan", "--from-snapshot", taken)
    assert ended.code == 3
    assert words in " ".join(ended.err.split())


def test_one_of_another_namespace_than_the_environment_is_pinned_to_is_refused(run, live, taken):
    identity = json.loads(taken.read_text())["target"]["identity"]
    live.project(f"identity: '{identity}'")
    assert run("plan", "--from-snapshot", taken).code == 0
    live.project("identity: 01OTHER")
    ended = run("plan", "--from-snapshot", taken)
    assert ended.code == 3
    assert f"is of the namespace {identity}, and live is pinned to 01OTHER" in " ".join(ended.err.split())


def test_a_damaged_one_is_refused(run, taken):
    taken.write_text(taken.read_text().replace('"Tokens"', '"Tokenz"'))
    ended = run("plan", "--from-snapshot", taken)
    assert (ended.code, ended.out) == (3, "")
    assert "damaged or was edited: its digest does not fit" in ended.err


def test_a_file_that_is_not_there_is_told(run, live):
    ended = run("plan", "--from-snapshot", "nowhere.json")
    assert ended.code == 3
    assert "nowhere.json cannot be read" in ended.err


def test_what_needs_the_server_is_refused_beside_it(run, taken):
    ended = run("plan", "--from-snapshot", taken, "--impact", "live")
    assert ended.code == 64
    assert "--impact live asks the server" in ended.err


def test_a_snapshot_of_another_namespace_than_the_pinned_is_never_taken(run, live):
    live.project("token: {env: TOKEN}, headers: {X-Door: {env: DOOR}}, identity: 01OTHER")
    ended = run("snapshot", "-o", "x.json")
    assert ended.code == 3
    assert not (live.root / "x.json").exists()


def test_several_environments_have_a_file_each(run, project):
    text = (project / "reconciler.yaml").read_text()
    (project / "reconciler.yaml").write_text(text.replace("  staging:", '  eu: { endpoint: "sandbox:eu" }\n  staging:'))
    assert run("snapshot", "-e", "[se][au]*").code == 64
    assert run("snapshot", "-e", "[se][au]*", "-o", "one.json").code == 64
    assert run("snapshot", "-e", "[se][au]*", "-o", "{env}.json").code == 0
    assert sorted(path.name for path in project.glob("*.json")) == ["eu.json", "sandbox.json"]
    ended = run("plan", "-e", "[se][au]*", "--from-snapshot", "{env}.json")
    assert ended.code == 0
    assert ended.out.count("rom a snapshot taken") == 2
    assert run("plan", "-e", "[se][au]*", "--from-snapshot", "eu.json").code == 64


def test_without_a_file_it_is_printed(run, live):
    ended = run("snapshot")
    assert json.loads(ended.out)["environment"] == "live"
    assert base64.b64encode(SIGNING.encode()).decode() not in ended.out


def test_the_default_environment_has_a_name_in_the_path_too(run, live):
    assert run("snapshot", "-o", "{env}.json").code == 0
    assert (live.root / "live.json").is_file()
    assert run("plan", "--from-snapshot", "{env}.json").code == 0


def test_it_may_be_what_was_approved_for_it_is_planned_again_before_anything_is_applied(run, live, taken):
    live.declare(meter(), meter("words"), channel())
    assert run("plan", "--from-snapshot", taken, "-o", "approved.plan").code == 0
    ended = run("apply", "--approved", "approved.plan", "--auto-approve")
    assert ended.code == 0, ended.err
    assert sorted(row["slug"] for row in live.items("meters")) == ["tokens", "words"]


def test_what_moved_since_the_snapshot_is_not_what_was_approved(run, live, taken):
    live.declare(meter(), meter("words"), channel())
    assert run("plan", "--from-snapshot", taken, "-o", "approved.plan").code == 0
    live.send("PUT", "meters/tokens", {"name": "Edited by hand"})
    ended = run("apply", "--approved", "approved.plan", "--auto-approve")
    assert ended.code == 3
    assert len(live.items("meters")) == 1


def test_approved_from_a_snapshot_a_channel_with_a_secret_is_the_change_that_is_applied(run, live, taken):
    live.declare(meter(), channel(name="On call", team="support"))
    assert run("plan", "--from-snapshot", taken, "-o", "approved.plan").code == 0
    assert run("plan", "-o", "now.plan").code == 0
    one, other = (planfile.loads((live.root / name).read_text()) for name in ("approved.plan", "now.plan"))
    assert planfile.change_digest(one) == planfile.change_digest(other)
    ended = run("apply", "--approved", "approved.plan", "--auto-approve")
    assert ended.code == 0, ended.err
    assert "this is exactly the change" in ended.err
    (mine,) = (row for row in live.items("notification/channels") if not row["name"].startswith("Theirs"))
    assert (mine["name"], mine["customHeaders"]) == ("On call", {"Authorization": HEADER, "X-Team": "support"})
    assert mine["signingSecret"] == SIGNING
    before = live.everything()
    ended = run("apply", "--approved", "approved.plan", "--auto-approve")
    assert (ended.code, "nothing left to do" in ended.err) == (0, True)
    assert live.everything() == before


def test_a_secret_that_is_another_by_now_is_not_what_was_approved_from_a_snapshot(run, live, taken, monkeypatch):
    """A snapshot tells nothing of secrets, so a plan from it changes none."""
    live.declare(meter(), meter("words"), channel())
    assert run("plan", "--from-snapshot", taken, "-o", "approved.plan").code == 0
    monkeypatch.setenv("HEADER", "Bearer another-value-by-now")
    before = live.everything()
    ended = run("apply", "--approved", "approved.plan", "--auto-approve")
    assert ended.code == 3
    assert "NotificationChannel/ops" in ended.err
    assert live.everything() == before


def test_what_an_apply_has_left_of_a_plan_from_a_snapshot_is_finished(run, live, taken):
    live.declare(meter(), meter("words"), channel(name="On call"))
    assert run("plan", "--from-snapshot", taken, "-o", "approved.plan").code == 0
    cut_off_after("Meter/words")
    assert not any(row["name"] == "On call" for row in live.items("notification/channels"))
    ended = run("apply", "--approved", "approved.plan", "--auto-approve")
    assert ended.code == 0, ended.err
    assert "what an apply that was cut off has left" in ended.err
    assert any(row["name"] == "On call" for row in live.items("notification/channels"))


def test_plans_that_somebody_subscribes_to_are_approved_from_a_snapshot_too(run, live):
    live.project("token: {env: TOKEN}, headers: {X-Door: {env: DOOR}}")
    live.declare(meter(), FEATURE, pro("20"))
    assert run("apply", "--auto-approve").code == 0
    subscribed(live, "acme", "globex")
    assert run("snapshot", "-o", "live.json").code == 0
    live.declare(meter(), FEATURE, pro("22"))
    assert run("plan", "--from-snapshot", "live.json", "-o", "approved.plan").code == 0
    (told,) = planfile.loads((live.root / "approved.plan").read_text()).affected
    assert told.subscriptions == 2
    subscribed(live, "umbra")  # nothing of what would be done
    ended = run("apply", "--approved", "approved.plan", "--auto-approve")
    assert (ended.code, "price-raising:Plan/pro" in ended.err) == (3, True)
    ended = run("apply", "--approved", "approved.plan", "--auto-approve", "--allow", "price-raising:Plan/pro")
    assert ended.code == 0, ended.err
    assert "this is exactly the change" in ended.err
