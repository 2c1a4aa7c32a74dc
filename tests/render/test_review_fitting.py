"""What gives way first: the lowest weight, of several the longest; details by risk; a link only where it is one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model import Action, Address, Affected, Change, ChangeClass, FieldChange
from reconciler.render.plan_markdown import Options, Section, plan, plans
from reconciler.render.review.details import details, fitting
from reconciler.render.review.fitting import Block, fit, size
from reconciler.render.review.parts import whole


def block(name, long, short, weight):
    return Block(weight, (lambda: [name * long], lambda: [name * short]), name)


def test_the_lowest_weight_gives_way_first_and_of_several_the_longest():
    blocks = [block("a", 50, 5, 9), block("b", 20, 5, 1), block("c", 30, 5, 1)]
    assert fit(blocks, 103).shortened == ()
    assert fit(blocks, 102).shortened == ("c",)
    assert fit(blocks, 77).shortened == ("b", "c")
    assert fit(blocks, 62).shortened == ("a", "b", "c")


def changed(key, rank, length):
    field = FieldChange("description", key, key * length)
    return Change(Address("Plan", key), Action.UPDATE, classes=(rank,), fields=(field,), title=f"Plan/{key} changes")


def test_the_riskiest_details_stay_even_where_others_are_shorter():
    folds = details([changed("a", ChangeClass.COSMETIC, 10), changed("b", ChangeClass.PRICE_RAISING, 200)])
    room = size(folds[1].lines) + 1
    lines, left_out = fitting(folds, room)
    assert left_out == 1
    assert any("Plan/b" in line for line in lines)
    assert not any("Plan/a" in line for line in lines)


def test_details_that_did_not_all_fit_are_not_what_another_environment_has_line_for_line(make):
    many = replace(
        make.plan(), changes=tuple(changed(f"p{at}", ChangeClass.COSMETIC, 300) for at in range(20)), steps=()
    )
    text = plans([Section("one", many), Section("two", many)], Options(12_000))
    assert "did not fit here" in text
    assert "line for line" not in text


def test_subscriptions_of_many_plans_are_summed_only_where_all_are_known(make):
    def raised(key):
        field = FieldChange("phases[main].rateCards[t].price.amount", "1", "2", currency="USD")
        return Change(Address("Plan", key), Action.NEW_VERSION, classes=(ChangeClass.PRICE_RAISING,), fields=(field,),
                      before_version=1, after_version=2)  # fmt: skip

    changes = tuple(raised(key) for key in "abc")
    known = tuple(Affected(change.address, ((1, 5),)) for change in changes)
    made = replace(make.plan(), changes=changes, steps=(), affected=known)
    assert "| 15 subscriptions |" in plan(made)
    assert "| not known for all |" in plan(replace(made, affected=(*known[:2], Affected(Address("Plan", "c"), None))))


@pytest.mark.parametrize("link", [None, "javascript:alert(1)", "data:text/html,x", "//evil.example"])
def test_what_is_no_address_of_a_page_is_no_link(link):
    assert whole(link) == "the plan file has it"


def test_nothing_breaks_out_of_a_link():
    assert whole("https://x/a>) <img src=x>|`") == "[the whole plan](<https://x/aimgsrc=x>)"
