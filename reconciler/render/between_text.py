"""How two catalogues differ, as a plan shows it: what would make the target like the source."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model import Action, Between, Catalogue, Change, Difference, Side
from reconciler.render import plan_text
from reconciler.render.escape import escape
from reconciler.render.style import Style
from reconciler.render.words import plural

_OURS = ("declared", "owned", "claimed")


def between(found: Between, style: Style) -> str:
    """Both sides, every object that differs, and as the last line how many."""
    one, other = found.source.name, found.target.name
    lines = [*_heads(found, style), ""]
    for difference in found.differences:
        lines += [*plan_text.change_lines(_change(difference, one, other), style), ""]
    for kind in found.capped:
        said = f"The list of every {escape(kind)} was cut short by a server: what is on one side only may be on both."
        lines += style.wrap(said, first="", rest="")
    if found.left_out:
        said = f"{plural(found.left_out, 'object')} of {escape(other)} that {escape(one)} does not declare left out."
        lines += style.wrap(said, first="", rest="")
    lines.append(style.paint(total(found), "bold"))
    return "\n".join(lines) + "\n"


def total(found: Between) -> str:
    """The last line: ``Differences: 1 only in staging, 2 different; 7 the same.``."""
    one, other = escape(found.source.name), escape(found.target.name)
    words = {"only_in_from": f"only in {one}", "only_in_to": f"only in {other}", "different": "different"}
    parts = [f"{count} {words[name]}" for name, count in found.counts.items() if count]
    if not parts:
        return f"No differences: {one} and {other} are the same in {plural(found.same, 'object')}."
    return f"Differences: {', '.join(parts)}; {found.same} the same."


def _heads(found: Between, style: Style) -> Iterator[str]:
    source, target = found.source, found.target
    names = max(len(source.name), len(target.name))
    yield _head(source, "+", names, style)
    yield _head(target, "-", names, style)
    if found.differences:
        yield style.paint(f"  ~ {escape(target.name)} -> {escape(source.name)}", "dim")
    if source.identity is not None and source.identity == target.identity:
        yield style.paint("  both are the same namespace", "yellow")


def _head(side: Catalogue, symbol: str, width: int, style: Style) -> str:
    parts = [f"{symbol} only in {style.paint(escape(side.name), 'bold')}" + " " * (width - len(side.name))]
    parts += [escape(side.endpoint)] if side.endpoint else []
    parts += [f"identity {escape(side.identity)}"] if side.identity else []
    return "  " + "  ".join(parts)


def _change(found: Difference, one: str, other: str) -> Change:
    """The change that would make the target's object like the source's."""
    sides = [(name, side) for name, side in ((one, found.source), (other, found.target)) if side is not None]
    action = Action.CREATE if found.target is None else Action.DELETE if found.source is None else Action.UPDATE
    return Change(
        address=found.address,
        action=action,
        classes=found.classes,
        fields=found.fields,
        location=found.source.location if found.source else None,
        title=_title(found, sides),
        notes=tuple(_notes(sides)),
        unchanged=found.unchanged,
    )


def _title(found: Difference, sides: list[tuple[str, Side]]) -> str:
    if len(sides) == 1:
        return f"{found.address} is only in {sides[0][0]}{_version(sides[0][1])}"
    versions = [f"{name}{_version(side)}" for name, side in sides if side.version is not None]
    return f"{found.address} differs" + (f": {', '.join(versions)}" if versions else "")


def _version(side: Side) -> str:
    return f" (version {side.version})" if side.version is not None else ""


def _notes(sides: list[tuple[str, Side]]) -> Iterator[str]:
    """Whose the object is, where it is not ours on every side, and drafts that were not compared."""
    if any(side.managed not in _OURS for _, side in sides):
        yield "; ".join(f"{name}: {_owner(side)}" for name, side in sides)
    for name, side in sides:
        if side.draft_beside:
            yield f"a draft stands beside it in {name}; it is not compared"


def _owner(side: Side) -> str:
    return f"by {side.project}" if side.managed == "foreign" and side.project else side.managed
