"""Consent that stands in git: what it opens, and when it is void."""

import json
import re

import pytest

from .test_guards import FEATURE, apply, flags, meter, pro, refused, wrapped


def approval(*allow, expires="2999-12-31", change=None, key="raise"):
    spec = {"allow": list(allow), "because": "board decision 14", **({"expires": expires} if expires else {})}
    spec |= {"change": change} if change else {}
    return json.dumps({"apiVersion": "reconciler/v1", "kind": "Approval", "key": key, "spec": spec}) + "\n"


@pytest.fixture
def raised(run, live):
    """The price of a published plan is raised."""
    live.declare(meter(), FEATURE, pro())
    apply(run)

    def declare(*approvals, amount="21"):
        live.declare(*approvals, meter(), FEATURE, pro(amount))

    declare()
    return declare


def printed(planned):
    """The change digest that a plan prints beside a guard."""
    return re.search(r'or an Approval with `change: "([0-9a-f]{12})"`', planned.out)[1]


def test_a_committed_approval_opens_the_guard_and_the_plan_says_where_it_stands(run, live, raised):
    raised(approval("price-raising:Plan/pro"))
    planned = run("plan", "-o", "x.plan")
    assert "price-raising:Plan/pro  consented by catalog/all.yaml:1 (raise)" in planned.out
    assert json.loads((live.root / "x.plan").read_text())["guards"][0]["consent"] == "catalog/all.yaml:1 (raise)"
    assert run("apply", "--plan", "x.plan").code == 0
    assert "No changes." in run("plan").out


def test_an_approval_of_another_object_or_class_opens_nothing(run, live, raised):
    raised(approval("price-raising:Plan/team", "destructive:Plan/pro"))
    refused(run, live, "price-raising:Plan/pro")


def test_an_expired_approval_is_void_and_said_so(run, live, raised):
    raised(approval("price-raising:Plan/pro", expires="2001-01-01"))
    planned = run("plan")
    assert "✗ price-raising:Plan/pro" in planned.out
    assert "the approval at catalog/all.yaml:1 (raise) is void: it expired after 2001-01-01" in wrapped(planned.out)
    assert "[approval.expired]" in planned.out
    assert "approval.expired" in run("validate").out
    refused(run, live, "price-raising:Plan/pro")


def test_the_printed_change_digest_pasted_opens_exactly_this_change(run, live, raised):
    digest = printed(run("plan"))
    raised(approval("price-raising:*/*", change=digest))
    assert "✗" not in run("plan").out
    raised(approval("price-raising:*/*", change=digest), amount="22")
    planned = run("plan")
    assert f"is void: it was given for the change {digest}, this one is" in wrapped(planned.out)
    assert printed(planned) != digest
    refused(run, live, "price-raising:Plan/pro")
    assert flags(planned) == ["--allow", "price-raising:Plan/pro"]
    raised(approval("price-raising:*/*", change=digest))
    apply(run)


def test_a_saved_plan_shows_the_digest_too(run, live, raised):
    digest = printed(run("plan", "-o", "x.plan"))
    assert printed(run("show", "--plan", "x.plan")) == digest
    (guard,) = json.loads((live.root / "x.plan").read_text())["guards"]
    assert (guard["change"][:12], len(guard["change"])) == (digest, 64)


def test_the_change_digest_of_an_object_is_the_same_whatever_else_the_plan_does_and_wherever_it_stands(
    run, live, raised
):
    digest = printed(run("plan"))
    live.declare(meter("another"), meter(), FEATURE, "# moved down\n\n" + pro_text("21"))
    assert printed(run("plan")) == digest


def pro_text(amount):
    _, key, spec, _ = pro(amount)
    return json.dumps({"apiVersion": "openmeter.io/v1", "kind": "Plan", "key": key, "spec": spec}) + "\n"


def test_the_first_approval_that_holds_counts_and_a_void_one_beside_it_is_not_mentioned(run, live, raised):
    raised(
        approval("price-raising:Plan/pro", expires="2001-01-01", key="old"),
        approval("price-raising:Plan/pro", key="new"),
    )
    planned = run("plan")
    assert "(new)" in planned.out
    assert "is void" not in planned.out


def test_a_draft_of_somebody_else_and_an_adoption_are_approved_in_git_too(run, live):
    hook = {"name": "Ops", "type": "WEBHOOK", "url": "https://hooks.example.com/ops"}
    live.send("POST", "notification/channels", hook)
    phase = {"key": "main", "name": "Main", "duration": None, "rateCards": []}
    draft = {"key": "pro", "name": "Theirs", "currency": "USD", "billingCadence": "P1M", "phases": [phase]}
    live.send("POST", "plans", draft)
    live.declare(meter(), FEATURE, pro(), ("NotificationChannel", "ops", hook))
    assert run("plan").code == 3
    live.declare(approval("adopt:*/*"), meter(), FEATURE, pro(), ("NotificationChannel", "ops", hook))
    apply(run)
    assert "No changes." in run("plan").out


def test_a_catalogue_of_approvals_only_is_an_empty_one(run, live):
    live.project("limits: {maxRemovals: 5}").declare(meter(lifecycle={"onRemove": "remove"}))
    apply(run)
    live.declare(approval("destructive:*/*"))
    refused(run, live, "empty-manifests", "--prune")
    live.declare(approval("destructive:*/*", "empty-manifests", change="51be09"))
    assert "it names a change, and this is about no single object" in wrapped(run("plan", "--prune").out)
    live.declare(approval("destructive:*/*", "empty-manifests"))
    apply(run, "--prune")
    assert live.items("meters") == []
    assert "0 documents" not in run("validate").out


def test_an_approval_is_rendered_validated_and_explained(run, live, raised):
    raised(approval("price-rasing:Plan/pro"))
    ended = run("validate")
    assert ended.code == 1
    assert "did you mean `price-raising`?" in ended.out
    assert "allow*" in run("explain", "Approval").out
    assert "approval.expired" in run("explain", "--rules").out
