"""What changes what somebody pays, amount by amount: as values, before they are put into a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from reconciler.kinds.registry import KINDS
from reconciler.model import Action, Address, Change, ChangeClass, FieldChange, Plan, SourceDocument, Tree, exact_number
from reconciler.render import facts, money, values
from reconciler.render.markdown import code, unhidden
from reconciler.render.review.naming import Label, Names, clipped
from reconciler.render.review.said import CREATING, is_amount

_PRICES = frozenset({ChangeClass.PRICE_LOWERING, ChangeClass.PRICE_RAISING})
_BILLS = frozenset({ChangeClass.BILLING_BEHAVIOUR, ChangeClass.METERING_SEMANTIC})
_LONGEST = 60
NOBODY = "nobody: it holds at once"


@dataclass(frozen=True, slots=True)
class Price:
    """One value that changes what somebody pays.

    ``old`` and ``new`` are plain text; of an amount they are what ``per`` says, ``amounts`` holds it as it is and
    ``currency`` its currency. ``share`` is by how many per cent it moves, None where that cannot be said. ``stays``
    says who keeps the old one.
    """

    address: Address
    versions: str
    label: Label
    per: str
    old: str
    new: str
    amounts: tuple[Decimal | None, Decimal | None] | None
    currency: str
    share: Decimal | None
    percent: str
    way: int
    stays: str
    shared: SourceDocument | None

    @property
    def steepness(self) -> tuple[int, Decimal]:
        """Sorts the steepest first: what cost nothing, what cannot be compared, then by per cent up, then down."""
        if self.share is None:
            return (0, Decimal(0)) if self.way > 0 else (1, Decimal(0))
        return (2, -self.share) if self.share > 0 else (3, self.share)


def found(plan: Plan) -> tuple[list[Price], list[Price]]:
    """Every change of a price, and every other change of how customers are billed, in the order of the plan."""
    names = Names(plan)
    stays = {one.plan: one.subscriptions for one in plan.affected}
    dear: list[Price] = []
    other: list[Price] = []
    for change in plan.changes:
        for field in () if change.action in CREATING else change.fields:
            classes = _classes(change, field)
            if classes & _PRICES:
                dear.append(_price(change, field, names, stays))
            elif classes & _BILLS:
                other.append(_price(change, field, names, stays))
    return dear, other


def _classes(change: Change, field: FieldChange) -> frozenset[ChangeClass]:
    """What the change of one field means; of a kind that is not known here, what the whole change does."""
    if is_amount(field):
        return _PRICES
    kind = KINDS.get(change.address.kind)
    return frozenset(kind.impact((field,)) if kind is not None else change.classes)


def _price(change: Change, field: FieldChange, names: Names, stays: Mapping[Address, int | None]) -> Price:
    label = _label(change, field, names)
    before, after = exact_number(field.before), exact_number(field.after)
    scale = money.scale(before, after) if label.each and field.currency else None
    factor, per = scale or (Decimal(1), "per unit" if label.each else "")
    amounts = is_amount(field)
    old, new = (
        amount(number, factor) if amounts else _value(change.address.kind, field, value)
        for number, value in ((before, field.before), (after, field.after))
    )
    if field.note and field.before is None and field.after is None:
        old, new = "", field.note
    return Price(
        change.address,
        _versions(change),
        label,
        per,
        old,
        new,
        (before, after) if amounts else None,
        _currency(field) if amounts else "",
        money.share(before, after),
        money.percent(before, after),
        _way(before, after, field),
        _stays(change, stays),
        field.shared,
    )


def _currency(field: FieldChange) -> str:
    """The code of a currency, and nothing that is none."""
    return "".join(char for char in field.currency or "" if char.isalnum())[:12] or "?"


def _label(change: Change, field: FieldChange, names: Names) -> Label:
    """The label; of a whole card its own name, for that of a card that goes stands nowhere else."""
    label = names.label(change.address, field)
    whole = field.after if isinstance(field.after, Mapping) else field.before
    own = whole.get("name") if isinstance(whole, Mapping) else None
    if not label.named and field.path.endswith("]") and isinstance(own, str) and own.strip():
        return Label(own, label.words, label.each)
    return label


def _way(before: Decimal | None, after: Decimal | None, field: FieldChange) -> int:
    if before is None and after is None:
        return 1 if field.before is None else -1 if field.after is None else 0
    return ((after or 0) > (before or 0)) - ((after or 0) < (before or 0))


def amount(number: Decimal | None, factor: Decimal) -> str:
    """So many times an amount, with two decimals at least."""
    return "none" if number is None else money.coins(money.times(number, factor))


def _value(kind: str, field: FieldChange, value: Tree) -> str:
    """Anything that is no amount, on one line: of a whole card its price."""
    if value is None:
        return "none"
    shape = facts.shape_at(kind, field.path)
    if facts.is_secret(kind, field.path):
        return values.SECRET
    if isinstance(value, Mapping) and field.path.endswith("]"):
        if "price" not in value or value["price"] is None:
            return "free"
        value, shape = value["price"], facts.child(shape, "price", value)
    return unhidden(clipped(values.flow(value, shape, values.Print(field.currency or "")), _LONGEST))


def _versions(change: Change) -> str:
    before, after = change.before_version, change.after_version
    return f"{before} → {after}" if before is not None and after is not None and before != after else ""


def _stays(change: Change, stays: Mapping[Address, int | None]) -> str:
    """Who keeps what was there: the subscriptions of a plan's older versions, the purchases of an add-on's."""
    if change.address.kind == "Addon":
        return "existing purchases" if change.action is Action.NEW_VERSION else ""
    if change.address.kind != "Plan":
        return NOBODY
    if change.action is not Action.NEW_VERSION or change.before_version is None:
        return ""
    count = stays.get(change.address)
    return "not known" if count is None else "nobody" if not count else f"{count:,}"


def holds_at_once(rows: Iterable[Price]) -> list[Address]:
    """The objects of which nothing stays as it was for those who are there already."""
    return list(dict.fromkeys(row.address for row in rows if row.stays == NOBODY))


def alike(rows: Iterable[Price]) -> Iterator[list[Price]]:
    """Rows that say the same of several objects together, in the order of the first of each."""
    groups: dict[tuple[object, ...], list[Price]] = {}
    for row in rows:
        key = (row.address.kind, row.label, row.per, row.old, row.new, row.currency, row.shared)
        groups.setdefault(key, []).append(row)
    return iter(groups.values())


def side(text: str, *, amount: bool) -> str:
    """A value for a cell of a table: an amount as it is, anything else as code."""
    return text if amount or text in ("none", "free", "") else code(text)
