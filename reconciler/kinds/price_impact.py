"""What a change of a plan or an add-on means for those who pay: its classes, from the changed fields alone.

Careful by construction: what is not recognised, or cannot be told, counts as raising a price.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from reconciler.model import ChangeClass, FieldChange, exact_number

C = ChangeClass
_CARD = re.compile(r"(?:phases\[[^\]]*\]\.)?rateCards\[[^\]]*\](?P<rest>.*)")
_COSMETIC = re.compile(r"(?:phases\[[^\]]*\]\.)?(?:rateCards\[[^\]]*\]\.)?(?:name|description|metadata)(?:$|[.\[])")

_UP_RAISES = frozenset({"amount", "minimumAmount", "multiplier"})
_UP_LOWERS = frozenset({"quantityPerPackage"})
_BILLING = ("currency", "billingCadence", "proRatingConfig", "settlementMode")


def impact(fields: tuple[FieldChange, ...]) -> Iterable[ChangeClass]:
    """Every class that applies, in no order."""
    for change in fields:
        yield from _one(change)


def _one(change: FieldChange) -> Iterator[ChangeClass]:
    path = change.path
    card = _CARD.fullmatch(path)
    if _COSMETIC.match(path):
        yield C.COSMETIC
    elif card is not None:
        yield from _card(change, card["rest"].lstrip("."))
    elif path.startswith("addons"):
        yield from _offer(change)
    elif path == "instanceType":
        yield C.ADDITIVE if change.after == "multiple" else C.ENTITLEMENT_REDUCING
    elif path.startswith(_BILLING):
        yield C.BILLING_BEHAVIOUR
        # Without proration a part of a period costs as much as a whole one.
        if path.startswith(("currency", "billingCadence")) or change.after is False:
            yield C.PRICE_RAISING
    elif path == "rateCards" or path.startswith("phases"):
        # Whole phases, their order and length, all cards at once: what is gone may have granted something.
        yield C.BILLING_BEHAVIOUR
        yield C.PRICE_RAISING
        if change.before is not None and not path.endswith("].duration"):
            yield C.ENTITLEMENT_REDUCING
    else:
        yield C.PRICE_RAISING


def _card(change: FieldChange, rest: str) -> Iterator[ChangeClass]:
    if rest == "":
        yield from _whole_card(change)
    elif rest.startswith("price"):
        yield from _price(change, rest.removeprefix("price").lstrip("."))
    elif rest.startswith("entitlementTemplate"):
        yield _entitlement(change, rest.removeprefix("entitlementTemplate").lstrip("."))
    elif rest.startswith("discounts"):
        yield _more_is_cheaper(change)
    elif rest.startswith("taxConfig"):
        yield C.BILLING_BEHAVIOUR
    elif rest == "billingCadence":
        yield C.BILLING_BEHAVIOUR
        yield C.PRICE_RAISING
    elif rest == "featureKey":
        yield C.ENTITLEMENT_REDUCING
        yield C.PRICE_RAISING
    else:
        yield C.PRICE_RAISING


def _whole_card(change: FieldChange) -> Iterator[ChangeClass]:
    if isinstance(change.before, Mapping):
        yield C.ENTITLEMENT_REDUCING
        if change.before.get("price") is not None:
            yield C.PRICE_LOWERING
    if isinstance(change.after, Mapping):
        yield C.PRICE_RAISING if change.after.get("price") is not None else C.ADDITIVE


def _price(change: FieldChange, rest: str) -> Iterator[ChangeClass]:
    leaf = rest.rpartition(".")[2]
    if rest == "":
        yield C.PRICE_LOWERING if change.after is None else C.PRICE_RAISING
    elif leaf in _UP_RAISES:
        yield _direction(change, up=C.PRICE_RAISING, down=C.PRICE_LOWERING)
    elif leaf in _UP_LOWERS:
        yield _direction(change, up=C.PRICE_LOWERING, down=C.PRICE_RAISING)
    elif leaf == "maximumAmount":
        yield (
            C.PRICE_LOWERING if change.before is None else _direction(change, up=C.PRICE_RAISING, down=C.PRICE_LOWERING)
        )
    elif leaf == "paymentTerm":
        yield C.BILLING_BEHAVIOUR
    else:
        yield C.PRICE_RAISING


def _direction(change: FieldChange, *, up: ChangeClass, down: ChangeClass) -> ChangeClass:
    """Up or down; a minimum that vanishes is down, anything else that appears or vanishes cannot be told."""
    before, after = exact_number(change.before), exact_number(change.after)
    if change.after is None and change.path.endswith("minimumAmount"):
        return down
    if before is None or after is None:
        return C.PRICE_RAISING
    return up if after > before else down


def _more_is_cheaper(change: FieldChange) -> ChangeClass:
    if change.before is None:
        return C.PRICE_LOWERING
    if change.after is None:
        return C.PRICE_RAISING
    return _direction(change, up=C.PRICE_LOWERING, down=C.PRICE_RAISING)


def _entitlement(change: FieldChange, rest: str) -> ChangeClass:
    if rest == "":
        return C.ADDITIVE if change.before is None else C.ENTITLEMENT_REDUCING
    if rest.startswith("metadata"):
        return C.COSMETIC
    before, after = exact_number(change.before), exact_number(change.after)
    if rest == "issueAfterReset" and after is not None and (before is None or after > before):
        return C.ADDITIVE
    if rest == "isSoftLimit" and change.after is True:
        return C.ADDITIVE
    return C.ENTITLEMENT_REDUCING


def _offer(change: FieldChange) -> Iterator[ChangeClass]:
    """Attached gives more, detached gives less; a smaller or later offer is less, a larger one more."""
    leaf = change.path.rpartition("].")[2] if "]." in change.path else ""
    if leaf == "":
        yield C.ADDITIVE if change.before is None else C.ENTITLEMENT_REDUCING
    elif leaf.startswith("metadata"):
        yield C.COSMETIC
    elif leaf == "maxQuantity":
        before, after = exact_number(change.before), exact_number(change.after)
        grows = after is None or (before is not None and after > before)
        yield C.ADDITIVE if grows else C.ENTITLEMENT_REDUCING
    else:
        yield C.ENTITLEMENT_REDUCING
