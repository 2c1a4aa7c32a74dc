"""Expressions: what is wrong with one is told in words and at its place; what cannot be told is no answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.expressions.engine import Expression, compiled
from reconciler.expressions.variables import RECORDS, VARIABLES

TOKENS = [
    *(
        "change",
        "plan",
        "change.percent",
        "change.key",
        "change.fields",
        "plan.changes",
        "plan.at",
        ".after",
        "f.percent",
    ),
    *(
        ".exists(f,",
        ".getHours()",
        "size(",
        "int(",
        "dyn(",
        "(",
        ")",
        "[",
        "]",
        "[0]",
        "{}",
        "true",
        "null",
        "20",
        "20.0",
    ),
    *(
        "'x'",
        '"',
        ">",
        "<",
        "==",
        "!=",
        "&&",
        "||",
        "!",
        "?",
        ":",
        "in",
        "and",
        "=",
        "-",
        "+",
        "/",
        "%",
        "@",
        "\n",
        "é",
    ),
]
EMPTY = {"string": "", "bool": False, "int": 0, "double": 0.0, "int?": None, "dyn": None, "timestamp": None}


def nothing(record):
    """A record whose every value is empty."""
    return {one.name: _nothing(one.type) for one in RECORDS[record].attributes}


def _nothing(kind):
    if kind.startswith("list("):
        return []
    return nothing(kind) if kind in RECORDS else EMPTY[kind]


def ask(text, **change):
    """What an expression says of a change that is empty but for this."""
    found = compiled(text)
    assert isinstance(found, Expression), found
    facts = {"change": {**nothing("Change"), **change}, "plan": nothing("Plan")}
    return found.ask({name: found.value(name, facts[name]) for name in found.variables})


def wrong(text):
    found = compiled(text)
    assert isinstance(found, tuple), found
    return [(fault.line, fault.column, fault.message) for fault in found]


WRONG = [
    ("change.percent > 20", 1, 16, "write the number with a point, such as `20.0`"),
    ("change.percnt > 20.0", 1, 7, "a change has no `percnt`; did you mean `percent`?"),
    ('change.fields.exists(f, f.pth == "x")', 1, 26, "a field of a change has no `pth`; did you mean `path`?"),
    ("plan.summary.crate > 1", 1, 13, "a summary has no `crate`; did you mean `create`?"),
    ('chnge.key == "a"', 1, 6, "there is no variable `chnge`; did you mean `change`?"),
    ('os.environ == "a"', 1, 3, "there is no variable `os`; there are `change` and `plan`"),
    ("foo(change.key)", 1, 4, "there is no function `foo`"),
    ('change.key.startWith("a")', 1, 21, "there is no function `startWith`; did you mean `startsWith`?"),
    ('change.key\n  == 3 || change.kind == "x"', 2, 3, "`==` cannot be used with a text and a whole number"),
    ("change.key ==", 1, 14, "the expression ends too early"),
    ('change.key = "a"', 1, 12, "CEL has no `=`; write `==`"),
    ('change.key == "a" and true', 1, 19, "CEL has no `and`; write `&&`"),
    ("change.percent", 1, 1, "a rule is true or false, and this is a number with a point (double)"),
    ("change.fields[0].after", 1, 1, "a rule is true or false, and this is a value of any type"),
    ("(" * 40 + "true" + ")" * 40, 1, 1, "it is nested too deeply"),
    ('change.class == "price-rasing"', 1, 18, "no `class` is ever `price-rasing`; did you mean `price-raising`?"),
    (
        'true ||\n "destructve" in change.classes',
        2,
        3,
        "no `classes` is ever `destructve`; did you mean `destructive`?",
    ),
    ('change.class in ["additive", "price-up"]', 1, 31, "no `class` is ever `price-up`"),
    ('plan.changes.exists(c, c.kind == "Plans")', 1, 35, "no `kind` is ever `Plans`; did you mean `Plan`?"),
    ('change.key.matches("(")', 1, 20, "invalid regular expression: missing ): ("),
    ("change.kind == 'Plan' &&\n  change.key.matches(r'\\d[')", 2, 22, "invalid regular expression: missing ]"),
    ('plan.changes.exists(c, c.key.matches("(?=a)"))', 1, 38, "invalid perl operator: (?="),
    ('plan.at.getDayOfWeek("Europa/Berlin") == 5', 1, 1, "Invalid timezone"),
    ("change.fields", 1, 1, "a rule is true or false, and this is a list; compare it with something"),
    ("change.key @ 3", 1, 12, "`@` is unexpected here"),
    ('change.key == "\ud800"', 1, 1, "half a surrogate pair"),
    ('plan.mode != "rolback"', 1, 15, "no `mode` is ever `rolback`; did you mean `rollback`?"),
]


@pytest.mark.parametrize(("text", "line", "column", "says"), WRONG, ids=[row[0][:40] for row in WRONG])
def test_what_is_wrong_is_told_at_its_place(text, line, column, says):
    first = wrong(text)[0]
    assert first[:2] == (line, column)
    assert says in first[2]


def test_every_mistake_of_an_expression_is_told_at_once():
    assert [row[:2] for row in wrong('change.keys == "a" || plan.modes == "b"')] == [(1, 7), (1, 27)]


TRUE = [
    'change.class == "price-raising" && change.percent > 20.0',
    '"destructive" in change.classes',
    'change.fields.exists(f, f.path.endsWith(".amount") && f.after > 100.0)',
    "change.bills.all(b, b.percent < 1.0)",
    'change.address.matches("^Plan/[a-z]+$")',
    "change.fields[0].before == null",
    "change.subscriptions == null || change.subscriptions > 100",
]


@pytest.mark.parametrize("text", TRUE)
def test_what_holds_is_true(text):
    field = {"path": "x.amount", "before": None, "after": 120.0, "percent": 0.0, "currency": "USD"}
    found = ask(
        text,
        **{"class": "price-raising", "classes": ["price-raising", "destructive"]},
        percent=20.5,
        fields=[field],
        address="Plan/pro",
        subscriptions=101,
    )
    assert found is True


def test_what_was_free_rises_more_than_any_number():
    assert ask("change.percent > 1000000.0", percent=float("inf")) is True


UNTOLD = [
    ("change.subscriptions > 100", "a value that it compares is not known"),
    ("change.before_version / change.after_version > 2", "divide by zero"),
    ('change.fields[3].path == "a"', "Index"),
    ("change.fields[0].after > 3.0 || change.key > change.address", "Index"),
]


@pytest.mark.parametrize(("text", "why"), UNTOLD, ids=[row[0] for row in UNTOLD])
def test_what_cannot_be_told_is_neither_true_nor_false(text, why):
    found = ask(text)
    assert isinstance(found, str)
    assert why in found


def test_what_cannot_be_told_does_not_matter_where_the_rest_decides():
    assert ask('change.key == "b" && change.subscriptions > 100', key="a") is False
    assert ask('change.key == "a" || change.subscriptions > 100', key="a") is True


def test_an_expression_that_takes_too_many_steps_stops():
    numbers = "[1,2,3,4,5,6,7,8,9,0]"
    text = "true"
    for name in "abcdefg":
        text = f"{numbers}.all({name}, {text})"
    assert ask(text) == "it takes too many steps"


@given(st.lists(st.sampled_from(TOKENS), max_size=12))
def test_whatever_somebody_writes_is_an_expression_or_has_a_fault_with_a_place(tokens):
    text = " ".join(tokens)
    found = compiled(text)
    if isinstance(found, tuple):
        assert found
        assert all(fault.message and "reconciler." not in fault.message for fault in found)
        assert all(1 <= fault.line <= text.count("\n") + 1 and fault.column >= 1 for fault in found)
    else:
        facts = {"change": nothing("Change"), "plan": nothing("Plan")}
        assert isinstance(found.ask({name: found.value(name, facts[name]) for name in found.variables}), bool | str)


def test_it_is_known_which_variables_an_expression_names():
    def named(text):
        return compiled(text).variables

    assert named("change.percent > 1.0 && plan.complete") == {"change", "plan"}
    assert named("plan.changes.exists(change, change.percent > 1.0)") == {"plan"}
    assert named("true") == set()


def test_a_list_of_the_plan_is_there_however_it_is_named():
    found = compiled("plan . changes\n.exists(c, c.percent > 20.0)")
    steep = {**nothing("Change"), "percent": 21.0}
    assert found.ask({"plan": found.value("plan", {**nothing("Plan"), "changes": [steep]})}) is True


def test_every_attribute_of_every_record_can_be_named():
    for name, record in VARIABLES.items():
        for one in record.attributes:
            assert isinstance(compiled(f"{name}.{one.name} == {name}.{one.name}"), Expression)
            assert one.meaning


def test_text_that_no_utf8_can_hold_is_no_error():
    assert ask('change.key != "a"', key="\ud800") is True
