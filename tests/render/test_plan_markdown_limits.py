"""A comment is never longer than its host takes, and what is money or gone is told whatever its number."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.model import (
    Action,
    Address,
    Affected,
    Change,
    ChangeClass,
    FieldChange,
    Guard,
    Location,
    Plan,
    SourceDocument,
    Target,
)
from reconciler.render import plan_markdown
from reconciler.render.markdown import NARROW
from reconciler.render.plan_markdown import LIMIT, Options, Section, section, without_details

CARD = SourceDocument(Address("RateCard", "tokens"), Location("catalog/cards.yaml", 8))
LINK = "https://ci.example/runs/1"


def plan(*args, **options):
    return plan_markdown.plan(*args, **options).replace(NARROW, " ")


def plans(*args):
    return plan_markdown.plans(*args).replace(NARROW, " ")


def raised(key, before, after, *, shared=None):
    address = Address("Plan", key)
    field = FieldChange("phases[main].rateCards[tokens].price.amount", before, after, currency="USD", shared=shared)
    return Change(address, Action.NEW_VERSION, ("create", "publish"), (ChangeClass.PRICE_RAISING,), (), (field,),
                  Location("catalog/plans.yaml", 4), f"{address} will be published as version 2", before_version=1,
                  after_version=2)  # fmt: skip


def gone(key):
    address = Address("Plan", key)
    classes = (ChangeClass.DESTRUCTIVE,)
    return Change(address, Action.ARCHIVE, ("archive",), classes, title=f"{address} will be archived")


def catalogue(*changes):
    guards = tuple(
        Guard(change.change_class.value, change.address, f"{change.address}: needs a decision", True, change="ab" * 32)
        for change in changes
    )
    return Plan(Target("production", "https://openmeter.example", None), "acme", changes, (), guards)


def distinct(count):
    """So many prices, each another one, as 0.123 -> 0.456."""
    return [raised(f"plan_{at:04}", f"0.{100 + at % 899}", f"0.{101 + at * 7 % 5900}1") for at in range(count)]


def amounts(text):
    """Every price that is told, as (key, old, new), from whichever form the table has; times the scale it is in."""
    start = re.search(r"every key begins with (\S+)", text)
    factor = {"per 1,000": 1000, "per 1M": 1_000_000}.get((re.search(r"per 1,000|per 1M", text) or [""])[0], 1)
    found = set()
    for key, old, new in re.findall(r"([\w]+) ([\d.]+)→([\d.]+)", text):
        found.add(((start[1] if start else "") + key, Decimal(old) / factor, Decimal(new) / factor))
    alone = re.search(r"\*\*Price changes: `(\w+)` 1 → 2\*\*", text)
    for line in text.split("\n"):
        if alone:
            line = line.replace("| `tokens`", f"| `{alone[1]}` 1 → 2 | `tokens`")
        if row := re.match(r"\| `(\w+)` 1 → 2 \| `tokens`, (per [\w,]+) \| ([\d.]+) \| ([\d.]+) USD", line):
            factor = {"per 1,000": 1000, "per 1M": 1_000_000}.get(row[2], 1)
            found.add((row[1], Decimal(row[3]) / factor, Decimal(row[4]) / factor))
        for old, new, keys in re.findall(r"([\d.]+)→([\d.]+) (\w+(?:, \w+)*)", line):
            found |= {(key, Decimal(old) / factor, Decimal(new) / factor) for key in keys.split(", ")}
    return found


def wanted(changes):
    return {(one.address.key, Decimal(one.fields[0].before), Decimal(one.fields[0].after)) for one in changes}


@pytest.mark.parametrize("count", [10, 500, 3_000])
def test_every_one_of_many_prices_is_told(count, read):
    changes = distinct(count)
    text = plan(catalogue(*changes), link=LINK)
    assert len(text) <= LIMIT
    assert wanted(changes) <= amounts(text)
    assert "too short" not in text
    assert read.balanced(text)


def test_a_card_that_500_plans_share_is_one_row_and_one_diff_that_name_them_all(read):
    changes = [raised(f"plan_{at}", "0.002", "0.0025", shared=CARD) for at in range(500)]
    made = replace(catalogue(*changes), affected=tuple(Affected(one.address, ((1, 3),)) for one in changes))
    text = plan(made, link=LINK)
    assert (
        "| **500 plans** | `tokens`, per 1,000; shared `RateCard/tokens` | 2.00 | 2.50 USD | **+25.0 %** "
        "| 1,500 subscriptions |"
    ) in text
    assert "<summary>the 500 plans</summary>" in text
    assert all(f"plan_{at} 1 → 2" in text for at in range(500))
    assert text.count("```diff") == 1
    assert "did not fit" not in text
    assert read.balanced(text)


def test_2000_removed_objects_are_all_named_even_beside_500_prices(read):
    changes = [*distinct(500), *(gone(f"old_{at:04}") for at in range(2_000))]
    text = plan(catalogue(*changes), link=LINK)
    assert len(text) <= LIMIT
    assert set(re.findall(r"old_\d{4}", text)) == {f"old_{at:04}" for at in range(2_000)}
    assert wanted(changes[:500]) <= amounts(text)
    assert f"Every price and every removed object is there; [the whole plan](<{LINK}>)" in text
    assert read.balanced(text)


def test_what_can_no_longer_be_told_is_said_in_the_first_lines_and_the_steepest_stay():
    changes = distinct(9_000)
    steep = raised("the_steepest", "0.001", "9")
    text = plan(catalogue(*changes, steep), link=LINK)
    assert len(text) <= LIMIT
    told = re.search(r"does not show ([\d,]+) of 9,001 price changes", "\n".join(text.split("\n")[:5]))
    missing = int(told[1].replace(",", ""))
    assert 9_001 - missing == len(amounts(text) & wanted([*changes, steep]))
    assert ("the_steepest", Decimal("0.001"), Decimal(9)) in amounts(text)
    assert "Do not approve it from here alone" in text
    assert "9,001 in all:" in text
    assert "<details>" not in text


def test_a_host_that_takes_more_gets_more():
    text = plan(catalogue(*distinct(3_000)), limit=2_000_000)
    assert len(text) > 600_000
    assert "did not fit" not in text
    assert "Shortened" not in text


def test_environments_share_the_room_and_a_small_one_keeps_its_details():
    small = replace(catalogue(raised("pro", "1", "2")), target=Target("staging", "https://x", None))
    text = plans([Section("production", catalogue(*distinct(2_000))), Section("staging", small)], Options(30_000))
    assert len(text) <= 30_000
    staging = text[text.index("#### `staging`") :]
    assert "| `tokens`, per unit | 1.00 | 2.00 USD | **+100.0 %** |" in staging
    assert "too short for the change: it does not show" in text.split("#### ")[0]
    assert "of `production`" in text.split("#### ")[0]


KEYS = st.from_regex(r"[a-z]{1,3}[0-9]{1,4}", fullmatch=True)
PRICES = st.decimals(Decimal("0.0001"), Decimal(900), places=4).map(str)


@st.composite
def plans_of_any_size(draw):
    keys = draw(st.lists(KEYS, unique=True, max_size=60))
    cut = draw(st.integers(0, len(keys)))
    pairs = [(key, draw(PRICES), draw(PRICES)) for key in keys[:cut]]
    return [raised(*pair) for pair in pairs if Decimal(pair[1]) != Decimal(pair[2])], [gone(key) for key in keys[cut:]]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(parts=plans_of_any_size(), limit=st.integers(3_000, 40_000))
def test_any_plan_fits_and_tells_what_is_money_or_gone_or_says_that_it_does_not(parts, limit, read):
    priced, removed = parts
    text = plan(catalogue(*priced, *removed), limit=limit)
    assert len(text) <= limit
    assert read.balanced(text)
    if "too short" not in text:
        assert wanted(priced) <= amounts(text)
        assert {one.address.key for one in removed} <= set(re.findall(r"\w+", text))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(parts=plans_of_any_size(), limit=st.integers(3_000, 40_000))
def test_a_section_is_the_same_without_its_details_and_loses_nothing_else(parts, limit, read):
    priced, removed = parts
    text = section(Section("production", catalogue(*priced, *removed)), Options(limit, LINK))
    short = without_details(text, LINK)
    assert len(text) <= limit
    assert read.balanced(short)
    assert "```diff" not in short
    if "<!-- reconciler:details -->" in text:
        before, rest = text.split("<!-- reconciler:details -->")
        after = rest.split("<!-- /reconciler:details -->")[1]
        assert short == f"{before}Every detail is left out here to fit: [the whole plan](<{LINK}>).{after}"
    else:
        assert short == text


@pytest.mark.parametrize("limit", [0, 1, 300])
def test_where_there_is_no_room_at_all_it_says_so_under_its_heading(limit, read):
    text = section(Section("production", catalogue(*distinct(40))), Options(limit, LINK))
    assert text.startswith(
        "#### `production`\n\n> [!CAUTION]\n> **Nothing of 1 environment fits here.** Do not approve"
    )
    assert read.balanced(text)
