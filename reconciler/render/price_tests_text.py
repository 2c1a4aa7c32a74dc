"""Price tests for people: a table of what was expected and what came, and the whole bill where they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from reconciler.model import Bound, Expectation, Increase
from reconciler.pricing import Miss, PriceTest
from reconciler.render import bill_text, table, words
from reconciler.render.escape import escape
from reconciler.render.money import coins
from reconciler.render.style import Style

_HEAD = ("", "SCENARIO", "EXPECTED", "GOT", "DIFFERENCE")
_NONE = "No scenarios are declared. A customer and what they are to pay: reconciler explain Scenario"


def price_tests(results: Sequence[PriceTest], style: Style) -> str:
    """The table, the bill of every failed test, the notes, and as the last line how many passed."""
    if not results:
        return _NONE + "\n"
    rows = [row for result in results for row in _rows(result, style)]
    out = table.lines(_HEAD, rows, style)
    for result in results:
        if not result.passed:
            out += ["", *_failed(result, style)]
    notes = [f"Scenario/{result.scenario.key}: {note}" for result in results for note in result.notes]
    for number, note in enumerate(notes):
        out += ["", *style.wrap(escape(note), first="Note: ", rest="  ")] if not number else [f"Note: {escape(note)}"]
    return "\n".join([*out, "", style.paint(counted(results), "bold")]) + "\n"


def counted(results: Sequence[PriceTest]) -> str:
    """How many passed and failed: ``3 of 4 price tests passed, 1 failed. 1 scenario expects nothing``."""
    tests = [one for one in results if one.scenario.expect is not None or not one.passed]
    failed = sum(not one.passed for one in tests)
    if not tests:
        return f"{words.plural(len(results), 'scenario')}, none of which expects anything: nothing was tested."
    said = f"{len(tests) - failed} of {words.plural(len(tests), 'price test')} passed"
    said += f", {failed} failed." if failed else "."
    idle = len(results) - len(tests)
    verb = "expects" if idle == 1 else "expect"
    return f"{said} {words.plural(idle, 'scenario')} {verb} nothing." if idle else said


def _rows(result: PriceTest, style: Style) -> Iterator[list[table.Cell]]:
    key, total = table.Cell(escape(result.scenario.key)), _total(result)
    if result.refused is not None:
        yield [_mark(style, good=False), key, table.Cell("a bill"), table.Cell("none", "red"), table.Cell("")]
    elif result.scenario.expect is None:
        yield [table.Cell("-"), key, table.Cell("nothing"), table.Cell(total), table.Cell("")]
    elif result.passed:
        expected = table.Cell(expectation(result.scenario.expect, result.bill.currency if result.bill else ""))
        yield [_mark(style, good=True), key, expected, table.Cell(total), table.Cell("")]
    else:
        for number, miss in enumerate(result.misses):
            first = (_mark(style, good=False), key) if not number else (table.Cell(""), table.Cell(""))
            yield [*first, *_missed(miss)]


def _mark(style: Style, *, good: bool) -> table.Cell:
    return table.Cell(style.glyph("✓", "ok"), "green") if good else table.Cell(style.glyph("✗", "x"), "red")


def _missed(miss: Miss) -> list[table.Cell]:
    off = _signed(miss.difference) if miss.difference is not None else ""
    name = "" if miss.what in ("atMost", "atLeast") or miss.what.startswith("increaseVs.") else f"{miss.what} "
    return [table.Cell(escape(f"{name}{miss.expected}")), table.Cell(escape(miss.got), "red"), table.Cell(off)]


def _signed(number: Decimal) -> str:
    return f"{'-' if number < 0 else '+'}{coins(abs(number))}"


def _total(result: PriceTest) -> str:
    return f"{coins(result.bill.total)} {result.bill.currency}" if result.bill else ""


def _failed(result: PriceTest, style: Style) -> Iterator[str]:
    scenario = result.scenario
    mark = style.paint(style.glyph("✗", "x"), "red")
    yield f"{mark} {style.paint(escape(f'Scenario/{scenario.key}'), 'bold')}  {escape(str(scenario.location))}"
    if result.refused is not None:
        yield from style.wrap(f"it cannot be billed: {escape(result.refused)}", first="  ", rest="    ")
    for miss in result.misses:
        yield from style.wrap(f"{escape(str(miss.location))}: {escape(miss.sentence)}", first="  ", rest="    ")
    if result.bill is not None:
        inner = Style(style.colour, style.unicode, min(style.columns, 100) - 4)
        yield from (f"    {line}" for line in bill_text.bill(result.bill, inner).splitlines())


def expectation(expect: Expectation, currency: str) -> str:
    """What is expected, short: ``20.00 USD, 2 lines, at most 10% above live``."""
    parts = [f"{coins(expect.total)} {currency}"] if expect.total is not None else []
    parts += [f"at least {coins(expect.at_least)} {currency}"] if expect.at_least is not None else []
    parts += [f"at most {coins(expect.at_most)} {currency}"] if expect.at_most is not None else []
    parts += [words.plural(len(expect.lines), "line")] if expect.lines else []
    parts += [_increase(increase, currency) for increase in expect.increases]
    return escape(", ".join(parts))


def _increase(increase: Increase, currency: str) -> str:
    bounds = (("at least", increase.at_least), ("at most", increase.at_most))
    said = [f"{name} {_bound(bound, currency)}" for name, bound in bounds if bound is not None]
    return f"{' and '.join(said)} above {increase.versus}"


def _bound(bound: Bound, currency: str) -> str:
    return str(bound) if bound.percent else f"{coins(bound.value)} {currency}"
