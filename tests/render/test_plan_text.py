from __future__ import annotations

import re
from dataclasses import replace

import pytest

from reconciler.model import Action, Address, Change, FieldChange, Guard, Location, Rehearsal
from reconciler.render import text
from reconciler.render.escape import columns

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def lines(plan, **style):
    return text.plan(plan, **style).splitlines()


def test_a_price_change_reads_like_this(make):
    assert text.plan(replace(make.plan("price"), warnings=(make.warning,)), width=110) == (
        """\
production  https://openmeter.example  identity 01J9ABCQ2  git 4e1c0d9 clean  9 requests, 0.4 s

    # Plan/pro will be published as version 5; 214 active subscriptions stay on version 4
    # (active_plan_is_immutable)                                                          catalog/plans.yaml:4
  » Plan/pro  4 -> 5  [price-raising, additive]
      ~ phases[main].rateCards[tokens_large].price.tiers[2].unitPrice.amount: 0.000002 -> 0.0000025 USD
          2.00 -> 2.50 USD per 1M (+25.0 %)                                          catalog/ratecards.yaml:10
      ~ name: Pro -> "Pro (2027)"                                                         catalog/plans.yaml:6
      + phases[main].rateCards[seats]:                                                   catalog/plans.yaml:40
          type:           usage_based
          key:            seats
          featureKey:     seats
          billingCadence: P1M
          price:          {type: unit, amount: 0.0005 USD (0.50 USD per 1,000), minimumAmount: 10 USD}
      # add-on priority version 2 attached again
      # (31 unchanged fields hidden)

Warnings: 1
  c.yaml:9: Feature/sso: name cannot be updated [cannot_update]

Guards: 1 open
  ✗ price-raising:Plan/pro
      Plan/pro: needs a decision.
      --allow price-raising:Plan/pro

Plan: 1 new version.
"""
    )


@pytest.mark.parametrize("width", [40, 56, 80, 132])
@pytest.mark.parametrize("colour", [False, True])
def test_colour_and_width_change_the_layout_and_never_the_words(make, width, colour):
    plan = make.plan("adopted", "created", "price", "replaced")
    wide = text.plan(plan, width=140)
    shown = text.plan(plan, width=width, colour=colour)
    if colour:
        assert ANSI.sub("", shown) == text.plan(plan, width=width)
    for word in ("Plan/pro", "0.0000025", "2.00 -> 2.50 USD per 1M (+25.0 %)", "(secret, changed)", "--allow"):
        assert word in ANSI.sub("", shown)
        assert word in wide


def test_prose_keeps_inside_a_narrow_terminal(make):
    shown = lines(make.plan("adopted", "replaced"), width=50)
    assert all(columns(line) <= 50 for line in shown if line.startswith("    #"))


@pytest.mark.parametrize(
    ("action", "symbol"),
    [
        (Action.CREATE, "+"),
        (Action.UPDATE, "~"),
        (Action.DELETE, "-"),
        (Action.REPLACE, "-/+"),
        (Action.NEW_VERSION, "»"),
        (Action.ARCHIVE, "a"),
        (Action.ADOPT, "<"),
        (Action.RELEASE, "."),
    ],
)
def test_every_action_has_its_symbol(make, action, symbol):
    plan = replace(make.plan(), changes=(Change(Address("Plan", "pro"), action),))
    assert f"{symbol.rjust(3)} Plan/pro" in lines(plan)


def test_a_terminal_without_utf8_gets_ascii_only(make):
    shown = text.plan(make.plan("adopted", "created", "price", "replaced"), unicode=False)
    assert " >> Plan/pro" in shown
    assert shown.isascii()


def test_the_last_line_counts_in_a_fixed_order_and_only_what_there_is(make):
    backwards = [*reversed([action for action in Action if action is not Action.NO_CHANGE])]
    actions = [*backwards, Action.NEW_VERSION, Action.CREATE]
    changes = tuple(Change(Address("Plan", f"p{index}"), action) for index, action in enumerate(actions))
    assert lines(replace(make.plan(), changes=changes))[-1] == (
        "Plan: 1 to adopt, 2 to create, 1 to update, 2 new versions, 1 to replace, 1 to archive, 1 to delete, "
        "1 to release."
    )


def test_nothing_to_do_is_said_in_one_sentence(make):
    assert lines(make.plan())[-1] == "No changes. OpenMeter matches the manifests."
    guard = Guard("foreign_owner", Address("Meter", "tokens"), "theirs", consentable=False)
    blocked = lines(replace(make.plan(), guards=(guard,)))[-1]
    assert blocked == "No changes that could be made: 1 guard is open."


def test_an_object_without_changes_but_with_a_note_is_shown_and_not_counted(make):
    claimed = Change(Address("Feature", "sso"), Action.NO_CHANGE, notes=("claimed by declaration",))
    shown = lines(replace(make.plan(), changes=(claimed,)))
    assert "    # Feature/sso: claimed by declaration" in shown
    assert shown[-1] == "No changes. OpenMeter matches the manifests."


def test_a_replacement_names_the_field_that_forces_it(make):
    shown = text.plan(make.plan("replaced"))
    assert "~ aggregation: SUM -> MAX  # forces replacement" in shown


def test_an_incomplete_plan_says_that_it_removes_nothing(make):
    assert "incomplete" in text.plan(replace(make.plan("created"), complete=False))
    assert "incomplete" not in text.plan(make.plan("created"))


def test_a_guard_says_what_opens_it_or_that_nothing_does(make):
    plan = replace(
        make.plan(),
        guards=(
            Guard("blocked_by_server", Address("Feature", "a"), "Plan/pro names it: use a new key.", False),
            Guard("foreign_draft", Address("Plan", "b"), "somebody's draft", False),
            Guard("destructive", Address("Meter", "c"), "x", True, "consented", "--allow"),
        ),
    )
    shown = text.plan(plan)
    assert "Guards: 2 open, 1 consented" in shown
    assert "Plan/pro names it: use a new key.\n      no flag opens this one" in shown
    assert "--allow adopt:Plan/b" in shown
    assert "destructive:Meter/c  consented by --allow" in shown


def test_several_guards_that_flags_can_open_are_offered_in_one_line_to_copy(make):
    shown = text.plan(make.plan("price", "replaced"))
    assert "Consent to all of them: --allow price-raising:Plan/pro --allow destructive:Meter/seconds" in shown


def test_the_fields_of_a_new_object_stand_in_the_order_of_its_kind(make):
    change = make.change("created")
    shuffled = replace(change, fields=tuple(sorted(change.fields, key=lambda field: field.path)))
    shown = text.plan(replace(make.plan(), changes=(shuffled,)))
    assert shown.index("name:") < shown.index("eventType:") < shown.index("aggregation:") < shown.index("groupBy:")


def test_a_secret_that_reached_a_plan_by_mistake_is_not_printed(make):
    leaked = Change(
        Address("NotificationChannel", "ops"),
        Action.UPDATE,
        fields=(FieldChange("signingSecret", "whsec_old", "whsec_new"), FieldChange("customHeaders.X", "a", "b")),
    )
    shown = text.plan(replace(make.plan(), changes=(leaked,)))
    assert "whsec" not in shown
    assert "signingSecret: (secret)" in shown


def test_hostile_text_of_a_server_cannot_repaint_the_terminal(make):
    evil = "\x1b[2J\u202eevil"
    change = Change(
        Address("Plan", "pro"),
        Action.UPDATE,
        reasons=(evil,),
        fields=(
            FieldChange(f"metadata.{evil}", evil, "ok", Location(evil, 1), evil),
            FieldChange("metadata", None, {evil: evil}, note=evil),
        ),
        title=evil,
        notes=(evil,),
        location=Location(evil, 3),
    )
    plan = replace(
        make.plan(),
        changes=(change,),
        guards=(Guard(evil, Address(evil, evil), evil, True), Guard("x", None, evil, True, "consented", evil)),
        warnings=(replace(make.warning, message=evil, rule=evil, location=Location(evil, 1)),),
        target=replace(make.plan().target, environment=evil, endpoint=evil, identity=evil),
    )
    for width in (40, 140):
        shown = text.plan(plan, width=width)
        assert "\x1b" not in shown
        assert "\u202e" not in shown


def test_a_kind_of_a_newer_version_is_shown_as_it_is(make):
    change = Change(Address("Coupon", "x"), Action.UPDATE, fields=(FieldChange("percent", "10", "20"),))
    assert "~ percent: 10 -> 20" in text.plan(replace(make.plan(), changes=(change,)))


def test_a_long_text_is_shown_on_two_lines_old_above_new(make):
    field = FieldChange("description", "old " * 30, "new " * 30)
    shown = lines(replace(make.plan(), changes=(Change(Address("Plan", "p"), Action.UPDATE, fields=(field,)),)))
    at = shown.index("      ~ description:")
    assert shown[at + 1].startswith('          - "old')
    assert shown[at + 2].startswith('          + "new')


def test_a_name_that_is_wrapped_to_the_start_of_a_line_is_no_command_to_a_runner(make):
    for width in range(40, 120):
        title = "Plan/pro will be updated " + "word " * 9 + "::stop-commands::x ##[add-mask]y"
        plan = make.plan("price")
        guards = (replace(plan.guards[0], message=title),)
        shown = text.plan(replace(plan, guards=guards), width=width)
        assert not [line for line in shown.splitlines() if line.lstrip().startswith("::")]
        assert "##[" not in shown


def test_a_rehearsal_that_tried_nothing_is_not_called_passed(make):
    tried = Rehearsal(0, 0, second_empty=True, left_out=(Address("Plan", "pro"),))
    said = lines(replace(make.plan("price"), rehearsal=tried))
    assert "Rehearsal: nothing was tried." in said
    assert "  Not tried, because a guard blocks it: Plan/pro" in said


def test_a_rehearsal_without_steps_that_left_nothing_out_passed(make):
    said = lines(replace(make.plan(), rehearsal=Rehearsal(0, 0, second_empty=True)))
    assert "Rehearsal: 0 of 0 steps accepted, second plan empty." in said
