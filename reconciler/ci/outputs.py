"""What steps after this one can use: the outputs of the action, written as the runner reads them."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.ci.given import Made

NAMES = (
    "changes",
    "to-create",
    "to-update",
    "to-archive",
    "new-versions",
    "max-class",
    "guards-open",
    "plan-path",
    "plan-digest",
    "failure-reason",
)


def of(made: Mapping[str, Made], paths: Mapping[str, str]) -> dict[str, str]:
    """The outputs over all environments; ``paths`` are the plan files.

    Counts are sums: ``changes`` of all objects, ``to-archive`` of those that are archived, deleted or replaced.
    ``max-class`` is the most severe class. ``plan-path`` and ``plan-digest`` have a line per environment,
    ``ENVIRONMENT=VALUE``, and of a single one the value alone. ``failure-reason`` is the slug of what failed first;
    ``guards-open`` counts what nobody has consented to, so nothing of what is applied.
    """
    counts: dict[str, int] = {}
    for one in made.values():
        for name, count in one.counts.items():
            counts[name] = counts.get(name, 0) + count
    classes = [one.max_class for one in made.values() if one.max_class]
    worst = max(classes, key=lambda item: item.rank, default=None)
    digests = {name: one.change_digest for name, one in made.items() if one.change_digest}
    return {
        "changes": str(sum(counts.values())),
        "to-create": str(counts.get("create", 0)),
        "to-update": str(counts.get("update", 0)),
        "to-archive": str(sum(counts.get(name, 0) for name in ("archive", "delete", "replace"))),
        "new-versions": str(counts.get("new_version", 0)),
        "max-class": worst.value if worst else "",
        "guards-open": str(sum(one.guards_open for one in made.values())),
        "plan-path": _each(paths),
        "plan-digest": _each(digests),
        "failure-reason": next((one.reason for one in made.values() if one.reason), ""),
    }


def _each(values: Mapping[str, str]) -> str:
    if len(values) == 1:
        return next(iter(values.values()))
    return "\n".join(f"{name}={value}" for name, value in values.items())


def dumps(outputs: Mapping[str, str], delimiter: str) -> str:
    """The lines for ``GITHUB_OUTPUT``.

    Every value stands between delimiters that nobody can know beforehand, so that no text, whoever wrote it, can end
    its value and begin another output. Raises ``ValueError`` for a delimiter that a value contains.
    """
    if any(delimiter in value for value in outputs.values()):
        raise ValueError("a value contains the delimiter")
    return "".join(f"{name}<<{delimiter}\n{value}\n{delimiter}\n" for name, value in outputs.items())
