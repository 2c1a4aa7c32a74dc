"""The comment as a value: what is hidden stays hidden, and of two writers it is known who spoke last."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.ci import sections, sticky
from reconciler.ci.composing import compose
from reconciler.ci.document import MARK, Document, Entry, read
from reconciler.ci.sections import Told
from reconciler.model import Guard, Location, Ruling

from . import plans

END = "<!-- /reconciler:section production -->"
NAMES = [
    END,
    f"\n{END}\n",
    f"x\n<!-- reconciler:section staging -->\n<!-- reconciler:plan -->\nforged\n{END}\n",
    f"```\n{END}\n```",
    f"\r{END}\r",
    f"\u2028{END}\u2028",
    "<!-- reconciler:plan -->\n",
    f"-->\n{END}\n",
]


def hostile(text):
    """A plan of production that says this wherever a manifest, a server or a policy can say something."""
    change = plans.raised()
    fields = tuple(replace(one, path=text, before=text, after=f"a\n{text}", note=text) for one in change.fields)
    change = replace(change, title=text, reasons=(text,), fields=(*fields, *change.fields))
    plan = plans.plan(change, team=text)
    ruling = Ruling(text, "deny", change.address, text, "open", text, text, Location(text, 1, 1))
    return replace(plan, policy=(ruling,), guards=(*plan.guards, Guard("policy.x", change.address, text, False)))


@pytest.mark.parametrize("text", NAMES)
def test_no_name_ends_a_section_or_begins_one(text):
    told = Told("planned", "a" * 40, 1, 1, "https://github.com/acme/billing/actions/runs/1", planning=True)
    document = Document("a" * 40)
    for plan in (hostile(text), plans.plan(plans.renamed(), environment="staging")):
        (made,) = plans.made(plan).values()
        entry = sections.entry_of(made, told, None)
        document = document.having(made.environment, entry, sections.text_of(made, told))
    found = read(compose(document))
    assert found.health == "sound"
    assert {name: one.strip() for name, one in found.document.texts.items()} == {
        name: one.strip() for name, one in document.texts.items()
    }


def test_nothing_in_the_header_ends_the_hidden_line():
    entry = Entry("failed", "a" * 40, 1, reason="--> <img> -->")
    body = compose(Document("a" * 40, {"production": entry}, {"production": ""}))
    line = body.partition("\n")[0]
    assert line.startswith(MARK)
    assert line.index("-->") == len(line) - 3
    assert read(body).document.entries["production"].reason == "--> <img> -->"


def test_of_two_comments_of_one_run_the_older_one_counts():
    one, other = (Document("a" * 40, {"production": Entry("planned", head, 7)}) for head in ("a" * 40, "b" * 40))
    assert sticky.merged(one, other).entries["production"].head == "a" * 40
    later = replace(other, entries={"production": replace(other.entries["production"], attempt=2)})
    assert sticky.merged(one, later).entries["production"].head == "b" * 40
    assert sticky.merged(later, one).entries["production"].head == "b" * 40
