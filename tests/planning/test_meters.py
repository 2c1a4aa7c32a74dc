"""Meters: created, updated in place, replaced where a field is immutable; those of others keep their metadata."""

from dataclasses import replace

from reconciler.model import Action, Address, ChangeClass

ADDRESS = Address("Meter", "tokens")


def changed(resource, **fields):
    return replace(resource, spec={**resource.spec, **fields})


def test_an_applied_meter_is_live_as_declared_and_marked(world, tokens):
    world.apply(tokens)
    (live,) = world.items("/api/v1/meters")
    assert {name: live[name] for name in tokens.spec} == dict(tokens.spec)
    assert live["metadata"] == {"reconciler.project": "acme", "reconciler.key": "tokens"}
    assert world.plan(tokens).is_empty


def test_a_changed_name_is_an_update_and_keeps_what_the_server_would_reset(world, tokens):
    world.apply(changed(tokens, metadata={"team": "billing"}))
    made = world.apply(changed(tokens, name="All tokens", metadata={"team": "billing"}))
    (change,) = made.changes
    assert (change.action, change.classes) == (Action.UPDATE, (ChangeClass.COSMETIC,))
    (live,) = world.items("/api/v1/meters")
    assert live["name"] == "All tokens"
    assert live["groupBy"] == {"model": "$.model", "type": "$.type"}
    assert live["metadata"]["team"] == "billing"


def test_metadata_left_out_is_cleared_without_losing_the_marker(world, tokens):
    world.apply(changed(tokens, metadata={"team": "billing"}))
    world.apply(tokens)
    (live,) = world.items("/api/v1/meters")
    assert live["metadata"] == {"reconciler.project": "acme", "reconciler.key": "tokens"}


def test_an_immutable_field_replaces_the_meter_and_says_which(world, tokens):
    world.apply(tokens)
    made = world.plan(changed(tokens, eventType="completion"))
    (change,) = made.changes
    assert change.action is Action.REPLACE
    assert change.actions == ("delete", "create")
    assert [(field.path, field.forces) for field in change.fields] == [("eventType", "replace")]
    assert change.classes == (ChangeClass.METERING_SEMANTIC, ChangeClass.DESTRUCTIVE)
    world.apply(changed(tokens, eventType="completion"))
    (live,) = world.items("/api/v1/meters")
    assert live["eventType"] == "completion"


def test_a_new_path_of_a_dimension_reinterprets_history(world, tokens):
    world.apply(tokens)
    made = world.plan(changed(tokens, groupBy={"model": "$.model_name", "type": "$.type", "region": "$.region"}))
    (change,) = made.changes
    assert [field.path for field in change.fields] == ["groupBy.model", "groupBy.region"]
    assert change.classes == (ChangeClass.ADDITIVE, ChangeClass.METERING_SEMANTIC)


def test_a_description_cannot_be_removed_and_is_a_warning_not_a_change(world, tokens):
    world.apply(changed(tokens, description="counts tokens"))
    made = world.plan(tokens)
    assert made.is_empty
    assert [problem.rule for problem in made.warnings] == ["cannot_update"]


def test_an_unmarked_meter_that_equals_its_document_is_claimed_without_a_step(world, tokens):
    world.send("POST", "/api/v1/meters", {"slug": "tokens", **tokens.spec})
    made = world.plan(tokens)
    assert made.steps == ()
    assert made.guards == ()
    assert [change.notes for change in made.changes] == [
        ("claimed by declaration: it was here before and is as declared",)
    ]


def test_an_unmarked_meter_that_differs_needs_adoption_and_never_gets_our_marker(world, tokens):
    world.send("POST", "/api/v1/meters", {"slug": "tokens", **tokens.spec, "name": "Old"})
    made = world.plan(tokens)
    assert [guard.code for guard in made.guards] == ["adopt"]
    world.apply(tokens)
    (live,) = world.items("/api/v1/meters")
    assert (live["name"], live["metadata"]) == ("Tokens", {})
    assert world.plan(tokens).is_empty


def test_a_meter_of_another_project_is_never_written(world, tokens):
    world.apply(wanted=world.desired(tokens, project="other"))
    made = world.plan(changed(tokens, name="Mine"))
    assert made.steps == ()
    assert [guard.code for guard in made.guards] == ["foreign_owner"]


def test_an_old_project_name_still_owns_and_the_marker_is_renewed(world, tokens):
    world.apply(wanted=world.desired(tokens, project="old_name"))
    world.apply(wanted=world.desired(tokens, former_names=("old_name",)))
    (live,) = world.items("/api/v1/meters")
    assert live["metadata"]["reconciler.project"] == "acme"


def test_a_meter_no_longer_declared_is_only_listed_without_prune(world, tokens):
    world.apply(tokens)
    made = world.plan()
    assert made.steps == ()
    assert "Meter/tokens" in made.warnings[0].message


def test_pruning_a_meter_keeps_it_and_forgets_it(world, tokens):
    world.apply(tokens)
    made = world.apply(prune=True)
    (change,) = made.changes
    assert change.action is Action.RELEASE
    (live,) = world.items("/api/v1/meters")
    assert live["metadata"] == {}
    assert world.plan(prune=True).is_empty


def test_a_meter_declared_absent_is_deleted_and_that_is_destructive(world, tokens, make):
    world.apply(tokens)
    made = world.apply(make("Meter", "tokens", state="absent"))
    (change,) = made.changes
    assert (change.action, change.classes) == (Action.DELETE, (ChangeClass.DESTRUCTIVE,))
    assert world.items("/api/v1/meters") == []


def test_ignored_paths_are_left_to_others(world, tokens, make):
    world.apply(tokens)
    (live,) = world.items("/api/v1/meters")
    world.send("PUT", f"/api/v1/meters/{live['id']}", {**tokens.spec, "name": "Theirs", "metadata": live["metadata"]})
    ours = make("Meter", "tokens", {**tokens.spec, "description": "new"}, ignore=("name",))
    world.apply(ours)
    (live,) = world.items("/api/v1/meters")
    assert (live["name"], live["description"]) == ("Theirs", "new")


def test_a_protected_meter_refuses_replacement(world, tokens, make):
    world.apply(tokens)
    made = world.plan(make("Meter", "tokens", {**tokens.spec, "aggregation": "MAX"}, protect=True))
    assert "protected" in [guard.code for guard in made.guards]
    by_project = world.plan(wanted=world.desired(changed(tokens, aggregation="MAX"), protect=("Meter/*",)))
    assert "protected" in [guard.code for guard in by_project.guards]


def test_create_only_creates_and_never_updates(world, tokens, make):
    world.apply(make("Meter", "tokens", tokens.spec, manage="create-only"))
    made = world.plan(make("Meter", "tokens", {**tokens.spec, "name": "Other"}, manage="create-only"))
    assert made.is_empty


def test_observe_never_writes_and_says_when_the_object_is_missing(world, make):
    made = world.plan(make("Meter", "elsewhere", manage="observe"))
    assert made.steps == ()
    assert [guard.code for guard in made.guards] == ["not_found"]


def test_a_group_by_is_dropped_once_the_feature_that_filtered_on_it_is_replaced(world, make, tokens):
    def feature(group):
        spec = {"name": "F", "meterSlug": "tokens", "advancedMeterGroupByFilters": {group: {"$eq": "x"}}}
        return make("Feature", "f", spec)

    world.apply(tokens, feature("model"))
    less = make("Meter", "tokens", {**tokens.spec, "groupBy": {"type": "$.type"}})
    assert [guard.code for guard in world.plan(less).guards] == ["blocked_by_server"]
    made = world.apply(less, feature("type"))
    assert [f"{step.verb} {step.address}" for step in made.steps] == [
        "archive Feature/f",
        "update Meter/tokens",
        "create Feature/f",
    ]
    assert made.guards == ()
    assert world.plan(less, feature("type")).is_empty


def test_what_cannot_be_cleared_stays_as_it_is_when_something_else_is_written(world, tokens):
    world.apply(replace(tokens, spec={**tokens.spec, "description": "Old words"}))
    made = world.apply(replace(tokens, spec={**tokens.spec, "name": "Renamed"}))
    assert [field.path for change in made.changes for field in change.fields] == ["name"]
    assert [warning.rule for warning in made.warnings] == ["cannot_update"]
    (live,) = world.items("/api/v1/meters")
    assert (live["name"], live["description"]) == ("Renamed", "Old words")


def test_what_cannot_be_cleared_is_gone_when_the_object_is_made_anew(world, tokens):
    world.apply(replace(tokens, spec={**tokens.spec, "description": "Old words"}))
    made = world.apply(replace(tokens, spec={**tokens.spec, "eventType": "other"}))
    assert [change.action for change in made.changes] == [Action.REPLACE]
    (live,) = world.items("/api/v1/meters")
    assert (live["eventType"], "description" in live) == ("other", False)
