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
    Contents,
    FieldChange,
    Guard,
    Impact,
    Location,
    Mover,
    PlanSource,
    Reduced,
    Refusal,
    Rehearsal,
    Rerated,
    Ruling,
    Spread,
    Step,
)
from reconciler.render.markdown import NARROW
from reconciler.render.plan_markdown import Options, Section, plan, plans, row, without_details

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
        text = plan(replace(make.plan(), **{"changes": changes, "steps": (), **more}), limit=limit)
        return text.replace(NARROW, " ")

    return render


def test_a_changed_price_is_the_first_table(shown):
    text = shown(change("pro", price()))
    table = text.index("| `tokens`, per 1,000 | 2.00 | 2.50 USD | **+25.0 %** |")
    assert table < text.index("<details>")
    assert text.startswith("### Billing catalogue: 1 new version, 1 price raised, nothing removed\n")


def test_bills_are_a_table_and_those_that_stay_are_not_in_it(shown):
    bill = Impact(Address("Plan", "pro"), "studio", False, "EUR", "P1M", Amounts(Decimal(100), Decimal("114.58")),
                  Amounts(Decimal(1200), Decimal("1374.96")))  # fmt: skip
    same = replace(bill, customer="hobby", each=Amounts(Decimal(5), Decimal(5)))
    text = shown(change("pro", price()), impacts=(bill, same))
    assert "**What a new customer of `pro` would pay, a month**\n" in text
    assert "| `studio` | 100.00 | 114.58 EUR | **+14.58** (+14.6 %) | +174.96 |" in text
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
    assert len(re.findall("<td", read.page(text))) == 4 + 2 * 4 + 5


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


TIERS = [{"upToAmount": "5000000", "unitPrice": None}, {"upToAmount": "10000000"}, {"flatPrice": None}]
CARDS = [
    {"key": "base", "name": "Base fee", "billingCadence": "P1M", "price": {"type": "flat", "amount": "20"}},
    {"key": "setup", "name": "Setup", "billingCadence": None, "price": {"type": "flat", "amount": "20"}},
    {"key": "tokens", "name": "Tokens", "billingCadence": "P1M", "price": {"type": "tiered", "tiers": TIERS}},
    {
        "key": "gpu",
        "name": "GPU",
        "billingCadence": "P1Y",
        "price": {"type": "package", "quantityPerPackage": "2500000"},
    },
    {"key": "one", "name": "Same", "price": {"type": "unit"}},
    {"key": "two", "name": "Same", "price": {"type": "unit"}},
]
BODY = {"phases": [{"key": "trial", "rateCards": CARDS}, {"key": "later", "rateCards": CARDS}]}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("phases[later].rateCards[base].price.amount", "Base fee, a month"),
        ("phases[trial].rateCards[base].price.amount", "Base fee, a month, in phase `trial`"),
        ("phases[later].rateCards[setup].price.amount", "Setup, once"),
        ("phases[later].rateCards[tokens].price.tiers[0].unitPrice.amount", "Tokens, up to 5M, per unit"),
        ("phases[later].rateCards[tokens].price.tiers[1].unitPrice.amount", "Tokens, 5M to 10M, per unit"),
        ("phases[later].rateCards[tokens].price.tiers[2].flatPrice.amount", "Tokens, above 10M, flat"),
        ("phases[later].rateCards[tokens].price.tiers[7].flatPrice.amount", "Tokens, tier 8, flat"),
        ("phases[later].rateCards[gpu].price.amount", "GPU, per package of 2.5M"),
        ("phases[later].rateCards[gpu].price.minimumAmount", "GPU, minimum a year"),
        ("phases[later].rateCards[gpu].price.maximumAmount", "GPU, maximum a year"),
        ("phases[later].rateCards[two].price.amount", "Same (two), per unit"),
        ("phases[later].rateCards[nowhere].price.amount", "`nowhere`, per unit"),
    ],
)
@pytest.mark.parametrize("source", ["step", "after", "before"])
def test_a_price_is_called_what_people_call_it(shown, source, path, said):
    changes = change("pro", price(path, "1", "2"))
    step = Step("s", PRO, "create", "POST", "/api/v1/plans", BODY)
    contents = {"after": Contents(PRO, {}, BODY), "before": Contents(PRO, BODY, None)}
    more = {"steps": (step,)} if source == "step" else {"contents": (contents[source],)}
    assert f"| {said} | 1.00 | 2.00 USD | **+100.0 %** |" in shown(changes, **more)


CARD = "phases[main].rateCards[t]"


def other(path, before, after, kind="Plan", key="pro", action=Action.NEW_VERSION):
    field = FieldChange(path, before, after)
    versions = {"before_version": 1, "after_version": 2} if action is Action.NEW_VERSION else {}
    return Change(Address(kind, key), action, classes=(ChangeClass.BILLING_BEHAVIOUR,), fields=(field,), **versions)


@pytest.mark.parametrize(
    ("moved", "row"),
    [
        ((f"{CARD}.price.tiers[0].upToAmount", "10", "5"), "`t`, end of tier 1 | `10` | `5` | **-50.0 %**"),
        (("phases[main].rateCards[t].discounts.usage.quantity", None, "100"), "`t`, free units | none | `100` |  |"),
        (("phases[main].rateCards[t].price.multiplier", "1", "2"), "`t`, multiplier | `1` | `2` | **+100.0 %**"),
        (
            ("phases[main].rateCards[t]", None, {"name": "Seats", "price": {"type": "flat", "amount": "5"}}),
            "Seats, the whole card | none | `{type: flat, amount: 5}` |  |",
        ),
        ((CARD, {"name": "Sso", "price": {"type": "free"}}, None), "Sso, the whole card | `{type: free}` | none |  |"),
        (("phases[main].rateCards[t].price", None, None), "`t`, the whole price | none | none |  |"),
    ],
)  # fmt: skip
def test_whatever_else_changes_a_price_has_a_row(shown, moved, row):
    assert f"| {row}" in shown(other(*moved)).split("**Price changes: `pro` 1 → 2**")[1]


def test_what_holds_for_every_customer_at_once_is_said_apart(shown):
    profile = other("workflow.invoicing.draftPeriod", "P1D", "P2D", "BillingProfile", "standard", Action.UPDATE)
    text = shown(profile, change("pro", price()))
    table = text.split("**How customers are billed: `BillingProfile/standard`**; it holds for everybody at once\n")[1]
    assert "| `workflow.invoicing.draftPeriod` | `P1D` | `P2D` |  |" in table
    assert "**Nobody is migrated.**" in text
    assert "**For every customer at once:** `BillingProfile/standard`." in text


def test_a_new_plan_raises_no_price_and_migrates_nobody(shown):
    text = shown(change("pro", replace(price(), before=None), action=Action.CREATE, classes=(ChangeClass.ADDITIVE,)))
    assert text.startswith("### Billing catalogue: 1 created, nothing removed\n")
    assert "**New:** `Plan/pro`" in text
    assert "Nobody is migrated" not in text
    assert "Price changes" not in text


PRICING = Location("reconciler.yaml", 31)


def test_the_policy_is_a_table_and_its_guards_are_not_told_twice(shown):
    said = "Plan/pro: raises a price"
    asked = Ruling("price-raising", "consent", PRO, said, "open", "acme/pricing", "a review", PRICING)
    looked = Ruling("dear", "warn", PRO, "more than 20 %", "warned", location=Location("reconciler.yaml", 40))
    guard = Guard("price-raising", PRO, "Plan/pro: raises a price", False, team="acme/pricing", location=PRICING)
    text = shown(change("pro", price()), policy=(looked, asked), guards=(guard,))
    rows = text.split("**Policy**")[1].split("\n")
    assert rows[2] == (
        "- ✗ **open**: `Plan/pro`: raises a price; asks for consent of `@acme/pricing` "
        "(`price-raising`, `reconciler.yaml:31`)<br>To unblock it: a review"
    )
    assert rows[3] == "- ⚠ warned: `Plan/pro`: more than 20 %; asks for a look (`dear`, `reconciler.yaml:40`)"
    assert "**Guards: 1 open**, all by the policy above" in text
    assert text.count("raises a price") == 1
    assert "| **1 open** | waiting for `@acme/pricing` |" in text


def test_a_team_is_notified_only_where_that_is_asked_for(make, read):
    guard = Guard("price-raising", PRO, "it rises", False, team="acme/pricing", location=PRICING)
    evil = Guard("price-raising", PRO, "it rises", False, team="acme/pricing @everyone", location=PRICING)
    made = replace(make.plan(), changes=(change("pro", price()),), guards=(guard, evil))
    quiet = plans([Section("production", made)])
    loud = plans([Section("production", made)], Options(mention=True))
    assert "acme/pricing" not in read.outside_code(quiet)
    assert "@acme/pricing" in read.outside_code(loud)
    assert "everyone" not in read.outside_code(loud)


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({}, "ready"),
        ({"guards": (Guard("adopt", PRO, "x", True),)}, "waiting for consent"),
        ({"guards": (Guard("foreign_owner", PRO, "x", False),)}, "**blocked**"),
        ({"guards": (Guard("notice", PRO, "x", False, location=PRICING),)}, "waiting for notice"),
        ({"guards": (Guard("adopt", PRO, "x", True, "consented"),)}, "ready"),
        ({"rehearsal": Rehearsal(0, 1, (Refusal("s", PRO, "no"),))}, "**refused in rehearsal**"),
        ({"source": PlanSource(snapshot="ab" * 32)}, "a preview"),
        ({"changes": ()}, "no changes"),
    ],
)
def test_the_table_says_what_an_environment_waits_for(make, facts, status):
    made = replace(make.plan(), **{"changes": (change("pro", price()),), "steps": (), "guards": (), **facts})
    assert row(Section("production", made)).status == status


def test_a_comment_can_not_be_forged_by_a_name(make):
    evil = "<!-- /reconciler:details --> <!-- reconciler:details --> ```"
    made = replace(make.plan(), changes=(change(evil, FieldChange(evil, evil, evil + "\n" + evil)),), guards=())
    text = plans([Section(evil, made, evil)])
    assert text.count("<!--") == text.count("-->") == 2
    assert "diff" not in without_details(text)


def test_texts_of_several_lines_are_compared_line_by_line(shown):
    text = shown(change("pro", FieldChange("description", "one\ntwo\nthree", "one\n2\nthree")))
    assert "```diff\n! description:\n    one\n-   two\n+   2\n    three\n```" in text
    new = shown(change("pro", FieldChange("description", None, "one\n- two"), action=Action.CREATE))
    assert "```diff\n+ description: |\n+   one\n+   - two\n```" in new


def test_of_one_plan_who_stays_is_said_above_a_table_that_fits_on_a_phone(shown):
    told = shown(change("pro", price()), affected=(Affected(PRO, ((1, 214),)),))
    assert (
        "**Price changes: `pro` 1 → 2**; 214 subscriptions stay on the old version\n\n| what | old | new | change |"
    ) in told
    assert "Who is affected" not in told
    assert "; nobody is on the old version\n" in shown(change("pro", price()), affected=(Affected(PRO, ()),))
    assert "; 1 subscription stays on" in shown(change("pro", price()), affected=(Affected(PRO, ((1, 1),)),))
    assert "; who stays on the old version is not known" in shown(change("pro", price()))
    several = shown(change("pro", price()), affected=(Affected(PRO, ((1, 3), (0, 2))),))
    assert "- `Plan/pro`: 5 active subscriptions: 3 on version 1, 2 on version 0; they stay there" in several


def test_of_several_plans_each_row_names_its_own_and_who_stays(shown):
    affected = (Affected(PRO, ((1, 214),)), Affected(Address("Plan", "team"), ((1, 38),)))
    text = shown(change("pro", price()), change("team", price()), affected=affected)
    assert "| plan | what | old | new | change | stays on old version |" in text
    assert "| `pro` 1 → 2 | `tokens`, per 1,000 | 2.00 | 2.50 USD | **+25.0 %** | 214 subscriptions |" in text
    assert "| `team` 1 → 2 | `tokens`, per 1,000 | 2.00 | 2.50 USD | **+25.0 %** | 38 subscriptions |" in text


def test_a_currency_is_letters_or_nothing(shown, read):
    field = FieldChange("phases[main].rateCards[t].price.amount", "1", "2", currency="U|@everyone<img>")
    text = shown(change("pro", field))
    assert "2.00 Ueveryoneimg |" in text
    assert "<img" not in read.outside_code(text)
