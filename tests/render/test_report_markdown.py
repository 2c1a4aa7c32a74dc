"""What a run did, as Markdown: failures first, everything else counted before one of them is left out."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from reconciler.model import Action, Address, Change, Location, Report, Step, StepResult
from reconciler.render import report_json, report_markdown
from reconciler.render.plan_markdown import Options

EVIL = "a | b `c` <img src=x> @everyone #12 https://evil.example\n::error::no\x1b[31m --> </details>"
QUOTA = Change(Address("NotificationRule", "quota"), Action.CREATE, location=Location("catalog/ops.yaml", 14))


def result(address, verb, state="verified", **facts):
    kind, _, key = address.partition("/")
    step = Step(f"{address}:{verb}", Address(kind, key), verb, "POST", "/api/v1/x")
    return StepResult(step, state, **facts)


@pytest.fixture
def report(make):
    def build(*results, changes=(), **facts):
        return Report(replace(make.plan(), changes=tuple(changes)), results, **facts)

    return build


def test_a_complete_run_is_one_sentence_and_a_row_per_object(report, read):
    done = [result("Plan/pro", verb, seconds=0.1) for verb in ("create", "attach", "attach", "publish")]
    text = report_markdown.report(report(*done, changes=[Change(Address("Plan", "pro"), Action.NEW_VERSION)]))
    assert text.startswith("### `production`: Apply complete: 1 new version.\n")
    assert "| ✓ `Plan/pro` | created, 2 add-ons attached, published | 0.40\u00a0s |" in text
    assert "<details>" not in text
    assert read.balanced(text)


def test_what_failed_is_told_first_with_its_request_its_place_and_what_to_do(report, read):
    text = report_markdown.report(
        report(
            result("Feature/tokens", "create"),
            result("NotificationRule/quota", "create", "failed", status=400, request_id="r-1", error="no such feature",
                   tip="declare `Feature/tokens_xl`"),
            result("Plan/pro", "publish", "skipped", error="needs NotificationRule/quota"),
            changes=[QUOTA],
        )
    )  # fmt: skip
    assert text.startswith("### `production`: Partly applied: 1 done, 1 failed, 1 skipped.\n")
    assert (
        "- ✗ `NotificationRule/quota`: 400 no such feature\n"
        "  <br>`POST /api/v1/x`, request `r-1`, declared at `catalog/ops.yaml:14`\n"
        "  <br>declare `Feature/tokens_xl`"
    ) in text
    assert "| – `Plan/pro` | skipped, needs NotificationRule/quota |  |" in text
    assert "Nothing was left half-made." in text
    assert text.index("**Failed: 1 object**") < text.index("| object |")
    assert read.page(text).count("<br>") == 2


def test_what_is_half_made_is_said(report):
    text = report_markdown.report(
        report(result("Plan/pro", "create"), result("Plan/pro", "publish", "sent-unknown"), result("Plan/x", "create"))
    )
    assert "**`Plan/pro` is half-made; the next apply finishes what is left.**" in text
    assert "created, then sent, but no answer came: it may be done or not" in text


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"interrupted": True}, "Interrupted: 1 done."),
        ({"mismatches": ("Plan/pro: name is `x`",)}, "Applied, but reading back shows something else."),
    ],
)
def test_other_ends_have_their_sentence(report, facts, said):
    text = report_markdown.report(report(result("Plan/pro", "create"), **facts))
    assert text.startswith(f"### `production`: {said}\n")
    assert ("- Plan/pro: name is `x`" in text) is ("mismatches" in facts)


def test_a_run_that_somebody_else_overtook_does_not_say_that_it_was_applied(report):
    text = report_markdown.report(report(result("Plan/pro", "create", "failed", error="moved", overtaken=True)))
    assert text.startswith("### `production`: Nothing was applied: somebody else had changed what was to be written")
    assert "The catalogue is as it was." in text


def test_the_file_of_a_report_shows_the_same(report):
    made = report(result("Plan/pro", "create", "failed", error=EVIL), result("Meter/x", "create"), changes=[QUOTA])
    assert report_markdown.of(json.loads(report_json.dumps(made))) == report_markdown.report(made)


def test_text_of_others_breaks_nothing(report, read):
    bad = result(f"Plan/{EVIL}", "create", "failed", error=EVIL, tip=EVIL, request_id=EVIL)
    text = report_markdown.report(report(bad, mismatches=(EVIL,)))
    outside = read.outside_code(text)
    assert read.balanced(text)
    assert "\x1b" not in text
    assert not any(word in outside for word in ("everyone", "<img", "evil.example", "#12"))
    assert "-->" not in text


@pytest.mark.parametrize("limit", [2_000, 20_000])
def test_what_was_done_is_counted_before_a_failure_is_left_out(report, read, limit):
    done = [result(f"Plan/done_{at}", "create") for at in range(2_000)]
    bad = [result(f"Plan/bad_{at}", "create", "failed", error="no") for at in range(10)]
    text = report_markdown.report(report(*done, *bad), Options(limit, "https://ci.example/1"))
    assert len(text) <= limit
    assert all(f"`Plan/bad_{at}`" in text for at in range(10))
    assert "2,000 done" in text
    assert "Shortened to fit: the table of objects; [the whole report](<https://ci.example/1>)." in text
    assert read.balanced(text)
