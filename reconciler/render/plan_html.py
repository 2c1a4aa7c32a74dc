"""A plan as one page that needs nothing else: the Markdown of a pull request, with the curves of its prices.

No script, no font, no address: it can be sent, printed, read on a phone and in the dark.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape as html
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from reconciler.model import Plan
from reconciler.render import chart, plan_markdown
from reconciler.render.escape import escape

_WHOLE = 10**9
"""A page has no limit."""

_CLASSES = {"+": "come", "-": "gone", "!": "said"}
_STYLE = """\
:root{color-scheme:light dark;--line:#d0d7de;--soft:#f6f8fa;--come:#dafbe1;--gone:#ffebe9;--said:#fff8c5}
@media (prefers-color-scheme:dark){:root{--line:#30363d;--soft:#161b22;--come:#12361f;--gone:#4b1a1d;--said:#3b2f0b}}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:64rem;padding:1rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;margin:.5rem 0}
th,td{border:1px solid var(--line);padding:.3rem .6rem;white-space:nowrap}
th{background:var(--soft);text-align:left}
code,pre{font:13px/1.5 ui-monospace,monospace}
code{background:var(--soft);border-radius:4px;padding:.1rem .3rem;overflow-wrap:anywhere}
h1 code{font-size:inherit;font-family:inherit}
pre{border:1px solid var(--line);border-radius:6px;overflow-x:auto}
pre span{display:block;padding:0 .6rem;white-space:pre}
.come{background:var(--come)}.gone{background:var(--gone)}.said{background:var(--said)}
details{border:1px solid var(--line);border-radius:6px;margin:.5rem 0;padding:.4rem .8rem}
summary{cursor:pointer}
figure{margin:1rem 0;max-width:40rem}
svg{width:100%;height:auto}
@media print{body{max-width:none}details{break-inside:avoid}}"""


def plan(plan: Plan) -> str:
    """The page; ends with a newline."""
    title = html(escape(f"Plan for {plan.target.environment}"))
    text = plan_markdown.plan(plan, limit=_WHOLE).replace("###", "#", 1)
    body = _reader().render(text).replace("<table>", '<div class="wide"><table>').replace("</table>", "</table></div>")
    parts = [
        "<!doctype html>",
        '<html lang="en">',
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title>",
        f"<style>{_STYLE}</style>",
        "<main>",
        body.rstrip(),
        *_charts(plan),
        "</main>",
        "</html>",
    ]
    return "\n".join(parts) + "\n"


def _charts(plan: Plan) -> Iterator[str]:
    if plan.curves:
        yield "<h2>Prices against the quantity</h2>"
    for curve, (_, drawn) in zip(plan.curves, chart.of_plan(plan.curves), strict=True):
        caption = html(escape(f"{curve.plan}, {curve.phase}: what {curve.feature} costs in a period, before and after"))
        yield f"<figure>\n{drawn}<figcaption>{caption}</figcaption>\n</figure>"


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    reader.add_render_rule("fence", _fence)
    return reader


def _fence(renderer: Any, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:  # noqa: ANN401, ARG001
    """A diff, each line with its colour."""
    lines = tokens[at].content.rstrip("\n").split("\n")
    shown = (f'<span class="{_CLASSES.get(line[:1], "same")}">{html(line)}</span>' for line in lines)
    return f"<pre>{''.join(shown)}</pre>\n"
