"""The table of changed prices, and its shorter forms: every amount stays, whatever else has to go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from itertools import groupby, takewhile

from reconciler.render import money
from reconciler.render.markdown import NARROW, code, fenced, folded, table, unhidden
from reconciler.render.review import prices
from reconciler.render.review.fitting import Block, Remainder, size
from reconciler.render.review.naming import clipped
from reconciler.render.review.packing import packed
from reconciler.render.review.prices import Price
from reconciler.render.review.said import counted

_NOUNS = {"Plan": "plan", "Addon": "add-on"}
_APART = 2
"""Up to so many objects of which a row says the same have a row each."""
_SORTED_FROM = 30
_FACTORS = {Decimal(1): "per unit", Decimal(1_000): "per 1,000", Decimal(1_000_000): "per 1M"}
_COUNTLESS = Decimal(1_000_000)
_SAID = {
    "1": "1 subscription stays on the old version",
    "nobody": "nobody is on the old version",
    "not known": "who stays on the old version is not known",
    prices.NOBODY: "it holds for everybody at once",
}
_WEIGHT = 100
_SAMPLE = 200
_FIXED = 500


def blocks(dear: list[Price], other: list[Price]) -> list[Block]:
    """Prices, then whatever else changes how customers are billed; nothing where nothing does."""
    return [
        _block(rows, title, noun)
        for rows, title, noun in (
            (dear, "Price changes", "price change"),
            (other, "How customers are billed", "change of how customers are billed"),
        )
        if rows
    ]


def _block(rows: list[Price], title: str, noun: str) -> Block:
    head = ["", f"**{title}**"]
    return Block(
        _WEIGHT,
        (
            lambda: _of_one(rows, title) if len({row.address for row in rows}) == 1 else [*head, "", *_full(rows)],
            lambda: [*head, "", *_compact(rows, percent=True)],
            lambda: [*head, "", *_compact(rows, percent=False)],
            lambda: [*head, "", *_compact(rows, percent=False, common=True)],
        ),
        f"the table of {counted(len(rows), noun)}",
        partial(_crammed, rows, head, noun),
    )


def _of_one(rows: list[Price], title: str) -> list[str]:
    """One plan: it is named above the table, which then fits on a phone."""
    cells = [_row([row], {}) for row in rows]
    stays = _SAID.get(rows[0].stays) or (f"{cells[0][-1]} stay on the old version" if rows[0].stays else "")
    head = f"**{title}: {cells[0][0]}**{f'; {stays}' if stays else ''}"
    return ["", head, "", *table(("what", "old", "new", "change"), [row[1:-1] for row in cells], right=(1, 2, 3))]


def _full(rows: list[Price]) -> list[str]:
    """A table, and under it the names of the objects in rows that are about many."""
    groups = [part for group in prices.alike(rows) for part in ([group] if len(group) > _APART else _single(group))]
    steepest = len(groups) > _SORTED_FROM
    if steepest:
        groups.sort(key=lambda group: group[0].steepness)
    lists: dict[tuple[str, ...], int] = {}
    for group in groups:
        if len(group) > 1:
            lists.setdefault(_members(group), len(lists) + 1)
    cells = [_row(group, lists) for group in groups]
    head = ("plan", "what", "old", "new", "change", "stays on old version")
    note = ["Steepest first.", ""] if steepest else []
    return [*note, *table(head, cells, right=(2, 3, 4)), *_listed(lists)]


def _single(group: list[Price]) -> Iterator[list[Price]]:
    return ([row] for row in group)


def _members(group: Sequence[Price]) -> tuple[str, ...]:
    return tuple(f"{_name_of(row)} {row.versions}".strip() for row in group)


def _name_of(row: Price) -> str:
    return row.address.key if row.address.kind == "Plan" else str(row.address)


def _row(group: list[Price], lists: dict[tuple[str, ...], int]) -> tuple[str, ...]:
    row = group[0]
    what = row.label.markdown(row.per)
    if row.shared is not None:
        what += f"; shared {code(clipped(str(row.shared.address)))}"
    amount = bool(row.currency)
    old, new = prices.side(row.old, amount=amount), prices.side(row.new, amount=amount)
    if amount:
        old, new = (f"{old} {row.currency}", new) if row.new == "none" else (old, f"{new} {row.currency}")
    return _who(group, lists), what, old, new, f"**{row.percent}**" if row.percent else "", _stays(group)


def _who(group: list[Price], lists: dict[tuple[str, ...], int]) -> str:
    row = group[0]
    if len(group) == 1:
        return f"{code(_name_of(row))} {row.versions.replace(' ', NARROW)}".strip()
    which = f" (list {lists[_members(group)]})" if len(lists) > 1 else ""
    return f"**{_objects(group)}**{which}"


def _objects(group: Sequence[Price]) -> str:
    return counted(len(group), _NOUNS.get(group[0].address.kind, "object"))


def _stays(group: list[Price]) -> str:
    """What stays, summed up over the objects of a row: subscriptions, where all of them are known."""
    told = [row.stays for row in group]
    numbers = [int(text.replace(",", "")) for text in told if text.replace(",", "").isdigit()]
    silent = told.count("nobody")
    if numbers and len(numbers) + silent == len(told):
        return counted(sum(numbers), "subscription")
    return told[0] if len(set(told)) == 1 else "not known for all"


def _listed(lists: dict[tuple[str, ...], int]) -> Iterator[str]:
    for members, number in lists.items():
        name = f"List {number}: " if len(lists) > 1 else ""
        yield ""
        plain = all("/" not in member for member in members)
        title = f"{name}the {len(members):,} {'plans' if plain else 'objects'}"
        yield from folded(title, fenced(packed(unhidden(member) for member in members)))


def _compact(rows: list[Price], *, percent: bool, common: bool = False) -> list[str]:
    """Per price its name once, then every object with old and new: about 15 characters each.

    ``common``: what all keys of a group begin with is told once, and not with each.
    """
    said = "Steepest first, each as `old→new plan`." if percent else "Each as `plan old→new`, the steepest first."
    lines: list[str] = []
    for group in _by_name(rows):
        factor = _shortest(group)
        start = _start(group) if common else ""
        note = f"; every key begins with {start}" if start else ""
        lines.append(_name(group[0], factor) + note)
        lines += _by_share(group, factor) if percent else packed(_one_by_one(group, factor, start), indent="  ")
    return [said, "", *fenced(lines)]


def _by_name(rows: Iterable[Price]) -> list[list[Price]]:
    """Those that are called the same, the steepest first."""
    found: dict[tuple[object, ...], list[Price]] = {}
    for row in sorted(rows, key=lambda row: row.steepness):
        found.setdefault((row.address.kind, row.label, row.currency, row.amounts is not None), []).append(row)
    return list(found.values())


def _name(row: Price, factor: Decimal) -> str:
    per = _FACTORS[factor] if row.label.each and row.amounts is not None else row.per
    kind = "" if row.address.kind == "Plan" else f"{row.address.kind}: "
    return f"{kind}{row.label.plain(per)}{f', {row.currency}' if row.currency else ''}"


def _shortest(group: Sequence[Price]) -> Decimal:
    """What to multiply the prices of one unit by, so that they take the fewest characters."""
    if not group[0].label.each or group[0].amounts is None:
        return Decimal(1)
    some = group[:_SAMPLE]
    return min(
        _FACTORS, key=lambda factor: sum(len(side) for row in some for side in _sides(row, factor, trimmed=True))
    )


def _sides(row: Price, factor: Decimal, *, trimmed: bool) -> tuple[str, str]:
    """Old and new, trimmed without zeros at the end. What is for more than one unit stays as it is."""
    if row.amounts is None:
        return row.old, row.new
    written = _plain if trimmed else prices.amount
    before, after = row.amounts
    return written(before, factor), written(after, factor)


def _plain(number: Decimal | None, factor: Decimal) -> str:
    return "none" if number is None else money.plain(money.times(number, factor))


def _start(group: Sequence[Price]) -> str:
    """What all keys begin with, where it is worth to say it once."""
    keys = [_key(row) for row in group]
    pairs = zip(min(keys), max(keys), strict=False)  # what these two share, all between them share
    start = "".join(one for one, other in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return start if len(start) > 1 and len(group) > _SORTED_FROM else ""


def _one_by_one(rows: Iterable[Price], factor: Decimal, start: str) -> Iterator[str]:
    for row in rows:
        old, new = _sides(row, factor, trimmed=True)
        yield f"{_key(row).removeprefix(start)} {old}→{new}"


def _by_share(rows: list[Price], factor: Decimal) -> Iterator[str]:
    """Those that move alike in one line: ``+25.0 %: 2.00→2.50 pro, team; 4.00→5.00 max``."""
    for share, alike in groupby(rows, key=lambda row: row.percent):
        sides: dict[tuple[str, str], list[Price]] = {}
        for row in alike:
            sides.setdefault(_sides(row, factor, trimmed=False), []).append(row)
        yield f"  {share or 'no per cent'}:"
        told = (f"{old}→{new} {', '.join(_key(row) for row in group)}" for (old, new), group in sides.items())
        yield from packed(told, "; ", "    ")


def _key(row: Price) -> str:
    return unhidden(row.address.key)


def _crammed(rows: list[Price], head: list[str], noun: str, room: int) -> Remainder:
    """The totals, and as many of the steepest as fit."""
    ordered = sorted(rows, key=lambda row: row.steepness)
    count = len(ordered)
    while count:
        lines = [*head, "", *_totals(rows), "", *_compact(ordered[:count], percent=False, common=True)]
        if size(lines) <= room:
            return Remainder(lines, f"{len(rows) - count:,} of {counted(len(rows), noun)}")
        count = min(count - 1, count * (room - _FIXED) // size(lines)) if room > _FIXED else 0
    return Remainder([*head, "", *_totals(rows)], f"{len(rows):,} of {counted(len(rows), noun)}")


def _totals(rows: Sequence[Price]) -> Iterator[str]:
    up = sorted(row.share for row in rows if row.share is not None and row.share > 0)
    down = [row.share for row in rows if row.share is not None and row.share < 0]
    rest = len(rows) - len(up) - len(down)
    said = []
    if up:
        said.append(f"{len(up):,} rise, by {_share(up[len(up) // 2])} in the middle and {_share(up[-1])} at most")
    if down:
        said.append(f"{len(down):,} fall, by {_share(min(down))} at most")
    if rest:
        said.append(f"{rest:,} cannot be told in per cent")
    yield f"{len(rows):,} in all: {'; '.join(said)}."


def _share(number: Decimal) -> str:
    return f"{min(number, _COUNTLESS).quantize(Decimal('0.1')):+,} %"
