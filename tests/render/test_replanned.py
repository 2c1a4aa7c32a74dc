"""How two plans differ, as text, Markdown and plain values: what is new, gone or different, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import simplejson

from reconciler.errors import ForeignPlanError, PlanChangedError
from reconciler.model import Action, Address, ChangeClass, FieldPair, Guard, PlanSource, Scheduled, Sighting, Target
from reconciler.planning import planfile, replannedfile
from reconciler.planning.approved import require_equal
from reconciler.planning.replanned import compare
from reconciler.render import replanned_markdown, replanned_text
from reconciler.render.style import Style

PRICE = "phases[main].rateCards[tokens_large].price.tiers[2].unitPrice.amount"


@pytest.fixture
def other(make):
    """A plan of the same change whose one price would be raised from and to something else."""

    def plan(before="0.000002", after="0.0000030", **fields):
        change = make.change("price")
        moved = (replace(change.fields[0], before=before, after=after), *change.fields[1:])
        made = make.plan("price")
        return replace(made, changes=(replace(change, fields=moved, **fields),))

    return plan


def text(found):
    return replanned_text.replanned(found, Style(width=120))


def test_a_field_is_shown_as_it_was_approved_and_as_it_is_now(make, other):
    found = compare(make.plan("price"), other(before="0.0000021"))
    (pair,) = found.objects
    assert (pair.fate, [field.path for field in pair.fields], pair.requests) == ("different", [PRICE], False)
    shown = text(found)
    assert "2.00 -> 2.50 USD per 1M (+25.0 %)" in shown
    assert "2.10 -> 3.00 USD per 1M (+42.9 %)" in shown
    assert shown.index("approved  ~") < shown.index("now       ~")


def test_a_field_that_only_one_plan_changes_says_so(make):
    approved, change = make.plan("price"), make.change("price")
    now = replace(approved, changes=(replace(change, fields=change.fields[1:]),))
    (pair,) = compare(approved, now).objects
    assert pair.fields == (FieldPair(PRICE, change.fields[0], None),)
    assert f"now         {PRICE}: nothing" in text(compare(approved, now))


def test_what_only_one_of_them_does_is_new_or_gone(make):
    found = compare(make.plan("price", "created"), make.plan("price", "replaced"))
    assert [(str(pair.address), pair.fate) for pair in found.objects] == [
        ("Meter/seconds", "new"),
        ("Meter/tokens", "gone"),
    ]
    shown = text(found)
    new, gone = (
        shown.index("Not approved, and would be done now:"),
        shown.index("Approved, and nothing would be done now:"),
    )
    assert (
        new < shown.index("-/+ Meter/seconds  [destructive, metering-semantic]") < gone < shown.index("+ Meter/tokens")
    )
    assert found.guards_new == ("destructive:Meter/seconds",)
    assert "+ destructive:Meter/seconds  only now" in shown
    assert "- destructive:Meter/seconds  only in the approved plan" in text(
        compare(make.plan("replaced"), make.plan("created"))
    )


def test_another_action_and_other_classes_are_told_even_if_no_field_differs(make, other):
    now = other("0.000002", "0.0000025", action=Action.UPDATE, classes=(ChangeClass.PRICE_RAISING,))
    shown = text(compare(make.plan("price"), now))
    assert "approved  » Plan/pro  4 -> 5  [price-raising, additive]" in shown
    assert "now       ~ Plan/pro  4 -> 5  [price-raising]" in shown
    page = replanned_markdown.replanned(compare(make.plan("price"), now))
    assert "| `Plan/pro` | action | `new version [price-raising, additive]` | `update [price-raising]` |" in page


def test_requests_that_differ_behind_what_is_shown_are_no_equal_plans(make):
    approved = make.plan("price")
    now = replace(approved, steps=tuple(replace(step, path="/api/v1/other") for step in approved.steps))
    found = compare(approved, now)
    assert (found.same, found.objects[0].requests) == (False, True)
    assert "what would be sent is not" in text(found)
    assert "not the same" in replanned_markdown.replanned(found)


def test_where_only_times_lines_and_commits_differ_it_is_the_same_change(make):
    approved = make.plan("price")
    now = replace(approved, created_at="2027", source=replace(approved.source, commit="beef"), tool="other")
    found = compare(approved, now)
    assert found.same
    assert "the same change" in text(found)
    assert "is the approved change" in replanned_markdown.replanned(found)
    require_equal(approved, now)


def cause(approved, now):
    return compare(approved, now).causes


def test_what_moved_live_is_the_first_cause(make, other):
    pro = Address("Plan", "pro")
    approved = replace(make.plan("price"), observed=(Sighting(pro, "a", note="active version 4"),))
    now = replace(other(), observed=(Sighting(pro, "b", note="active version 5"),))
    (said,) = cause(approved, now)
    assert said.startswith("what is live moved since the approved plan was made at 2026-11-21T10:00:00Z: ")
    assert said.endswith("Plan/pro: active version 4 -> active version 5")
    edited = replace(now, observed=(Sighting(pro, "b", note="active version 4"),))
    assert "Plan/pro (active version 4) was edited" in cause(approved, edited)[0]


@pytest.mark.parametrize(
    ("one", "other_source", "said"),
    [
        (
            PlanSource("a", "1111111aaa", False),
            PlanSource("b", "2222222bbb", False),
            "approved is 1111111, here is 2222222",
        ),
        (PlanSource("a", "1111111aaa", False), PlanSource("b", "1111111aaa", True), "changes that are not committed"),
        (PlanSource("a", "1111111aaa", False), PlanSource("b", "1111111aaa", False), "1111111 with other variables"),
        (PlanSource("a"), PlanSource("b"), "other manifests, overlays or variables"),
        (
            PlanSource("a", bundle="c" * 64),
            PlanSource("b"),
            "approved is the bundle ccccccc, now it is the files at hand",
        ),
        (PlanSource("a", snapshot_at="2026-11-20"), PlanSource("a"), "a snapshot of 2026-11-20"),
        (PlanSource("a"), PlanSource("a"), "look at options"),
    ],
)
def test_what_the_plans_were_made_from_is_a_cause(make, other, one, other_source, said):
    approved, now = replace(make.plan("price"), source=one), replace(other(), source=other_source)
    assert said in " ".join(cause(approved, now))


def test_a_patch_that_became_due_is_a_cause(make, other):
    due = Scheduled(Address("Plan", "pro"), datetime(2026, 12, 1, tzinfo=UTC), None)
    approved = replace(make.plan("price"), scheduled=(due,), source=PlanSource("a", "1111111", False))
    now = replace(other(), source=PlanSource("b", "1111111", False))
    assert cause(approved, now) == ("the same commit on another day: Plan/pro has become due",)


def test_the_differences_come_back_from_their_plain_values(make, other):
    found = compare(make.plan("price", "created", "adopted"), replace(make.plan("price", "replaced"), tool="x"))
    kept = simplejson.loads(simplejson.dumps(replannedfile.tree(found), use_decimal=True), use_decimal=True)
    assert replannedfile.read(kept) == found
    changed = compare(make.plan("price"), other())
    assert replannedfile.read(replannedfile.tree(changed)) == changed


def test_markdown_has_a_row_per_field_and_all_of_it_folded(make, other, read):
    page = replanned_markdown.replanned(compare(make.plan("price", "created"), other(before="0.0000021")))
    assert f"| `Plan/pro` | `{PRICE}` | `0.000002 → 0.0000025 USD (+25.0 %)` |" in page
    assert "### Approved, and nothing would be done now (1 object)" in page
    assert page.count("<details>") == 1
    assert read.balanced(page)


def test_text_of_others_neither_leaves_a_cell_nor_pings_nor_paints(make, read):
    evil = "@acme/all | <img src=x> \x1b[2J ``` <!-- x -->"
    change = make.change("created", address=Address("Meter", evil))
    approved = replace(make.plan("created"), target=Target(evil, "x", "y"))
    now = replace(
        approved,
        changes=(replace(change, fields=(replace(change.fields[0], path=evil, after=evil),)),),
        guards=(Guard(evil, None, "x", True),),
        tool=evil,
    )
    found = compare(approved, now)
    page = replanned_markdown.replanned(found)
    outside = read.outside_code(page)
    assert "@acme" not in outside
    assert "<img" not in read.page(page)
    assert "\x1b" not in page + text(found)
    assert read.balanced(page)


def test_a_plan_for_something_else_is_foreign_and_one_that_differs_is_changed(make, other):
    approved = make.plan("price")
    for now in (
        replace(approved, project="other"),
        replace(approved, mode="destroy"),
        replace(approved, target=replace(approved.target, environment="staging")),
        replace(approved, target=replace(approved.target, identity="another")),
    ):
        with pytest.raises(ForeignPlanError):
            require_equal(approved, now)
    with pytest.raises(PlanChangedError) as caught:
        require_equal(approved, other())
    assert caught.value.differences.now == planfile.change_digest(other())
