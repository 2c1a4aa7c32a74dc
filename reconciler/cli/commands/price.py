"""``reconciler price``: what a customer of a plan pays for given usage."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from reconciler.cli.common import common_options, examples
from reconciler.cli.console import Console, console
from reconciler.cli.opening import open_context
from reconciler.cli.options import FILE, Where, where_options
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.model import Desired
    from reconciler.workflow.pricing import PriceRequest

T = TypeVar("T")

_RANGE = re.compile(r"(?:(?P<feature>[^=]+)=)?(?P<least>[^.]+(?:\.\d+)?)\.\.(?P<most>.+)")


@click.command(
    "price",
    epilog=examples(
        "reconciler price pro --usage tokens=1200000",
        "reconciler price pro --usage tokens=1200000 --addon priority=2 --periods 12",
        "reconciler price pro --signs-up --periods 3        trial and stub included",
        "reconciler price pro --at tokens=0..1e6            the bill against the quantity",
        "reconciler price pro --at 0..1e6 --chart pro.svg",
    ),
)
@click.argument("plan", metavar="PLAN")
@where_options
@click.option("--usage", multiple=True, metavar="FEATURE=N", help="Units in every billing period. Repeatable.")
@click.option("--addon", "addons", multiple=True, metavar="KEY[=N]", help="Bought with the plan. Repeatable.")
@click.option("--phase", metavar="KEY", help="The phase that the customer is in (default: the last).")
@click.option("--signs-up", is_flag=True, help="From the first day on: trials, ramps and prorated stubs included.")
@click.option("--periods", type=click.IntRange(min=1), default=1, show_default=True, help="Billing periods.")
@click.option("--at", "span", metavar="[FEATURE=]FROM..TO", help="The bill at many quantities of one feature.")
@click.option("--chart", type=FILE, help="With --at: draw it as an SVG.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    plan: str,
    where: Where,
    usage: tuple[str, ...],
    addons: tuple[str, ...],
    phase: str | None,
    signs_up: bool,
    periods: int,
    span: str | None,
    chart: Path | None,
    form: str,
) -> None:
    """Work out a bill, to the last rounding, and explain its lines.

    PLAN is the key of a declared plan. Nothing is asked of a server: the bill is computed from the manifests the way
    OpenMeter computes it. Add-ons are those that the plan offers. Taxes are not included.
    """
    from reconciler import workflow
    from reconciler.workflow.pricing import PriceRequest

    if chart is not None and span is None:
        raise UsageError("--chart needs --at FROM..TO: what is drawn is the bill against a quantity")
    request = PriceRequest(
        plan=plan.removeprefix("Plan/"),
        usage=dict(_pair(text, "--usage", _number) for text in usage),
        addons=dict(_pair(text if "=" in text else f"{text}=1", "--addon", _count) for text in addons),
        phase=phase,
        signs_up=signs_up,
        periods=periods,
    )
    desired = workflow.load_desired(open_context(ctx, where))
    screen = console(ctx)
    if span is None:
        _bill(desired, request, screen, form)
    else:
        _curve(desired, request, screen, form, span, chart)


def _bill(desired: Desired, request: PriceRequest, screen: Console, form: str) -> None:
    from reconciler.render import bill_json, bill_text
    from reconciler.render.style import Style
    from reconciler.workflow.pricing import price

    found = price(desired, request)
    style = Style(screen.out.colour, screen.out.unicode, min(screen.out.width, 100))
    if form == "json":
        screen.data(bill_json.bill(found))
    else:
        screen.show(bill_text.bill(found, style) + "\n")


def _curve(desired: Desired, request: PriceRequest, screen: Console, form: str, span: str, chart: Path | None) -> None:
    from reconciler.cli import files
    from reconciler.model import Address
    from reconciler.render import bill_json, bill_text
    from reconciler.render import chart as drawing
    from reconciler.workflow.pricing import metered_features, price_curve, spec_of

    spec = spec_of(desired, Address("Plan", request.plan))
    feature, least, most = _span(span, metered_features(spec))
    found, currency = price_curve(desired, request, feature, least, most), str(spec.get("currency"))
    if chart is not None:
        series = [drawing.Series(f"Plan/{request.plan}", found)]
        files.write(chart, drawing.svg(f"{request.plan}: bill against {feature}", currency, feature, series))
        screen.say(f"Wrote {chart}")
    if form == "json":
        screen.data(bill_json.points(found, currency))
    else:
        screen.show(bill_text.points(found, currency, screen.out) + "\n")


def _span(text: str, features: tuple[str, ...]) -> tuple[str, Decimal, Decimal]:
    """The feature and the ends of a range; the feature may be left out where only one is priced by usage."""
    match = _RANGE.fullmatch(text)
    if match is None:
        raise UsageError(f"--at `{text}`: write it like `0..1000000`, or `tokens=0..1e6`")
    feature = match["feature"] or (features[0] if len(features) == 1 else None)
    if feature is None:
        raise UsageError(f"--at `{text}`: name the feature, one of {', '.join(features) or 'none'}: `FEATURE={text}`")
    return feature, _number(match["least"], "--at"), _number(match["most"], "--at")


def _pair(text: str, option: str, read: Callable[[str, str], T]) -> tuple[str, T]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise UsageError(f"{option} `{text}`: write it like `{option} KEY=10`")
    return name, read(value, option)


def _number(text: str, option: str) -> Decimal:
    """A quantity; ``1e6`` and ``1_000_000`` are fine here."""
    try:
        found = Decimal(text.replace("_", ""))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or found < 0:
        raise UsageError(f"{option}: `{text}` is no quantity; write a number from 0 up")
    return found


def _count(text: str, option: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise UsageError(f"{option}: `{text}` is no number of add-ons; write 1 or more")
    return int(text)
