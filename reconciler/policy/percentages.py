"""By how many per cent a price rises: what a rule compares with. Exact until then; careful where nobody can tell.

Endless is the answer for a price on what was free, and for what is known to raise a price and not by how much; a fall
of unknown depth is endless too. The direction is that of ``kinds.price_impact``.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal

from reconciler.kinds.registry import KINDS
from reconciler.model import Action, Change, ChangeClass, FieldChange, exact_number

ENDLESS = Decimal("Infinity")
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_ALL = Decimal(100)
_PROPORTIONAL = frozenset({"amount", "minimumAmount", "maximumAmount", "multiplier"})


def rise(change: Change) -> Decimal:
    """The steepest rise of a price in a change: 0 where none rises."""
    return _steepest(change, ChangeClass.PRICE_RAISING, 1)


def fall(change: Change) -> Decimal:
    """The deepest fall of a price in it, as a positive number: 0 where none falls, 100 is free."""
    return _steepest(change, ChangeClass.PRICE_LOWERING, -1)


def _steepest(change: Change, found: ChangeClass, sign: int) -> Decimal:
    if found not in change.classes:
        return Decimal(0)
    most = max((sign * of_field(change, field) for field in change.fields), default=Decimal(0))
    return most if most > 0 else ENDLESS


def of_field(change: Change, field: FieldChange) -> Decimal:
    """By how many per cent the price of one field rises; negative where it falls, 0 where it is no price.

    Of an object that is new nothing rises: nobody has paid for it yet.
    """
    if change.action is Action.CREATE or change.address.kind not in KINDS:
        return Decimal(0)
    classes = set(KINDS[change.address.kind].impact((field,)))
    raising, lowering = ChangeClass.PRICE_RAISING in classes, ChangeClass.PRICE_LOWERING in classes
    if not (raising or lowering):
        return Decimal(0)
    known = _known(field)
    if known is not None:
        return known
    if raising:
        return ENDLESS
    return -_ALL if field.after is None and _is_whole_price(field.path) else -ENDLESS


def _is_whole_price(path: str) -> bool:
    return path.endswith((".price", "]"))


def _known(field: FieldChange) -> Decimal | None:
    """The per cent where both sides are numbers that a price is proportional to."""
    before, after = exact_number(field.before), exact_number(field.after)
    leaf = field.path.rpartition(".")[2]
    if before is None or after is None:
        return None
    if leaf == "quantityPerPackage":
        return _share(after, before)
    if leaf == "percentage" and ".discounts." in field.path:
        return _share(_ALL - before, _ALL - after)
    return _share(before, after) if leaf in _PROPORTIONAL else None


def _share(before: Decimal, after: Decimal) -> Decimal | None:
    if before <= 0 or after < 0:
        return None
    return _EXACT.multiply(_EXACT.divide(_EXACT.subtract(after, before), before), _ALL)
