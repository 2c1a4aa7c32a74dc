"""Every price that a plan changes, old and new, in the size in which it can be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from reconciler.kinds.shape import ListOf, Shape
from reconciler.model import Action, Change, FieldChange, Plan, Tree, exact_number
from reconciler.render import facts, money
from reconciler.render.html.text import anchor, place
from reconciler.render.money import coins, percent, plain
from reconciler.render.review import prices
from reconciler.render.review.naming import Label, Names, clipped

_KEYS = ("key", "addon")


@dataclass(frozen=True, slots=True)
class Amount:
    """A price: as it is written, and as it is read (of more units, where one costs too little)."""

    exact: str
    read: str


@dataclass(frozen=True, slots=True)
class Move:
    """A price before and after; a side is None where there is none. ``per`` is ``per 1M`` where ``read`` is of many.

    ``way`` is ``up``, ``down``, ``new`` or ``gone``; ``share`` the difference in per cent, empty where none can be
    told.
    """

    before: Amount | None
    after: Amount | None
    currency: str
    per: str
    share: str
    way: str

    @property
    def word(self) -> str:
        """The difference in a word or a number."""
        return self.share or {"up": "more", "down": "less"}.get(self.way, self.way)


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One price in the table, or what else says how much is paid (where a tier ends, what is free).

    ``name`` is the card's name, or its key where ``named`` is false; ``words`` say which of its prices. Where no amount
    moves ``move`` is None and ``old`` and ``new`` are told as they are.
    """

    address: str
    anchor: str
    versions: str
    name: str
    named: bool
    words: tuple[str, ...]
    move: Move | None
    old: str
    new: str
    share: str
    place: str


def move(before: Tree, after: Tree, currency: str | None, *, each: bool = True) -> Move | None:
    """How a price moves; None where it is no amount of money, or the same. ``each``: it is the price of one unit."""
    if currency is None:
        return None
    old, new = exact_number(before), exact_number(after)
    if old == new:
        return None
    factor, per = (money.scale(old, new) if each else None) or (Decimal(1), "")
    one, other = (None if side is None else _amount(side, factor) for side in (old, new))
    return Move(one, other, currency, per, percent(old, new), _way(old, new))


def _amount(number: Decimal, factor: Decimal) -> Amount:
    return Amount(plain(number), coins(money.times(number, factor)))


def _way(old: Decimal | None, new: Decimal | None) -> str:
    if old is None:
        return "new"
    if new is None:
        return "gone"
    return "up" if new > old else "down"


def rows(plan: Plan) -> tuple[PriceRow, ...]:
    """Everything that changes what somebody pays: of what is changed, not of what comes or goes as a whole."""
    whole = (Action.CREATE, Action.ARCHIVE, Action.DELETE, Action.RELEASE)
    names = Names(plan)
    touched = [change for change in plan.changes if change.action not in whole]
    return tuple(row for change in touched for field in change.fields for row in _rows(plan, names, change, field))


def _rows(plan: Plan, names: Names, change: Change, field: FieldChange) -> Iterator[PriceRow]:
    amounts = list(_of_amounts(names, change, field))
    yield from amounts or _of_values(plan, names, change, field)


def _of_amounts(names: Names, change: Change, field: FieldChange) -> Iterator[PriceRow]:
    shape = facts.shape_at(change.address.kind, field.path)
    currency = field.currency or _currency(change)
    before, after = (dict(_of_side(field, side, shape)) for side in (field.before, field.after))
    for path in dict.fromkeys((*before, *after)):
        label = names.label(change.address, replace(field, path=path))
        moved = move(before.get(path), after.get(path), currency, each=label.each)
        if moved is not None:
            yield _row(change, field, label, moved)


def _of_values(plan: Plan, names: Names, change: Change, field: FieldChange) -> Iterator[PriceRow]:
    """What moves a price and is no amount, told as in the text for a pull request."""
    alone = replace(plan, changes=(replace(change, fields=(field,)),), steps=())
    for price in (price for group in prices.found(alone) for price in group):
        yield _row(change, field, names.label(change.address, field), None, (price.old, price.new, price.percent))


def _row(
    change: Change, field: FieldChange, label: Label, moved: Move | None, said: tuple[str, str, str] = ("", "", "")
) -> PriceRow:
    versions = "" if change.after_version is None else f"{change.before_version} → {change.after_version}"
    return PriceRow(
        str(change.address),
        anchor(change.address),
        versions if change.before_version is not None else "",
        clipped(label.name),
        label.named,
        label.words,
        moved,
        *said,
        place(field.location or change.location),
    )


def _of_side(field: FieldChange, side: Tree, shape: Shape | None) -> Iterator[tuple[str, Tree]]:
    if field.currency and not isinstance(side, Mapping | list | tuple):
        yield field.path, side
    else:
        yield from _amounts(side, shape, field.path)


def _amounts(value: Tree, shape: Shape | None, path: str) -> Iterator[tuple[str, Tree]]:
    """Every amount of money in a value, with its path: a card that comes brings all its prices."""
    match value:
        case Mapping():
            for name, entry in value.items():
                yield from _amounts(entry, facts.child(shape, name, value), f"{path}.{name}")
        case list() | tuple():
            item = shape.item if isinstance(shape, ListOf) else None
            for index, entry in enumerate(value):
                yield from _amounts(entry, item, f"{path}[{_label(entry, index)}]")
        case _ if value is not None and facts.is_money(shape):
            yield path, value


def _label(entry: Tree, index: int) -> str:
    if isinstance(entry, Mapping):
        return next((str(entry[name]) for name in _KEYS if isinstance(entry.get(name), str)), str(index))
    return str(index)


def _currency(change: Change) -> str | None:
    """The currency of the object, from whichever field tells it."""
    return next((field.currency for field in change.fields if field.currency), None)
