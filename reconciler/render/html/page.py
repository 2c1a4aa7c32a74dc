"""The page: every part worked out, put into its template, and sealed by a content security policy."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reconciler.model import Plan
from reconciler.render import words
from reconciler.render.html import about, curves, customers, guards, objects, pricing, steps
from reconciler.render.html.drawing import draw
from reconciler.render.html.graph import graph
from reconciler.render.html.headline import headline
from reconciler.render.html.text import anchor, finalize, parts, place, ticked

_ALLOWED = "allow.used"
"""The rule of a warning that somebody gave a reason for."""


def plan(plan: Plan) -> str:
    """The page of a plan; ends with a newline. The same plan gives the same bytes."""
    prices = pricing.rows(plan)
    style, script = _asset("page.css"), _asset("page.js")
    return _environment().get_template("page.html").render(
        plan=plan,
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        head=headline(plan, prices),
        guards=guards.guards(plan),
        rulings=guards.rulings(plan),
        prices=prices,
        curves=curves.views(plan),
        bills=customers.bills(plan),
        affected=customers.affected(plan),
        real=customers.real(plan),
        objects=objects.views(plan),
        choices=objects.choices(plan),
        drawing=draw(graph(plan)),
        steps=steps.views(plan),
        about=about.facts(plan),
    )  # fmt: skip


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reconciler.render.html"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(anchor=anchor, place=place, plural=words.plural, parts=parts, allowed=_ALLOWED)
    environment.filters["ticked"] = ticked
    return environment


@cache
def _asset(name: str) -> Markup:
    """A file of our own, as it stands inside the page."""
    return Markup(files("reconciler.render.html").joinpath("templates", name).read_text(encoding="utf-8"))  # noqa: S704


def _hash(text: Markup) -> str:
    """What the content security policy knows an inlined file by."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
