"""What usage costs, exactly as OpenMeter would bill it: no server, no float, no guess.

::

    from decimal import Decimal
    from reconciler.pricing import Line, parse_price, rate

    price = parse_price({"type": "unit", "amount": "0.0025"})
    bill = rate(Line("Tokens", price, "USD", Decimal(40000), feature="tokens"))
    bill.totals.total            # Decimal('100.00')

``bill`` tells what a customer pays on a plan. Below it ``subscribed`` puts a customer on a plan with add-ons,
``service_periods`` tells which lines are due when, with prorated fees, ``rate`` works out one line, ``invoice``
several, and ``rate_part`` a part of a period that is invoiced before its end. What cannot be computed faithfully raises
``PricingError``. Quantities are in the meter's units, amounts in the currency itself.
"""

from reconciler.pricing.bills import Bill, Course, Customer, Item, bill, course
from reconciler.pricing.lines import (
    AmountDiscount,
    Conversion,
    DetailedLine,
    Discounts,
    Invoice,
    Line,
    Period,
    RatedLine,
    Totals,
    UsageDiscount,
)
from reconciler.pricing.offers import Extra, Tariff, cards_of, subscribed, tariff
from reconciler.pricing.price_tests import Miss, PriceList, PriceTest, price_test
from reconciler.pricing.prices import (
    Commitment,
    DynamicPrice,
    FlatPrice,
    PackagePrice,
    Price,
    Tier,
    TieredPrice,
    UnitPrice,
    parse_price,
)
from reconciler.pricing.probes import edges, probes
from reconciler.pricing.rating import invoice, rate
from reconciler.pricing.splits import may_split, rate_part
from reconciler.pricing.subscriptions import Card, Phase, ServicePeriod, Subscription, service_periods

__all__ = [
    "AmountDiscount",
    "Bill",
    "Card",
    "Commitment",
    "Conversion",
    "Course",
    "Customer",
    "DetailedLine",
    "Discounts",
    "DynamicPrice",
    "Extra",
    "FlatPrice",
    "Invoice",
    "Item",
    "Line",
    "Miss",
    "PackagePrice",
    "Period",
    "Phase",
    "Price",
    "PriceList",
    "PriceTest",
    "RatedLine",
    "ServicePeriod",
    "Subscription",
    "Tariff",
    "Tier",
    "TieredPrice",
    "Totals",
    "UnitPrice",
    "UsageDiscount",
    "bill",
    "cards_of",
    "course",
    "edges",
    "invoice",
    "may_split",
    "parse_price",
    "price_test",
    "probes",
    "rate",
    "rate_part",
    "service_periods",
    "subscribed",
    "tariff",
]
