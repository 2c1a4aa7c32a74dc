"""A plan as a reviewer reads it in a pull request: what it costs first, every detail folded.

Never longer than a comment may be: the details of the least risky objects are left out first, and the comment says
how many. What changes money or removes something is always told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from reconciler.kinds.shape import Shape
from reconciler.model import Action, Change, ChangeClass, FieldChange, Guard, Impact, Plan, Tree
from reconciler.render import affected_markdown, facts, money, values, words
from reconciler.render.bill_text import grouped
from reconciler.render.escape import escape
from reconciler.render.impact_text import period
from reconciler.render.markdown import code, fenced, folded, sentence, table, tag
from reconciler.render.money import coins, percent
from reconciler.render.review.parts import DETAILS, LIMIT, Options, Row, Section, whole, without_details
from reconciler.render.review.said import row, title

__all__ = [
    "DETAILS",
    "LIMIT",
    "Options",
    "Row",
    "Section",
    "headline",
    "plan",
    "plans",
    "row",
    "section",
    "title",
    "without_details",
]

_MOST_PRICES = 60
_SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.NEW_VERSION: "»", Action.REPLACE: "-/+"}


def plan(plan: Plan, *, limit: int = LIMIT, link: str | None = None) -> str:
    """One environment's plan; ends with a newline."""
    return plans([Section(plan.target.environment, plan)], Options(limit, link))


def plans(sections: Sequence[Section], options: Options | None = None) -> str:
    """The plans of several environments: one headline, one table, then a section each; ends with a newline."""
    options = options or Options()
    top = [title(sections), "", headline(row(one, mention=options.mention) for one in sections)]
    room = options.limit - _size(top)
    parts = [section(one, replace(options, limit=room // max(1, len(sections)))) for one in sections]
    return "\n".join([*top, *parts])


def headline(rows: Iterable[Row]) -> str:
    """The table at the top, one row per environment; ends with a newline."""
    cells = [(one.environment, one.plan, one.guards, one.status) for one in rows]
    return "\n".join(table(("environment", "plan", "guards", "status"), cells)) + "\n"


def section(one: Section, options: Options | None = None) -> str:
    """Everything about one environment, under a heading of the fourth level; ends with a newline.

    No longer than the limit. Its folded details stand between ``DETAILS``, so that a comment that is made of several
    sections can leave them out later (``without_details``).
    """
    options = options or Options()
    lines = [f"#### {code(one.environment)}"]
    if one.failure is not None:
        lines += ["", "> [!CAUTION]", *(f"> {sentence(line)}" for line in one.failure.strip().splitlines())]
    if one.plan is not None:
        lines += _lines(one.plan, options)
    return "\n".join(lines) + "\n"


def _lines(plan: Plan, options: Options) -> list[str]:
    changes = [change for change in plan.changes if change.action is not Action.NO_CHANGE]
    head = [
        *_head(plan),
        *_prices(changes),
        *_bills(plan.impacts),
        *affected_markdown.lines(plan),
        *_risks(changes),
        *_guards(plan),
    ]
    tail = _tail(plan)
    room = options.limit - _size(head) - _size(tail) - 400
    details, left_out = _details(changes, room)
    if details:
        details = ["", DETAILS[0], *details, "", DETAILS[1]]
    if left_out:
        details += ["", f"The details of {words.plural(left_out, 'object')} did not fit here; {whole(options.link)}."]
    return [*head, *details, *tail]


def _size(lines: Iterable[str]) -> int:
    return sum(len(line) + 1 for line in lines)


def _head(plan: Plan) -> Iterator[str]:
    yield ""
    where = [code(plan.target.endpoint)]
    where += [f"namespace {code(plan.target.identity)}"] if plan.target.identity else []
    where += [f"commit {code(plan.source.commit[:10])}"] if plan.source.commit else []
    yield " · ".join(where)
    if plan.not_before is not None:
        yield f"**Not before {plan.not_before:%Y-%m-%d %H:%M} UTC**: what will be due then."
    if not plan.complete:
        yield "**Incomplete**: it looks at a part of the catalogue only, and removes nothing."


def _prices(changes: list[Change]) -> list[str]:
    rows = [
        (code(str(change.address)), code(field.path), *_sides(field))
        for change in changes
        if change.action not in (Action.CREATE, Action.ARCHIVE, Action.DELETE)
        for field in change.fields
        if field.currency and not (money.amount(field.before) is None and money.amount(field.after) is None)
    ]
    if not rows:
        return []
    shown = table(("price", "", "before", "after", ""), rows[:_MOST_PRICES], right=(2, 3, 4))
    more = [f"and {len(rows) - _MOST_PRICES} more"] if len(rows) > _MOST_PRICES else []
    return ["", "**Prices**", "", *shown, *more]


def _sides(field: FieldChange) -> tuple[str, str, str]:
    before, after = money.amount(field.before), money.amount(field.after)
    currency = f" {field.currency}" if field.currency else ""
    one, other = (_price(value, currency) for value in (before, after))
    scaled = money.scaled(before, after, field.currency or "")
    share = percent(before, after)
    return one, other, f"**{escape(scaled)}**" if scaled else f"**{share}**" if share else ""


def _price(value: object, currency: str) -> str:
    return f"{money.plain(value)}{escape(currency)}" if isinstance(value, Decimal) else "none"


def _bills(impacts: tuple[Impact, ...]) -> list[str]:
    moved = [impact for impact in impacts if impact.each is None or impact.each.difference]
    if not moved:
        return []
    rows = [_bill(impact) for impact in moved]
    made_up = any(impact.generated for impact in moved)
    note = " Customers are made up where no scenario names the plan." if made_up else ""
    head = ("bill", "customer", "before", "after", "difference", "a year")
    return [
        "",
        f"**Bills of new subscribers**; existing subscriptions stay on their version.{note}",
        "",
        *table(head, rows, right=(2, 3, 4, 5)),
    ]


def _bill(impact: Impact) -> tuple[str, ...]:
    plan = f"{code(str(impact.plan))} {period(impact.period)}"
    customer = code(impact.customer)
    if impact.each is None:
        return plan, customer, "", "", sentence(impact.reason or "not known"), ""
    each, currency = impact.each, escape(impact.currency)
    share = percent(each.before, each.after)
    difference = f"**{_signed(each.difference)}**{f' ({share})' if share else ''}"
    yearly = _signed(impact.yearly.difference) if impact.yearly is not None else ""
    return plan, customer, coins(each.before), f"{coins(each.after)} {currency}", difference, yearly


def _signed(number: Decimal) -> str:
    return f"{'+' if number > 0 else ''}{coins(number)}"


def _risks(changes: list[Change]) -> list[str]:
    """What is replaced, archived or removed, one line each: never left out."""
    risky = [change for change in changes if ChangeClass.DESTRUCTIVE in change.classes]
    return ["", "**Removed or replaced**", "", *(f"- {_title(change)}" for change in risky)] if risky else []


def _title(change: Change) -> str:
    return f"{code(str(change.address))} {sentence(change.title.removeprefix(str(change.address)).strip())}"


def _guards(plan: Plan) -> list[str]:
    if not plan.guards:
        return []
    opened = len(plan.open_guards)
    title = f"**Guards: {opened} open**" if opened else "**Guards**: all consented"
    return ["", title, "", *(_guard(guard) for guard in plan.guards)]


def _guard(guard: Guard) -> str:
    if guard.status == "consented":
        return f"- ✓ {code(guard.name)}" + (f", by {code(guard.consent)}" if guard.consent else "")
    how = f"`--allow` {code(guard.name)}" if guard.consentable else "nothing opens it"
    digest = f", or an `Approval` with `change: {guard.change[:12]}`" if guard.change and guard.consentable else ""
    return f"- ✗ {code(guard.name)}: {sentence(guard.message)}; {how}{digest}"


def _details(changes: list[Change], room: int) -> tuple[list[str], int]:
    """The objects that fit, the riskiest first to stay, in the order of the plan."""
    blocks = {change.address: ["", *_block(change)] for change in changes}
    kept = set()
    for change in sorted(changes, key=lambda item: -(item.change_class.rank if item.change_class else 0)):
        size = _size(blocks[change.address])
        if size <= room:
            room -= size
            kept.add(change.address)
    lines = [line for change in changes if change.address in kept for line in blocks[change.address]]
    return lines, len(changes) - len(kept)


def _block(change: Change) -> list[str]:
    sign = _SIGNS.get(change.action, change.action.value)
    classes = ", ".join(item.value for item in change.classes)
    title = f"{sign} {tag(str(change.address))} {tag(classes)}" if classes else f"{sign} {tag(str(change.address))}"
    said = [f"{_title(change)}."]
    if change.reasons:
        said.append(" ".join(code(reason) for reason in change.reasons))
    if change.location is not None:
        said.append(f"Declared in {code(str(change.location))}.")
    said += [sentence(note) for note in change.notes]
    diff = [line for field in change.fields for line in _diff(change, field)]
    return folded(title, ["<br>".join(said), *(["", *fenced(diff, "diff")] if diff else [])])


def _diff(change: Change, field: FieldChange) -> Iterator[str]:
    path = escape(field.path)
    if field.note is not None and field.before is None and field.after is None:
        yield f"! {path}: {escape(field.note)}"
        return
    shape = facts.shape_at(change.address.kind, field.path)
    how = values.Print(field.currency or "")
    if field.before is not None:
        yield f"- {path}: {_value(field.before, shape, how)}"
    if field.after is not None:
        yield f"+ {path}: {_value(field.after, shape, how)}"


def _value(value: Tree, shape: Shape | None, how: values.Print) -> str:
    return values.flow(value, shape, how)


def _tail(plan: Plan) -> list[str]:
    from reconciler.planning.planfile import change_digest

    digest = f"change digest {code(change_digest(plan)[:12])}"
    counted = f"{grouped(Decimal(plan.unchanged))} unchanged"
    valid = [f"valid until {code(plan.valid_until)}"] if plan.valid_until else []
    return ["", " · ".join([digest, counted, *valid])]
