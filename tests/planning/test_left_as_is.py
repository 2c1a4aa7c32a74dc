"""What a write leaves as it is live: ignored paths, headers that no update removes, secrets that nobody declared."""

import pytest

from reconciler.planning import paths, planfile

CHANNELS = "/api/v1/notification/channels"
HOOK = "https://hooks.example.com/ops"
CLEAR = "Bearer 0p3ns3same"


@pytest.fixture
def ops(make):
    def build(*, lifecycle=None, **more):
        return make(
            "NotificationChannel", "ops", {"name": "Ops", "type": "WEBHOOK", "url": HOOK, **more}, **lifecycle or {}
        )

    return build


def live(world):
    (channel,) = world.items(CHANNELS + "?includeDisabled=true")
    return channel


def edit(world, **fields):
    """What somebody else changes of the channel."""
    shown = live(world)
    body = {name: shown[name] for name in shown if name not in ("id", "createdAt", "updatedAt")}
    world.send("PUT", f"{CHANNELS}/{shown['id']}", {**body, **fields})


def test_the_last_header_stays_in_openmeter_too_when_something_else_changes(world, ops):
    world.apply(ops(customHeaders={"X-A": "1"}))
    made = world.apply(ops(url=HOOK + "/2"))
    assert made.steps[0].body["customHeaders"] == {"$live": "customHeaders"}
    assert [problem.rule for problem in made.warnings] == ["cannot_update"]
    assert "replaceOn: [spec.customHeaders]" in made.warnings[0].message
    assert (live(world)["customHeaders"], live(world)["url"]) == ({"X-A": "1"}, HOOK + "/2")


def test_one_header_of_two_is_removed(world, ops):
    world.apply(ops(customHeaders={"X-A": "1", "X-B": "2"}))
    world.apply(ops(customHeaders={"X-B": "2"}))
    assert live(world)["customHeaders"] == {"X-B": "2"}


def test_an_ignored_header_keeps_its_live_value_which_no_plan_holds(world, ops):
    world.apply(ops(customHeaders={"X-A": "1", "Authorization": {"env": "A"}}))
    edit(world, customHeaders={"X-A": "1", "Authorization": CLEAR})
    left = {"ignore": ("customHeaders.Authorization",)}
    made = world.plan(ops(customHeaders={"X-A": "2", "Authorization": {"env": "A"}}, lifecycle=left))
    assert CLEAR not in planfile.dumps(made) + repr(made)
    world.apply(ops(customHeaders={"X-A": "2", "Authorization": {"env": "A"}}, lifecycle=left))
    assert live(world)["customHeaders"] == {"X-A": "2", "Authorization": CLEAR}


def test_letting_a_channel_go_puts_no_header_into_the_plan(world, ops, make):
    world.apply(ops(customHeaders={"Authorization": {"env": "A"}}, lifecycle={"on_remove": "retain"}))
    edit(world, customHeaders={"Authorization": CLEAR})
    wanted = world.desired(make("Meter", "none", state="absent"))
    assert CLEAR not in planfile.dumps(world.plan(wanted=wanted, prune=True))
    world.apply(wanted=wanted, prune=True)
    assert live(world)["customHeaders"] == {"Authorization": CLEAR}
    assert "reconciler.key" not in live(world).get("metadata", {})


@pytest.mark.parametrize("name", ["env", "file", "command"])
def test_a_header_may_be_named_like_a_source_of_secrets(world, ops, name):
    world.apply(ops(customHeaders={name: "1"}))
    assert world.plan(ops(customHeaders={name: "1"})).is_empty
    (change,) = world.plan(ops(customHeaders={name: "2"})).changes
    assert [field.path for field in change.fields] == [f"customHeaders.{name}"]


@pytest.mark.parametrize(
    ("declared", "theirs", "path"),
    [
        ({}, {"owner": "them"}, "metadata.owner"),
        ({"owner": "us"}, {}, "metadata.owner"),
        ({"a": "1"}, {"a": "1", "app.example/owner": "them"}, "metadata.app.example/owner"),
        ({"app.example/owner": "us"}, {"app.example/owner": "them"}, "metadata[app.example/owner]"),
        ({"a": "1", "b": "2"}, {"c": "3"}, "metadata"),
    ],
)
def test_metadata_that_is_left_to_others_is_neither_a_change_nor_overwritten(world, ops, declared, theirs, path):
    left = {"ignore": (path,)}
    world.apply(ops(metadata=declared))
    marker = {name: value for name, value in live(world)["metadata"].items() if name.startswith("reconciler.")}
    edit(world, metadata={**theirs, **marker})
    assert world.plan(ops(metadata=declared, lifecycle=left)).is_empty
    world.apply(ops(metadata=declared, lifecycle=left, url=HOOK + "/2"))
    assert live(world)["metadata"] == {**theirs, **marker}


def test_a_threshold_that_is_left_to_others_is_ignored_by_its_index(world, ops, make):
    def rule(value, **more):
        marks = [{"type": "usage_value", "value": 10}, {"type": "usage_value", "value": value}]
        spec = {"name": "R", "type": "entitlements.balance.threshold", "channels": ["ops"], "thresholds": marks}
        return make("NotificationRule", "r", spec, **more)

    world.apply(ops(), rule(20))
    assert world.plan(ops(), rule(30, ignore=("thresholds[1].value",))).is_empty
    assert not world.plan(ops(), rule(30, ignore=("thresholds[0].value",))).is_empty


def test_a_path_into_a_filter_is_not_taken_for_a_free_key(make):
    from reconciler.kinds.registry import KINDS

    path = paths.parse("advancedMeterGroupByFilters.model.$eq")
    assert paths.fitted(KINDS["Feature"].shape, path) == path


def test_what_is_ignored_of_a_feature_is_counted_and_never_hidden(world, make):
    world.apply(make("Feature", "f", {"name": "F"}))
    made = world.plan(make("Feature", "f", {"name": "Other"}, ignore=("name",)))
    assert [change.notes for change in made.changes] == [("1 ignored differences",)]
    assert made.is_empty
    assert made.warnings == ()


def test_what_a_successor_replaces_is_written_in_the_grammar_of_markers(world, ops):
    world.apply(ops(customHeaders={"X-A": "1"}))
    made = world.plan(ops(lifecycle={"replace_on": ("customHeaders",)}))
    assert made.steps[0].body["metadata"]["reconciler.replaces"] == live(world)["id"].lower()
