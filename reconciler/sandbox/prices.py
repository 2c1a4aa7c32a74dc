"""Prices of rate cards: what may be sent, what is stored, and which rules are critical."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from reconciler.sandbox.issues import Issue, uncoded
from reconciler.sandbox.jsontext import Doc
from reconciler.sandbox.schema import NUMERIC, Arr, Obj, Schema, Str, Tagged
from reconciler.sandbox.values import print_decimal

_TERM: Final = Str(enum=("in_advance", "in_arrears"))
_COMMITMENTS: Final[dict[str, Schema]] = {"minimumAmount": NUMERIC, "maximumAmount": NUMERIC}


def _component(type_: str) -> Obj:
    return Obj(required={"type": Str(enum=(type_,)), "amount": NUMERIC}, nullable=True)


_TIER: Final = Obj(
    required={"flatPrice": _component("flat"), "unitPrice": _component("unit")},
    optional={"upToAmount": NUMERIC},
)
FLAT_PRICE: Final = Obj(
    required={"type": Str(enum=("flat",)), "amount": NUMERIC}, optional={"paymentTerm": _TERM}, nullable=True
)
USAGE_PRICE: Final = Tagged(
    tag="type",
    nullable=True,
    options={
        "flat": FLAT_PRICE,
        "unit": Obj(required={"amount": NUMERIC}, optional=_COMMITMENTS),
        "tiered": Obj(
            required={"mode": Str(enum=("volume", "graduated")), "tiers": Arr(_TIER, min_items=1)},
            optional=_COMMITMENTS,
        ),
        "dynamic": Obj(optional={"multiplier": NUMERIC, **_COMMITMENTS}),
        "package": Obj(required={"amount": NUMERIC, "quantityPerPackage": NUMERIC}, optional=_COMMITMENTS),
    },
)
_COMMITTED: Final = ("minimumAmount", "maximumAmount")
_DECIMALS: Final = {
    "flat": ("amount",),
    "unit": ("amount", *_COMMITTED),
    "tiered": _COMMITTED,
    "dynamic": _COMMITTED,
    "package": ("amount", "quantityPerPackage", *_COMMITTED),
}
"""What each model keeps of a price beside its own fields; the rest is dropped unseen."""


def read_price(price: Doc | None) -> Doc | None:
    """A price as stored: decimals in the server's form, defaults filled, tiers in the order sent."""
    if price is None:
        return None
    stored: Doc = {"type": price["type"]}
    stored.update({name: print_decimal(price[name]) for name in _DECIMALS[price["type"]] if name in price})
    match price["type"]:
        case "flat":
            stored["paymentTerm"] = price.get("paymentTerm", "in_advance")
        case "tiered":
            stored["mode"] = price["mode"]
            stored["tiers"] = [_read_tier(tier) for tier in price["tiers"]]
        case "dynamic":
            multiplier = print_decimal(price.get("multiplier", "1"))
            # The default is left out again on the way back.
            stored.update({} if multiplier == "1" else {"multiplier": multiplier})
    return stored


def price_issues(price: Doc) -> list[Issue]:
    """What is wrong with a price; every rule here is uncoded and therefore critical."""
    return [uncoded(message, "price") for message in _messages(price)]


def is_flat(price: Doc | None) -> bool:
    """Whether there is a price and it is a flat one."""
    return price is not None and price["type"] == "flat"


def _read_tier(tier: Doc) -> Doc:
    stored: Doc = {}
    if "upToAmount" in tier:
        stored["upToAmount"] = print_decimal(tier["upToAmount"])
    for name in ("flatPrice", "unitPrice"):
        component = tier[name]
        amount = component and {"type": component["type"], "amount": print_decimal(component["amount"])}
        stored[name] = amount
    return stored


def _messages(price: Doc) -> Iterator[str]:
    if _negative(price.get("amount")):
        yield "the Amount must not be negative"
    if _negative(price.get("multiplier")):
        yield "the markup rate must not be less than 0"
    quantity = price.get("quantityPerPackage")
    if _negative(quantity):
        yield "the QuantityPerPackage must not be negative"
    if quantity == "0":
        yield "the QuantityPerPackage must not be zero"
    if price["type"] == "tiered":
        yield from _tier_messages(price["tiers"])
    yield from _commitment_messages(price)


def _tier_messages(tiers: list[Doc]) -> Iterator[str]:
    """Neither sorted bounds nor a single open end is asked for; a bound of zero may repeat."""
    bounds: set[str] = set()
    for tier in tiers:
        bound = tier.get("upToAmount", "0")
        if bound in bounds:
            yield "multiple PriceTiers with same UpToAmount are not allowed"
            continue
        if bound != "0":
            bounds.add(bound)
        if _negative(bound):
            yield "the UpToAmount must not be negative"
        components = [tier[name] for name in ("flatPrice", "unitPrice") if tier[name] is not None]
        if not components:
            yield "either FlatPrice or UnitPrice must be provided in PriceTier"
        if any(_negative(component["amount"]) for component in components):
            yield "the Amount must not be negative"
    if all("upToAmount" in tier for tier in tiers):
        yield "at least one PriceTier must be open-ended"


def _commitment_messages(price: Doc) -> Iterator[str]:
    minimum, maximum = price.get("minimumAmount", "0"), price.get("maximumAmount", "0")
    if _negative(minimum):
        yield "the MinimumAmount must not be negative"
    if _negative(maximum):
        yield "the MaximumAmount must not be negative"
    if minimum != "0" and maximum != "0" and Decimal(minimum) > Decimal(maximum):
        yield "the MinimumAmount must not be greater than MaximumAmount"


def _negative(amount: str | None) -> bool:
    return amount is not None and Decimal(amount) < 0
