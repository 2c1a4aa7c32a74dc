"""The sticky comment through its life, and whatever happens to it at the same moment."""

# ruff: noqa: ARG005 - what happens around a request is a function of it, whether or not it looks

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from reconciler.ci.comment import Asked, comment
from reconciler.ci.composing import LIMIT, compose
from reconciler.ci.document import MARK, Document, Entry, read
from reconciler.errors import HostError
from reconciler.planning import planfile

from . import plans
from .github import BOT, READ_ONLY, Told


@pytest.fixture
def say(hub, api_for):
    """Say something as a job; gives how it ended."""

    def call(job, state="planned", *found, reports=(), summaries=(), pause=lambda: None, **more):
        made = plans.made(*found, reports=reports, summaries=summaries)
        return comment(api_for(job), job, Asked(state, made, **more), pause)

    return call


@pytest.fixture
def pull(hub):
    return hub.open_pull()


def only(hub):
    (found,) = hub.comments
    return found


def entries(hub):
    reading = read(only(hub).body)
    assert reading.health == "sound"
    return reading.document.entries


RAISE = plans.plan(plans.raised(), team="acme/pricing")
SMALL = plans.plan(plans.renamed(), environment="staging")


# -- its life -------------------------------------------------------------------------------------------------------


def test_the_first_line_is_hidden_and_holds_what_machines_compare(hub, pull, job_for, say):
    job = job_for(pull)
    said = say(job, "planned", RAISE, SMALL)
    body = only(hub).body
    assert body.startswith(MARK)
    found = entries(hub)["production"]
    assert found.head == pull.head
    assert found.change_digest == planfile.change_digest(RAISE)
    assert found.plan_digest == planfile.digest(RAISE)
    assert (found.run, found.attempt, found.guards_open, found.max_class) == (job.run_id, 1, 1, "price-raising")
    assert found.counts == {"new_version": 1}
    assert said.url == f"https://github.com/acme/billing/pull/{pull.number}#issuecomment-{only(hub).id}"


def test_the_table_comes_first_and_a_section_per_environment_after_it(hub, pull, job_for, say):
    say(job_for(pull), "planned", RAISE, SMALL)
    shown = only(hub).body.partition("\n")[2]
    assert shown.startswith("### Billing catalogue: 1 new version, 1 price raised, nothing removed (`production`)\n")
    assert "| **`production`** | 1 new version, 1 price raised, nothing removed | **1 open** | waiting for" in shown
    assert "| `staging` | 1 updated, nothing removed | none | ready |" in shown
    assert "After the merge" in shown
    assert shown.index("| `staging`") < shown.index("#### `production`") < shown.index("#### `staging`")
    assert shown.count("#### `production`") == 1
    assert "```diff" in shown


def test_jobs_of_a_matrix_write_their_own_environment_into_one_comment(hub, pull, job_for, say):
    run = job_for(pull)
    say(run, "planned", RAISE)
    before = only(hub).body
    say(run, "planned", SMALL)
    assert set(entries(hub)) == {"production", "staging"}
    section = re.search(r"<!-- reconciler:section production -->.*?/reconciler:section production -->", before, re.S)
    assert section.group() in only(hub).body


def test_saying_the_same_twice_writes_nothing(hub, pull, job_for, say):
    run = job_for(pull)
    say(run, "planned", RAISE)
    before = len(hub.asked("PATCH"))
    say(run, "planned", RAISE)
    assert len(hub.asked("PATCH")) == before
    assert len(hub.asked("POST", "/comments")) == 1


def test_a_push_makes_every_plan_of_earlier_commits_stale_and_a_new_plan_takes_its_place(hub, pull, job_for, say):
    link = "https://github.com/acme/billing/actions/runs/1/artifacts/2"
    say(job_for(pull), "planned", RAISE, SMALL, link=link)
    hub.push(pull)
    second = job_for(pull)
    say(second, "stale", link=second.run_url)
    assert entries(hub)["production"].link == link, "what stands there is still that plan"
    assert {name: one.state for name, one in entries(hub).items()} == {"production": "stale", "staging": "stale"}
    assert "**out of date**" in only(hub).body
    assert f"`{pull.head[:10]}` was pushed since" in only(hub).body
    assert "```diff" in only(hub).body, "the reviewer can still read what was planned"
    say(second, "planned", RAISE)
    assert {name: one.state for name, one in entries(hub).items()} == {"production": "planned", "staging": "stale"}
    assert entries(hub)["production"].head == pull.head


def test_a_plan_of_the_same_commit_is_not_stale(hub, pull, job_for, say):
    say(job_for(pull), "planned", RAISE)
    say(job_for(pull), "stale")
    assert entries(hub)["production"].state == "planned"


def test_after_the_merge_it_is_applying_then_applied_with_links(hub, pull, job_for, say):
    say(job_for(pull), "planned", RAISE, link="https://github.com/acme/billing/actions/runs/1/artifacts/2")
    sha = hub.merge(pull)
    apply = job_for(sha=sha)
    say(apply, "applying", environments=("production",))
    assert entries(hub)["production"].state == "applying"
    assert f"[being applied](<{apply.run_url}>)" in only(hub).body
    assert entries(hub)["production"].change_digest == planfile.change_digest(RAISE)
    say(apply, "applied", reports=[plans.report("production", "verified", "done")])
    assert entries(hub)["production"].state == "applied"
    assert "nothing removed | 1 consented | [applied]" in only(hub).body
    assert "(<https://github.com/acme/billing/actions/runs/1/artifacts/2>)" in only(hub).body
    assert f"Applied by [this run](<{apply.run_url}>): 2 done." in only(hub).body
    assert "```diff" in only(hub).body


def test_the_heading_says_where_all_of_it_has_got_to(hub, pull, job_for, say):
    def heading():
        return next(line for line in only(hub).body.splitlines() if line.startswith("### "))

    say(job_for(pull), "planned", RAISE, SMALL)
    planned = heading()
    hub.push(pull)
    say(job_for(pull), "stale")
    assert heading() == f"{planned}; **out of date**"
    say(job_for(pull), "planned", RAISE, SMALL)
    sha = hub.merge(pull)
    say(job_for(sha=sha), "applying", environments=("staging",))
    assert heading() == f"{planned}; being applied"
    say(job_for(sha=sha), "applied", reports=[plans.report("staging", "done")])
    assert heading() == planned, "production has yet to come"
    say(job_for(sha=sha), "applied", reports=[plans.report("production", "done")])
    assert heading() == f"{planned}; applied"


def test_a_failed_apply_says_why_and_which_steps(hub, pull, job_for, say):
    say(job_for(pull), "planned", RAISE)
    apply = job_for(sha=hub.merge(pull))
    failure = plans.summary("production", 3, "plan changed", "the plan is not the approved one", "plan-changed")
    say(apply, "failed", reports=[plans.report("production", "done", "failed", "skipped", code=4)], summaries=[failure])
    body = only(hub).body
    assert entries(hub)["production"].reason == "plan-changed"
    assert "`plan-changed`" in body
    assert "1 done, 1 failed, 1 not done" in body
    assert "> the plan is not the approved one" in body
    assert "> - `Plan/p1`: 400 no" in body


def test_what_was_refused_says_that_nothing_was_written_and_what_to_do(hub, pull, job_for, say):
    say(job_for(pull), "planned", RAISE)
    refused = plans.summary("production", 3, "open", "1 open guard: price-raising:Plan/pro", "guards-open")
    say(job_for(sha=hub.merge(pull)), "failed", summaries=[refused])
    assert "> Nothing was written. Who can open what is open stands below; once they approved" in only(hub).body
    assert "an approving review of" not in only(hub).body.partition("#### `production`")[0]


def test_what_was_cut_off_says_to_run_it_again(hub, pull, job_for, say):
    say(job_for(pull), "planned", RAISE)
    cut = plans.summary("production", 4, "partly", "1 step failed", "partly-applied")
    say(job_for(sha=hub.merge(pull)), "failed", summaries=[cut])
    assert "> Run the job again: it does what is left, and nothing twice." in only(hub).body
    assert "Nothing was written" not in only(hub).body


def test_an_apply_that_was_killed_says_that_something_may_be_written_and_to_run_it_again(hub, pull, job_for, say):
    say(job_for(pull), "planned", RAISE)
    approval = plans.summary("production", 0, "approved", None, None)
    say(job_for(sha=hub.merge(pull)), "failed", RAISE, summaries=[approval])
    body = only(hub).body
    assert "so something may be written; its log tells more. Run the job again: it does what is left" in body
    assert "Nothing was written" not in body


def test_a_plan_that_cannot_be_made_does_not_speak_of_an_apply(hub, pull, job_for, say):
    say(job_for(pull), "planned", summaries=[plans.summary("production", 3, "no", "no", "guards-open")])
    assert "Nothing was written" not in only(hub).body


def test_once_applied_nothing_of_its_plan_is_open_any_more(hub, pull, job_for, say):
    say(job_for(pull), "planned", RAISE)
    assert "**Guards: 1 open**" in only(hub).body
    said = plans.summary("production", 0, "Apply complete: 1 new version.", None, None)
    say(job_for(sha=hub.merge(pull)), "applied", RAISE, reports=[plans.report("production", "done")], summaries=[said])
    assert "open**" not in only(hub).body
    assert "**Guards**: all consented" in only(hub).body
    assert "): 1 new version." in only(hub).body


def test_an_approved_plan_has_no_date_until_which_it_counts(hub, pull, job_for, say):
    say(job_for(pull), "planned", RAISE)
    assert RAISE.valid_until
    assert "valid until" not in only(hub).body


def test_a_job_that_says_applied_is_not_believed_against_its_report(hub, pull, job_for, say):
    say(job_for(pull), "planned", RAISE)
    say(job_for(sha=hub.merge(pull)), "applied", reports=[plans.report("production", "done", "failed", code=4)])
    assert entries(hub)["production"].state == "failed"


def test_what_failed_before_there_was_a_plan_has_a_section_too(hub, pull, job_for, say):
    bad = plans.summary("production", 1, "1 error", "catalog/plans.yaml:3: @everyone | <img>", "manifests-invalid")
    say(job_for(pull), "planned", SMALL, summaries=[bad])
    found = entries(hub)["production"]
    assert (found.state, found.reason, found.change_digest) == ("failed", "manifests-invalid", None)
    assert "> catalog/plans.yaml:3: `@everyone | <img>`" in only(hub).body
    assert "; `production` failed" in only(hub).body


def test_a_plan_whose_command_failed_is_shown_and_cannot_be_approved(hub, pull, job_for, say):
    say(job_for(pull), "planned", RAISE, summaries=[plans.summary("production", 1, reason="rehearsal-failed")])
    found = entries(hub)["production"]
    assert (found.state, found.change_digest, found.plan_digest) == ("failed", None, None)
    assert "```diff" in only(hub).body


def test_an_environment_that_left_nothing_behind_is_failed(hub, pull, job_for, say):
    say(job_for(pull), "planned", environments=("production",))
    assert entries(hub)["production"].state == "failed"
    assert "its log tells" in only(hub).body


def test_a_plan_that_failed_before_is_planned_once_it_works(hub, pull, job_for, say):
    say(job_for(pull), "planned", summaries=[plans.summary("production")])
    say(job_for(pull), "planned", RAISE)
    assert entries(hub)["production"].state == "planned"
    assert "failed" not in only(hub).body.partition("\n")[2]


def test_nothing_is_said_where_nothing_stands_and_nothing_is_stale(hub, pull, job_for, say):
    assert say(job_for(pull), "stale").url is None
    assert not hub.comments


def test_a_commit_that_no_pull_request_made_has_nothing_to_comment_on(hub, job_for, say):
    said = say(job_for(sha=hub.sha("direct")), "applied", environments=("production",))
    assert said.url is None
    assert "was not merged by a pull request" in said.notices[0]


# -- others at the same moment ---------------------------------------------------------------------------------------


def test_a_run_of_an_earlier_commit_leaves_what_a_later_push_brought(hub, pull, job_for, say):
    first = job_for(pull)
    hub.push(pull)
    second = job_for(pull)
    say(second, "planned", plans.plan(plans.raised(new="0.000003")))
    before = only(hub).body
    said = say(first, "planned", RAISE)
    assert only(hub).body == before
    assert said.notices == ("production: a later run has told more already",)


def test_a_run_of_an_earlier_commit_says_nothing_although_the_later_one_has_not_spoken_yet(hub, pull, job_for, say):
    first = job_for(pull)
    hub.push(pull)
    said = say(first, "planned", RAISE)
    assert not hub.comments
    assert "newer commit" in said.notices[0]


def test_a_push_at_the_moment_of_writing_leaves_no_plan_that_looks_current(hub, pull, job_for, say):
    hub.once_after("POST", "/comments", lambda asked, told: hub.push(pull))
    said = say(job_for(pull), "planned", RAISE)
    assert entries(hub)["production"].state == "stale"
    assert "newer commit" in said.notices[0]


def test_a_run_that_read_before_a_later_push_and_wrote_after_its_plan_has_not_the_last_word(hub, pull, job_for, say):
    """Two pushes: as the first run writes, the second comes, plans and comments; then the first one's write arrives."""
    say(job_for(pull), "planned", SMALL)
    first, newer = job_for(pull), plans.plan(plans.raised(new="0.000003"))

    def second(asked):
        hub.push(pull)
        say(job_for(pull), "planned", newer)

    hub.once("PATCH", "/issues/comments/", second)
    said = say(first, "planned", RAISE)
    assert said.notices
    found = entries(hub)["production"]
    assert (found.state, found.head) != ("planned", first.pull_head)


def test_a_later_run_that_is_overwritten_before_its_last_look_has_the_last_word(hub, pull, job_for, say):
    say(job_for(pull), "planned", SMALL)
    first, newer = job_for(pull), plans.plan(plans.raised(new="0.000003"))
    before = only(hub).body
    hub.push(pull)
    pauses = []

    def overwritten():
        pauses.append(1)
        if len(pauses) == 1:
            hub.edit(only(hub), before)

    say(job_for(pull), "planned", newer, pause=overwritten)
    assert entries(hub)["production"].change_digest == planfile.change_digest(newer)
    say(first, "planned", RAISE)
    assert entries(hub)["production"].change_digest == planfile.change_digest(newer)


def test_a_job_that_follows_a_run_speaks_of_the_commit_of_that_run(hub, pull, job_for, say):
    """A run of a fork has no right to comment; one that follows it has, and the pull request may have moved on."""
    follows = replace(job_for(sha=hub.sha("main")), event={"workflow_run": {"head_sha": pull.head}})
    say(follows, "planned", SMALL, pull=pull.number)
    assert entries(hub)["staging"].head == pull.head
    hub.push(pull)
    said = say(follows, "planned", RAISE, pull=pull.number)
    assert set(entries(hub)) == {"staging"}
    assert "newer commit" in said.notices[0]


def test_a_second_attempt_of_a_run_replaces_the_first(hub, pull, job_for, say):
    job = job_for(pull)
    say(job, "planned", summaries=[plans.summary("production")])
    again = hub.runs[job.run_id]
    again.attempt = 2
    say(replace(job, run_attempt=2), "planned", RAISE)
    assert entries(hub)["production"].attempt == 2
    say(job, "planned", summaries=[plans.summary("production")])
    assert entries(hub)["production"].state == "planned"


def test_of_two_creators_at_the_same_moment_the_older_comment_stays_with_both_sections(hub, pull, job_for, say):
    run = job_for(pull)
    hub.once("POST", "/comments", lambda asked: say(run, "planned", SMALL) and None)
    say(run, "planned", RAISE)
    assert set(entries(hub)) == {"production", "staging"}
    assert len(hub.asked("POST", "/comments")) == 2
    assert len(hub.asked("DELETE")) == 1


def test_a_second_comment_that_its_own_job_has_taken_away_meanwhile_is_as_good(hub, pull, job_for, say):
    run = job_for(pull)
    hub.once("POST", "/comments", lambda asked: say(run, "planned", SMALL) and None)
    hub.once("DELETE", "/comments/", lambda asked: hub.comments.pop() and None)
    say(run, "planned", RAISE)
    assert set(entries(hub)) == {"production", "staging"}


def test_two_comments_that_a_killed_job_left_become_one(hub, pull, job_for, say):
    run = job_for(pull)
    say(run, "planned", RAISE)
    kept = only(hub)
    hub.comments.clear()
    say(run, "planned", SMALL)
    hub.comments.append(kept)
    say(run, "planned", SMALL)
    assert only(hub) is kept
    assert set(entries(hub)) == {"production", "staging"}


def test_an_update_that_was_overwritten_is_written_again(hub, pull, job_for, say):
    """Both read; we write, the other writes over it without our section."""
    run = job_for(pull)
    say(run, "planned", plans.plan(plans.renamed(), environment="dev"))
    say(run, "planned", SMALL)
    without = only(hub).body
    hub.once_after("PATCH", "/issues/comments/", lambda asked, told: hub.edit(only(hub), without))
    say(run, "planned", RAISE)
    assert set(entries(hub)) == {"dev", "production", "staging"}


def test_an_update_that_is_overwritten_only_after_it_was_read_back_is_written_again_too(hub, pull, job_for, say):
    run = job_for(pull)
    say(run, "planned", SMALL)
    without, pauses = only(hub).body, []

    def pause():
        pauses.append(1)
        if len(pauses) == 2:
            hub.edit(only(hub), without)

    say(run, "planned", RAISE, pause=pause)
    assert len(pauses) > 2
    assert set(entries(hub)) == {"production", "staging"}


def test_of_two_comments_about_one_environment_the_later_runs_word_stays(hub, pull, job_for, say):
    first, later = job_for(pull), job_for(pull)
    say(first, "planned", RAISE)
    earlier = hub.comments.pop()
    say(later, "planned", plans.plan(plans.raised(new="0.000003")))
    latest = entries(hub)["production"]
    for order in ([earlier, only(hub)], [only(hub), earlier]):
        hub.comments = [replace(one, id=number) for number, one in enumerate(order, 1)]
        say(job_for(pull), "planned", SMALL)
        assert entries(hub)["production"] == latest
        assert only(hub).id == 1


def test_somebody_who_overwrites_it_for_ever_is_given_up_on(hub, pull, job_for, say):
    run = job_for(pull)
    say(run, "planned", SMALL)
    without = only(hub).body
    hub.after.append(lambda asked, told: asked.method == "PATCH" and hub.edit(only(hub), without))
    with pytest.raises(HostError, match="overwritten 8 times"):
        say(run, "planned", RAISE)


def test_a_comment_that_was_deleted_meanwhile_is_made_anew(hub, pull, job_for, say):
    run = job_for(pull)
    say(run, "planned", SMALL)
    hub.once("PATCH", "/issues/comments/", lambda asked: hub.comments.clear())
    say(run, "planned", RAISE)
    assert set(entries(hub)) == {"production"}


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_write_whose_answer_was_lost_is_looked_for_and_not_done_twice(hub, pull, job_for, say, method):
    run = job_for(pull)
    if method == "PATCH":
        say(run, "planned", SMALL)
    hub.once_after(method, "comments", lambda asked, told: object.__setattr__(told, "status", 502))
    say(run, "planned", RAISE)
    assert "production" in entries(hub)
    assert len(hub.asked(method, "comments")) == 1


def test_a_write_that_was_not_done_is_done_in_the_next_round(hub, pull, job_for, say):
    hub.once("POST", "/comments", lambda asked: Told(503, {"message": "no server is available"}))
    say(job_for(pull), "planned", RAISE)
    assert "production" in entries(hub)


# -- people --------------------------------------------------------------------------------------------------------


def test_an_edit_by_hand_is_noticed_and_rewritten_and_voids_what_it_said(hub, pull, job_for, say):
    run = job_for(pull)
    say(run, "planned", RAISE, SMALL)
    found = only(hub)
    hub.edit(found, found.body.replace("0.000002 USD", "0.000001 USD").replace("\n", "\r\n"))
    assert read(found.body).health == "edited"
    assert read(found.body).document.entries["production"].change_digest is None
    said = say(run, "planned", SMALL)
    assert "edited by hand" in said.notices[0]
    assert entries(hub)["staging"].state == "planned"
    assert (entries(hub)["production"].state, entries(hub)["production"].change_digest) == ("stale", None)
    say(run, "planned", RAISE)
    assert entries(hub)["production"].change_digest == planfile.change_digest(RAISE)
    assert "0.000001 USD" not in only(hub).body


def test_what_was_applied_stays_applied_whoever_edits_the_comment(hub, pull, job_for, say):
    say(job_for(pull), "planned", RAISE, SMALL)
    apply = job_for(sha=hub.merge(pull))
    say(apply, "applied", reports=[plans.report("production", "done")])
    hub.edit(only(hub), only(hub).body + "thanks")
    say(apply, "applied", reports=[plans.report("staging", "done")])
    assert {name: one.state for name, one in entries(hub).items()} == {"production": "applied", "staging": "applied"}
    assert entries(hub)["production"].change_digest is None


def test_other_line_ends_are_no_edit(hub, pull, job_for, say):
    say(job_for(pull), "planned", RAISE)
    body = only(hub).body.replace("\n", "\r\n").rstrip()
    assert read(body).health == "sound"


@pytest.mark.parametrize(
    "damage",
    [
        lambda body: body[: len(body) // 2],
        lambda body: body[:300],
        lambda body: body.partition("\n")[2],
        lambda body: body.replace('"format_version":"1.0"', '"format_version":"9.0"'),
        lambda body: body.replace('"run":', '"run":"x","ran":'),
        lambda body: body.replace("/reconciler:section production", "/reconciler:section x"),
    ],
    ids=["half", "header", "headless", "newer", "types", "section"],
)
def test_a_damaged_comment_is_written_anew_and_what_is_left_of_it_is_void(hub, pull, job_for, say, damage):
    run = job_for(pull)
    say(run, "planned", RAISE, SMALL)
    hub.edit(only(hub), damage(only(hub).body))
    reading = read(only(hub).body)
    assert reading.health == "damaged"
    assert all(one.change_digest is None for one in reading.document.entries.values())
    said = say(run, "planned", RAISE)
    assert "damaged" in said.notices[0]
    assert entries(hub)["production"].change_digest == planfile.change_digest(RAISE)
    assert len(hub.comments) == 1


@pytest.mark.parametrize("login", ["mallory", "github-actions", "other-app[bot]"])
def test_a_comment_of_somebody_else_that_contains_our_marks_is_left_alone(hub, pull, job_for, say, login):
    say(job_for(pull), "planned", SMALL)
    forged = hub.comment_by(login, pull.number, only(hub).body)
    hub.comments.insert(0, forged)
    forged.id = 1
    before = forged.body
    say(job_for(pull), "planned", RAISE)
    assert forged.body == before
    ours = next(one for one in hub.comments if one.login == BOT)
    assert set(read(ours.body).document.entries) == {"production", "staging"}


def test_whose_comments_are_ours_is_asked_of_the_host_and_can_be_told(hub, pull, job_for, say):
    hub.viewer_known = False
    say(job_for(pull), "planned", RAISE)
    say(job_for(pull), "planned", SMALL)
    assert len(hub.comments) == 1, "where it does not tell, the job's token is the bot's"
    hub.tokens["ghs_app"] = ("billing-app[bot]", True)
    hub.viewer_known = True
    say(job_for(pull, token="ghs_app"), "planned", SMALL)
    assert [one.login for one in hub.comments] == [BOT, "billing-app[bot]"]
    say(job_for(pull), "planned", RAISE, author="billing-app[bot]")
    assert len(hub.comments) == 2


def test_a_forks_token_cannot_write_so_that_the_text_goes_to_the_summary(hub, job_for, say):
    pull = hub.open_pull(fork="mallory/billing")
    said = say(job_for(pull, token=READ_ONLY), "planned", RAISE)
    assert not hub.comments
    assert said.instead.startswith("### Billing catalogue: 1 new version")
    assert "not accessible" in said.notices[0]


def test_a_locked_conversation_gets_it_in_the_summary_too(hub, pull, job_for, say):
    pull.locked = True
    said = say(job_for(pull), "planned", RAISE)
    assert "issue is locked" in said.notices[0]
    assert "```diff" in said.instead


def test_a_rate_limit_is_no_lack_of_rights(hub, pull, job_for, say):
    limited = Told(403, {"message": "You have exceeded a secondary rate limit."}, {"retry-after": "3600"})
    hub.before.append(lambda asked: limited if asked.method == "GET" and "/comments" in asked.path else None)
    with pytest.raises(HostError, match="secondary rate limit"):
        say(job_for(pull), "planned", RAISE)


# -- how long it may be ---------------------------------------------------------------------------------------------


def big(environment, *risky, count=80, size=100):
    changes = [plans.renamed(f"p{at}", size) for at in range(count)]
    return plans.plan(*risky, *changes, environment=environment)


def test_details_of_the_least_risky_environment_go_first_and_it_says_so_with_a_link(hub, pull, job_for, say):
    run = job_for(pull)
    link = "https://github.com/acme/billing/actions/runs/1/artifacts/2"
    say(run, "planned", big("staging", count=40), link=link)
    assert "```diff" in only(hub).body
    say(run, "planned", big("production", plans.raised(), count=40), link=link)
    body = only(hub).body
    assert len(body) <= LIMIT
    section = read(body).document.texts
    assert "```diff" not in section["staging"]
    assert f"Every detail is left out here to fit: [the whole plan](<{link}>)." in section["staging"]
    assert section["production"].count("```diff") > 30
    assert "| `tokens`, per 1M | 2.00 |" in section["production"]


def test_of_one_environment_the_least_risky_objects_go_first(hub, pull, job_for, say):
    say(job_for(pull), "planned", big("production", plans.raised(), count=200))
    body = only(hub).body
    assert len(body) <= LIMIT
    assert "<code>Plan/pro</code>" in body
    assert re.search(r"The details of \d+ objects did not fit here", body)


def test_twenty_environments_full_of_prices_fit_and_keep_their_rows(hub, pull, job_for, say):
    run = job_for(pull)
    many = [plans.raised(f"p{at}") for at in range(60)]
    for number in range(20):
        say(run, "planned", plans.plan(*many, environment=f"eu-{number:02}"))
    assert len(only(hub).body) <= LIMIT
    assert len(entries(hub)) == 20
    table = only(hub).body.partition("\n")[2].partition("####")[0]
    assert table.count("60 new versions, 60 prices raised") == 21


def test_a_plan_too_long_without_any_detail_goes_and_says_loudly_that_it_does():
    """The riskiest stay longest; the table still has every row."""
    entry = Entry("planned", "f" * 40, 1, change_digest="0" * 64, plan="1 updated")
    document = Document("f" * 40)
    for number, risk in enumerate(["cosmetic", "price-raising", "additive"]):
        document = document.having(f"eu-{number}", replace(entry, max_class=risk), "**Price changes**\n" + "x" * 30_000)
    found = read(compose(document))
    assert found.health == "sound"
    assert ["x" * 30_000 in found.document.texts[f"eu-{number}"] for number in range(3)] == [False, True, True]
    assert "Do not approve it from this text; the plan file has it." in found.document.texts["eu-0"]
    assert compose(document).count("| `eu-") == 3


def test_a_push_at_the_moment_of_writing_outdates_what_failed_too(hub, pull, job_for, say):
    hub.once_after("POST", "/comments", lambda asked, told: hub.push(pull))
    say(job_for(pull), "planned", summaries=[plans.summary("production")])
    assert entries(hub)["production"].state == "stale"


def test_a_name_can_neither_end_the_header_nor_begin_a_section(hub, pull, job_for, say):
    evil = "--> <!-- reconciler:section production -->\n<!-- /reconciler:section staging -->"
    made = plans.plan(plans.renamed(), environment="staging")
    (change,) = made.changes
    fields = tuple(replace(field, before=evil, after=evil + "2") for field in change.fields)
    made = replace(made, changes=(replace(change, fields=fields, title=f"Plan/sso {evil}"),))
    bad = plans.summary("production", 1, evil, evil)
    say(job_for(pull), "planned", made, summaries=[bad])
    assert set(entries(hub)) == {"production", "staging"}
    assert only(hub).body.count("<!-- reconciler:section ") == 2
    assert only(hub).body.partition("\n")[0].count("-->") == 1
