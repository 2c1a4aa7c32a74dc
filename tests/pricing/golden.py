"""Reads recorded bills, and turns the engine's answers into the shapes in which they were recorded."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from reconciler.errors import PricingError
from reconciler.pricing import (
    Card,
    Conversion,
    Discounts,
    FlatPrice,
    Line,
    Period,
    Phase,
    Subscription,
    invoice,
    parse_price,
    rate,
    rate_part,
    service_periods,
)
from reconciler.pricing.money import number, text
from reconciler.pricing.periods import duration

BESIDE = Path(__file__).parents[3] / "shared" / "openmeter" / "rating-golden.json"


def cases(files):
    """Every case of the files, with numbers as they are written."""
    found = []
    for file in files:
        found += json.loads(Path(file).read_text(), parse_float=Decimal)
    return found


def moment(value):
    return datetime.fromisoformat(value)


def period(value):
    return Period(moment(value["from"]), moment(value["to"]))


def discounts(value):
    usage, percentage = ((value or {}).get(name) for name in ("usage", "percentage"))
    if percentage and isinstance(percentage["percentage"], str):
        raise PricingError("a percentage is a number")
    return Discounts(
        quantity(usage["quantity"]) if usage else None,
        number(percentage["percentage"], "percentage") if percentage else None,
    )


def texts(price):
    """The API takes amounts as text only; everything else that has no decimals is a word."""
    for value in price.values() if isinstance(price, dict) else price if isinstance(price, list) else ():
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            raise PricingError(f"`{value}` is not text")
        texts(value)
    return price


def quantity(value):
    """The simulation takes quantities as text only."""
    if not isinstance(value, str):
        raise PricingError("a quantity is text")
    return number(value, "quantity")


# Shapes of the API


def totals(found):
    shown = {"amount": found.amount, "chargesTotal": found.charges, "discountsTotal": found.discounts}
    return {name: text(value) for name, value in shown.items() if value or name == "amount"} | {
        "total": text(found.total)
    }


def amount_discount(found):
    reason = {"type": found.reason}
    if found.percentage is not None:
        reason["percentage"] = found.percentage
    described = {"description": found.description} if found.description else {}
    return {"amount": text(found.amount), "reason": reason} | described


def detailed(found, *, with_period):
    shown = {
        "name": found.name,
        "category": found.category,
        "quantity": text(found.quantity),
        "perUnitAmount": text(found.unit_amount),
        "paymentTerm": found.payment_term,
        "totals": totals(found.totals),
    }
    if found.discounts:
        shown["discounts"] = {"amount": [amount_discount(one) for one in found.discounts]}
    if with_period and found.period:
        shown["period"] = shown_period(found.period)
    return shown


def shown_period(found):
    return {"from": stamp(found.start), "to": stamp(found.end)}


def stamp(found):
    return None if found is None else found.isoformat().replace("+00:00", "Z")


def line(found, *, with_period=False):
    shown = {
        "name": found.name,
        "quantity": text(found.quantity),
        "detailed": [detailed(one, with_period=with_period) for one in found.detailed],
        "totals": totals(found.totals),
    }
    if found.before:
        shown["preLinePeriodQuantity"] = text(found.before)
    if (
        found.line.feature
        and found.line.quantity != found.quantity
        and found.line.price.__class__.__name__ != "FlatPrice"
    ):
        shown["meteredQuantity"] = text(found.line.quantity)
    if found.line.before and found.line.price.__class__.__name__ != "FlatPrice":
        shown["meteredPreLinePeriodQuantity"] = text(found.line.before)
    if found.free:
        free = {"quantity": text(found.free.quantity)}
        if found.free.before:
            free["preLinePeriodQuantity"] = text(found.free.before)
        reason = {"type": "ratecard_usage", "quantity": text(found.free.granted)}
        shown["discounts"] = {"usage": [free | {"reason": reason}]}
    if with_period:
        shown["period"] = shown_period(found.line.period)
    return shown


# The four ways in which the cases were recorded: each gives what was answered, and what the engine says


def simulate(given, recorded):
    lines = [
        Line(
            item["name"],
            parse_price(texts(item["price"])),
            given["currency"],
            quantity(item["quantity"]),
            quantity(item.get("preLinePeriodQuantity", "0")),
            discounts(item.get("discounts")),
            feature=item.get("featureKey"),
            period=period(item["period"]),
            invoice_at=moment(item["invoiceAt"]),
        )
        for item in given["lines"]
    ]
    found = invoice(lines)
    wanted = [{name: value for name, value in item.items() if name != "taxConfig"} for item in recorded["lines"]]
    return (wanted, recorded["totals"]), ([line(one) for one in found.lines], totals(found.totals))


def unit_config(given, recorded):
    how = given["unitConfig"]
    if given.get("enabled") is False:
        raise PricingError("the server is told not to convert")
    factor = number(how["conversionFactor"], "factor")
    conversion = Conversion(how["operation"], factor, how.get("rounding", "none"), how.get("precision", 0))
    found = rate(
        Line(
            "Tokens",
            parse_price(given["price"]),
            given["currency"],
            quantity(given["quantity"]),
            quantity(given.get("preLinePeriodQuantity", "0")),
            Discounts(number(given["usageDiscount"], "usage") if "usageDiscount" in given else None),
            conversion,
            "tokens",
        )
    )
    shown = [
        {
            "name": one.name,
            "category": one.category,
            "quantity": text(one.quantity),
            "perUnitAmount": text(one.unit_amount),
            "amount": text(one.totals.amount),
            "chargesTotal": text(one.totals.charges),
            "discountsTotal": text(one.totals.discounts),
            "total": text(one.totals.total),
        }
        for one in found.detailed
    ]
    return recorded, {
        "billedPreLinePeriodQuantity": text(found.before),
        "billedQuantity": text(found.quantity),
        "detailed": shown,
        "total": text(found.totals.total),
    }


def pending_lines(case, given, recorded):
    """One line invoiced at several moments; where nothing is due, or nothing can be rated, no invoice is made."""
    events = [(moment(event["time"]), float(event["value"])) for event in given["events"]]

    def meter(wanted):
        """The server's meters add up floats; rating begins with the shortest decimal of the sum."""
        return Decimal(repr(sum(value for at, value in events if wanted.start <= at < wanted.end)))

    whole = period(given["period"])
    answers = recorded.get("invoices") or [{"asOf": at, "status": None} for at in given["invoiceAsOf"]]
    due = when_due(case, whole, answers) if given["price"]["type"] == "flat" else whole.end
    tokens = Line(
        "Tokens",
        parse_price(given["price"]),
        given["currency"],
        discounts=discounts(given["discounts"]),
        feature="tokens",
        period=whole,
        invoice_at=due,
    )
    wanted, found, earlier = [], [], []
    for answer in answers:
        wanted.append([_set_of_discounts(item) for item in answer.get("lines", [])])
        at = moment(answer["asOf"])
        part = None
        if given["progressiveBilling"] or at >= whole.end:
            try:
                part = rate_part(tokens, meter, earlier, at)
            except PricingError:
                if answer["status"] in (None, 200):
                    raise
        if part is not None:
            earlier.append(part)
        found.append([_set_of_discounts(line(part, with_period=True))] if part is not None else [])
    total = sum((part.totals.total for part in earlier), Decimal(0))
    return (wanted, recorded["sumTotal"]), (found, text(total))


def when_due(case, whole, answers):
    """When a flat line is due is no part of the recorded input, but of its name; else of when it was invoiced."""
    if case.endswith("invoiceAt start") or whole.is_empty:
        return whole.start
    if case.endswith("invoiceAt end"):
        return whole.end
    return min((moment(one["asOf"]) for one in answers if one["status"] == 200), default=whole.end)


def _set_of_discounts(item):
    """The discounts of one detailed line come back in no order."""
    for one in item["detailed"]:
        if "discounts" in one:
            one["discounts"]["amount"].sort(key=lambda discount: discount["reason"]["type"])
    return item


def subscription(given, recorded):
    def card(item):
        price = None if item["type"] == "free" else parse_price(item)
        once = item["billingCadence"] is None
        percentage = number(item["percentage"], "percentage") if "percentage" in item else None
        cadence = None if once else duration(item["billingCadence"])
        return Card(item["key"], item["key"], price, cadence, Discounts(percentage=percentage), "tokens")

    phases = tuple(
        Phase(item["key"], duration(item["startAfter"]), tuple(card(one) for one in item["rateCards"]))
        for item in given["phases"]
    )
    periods = service_periods(
        Subscription(
            given["currency"],
            duration(given["billingCadence"]),
            phases,
            moment(given["start"]),
            moment(given["billingAnchor"]) if "billingAnchor" in given else None,
            moment(given["end"]) if "end" in given else None,
            given["proRatingEnabled"],
            given["subscriptionEndProrationMode"],
        ),
        moment(given["generateUntil"]),
    )
    return sorted(recorded["lines"], key=lambda item: item["id"]), sorted(
        (_service_period(given, one) for one in periods), key=lambda item: item["id"]
    )


def _service_period(given, found):
    suffix = "" if found.index is None else f"/period[{found.index}]"
    shown = {
        "id": f"sub/{found.phase.key}/{found.card.key}/v[0]{suffix}",
        "servicePeriod": shown_period(found.service),
        "fullServicePeriod": shown_period(found.full),
        "billingPeriod": shown_period(found.billing),
        "periodPercentage": text(found.share),
        "line": _rated(given, found),
    }
    return shown | ({"invoiceAt": stamp(found.invoice_at)} if found.invoice_at else {})


def _rated(given, found):
    if found.invoice_at is None:
        return "not billable"
    rated = found.line(given["currency"], Decimal(0))
    if rated is None:
        return None
    if not isinstance(rated.price, FlatPrice):
        return {"priceType": "unit"}
    bill = rate(rated)
    return {
        "priceType": "flat",
        "paymentTerm": rated.price.payment_term,
        "amount": text(bill.totals.amount),
        "discountsTotal": text(bill.totals.discounts),
        "total": text(bill.totals.total),
    }
