"""What a pull request changes of the policy does not judge its own apply: the commit before the merge does."""

from __future__ import annotations

import pytest

from reconciler.sandbox import Sandbox
from reconciler.sandbox.serve import serving

pytestmark = pytest.mark.source

LIMITS = "    limits: { maxChangesPercent: 50, maxRemovals: 0 }\n"
CONSENT = "price-raising: { consent: lodestar/pricing }"
RAISE = ('default: "40"', 'default: "44"')
FREEZE = "    freeze: [{ from: 2020-01-01, to: 2199-12-31, because: the books are closed }]\n"
RULES = """      rules:
        - { name: no_raise, when: change.class == "price-raising", effect: deny, because: not this year }
"""
ENDS = "        price-lowering: warn\n"
"""How the project file ends, which is with the policy of production."""


def changed(world, *pairs, branch="change"):
    """A pull request of the project file, planned and approved by the team; the jobs after its merge."""
    text = (world.clone / "reconciler.yaml").read_text()
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    pull = world.open(branch, world.commit(branch, "x", files={"reconciler.yaml": text}))
    world.planned(pull)
    world.hub.approve(pull, "alice")
    return world.applied(world.merge(pull))


def reason(jobs):
    return jobs["apply (production)"].step("Apply what was approved").outputs["failure-reason"]


@pytest.mark.parametrize(
    ("anchor", "strict"),
    [
        (LIMITS, LIMITS + FREEZE),
        (LIMITS, LIMITS.replace("50", "50, maxBillIncreasePercent: 1")),
        (CONSENT, CONSENT.replace(" }", ", notice: 30 }")),
        (ENDS, ENDS + RULES),
    ],
    ids=["freeze", "limits", "notice", "rules"],
)
def test_a_rule_that_goes_with_the_price_it_forbids_still_forbids_it(live, anchor, strict):
    live.merge(live.open("strict", live.commit("strict", "x", replace={"reconciler.yaml": (anchor, strict)})))
    jobs = changed(live, (strict, anchor), RAISE)
    assert jobs["apply (staging)"].status == "success", jobs["apply (staging)"].log
    assert reason(jobs) == "guards-open", jobs["apply (production)"].log
    assert live.fee("production") == "40"


def test_what_gets_stricter_with_a_price_holds_from_the_next_push_on(live):
    jobs = changed(live, RAISE, (LIMITS, LIMITS + FREEZE))
    assert [job.status for job in jobs.values()] == ["success"] * 3, "".join(job.log for job in jobs.values())
    assert live.fee("production") == "44"
    assert reason(changed(live, ('default: "44"', 'default: "45"'), branch="next")) == "guards-open"
    assert live.fee("production") == "44"


def test_the_token_goes_where_it_went_before_the_merge(live):
    text = (live.clone / "reconciler.yaml").read_text()
    line = next(line for line in text.partition("  production:")[2].splitlines() if "endpoint" in line)
    elsewhere = Sandbox()
    asked = live.listen(elsewhere)
    with serving(elsewhere) as server:
        jobs = changed(live, RAISE, (line, f"    endpoint: {server.url}"))
    assert jobs["apply (production)"].status == "success", jobs["apply (production)"].log
    assert live.fee("production") == "44"
    assert [request for request in asked if request.method != "GET"] == []
