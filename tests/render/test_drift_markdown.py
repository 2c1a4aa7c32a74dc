"""Drift for an issue: what moved, who moved it, what to do; nothing hostile, never too long."""

from __future__ import annotations

import pytest

from reconciler.model import Address, ChangeClass, Drift, Drifted, DriftField, FieldChange, Location, Target
from reconciler.render.drift_markdown import DriftSection, drift, drifts
from reconciler.render.plan_markdown import Options

EVIL = "a | b `c` <img src=x> @everyone #12 https://evil.example\n::error::no\x1b[31m --> </details>"


def moved(key="pro", origin="outside", title=None, **more):
    field = DriftField(FieldChange("name", "Pro", "Clicked", Location("catalog/plans.yaml", 6)), origin)
    facts = {"fields": (field,), "location": Location("catalog/plans.yaml", 4), "healable": True, **more}
    return Drifted(Address("Plan", key), "changed", origin, title or f"Plan/{key} is not as declared", **facts)


def found(*objects, environment="production", **more):
    return Drift(Target(environment, "https://openmeter.example", "01J9"), "acme", objects, unchanged=12, **more)


def test_live_as_declared_is_one_sentence():
    text = drift(found())
    assert text.startswith("### Drift: none, live is as declared\n")
    assert "| `production` | as declared |  |" in text
    assert "####" not in text


def test_what_moved_outside_is_a_row_and_a_diff_from_declared_to_live(read):
    text = drift(found(moved(classes=(ChangeClass.PRICE_RAISING,)), base="v14"))
    assert text.startswith("### Drift: 1 object of `production` is not as declared\n")
    assert "| **`production`** | **1 object differs** | 1 outside |" in text
    row = "| `Plan/pro` (`catalog/plans.yaml:4`) | is not as declared | somebody outside | `price-raising` |"
    assert row in text
    assert "- name: Pro\n+ name: Clicked" in text
    assert "Compared with what was declared at `v14`." in text
    assert "- To keep it, write it into the manifests: `reconciler accept -e production`" in text
    assert read.balanced(text)


def test_the_version_that_is_not_as_declared_is_told_as_a_sentence():
    text = drift(found(moved(title="Plan/pro: the active version 3 is not as declared")))
    assert " | the active version 3 is not as declared | " in text
    assert "\n`Plan/pro`: the active version 3 is not as declared.  \n" in text


def test_what_the_manifests_changed_reads_from_live_to_declared_and_asks_for_no_accept():
    text = drift(found(moved(origin="manifest")))
    assert "- name: Clicked\n+ name: Pro" in text
    assert "the manifests, not applied yet" in text
    assert "accept" not in text


def test_fields_that_both_sides_moved_say_so_each():
    fields = (
        DriftField(FieldChange("name", "Pro", "Clicked"), "outside"),
        DriftField(FieldChange("description", "new", "old"), "manifest"),
    )
    text = drift(found(moved(origin="both", fields=fields)))
    assert "- name: Pro\n+ name: Clicked\n! changed outside\n" in text
    assert "- description: old\n+ description: new\n! changed in the manifests, not applied\n" in text


def test_of_several_environments_each_has_a_row_and_those_that_moved_a_section():
    text = drifts(
        [
            DriftSection("eu", found(moved(), environment="eu")),
            DriftSection("staging", None, "no connection\nto it"),
            DriftSection("us", found(environment="us")),
        ]
    )
    assert text.startswith("### Drift: 1 object of `eu` is not as declared; `staging` could not be compared\n")
    assert [line for line in text.split("\n") if line.startswith("####")] == ["#### `eu`", "#### `staging`"]
    assert "| `staging` | **not known**: no connection |  |" in text
    assert "| `us` | as declared |  |" in text


def test_text_of_others_breaks_nothing(read):
    one = moved(EVIL, fields=(DriftField(FieldChange(EVIL, EVIL, EVIL + "!"), "outside"),), notes=(EVIL,))
    text = drifts([DriftSection(EVIL, found(one, base=EVIL)), DriftSection("x", None, EVIL)])
    outside = read.outside_code(text)
    assert read.balanced(text)
    assert "\x1b" not in text
    assert not any(word in outside for word in ("everyone", "<img", "evil.example", "#12"))


@pytest.mark.parametrize("limit", [3_000, 65_000])
def test_it_is_never_longer_than_the_limit(read, limit):
    text = drift(found(*(moved(f"plan_{at}") for at in range(3_000))), Options(limit))
    assert len(text) <= limit
    assert read.balanced(text)
    assert "3,000 objects differ" in text
