"""Destroying obeys what the manifests say today, not only what markers were told once; it needs no other consent."""

import json
import shutil

import pytest

from .test_approvals import approval
from .test_guards import FEATURE, apply, meter, pro, wrapped

DESTROY = ("destroy", "--auto-approve", "--confirm", "live")


def refused(run, live, *says):
    before = live.everything()
    ended = run(*DESTROY)
    assert ended.code == 3
    for text in says:
        assert text in wrapped(ended.out + ended.err)
    assert live.everything() == before


def standing(live):
    plans = [f"Plan/{item['key']}" for item in live.items("plans")]
    features = [f"Feature/{item['key']}" for item in live.items("features")]
    return {*plans, *features, *(f"Meter/{item['slug']}" for item in live.items("meters"))}


@pytest.mark.parametrize(
    ("documents", "kept"),
    [
        ([meter(), FEATURE, pro(lifecycle={"protect": True})], "Plan/pro"),
        ([meter(), (*FEATURE, {"protect": True}), pro()], "Feature/tokens"),
        ([meter(lifecycle={"protect": True}), FEATURE, pro()], "Meter/tokens"),
    ],
)
def test_what_a_document_protects_since_it_is_live_is_not_destroyed(run, live, documents, kept):
    live.declare(meter(), FEATURE, pro())
    apply(run)
    live.declare(*documents)
    refused(run, live, f"protected:{kept}", f"{kept} is protected and would be removed")
    live.declare(meter(), FEATURE, pro())
    assert run(*DESTROY).code == 0
    assert standing(live) == set()


def test_what_a_document_wants_kept_since_it_is_live_stays(run, live):
    live.declare(meter(), FEATURE)
    apply(run)
    live.declare(meter(lifecycle={"onRemove": "retain"}), (*FEATURE, {"onRemove": "retain"}))
    ended = run(*DESTROY)
    assert ended.code == 0
    assert "kept: its document said `onRemove: retain`" in ended.out
    assert standing(live) == {"Feature/tokens", "Meter/tokens"}
    live.declare(meter(lifecycle={"onRemove": "remove"}), (*FEATURE, {"onRemove": "remove"}))
    assert run(*DESTROY).code == 0


def test_a_document_that_is_gone_is_still_protected_by_its_marker(run, live):
    live.declare(meter(lifecycle={"protect": True}), FEATURE)
    apply(run)
    live.declare((*FEATURE[:2], {**FEATURE[2], "meterSlug": None}))
    refused(run, live, "protected:Meter/tokens")


@pytest.mark.parametrize("written", [approval("destructive:*/*", expires="2001-01-01"), approval("destructive:Plan/x")])
def test_no_approval_is_needed_and_a_void_one_is_in_nobodys_way(run, live, written):
    live.declare(meter(), FEATURE, pro())
    apply(run)
    live.declare(meter(), FEATURE, pro("21"), written)
    assert run(*DESTROY).code == 0
    assert standing(live) == set()


def test_an_approval_does_not_lift_a_protection(run, live):
    live.declare(meter(lifecycle={"protect": True}), approval("destructive:*/*"))
    apply(run)
    refused(run, live, "protected:Meter/tokens")


def test_manifests_that_cannot_be_read_may_protect_something_so_nothing_is_destroyed(run, live):
    live.declare(meter())
    apply(run)
    (live.root / "catalog" / "all.yaml").write_text("kind: [")
    ended = run(*DESTROY)
    assert ended.code == 1
    assert "catalog/all.yaml:1" in ended.err
    assert standing(live) == {"Meter/tokens"}


def test_an_empty_catalogue_protects_nothing(run, live):
    live.declare(meter())
    apply(run)
    live.declare()
    assert run(*DESTROY).code == 0
    assert standing(live) == set()


def test_without_a_project_file_no_manifests_are_looked_for(run, live):
    live.declare(meter())
    at = ("--endpoint", live.url, "--project-name", "acme")
    (live.root / "reconciler.yaml").unlink()
    assert run("apply", "catalog", "--auto-approve", *at).code == 0
    shutil.rmtree(live.root / "catalog")
    assert run("destroy", "--auto-approve", "--confirm", "adhoc", *at).code == 0
    assert standing(live) == set()


def test_a_dry_look_at_what_a_destroy_would_say_is_json_too(run, live):
    live.declare(meter())
    apply(run)
    ended = run(*DESTROY, "--format", "json")
    assert (ended.code, json.loads(ended.out)["totals"]["verified"]) == (0, 1)
