from __future__ import annotations

import html
import re
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace

import pytest
from markdown_it import MarkdownIt

from reconciler.model import (
    Action,
    Address,
    Change,
    ChangeClass,
    FieldChange,
    Guard,
    Location,
    Plan,
    PlanSource,
    Problem,
    Sighting,
    Step,
    Target,
)


def _price_change() -> Change:
    return Change(
        Address("Plan", "pro"),
        Action.NEW_VERSION,
        ("create", "publish"),
        (ChangeClass.ADDITIVE, ChangeClass.PRICE_RAISING),
        ("active_plan_is_immutable",),
        (
            FieldChange(
                "phases[main].rateCards[tokens_large].price.tiers[2].unitPrice.amount",
                "0.000002",
                "0.0000025",
                Location("catalog/ratecards.yaml", 10, 3),
                "USD",
                forces="new_version",
            ),
            FieldChange("name", "Pro", "Pro (2027)", Location("catalog/plans.yaml", 6, 3)),
            FieldChange(
                "phases[main].rateCards[seats]",
                None,
                {
                    "type": "usage_based",
                    "key": "seats",
                    "featureKey": "seats",
                    "billingCadence": "P1M",
                    "price": {"type": "unit", "amount": "0.0005", "minimumAmount": "10"},
                },
                Location("catalog/plans.yaml", 40, 9),
            ),
        ),
        Location("catalog/plans.yaml", 4, 1),
        "Plan/pro will be published as version 5; 214 active subscriptions stay on version 4",
        ("add-on priority version 2 attached again",),
        31,
        4,
        5,
    )


def _created_meter() -> Change:
    return Change(
        Address("Meter", "tokens"),
        Action.CREATE,
        ("create",),
        (ChangeClass.ADDITIVE,),
        (),
        (
            FieldChange("name", None, "Tokens of a model"),
            FieldChange("eventType", None, "prompt"),
            FieldChange("aggregation", None, "SUM"),
            FieldChange("valueProperty", None, "$.tokens"),
            FieldChange("groupBy", None, {"model": "$.model", "type": "$.type"}),
        ),
        Location("catalog/meters.yaml", 3, 1),
        "Meter/tokens will be created",
    )


def _replaced_meter() -> Change:
    return Change(
        Address("Meter", "seconds"),
        Action.REPLACE,
        ("delete", "create"),
        (ChangeClass.METERING_SEMANTIC, ChangeClass.DESTRUCTIVE),
        ("immutable_field_changed",),
        (FieldChange("aggregation", "SUM", "MAX", Location("catalog/meters.yaml", 20, 5), forces="replace"),),
        Location("catalog/meters.yaml", 15, 1),
        "Meter/seconds must be replaced",
        unchanged=4,
    )


def _adopted_channel() -> Change:
    return Change(
        Address("NotificationChannel", "ops"),
        Action.ADOPT,
        ("adopt",),
        (ChangeClass.OPERATIONAL,),
        ("unmarked",),
        (FieldChange("signingSecret", None, None, note="(secret, changed)"),),
        Location("catalog/ops.yaml", 3, 1),
        "NotificationChannel/ops exists already and will be adopted: from now on it is managed here",
    )


CHANGES = {
    "price": _price_change,
    "created": _created_meter,
    "replaced": _replaced_meter,
    "adopted": _adopted_channel,
}


def _plan(*names: str) -> Plan:
    changes = tuple(CHANGES[name]() for name in names)
    steps = tuple(
        Step(f"s{index}", change.address, "create", "POST", "/api/v1/x", {"amount": Decimal("0.10")})
        for index, change in enumerate(changes)
    )
    return Plan(
        target=Target("production", "https://openmeter.example", "01J9ABCQ2"),
        project="acme",
        changes=changes,
        steps=steps,
        guards=tuple(
            Guard(change.change_class.value, change.address, f"{change.address}: needs a decision.", True)
            for change in changes
            if change.change_class and change.change_class.rank > 2
        ),
        observed=(Sighting(Address("Meter", "tokens"), "", absent=True),),
        unchanged=12,
        source=PlanSource("abc", "4e1c0d99", False),
        created_at="2026-11-21T10:00:00Z",
        valid_until="2026-11-24T10:00:00Z",
        tool="reconciler 0.1.0",
        requests=9,
        seconds=0.42,
    )


_SNAPSHOT_SAID = (
    "production was planned from a snapshot taken 2 days ago, 2026-11-19 10:00 UTC, "
    "sha256:ab12ab12ab12…; it cannot be applied"
)


def _from_snapshot(*names: str) -> Plan:
    """The same, against a snapshot that was two days old when the plan was made."""
    made = _plan(*names)
    taken = "2026-11-19T10:00:00Z"
    return replace(made, source=replace(made.source, snapshot="ab12" * 16, snapshot_at=taken))


@pytest.fixture
def make():
    """Values to render: a plan of named changes, one from a snapshot, the changes themselves, a warning."""
    return SimpleNamespace(
        plan=_plan,
        from_snapshot=_from_snapshot,
        snapshot_said=_SNAPSHOT_SAID,
        change=lambda name, **fields: replace(CHANGES[name](), **fields),
        warning=Problem("cannot_update", "Feature/sso: name cannot be updated", Location("c.yaml", 9), "warning"),
    )


_READER = MarkdownIt("commonmark", {"html": True}).enable("table")


def _page(text):
    return _READER.render(text)


def _words(text):
    """What a reader sees, without tags."""
    return html.unescape(re.sub(r"<!--.*?-->|<[^>]*>", " ", _page(text), flags=re.DOTALL))


def _outside_code(text):
    """The page without anything that stands as code."""
    return re.sub(r"<(code|pre)\b.*?</\1>", "", _page(text), flags=re.DOTALL)


def _balanced(text):
    """Every fold and every fence is closed, in the order in which they were opened."""
    depth = 0
    for mark in re.findall(r"</?details>", _outside_code(text)):
        depth += 1 if mark == "<details>" else -1
        assert depth in (0, 1)
    assert depth == 0
    lines = text.split("\n")
    for token in _READER.parse(text):
        if token.type == "fence":
            assert lines[token.map[1] - 1].startswith("```"), lines[token.map[0] : token.map[1]]
    return True


@pytest.fixture
def read():
    """Markdown as a host reads it: the page, its words, what is outside code, whether what was opened is closed."""
    return SimpleNamespace(page=_page, words=_words, outside_code=_outside_code, balanced=_balanced)
