"""``kind: Approval``: consent that is committed, reviewed like any change, and ends. Never sent, never counted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from reconciler.kinds.fields import problem
from reconciler.kinds.kind import Spec
from reconciler.kinds.registry import KINDS
from reconciler.manifest.documents import TOOL_GROUP, key_problem
from reconciler.manifest.problems import Problems
from reconciler.manifest.scenarios import SCENARIO
from reconciler.model import CONSENTABLE, Address, Approval, split_consent
from reconciler.reading.suggest import did_you_mean
from reconciler.reading.tree import Map, find
from reconciler.reading.validation import validate

KIND = "Approval"
EXAMPLE = """\
apiVersion: reconciler/v1
kind: Approval
key: raise_2027
spec:
  allow: [price-raising:Plan/pro]
  because: board decision 14
  expires: 2027-01-31
  change: "51be09a3d2c7"
"""
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DIGEST = re.compile(r"[0-9a-f]{6,64}")
_GLOB = frozenset("*?[")


def _key(value: str) -> str:
    if reason := key_problem(value):
        raise problem("manifest.key", reason)
    return value


def _consent(value: str) -> str:
    code, _, pattern = value.partition(":")
    try:
        split_consent(value)
    except ValueError as error:
        raise problem("approval.consent", f"{error}{did_you_mean(code, CONSENTABLE)}") from None
    kind = pattern.partition("/")[0]
    known = (SCENARIO.name,) if code == "price-test" else tuple(KINDS)
    if kind and kind not in known and not _GLOB & set(kind):
        wrong = f"a price test is a `{SCENARIO.name}`" if code == "price-test" else f"there is no kind `{kind}`"
        raise problem("approval.consent", f"`{value}`: {wrong}{did_you_mean(kind, known)}")
    return value


def _dated(rule: str) -> AfterValidator:
    """A day, as text; anything else breaks the rule."""

    def check(value: str) -> str:
        if not _DATE.fullmatch(value):
            raise problem(rule, f"`{value}` is not a date; write it like `2027-01-31`")
        try:
            date.fromisoformat(value)
        except ValueError as error:
            raise problem(rule, f"`{value}` is not a date: {error}") from None
        return value

    return AfterValidator(check)


def _digest(value: Any) -> Any:  # noqa: ANN401 - whatever YAML held
    """A digest of digits only is a number in YAML; one with an `e` among them lost its text."""
    if isinstance(value, Decimal):
        raise problem("approval.change", "this reads as a number; quote the change digest")
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(text, str) and not _DIGEST.fullmatch(text):
        raise problem("approval.change", f"`{text}` is not the beginning of a change digest: 6 to 64 of 0-9 and a-f")
    return text


class ApprovalSpec(Spec):
    """A consent in git."""

    allow: Annotated[list[Annotated[str, AfterValidator(_consent)]], Field(min_length=1)]
    """What is consented to: `CODE:KIND/KEY`, as `--allow` takes it; KIND and KEY may be globs."""
    because: Annotated[str, Field(min_length=1)]
    """Why, and who decided it."""
    expires: Annotated[str, _dated("approval.expires")] | None = None
    """The last day, in UTC, on which it holds."""
    announced: Annotated[str, _dated("approval.announced")] | None = None
    """The day on which customers were told of it; where a policy asks for `notice`, its days count from here."""
    change: Annotated[str, BeforeValidator(_digest)] | None = None
    """The beginning of the object's change digest, which the plan prints beside the guard: void for any other."""


class ApprovalDocument(Spec):
    """The whole document."""

    api_version: Literal["reconciler/v1"]
    """The tool's own documents have this version."""
    kind: Literal["Approval"]
    """Consent to a guard, reviewed and committed with the change."""
    key: Annotated[str, AfterValidator(_key)]
    """Unique among all approvals."""
    spec: ApprovalSpec
    """What is consented to, why, and for how long."""


@dataclass(frozen=True, slots=True)
class Written:
    """An approval and the marks of its document and of where its end is written."""

    document: ApprovalDocument
    mark: int
    expires_mark: int


def is_approval(root: Any) -> bool:  # noqa: ANN401 - any tree
    """Whether a document is one of these."""
    return isinstance(root, Map) and root.get("apiVersion") == TOOL_GROUP and root.get("kind") == KIND


def read_approval(root: Map, problems: Problems) -> Written | None:
    """The approval that a document holds; None where it is wrong, which is reported."""
    tree = root
    for name in [name for name in root if name.startswith("x-")]:
        tree = tree.without(name)
    document, issues = validate(ApprovalDocument, tree, root.mark, "an Approval")
    for issue in issues:
        problems.add(issue.rule, issue.message, issue.mark, span=issue.span)
    return Written(document, root.mark, find(root, root.mark, ("spec", "expires"))) if document else None


class Approvals:
    """The approvals of one environment."""

    def __init__(self, problems: Problems, today: date | None) -> None:
        self._problems, self._today = problems, today
        self._found: dict[str, Written] = {}

    def add(self, documents: Iterable[Written]) -> None:
        """Add those of some files; a key that is there already is a problem."""
        for written in documents:
            key = written.document.key
            if key in self._found:
                where = self._problems.files.location(self._found[key].mark)
                message = f"{KIND}/{key} is declared twice; the other is at {where}"
                self._problems.add("manifest.duplicate", message, written.mark, address=Address(KIND, key))
                continue
            self._found[key] = written
            self._warn(written)

    def _warn(self, written: Written) -> None:
        spec, address = written.document.spec, Address(KIND, written.document.key)
        ends = date.fromisoformat(spec.expires) if spec.expires else None
        if ends is not None and self._today is not None and ends < self._today:
            message = f"{address} expired after {ends}: it consents to nothing any more"
            self._problems.add("approval.expired", message, written.expires_mark, address=address, severity="warning")
        if ends is None and spec.change is None:
            message = f"{address} has neither `expires` nor `change`"
            self._problems.add("approval.unbounded", message, written.mark, address=address, severity="warning")

    def all(self) -> tuple[Approval, ...]:
        """The approvals, by key."""
        return tuple(self._approval(self._found[key]) for key in sorted(self._found))

    def _approval(self, written: Written) -> Approval:
        document = written.document
        return Approval(
            key=document.key,
            allow=tuple(document.spec.allow),
            because=document.spec.because,
            location=self._problems.files.location(written.mark),
            expires=date.fromisoformat(document.spec.expires) if document.spec.expires else None,
            change=document.spec.change,
            announced=date.fromisoformat(document.spec.announced) if document.spec.announced else None,
        )
