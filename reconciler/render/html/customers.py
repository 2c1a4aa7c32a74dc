"""Who pays how much more: bills of customers, who is on the plans that change, what real customers would have paid."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from reconciler.model import Affected, Amounts, Impact, Plan, Rerated
from reconciler.render.html.curves import signed
from reconciler.render.html.text import anchor
from reconciler.render.impact_text import period
from reconciler.render.money import coins, percent


@dataclass(frozen=True, slots=True)
class BillRow:
    """One customer. ``reason`` says why there are no amounts; ``way`` is ``up``, ``down`` or ``same``."""

    customer: str
    before: str
    after: str
    difference: str
    share: str
    yearly: str
    way: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BillTable:
    """The bills on one plan; ``same`` are customers whose bill does not change."""

    plan: str
    anchor: str
    period: str
    currency: str
    generated: bool
    rows: tuple[BillRow, ...]
    same: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AffectedView:
    """Who is on one plan: ``count`` is None where the server does not tell."""

    plan: str
    anchor: str
    count: int | None
    versions: tuple[tuple[int, int], ...]
    reduced: tuple[tuple[str, str, str, str | None], ...]
    withdrawn: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RealView:
    """Real customers of one plan: sums and counts; who moves most only where the plan still knows it."""

    plan: str
    anchor: str
    currency: str
    rated: int
    subscriptions: int
    sampled: int | None
    total: BillRow
    more: int
    less: int
    same: int
    spread: tuple[tuple[str, str], ...]
    unrated: tuple[tuple[str, int], ...]
    movers: tuple[BillRow, ...]


def bills(plan: Plan) -> tuple[BillTable, ...]:
    """One table per plan of which a bill changes."""
    grouped = groupby(plan.impacts, key=lambda impact: impact.plan)
    tables = (_table(list(group)) for _, group in grouped)
    return tuple(table for table in tables if table.rows)


def _table(found: list[Impact]) -> BillTable:
    first = found[0]
    told = [impact for impact in found if impact.each is None or impact.each.difference]
    return BillTable(
        str(first.plan),
        anchor(first.plan),
        period(first.period),
        first.currency,
        any(impact.generated for impact in told),
        tuple(_bill(impact) for impact in told),
        tuple(impact.customer for impact in found if impact not in told),
    )


def _bill(impact: Impact) -> BillRow:
    if impact.each is None:
        return BillRow(impact.customer, "", "", "", "", "", "same", impact.reason or "not known")
    yearly = signed(impact.yearly.difference) if impact.yearly is not None and impact.yearly.difference else ""
    return _amounts(impact.customer, impact.each, yearly)


def _amounts(name: str, both: Amounts, yearly: str = "") -> BillRow:
    more = both.difference
    way = "up" if more > 0 else "down" if more < 0 else "same"
    share = percent(both.before, both.after)
    return BillRow(name, coins(both.before), coins(both.after), signed(more), share, yearly, way)


def affected(plan: Plan) -> tuple[AffectedView, ...]:
    """Everybody on a plan that gets a new version or ends."""
    return tuple(_affected(one) for one in plan.affected)


def _affected(one: Affected) -> AffectedView:
    reduced = tuple((item.feature, item.where, item.before, item.after) for item in one.reduced)
    return AffectedView(str(one.plan), anchor(one.plan), one.subscriptions, one.versions or (), reduced, one.withdrawn)


def real(plan: Plan) -> tuple[RealView, ...]:
    """What real customers would have paid, where that was asked for."""
    return tuple(_real(one) for one in plan.rerated)


def _real(one: Rerated) -> RealView:
    spread = one.spread
    told = () if spread is None else (
        ("least", signed(spread.least)),
        ("median", signed(spread.median)),
        ("nine of ten at most", signed(spread.ninth)),
        ("most", signed(spread.most)),
    )  # fmt: skip
    return RealView(
        str(one.plan),
        anchor(one.plan),
        one.currency,
        one.rated,
        one.subscriptions,
        one.looked_at if one.looked_at < one.subscriptions else None,
        _amounts("all together", Amounts(one.before, one.after)),
        one.more,
        one.less,
        one.same,
        told,
        one.unrated,
        tuple(_mover(mover.key, mover.name, Amounts(mover.before, mover.after)) for mover in one.movers),
    )


def _mover(key: str, name: str, both: Amounts) -> BillRow:
    return _amounts(f"{key} ({name})" if name else key, both)
