"""One written amount that is billed in two currencies: a warning, because nobody converts it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from reconciler.kinds.shape import ListOf, MapOf, Object, OneOf, Scalar, Shape
from reconciler.manifest.problems import Problems
from reconciler.manifest.validated import Valid
from reconciler.model import Address
from reconciler.reading.tree import Map, Seq

_Uses = dict[int, dict[str, Address]]
"""Per place of an amount, the currencies that it is billed in, each with the first object that does."""


def check_currencies(objects: Mapping[Address, Valid], documents: Iterable[int], problems: Problems) -> None:
    """Warn once per document whose amounts are used in several currencies; ``documents`` are the marks of all.

    An amount of zero is the same in every currency.
    """
    uses: _Uses = {}
    for address, valid in objects.items():
        currency = valid.spec.get("currency")
        if isinstance(currency, str) and valid.management.state in ("active", "draft"):
            for mark in _amounts(valid.entry.kind.shape, valid.spec, valid.mark):
                uses.setdefault(mark, {}).setdefault(currency, address)
    starts = sorted(documents)
    found: dict[tuple[int, tuple[str, ...]], list[int]] = {}
    for mark in sorted(uses):
        if len(uses[mark]) > 1:
            found.setdefault((bisect_right(starts, mark), tuple(sorted(uses[mark]))), []).append(mark)
    for marks in found.values():
        problems.add("reuse.currency", _message(uses[marks[0]], len(marks) - 1), marks[0], severity="warning")


def _message(users: Mapping[str, Address], more: int) -> str:
    told = " and ".join(f"{currency} in {users[currency]}" for currency in sorted(users))
    others = f"; so {'is 1 more amount' if more == 1 else f'are {more} more amounts'} of this document" if more else ""
    return f"this amount is {told}; say it where each currency is said{others}"


def _amounts(shape: Shape | None, value: Any, mark: int) -> Iterator[int]:  # noqa: ANN401 - any tree
    """Where the amounts of a spec stand, but for zeros."""
    match shape, value:
        case Scalar(money=True), str() | int() | Decimal() if not _is_zero(value):
            yield mark
        case OneOf(), Map():
            yield from _amounts(shape.variants.get(str(value.get(shape.tag))), value, mark)
        case ((Object() | MapOf()), Map()):
            for index, (name, item) in enumerate(value.items()):
                yield from _amounts(_below(shape, name), item, value.marks[2 * index + 1])
        case ListOf(), Seq():
            for item, place in zip(value, value.marks, strict=True):
                yield from _amounts(shape.item, item, place)
        case _:
            return


def _below(shape: Object | MapOf, name: str) -> Shape | None:
    if isinstance(shape, MapOf):
        return shape.value
    field = shape.fields.get(name)
    return field.shape if field else None


def _is_zero(value: str | int | Decimal) -> bool:
    try:
        return Decimal(value) == 0
    except InvalidOperation:
        return False
