"""What a policy makes of a plan: class by class, with and without consent, then and on the day it is applied."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.model import (
    Action,
    Address,
    Approval,
    Change,
    ChangeClass,
    ClassNeeds,
    Guard,
    Location,
    Plan,
    Policy,
    PolicyRule,
    Step,
    Target,
    TeamConsent,
)
from reconciler.planning.planfile import change_digest, dumps, loads
from reconciler.policy import Bounds, Consent, Hearing, judge, stricter

PRO = Address("Plan", "pro")
RAISING, LOWERING, ADDING = ChangeClass.PRICE_RAISING, ChangeClass.PRICE_LOWERING, ChangeClass.ADDITIVE
DAY = datetime(2027, 1, 31, 12, tzinfo=UTC)
HERE = Location("reconciler.yaml", 31)


def change(*classes, address=PRO, action=Action.NEW_VERSION):
    return Change(address, action, classes=tuple(sorted(classes, key=lambda one: one.rank)))


def plan(*changes, mode="apply", guards=()):
    steps = tuple(Step(str(one.address), one.address, "create", "POST", "/plans") for one in changes)
    return Plan(Target("prod", "https://openmeter.example", "id"), "acme", changes, steps, guards, mode=mode)


def needs(effect=None, team=None, notice=None):
    return ClassNeeds(effect, HERE, team, notice)


def judged(made, policy, *consents, teams=(), members=None, embedded=False, at=DAY):
    hearing = Hearing(policy, at, tuple(teams), members or {})
    return judge(made, consents, Bounds(), population=1, embedded=embedded, hearing=hearing, digest=lambda _: "c" * 64)


def by(team, digest, people=("alice",), environment="prod"):
    return TeamConsent(team, people, environment, digest, "https://host/pull/1")


def flag(code):
    return Consent.parse(f"{code}:Plan/pro")


def state(made):
    return [(guard.name, guard.status) for guard in made.guards]


OPEN, DONE = [("price-raising:Plan/pro", "open")], [("price-raising:Plan/pro", "consented")]
TABLE = [
    # what the policy says, on a sandbox?, --allow given, the team's consent given → the guard
    (None, False, False, False, OPEN),
    (None, False, True, False, DONE),
    (None, True, False, False, []),
    (needs("allow"), False, False, False, DONE),
    (needs("allow"), True, False, False, DONE),
    (needs("warn"), False, False, False, DONE),
    (needs("consent"), False, False, False, OPEN),
    (needs("consent"), False, True, False, DONE),
    (needs("consent"), True, False, False, OPEN),
    (needs("consent", "a/b"), False, False, False, OPEN),
    (needs("consent", "a/b"), False, True, False, OPEN),
    (needs("consent", "a/b"), False, False, True, DONE),
    (needs("consent", "a/b"), True, True, False, OPEN),
    (needs("consent", "a/b"), True, False, True, DONE),
]


@pytest.mark.parametrize(("asked", "embedded", "allowed", "reviewed", "expected"), TABLE)
def test_a_class_a_policy_and_a_consent(asked, embedded, allowed, reviewed, expected):
    policy = Policy({RAISING: asked} if asked else {})
    given_here = (flag("price-raising"),) if allowed else ()
    asked_for = judged(plan(change(RAISING)), policy, embedded=embedded)
    teams = (by("a/b", change_digest(asked_for)),) if reviewed else ()
    found = judged(plan(change(RAISING)), policy, *given_here, teams=teams, embedded=embedded)
    assert state(found) == expected


@pytest.mark.parametrize("found", list(ChangeClass))
def test_consent_may_be_asked_for_of_every_class(found):
    made = judged(plan(change(found)), Policy({found: needs("consent")}))
    assert state(made) == [(f"{found.value}:Plan/pro", "open")]
    assert state(judged(plan(change(found)), Policy({found: needs("consent")}), flag(found.value)))[0][1] == "consented"


@pytest.mark.parametrize("effect", ["allow", "warn"])
def test_what_needs_no_consent_gets_no_guard_where_it_is_allowed(effect):
    made = judged(plan(change(ADDING)), Policy({ADDING: needs(effect)}))
    assert made.guards == ()
    assert [(one.rule, one.effect, one.status) for one in made.policy] == [
        ("additive", effect, "warned" if effect == "warn" else "met")
    ]


def test_the_ruling_says_who_can_unblock_it_until_somebody_does():
    policy = Policy({RAISING: needs("consent", "a/b")})
    before = judged(plan(change(RAISING)), policy)
    (ruling,) = before.policy
    assert (ruling.status, ruling.team, ruling.location) == ("open", "a/b", HERE)
    assert ruling.unblock == "an approving review of a member of a/b"
    (ruling,) = judged(plan(change(RAISING)), policy, teams=[by("a/b", change_digest(before))]).policy
    assert (ruling.status, ruling.unblock) == ("met", None)


@pytest.mark.parametrize("kept", [12, 63, 0])
def test_a_digest_that_is_nearly_the_plans_is_another(kept):
    policy = Policy({RAISING: needs("consent", "a/b")})
    digest = change_digest(judged(plan(change(RAISING)), policy))
    assert state(judged(plan(change(RAISING)), policy, teams=[by("a/b", digest[:kept])])) == OPEN


def test_consent_changes_no_digest():
    policy = Policy({RAISING: needs("consent", "a/b"), LOWERING: needs("consent")})
    before = judged(plan(change(RAISING, LOWERING)), policy)
    consents = [by("a/b", change_digest(before))]
    after = judged(plan(change(RAISING, LOWERING)), policy, flag("price-lowering"), teams=consents)
    assert after.open_guards == ()
    assert change_digest(after) == change_digest(before)


MEMBERSHIP = [
    # who consents for which team, who is in which team, does it count?
    ("a/b", "alice", {}, True),
    ("a/b", "alice", {"c/d": ("mallory",)}, True),
    ("A/B", "Alice", {"a/b": ("alice",)}, True),
    ("@a/b", "@alice", {"a/B": ("bob", "ALICE")}, True),
    ("a/b", "alice", {"@a/b": ("@alice",)}, True),
    ("a/b", "alice", {"A/B": ("bob",)}, False),
    ("a/b", "alice", {"@a/b": ("bob",)}, False),
    ("a/b", "alice", {"a/b": ()}, False),
    ("a/bc", "alice", {}, False),
    ("a", "alice", {}, False),
]


@pytest.mark.parametrize(("team", "person", "members", "counts"), MEMBERSHIP)
def test_who_consents_for_a_team_is_in_it_where_the_project_says_who_is(team, person, members, counts):
    policy = Policy({RAISING: needs("consent", "a/b")})
    digest = change_digest(judged(plan(change(RAISING)), policy))
    made = judged(plan(change(RAISING)), policy, teams=[by(team, digest, (person,))], members=members)
    assert state(made) == (DONE if counts else OPEN)


def test_a_destroy_is_its_own_consent_but_not_that_of_a_team():
    gone = plan(change(ChangeClass.DESTRUCTIVE, action=Action.ARCHIVE), mode="destroy")
    assert judged(gone, Policy({ChangeClass.DESTRUCTIVE: needs("consent")})).guards == ()
    made = judged(gone, Policy({ChangeClass.DESTRUCTIVE: needs("consent", "a/b")}))
    assert state(made) == [("destructive:Plan/pro", "open")]


def test_notice_is_asked_for_in_every_mode():
    for mode in ("apply", "promote", "rollback", "heal", "destroy"):
        made = judged(plan(change(RAISING), mode=mode), Policy({RAISING: needs("allow", notice=30)}))
        assert ("notice:Plan/pro", "open") in state(made)


def announced(day, **more):
    approval = Approval("raise", ("price-raising:Plan/pro",), "told", Location("a.yaml", 3), announced=day, **more)
    return Consent.of(approval, DAY.date())


@pytest.mark.parametrize(("days_ago", "status"), [(29, "open"), (30, "consented"), (31, "consented"), (-1, "open")])
def test_notice_is_given_on_the_day_itself(days_ago, status):
    day = DAY.date() - timedelta(days_ago)
    made = judged(plan(change(RAISING)), Policy({RAISING: needs("allow", notice=30)}), *announced(day))
    assert dict(state(made))["notice:Plan/pro"] == status
    assert made.policy[-1].announced == day


def test_the_earliest_announcement_counts_and_the_longest_notice():
    policy = Policy({RAISING: needs("allow", notice=10), LOWERING: needs("allow", notice=60)})
    both = plan(change(RAISING, LOWERING))
    told = [*announced(date(2027, 1, 1)), *announced(date(2026, 12, 1))]
    other = Approval("fall", ("price-lowering:*/*",), "told", Location("a.yaml", 9), announced=date(2026, 12, 20))
    made = judged(both, policy, *told, *Consent.of(other, DAY.date()))
    (guard,) = [one for one in made.guards if one.code == "notice"]
    assert "announced on 2026-12-20 (a.yaml:9 (fall)), it may be applied from 2027-02-18 on" in guard.message
    notices = {one.rule: (one.status, one.announced) for one in made.policy if one.effect == "notice"}
    assert notices == {"price-raising": ("met", date(2026, 12, 1)), "price-lowering": ("open", date(2026, 12, 20))}


def test_an_announcement_at_the_end_of_time_is_no_error():
    made = judged(plan(change(RAISING)), Policy({RAISING: needs("allow", notice=3650)}), *announced(date.max))
    assert dict(state(made))["notice:Plan/pro"] == "open"


def test_what_a_policy_says_survives_the_plan_file():
    policy = Policy({RAISING: needs("consent", "a/b", 30)}, (rule("true", "warn"),))
    made = judged(plan(change(RAISING)), policy, *announced(date(2027, 1, 30)))
    assert loads(dumps(made)).policy == made.policy
    assert loads(dumps(made)).guards == made.guards


# Applied later


def rule(when="true", effect="deny", team=None, name="mine"):
    return PolicyRule(name, when, effect, "because", HERE, team)


def left(made, policy, at=DAY, embedded=False):
    return [guard.name for guard in stricter(loads(dumps(made)), policy, at, embedded=embedded)]


SAVED = [
    # the policy of the plan, consents, the policy of the day it is applied → what stands in the way
    (None, True, None, []),
    (needs("allow"), False, needs("allow"), []),
    (needs("allow"), False, None, ["price-raising:Plan/pro"]),
    (needs("allow"), False, needs("consent"), ["price-raising:Plan/pro"]),
    (needs("warn"), False, needs("consent", "a/b"), ["price-raising:Plan/pro"]),
    (None, True, needs("consent"), []),
    (needs("consent"), True, needs("allow"), []),
    (needs("consent"), True, needs("consent", "a/b"), ["price-raising:Plan/pro"]),
    (needs("consent", "a/b"), False, needs("consent", "a/b"), []),
    (needs("consent", "a/b"), False, needs("consent", "c/d"), ["price-raising:Plan/pro"]),
    (needs("consent", "a/b"), False, needs("consent"), []),
    (needs("consent", "a/b"), False, None, []),
]


@pytest.mark.parametrize(("then", "allowed", "today", "expected"), SAVED)
def test_a_saved_plan_does_not_slip_through_a_policy_that_became_stricter(then, allowed, today, expected):
    before = Policy({RAISING: then} if then else {})
    consents = (flag("price-raising"),) if allowed else ()
    digest = change_digest(judged(plan(change(RAISING)), before))
    made = judged(plan(change(RAISING)), before, *consents, teams=[by("a/b", digest)])
    assert made.open_guards == ()
    assert left(made, Policy({RAISING: today} if today else {})) == expected


@pytest.mark.parametrize("asked", [None, needs("consent"), needs("consent", "a/b")])
def test_what_nobody_answered_in_a_saved_plan_stands_in_its_way(asked):
    policy = Policy({RAISING: asked} if asked else {})
    assert left(judged(plan(change(RAISING)), policy), policy) == ["price-raising:Plan/pro"]


def test_what_was_allowed_after_notice_is_not_allowed_where_somebody_has_to_consent_by_now():
    then = Policy({RAISING: needs("allow", notice=30)})
    made = judged(plan(change(RAISING)), then, *announced(date(2026, 12, 1)))
    assert left(made, then) == []
    assert left(made, Policy({RAISING: needs("consent", notice=30)})) == ["price-raising:Plan/pro"]


def test_a_rule_that_is_new_stops_a_saved_plan():
    made = judged(plan(change(RAISING)), Policy(), flag("price-raising"))
    assert left(made, Policy({}, (rule("change.class == 'price-raising'"),))) == ["policy.mine:Plan/pro"]
    assert left(made, Policy({}, (rule(effect="consent"),))) == ["policy.mine"]
    assert left(made, Policy({}, (rule(effect="warn"), rule("false", name="other")))) == []


def test_consent_to_a_rule_goes_on_to_hold():
    policy = Policy({}, (rule(effect="consent"),))
    made = judged(plan(change(RAISING)), policy, flag("price-raising"), Consent.parse("policy.mine"))
    assert left(made, policy) == []


def test_consent_to_a_rule_is_none_where_it_denies_by_now():
    made = judged(plan(change(RAISING)), Policy({}, (rule(effect="consent"),)), flag("price-raising"), flag_of("mine"))
    assert made.open_guards == ()
    assert left(made, Policy({}, (rule(effect="deny"),))) == ["policy.mine"]


def flag_of(name):
    return Consent.parse(f"policy.{name}")


def test_what_a_team_has_to_consent_to_is_nothing_that_a_flag_opens():
    for policy in (Policy({RAISING: needs("consent", "a/b")}), Policy({}, (rule(effect="consent", team="a/b"),))):
        made = judged(plan(change(RAISING)), policy)
        asked = [guard for guard in made.guards if guard.team]
        assert [(guard.team, guard.consentable, guard.change) for guard in asked] == [("a/b", False, None)]


def test_a_rule_about_days_holds_on_the_day_it_is_applied():
    friday = Policy({}, (rule("plan.at.getDayOfWeek() == 5"),))
    made = judged(plan(change(RAISING)), friday, flag("price-raising"), at=datetime(2027, 1, 28, tzinfo=UTC))
    assert left(made, friday, datetime(2027, 1, 28, tzinfo=UTC)) == []
    assert left(made, friday, datetime(2027, 1, 29, tzinfo=UTC)) == ["policy.mine"]


def test_notice_is_counted_anew_from_what_the_plan_knows():
    made = judged(plan(change(RAISING)), Policy({RAISING: needs("allow", notice=30)}), *announced(date(2026, 12, 20)))
    assert left(made, Policy({RAISING: needs("allow", notice=42)})) == []
    assert left(made, Policy({RAISING: needs("allow", notice=43)})) == ["notice:Plan/pro"]
    silent = judged(plan(change(RAISING)), Policy({RAISING: needs("allow")}))
    assert left(silent, Policy({RAISING: needs("allow", notice=1)})) == ["notice:Plan/pro"]


# For any policy

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a slow machine is no fault

CLASSES = st.sampled_from(list(ChangeClass))
NEEDS = st.builds(
    needs,
    st.sampled_from([None, "allow", "warn", "consent"]),
    st.none(),
    st.one_of(st.none(), st.integers(1, 60)),
) | st.builds(needs, st.just("consent"), st.just("a/b"), st.one_of(st.none(), st.integers(1, 60)))
RULES = st.lists(
    st.builds(
        rule,
        st.sampled_from(["true", "false", "change.percent > 20.0", "change.subscriptions > 3", "plan.complete"]),
        st.sampled_from(["warn", "consent", "deny"]),
        st.sampled_from([None, "a/b"]),
        st.sampled_from(["one", "two"]),
    ),
    max_size=2,
    unique_by=lambda one: one.name,
)
CHANGES = st.lists(CLASSES, min_size=1, max_size=4, unique=True).map(lambda found: change(*found))


@settings(UNHURRIED)
@given(
    made=CHANGES.map(plan),
    policy=st.builds(Policy, st.dictionaries(CLASSES, NEEDS, max_size=4), RULES.map(tuple)),
    allowed=st.lists(CLASSES, max_size=4),
    embedded=st.booleans(),
)
def test_a_policy_makes_nothing_easier_than_without_one_but_what_it_allows(made, policy, allowed, embedded):
    consents = [flag(found.value) for found in allowed]
    without = {guard.name for guard in judged(made, Policy(), *consents, embedded=embedded).open_guards}
    within = {guard.name for guard in judged(made, policy, *consents, embedded=embedded).open_guards}
    freed = {f"{found.value}:Plan/pro" for found, one in policy.classes.items() if one.effect in ("allow", "warn")}
    assert without - freed <= within
    assert without & freed & within == set()


@settings(UNHURRIED)
@given(
    made=CHANGES.map(plan),
    policy=st.builds(Policy, st.dictionaries(CLASSES, NEEDS, max_size=4), RULES.map(tuple)),
    teams=st.booleans(),
)
def test_what_is_open_and_what_the_policy_says_agree(made, policy, teams):
    first = judged(made, policy)
    found = judged(made, policy, teams=[by("a/b", change_digest(first))] if teams else [])
    opened = {guard.name for guard in found.open_guards if guard.location is not None}
    assert bool(opened) == any(one.status == "open" for one in found.policy)
    assert all((one.unblock is not None) == (one.status == "open") for one in found.policy)
    assert len({guard.name for guard in found.guards}) == len(found.guards)
    if not found.open_guards:
        assert stricter(found, policy, DAY, embedded=False) == ()


def test_what_no_policy_is_about_stays_as_it_is():
    blocked = Guard("blocked_by_server", PRO, "no", consentable=False)
    policy = Policy({found: needs("allow") for found in ChangeClass})
    assert state(judged(plan(change(ADDING), guards=(blocked,)), policy)) == [("blocked_by_server:Plan/pro", "open")]
