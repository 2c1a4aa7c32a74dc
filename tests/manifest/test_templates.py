import re
from decimal import Decimal

import pytest

from reconciler.manifest.templates import TemplateError, Templates

VARS = {"price": Decimal("19.99"), "seats": 3, "name": "pro", "trial": True, "items": "x", "tenth": Decimal("0.1")}


@pytest.fixture
def templates():
    return Templates("staging", VARS, [*VARS, "unset"])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ vars.price }}", Decimal("19.99")),
        ("{{vars.seats}}", 3),
        ("{{ vars.trial }}", True),
        ("{{ vars['name'] }}", "pro"),
        ("{{ vars.items }}", "x"),
        ("{{ environment.name }}", "staging"),
        ("{{ vars.price * 12 }}", Decimal("239.88")),
        ("{{ vars.tenth + 0.2 }}", Decimal("0.3")),
        ("{{ vars.seats + 1 }}", 4),
        ("{{ vars.tenth * 10 }}", Decimal(1)),
        ("{{ vars.seats / 2 }}", Decimal("1.5")),
        ("{{ 10 // 4 }}", 2),
        ("{{ 10 % 4 }}", 2),
        ("{{ 2 ** 10 }}", 1024),
        ("{{ -vars.price }}", Decimal("-19.99")),
        ("{{ 0.1234567890123456789012345678901234567890 * 1 }}", Decimal("0.123456789012345678901234567890123456789")),
        ("{{ (vars.price / 3) | round(2) }}", Decimal("6.66")),
        ("{{ 2.5 | round }}", Decimal(3)),
        ("{{ 2.5 | round(0, 'half-even') }}", Decimal(2)),
        ("{{ 2.1 | round(0, 'up') }}", Decimal(3)),
        ("{{ -2.9 | round(0, 'down') }}", Decimal(-2)),
        ("{{ 1.9 | int }}", 1),
        ("{{ -1.5 | abs }}", Decimal("1.5")),
        ("{{ [vars.seats, 2.5] | max }}", 3),
        ("{{ [vars.seats, 2.5] | min }}", Decimal("2.5")),
        ("{{ 5 if environment.name == 'production' else 1.5 }}", Decimal("1.5")),
        ("{{ vars.name | upper }}", "PRO"),
        ("{{ vars.name | replace('p', 'b') }}", "bro"),
        ("{{ vars.seats | string }}", "3"),
        ("{{ ['a', vars.name] }}", ["a", "pro"]),
        ("{{ vars.seats > 2 and vars.name == 'pro' }}", True),
        ("{{ vars.nothing is defined }}", None),
    ],
)
def test_a_value_that_is_one_expression_keeps_its_type_and_is_exact(templates, text, value):
    if value is None:
        with pytest.raises(TemplateError):
            templates.render(text)
        return
    found = templates.render(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Plan {{ vars.name }}", "Plan pro"),
        ("{{ vars.price }} USD", "19.99 USD"),
        (" {{ vars.seats }}", " 3"),
        ("{{ vars.seats }}{{ vars.seats }}", "33"),
        ("{{ vars.trial }}!", "true!"),
        ("{{ vars.name ~ vars.price * 100 }}", "pro1999"),
        ("{% if vars.trial %}yes{% else %}no{% endif %}", "yes"),
        ("a{# a comment #}b", "ab"),
        ("{{ 1e3 }}x", "1000x"),
        ("keeps its line end {{ vars.name }}\n", "keeps its line end pro\n"),
    ],
)
def test_other_text_stays_text(templates, text, value):
    assert templates.render(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ vars.name * 3 }}", "works on numbers, not on a string"),
        ("{{ vars.name + 'x' }}", "`~` joins text"),
        ("{{ vars.trial + 1 }}", "not on a bool"),
        ("{{ vars.price / 3 }}", "round it"),
        ("{{ vars.price / 0 }}", "division by zero"),
        ("{{ vars.prise }}", "did you mean `price`"),
        ("{{ vars.unset }}", "no value in environment `staging`"),
        ("{{ enviroment.name }}", "there is no `enviroment`"),
        ("{{ environment.token }}", "there is no `environment.token`"),
        ("{{ vars", "unexpected end"),
        ("{{ vars.name | uper }}", "did you mean `upper`"),
        ("{{ vars.name.upper() }}", "cannot be called"),
        ("{{ vars.__class__ }}", "there is no"),
        ("{{ vars.name.__class__.__mro__ }}", "no part of a value"),
        ("{{ ''.join(['a']) }}", "cannot be called"),
        ("{{ range(10) }}", "cannot be called"),
        ("{{ {'a': 1} }}", "maps cannot be made"),
        ("{% for i in [1] %}x{% endfor %}", "loops are not supported"),
        ("{% set a = 1 %}{{ a }}", "`set` is not supported"),
        ("{% include 'x' %}", "other templates"),
        ("{% import 'x' as x %}", "other templates"),
        ("{% macro a() %}{% endmacro %}", "macros"),
        ("{{ vars }}", "only text, numbers"),
        ("{{ vars.name | round }}", "takes a number"),
        ("{{ vars.name > 2 }}", "not supported"),
    ],
)
def test_what_gives_no_value_is_refused_with_what_to_write(templates, text, message):
    with pytest.raises(TemplateError, match=re.escape(message)):
        templates.render(text)


@pytest.mark.parametrize(
    "text",
    [
        "{{ 9 ** 64 ** 64 }}",
        "{{ 2 ** 10000 }}",
        "{{ " + " * ".join(["999999999"] * 100) + " }}",
        "{{ 'a'" + " | replace('a', 'aaaaaaaaaaaaaaaaaaaa')" * 20 + " }}",
        "{{ " + "(" * 100 + "1" + ")" * 100 + " }}",
        "{{ " + "not " * 900 + "true }}",
        "{{ 1" + "+1" * 1900 + " }}",
        "{{ '" + "a" * 4000 + "' }}",
    ],
)
def test_a_template_that_wants_too_much_is_refused(templates, text):
    with pytest.raises(TemplateError):
        templates.render(text)


def test_only_a_variable_without_a_value_is_told_from_a_mistake(templates):
    with pytest.raises(TemplateError) as unset:
        templates.render("{{ vars.unset * 2 }}")
    with pytest.raises(TemplateError) as wrong:
        templates.render("{{ vars.unst }}")
    assert (unset.value.unset, wrong.value.unset) == (True, False)
