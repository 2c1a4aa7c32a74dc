"""References between objects: every one has to be declared, alive, and not part of a circle."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from graphlib import CycleError, TopologicalSorter

from reconciler.manifest.problems import Problems
from reconciler.manifest.validated import Valid
from reconciler.model import Address
from reconciler.reading.suggest import Hints
from reconciler.reading.tree import find

_ELSEWHERE = "; declare it, or with `lifecycle: {manage: observe}` if it exists elsewhere"


def check_references(
    objects: Mapping[Address, Valid], problems: Problems, *, abstract: Collection[Address] = ()
) -> None:
    """Report unknown references, references to what is going away or is ``abstract``, and circles."""
    keys: dict[str, list[str]] = {}
    for address in objects:
        keys.setdefault(address.kind, []).append(address.key)
    hints = Hints()
    for valid in objects.values():
        for path, target in valid.references:
            reason = _refusal(objects, valid, target)
            if reason is not None and target not in objects:
                rule, message = reason
                if target in abstract:
                    message = f"{target} is abstract and never sent, so nothing can refer to it"
                    problems.add(rule, message, find(valid.spec, valid.mark, path), span=len(target.key))
                    continue
                hint = hints.did_you_mean(target.key, keys.get(target.kind, ()))
                reason = rule, message + (hint or _ELSEWHERE)
            if reason is not None:
                rule, message = reason
                mark = find(valid.spec, valid.mark, path)
                problems.add(rule, message, mark, span=len(target.key), address=valid.entry.address)
    _check_circles(objects, problems)


def check_former_keys(objects: Mapping[Address, Valid], problems: Problems) -> None:
    """Report former keys that are somebody's: two documents would be one live object."""
    claimed: dict[Address, Address] = {}
    for address, valid in objects.items():
        for index, key in enumerate(valid.management.former_keys):
            former = Address(address.kind, key)
            if former == address:
                message = f"`{key}` is the key that it has; a former one is another"
            elif former in objects:
                message = f"{former} is declared too: remove that document, or this former key"
            elif former in claimed:
                message = f"{claimed[former]} says that it was {former}, too: only one of them can be"
            else:
                claimed[former] = address
                continue
            entry = valid.entry
            mark = find(entry.lifecycle, entry.lifecycle_mark, ("formerKeys", index))
            problems.add("lifecycle.former_keys", message, mark, span=len(key), address=address)


def _refusal(objects: Mapping[Address, Valid], valid: Valid, target: Address) -> tuple[str, str] | None:
    found = objects.get(target)
    if found is None:
        return "reference.unknown", f"{target} is not declared"
    state = found.management.state
    if state in ("absent", "archived") and valid.management.state in ("active", "draft"):
        return "reference.gone", f"{target} is declared `{state}`, so nothing can refer to it"
    return None


def _check_circles(objects: Mapping[Address, Valid], problems: Problems) -> None:
    graph = {
        address: [target for _, target in valid.references if target in objects]
        for address, valid in objects.items()
        if valid.references
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[Address] = error.args[1]
        first = objects[min(circle)]
        names = " → ".join(str(address) for address in reversed(circle))
        message = f"objects refer to each other in a circle: {names}"
        problems.add("reference.cycle", message, first.entry.mark, address=first.entry.address)
