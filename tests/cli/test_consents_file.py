"""Attacks with a file of consents: replayed, forged, cut short, for another team, for a part of the change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .test_guards import FEATURE, apply, meter, pro, refused, wrapped
from .test_policy import BY_PRICING, TEAMS, planned, raise_the_price

GUARD = "price-raising:Plan/pro"


def entry(digest, **more):
    return {"team": "acme/pricing", "by": ["alice"], "environment": "live", "change_digest": digest, "source": "x",
            **more}  # fmt: skip


def write(*entries, **more):
    path = Path("consents.json")
    path.write_text(json.dumps({"format_version": "1.0", "consents": list(entries), **more}))
    return path


@pytest.fixture
def digest(run, live):
    raise_the_price(run, live, BY_PRICING, TEAMS)
    return planned(run)["change_digest"]


WRONG = [
    {"by": []},
    {"by": [""]},
    {"by": "alice"},
    {"by": [["alice"]]},
    {"team": ""},
    {"team": None},
    {"source": ""},
    {"environment": 7},
    {"source": "\ud800"},
    {"by": ["\udfff"]},
]


@pytest.mark.parametrize("more", WRONG)
def test_a_consent_of_nobody_is_none_and_one_wrong_entry_spoils_the_file(run, live, digest, more):
    before = live.everything()
    ended = run("apply", "--auto-approve", "--consents", write(entry(digest), entry(digest, **more)))
    assert (ended.code, "is no file of consents: consents[1]: " in wrapped(ended.err)) == (64, True), ended.err
    assert live.everything() == before


@pytest.mark.parametrize(
    "spoilt", ["{0:.12}", "{0:.63}", "{0}0", "0x{0:.62}", "{0:.63}A", "{0}\n", " {0}", "*" * 64, ".{{64}}", ""]
)
def test_a_digest_is_given_whole_or_not_at_all(run, live, digest, spoilt):
    ended = run("apply", "--auto-approve", "--consents", write(entry(spoilt.format(digest))))
    assert ended.code == 64
    assert "`change_digest` is not" in wrapped(ended.err)


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{", '{"consents": []}', '\ufeff{"format_version": "1.0"}', "[" * 200_000, "9" * 9999]
)
def test_what_is_no_such_file_is_told_and_nothing_runs(run, live, digest, text):
    before = live.everything()
    Path("consents.json").write_text(text)
    ended = run("apply", "--auto-approve", "--consents", "consents.json")
    assert (ended.code, "is no file of consents" in wrapped(ended.err)) == (64, True)
    assert live.everything() == before


def test_a_file_that_is_too_large_to_be_one_is_not_read(run, live, digest):
    Path("consents.json").symlink_to("/dev/zero")
    ended = run("apply", "--auto-approve", "--consents", "consents.json")
    assert (ended.code, "too large" in ended.err) == (64, True), ended.err


def test_a_consent_that_is_there_twice_counts_once_and_wrong_ones_beside_it_do_not_matter(run, live, digest):
    others = (entry("0" * 64), entry(digest, environment="staging"), entry(digest, team="acme/finance"))
    apply(run, "--consents", write(*others, entry(digest), entry(digest)))


def test_one_for_a_part_of_the_change_is_none_for_the_whole_and_the_other_way_round(run, live, digest):
    live.declare(meter(), FEATURE, pro("21"), pro("9", key="small"))
    whole, part = planned(run)["change_digest"], planned(run, "--target", "Plan/pro")["change_digest"]
    assert part == digest != whole
    refused(run, live, GUARD, "--consents", write(entry(part)))
    refused(run, live, GUARD, "--target", "Plan/pro", "--consents", write(entry(whole)))
    apply(run, "--target", "Plan/pro", "--consents", write(entry(part)))


def test_one_of_another_project_is_none(run, live, digest):
    refused(run, live, "foreign_owner:Plan/pro", "--project-name", "other", "--consents", write(entry(digest)))


def test_one_that_was_used_holds_for_no_later_change(run, live, digest):
    file = write(entry(digest))
    apply(run, "--consents", file)
    live.declare(meter(), FEATURE, pro("20"))
    apply(run, "--allow", "price-lowering:Plan/pro")
    live.declare(meter(), FEATURE, pro("21"))
    refused(run, live, GUARD, "--consents", file)


def test_text_of_a_file_cannot_write_on_the_terminal(run, live, digest):
    ended = run(
        "plan", "--consents", write(entry(digest, source="\x1b[2K\rconsented by all", by=["a\x1b[1m", "alice"]))
    )
    assert (ended.code, "\\x1b[1m" in ended.out + ended.err) == (0, True)
    assert "\x1b" not in ended.out + ended.err
    assert "\r" not in ended.out


def test_a_team_without_members_is_refused_where_it_is_written(run, live):
    raise_the_price(run, live, BY_PRICING, "teams: {ACME/pricing: []}")
    ended = run("plan")
    assert ended.code == 1
    assert "reconciler.yaml:5:9: error[schema.length]: `ACME/pricing` cannot be empty" in ended.err
