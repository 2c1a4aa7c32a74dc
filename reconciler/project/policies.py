"""From ``policy`` as written to the policy of an environment, what it extends included.

What comes down is what is asked for: classes merge by class, rules by name. A child that says something of a class, or
has a rule of that name, replaces the whole of it. Nothing gets lost on the way to another address: a policy belongs to
no place.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconciler.model import ChangeClass, ClassNeeds, Policy, PolicyRule
from reconciler.project.inheritance import Reporting, Written
from reconciler.project.rules import POLICY
from reconciler.reading.tree import Map, find
from reconciler.reading.validation import Issue

if TYPE_CHECKING:
    from reconciler.project.policy_document import ClassNeedsValue, PolicyDocument, RuleDocument


def policy(reading: Reporting, link: Written, inherited: Policy) -> Policy:
    """The policy of an environment over that of what it extends; what is wrong with it is reported."""
    document = link.document.policy
    if document is None:
        return inherited
    own = tuple(_rules(reading, link, document))
    names = {rule.name for rule in own}
    return Policy(
        {**inherited.classes, **dict(_classes(reading, link, document))},
        (*(rule for rule in inherited.rules if rule.name not in names), *own),
    )


def _classes(reading: Reporting, link: Written, document: PolicyDocument) -> Iterator[tuple[ChangeClass, ClassNeeds]]:
    for found in ChangeClass:
        needs: ClassNeedsValue | None = getattr(document.classes, found.value.replace("-", "_"), None)
        if needs is None:
            continue
        place = reading.location(find(link.tree, link.mark, ("policy", "classes", found.value), at_key=True))
        if isinstance(needs, str):
            yield found, ClassNeeds(needs, place)
        else:
            effect = "consent" if needs.consent is not None else needs.effect
            yield found, ClassNeeds(effect, place, needs.consent, needs.notice)


def _rules(reading: Reporting, link: Written, document: PolicyDocument) -> Iterator[PolicyRule]:
    seen: dict[str, int] = {}
    for index, written in enumerate(document.rules or ()):
        tree = link.tree["policy"]["rules"][index]
        mark = find(tree, tree.mark, ("name",))
        if written.name in seen:
            first = reading.location(seen[written.name])
            reading.add([Issue(POLICY.id, f"the rule `{written.name}` is there twice; the other is at {first}", mark)])
            continue
        seen[written.name] = mark
        _check(reading, written.when, find(tree, tree.mark, ("when",)))
        yield _rule(reading, written, tree)


def _check(reading: Reporting, when: str, mark: int) -> None:
    """Refuse an expression that is no rule, at its own place inside the file."""
    try:
        from reconciler.expressions.engine import compiled
    except ImportError as error:
        message = f"rules need the package `cel-expr-python`, which is not here ({error})"
        why = "It has wheels for Linux with glibc, macOS and Windows."
        reading.add([Issue(POLICY.id, message, mark, why=why)])
        return
    found = compiled(when)
    for fault in found if isinstance(found, tuple) else ():
        reading.add([Issue(POLICY.id, fault.message, reading.inside(mark, when, fault.line, fault.column))])


def _rule(reading: Reporting, written: RuleDocument, tree: Map) -> PolicyRule:
    place = reading.location(find(tree, tree.mark, ("name",)))
    if isinstance(written.effect, str):
        return PolicyRule(written.name, written.when, written.effect, written.because, place)
    return PolicyRule(written.name, written.when, "consent", written.because, place, written.effect.consent)
