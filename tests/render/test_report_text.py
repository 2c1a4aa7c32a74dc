from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model import Action, Address, Change, Location, Report, Step, StepResult
from reconciler.render import report_json, text


def result(address, verb, state="verified", **facts):
    step = Step(f"{address}:{verb}", Address.parse(address), verb, "POST", f"/api/v1/{address.lower()}")
    return StepResult(step, state, **facts)


@pytest.fixture
def report(make):
    def build(*results, changes=(), **facts):
        return Report(replace(make.plan(), changes=tuple(changes)), results, **facts)

    return build


PRO = Change(Address("Plan", "pro"), Action.NEW_VERSION, before_version=4, after_version=5)


def test_a_complete_run_tells_each_object_once_and_the_totals(report):
    shown = text.report(
        report(
            result("Feature/tokens", "create", seconds=0.05),
            result("Plan/pro", "create", seconds=0.1),
            result("Plan/pro", "attach", seconds=0.1),
            result("Plan/pro", "attach", seconds=0.1),
            result("Plan/pro", "publish", seconds=0.1),
            changes=(Change(Address("Feature", "tokens"), Action.CREATE), PRO),
        ),
        width=80,
    ).splitlines()
    assert shown == [
        "  ✓ Feature/tokens  created                                               0.05 s",
        "  ✓ Plan/pro        version 5: created, 2 add-ons attached, published     0.40 s",
        "Apply complete: 1 created, 1 new version.",
    ]


def test_a_partly_applied_run_tells_what_failed_why_and_what_to_do(report):
    shown = text.report(
        report(
            result("Feature/tokens", "create"),
            result("NotificationRule/quota", "create", "failed", status=400, request_id="r-1", error="no such feature"),
            result("Plan/pro", "publish", "skipped", error="needs NotificationRule/quota"),
            changes=(
                Change(Address("NotificationRule", "quota"), Action.CREATE, location=Location("catalog/ops.yaml", 14)),
            ),
        )
    )
    assert "✗ NotificationRule/quota  400 no such feature" in shown
    assert "– Plan/pro                skipped, needs NotificationRule/quota" in shown
    assert "NotificationRule/quota failed: 400 no such feature" in shown
    assert "POST /api/v1/notificationrule/quota  request r-1" in shown
    assert "declared at catalog/ops.yaml:14" in shown
    assert "Partly applied: 1 done, 1 failed, 1 skipped." in shown
    assert "Nothing was left half-made." in shown
    assert "run apply again after fixing" in shown


def test_what_is_half_made_is_named(report):
    shown = text.report(
        report(result("Plan/pro", "create"), result("Plan/pro", "publish", "failed", error="refused"), changes=(PRO,))
    )
    assert "created, then refused" in shown
    assert "Plan/pro is half-made" in shown
    assert "Nothing was left half-made" not in shown


def test_a_run_whose_first_write_was_refused_applied_nothing(report):
    shown = text.report(report(result("Meter/m", "create", "failed", error="refused")))
    assert "Nothing was applied: 1 failed." in shown
    assert "The catalogue is as it was." in shown


def test_a_lost_answer_is_neither_done_nor_failed(report):
    shown = text.report(report(result("Meter/m", "create", "sent-unknown")))
    assert "? Meter/m" in shown
    assert "1 unknown" in shown


def test_an_interrupted_run_counts_what_was_not_started(report):
    shown = text.report(
        report(result("Meter/m", "create"), result("Feature/f", "create", "not-sent"), interrupted=True)
    )
    assert "Interrupted: 1 done, 1 not started." in shown
    assert "run apply again" in shown


def test_what_reads_back_wrong_is_said_before_the_totals(report):
    shown = text.report(
        report(
            result("Meter/m", "create", "done"),
            changes=(Change(Address("Meter", "m"), Action.CREATE),),
            mismatches=("Meter/m: name is `a`, not `b`",),
        )
    )
    assert shown.index("name is `a`, not `b`") < shown.index("Apply complete: 1 created.")
    assert "Not everything reads back as declared" in shown


def test_without_lines_only_failures_and_totals_are_left(report):
    shown = text.report(report(result("Meter/m", "create"), result("Meter/n", "create", "failed")), lines=False)
    assert "Meter/m" not in shown
    assert "Meter/n failed" in shown


def test_a_destroy_says_so(report, make):
    done = report(result("Meter/m", "delete"), changes=(Change(Address("Meter", "m"), Action.DELETE),))
    assert text.report(replace(done, plan=replace(done.plan, mode="destroy"))).endswith(
        "Destroy complete: 1 deleted.\n"
    )


def test_an_error_of_the_server_cannot_repaint_the_terminal(report):
    evil = "\x1b[2J\u202e"
    shown = text.report(
        report(
            result("Meter/m", "create", "failed", error=evil, tip=evil, request_id=evil),
            result("Meter/n", "create", "skipped", error=evil),
            result("Meter/o", "create", "done", notes=(evil,)),
            mismatches=(evil,),
        ),
        saved=evil,
    )
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_the_json_report_is_the_same_bytes_every_time_and_holds_no_body(report):
    found = report(result("Meter/m", "create", status=201, created_id="01J"), changes=(PRO,), seconds=1.23456)
    secret = replace(found.results[0].step, body={"signingSecret": "whsec_x"})
    found = replace(found, results=(replace(found.results[0], step=secret),))
    assert report_json.dumps(found) == report_json.dumps(found)
    assert "whsec_x" not in report_json.dumps(found)
    assert report_json.tree(found)["totals"] == {
        "not-sent": 0,
        "sent-unknown": 0,
        "done": 0,
        "verified": 1,
        "failed": 0,
        "skipped": 0,
    }
