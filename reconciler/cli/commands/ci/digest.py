"""``reconciler ci digest``: the digest of what plans change."""

from __future__ import annotations

import json
from pathlib import Path

import click

from reconciler.cli.commands.ci import host
from reconciler.cli.common import common_options, examples
from reconciler.cli.console import console
from reconciler.cli.format_options import format_option
from reconciler.cli.options import FILE


@click.command(
    "digest",
    epilog=examples(
        "reconciler ci digest --plan staging.plan --plan production.plan",
        "reconciler ci digest --plan production.plan --format json | jq -r '.environments[].change_digest'",
    ),
)
@click.option(
    "--plan", "plans", type=FILE, multiple=True, required=True, help="A plan that `plan -o` saved. Repeatable."
)
@format_option
@common_options
@click.pass_context
def command(ctx: click.Context, plans: tuple[Path, ...], form: str) -> None:
    """Print the digest of what plans change.

    It is the same for the same change planned twice, with or without the consents that it needs: what was approved in a
    pull request and what would be applied after its merge are one change where their digests are equal. Works anywhere.
    """
    from reconciler.ci.given import gather
    from reconciler.render.escape import escape

    made = gather(host.files(plans))
    if form == "text":
        text = "".join(f"{escape(name)} {one.change_digest}\n" for name, one in made.items())
    else:
        rows = [
            {"environment": name, "change_digest": one.change_digest, "plan_digest": one.plan_digest}
            for name, one in made.items()
        ]
        text = json.dumps({"format_version": "1.0", "environments": rows}, indent=2, ensure_ascii=False) + "\n"
    console(ctx).data(text)
