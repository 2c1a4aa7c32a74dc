"""What no recording can show: things that hold after any sequence of requests.

The machines know of the sandbox only what its answers tell. `POST /plans/{id}/next` with an id is
left to its recording, because there the server itself gives a deleted version's number out again.
"""

from collections import defaultdict

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from .asking import Asking

BOUNDED = settings(max_examples=15, stateful_step_count=20, deadline=None)
KEYS = st.sampled_from(["one", "two"])
FEATURES = st.sampled_from(["chat", "files"])
PICKS = st.integers(0, 7)
ACTIONS = st.sampled_from(["publish", "publish", "archive"])
COLLECTIONS = {
    "meters": "/meters",
    "features": "/features?pageSize=2",
    "plans": "/plans?pageSize=2",
    "addons": "/addons?pageSize=2",
    "notification/channels": "/notification/channels?pageSize=2&includeDisabled=true",
    "notification/rules": "/notification/rules?pageSize=2&includeDisabled=true",
    "billing/profiles": "/billing/profiles?pageSize=2",
    "customers": "/customers?pageSize=2",
}


def card(key, *, with_feature):
    named = {"featureKey": key} if with_feature else {}
    price = {"type": "flat", "amount": "1"}
    return {"type": "flat_fee", "key": key, "name": key, "billingCadence": "P1M", "price": price, **named}


class Machine(RuleBasedStateMachine):
    """Shared: a sandbox and ways to look at it."""

    def __init__(self):
        super().__init__()
        self.asking = Asking()

    def ask(self, method, path, body=None):
        self.asking.pass_time(seconds=1)
        status, answer = self.asking.ask(method, path, body)
        assert status < 500, (method, path, answer)
        return status, answer

    def read(self, path):
        return self.asking.read(path)

    def listed(self, collection):
        """Everything a collection lists, page by page."""
        path = COLLECTIONS[collection]
        first = self.read(path)
        if isinstance(first, list):
            return first
        items, page = list(first["items"]), 1
        while len(items) < first["totalCount"]:
            page += 1
            more = self.read(f"{path}&page={page}")["items"]
            assert more, "a page within the total is empty"
            items += more
        return items

    def pick(self, collection, number):
        found = self.listed(collection)
        return found[number % len(found)]["id"] if found else "01AAAAAAAAAAAAAAAAAAAAAAAA"


class Versions(Machine):
    """Plans and add-ons through every transition."""

    def __init__(self):
        super().__init__()
        self.numbers = defaultdict(dict)
        self.ended = {}
        self.asking.made("/features", {"key": "chat", "name": "Chat"})

    @rule(key=KEYS, with_feature=st.booleans())
    def create_plan(self, key, with_feature):
        phase = {"key": "p", "name": "P", "duration": None, "rateCards": [card("chat", with_feature=with_feature)]}
        body = {"key": key, "name": key, "currency": "USD", "billingCadence": "P1M", "phases": [phase]}
        self.remember("plans", self.ask("POST", "/plans", body))

    @rule(key=KEYS)
    def create_addon(self, key):
        cards = [card("more", with_feature=False)]
        body = {"key": key, "name": key, "currency": "USD", "instanceType": "single", "rateCards": cards}
        self.remember("addons", self.ask("POST", "/addons", body))

    @rule(key=KEYS)
    def clone_plan(self, key):
        self.remember("plans", self.ask("POST", f"/plans/{key}/next"))

    @rule(kind=st.sampled_from(["plans", "addons"]), number=PICKS, action=ACTIONS)
    def move(self, kind, number, action):
        status, answer = self.ask("POST", f"/{kind}/{self.pick(kind, number)}/{action}")
        if status == 200:
            assert answer["id"] not in self.ended, "an ended version was moved"
            assert answer["status"] == {"publish": "active", "archive": "archived"}[action]

    @rule(kind=st.sampled_from(["plans", "addons"]), number=PICKS)
    def delete(self, kind, number):
        self.ask("DELETE", f"/{kind}/{self.pick(kind, number)}")

    @rule(number=PICKS, which=PICKS)
    def attach(self, number, which):
        body = {"fromPlanPhase": "p", "addonId": self.pick("addons", which)}
        self.ask("POST", f"/plans/{self.pick('plans', number)}/addons", body)

    @rule(number=PICKS, which=PICKS)
    def detach(self, number, which):
        self.ask("DELETE", f"/plans/{self.pick('plans', number)}/addons/{self.pick('addons', which)}")

    def remember(self, kind, asked):
        status, made = asked
        if status >= 300:
            return
        assert made["status"] == "draft"
        taken = self.numbers[kind, made["key"]]
        assert made["version"] not in taken, "a version was given out twice"
        assert made["version"] > max(taken, default=0), "a version is lower than one before"
        taken[made["version"]] = made["id"]

    @invariant()
    def at_most_one_draft_and_one_active_version_per_key(self):
        for kind in ("plans", "addons"):
            states = [(each["key"], each["status"]) for each in self.listed(kind)]
            single = [state for state in states if state[1] != "archived"]
            assert len(set(single)) == len(single), states

    @invariant()
    def an_archived_version_never_returns(self):
        for kind in ("plans", "addons"):
            for each in self.read(f"/{kind}?includeDeleted=true&pageSize=1000")["items"]:
                if each["status"] == "archived" or "deletedAt" in each:
                    self.ended.setdefault(each["id"], (kind, each["status"]))
        for version, (kind, status) in self.ended.items():
            assert self.ask("POST", f"/{kind}/{version}/publish")[0] == 400
            assert self.read(f"/{kind}/{version}")["status"] == status

    @invariant()
    def by_key_the_active_version_is_read(self):
        for kind in ("plans", "addons"):
            active = {each["key"]: each["id"] for each in self.listed(kind) if each["status"] == "active"}
            for key in ("one", "two"):
                status, found = self.asking.ask("GET", f"/{kind}/{key}")
                assert (found["id"] if status == 200 else None) == active.get(key)


class Reasons(Machine):
    """Objects that others need: their delete stays refused for as long as the reason lives."""

    @rule(key=FEATURES)
    def create_meter(self, key):
        self.ask("POST", "/meters", {"slug": key, "eventType": "e", "aggregation": "COUNT"})

    @rule(key=FEATURES)
    def delete_meter(self, key):
        self.ask("DELETE", f"/meters/{key}")

    @rule(key=FEATURES, metered=st.booleans())
    def create_feature(self, key, metered):
        self.ask("POST", "/features", {"key": key, "name": key, **({"meterSlug": key} if metered else {})})

    @rule(key=FEATURES)
    def archive_feature(self, key):
        self.ask("DELETE", f"/features/{key}")

    @rule(key=FEATURES)
    def publish_plan(self, key):
        phase = {"key": "p", "name": "P", "duration": None, "rateCards": [card(key, with_feature=True)]}
        body = {"key": key, "name": key, "currency": "USD", "billingCadence": "P1M", "phases": [phase]}
        status, plan = self.ask("POST", "/plans", body)
        if status == 201:
            self.ask("POST", f"/plans/{plan['id']}/publish")

    @rule(number=PICKS)
    def archive_plan(self, number):
        self.ask("POST", f"/plans/{self.pick('plans', number)}/archive")

    @rule(key=FEATURES)
    def subscribe(self, key):
        self.ask("POST", "/customers", {"key": key, "name": key, "usageAttribution": {"subjectKeys": [key]}})
        self.ask("POST", "/subscriptions", {"customerKey": key, "plan": {"key": key}})

    @rule(key=FEATURES)
    def cancel(self, key):
        if self.asking.ask("GET", f"/customers/{key}")[0] == 200:
            for each in self.read(f"/customers/{key}/subscriptions")["items"]:
                self.ask("POST", f"/subscriptions/{each['id']}/cancel", {"timing": "immediate"})

    @rule(disabled=st.booleans())
    def create_channel(self, disabled):
        body = {"type": "WEBHOOK", "name": "c", "url": "https://example.com/", "disabled": disabled}
        self.ask("POST", "/notification/channels", body)

    @rule(number=PICKS, disabled=st.booleans())
    def create_rule(self, number, disabled):
        channels = [self.pick("notification/channels", number)]
        body = {"type": "invoice.created", "name": "r", "channels": channels, "disabled": disabled}
        self.ask("POST", "/notification/rules", body)

    @rule(kind=st.sampled_from(["notification/channels", "notification/rules", "billing/profiles"]), number=PICKS)
    def delete(self, kind, number):
        self.ask("DELETE", f"/{kind}/{self.pick(kind, number)}")

    @rule(default=st.booleans())
    def create_profile(self, default):
        app = self.read("/apps")["items"][0]["id"]
        apps = dict.fromkeys(("invoicing", "payment", "tax"), app)
        body = {"name": "x", "default": default, "supplier": {"name": "s"}, "workflow": {}, "apps": apps}
        self.ask("POST", "/billing/profiles", body)

    def needed(self):
        """Every object that something needs, as path → the reason."""
        for feature in self.listed("features"):
            if "meterSlug" in feature:
                yield f"/meters/{feature['meterSlug']}", feature["key"]
        for plan in self.listed("plans"):
            keys = [each["featureKey"] for phase in plan["phases"] for each in phase["rateCards"]]
            if plan["status"] == "active":
                yield from ((f"/features/{key}", f"plan {key}") for key in keys)
        for customer in self.listed("customers"):
            for each in customer.get("subscriptions", []):
                yield f"/features/{each['plan']['key']}", "subscription"
        for each in self.listed("notification/rules"):
            yield from self.channels_of(each)
        defaults = [each["id"] for each in self.listed("billing/profiles") if each["default"]]
        yield from ((f"/billing/profiles/{each}", "default") for each in defaults)

    def channels_of(self, listed):
        yield from ((f"/notification/channels/{each['id']}", listed["name"]) for each in listed["channels"])

    @invariant()
    def a_blocked_delete_stays_blocked_while_its_reason_lives(self):
        for path, reason in list(self.needed()):
            before = self.asking.ask("GET", path)
            status, _ = self.ask("DELETE", path)
            if before[0] == 200:
                assert status in (400, 403, 409), (path, reason, status)
            assert self.asking.ask("GET", path) == before

    @invariant()
    def exactly_one_profile_is_the_default(self):
        assert [each["default"] for each in self.listed("billing/profiles")].count(True) == 1

    @invariant()
    def a_list_is_the_sum_of_its_objects(self):
        for collection in COLLECTIONS:
            listed = self.listed(collection)
            assert len({each["id"] for each in listed}) == len(listed)
            for each in listed:
                shown = self.read(f"/{collection}/{each['id']}")
                assert "deletedAt" not in shown
                assert shown == each


TestVersions = Versions.TestCase
TestVersions.settings = BOUNDED
TestReasons = Reasons.TestCase
TestReasons.settings = BOUNDED
