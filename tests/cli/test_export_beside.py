"""``export`` among manifests: changed in place, comments kept; and as patches in an environment's overlay."""

from __future__ import annotations

import subprocess

import pytest

from .test_export import PLAN, hook

CATALOG = """\
# what we sell
apiVersion: openmeter.io/v1
kind: Meter
key: calls
spec:
  name: Calls   # shown to customers
  eventType: call
  aggregation: COUNT
---
apiVersion: openmeter.io/v1
kind: Feature
key: calls
spec: { name: Calls, meterSlug: calls }
---
apiVersion: openmeter.io/v1
kind: Plan
key: pro
spec:
  name: Pro
  currency: USD
  billingCadence: P1M
  phases:
    - key: main
      name: Main
      rateCards:
        - type: usage_based
          featureKey: calls
          billingCadence: P1M
          price:
            type: tiered # since the spring
            mode: graduated
            tiers:
              - { upToAmount: "100", unitPrice: { type: unit, amount: "0.2" } }
              - { unitPrice: { type: unit, amount: "0.1" } }
---
apiVersion: openmeter.io/v1
kind: NotificationChannel
key: ops
spec:
  name: Ops
  type: WEBHOOK
  url: https://hooks.example/om # the old one
"""
ALL = ("--auto-approve", "--allow", "price-raising:*/*", "--allow", "price-lowering:*/*", "--allow", "adopt:*/*")


@pytest.fixture
def sold(live, run):
    """A catalogue that was applied from files with comments."""
    live.declare(CATALOG)
    assert run("apply", *ALL).code == 0
    return live


def text(live, name="catalog/all.yaml"):
    return (live.root / name).read_text()


def edited(live):
    """What somebody does in the UI: a dearer plan, another address, a feature more."""
    plan = {**PLAN, "phases": [{**PLAN["phases"][0], "rateCards": [dict(PLAN["phases"][0]["rateCards"][0])]}]}
    tiers = [
        {"upToAmount": "500", "flatPrice": None, "unitPrice": {"type": "unit", "amount": "0.3"}},
        {"flatPrice": {"type": "flat", "amount": "7"}, "unitPrice": None},
    ]
    plan["phases"][0]["rateCards"][0]["price"] = {"type": "tiered", "mode": "graduated", "tiers": tiers}
    made = live.send("POST", "plans", plan)
    live.send("POST", f"plans/{made['id']}/publish")
    (channel,) = live.items("notification/channels")
    body = hook("Ops", metadata=channel["metadata"], signingSecret=channel["signingSecret"])
    live.send("PUT", f"notification/channels/{channel['id']}", {**body, "url": "https://new.example/om"})
    live.send("POST", "features", {"key": "sso", "name": "SSO"})


def test_what_a_document_declares_otherwise_is_changed_in_it_and_comments_stay(run, sold):
    edited(sold)
    ended = run("export")
    assert ended.code == 0
    after = text(sold)
    assert "url: https://new.example/om # the old one\n" in after
    assert "type: tiered # since the spring\n" in after
    assert '- { upToAmount: "500", unitPrice: { type: unit, amount: "0.3" } }' in after
    assert after.splitlines()[:8] == CATALOG.splitlines()[:8]
    assert "key: sso" in text(sold, "catalog/features.yaml")
    assert "No changes." in ended.err
    assert "No changes." in run("plan").out
    assert run("export").out == ""
    assert text(sold) == after


def test_nothing_is_changed_where_nothing_differs(run, sold):
    before = text(sold)
    assert run("export").code == 0
    assert text(sold) == before
    assert [path.name for path in (sold.root / "catalog").iterdir()] == ["all.yaml"]


def test_only_what_is_chosen_is_changed(run, sold):
    edited(sold)
    assert run("export", "--target", "NotificationChannel/ops").code == 0
    assert "https://new.example/om" in text(sold)
    assert 'upToAmount: "100"' in text(sold)
    assert [path.name for path in (sold.root / "catalog").iterdir()] == ["all.yaml"]


def git(folder, *arguments):
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    subprocess.run(("git", *identity, *arguments), cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize("committed", [True, False])
def test_a_file_with_changes_that_are_not_committed_is_not_touched(run, sold, committed):
    git(sold.root, "init")
    if committed:
        git(sold.root, "add", ".")
        git(sold.root, "commit", "-m", "first")
    path = sold.root / "catalog" / "all.yaml"
    path.write_text(text(sold) + "# mine\n")
    edited(sold)
    before = text(sold)
    ended = run("export")
    assert ended.code == 3
    assert "catalog/all.yaml would be changed and has changes that are not committed" in ended.err
    assert (text(sold), [path.name for path in path.parent.iterdir()]) == (before, ["all.yaml"])
    git(sold.root, "add", ".")
    git(sold.root, "commit", "-m", "mine")
    assert run("export").code == 0
    assert text(sold).endswith("# mine\n")


def test_as_an_overlay_only_what_differs_is_written_and_the_manifests_stay(run, sold):
    edited(sold)
    project = sold.root / "reconciler.yaml"
    before = project.read_text()
    ended = run("export", "--as-overlay")
    assert ended.code == 0
    assert text(sold) == CATALOG
    assert "overlays: [overlays/live]" in project.read_text()
    assert project.read_text().startswith(before[: before.index("  live:")])
    patches = text(sold, "overlays/live/all.yaml")
    assert patches == (
        "apiVersion: openmeter.io/v1\nkind: Plan\nkey: pro\npatch:\n  phases:\n    - key: main\n      rateCards:\n"
        "        - featureKey: calls\n          price:\n            tiers:\n"
        '              - { upToAmount: "500", unitPrice: { type: unit, amount: "0.3" } }\n'
        '              - { flatPrice: { type: flat, amount: "7" } }\n'
        "---\napiVersion: openmeter.io/v1\nkind: NotificationChannel\nkey: ops\npatch:\n  url: https://new.example/om\n"
    )
    assert "key: sso" in text(sold, "overlays/live/features.yaml")
    assert "No changes." in ended.err
    assert "No changes." in run("plan").out
    assert run("validate").code == 0
    after = project.read_text()
    assert run("export", "--as-overlay").out == ""
    assert (project.read_text(), text(sold, "overlays/live/all.yaml")) == (after, patches)


def test_what_an_environment_does_not_have_is_absent_in_its_overlay(run, sold):
    (channel,) = sold.items("notification/channels")
    sold.send("DELETE", f"notification/channels/{channel['id']}")
    assert run("export", "--as-overlay").code == 0
    assert text(sold, "overlays/live/all.yaml").endswith("key: ops\nlifecycle:\n  state: absent\n")
    assert "No changes." in run("plan").out


def test_an_overlay_goes_into_the_folder_that_is_named(run, sold):
    edited(sold)
    assert run("export", "--as-overlay", "-o", "differences").code == 0
    assert "overlays: [differences]" in text(sold, "reconciler.yaml")
    assert (sold.root / "differences" / "all.yaml").exists()


@pytest.mark.parametrize(
    ("options", "more", "said"),
    [
        (("-o", "-"), "", "not printed"),
        (("-o", "../elsewhere"), "", "outside of the project"),
        (("-o", "one"), "overlays: [one, two]", "is not the last overlay"),
    ],
)
def test_an_overlay_that_cannot_be_is_a_usage_error(run, sold, options, more, said):
    for name in ("one", "two"):
        (sold.root / name).mkdir()
    sold.project(more)
    before = text(sold, "reconciler.yaml")
    ended = run("export", "--as-overlay", *options)
    assert (ended.code, said in ended.err, text(sold, "reconciler.yaml")) == (64, True, before)


def test_without_a_project_file_there_is_no_overlay(run, sold):
    (sold.root / "reconciler.yaml").unlink()
    assert run("export", "--as-overlay", "--endpoint", sold.url).code == 64


def test_nothing_that_differs_leaves_the_project_as_it_is(run, sold):
    before = text(sold, "reconciler.yaml")
    assert run("export", "--as-overlay").code == 0
    assert text(sold, "reconciler.yaml") == before
    assert not (sold.root / "overlays").exists()


def test_while_a_catalogue_is_only_observed_its_documents_follow_it(run, sold):
    observed = CATALOG.replace("---\n", "lifecycle: { manage: observe } # for now\n---\n")
    sold.declare(observed + "lifecycle: { manage: observe } # for now\n")
    edited(sold)
    assert "No changes." in run("plan").out
    ended = run("export")
    assert ended.code == 0, ended.err
    after = text(sold)
    assert "url: https://new.example/om # the old one\n" in after, ended.err
    assert "type: tiered # since the spring\n" in after
    assert after.count("lifecycle: { manage: observe } # for now") == 4
    assert '- { upToAmount: "500", unitPrice: { type: unit, amount: "0.3" } }' in after
    assert "NotificationChannel/ops is only observed, and declared as it is live now." in ended.err
    (sold.root / "catalog" / "all.yaml").write_text(after.replace("lifecycle: { manage: observe } # for now\n", ""))
    assert "No changes." in run("plan").out


def test_an_observed_document_that_says_nothing_goes_on_saying_nothing(run, sold):
    sold.declare(
        ("Meter", "calls", None, {"manage": "observe"}), ("NotificationChannel", "ops", None, {"manage": "observe"})
    )
    before = text(sold)
    assert run("export", "--target", "*/calls", "--target", "*/ops").code == 0
    assert text(sold) == before


def test_what_is_observed_keeps_the_sources_that_its_document_names(run, sold):
    (channel,) = sold.items("notification/channels")
    body = hook("Ops", metadata=channel["metadata"], signingSecret=channel["signingSecret"])
    headers = {"Authorization": "Bearer hunter2", "X-Team": "two"}
    sold.send("PUT", f"notification/channels/{channel['id']}", {**body, "customHeaders": headers})
    mine = {"Authorization": {"env": "MINE"}, "X-Team": "one"}
    secret = {"env": "SIGNING"}
    spec = hook("Ops", customHeaders=mine, signingSecret=secret)
    sold.declare(("NotificationChannel", "ops", spec, {"manage": "observe"}))
    assert run("export", "--target", "NotificationChannel/*").code == 0
    after = text(sold)
    assert ('{"env": "MINE"}' in after, '"X-Team": "two"' in after, '{"env": "SIGNING"}' in after) == (True, True, True)
    assert "hunter2" not in after


def test_what_a_variable_says_is_said_by_the_variable_of_this_environment(run, sold):
    sold.project(top="variables: { hook: { type: string, default: 'https://hooks.example/om' } }")
    sold.declare(CATALOG.replace("url: https://hooks.example/om", 'url: "{{ vars.hook }}"'))
    edited(sold)
    ended = run("export")
    assert 'url: "{{ vars.hook }}" # the old one' in text(sold)
    assert "https://new.example/om" in text(sold, "reconciler.yaml")
    assert "No changes." in ended.err
    assert "No changes." in run("plan").out
