"""A plan as a page: alone, escaped, with its curves."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from reconciler.model import Action, Address, Change, ChangeClass, Curve, FieldChange
from reconciler.render.plan_html import plan

EVIL = "a | b `c` <script>alert(1)</script> & x"


@pytest.fixture
def page(make):
    def render(*fields, **more):
        change = Change(
            Address("Plan", "pro"), Action.NEW_VERSION, classes=(ChangeClass.PRICE_RAISING,), fields=fields,
            title="Plan/pro will be published as version 2",
        )  # fmt: skip
        return plan(replace(make.plan(), changes=(change,), steps=(), **more))

    return render


def test_a_price_is_in_a_table_and_its_diff_has_colours(page):
    text = page(FieldChange("phases[main].rateCards[t].price.amount", Decimal(1), Decimal(2), currency="USD"))
    assert text.startswith("<!doctype html>")
    assert "<h1>" in text
    assert "<td><code>pro</code></td>" in text
    assert '<span class="gone">- phases[main].rateCards[t].price.amount: 1 USD</span>' in text
    assert '<span class="come">+ phases[main].rateCards[t].price.amount: 2 USD</span>' in text


def test_text_of_others_stays_text(page):
    text = page(FieldChange("name", EVIL, EVIL + "!"))
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 2


def test_curves_are_drawn_each_with_a_name_of_its_own(page):
    points = (Decimal(0), Decimal(10)), (Decimal(1), Decimal(2)), (Decimal(1), Decimal(3))
    curves = tuple(Curve(Address("Plan", "pro"), "main", name, "USD", *points) for name in ("a", "b"))
    text = page(FieldChange("name", "x", "y"), curves=curves)
    assert text.count("<svg") == 2
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids)) == 4


def test_the_page_asks_for_nothing(page):
    curves = (
        Curve(Address("Plan", "pro"), "main", "a", "USD", (Decimal(0), Decimal(1)), (), (Decimal(0), Decimal(1))),
    )
    text = page(FieldChange("name", "x", "y"), curves=curves).replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"(src|href|url\(|@import|<script|<link)", text)
    assert "viewport" in text
