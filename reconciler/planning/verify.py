"""Never trust a 2xx: what every step meant, against what is read back afterwards.

Works from the steps of a plan alone, so that a saved plan can be verified without its manifests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.kinds import marker as markers
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Desired, FieldChange, Observation, Observed, Path, Plan, Step, Tree
from reconciler.planning import couplings
from reconciler.planning.canonical import canonical
from reconciler.planning.compare import without_chosen
from reconciler.planning.diff import diff
from reconciler.planning.options import PlanOptions, RevealSecret, no_secret
from reconciler.planning.secrets import Masked, mask
from reconciler.planning.work import Work

_WRITES = ("create", "update", "adopt", "release")


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One object that is not as its steps meant it, in one sentence."""

    address: Address
    message: str


def verify(
    plan: Plan,
    observation: Observation,
    created: Mapping[str, str],
    skip: frozenset[Address] = frozenset(),
    reveal: RevealSecret = no_secret,
) -> tuple[Mismatch, ...]:
    """Compare what is live now with what the steps meant. ``created`` maps ``Kind/key#id`` to ids.

    ``skip`` are the addresses whose steps did not all run; secrets that ``reveal`` does not tell are not compared.
    """
    options = PlanOptions(api=plan.target.api, reveal=reveal)
    work = Work(Desired({}, plan.project, plan.target.environment), observation, options)
    found: list[Mismatch] = []
    for address in dict.fromkeys(step.address for step in plan.steps):
        if address not in skip:
            steps = tuple(step for step in plan.steps if step.address == address)
            found += [Mismatch(address, message) for message in _check(work, address, steps, created)]
    return tuple(found)


def _check(work: Work, address: Address, steps: tuple[Step, ...], created: Mapping[str, str]) -> Iterator[str]:
    kept = None
    for step in steps:
        if step.verb in _WRITES and step.body is not None:
            kept = step
    if kept is not None:
        row = _row(work, address, kept.target_id or created.get(f"{address}#id"))
        if row is None:
            yield f"{address}: written, but not there when read back"
            return
        yield from content_faults(Intent(work, kept, row, created))
        yield from _state(address, steps, row)
        yield from assignment_faults(address, steps, row, created)
    for step in steps:
        if step.verb in ("delete", "archive") and step.may_refuse is None:
            yield from _gone(work, address, step)


def _row(work: Work, address: Address, ident: str | None) -> Observed | None:
    return work.index.by_id(address.kind, ident) if ident else None


@dataclass(frozen=True, slots=True)
class Intent:
    """What one write meant an object to be, against what the object is."""

    work: Work
    step: Step
    row: Observed
    created: Mapping[str, str]

    def holds(self, *, surely: bool = False) -> bool:
        """Whether the object is as the write meant it; ``surely``: a secret that cannot be compared says no."""
        return not self.differences() and not (surely and self._masked().unchecked)

    def differences(self) -> tuple[FieldChange, ...]:
        """What differs: ``before`` is what the server shows, ``after`` what was meant."""
        masked = self._masked()
        return diff(KINDS[self.step.address.kind], masked.live, masked.desired, _nowhere)

    def _masked(self) -> Masked:
        shape, meant = KINDS[self.step.address.kind].shape, self._meant()
        shown = without_chosen(shape, meant, self.work.live_spec(self.row))
        return mask(shape, meant, shown, self.work.options.reveal)

    def _meant(self) -> dict[str, Tree]:
        """The canonical spec that a write carried; what a PUT cannot carry is as it is live."""
        kind = KINDS[self.step.address.kind]
        binding = kind.binding(self.work.options.api)
        meant = {name: kept(value, self.row.wire) for name, value in (self.step.body or {}).items()}
        body = {name: filled(value, self.created) for name, value in meant.items()}
        for name in binding.create_only:
            if name not in body and name in self.row.wire:
                body[name] = self.row.wire[name]
        if kind.name == "NotificationRule":
            body = couplings.shown_channels(self.work, body)
        spec = binding.from_wire(body, self.work.key_of)
        if "metadata" in spec:
            spec["metadata"] = markers.strip(spec["metadata"])
        return canonical(kind, spec)


def content_faults(intent: Intent) -> Iterator[str]:
    """One sentence per field that is not as it was sent."""
    address = intent.step.address
    for change in intent.differences():
        where = change.path
        if change.before is None:
            yield f"{address}: the server ignored `{where}`; sent {_show(change.after)}"
        elif change.after is None:
            yield f"{address}: the server shows `{where}` = {_show(change.before)}, which was not sent"
        else:
            yield f"{address}: the server stored {_show(change.before)} for `{where}`; sent {_show(change.after)}"


def kept(value: Tree, wire: Tree) -> Tree:
    """A value of a body with the live object's own values in place of ``$live``."""
    match value:
        case {"$live": name, **rest} if not rest:
            for part in name if isinstance(name, list | tuple) else (name,):
                wire = wire.get(str(part)) if isinstance(wire, Mapping) else None
            return wire
        case Mapping():
            return {key: kept(item, wire) for key, item in value.items()}
        case _:
            return value


def filled(value: Tree, created: Mapping[str, str]) -> Tree:
    """A value of a body with known ids in place of references, sources in place of secrets, nothing for ``$live``."""
    match value:
        case {"$ref": str(name), **rest} if not rest:
            return created.get(name)
        case {"$secret": source, **rest} if not rest:
            return source
        case Mapping():
            return {key: filled(item, created) for key, item in value.items() if not _is_live(item)}
        case list():
            return [filled(item, created) for item in value]
        case _:
            return value


def _is_live(value: Tree) -> bool:
    return isinstance(value, Mapping) and "$live" in value


def _state(address: Address, steps: tuple[Step, ...], row: Observed) -> Iterator[str]:
    published = any(step.verb == "publish" for step in steps)
    if published and row.state != "active":
        yield f"{address}: published, but version {row.version} is {row.state} when read back"


def assignment_faults(
    address: Address, steps: tuple[Step, ...], row: Observed, created: Mapping[str, str]
) -> Iterator[str]:
    """One sentence per add-on that is not attached, or still is."""
    live = {item.addon_id for item in row.assignments or ()}
    for step in steps:
        if step.verb == "attach" and step.body is not None:
            ident = filled(step.body.get("addonId"), created)
            if ident not in live:
                yield f"{address}: add-on {step.id.rpartition(':')[2]} was attached, but is not there when read back"
        if step.verb == "detach" and step.path.rpartition("/")[2] in live:
            yield f"{address}: an add-on was detached, but is still there when read back"


def _gone(work: Work, address: Address, step: Step) -> Iterator[str]:
    row = _row(work, address, step.target_id)
    if row is None or (step.verb == "archive" and row.state == "archived"):
        return
    yield f"{address}: {step.verb}d, but still {row.state} when read back"


def _show(value: Tree) -> str:
    return f"`{value}`" if isinstance(value, str) else str(value)


def _nowhere(path: Path) -> None:
    """What was read back has no place in a file."""
    del path
