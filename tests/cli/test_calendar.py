"""What depends on the date: patches that are held back, plans of a later day, freeze windows between plan and apply."""

import json

import pytest

from .test_guards import FEATURE, apply, meter, pro, wrapped

RAISE = """\
apiVersion: openmeter.io/v1
kind: Plan
key: pro
notBefore: 2027-01-01
patch: { phases: [{ key: main, rateCards: [{ key: base, price: { amount: "25" } }] }] }
"""
WINDOW = "freeze: [{from: 2026-12-24, to: 2026-12-31, because: nobody is here}]"
ALLOW = ("--allow", "price-raising:Plan/pro")


@pytest.fixture
def scheduled(run, live, clock):
    """A published plan, whose price is raised by a patch from 2027 on; it is 2026-12-01."""
    folder = live.root / "overlays" / "live"
    folder.mkdir(parents=True)
    (folder / "raise.yaml").write_text(RAISE)
    live.project("overlays: [overlays/live]").declare(meter(), FEATURE, pro("20"))
    apply(run)
    return live


def price(live):
    (plan,) = [row for row in live.items("plans") if row["status"] == "active"]
    (base,) = [card for card in plan["phases"][0]["rateCards"] if card["key"] == "base"]
    return base["price"]["amount"]


def saved(live, name="x.plan"):
    return json.loads((live.root / name).read_text())


def test_a_dated_patch_waits_is_told_of_and_is_applied_when_it_is_due(run, scheduled, clock):
    waiting = run("plan", "--detailed-exitcode")
    assert (waiting.code, price(scheduled)) == (0, "20")
    assert "No changes." in waiting.out
    assert "2027-01-01T00:00:00Z  Plan/pro  overlays/live/raise.yaml:1" in waiting.out
    clock.to(2026, 12, 31, 23, 59, 59)
    assert run("plan", "--detailed-exitcode").code == 0
    clock.to(2027, 1, 1)
    due = run("plan", "--detailed-exitcode")
    assert (due.code, "20 -> 25 USD" in due.out, "Scheduled" in due.out) == (2, True, False)
    assert "overlays/live/raise.yaml:4: this patch of Plan/pro holds since 2027-01-01T00:00:00Z" in wrapped(due.out)
    apply(run, *ALLOW)
    assert price(scheduled) == "25"


def test_a_plan_of_a_later_day_shows_what_will_be_due_and_is_refused_until_then(run, scheduled, clock):
    later = run("plan", "--at", "2027-01-01", *ALLOW, "-o", "x.plan")
    assert later.code == 0
    assert "What will be due at 2027-01-01T00:00:00Z; this plan cannot be applied before." in later.out
    assert "20 -> 25 USD" in later.out
    assert saved(scheduled)["not_before"] == "2027-01-01T00:00:00Z"
    before = scheduled.everything()
    early = run("apply", "--plan", "x.plan")
    assert (early.code, "is not yet" in early.err, "apply it from 2027-01-01T00:00:00Z on" in early.err) == (
        3, True, True,
    )  # fmt: skip
    assert scheduled.everything() == before
    clock.to(2027, 1, 1)
    assert run("apply", "--plan", "x.plan").code == 0
    assert price(scheduled) == "25"


def test_the_change_digest_is_the_same_on_every_day_on_which_the_content_is(run, scheduled, clock):
    digests = []
    for day in (1, 24, 31):
        clock.to(2026, 12, day)
        scheduled.project("overlays: [overlays/live], " + WINDOW).declare(meter(), FEATURE, pro("22"))
        run("plan", "-o", "x.plan")
        digests.append(
            (saved(scheduled)["change_digest"], any(g["code"] == "frozen" for g in saved(scheduled)["guards"]))
        )
    assert len({digest for digest, _ in digests}) == 1
    assert [frozen for _, frozen in digests] == [False, True, True]


def test_a_plan_made_before_a_freeze_is_not_applied_in_it_and_is_after_it(run, scheduled, clock):
    clock.to(2026, 12, 23, 23)
    scheduled.project("planValidFor: P30D, " + WINDOW).declare(meter(), FEATURE, pro("22"))
    assert run("plan", *ALLOW, "-o", "x.plan").code == 0
    clock.to(2026, 12, 24)
    before = scheduled.everything()
    held = run("apply", "--plan", "x.plan")
    assert (held.code, "frozen:Plan/pro" in held.err) == (3, True)
    assert "frozen until 2027-01-01T00:00:00Z, because nobody is here" in wrapped(held.err)
    assert scheduled.everything() == before
    clock.to(2027, 1, 1)
    assert run("apply", "--plan", "x.plan").code == 0
    assert price(scheduled) == "22"


def test_a_plan_of_a_day_within_a_freeze_is_frozen_as_on_that_day(run, scheduled):
    scheduled.project(WINDOW).declare(meter(), FEATURE, pro("22"))
    assert "frozen:Plan/pro" not in run("plan").out
    assert "✗ frozen:Plan/pro" in run("plan", "--at", "2026-12-24").out
    assert "frozen:Plan/pro" not in run("plan", "--at", "2027-01-01").out


def test_nothing_is_destroyed_in_a_freeze(run, scheduled, clock):
    scheduled.project(WINDOW)
    clock.to(2026, 12, 25)
    before = scheduled.everything()
    ended = run("destroy", "--auto-approve", "--confirm", "live")
    assert (ended.code, "frozen:Plan/pro" in ended.err) == (3, True)
    assert scheduled.everything() == before


@pytest.mark.parametrize("at", ["2026-11-30", "2026-12-01T11:59:59Z"])
def test_a_day_that_is_past_is_refused(run, scheduled, at):
    ended = run("plan", "--at", at)
    assert (ended.code, "is past" in ended.err) == (64, True)


def test_what_is_no_date_is_refused(run, scheduled):
    ended = run("plan", "--at", "christmas")
    assert (ended.code, "`christmas` is no date" in ended.err) == (64, True)


def test_validate_checks_what_is_scheduled_and_takes_it_for_no_problem(run, scheduled):
    assert run("validate").code == 0
    path = scheduled.root / "overlays" / "live" / "raise.yaml"
    path.write_text(RAISE.replace("amount", "amuont"))
    ended = run("validate")
    assert (ended.code, "did you mean `amount`?" in ended.out) == (1, True)


def test_a_plan_file_whose_date_was_changed_is_refused(run, scheduled):
    run("plan", "--at", "2027-01-01", *ALLOW, "-o", "x.plan")
    path = scheduled.root / "x.plan"
    path.write_text(path.read_text().replace('"not_before": "2027-01-01T00:00:00Z"', '"not_before": null'))
    assert run("apply", "--plan", "x.plan").code == 3
