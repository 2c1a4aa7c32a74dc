"""Consent is per object and class; limits have no consent."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from reconciler.errors import UsageError
from reconciler.model import (
    CONSENTABLE,
    NEVER_CONSENTED,
    Action,
    Address,
    Affected,
    Amounts,
    Approval,
    Change,
    ChangeClass,
    Guard,
    Impact,
    Location,
    Plan,
    Rerated,
    Target,
)
from reconciler.policy import Bounds, Consent, judge

PRO = Address("Plan", "pro")
NO_BOUNDS = Bounds()


def plan(*changes, guards=(), mode="apply"):
    return Plan(Target("test", "https://openmeter.example", "id"), "acme", changes, (), guards, mode=mode)


def change(address, action, *classes):
    return Change(address, action, classes=classes)


def names(made):
    return [(guard.name, guard.status) for guard in made.guards]


def test_each_class_needs_its_own_consent():
    raised = change(PRO, Action.NEW_VERSION, ChangeClass.COSMETIC, ChangeClass.PRICE_RAISING, ChangeClass.DESTRUCTIVE)
    made = judge(plan(raised), [Consent.parse("price-raising:Plan/pro")], NO_BOUNDS, population=1)
    assert names(made) == [("price-raising:Plan/pro", "consented"), ("destructive:Plan/pro", "open")]


def test_cosmetic_operational_and_additive_need_none():
    mild = change(PRO, Action.UPDATE, ChangeClass.COSMETIC, ChangeClass.OPERATIONAL, ChangeClass.ADDITIVE)
    assert judge(plan(mild), [], NO_BOUNDS, population=1).guards == ()


def test_consent_for_one_object_is_none_for_another():
    raised = change(Address("Plan", "team"), Action.NEW_VERSION, ChangeClass.PRICE_RAISING)
    made = judge(plan(raised), [Consent.parse("price-raising:Plan/pro")], NO_BOUNDS, population=1)
    assert names(made) == [("price-raising:Plan/team", "open")]


def test_kind_and_key_may_be_globs_and_the_code_may_not():
    raised = change(PRO, Action.NEW_VERSION, ChangeClass.PRICE_RAISING)
    made = judge(plan(raised), [Consent.parse("price-raising:Pl*/p*")], NO_BOUNDS, population=1)
    assert names(made) == [("price-raising:Plan/pro", "consented")]
    with pytest.raises(UsageError, match="price-raising"):
        Consent.parse("*:Plan/pro")


@pytest.mark.parametrize("text", ["price-raising", "price-raising:", "price-raising:Plan", "protected:Plan/pro"])
def test_what_is_no_consent_is_a_usage_error(text):
    with pytest.raises(UsageError):
        Consent.parse(text)


def test_a_sandbox_needs_no_consent_for_classes():
    raised = change(PRO, Action.NEW_VERSION, ChangeClass.PRICE_RAISING)
    assert judge(plan(raised), [], NO_BOUNDS, population=1, embedded=True).guards == ()


def test_destroy_is_its_own_consent_for_destructive_only():
    gone = change(PRO, Action.ARCHIVE, ChangeClass.BILLING_BEHAVIOUR, ChangeClass.DESTRUCTIVE)
    made = judge(plan(gone, mode="destroy"), [], NO_BOUNDS, population=1)
    assert names(made) == [("billing-behaviour:Plan/pro", "open")]


def test_adopting_takes_over_a_foreign_draft():
    draft = Guard("foreign_draft", PRO, "there is one", consentable=False)
    made = judge(plan(guards=(draft,)), [Consent.parse("adopt:Plan/pro")], NO_BOUNDS, population=1)
    assert names(made) == [("foreign_draft:Plan/pro", "consented")]


@pytest.mark.parametrize("code", ["protected", "foreign_owner", "blocked_by_server", "duplicate_marker"])
def test_some_guards_no_consent_opens(code):
    guard = Guard(code, PRO, "no", consentable=False)
    every = [Consent.parse(f"{name}:*/*") for name in ("adopt", "destructive", "price-raising")]
    assert names(judge(plan(guards=(guard,)), every, NO_BOUNDS, population=1)) == [(f"{code}:Plan/pro", "open")]


def test_removals_beyond_the_limit_are_refused_whatever_is_allowed():
    gone = [change(Address("Plan", key), Action.ARCHIVE, ChangeClass.DESTRUCTIVE) for key in ("a", "b")]
    made = judge(plan(*gone), [Consent.parse("destructive:*/*")], Bounds(max_removals=1), population=2)
    assert ("max_removals", "open") in names(made)
    assert "max_removals" not in dict(names(judge(plan(*gone), [], Bounds(max_removals=2), population=2)))


def test_our_own_left_over_draft_is_no_removal():
    draft = Change(PRO, Action.DELETE, classes=(ChangeClass.COSMETIC,), reasons=("draft_not_wanted",))
    assert judge(plan(draft), [], Bounds(max_removals=0), population=1).guards == ()


def test_a_share_of_changes_counts_only_from_a_minimum_population():
    some = [change(Address("Meter", f"m{n}"), Action.UPDATE, ChangeClass.COSMETIC) for n in range(4)]
    small = judge(plan(*some), [], Bounds(max_changes_percent=30), population=9)
    large = judge(plan(*some), [], Bounds(max_changes_percent=30), population=10)
    enough = judge(plan(*some), [], Bounds(max_changes_percent=40), population=10)
    assert (small.guards, names(large), enough.guards) == ((), [("max_changes_percent", "open")], ())


def test_creating_is_no_change_of_what_is_live():
    new = [change(Address("Meter", f"m{n}"), Action.CREATE, ChangeClass.ADDITIVE) for n in range(40)]
    assert judge(plan(*new), [], Bounds(max_changes_percent=30), population=10).guards == ()


DIGEST = "51be09a3d2c7" + "0" * 52


def approved(*allow, **more):
    """A plan whose price guard meets an approval on the first of March."""
    approval = Approval("raise", allow, "board", Location("catalog/a.yaml", 3), **more)
    consents = Consent.of(approval, date(2027, 3, 1))
    raised = change(PRO, Action.NEW_VERSION, ChangeClass.PRICE_RAISING)
    return judge(plan(raised), consents, NO_BOUNDS, population=1, digest=lambda _: DIGEST).guards[0]


def test_an_approval_consents_and_names_its_line():
    guard = approved("price-raising:Plan/*")
    assert (guard.status, guard.consent, guard.change) == ("consented", "catalog/a.yaml:3 (raise)", DIGEST)


@pytest.mark.parametrize(("day", "status"), [(28, "open"), (29, "consented"), (30, "consented")])
def test_an_approval_holds_through_its_last_day(day, status):
    guard = approved("price-raising:Plan/pro", expires=date(2027, 1, 31) + timedelta(days=day))
    assert guard.status == status
    assert ("is void: it expired after 2027-02-28" in guard.message) is (status == "open")


@pytest.mark.parametrize(("change", "status"), [(DIGEST[:6], "consented"), (DIGEST, "consented"), ("51be0a", "open")])
def test_an_approval_of_one_change_holds_for_that_change_only(change, status):
    guard = approved("price-raising:Plan/pro", change=change)
    assert guard.status == status
    assert ("it was given for the change 51be0a, this one is 51be09a3d2c7" in guard.message) is (status == "open")


def test_a_void_approval_of_something_else_is_not_mentioned():
    assert approved("price-raising:Plan/team", "destructive:*/*", expires=date(2001, 1, 1)).message == (
        "Plan/pro: raises a price, or may"
    )


def test_what_nothing_opens_carries_no_digest():
    blocked = Guard("blocked_by_server", PRO, "no", consentable=False)
    (guard,) = judge(plan(guards=(blocked,)), [], NO_BOUNDS, population=1, digest=lambda _: DIGEST).guards
    assert guard == blocked


def test_the_codes_that_take_consent_and_those_that_never_do_are_told_apart():
    for code in CONSENTABLE:
        assert Consent.parse(f"{code}:*/*").code == code
    for code in NEVER_CONSENTED:
        with pytest.raises(UsageError, match=f"nothing consents to `{code}`"):
            Consent.parse(f"{code}:*/*")


def test_an_expired_approval_is_void_for_the_change_that_it_names_too():
    guard = approved("price-raising:Plan/pro", change=DIGEST[:6], expires=date(2027, 2, 28))
    assert guard.status == "open"
    assert "it expired after 2027-02-28" in guard.message


TEAM = Address("Plan", "team")


def bounded(found, **fields):
    return [
        (guard.name, guard.consentable) for guard in judge(replace(plan(), **fields), [], found, population=1).guards
    ]


def test_more_subscribers_than_allowed_are_refused_over_all_plans_together():
    who = (Affected(PRO, ((2, 3), (1, 4))), Affected(TEAM, ((1, 1),)))
    assert bounded(Bounds(max_subscribers_affected=8), affected=who) == []
    assert bounded(Bounds(max_subscribers_affected=7), affected=who) == [("max_subscribers_affected", False)]


def test_subscribers_that_cannot_be_counted_are_too_many_where_there_is_a_bound():
    untold = (Affected(PRO, None),)
    assert bounded(NO_BOUNDS, affected=untold) == []
    assert bounded(Bounds(max_subscribers_affected=1000), affected=untold) == [("max_subscribers_affected", False)]


def bills(address, *amounts):
    return tuple(
        Impact(address, f"case {n}", True, "EUR", "P1M", each and Amounts(*map(Decimal, each)), reason="no idea")
        for n, each in enumerate(amounts)
    )


@pytest.mark.parametrize(
    ("amounts", "allowed"),
    [(("10", "11"), True), (("10", "11.01"), False), (("10", "1"), True), (("0", "0"), True), (("0", "0.01"), False),
     (None, False)],
)  # fmt: skip
def test_no_bill_may_rise_by_more_than_the_bound_what_was_free_and_what_is_not_known_included(amounts, allowed):
    found = bounded(Bounds(max_bill_increase_percent=10), impacts=bills(PRO, ("5", "5"), amounts))
    assert found == ([] if allowed else [("max_bill_increase_percent:Plan/pro", False)])
    assert bounded(NO_BOUNDS, impacts=bills(PRO, amounts)) == []


def test_each_plan_has_its_steepest_bill_named():
    shown = (*bills(PRO, ("10", "12"), ("10", "13")), *bills(TEAM, ("10", "20")))
    made = judge(replace(plan(), impacts=shown), [], Bounds(max_bill_increase_percent=10), population=1)
    assert [guard.message.partition(";")[0] for guard in made.guards] == [
        "Plan/pro: the bill of case 1 goes from 10 to 13 EUR, 30.0 % more",
        "Plan/team: the bill of case 0 goes from 10 to 20 EUR, 100.0 % more",
    ]


@pytest.mark.parametrize(("steepest", "charged", "allowed"), [("10", 0, True), ("10.1", 0, False), ("0", 1, False)])
def test_the_bills_of_real_customers_are_held_to_the_bound_too(steepest, charged, allowed):
    found = Rerated(
        PRO, "EUR", 3, 3, 3, (), Decimal(30), Decimal(33), 1, 0, steepest=Decimal(steepest), newly_charged=charged
    )
    expected = [] if allowed else [("max_bill_increase_percent:Plan/pro", False)]
    assert bounded(Bounds(max_bill_increase_percent=10), rerated=(found,)) == expected
