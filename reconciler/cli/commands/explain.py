"""``reconciler explain``: the schema of the kinds, for people."""

from __future__ import annotations

import click

from reconciler.cli.common import common_options, examples
from reconciler.cli.console import console
from reconciler.cli.format_options import format_option
from reconciler.errors import UsageError
from reconciler.render.style import Style


def _complete_kind(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    del ctx, param
    from reconciler.kinds.registry import KINDS

    return [name for name in KINDS if name.lower().startswith(incomplete.lower())]


@click.command(
    "explain",
    epilog=examples(
        "reconciler explain                      all kinds",
        "reconciler explain Plan                 its fields, rules, and an example",
        "reconciler explain Plan.phases.rateCards.price",
        "reconciler explain --rules              everything that `validate` refuses, and why",
        "reconciler explain --reasons            exit codes, and the reasons that `--summary` tells",
    ),
)
@click.argument("path", metavar="[KIND[.FIELD]...]", required=False, shell_complete=_complete_kind)
@click.option("--rules", is_flag=True, help="List the rules of all kinds, or of KIND.")
@click.option("--reasons", is_flag=True, help="List the reasons for which a command does not end well.")
@format_option
@common_options
@click.pass_context
def command(ctx: click.Context, path: str | None, rules: bool, reasons: bool, form: str) -> None:
    """What a kind and its fields mean.

    Types, required fields, defaults, references to other kinds, what cannot be changed later, and an example. Needs
    no project and no network.
    """
    screen = console(ctx)
    if reasons:
        if path or rules:
            raise UsageError("--reasons is about commands: give no KIND and no --rules")
        screen.data(_reasons(form, screen.out))
        return
    screen.data(_rules(path, form, screen.out) if rules else _schema(path, form, screen.out))


def _rules(path: str | None, form: str, style: Style) -> str:
    from reconciler.render import explain, explain_text

    own = explain.explain(path).rules if path else explain.every_rule()
    found = {rule.id: rule for rule in own}
    ordered = [found[key] for key in sorted(found)]
    return explain_text.rules_json(ordered) if form == "json" else explain_text.rules(ordered, style)


def _reasons(form: str, style: Style) -> str:
    from reconciler.render import reasons_text

    return reasons_text.as_json() if form == "json" else reasons_text.table(style)


def _schema(path: str | None, form: str, style: Style) -> str:
    from reconciler.kinds.registry import KINDS
    from reconciler.render import explain, explain_text

    if path is None:
        kinds = KINDS.values()
        return explain_text.overview_json(kinds) if form == "json" else explain_text.overview(kinds, style)
    found = explain.explain(path)
    return explain_text.as_json(found) if form == "json" else explain_text.kind(found, style)
