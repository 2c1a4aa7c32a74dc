"""A small catalogue for the rules about money: specs as manifests have them, and what is found in each."""

from reconciler.kinds.registry import KINDS
from reconciler.pricing.lint import Lint

METER = {"eventType": "a", "aggregation": "COUNT", "groupBy": {"type": "$.type", "model": "$.model", "kind": "$.type"}}
TOKENS = {"name": "Tokens", "meterSlug": "m"}


class Catalogue:
    def __init__(self, specs):
        self.specs = specs

    def spec(self, kind, key):
        return self.specs.get((kind, key))

    def state(self, kind, key):
        return "active" if (kind, key) in self.specs else None

    def keys(self, kind):
        return [key for known, key in self.specs if known == kind]


def findings(*, plans=None, addons=None, features=None, meters=None, unknown=()):
    """Every finding as ``(kind/key, rule, path, message)``; ``unknown`` features are declared without a content."""
    given = {("Meter", key): spec for key, spec in (meters or {"m": METER}).items()}
    given |= {("Feature", key): spec for key, spec in (features or {"tokens": TOKENS}).items()}
    given |= {("Addon", key): spec for key, spec in (addons or {}).items()}
    given |= {("Plan", key): spec for key, spec in (plans or {}).items()}
    specs = {name: KINDS[name[0]].spec.model_validate(spec) for name, spec in given.items()}
    catalogue = Catalogue({**specs, **{("Feature", key): None for key in unknown}})
    names = list(specs)
    found = Lint(catalogue).check([(key, specs[kind, key]) for kind, key in names])
    return [
        ("/".join(name), finding.rule.id, ".".join(map(str, finding.path)), finding.message)
        for name, own in zip(names, found, strict=True)
        for finding in own
    ]


def plan(*cards, currency="EUR", cadence="P1M", before=(), **more):
    phases = [
        {"key": f"p{n}", "name": "p", "duration": length, "rateCards": own} for n, (length, own) in enumerate(before)
    ]
    phases.append({"key": "main", "name": "Main", "rateCards": list(cards)})
    return {"name": "P", "currency": currency, "billingCadence": cadence, "phases": phases, **more}


def usage(price, feature="tokens", cadence="P1M", **more):
    return {"type": "usage_based", "featureKey": feature, "billingCadence": cadence, "price": price, **more}


def fee(amount, key="base", cadence="P1M", **more):
    price = {"type": "flat", "amount": amount, **({"paymentTerm": more.pop("term")} if "term" in more else {})}
    return {"type": "flat_fee", "key": key, "name": key, "billingCadence": cadence, "price": price, **more}


def unit(amount, **more):
    return {"type": "unit", "amount": amount, **more}


def tiered(mode, *tiers, **more):
    """Tiers as ``(up to, unit price, flat price)``, None for what is not there."""
    return {"type": "tiered", "mode": mode, "tiers": [_tier(*one) for one in tiers], **more}


def _tier(end, unit_amount=None, flat_amount=None):
    tier = {} if end is None else {"upToAmount": end}
    if unit_amount is not None:
        tier["unitPrice"] = {"type": "unit", "amount": unit_amount}
    if flat_amount is not None:
        tier["flatPrice"] = {"type": "flat", "amount": flat_amount}
    return tier


def told(*cards, **more):
    """What is found in a plan of these cards: rule → message."""
    return {rule: message for _, rule, _, message in findings(plans={"p": plan(*cards, **more)})}
