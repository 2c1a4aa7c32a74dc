"""A plan in a pull request: prices and bills first, details folded, nothing hostile, never too long."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from reconciler.model import (
    Action,
    Address,
    Affected,
    Amounts,
    Change,
    ChangeClass,
    FieldChange,
    Guard,
    Impact,
    Mover,
    Reduced,
    Rerated,
    Spread,
)
from reconciler.render.markdown import NARROW
from reconciler.render.plan_markdown import plan

EVIL = "a | b `c` <img src=x> @everyone\n::error::no\x1b[31m"


def change(key="pro", *fields, action=Action.NEW_VERSION, classes=(ChangeClass.PRICE_RAISING,), title=None):
    return Change(
        Address("Plan", key),
        action,
        classes=classes,
        fields=tuple(fields),
        title=title or f"Plan/{key} will be published as version 2",
        before_version=1 if action is Action.NEW_VERSION else None,
        after_version=2 if action is Action.NEW_VERSION else None,
    )


def price(path="phases[main].rateCards[tokens].price.amount", before="0.002", after="0.0025"):
    return FieldChange(path, Decimal(before), Decimal(after), currency="USD")


@pytest.fixture
def shown(make):
    def render(*changes, limit=65_000, **more):
        text = plan(replace(make.plan(), changes=changes, steps=(), **more), limit=limit)
        return text.replace(NARROW, " ")

    return render


def test_a_changed_price_is_the_first_table(shown):
    text = shown(change("pro", price()))
    table = text.index("| `pro` 1 → 2 | `tokens`, per 1,000 | 2.00 | 2.50 USD | **+25.0 %** | not known |")
    assert table < text.index("<details>")
    assert text.startswith("### Billing catalogue: 1 new version, 1 price raised, nothing removed\n")


def test_bills_are_a_table_and_those_that_stay_are_not_in_it(shown):
    bill = Impact(Address("Plan", "pro"), "studio", False, "EUR", "P1M", Amounts(Decimal(100), Decimal("114.58")),
                  Amounts(Decimal(1200), Decimal("1374.96")))  # fmt: skip
    same = replace(bill, customer="hobby", each=Amounts(Decimal(5), Decimal(5)))
    text = shown(change("pro", price()), impacts=(bill, same))
    assert "**What a new customer would pay, a month**\n" in text
    assert "| `studio` | `pro` | 100.00 | 114.58 EUR | **+14.58** (+14.6 %) | +174.96 |" in text
    assert "hobby" not in text


def test_every_object_is_folded_with_its_fields_as_a_diff(shown):
    text = shown(change("pro", FieldChange("name", "Pro", "Professional"), FieldChange("description", None, "new")))
    assert "<summary>» <code>Plan/pro</code> <code>price-raising</code></summary>" in text
    assert "```diff\n- name: Pro\n+ name: Professional\n+ description: new\n```" in text


def test_a_secret_shows_that_it_changed(shown):
    text = shown(change("pro", FieldChange("signingSecret", None, None, note="(secret, changed)")))
    assert "! signingSecret: (secret, changed)" in text


@pytest.mark.parametrize("status", ["open", "consented"])
def test_guards_say_what_opens_them(shown, status):
    guard = Guard("price-raising", Address("Plan", "pro"), "raises a price", True, status=status, change="ab" * 32)
    text = shown(change(), guards=(guard,))
    if status == "open":
        assert "`--allow` `price-raising:Plan/pro`, or an `Approval` with `change: abababababab`" in text
    else:
        assert "✓ `price-raising:Plan/pro`" in text


def test_text_of_others_breaks_nothing(shown, read):
    fields = (
        price(EVIL),
        price("phases[main].rateCards[tokens].price.amount"),
        FieldChange("name", EVIL, EVIL + "!"),
        FieldChange("metadata.x", None, "```\n</details>"),
    )
    guard = Guard("adopt", Address("Plan", "pro"), EVIL, False)
    impact = Impact(Address("Plan", "pro"), EVIL, True, "EUR", "P1M", Amounts(Decimal(1), Decimal(2)))
    text = shown(change("pro", *fields, title=f"Plan/pro {EVIL}"), guards=(guard,), impacts=(impact,))
    assert "\x1b" not in text
    assert not any(line.startswith("::") for line in text.splitlines())
    assert "everyone" in read.page(text)
    assert "everyone" not in read.outside_code(text)
    assert "<img" not in read.outside_code(text)
    assert read.balanced(text)
    assert text.count("<details>") == 1
    assert len(re.findall("<table>", read.page(text))) == 3
    assert len(re.findall("<td", read.page(text))) == 4 + 2 * 6 + 6


def test_the_least_risky_details_are_left_out_first_and_money_never(shown):
    cosmetic = [
        change(f"c{number}", FieldChange("description", "x" * 500, f"{number}" * 500), action=Action.UPDATE,
               classes=(ChangeClass.COSMETIC,))
        for number in range(50)
    ]  # fmt: skip
    text = shown(*cosmetic, change("pro", price()), limit=12_000)
    assert len(text) <= 12_000
    assert "<code>Plan/pro</code>" in text
    assert "did not fit here" in text


def test_what_is_removed_is_always_told(shown):
    gone = [
        change(f"p{number}", action=Action.ARCHIVE, classes=(ChangeClass.DESTRUCTIVE,),
               title=f"Plan/p{number} is archived")
        for number in range(30)
    ]  # fmt: skip
    text = shown(*gone, limit=3_000)
    assert all(f"- `Plan/p{number}` is archived" in text for number in range(30))


PRO = Address("Plan", "pro")


def test_who_is_affected_is_told_by_counts(shown, read):
    loss = (Reduced("main", "sso", "access", None), Reduced("main", "tokens", "1,000 each P1M", "500 each P1M"))
    text = shown(change("pro", price()), affected=(Affected(PRO, ((3, 30), (2, 7)), loss, ("extra", EVIL)),))
    assert "- `Plan/pro`: 37 active subscriptions: 30 on version 3, 7 on version 2; they stay there" in text
    assert "  - new subscribers get less: `sso` (`main`): `access`, gone" in text
    assert "  - new subscribers get less: `tokens` (`main`): `1,000 each P1M`, now `500 each P1M`" in text
    assert "<img" not in read.page(text)
    assert "\x1b" not in text


def test_what_real_customers_would_have_paid_is_a_sum_and_names_nobody(shown):
    found = Rerated(PRO, "EUR", 5, 4, 3, (("no idea", 1),), Decimal(100), Decimal(110), 2, 1,
                    Spread(Decimal(-1), Decimal(1), Decimal(10), Decimal(10)),
                    movers=(Mover("acme", "Acme Inc.", Decimal(1), Decimal(11)),))  # fmt: skip
    text = shown(change("pro", price()), rerated=(found,))
    assert (
        "- `Plan/pro`, last closed period of 3 of 5 real subscriptions: 100.00 → 110.00 `EUR` (**+10.0 %**); "
        "2 would pay more, 1 less, 0 the same; median 1.00, at most 10.00\n  - 1 not rated: no idea"
    ) in text
    assert "acme" not in text.lower()
