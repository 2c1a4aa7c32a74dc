"""Back to a revision, forward only: the old content is live again, and what cannot be undone is said."""

import json
import shutil

import pytest

from ..workflow.test_revisions import git
from .test_guards import FEATURE, meter, pro, wrapped
from .test_promote import active

CHEAP = ("--allow", "price-lowering:Plan/pro")
RAISE = ("--allow", "price-raising:Plan/pro")
CUSTOMER = {"name": "Acme", "key": "acme", "usageAttribution": {"subjectKeys": ["acme"]}, "currency": "USD"}


def commit(root):
    git(root, "add", "-A")
    git(root, "commit", "-qm", "x")
    return git(root, "rev-parse", "HEAD")


@pytest.fixture
def raised(run, live):
    """The price was 20 at the first commit and is 25, live, at the second."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    git(live.root, "init", "-q")
    (live.root / ".gitignore").write_text(".reconciler/\n")
    for amount in ("20", "25"):
        live.declare(meter(), FEATURE, pro(amount))
        commit(live.root)
        assert run("apply", "--auto-approve", *RAISE).code == 0
    return live


def back(run, *options, code=0):
    ended = run("rollback", "--to", "HEAD~1", *options)
    assert ended.code == code, ended
    return ended


def test_the_old_content_comes_back_as_a_further_version(run, raised):
    ended = back(run, "--auto-approve", *CHEAP)
    assert "25 -> 20 USD" in ended.out
    assert active(raised) == (3, "Pro", "20")
    assert "go back to HEAD~1 there too" in wrapped(ended.err)
    git(raised.root, "revert", "--no-edit", "HEAD")
    assert "No changes." in run("plan").out


def test_a_rollback_needs_consent_like_any_change_and_an_approval_of_the_change_holds_for_it(run, raised):
    before = raised.everything()
    ended = back(run, "--auto-approve", code=3)
    assert "price-lowering:Plan/pro" in ended.err
    assert raised.everything() == before
    back(run, "-o", "back.plan")
    (guard,) = json.loads((raised.root / "back.plan").read_text())["guards"]
    spec = {"allow": ["price-lowering:Plan/pro"], "because": "a mistake", "change": guard["change"]}
    approval = {"apiVersion": "reconciler/v1", "kind": "Approval", "key": "back", "spec": spec}
    (raised.root / "catalog" / "approval.json").write_text(json.dumps(approval))
    assert "consented by catalog/approval.json:1 (back)" in back(run, "--auto-approve").out
    assert active(raised) == (3, "Pro", "20")


def test_it_is_saved_and_applied_by_its_file(run, raised):
    back(run, "-o", "back.plan", *CHEAP)
    made = json.loads((raised.root / "back.plan").read_text())
    assert (made["mode"], made["source"]["revision"]) == ("rollback", git(raised.root, "rev-parse", "HEAD~1"))
    assert run("apply", "--plan", "back.plan").code == 0
    assert active(raised) == (3, "Pro", "20")


def test_check_only_tells(run, raised):
    before = raised.everything()
    assert "price-lowering:Plan/pro" in back(run, "--check", code=3).err
    back(run, "--check", *CHEAP)
    assert raised.everything() == before


def test_what_cannot_be_undone_is_said_with_the_counts_that_the_server_gives(run, raised):
    raised.send("POST", "customers", CUSTOMER)
    raised.send("POST", "subscriptions", {"customerKey": "acme", "plan": {"key": "pro"}})
    said = wrapped(back(run, "--check", *CHEAP).out)
    assert "Going back to HEAD~1 cannot undo:" in said
    assert "Plan/pro: version 2 ends as version 3 begins, and is archived for good" in said
    assert "Plan/pro: 1 customer is on it and stays on the version that was subscribed or migrated to" in said


def test_issued_invoices_are_counted_and_where_the_server_does_not_tell_that_is_said(run, raised, monkeypatch):
    from reconciler.backends import questions

    asked = []

    def count(client, path, query):
        if "invoices" not in path:
            return 0
        asked.append(query)
        if len(asked) == 1:
            return 7
        raise questions.ApiError("no", status=403)

    monkeypatch.setattr(questions, "_count", count)
    said = wrapped(back(run, "--check", *CHEAP).out)
    assert "invoices issued since 20" in said
    assert "became effective, stay as they are: 7" in said
    (plan,) = [row for row in raised.items("plans") if row["status"] == "active"]
    assert asked[0]["issuedAfter"].rstrip("Z") == plan["effectiveFrom"].rstrip("Z").ljust(26, "0")
    said = wrapped(back(run, "--check", *CHEAP).out)
    assert "stay as they are; how many there are, the server does not tell" in said


def test_what_came_later_stays_and_is_said_unless_it_is_pruned(run, raised):
    raised.declare(meter(), FEATURE, pro("25"), meter("more", lifecycle={"onRemove": "remove"}))
    commit(raised.root)
    assert run("apply", "--auto-approve").code == 0
    assert "Meter/more: it is younger than that revision and stays live" in wrapped(back(run, "--check").out)
    raised.project("limits: {maxRemovals: 1}")
    ended = back(run, "--auto-approve", "--prune", "--allow", "destructive:Meter/more")
    assert "stays live" not in ended.out
    assert [row["slug"] for row in raised.items("meters")] == ["tokens"]


def test_a_meter_that_was_counted_differently_is_replaced_and_said_so(run, live):
    git(live.root, "init", "-q")
    live.project("limits: {maxRemovals: 1}").declare(meter())
    commit(live.root)
    live.declare(meter(valueProperty="$.other"))
    commit(live.root)
    assert run("apply", "--auto-approve").code == 0
    said = wrapped(back(run, "--check", "--allow", "destructive:*/*", "--allow", "metering-semantic:*/*").out)
    assert "Meter/tokens: it is replaced, under a new id; what the present one counted is not carried over" in said


def test_an_archived_plan_comes_back_as_a_new_version(run, raised):
    (plan,) = [row for row in raised.items("plans") if row["status"] == "active"]
    raised.send("POST", f"plans/{plan['id']}/archive")
    said = back(run, "--auto-approve", "--allow", "price-raising:Plan/pro")
    assert "the old content comes back as version 3" in wrapped(said.out)
    assert active(raised) == (3, "Pro", "20")


def test_it_works_where_the_manifests_of_today_are_broken(run, raised):
    (raised.root / "catalog" / "all.yaml").write_text("broken: [")
    back(run, "--auto-approve", *CHEAP)
    assert active(raised) == (3, "Pro", "20")


def test_limits_and_protection_are_those_of_today(run, raised):
    raised.project("protected: true")
    assert "names no namespace" in back(run, "--auto-approve", *CHEAP, code=3).err
    raised.project("freeze: [{from: 2000-01-01, to: 2999-01-01, because: of a test}]")
    assert "frozen:Plan/pro" in back(run, "--auto-approve", *CHEAP, code=3).err
    raised.project("identity: another")
    assert "is the namespace another" in back(run, "--auto-approve", *CHEAP, code=3).err


def test_the_address_is_that_of_today(run, raised):
    text = (raised.root / "reconciler.yaml").read_text()
    (raised.root / "reconciler.yaml").write_text(text.replace(raised.url, "http://127.0.0.1:1"))
    commit(raised.root)
    (raised.root / "reconciler.yaml").write_text(text)
    ended = run("rollback", "--to", "HEAD~2", "--auto-approve", *CHEAP)
    assert (ended.code, active(raised)[2]) == (0, "20")


def test_nothing_to_go_back_to_is_no_change(run, raised):
    assert "No changes." in run("rollback", "--to", "HEAD", "--auto-approve").out


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--to", "nowhere", "--check"), 64, "git knows no revision `nowhere` here"),
        (("--to", "HEAD~1"), 64, "nobody can be asked"),
        (("--to", "HEAD~1", "--check", "-o", "x"), 64, "exclude each other"),
        (("--to", "-x", "--check"), 64, "git knows no revision"),
    ],
)
def test_what_makes_no_sense_is_refused(run, raised, options, code, says):
    ended = run("rollback", *options)
    assert (ended.code, says in wrapped(ended.err)) == (code, True), ended


def test_the_policy_of_today_holds_for_what_comes_back(run, raised):
    before = raised.everything()
    raised.project("policy: {classes: {price-lowering: {consent: acme/pricing}}}")
    ended = back(run, "--auto-approve", *CHEAP, code=3)
    assert "price-lowering:Plan/pro" in ended.err
    back(run, "-o", "back.plan")
    consent = {
        "team": "acme/pricing", "by": ["alice"], "environment": "live", "source": "https://host/pull/1",
        "change_digest": json.loads((raised.root / "back.plan").read_text())["change_digest"],
    }  # fmt: skip
    assert raised.everything() == before
    (raised.root / "consents.json").write_text(json.dumps({"format_version": "1.0", "consents": [consent]}))
    back(run, "--auto-approve", "--consents", "consents.json")
    assert active(raised) == (3, "Pro", "20")
