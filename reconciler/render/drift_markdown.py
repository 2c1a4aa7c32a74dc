"""Drift for an issue that stays open until it is gone: which objects, who moved them, what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from reconciler.model import Action, Change, Drift, Drifted, FieldChange
from reconciler.render import drift_text
from reconciler.render.markdown import code, fenced, sentence, table, unhidden
from reconciler.render.review.details import details, fitting
from reconciler.render.review.fitting import Block, fit, size
from reconciler.render.review.guards import place
from reconciler.render.review.naming import clipped
from reconciler.render.review.packing import packed
from reconciler.render.review.parts import DETAILS, Options, whole
from reconciler.render.review.said import counted
from reconciler.render.words import listed

_LONGEST = 300
_NAMES = 3


@dataclass(frozen=True, slots=True)
class DriftSection:
    """One environment: what is not as declared, or why that is not known."""

    environment: str
    drift: Drift | None = None
    failure: str | None = None


def drift(found: Drift, options: Options | None = None) -> str:
    """One environment; ends with a newline."""
    return drifts([DriftSection(found.target.environment, found)], options)


def drifts(sections: Sequence[DriftSection], options: Options | None = None) -> str:
    """Several environments: one headline and one table, then a section for each that is not as declared."""
    options = options or Options()
    rows = [_row(one) for one in sections]
    top = [title(sections), "", *table(("environment", "live", "changed"), rows), ""]
    told = [one for one in sections if one.failure is not None or (one.drift is not None and not one.drift.clean)]
    room = options.limit - size(top)
    share = room // max(1, len(told))
    return "\n".join([*top, *(section(one, replace(options, limit=share - 1)) for one in told)])


def title(sections: Sequence[DriftSection]) -> str:
    """The heading, one line: ``### Drift: 2 objects of `production` are not as declared``."""
    moved = [one for one in sections if one.drift is not None and not one.drift.clean]
    failed = [code(clipped(one.environment)) for one in sections if one.drift is None]
    count = sum(len(one.drift.objects) for one in moved if one.drift is not None)
    where = [code(clipped(one.environment)) for one in moved]
    said = "none, live is as declared" if not failed else "none that is known"
    if moved:
        names = listed(where[:_NAMES] + ([f"{len(where) - _NAMES} more"] if len(where) > _NAMES else []))
        said = f"{counted(count, 'object')} of {names} {'is' if count == 1 else 'are'} not as declared"
    also = listed(failed[:_NAMES] + ([f"{len(failed) - _NAMES} more"] if len(failed) > _NAMES else []))
    return f"### Drift: {said}" + (f"; {also} could not be compared" if failed else "")


def _row(one: DriftSection) -> tuple[str, str, str]:
    name = code(clipped(one.environment, 100))
    if one.drift is None:
        lines = (one.failure or "").strip().splitlines()
        return name, f"**not known**: {sentence(clipped(lines[0], _LONGEST)) if lines else 'it failed'}", ""
    found = one.drift
    if found.clean:
        return name, "as declared", ""
    sides = (
        ("outside", "outside"),
        ("both", "on both sides"),
        ("manifest", "in the manifests"),
        ("unknown", "not known"),
    )
    said = [
        f"{count:,} {words}" for origin, words in sides if (count := sum(x.origin == origin for x in found.objects))
    ]
    return f"**{name}**", f"**{counted(len(found.objects), 'object differs', 'objects differ')}**", ", ".join(said)


def section(one: DriftSection, options: Options | None = None) -> str:
    """One environment under a heading of the fourth level; ends with a newline. Its details stand between markers."""
    options = options or Options()
    head = [f"#### {code(clipped(one.environment, 100))}"]
    if one.failure is not None:
        lines = clipped(one.failure.strip() or "it failed", 2_000).splitlines()
        head += ["", "> [!CAUTION]", *(f"> {sentence(line)}  " if line.strip() else ">" for line in lines)]
    found = one.drift
    if found is None:
        return "\n".join(head) + "\n"
    head += ["", f"Compared with what was declared at {code(clipped(found.base, 100))}."] if found.base else []
    head += [] if found.complete else ["", "**Incomplete**: it looks at a part of the catalogue only."]
    tail = [*_advice(found), *_foot(found)]
    room = options.limit - size(head) - size(tail) - 300
    fitted = fit(_objects(found.objects), room)
    folds = details([_as_change(item) for item in found.objects])
    lines, left_out = fitting(folds, room - size(fitted.lines) - size(DETAILS))
    shown = ["", DETAILS[0], *lines, "", DETAILS[1]] if lines else []
    note = f"The details of {counted(left_out, 'object')} did not fit here; {whole(options.link, 'drift')}."
    return "\n".join([*head, *fitted.lines, *shown, *(["", note] if left_out else []), *tail]) + "\n"


def _objects(found: Sequence[Drifted]) -> list[Block]:
    """A row per object; their names alone where the rows are too long; as many names as fit where those are."""
    if not found:
        return []
    rows = [_object(one) for one in found]
    names = [unhidden(f"{one.address} ({one.what})") for one in found]
    head = ("object", "what happened", "who moved it", "to put it back is")
    return [
        Block(
            100,
            (
                lambda: ["", *table(head, rows)],
                lambda: ["", *fenced(packed(names))],
                lambda: ["", *fenced([*packed(names[:100]), f"and {len(names) - 100:,} more"])],
            ),
        )
    ]


def _object(one: Drifted) -> tuple[str, ...]:
    said = one.title.removeprefix(str(one.address)).lstrip(": ").strip()
    name = code(clipped(str(one.address), 200))
    version = f" version {one.version}" if one.version is not None else ""
    back = code(one.classes[-1].value) if one.classes and one.origin != "manifest" else ""
    where = place(one.location)
    return (
        f"{name}{version}{f' ({where})' if where else ''}",
        sentence(clipped(said, _LONGEST)),
        _WHO[one.origin],
        back,
    )


_WHO = {
    "outside": "somebody outside",
    "manifest": "the manifests, not applied yet",
    "both": "both sides",
    "unknown": "not known",
}


def _as_change(one: Drifted) -> Change:
    """What the manifests changed reads from live to declared, as in a plan; everything else as live moved."""
    several = len({field.origin for field in one.fields}) > 1
    fields: list[FieldChange] = []
    for field in one.fields:
        shown = field.change
        if field.origin == "manifest":
            shown = replace(shown, before=shown.after, after=shown.before)
        fields.append(replace(shown, note=drift_text.SAID[field.origin]) if several and shown.note is None else shown)
    notes = (*one.notes, *([text] if (text := drift_text.putting_back(one)) else []))
    return Change(
        one.address, Action.UPDATE, classes=one.classes, fields=tuple(fields), location=one.location, title=one.title,
        notes=notes,
    )  # fmt: skip


def _advice(found: Drift) -> list[str]:
    """What to do next, one line each."""
    moved = [one for one in found.objects if one.origin != "manifest"]
    where = f" -e {found.target.environment}"
    lines = []
    if any(one.what in ("changed", "missing") for one in moved):
        lines.append(f"- To keep it, write it into the manifests: {code(f'reconciler accept{where}')}")
    if any(one.healable for one in moved):
        lines.append(f"- To put back what is not money: {code(f'reconciler drift{where} --heal')}")
    if moved:
        lines.append(f"- To put everything back: {code(f'reconciler apply{where}')}")
    if found.base is None and found.count("unknown"):
        lines.append("- To know which side moved, say what was last applied: `--base REV` or a plan file")
    return ["", "**What to do**", "", *lines] if lines else []


def _foot(found: Drift) -> Iterable[str]:
    parts = [f"{found.unchanged:,} as declared", code(clipped(found.target.endpoint, 100))]
    parts += [f"namespace {code(clipped(found.target.identity))}"] if found.target.identity else []
    parts += [f"commit {code(found.source.commit[:10])}"] if found.source.commit else []
    parts += [f"looked at {sentence(found.created_at[:19].replace('T', ' '))} UTC"] if found.created_at else []
    return ["", f"<sub>{' · '.join(parts)}</sub>"]
