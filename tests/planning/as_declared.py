"""What a server must show after a catalogue was applied, worked out from what was declared and what was there before.

Shares nothing with the planner: a small model of the lifecycles, and rows of the API compared field by field.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

PATHS = {
    "Meter": "/api/v1/meters",
    "Feature": "/api/v1/features",
    "Addon": "/api/v1/addons",
    "Plan": "/api/v1/plans",
    "NotificationChannel": "/api/v1/notification/channels?includeDisabled=true",
    "NotificationRule": "/api/v1/notification/rules?includeDisabled=true",
    "BillingProfile": "/api/v1/billing/profiles",
}
VERSIONED = ("Addon", "Plan")
IMMUTABLE = {
    "Meter": ("eventType",),
    "Feature": ("meterSlug", "advancedMeterGroupByFilters"),
    "NotificationChannel": (),
    "NotificationRule": ("type",),
    "BillingProfile": ("app",),
}
"""The fields whose change makes another object."""
STATES = ("draft", "active", "archived")


@dataclass(frozen=True)
class Content:
    """A version: its spec, and which incarnations of features and add-ons it is bound to."""

    spec: dict
    features: tuple = ()
    addons: tuple = ()

    def as_draft(self):
        return self.spec, self.addons


@dataclass
class Versions:
    """The versions of one key: how many were published, and what stands."""

    published: int = 0
    active: Content | None = None
    draft: Content | None = None

    def become(self, state, content):
        if state == "active":
            self.draft = None
            if self.active != content:
                self.active, self.published = content, self.published + 1
        elif state != "draft":
            self.active = self.draft = None
        elif self.draft or self.active is None or self.active.as_draft() != content.as_draft():
            self.draft = content


@dataclass
class Single:
    """An object without versions: its spec, how often it was made anew, and whether it carries our marker."""

    spec: dict
    born: int = 1
    marked: bool = True
    ident: str | None = None


@dataclass
class Expected:
    """The declared side of a world, applied one catalogue after the other."""

    singles: dict = field(default_factory=dict)
    versions: dict = field(default_factory=dict)
    births: Counter = field(default_factory=Counter)

    def become(self, catalogue, *, absent):
        """What stands once this catalogue is applied."""
        for place in [place for place in self.singles if place not in catalogue]:
            self._removed(place, catalogue, absent=absent)
        for place, item in catalogue.items():
            if place[0] not in VERSIONED:
                self._single(place, item)
        for place in [*(place for place in catalogue if place[0] == "Addon"),
                      *(place for place in catalogue if place[0] == "Plan")]:  # fmt: skip
            versions = self.versions.setdefault(place, Versions())
            versions.become(catalogue[place].state, self._content(catalogue[place].spec))
        for place, versions in self.versions.items():
            if place not in catalogue:
                versions.become("archived", None)
        return self

    def _removed(self, place, catalogue, *, absent):
        """A meter stays unless its document said otherwise, and so does the default profile: both unmarked then."""
        single, kind = self.singles[place], place[0]
        retained = place == ("Meter", "n") and not absent
        if retained or (kind == "BillingProfile" and self._stays_default(single, catalogue)):
            single.marked = False
        elif single.marked or (absent and kind == "Meter"):
            del self.singles[place]

    @staticmethod
    def _stays_default(single, catalogue):
        promoted = any(place[0] == "BillingProfile" and item.spec["default"] for place, item in catalogue.items())
        return single.spec["default"] and not promoted

    def _single(self, place, item):
        before = self.singles.get(place)
        again = before is None or any(before.spec.get(name) != item.spec.get(name) for name in IMMUTABLE[place[0]])
        again = again or (place[0] == "Feature" and self._measured_anew(before, item))
        self.births[place] += again
        claimed = before is not None and not again and place[0] == "Meter"
        ident = None if again else before.ident
        self.singles[place] = Single(item.spec, self.births[place], before.marked if claimed else True, ident)
        if place[0] == "Feature":
            self.singles[place].meter = self._meter(item)
        if item.spec.get("default"):
            for other, single in self.singles.items():
                if other[0] == "BillingProfile" and other != place:
                    single.spec = {**single.spec, "default": False}

    def _meter(self, item):
        return self.births["Meter", item.spec.get("meterSlug")]

    def _measured_anew(self, before, item):
        return before.meter != self._meter(item)

    def _content(self, spec):
        phases = spec.get("phases") or [spec]
        named = sorted({card["featureKey"] for phase in phases for card in phase["rateCards"] if "featureKey" in card})
        features = tuple((key, self.births["Feature", key]) for key in named)
        offered = sorted(offer["addon"] for offer in spec.get("addons", ()))
        addons = tuple((key, self.versions["Addon", key].published) for key in offered)
        return Content(spec, features, addons)


# The live side


def rows_of(world):
    """Every row that the lists show, by kind."""
    return {kind: world.items(path) for kind, path in PATHS.items()}


def key_of(kind, row):
    if kind == "Meter":
        return row["slug"]
    return row["key"] if kind in (*VERSIONED, "Feature") else row["name"]


def marked(row):
    return (row.get("metadata") or {}).get("reconciler.project") == "acme"


def shown_meter(row, ids):
    fields = ("name", "eventType", "aggregation", "groupBy")
    return {name: row[name] for name in fields if row.get(name)}


def shown_feature(row, ids):
    fields = ("name", "meterSlug", "advancedMeterGroupByFilters")
    return {name: row[name] for name in fields if row.get(name)}


def shown_cards(rows):
    return {card["key"]: shown_card(card) for card in rows}


def shown_card(card):
    price = card["price"]
    named = card.get("featureKey")
    return named, card["type"], card["billingCadence"], price and (price["type"], Decimal(price["amount"]))


def shown_version(row):
    phases = row.get("phases") or [row]
    return (
        row["name"],
        row["currency"],
        [(phase.get("key"), phase.get("duration"), shown_cards(phase["rateCards"])) for phase in phases]
        if "phases" in row
        else shown_cards(row["rateCards"]),
    )


def shown_channel(row, ids):
    return row["name"], row["type"], row["url"], row.get("disabled", False)


def shown_rule(row, ids):
    limits = [(limit["type"], Decimal(str(limit["value"]))) for limit in row.get("thresholds") or ()]
    features = sorted(item["id"] for item in row.get("features") or ())
    return row["name"], row["type"], sorted(item["id"] for item in row["channels"]), features, limits


def shown_profile(row, ids):
    due = row["workflow"]["invoicing"]["dueAfter"]
    return row["name"], row["supplier"]["name"], row["default"], due, row["apps"]["tax"]["id"]


def wanted_rule(spec, expected, ids):
    hooks = {key: expected.singles["NotificationChannel", key] for key in spec["channels"]}
    enabled = [ids["NotificationChannel", key] for key, hook in hooks.items() if not hook.spec.get("disabled")]
    limits = [(limit["type"], Decimal(str(limit["value"]))) for limit in spec.get("thresholds", ())]
    return spec["name"], spec["type"], sorted(enabled), sorted(spec.get("features", ())), limits


def wanted_profile(spec, expected, ids):
    app = spec["app"] if isinstance(spec["app"], str) else "own"
    return spec["name"], spec["supplier"]["name"], spec["default"], spec["workflow"]["invoicing"]["dueAfter"], ids[app]


SHOWN = {
    "Meter": shown_meter,
    "Feature": shown_feature,
    "NotificationChannel": shown_channel,
    "NotificationRule": shown_rule,
    "BillingProfile": shown_profile,
}
WANTED = {
    "Meter": lambda spec, *_: spec,
    "Feature": lambda spec, *_: spec,
    "NotificationChannel": lambda spec, *_: shown_channel(spec, None),
    "NotificationRule": wanted_rule,
    "BillingProfile": wanted_profile,
}


@dataclass
class Judge:
    """Holds a world to what is expected of it, and remembers ids: what did not change stays the same object."""

    world: object
    apps: dict
    foreign: dict
    expected: Expected = field(default_factory=Expected)
    history: dict = field(default_factory=dict)
    """What archived versions say, by id: that never changes any more."""
    addons: dict = field(default_factory=dict)
    """The id of each published add-on version."""

    def holds(self, secret):
        """Live is exactly what was declared: nothing missing, nothing more, nothing made anew for nothing."""
        rows = self._foreign_untouched()
        singles = self._singles(rows, secret)
        for place, versions in sorted(self.expected.versions.items()):  # add-ons first
            found = by_state(rows[place[0]], place[1])
            assert len(found["draft"]) == bool(versions.draft), place
            assert len(found["active"]) == bool(versions.active), place
            assert len(found["active"]) + len(found["archived"]) == versions.published, place
            for row in found["archived"]:
                assert self.history.setdefault(row["id"], shown_version(row)) == shown_version(row)
            for row in found["active"]:
                self._active(place, row, versions.active, singles)
            for row in found["draft"]:
                self._content(place, row, versions.draft)

    def holds_after_a_half(self, catalogue, before):
        """The same where another catalogue was applied by half before this one.

        That one may have published a version, or have made an object anew, that this one does not need.
        """
        rows = self._foreign_untouched()
        ids = {(kind, key_of(kind, row)): row["id"] for kind in SHOWN for row in rows[kind]} | self.apps
        for kind in SHOWN:
            mine = {key_of(kind, row): row for row in rows[kind] if marked(row)}
            assert len(mine) == sum(map(marked, rows[kind]))
            declared = {key for place, key in catalogue if place == kind}
            assert set(mine) <= declared
            assert declared - set(mine) <= {"n"}
            for row in rows[kind]:
                if (kind, key_of(kind, row)) in catalogue:
                    item = catalogue[kind, key_of(kind, row)]
                    assert SHOWN[kind](row, ids) == WANTED[kind](item.spec, self.expected, ids)
        for kind in VERSIONED:
            for key in {row["key"] for row in rows[kind]}:
                self._loosely((kind, key), by_state(rows[kind], key), catalogue.get((kind, key)), before, rows)

    def _loosely(self, place, found, item, before, rows):
        made = len(found["active"]) + len(found["archived"]) - before.get(place, 0)
        assert made in (0, 1, 2), f"{place}: {made} versions of two catalogues"
        if item is None or item.state == "archived":
            assert not found["active"] + found["draft"]
            return
        if item.state == "active":
            assert (len(found["active"]), len(found["draft"])) == (1, 0), place
        (row,) = found["draft"] or found["active"]
        assert shown_version(row) == shown_version(item.spec)
        if place[0] == "Plan":
            now = {addon["id"]: addon["key"] for addon in rows["Addon"] if addon["status"] == "active"}
            terms = {offer["addon"]: terms_of(offer) for offer in item.spec.get("addons", ())}
            assert {now[ident]: shown for ident, shown in self._offered(row).items()} == terms

    def _foreign_untouched(self):
        """The rows of this project, or unmarked ones that it let go."""
        every = rows_of(self.world)
        live = {row["id"]: row for found in every.values() for row in found}
        for ident, (row, name) in self.foreign.items():
            assert ident in live, f"{name} of somebody else is gone"
            changed = {part for part in row if row[part] != live[ident].get(part)}
            free = {"default", "updatedAt"} if name == "openmeter-sandbox" else set()
            assert changed <= free, f"{name} of somebody else was changed: {changed}"
        assert sum(row["default"] for row in every["BillingProfile"]) == 1
        return {kind: [row for row in found if row["id"] not in self.foreign] for kind, found in every.items()}

    def _singles(self, rows, secret):
        found = {(kind, key_of(kind, row)): row for kind in SHOWN for row in rows[kind]}
        assert Counter(kind for kind, _ in found) == Counter(kind for kind in SHOWN for _ in rows[kind])
        assert set(found) == set(self.expected.singles)
        ids = {place: row["id"] for place, row in found.items()} | self.apps
        for place, single in self.expected.singles.items():
            row, kind = found[place], place[0]
            assert marked(row) == single.marked, place
            assert SHOWN[kind](row, ids) == WANTED[kind](single.spec, self.expected, ids), place
            assert single.ident in (None, row["id"]), f"{place} was made anew for nothing"
            single.ident = row["id"]
            if "signingSecret" in single.spec:
                assert row["signingSecret"] == secret
        return found

    def _active(self, place, row, content, singles):
        self._content(place, row, content)
        if place[0] == "Addon":
            self.addons[place[1], self.expected.versions[place].published] = row["id"]
        for key, born in content.features:
            feature = singles.get(("Feature", key))
            if feature and self.expected.births["Feature", key] == born:
                assert row["effectiveFrom"] >= feature["createdAt"], f"{place} is bound to an older {key}"

    def _content(self, place, row, content):
        assert shown_version(row) == shown_version(content.spec), place
        if place[0] == "Plan":
            terms = {offer["addon"]: terms_of(offer) for offer in content.spec.get("addons", ())}
            expected = {self.addons[version]: terms[version[0]] for version in content.addons}
            assert self._offered(row) == expected, place

    def _offered(self, plan):
        live = self.world.items(f"/api/v1/plans/{plan['id']}/addons")
        shown = {offer["addon"]["id"]: terms_of(offer) for offer in live}
        assert len(shown) == len(live)
        return shown


def terms_of(offer):
    return offer["fromPlanPhase"], offer.get("maxQuantity"), offer["metadata"]["n"]


def by_state(rows, key):
    found = {state: [row for row in rows if (row["key"], row["status"]) == (key, state)] for state in STATES}
    assert sum(map(len, found.values())) == sum(row["key"] == key for row in rows)
    return found
