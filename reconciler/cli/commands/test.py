"""``reconciler test``: the price tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import parsing
from reconciler.cli.common import common_options, examples
from reconciler.cli.console import Console, console
from reconciler.cli.opening import open_contexts
from reconciler.cli.options import Where, fleet_options, paths_argument

if TYPE_CHECKING:
    from reconciler.pricing import PriceTest

Results = Mapping[str, "tuple[PriceTest, ...]"]


@click.command(
    "test",
    epilog=examples(
        "reconciler test                           every scenario of the default environment",
        "reconciler test -e '*'                    of every environment",
        "reconciler test --target 'Scenario/studio*'",
        "reconciler test --format junit > prices.xml",
        "reconciler explain Scenario               what a scenario says",
    ),
)
@paths_argument
@fleet_options
@click.option(
    "--target",
    "targets",
    multiple=True,
    callback=parsing.addresses,
    metavar="Scenario/KEY",
    help="Only this scenario. Repeatable, takes globs.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "junit"]),
    default="text",
    show_default=True,
    help="How to print.",
)
@common_options
@click.pass_context
def command(ctx: click.Context, paths: tuple[Path, ...], where: Where, targets: tuple[str, ...], form: str) -> None:
    """Bill the declared scenarios and hold them to what they expect.

    A scenario (kind: Scenario) is a customer: a plan, add-ons and usage. With `expect` it is a price test. Bills are
    worked out from the manifests as OpenMeter works them out; a server is asked only where a test compares with what
    is live (increaseVs: {live: …}).

    Ends with 1 if a test fails or a scenario cannot be billed. `plan` runs the same tests.
    """
    from reconciler import workflow

    screen = console(ctx)
    contexts = open_contexts(ctx, where, paths)
    request = workflow.TestRequest(targets)
    results = {context.environment.name: workflow.run_price_tests(context, request) for context in contexts}
    _print(results, screen, form)
    ctx.exit(1 if any(not one.passed for found in results.values() for one in found) else 0)


def _print(results: Results, screen: Console, form: str) -> None:
    from reconciler.render import price_tests_json, price_tests_junit, price_tests_text

    if form == "json":
        screen.data(price_tests_json.dumps(results))
    elif form == "junit":
        screen.data(price_tests_junit.dumps(results))
    elif not results:
        screen.say("No environment in this share.")
    else:
        sections = [price_tests_text.price_tests(found, screen.out) for found in results.values()]
        heads = [screen.out.paint(f"{name}:", "bold") + "\n" if len(results) > 1 else "" for name in results]
        screen.show("\n".join(head + section for head, section in zip(heads, sections, strict=True)))
