"""``export`` as a user types it: what is written, what is told, and what a plan of it says."""

from __future__ import annotations

import pytest

from reconciler.reading.formatting import formatted

PLAN = {
    "key": "pro",
    "name": "Pro",
    "currency": "USD",
    "billingCadence": "P1M",
    "phases": [
        {
            "key": "main",
            "name": "Main",
            "duration": None,
            "rateCards": [
                {"type": "usage_based", "key": "calls", "featureKey": "calls", "name": "Calls", "billingCadence": "P1M",
                 "price": {"type": "unit", "amount": "0.10"}},
            ],
        }
    ],
}  # fmt: skip


def hook(name, **more):
    return {"name": name, "type": "WEBHOOK", "url": "https://hooks.example/om", **more}


@pytest.fixture
def by_hand(live):
    """A catalogue that nobody manages, of five kinds; two channels share a name."""
    (live.root / "catalog" / "all.yaml").unlink()
    live.send("POST", "meters", {"slug": "calls", "eventType": "call", "aggregation": "COUNT"})
    live.send("POST", "features", {"key": "calls", "name": "Calls", "meterSlug": "calls"})
    made = live.send("POST", "plans", PLAN)
    live.send("POST", f"plans/{made['id']}/publish")
    live.ids = [
        live.send("POST", "notification/channels", hook(name, customHeaders=headers))["id"]
        for name, headers in (("Ops", {"Authorization": "Bearer hunter2"}), ("Ops", {}), ("Dev", {}))
    ]
    live.send("POST", "notification/rules", {"name": "Made", "type": "invoice.created", "channels": [live.ids[2]]})
    return live


def files(root):
    return sorted(path.relative_to(root).as_posix() for path in (root / "catalog").rglob("*.yaml"))


def test_what_was_made_by_hand_is_adopted_and_nothing_else(run, by_hand, monkeypatch):
    ended = run("export")
    assert ended.code == 0
    assert files(by_hand.root) == [
        "catalog/features.yaml", "catalog/meters.yaml", "catalog/notification_channels.yaml",
        "catalog/notification_rules.yaml", "catalog/plans.yaml",
    ]  # fmt: skip
    assert "Plan: 4 to adopt." in ended.err
    monkeypatch.setenv("OPS_AUTHORIZATION", "Bearer hunter2")
    assert "Plan: 4 to adopt." in run("plan").out
    applied = run("apply", "--auto-approve", "--allow", "adopt:*/*")
    assert "Apply complete: 4 adopted." in applied.out
    assert "No changes. OpenMeter matches the manifests." in run("plan").out


def test_no_secret_leaves_and_the_variable_to_fill_in_is_named(run, by_hand):
    ended = run("export")
    text = (by_hand.root / "catalog" / "notification_channels.yaml").read_text()
    assert "hunter2" not in text + ended.out + ended.err
    assert "Authorization: { env: OPS_AUTHORIZATION }" in text
    assert "OPS_AUTHORIZATION, with `Authorization` of NotificationChannel/ops" in ended.err


def test_ids_are_written_into_the_environment_that_they_are_of_and_comments_stay(run, by_hand):
    file = by_hand.root / "reconciler.yaml"
    file.write_text(file.read_text().replace("defaultEnvironment", "# mind the gap\ndefaultEnvironment"))
    before = file.read_text()
    assert run("export").code == 0
    after = file.read_text()
    one, two, dev = by_hand.ids
    for line in (
        f"NotificationChannel/ops: {one}",
        f"NotificationChannel/ops_2: {two}",
        f"NotificationChannel/dev: {dev}",
    ):
        assert line in after
    assert after.startswith(before[: before.index("  live:")])


def test_without_a_project_file_the_ids_are_printed_to_be_written_down(run, by_hand):
    (by_hand.root / "reconciler.yaml").unlink()
    ended = run("export", "--endpoint", by_hand.url, "-o", "out")
    assert ended.code == 0
    assert f"NotificationChannel/ops_2: {by_hand.ids[1]}" in ended.err
    assert "adopt: {" in ended.err


def test_a_dash_prints_everything_and_writes_nothing(run, by_hand):
    before = (by_hand.root / "reconciler.yaml").read_text()
    ended = run("export", "-o", "-")
    assert ended.code == 0
    assert [ended.out.count(f"\nkind: {kind}\n") for kind in ("Meter", "Plan", "NotificationChannel")] == [1, 1, 3]
    assert (files(by_hand.root), (by_hand.root / "reconciler.yaml").read_text()) == ([], before)
    assert formatted("-", ended.out.encode()) == (ended.out, [])


def test_one_file_per_object(run, by_hand):
    assert run("export", "--layout", "object", "--target", "Plan/*").code == 0
    assert files(by_hand.root) == ["catalog/features/calls.yaml", "catalog/meters/calls.yaml", "catalog/plans/pro.yaml"]


@pytest.mark.parametrize("option", [("--kind", "feature"), ("--target", "Feature/calls")])
def test_what_is_chosen_comes_with_what_it_names_and_nothing_else(run, by_hand, option):
    assert run("export", *option).code == 0
    assert files(by_hand.root) == ["catalog/features.yaml", "catalog/meters.yaml"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--kind", "Feture"), "did you mean `Feature`?"),
        (("--target", "Plan/none"), "`Plan/none` matches nothing that is live"),
        (("--manage", "all"), "is not one of"),
    ],
)
def test_a_choice_of_nothing_is_a_usage_error(run, by_hand, options, said):
    ended = run("export", *options)
    assert (ended.code, said in ended.err, files(by_hand.root)) == (64, True, [])


def test_a_second_export_writes_only_what_came_since_into_files_of_its_own(run, by_hand):
    run("export")
    before = {name: (by_hand.root / name).read_bytes() for name in files(by_hand.root)}
    by_hand.send("POST", "features", {"key": "sso", "name": "SSO"})
    ended = run("export")
    assert ended.code == 0
    assert set(files(by_hand.root)) - set(before) == {"catalog/features/sso.yaml"}
    assert {name: (by_hand.root / name).read_bytes() for name in before} == before
    assert run("export").out == ""


def test_what_is_gone_is_told_and_stays_declared(run, by_hand):
    run("export")
    by_hand.send("DELETE", f"notification/channels/{by_hand.ids[1]}")
    before = (by_hand.root / "catalog" / "notification_channels.yaml").read_bytes()
    ended = run("export")
    assert "Declared and not live, left as it is: NotificationChannel/ops_2." in ended.err
    assert (by_hand.root / "catalog" / "notification_channels.yaml").read_bytes() == before


def test_only_what_nobody_manages(run, by_hand):
    by_hand.declare(("Meter", "ours", {"eventType": "x", "aggregation": "COUNT"}))
    assert run("apply", "--auto-approve").code == 0
    ended = run("export", "--unmanaged", "-o", "-")
    assert "key: calls" in ended.out
    assert "key: ours" not in ended.out
    assert "key: ours" in run("export", "-o", "-").out


def test_observed_first_nothing_at_all_is_to_be_done(run, by_hand):
    assert "No changes." in run("export", "--manage", "observe").err
    text = (by_hand.root / "catalog" / "plans.yaml").read_text()
    assert "\nlifecycle:\n  manage: observe\n" in text
    assert run("validate").code == 0
    assert "No changes." in run("plan").out


def test_a_folder_of_its_own_has_to_be_new(run, by_hand):
    assert run("export", "-o", "dump").code == 0
    ended = run("export", "-o", "dump")
    assert (ended.code, "exists already" in ended.err) == (64, True)


def test_manifests_that_cannot_be_read_are_left_alone(run, by_hand):
    by_hand.declare(("Meter", "calls", {"eventTyp": "call", "aggregation": "COUNT"}))
    before = files(by_hand.root)
    ended = run("export")
    assert (ended.code, "did you mean `eventType`" in ended.err, files(by_hand.root)) == (1, True, before)


def test_nothing_is_written_to_the_server(run, by_hand):
    before = by_hand.everything()
    run("export")
    run("export", "-o", "-")
    assert by_hand.everything() == before


def test_an_editor_finds_the_schema_from_every_file(run, by_hand):
    run("schema", "--write")
    run("export", "--layout", "object")
    first = (by_hand.root / "catalog" / "plans" / "pro.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=../../schemas/manifest.json"
