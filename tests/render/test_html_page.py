"""A plan as a page: complete, alone, the same every time, and whatever others call their objects stays text."""

import hashlib
import re
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from reconciler.model import (
    Action,
    Address,
    Affected,
    Amounts,
    Change,
    ChangeClass,
    Curve,
    FieldChange,
    Guard,
    Impact,
    Location,
    Mover,
    PlanSource,
    Problem,
    Reduced,
    Refusal,
    Rehearsal,
    Rerated,
    Ruling,
    Scheduled,
    SourceDocument,
    Spread,
    Step,
    Target,
)
from reconciler.planning import planfile
from reconciler.render.html import plan

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>\u202e\x00\x1b[2J{{ 7*7 }}"
VOID = {"col", "meta", "link", "br", "wbr", "input", "img"}
PRO = Address("Plan", "pro")


class Reader(HTMLParser):
    """What a browser would make of the page: tags, attributes, text, and whether everything is closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.links, self.text, self._open = [], [], [], "", []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append((tag, given))
        self.text += " " if tag in ("td", "th", "dd", "dt", "li", "p") else ""
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if "href" in given else []
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if not self._open or self._open[-1] not in ("script", "style"):
            self.text += data

    def all(self, tag):
        return [given for name, given in self.tags if name == tag]


def words(text):
    return " ".join(Reader(text).text.split())


def curve(name="tokens", before=("0", "10"), after=("0", "20"), at=("0", "100")):
    sides = (tuple(map(Decimal, side)) for side in (at, before, after))
    return Curve(PRO, "main", name, "USD", *sides)


def priced(before="0.000002", after="0.0000025", path="phases[main].rateCards[tokens].price.tiers[1].unitPrice.amount"):
    return FieldChange(path, before, after, Location("catalog/pro.yaml", 10), "USD")


def changed(*fields, **more):
    return Change(
        PRO, Action.NEW_VERSION, classes=(ChangeClass.PRICE_RAISING,), fields=fields,
        title="Plan/pro will be published as version 2", before_version=1, after_version=2, **more,
    )  # fmt: skip


def hostile(make):
    """A plan in which every text that others choose is one that would break out."""
    there, moment = Location(EVIL, 3), datetime(2027, 1, 1, tzinfo=UTC)
    about = Address("Plan", EVIL)
    fields = (
        FieldChange(EVIL, EVIL, EVIL + " and more", there, EVIL),
        FieldChange("name", None, EVIL),
        FieldChange(f"phases[{EVIL}].rateCards[{EVIL}].price.amount", "1", "2", there, EVIL),
        FieldChange("metadata", {EVIL: EVIL}, {EVIL: "x"}),
        FieldChange("signingSecret", None, None, note=EVIL),
    )
    change = Change(
        about, Action.UPDATE, classes=(ChangeClass.DESTRUCTIVE,), reasons=(EVIL,), fields=fields, location=there,
        title=EVIL, notes=(EVIL, f"`{EVIL}`"), unchanged=3,
    )  # fmt: skip
    other = Change(Address(EVIL, "x"), Action.CREATE, fields=fields[1:2], title=EVIL)
    return replace(
        make.plan("price"),
        target=Target(EVIL, EVIL, EVIL),
        project=EVIL,
        changes=(change, other),
        steps=(
            Step(EVIL, about, "create", "POST", EVIL, {"featureKey": EVIL}, may_refuse=EVIL),
            Step("b", other.address, "create", "POST", "/", {"x": {"$ref": f"Plan/{EVIL}#id"}}, after=(EVIL,)),
        ),
        guards=(Guard("destructive", about, EVIL, True, change=EVIL, team=EVIL, location=there),
                Guard("adopt", about, EVIL, True, "consented", consent=EVIL)),
        warnings=(Problem(EVIL, EVIL, there, "warning", EVIL),),
        source=PlanSource(EVIL, EVIL, True, EVIL, EVIL, EVIL),
        tool=EVIL, created_at=EVIL, valid_until=EVIL,
        rehearsal=Rehearsal(0, 1, (Refusal(EVIL, about, EVIL, there),), None, (EVIL,), (about,)),
        scheduled=(Scheduled(about, moment, there),),
        impacts=(Impact(about, EVIL, True, EVIL, EVIL, Amounts(Decimal(1), Decimal(2))),
                 Impact(about, EVIL, True, EVIL, EVIL, reason=EVIL)),
        curves=(replace(curve(EVIL), plan=about, phase=EVIL, currency=EVIL),),
        affected=(Affected(about, ((1, 2),), (Reduced(EVIL, EVIL, EVIL, EVIL),), (EVIL,)),),
        policy=(Ruling(EVIL, "consent", about, EVIL, "open", EVIL, EVIL, there),),
    )  # fmt: skip


@pytest.fixture
def page(make):
    def render(*fields, **more):
        return plan(replace(make.plan(), changes=(changed(*fields),), steps=(), **more))

    return render


@pytest.fixture
def full(make):
    """A plan with every section."""
    made = make.plan("price", "created", "replaced", "adopted")
    return replace(
        made,
        curves=(curve(), curve("seats")),
        impacts=(Impact(PRO, "studio", False, "USD", "P1M", Amounts(Decimal(10), Decimal(12))),),
        affected=(Affected(PRO, ((4, 214),)),),
        rehearsal=Rehearsal(6, 6, second_empty=True),
        policy=(Ruling("price-raising", "consent", PRO, "Needs pricing", "open", "acme/pricing", "ask them"),),
        warnings=(make.warning,),
        scheduled=(Scheduled(PRO, datetime(2027, 1, 1, tzinfo=UTC)),),
    )


def test_text_of_others_stays_text_wherever_it_stands(make):
    text = plan(hostile(make))
    read = Reader(text)
    assert len(read.all("script")) == 1
    assert read.all("img") == []
    assert not [name for _, given in read.tags for name in given if name.startswith("on")]
    assert re.findall(".{200}[\u202e\x00\x1b]", text, re.DOTALL) == []
    assert "alert(1)" in read.text
    assert "\\u202e\\x00\\x1b[2J{{ 7*7 }}" in read.text
    assert not [link for link in read.links if not re.fullmatch(r"data:,|#[\w/-]+", link)]


def test_every_text_that_others_choose_is_shown(make):
    """The oracle of the test above: what is left out cannot break out, and would prove nothing."""
    text = plan(hostile(make))
    assert text.count("&lt;script&gt;alert(1)") > 50


@pytest.mark.parametrize("which", ["full", "hostile"])
def test_ids_are_unique_and_every_link_and_label_leads_to_one(make, full, which):
    read = Reader(plan(full if which == "full" else hostile(make)))
    assert len(read.ids) == len(set(read.ids))
    assert {link.removeprefix("#") for link in read.links if link.startswith("#")} <= set(read.ids)
    named = [
        word
        for _, given in read.tags
        for name in ("aria-labelledby", "aria-describedby", "for")
        for word in given.get(name, "").split()
    ]
    assert named
    assert set(named) <= set(read.ids)


def test_two_strange_addresses_are_two_places(make):
    changes = tuple(Change(Address("Plan", name), Action.UPDATE) for name in ("a b", "a\u00a0b", "a%20b"))
    read = Reader(plan(replace(make.plan(), changes=changes)))
    assert len([name for name in read.ids if name.startswith("object-")]) == 3


def test_the_page_loads_nothing_and_its_policy_forbids_it(full):
    text = plan(full)
    read = Reader(text)
    assert not [given for _, given in read.tags if "src" in given or "srcset" in given or "style" in given]
    assert [given["href"] for given in read.all("link")] == ["data:,"]
    addresses = set(re.findall(r"[a-z]+://[^\s\"'<]+", text))
    assert addresses == {"http://www.w3.org/2000/svg", "https://openmeter.example"}
    assert not re.search(r"@import|url\(", text)
    policy = next(given["content"] for given in read.all("meta") if "http-equiv" in given)
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


@pytest.mark.parametrize(("tag", "rule"), [("script", "script-src"), ("style", "style-src")])
def test_the_policy_lets_in_exactly_what_is_inlined(full, tag, rule):
    text = plan(full)
    (inlined,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    digest = b64encode(hashlib.sha256(inlined.encode()).digest()).decode()
    assert f"{rule} &#39;sha256-{digest}&#39;" in text or f"{rule} 'sha256-{digest}'" in text


def test_the_same_plan_is_the_same_bytes(full):
    saved = planfile.dumps(full)
    assert plan(full) == plan(full)
    assert plan(planfile.loads(saved)) == plan(planfile.loads(saved))


def test_headings_go_down_one_level_at_a_time_from_one_h1(full):
    levels = [int(tag[1]) for tag, _ in Reader(plan(full)).tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_landmarks_language_and_table_heads_are_there(full):
    read = Reader(plan(full))
    tags = [tag for tag, _ in read.tags]
    assert read.tags[0] == ("html", {"lang": "en"})
    assert all(tags.count(name) == 1 for name in ("main", "header", "footer", "nav", "form", "output"))
    assert all(given.get("scope") in ("col", "row", "rowgroup") for given in read.all("th"))
    assert read.all("a")[0] == {"class": "skip", "href": "#main"}
    scrolled = [given for given in read.all("div") if "wide" in given.get("class", "").split()]
    assert scrolled
    assert all(given["tabindex"] == "0" and given["role"] == "region" for given in scrolled)


def test_no_two_regions_have_one_name(full):
    read = Reader(plan(full))
    regions = [given for tag, given in read.tags if tag == "section" or given.get("role") == "region"]
    named = [given.get("aria-label") or given["aria-labelledby"] for given in regions]
    assert len(named) > 8
    assert len(named) == len(set(named))


def test_the_head_says_what_happens_to_whom_and_what_stands_in_the_way(full):
    told = words(plan(full)).partition("Guards and policy 2 open")[0]
    assert "1 to adopt, 1 to create, 1 new version, 1 to replace." in told
    assert "1 price rises (by 25.0 %) and 2 prices are new." in told
    assert "214 active subscriptions on 1 plan stay on their version; nobody is migrated." in told
    assert "Blocked. 2 guards are open." in told


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"guards": ()}, "Ready. No guard is open"),
        ({"guards": (), "rehearsal": Rehearsal(1, 2, (Refusal("s", PRO, "no"),))}, "The rehearsal failed."),
        ({"not_before": datetime(2027, 1, 1, tzinfo=UTC)}, "Not yet. What will be due at 2027-01-01 00:00 UTC"),
        ({"complete": False}, "Incomplete. It looks at a part"),
        ({"mode": "destroy"}, "Plan to destroy for production"),
        ({"mode": "rollback"}, "Plan to go back for production"),
        (
            {"source": PlanSource(snapshot="ab" * 32)},
            "Not live. From a snapshot, sha256:abababababab…; it cannot be applied.",
        ),
        ({"affected": (Affected(PRO, None),)}, "The server does not tell who subscribes"),
        ({"affected": (Affected(PRO, ()),)}, "Nobody subscribes to the 1 plan concerned."),
    ],
)
def test_the_head_knows_every_kind_of_plan(make, more, said):
    assert said in words(plan(replace(make.plan("price"), **more)))


@pytest.mark.parametrize(
    "more",
    [
        {"rehearsal": Rehearsal(1, 2, (Refusal("s", PRO, "no such meter"),))},
        {"not_before": datetime(2027, 1, 1, tzinfo=UTC)},
        {"source": PlanSource(snapshot="ab" * 32)},
        {"guards": (Guard("frozen", None, "frozen", False),)},
    ],
)
def test_what_cannot_be_applied_is_not_called_ready(make, more):
    ready = replace(make.plan("created"), guards=())
    assert "Ready." in words(plan(ready))
    assert "Ready." not in words(plan(replace(ready, **more)))


def test_an_empty_plan_says_so_and_has_no_empty_sections(make):
    text = plan(make.plan())
    assert "Nothing to do. OpenMeter matches the manifests." in words(text)
    assert [given["id"] for given in Reader(text).all("h2")] == ["about"]


def test_a_small_price_is_read_per_million_and_its_exact_value_stands_beside(page):
    told = words(page(priced()))
    assert "tokens, tier 2 Plan/pro 1 → 2 catalog/pro.yaml:10" in told
    assert "old 2.00 USD per 1M 0.000002 each new 2.50 USD per 1M 0.0000025 each ▲ +25.0 %" in told


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("20", "22", "▲ +10.0 %"),
        ("20", "18", "▼ -10.0 %"),
        ("0", "18", "▲ more"),
        (None, "18", "+ new"),
        ("18", None, "− gone"),
    ],
)
def test_a_price_moves_in_a_sign_and_a_word(page, before, after, said):
    assert said in words(page(priced(before, after))).partition("Objects")[2]


def test_a_card_that_comes_brings_all_its_prices_into_the_table(page):
    card = {"key": "seats", "type": "usage_based", "price": {"type": "tiered", "mode": "graduated", "tiers": [
        {"upToAmount": "10", "flatPrice": {"type": "flat", "amount": "5"}},
        {"unitPrice": {"type": "unit", "amount": "0.5"}},
    ]}}  # fmt: skip
    told = words(
        page(FieldChange("phases[main].rateCards[seats]", None, card, Location("catalog/pro.yaml", 10), "USD"))
    )
    assert "seats, tier 1, flat Plan/pro 1 → 2 catalog/pro.yaml:10 old none new 5.00 USD + new" in told
    assert "seats, tier 2 Plan/pro 1 → 2 catalog/pro.yaml:10 old none new 0.50 USD + new" in told


def test_what_moves_a_price_without_being_an_amount_is_in_the_table_too(page):
    told = words(page(FieldChange("phases[main].rateCards[t].price.tiers[0].upToAmount", "5000000", "4000000")))
    assert "t, end of tier 1 Plan/pro 1 → 2 old 5000000 new 4000000 -20.0 %" in told


def test_an_edit_of_a_shared_card_is_seen_with_all_that_it_changes(page):
    shared = SourceDocument(Address("RateCard", "base"), Location("catalog/cards.yaml", 3))
    told = words(page(replace(priced(), shared=shared)))
    assert "RateCard/base (catalog/cards.yaml:3) changes Plan/pro." in told
    assert "shared: RateCard/base" in told


def test_a_secret_is_never_in_the_page(make):
    hooked = Change(
        Address("NotificationChannel", "ops"), Action.UPDATE,
        fields=(FieldChange("signingSecret", "whsec_old", "whsec_new"), FieldChange("url", "a", "b")),
    )  # fmt: skip
    text = plan(replace(make.plan(), changes=(hooked,)))
    assert "whsec" not in text
    assert "(secret)" in words(text)


def test_removed_and_replaced_objects_are_never_folded_away_and_the_rest_of_many_is(make):
    many = [Change(Address("Feature", f"f{number}"), Action.CREATE) for number in range(20)]
    gone = [Change(Address("Feature", f"g{number}"), action, classes=(ChangeClass.DESTRUCTIVE,))
            for number, action in enumerate((Action.DELETE, Action.ARCHIVE, Action.REPLACE) * 5)]  # fmt: skip
    read = Reader(plan(replace(make.plan(), changes=(*many, *gone))))
    objects = [given for given in read.all("details") if "object" in given.get("class", "")]
    assert {given["id"] for given in objects if "open" in given} == {str(change.address) for change in gone}


def test_guards_say_who_can_open_them(make):
    guards = (
        Guard("price-raising", PRO, "Plan/pro: raises a price", True, change="f" * 64, team="acme/pricing"),
        Guard("frozen", None, "frozen until Monday", False, location=Location("reconciler.yaml", 9)),
        Guard("foreign_draft", PRO, "a draft of somebody", False),
        Guard("adopt", PRO, "x", True, "consented", consent="--allow"),
    )
    told = words(plan(replace(make.plan("price"), guards=guards)))
    assert "3 of 4 guards are open" in told
    assert (
        'Waits for acme/pricing. Consent: --allow price-raising:Plan/pro, or an Approval with change: "ffffffffffff".'
        in told
    )
    assert "No flag opens it. Asked for in reconciler.yaml:9." in told
    assert "Consent: --allow adopt:Plan/pro." in told
    assert "Consented by --allow." in told


def test_what_the_policy_says_is_a_table_the_open_first(full):
    known = Ruling("price-raising", "notice", PRO, "30 days", "met", announced=date(2026, 11, 1))
    later = Ruling("price-raising", "notice", PRO, "31 days", "open", announced=date(2099, 11, 1))
    rulings = (Ruling("additive", "allow", None, "fine", "met"), known, later, *full.policy)
    told = words(plan(replace(full, policy=rulings))).partition("What the policy of production says")[2]
    assert (
        "price-raising needs consent ✗ open Plan/pro Needs pricing acme/pricing: ask them additive allowed ✓ met"
        in told
    )
    assert "✓ met the whole plan Fine" in told
    assert "30 days Customers know since 2026-11-01." in told
    assert "31 days Customers are told on 2099-11-01." in told


def test_a_guard_of_the_policy_is_told_once_where_the_policy_is(full):
    line = Location("reconciler.yaml", 31)
    ruling = replace(full.policy[0], location=line)
    guards = Guard("price-raising", PRO, "x", False, location=line), Guard("price-test", PRO, "y", True)
    text = plan(replace(full, policy=(ruling,), guards=guards))
    assert text.count('<li class="guard ') == 1
    assert "2 of 2 guards are open" in words(text)
    alone = plan(replace(full, policy=(ruling,), guards=guards[:1]))
    assert "1 guard is open. Who can open it" in words(alone)


def test_a_rehearsal_that_tried_nothing_is_not_called_passed(full):
    told = words(plan(replace(full, rehearsal=Rehearsal(0, 0, second_empty=True, left_out=(PRO,)))))
    assert "! nothing tried" in told
    assert "0 of 0" not in told
    assert "Not tried, because a guard blocks it: Plan/pro." in told


def test_a_chart_has_its_numbers_beside_it_without_those_of_a_straight_line(page):
    at = ("0", "50", "100", "150")
    text = page(priced(), curves=(curve(before=("0", "5", "10", "15"), after=("0", "5", "20", "35"), at=at),))
    assert "differs most at 150: +20.00 USD (+133.3 %)" in words(text)
    rows = re.findall(r'<tr><th scope="row" class="num">([\d,]+)</th>', text)
    assert rows == ["0", "50", "150"]
    assert Reader(text).all("svg")[0]["class"] == "chart"


def test_a_new_price_has_a_chart_with_one_side(page):
    told = words(page(priced(), curves=(curve(before=()),)))
    assert "new: nothing to compare with" in told
    assert "100 none 20.00" in told


def test_of_a_great_many_the_first_are_shown_and_every_other_is_folded_away_not_left_out(make):
    plans = [Address("Plan", f"p{number}") for number in range(50)]
    full = replace(
        make.plan(),
        changes=tuple(replace(changed(priced()), address=address) for address in plans),
        guards=tuple(Guard("price-raising", address, "x", True) for address in plans),
        curves=tuple(replace(curve(), plan=address) for address in plans),
        impacts=tuple(
            Impact(address, "studio", False, "USD", "P1M", Amounts(Decimal(1), Decimal(2))) for address in plans
        ),
        affected=tuple(Affected(address, ((1, 2),)) for address in plans),
    )
    text = plan(full)
    told, read = words(text), Reader(text)
    for said in ("38 further guards, 38 of them open", "10 further prices", "38 further charts", "38 further plans"):
        assert said in told
    assert len(read.ids) == len(set(read.ids))
    assert text.count('<svg xmlns="http://www.w3.org/2000/svg" class="chart"') == 50
    assert text.count('<li class="guard open">') == 50
    assert told.count("2.00 USD per 1M") >= 50
    assert told.count("studio") == 50


def test_the_unit_behind_an_edge_has_a_row_where_it_costs_something(page):
    at = ("0", "10", "11", "20", "21", "30")
    text = page(
        priced(),
        curves=(curve(before=("0", "5", "5", "9", "50", "59"), after=("0", "5", "5", "9", "50", "59"), at=at),),
    )
    assert re.findall(r'<tr><th scope="row" class="num">([\d,]+)</th>', text) == ["0", "10", "20", "21", "30"]


def test_of_a_price_that_is_written_anew_only_what_moves_is_in_the_table(page):
    before = {"type": "unit", "amount": "2", "minimumAmount": "5"}
    after = {"type": "unit", "amount": "2", "minimumAmount": "6"}
    told = words(page(FieldChange("phases[main].rateCards[t].price", before, after, currency="USD")))
    assert "Prices 1 Objects" in told
    assert "old 5.00 USD new 6.00 USD ▲ +20.0 %" in told


def test_bills_say_who_pays_more_who_less_and_whose_stays(make):
    amounts = {"dear": (10, 12), "cheap": (10, 8), "same": (10, 10)}
    impacts = [Impact(PRO, name, False, "USD", "P1M", Amounts(*map(Decimal, both))) for name, both in amounts.items()]
    unknown = Impact(PRO, "odd", False, "USD", "P1M", reason="no price is known")
    told = words(plan(replace(make.plan("price"), impacts=(*impacts, unknown))))
    assert "dear old 10.00 new 12.00 USD ▲ +2.00 (+20.0 %)" in told
    assert "cheap old 10.00 new 8.00 USD ▼ -2.00 (-20.0 %)" in told
    assert "odd no price is known The same bill as before: same." in told


def test_what_real_customers_would_have_paid_is_sums_and_who_moves_most_only_where_the_plan_knows(make):
    mover = Mover("umbra", "Umbra Inc.", Decimal(10), Decimal(15))
    rerated = Rerated(
        PRO, "USD", 40, 30, 28, (("add-ons are not rated", 2),), Decimal(560), Decimal(616), 20, 3,
        Spread(Decimal(-1), Decimal(2), Decimal(4), Decimal(5)), movers=(mover,),
    )  # fmt: skip
    told = words(plan(replace(make.plan("price"), rerated=(rerated,))))
    assert "28 of 40 active subscriptions rated; 30 looked at, evenly spread" in told
    assert "560.00 → 616.00 USD ▲ +56.00 (+10.0 %) 20 pay more, 3 less, 5 the same" in told
    assert "least -1.00 median +2.00 nine of ten at most +4.00 most +5.00 2 not rated: add-ons are not rated" in told
    assert "umbra (Umbra Inc.) 10.00 15.00 ▲ +5.00 (+50.0 %)" in told
    assert "umbra" not in words(plan(replace(make.plan("price"), rerated=(replace(rerated, movers=()),))))


def test_open_guards_stand_before_those_that_are_consented(make):
    guards = Guard("adopt", PRO, "x", True, "consented"), Guard("price-raising", PRO, "y", True)
    told = words(plan(replace(make.plan("price"), guards=guards)))
    assert told.index("price-raising Plan/pro open") < told.index("adopt Plan/pro consented")


def test_steps_say_which_others_come_first(make):
    steps = (
        Step("a", PRO, "create", "POST", "/plans"),
        Step("b", PRO, "attach", "POST", "/plans/{Plan/pro#id}/addons", after=("a",), may_refuse="it may be there"),
        Step("c", PRO, "publish", "POST", "/plans/{Plan/pro#id}/publish", after=("b", "a", "gone")),
    )
    told = words(plan(replace(make.plan("price"), steps=steps)))
    assert "2 attach Plan/pro may be refused: it may be there POST /plans/{Plan/pro#id}/addons 1" in told
    assert "3 publish Plan/pro POST /plans/{Plan/pro#id}/publish 1, 2" in told


def test_the_foot_identifies_the_plan(full):
    told = words(plan(replace(full, write_secrets=True, source=PlanSource("abc", "4e1c0d99", True, bundle="b1"))))
    assert f"Change digest {planfile.change_digest(full)} Plan digest " in told
    assert "Commit 4e1c0d99, with uncommitted changes Bundle b1 Manifests abc Secrets written again" in told
    assert f"Plan digest {planfile.digest(full)} " in words(plan(full))
