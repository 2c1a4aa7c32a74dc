"""What the objects that a plan changes hold before and after; every other test here holds it to the changed fields."""

from dataclasses import replace

from reconciler.kinds.registry import KINDS
from reconciler.planning import planfile
from reconciler.planning.contents import contents
from reconciler.planning.options import PlanOptions

from .conftest import SECRET


def told(world, *resources, **options):
    """The plan, and by address what is told of each object."""
    wanted = world.desired(*resources)
    made = world.plan(*resources, **options)
    found = contents(made, wanted, world.backend.observe(KINDS), PlanOptions(**options))
    return made, {str(one.address): one for one in found}


def test_an_update_is_whole_on_both_sides(world, tokens):
    world.apply(tokens)
    _, found = told(world, replace(tokens, spec={**tokens.spec, "name": "Other"}))
    one = found["Meter/tokens"]
    assert dict(one.before) == dict(tokens.spec)
    assert dict(one.after) == {**tokens.spec, "name": "Other"}


def test_what_goes_is_whole_before_and_nothing_after(world, tokens):
    world.apply(tokens)
    feature = replace(tokens)
    _, found = told(world, replace(feature, management=replace(tokens.management, state="absent")))
    one = found["Meter/tokens"]
    assert dict(one.before) == dict(tokens.spec)
    assert one.after is None


def test_what_is_created_or_stays_is_not_told_again(world, tokens, make):
    world.apply(tokens)
    made, found = told(world, tokens, make("Feature", "tokens", {"name": "Tokens", "meterSlug": "tokens"}))
    assert [change.action for change in made.changes] == ["create"]
    assert found == {}


def test_secrets_are_hidden_on_both_sides(world, make):
    spec = {
        "name": "Ops",
        "type": "WEBHOOK",
        "url": "https://hooks.example.com",
        "signingSecret": {"env": "HOOK"},
        "customHeaders": {"X-Token": {"env": "TOKEN"}},
    }
    world.apply(make("NotificationChannel", "ops", spec))
    made, found = told(world, make("NotificationChannel", "ops", {**spec, "name": "Ops 2"}))
    one = found["NotificationChannel/ops"]
    assert one.before["signingSecret"] == one.after["signingSecret"] == "(secret)"
    assert one.after["customHeaders"] == {"X-Token": "(secret)"}
    assert SECRET not in planfile.dumps(replace(made, contents=(one,)))


def test_secrets_of_what_is_deleted_are_hidden_too(world, make):
    headers = {"X-Token": {"env": "TOKEN"}}
    spec = {"name": "Ops", "type": "WEBHOOK", "url": "https://hooks.example.com", "customHeaders": headers}
    channel = make("NotificationChannel", "ops", spec)
    world.apply(channel)
    _, found = told(world, replace(channel, management=replace(channel.management, state="absent")))
    assert found["NotificationChannel/ops"].before["customHeaders"] == {"X-Token": "(secret)"}
    assert SECRET not in str(found)


def test_what_no_update_makes_stays_as_it_is_after_too(world, tokens):
    world.apply(replace(tokens, spec={**tokens.spec, "description": "Old words"}))
    made, found = told(world, replace(tokens, spec={**tokens.spec, "name": "Other"}))
    assert [warning.rule for warning in made.warnings] == ["cannot_update"]
    assert dict(found["Meter/tokens"].after) == {**tokens.spec, "name": "Other", "description": "Old words"}


def test_it_is_saved_and_read_back_and_is_no_part_of_the_change_digest(world, tokens):
    world.apply(tokens)
    made, found = told(world, replace(tokens, spec={**tokens.spec, "name": "Other"}))
    full = replace(made, contents=tuple(found.values()))
    assert planfile.loads(planfile.dumps(full)).contents == full.contents
    assert planfile.change_digest(full) == planfile.change_digest(made)
    assert "contents" not in planfile.tree(made)
