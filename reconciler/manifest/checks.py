"""The offline rules of the kinds, and those about money, over all objects of an environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import BaseModel

from reconciler.kinds.kind import Finding
from reconciler.manifest.problems import Problems
from reconciler.manifest.validated import Valid
from reconciler.model import Address, Severity, State
from reconciler.pricing.lint import Lint
from reconciler.reading.tree import find


class Declarations:
    """What a rule may ask of the other declared objects (``kinds.kind.Catalogue``)."""

    def __init__(self, objects: Mapping[Address, Valid]) -> None:
        self._objects = objects
        self._keys: dict[str, list[str]] = {}
        for address in objects:
            self._keys.setdefault(address.kind, []).append(address.key)

    def spec(self, kind: str, key: str) -> BaseModel | None:
        """The valid spec declared under this address; None if it is absent, invalid or only observed."""
        found = self._objects.get(Address(kind, key))
        return found.model if found else None

    def state(self, kind: str, key: str) -> State | None:
        """The declared lifecycle state, None where it is not declared."""
        found = self._objects.get(Address(kind, key))
        return found.management.state if found else None

    def keys(self, kind: str) -> Iterable[str]:
        """The keys of every declared object of a kind, in the order of their declaration."""
        return self._keys.get(kind, ())


def check_kinds(objects: Mapping[Address, Valid], problems: Problems) -> None:
    """Report what the rules of the kinds find in valid specs that are to be written, and what is odd about prices."""
    declarations = Declarations(objects)
    sound: list[tuple[Address, Valid, BaseModel]] = []
    for address, valid in objects.items():
        if valid.model is None or valid.management.manage == "observe":
            continue
        severities = [
            _place(finding, address, valid, problems)
            for finding in valid.entry.kind.check(address.key, valid.model, declarations)
        ]
        if "error" not in severities and valid.management.state in ("active", "draft"):
            sound.append((address, valid, valid.model))
    found = Lint(declarations).check([(address.key, model) for address, _, model in sound])
    for (address, valid, _), findings in zip(sound, found, strict=True):
        for finding in findings:
            _place(finding, address, valid, problems)


def _place(finding: Finding, address: Address, valid: Valid, problems: Problems) -> Severity | None:
    """Report a finding where it stands; how severe it is, None where it is nothing here."""
    severity = _severity(finding, valid.management.state)
    if severity is not None:
        mark = find(valid.spec, valid.mark, finding.path, at_key=finding.at_key)
        problems.place(
            finding.rule.id,
            finding.message,
            problems.files.location(mark),
            span=len(str(finding.path[-1])) if finding.path else 1,
            address=address,
            severity=severity,
        )
    return severity


def _severity(finding: Finding, state: State) -> Severity | None:
    """What publish alone refuses is a warning on a draft, and nothing on what is never published again."""
    if not finding.publish_only or finding.rule.severity == "warning":
        return finding.rule.severity
    severities: dict[State, Severity] = {"active": "error", "draft": "warning"}
    return severities.get(state)
