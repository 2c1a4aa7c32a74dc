"""Two runs that create the same object without a natural key at the same time."""

import httpx
import pytest

from ..backends.faults import answered, lost
from .conftest import marked, step

CHANNELS = "/api/v1/notification/channels"
BODY = marked("ops", type="WEBHOOK", name="ops", url="https://x.test")
CREATE = step(1, "NotificationChannel/ops", "create", "POST", CHANNELS, BODY)


def _just_before(request, handle):
    """Somebody else's create arrives first."""
    headers = {"content-type": "application/json"}
    handle(httpx.Request("POST", request.url, content=request.content, headers=headers))
    return handle(request)


def test_whoever_made_the_lowest_id_keeps_it(world):
    result = world.run(CREATE).results[0]
    assert (result.state, [row["id"] for row in world.items(CHANNELS)]) == ("done", [result.created_id])


def test_whoever_came_second_takes_its_own_back_and_fails(world):
    world.wire.breaks("POST", "/channels", _just_before)
    result = world.run(CREATE).results[0]
    assert (result.state, result.created_id) == ("failed", None)
    assert "another run made it at the same time" in result.error
    assert len(world.items(CHANNELS)) == 1
    assert world.sent("DELETE") == 1


def test_a_second_one_that_cannot_be_deleted_is_named(world):
    world.wire.breaks("POST", "/channels", _just_before)
    world.wire.breaks("DELETE", "", answered(400, b'{"detail": "in use"}'))
    result = world.run(CREATE).results[0]
    assert result.state == "failed"
    assert f"({result.created_id}) could not be deleted: 400 in use" in result.error


PROFILES = "/api/v1/billing/profiles"


def _profile(world, name="Ours"):
    apps = dict.fromkeys(("tax", "invoicing", "payment"), world.items("/api/v1/apps")[0]["id"])
    workflow = {"payment": {"collectionMethod": "charge_automatically"}}
    supplier = {"name": name, "addresses": [{"country": "US"}]}
    body = {**marked("main"), "name": name, "default": True, "supplier": supplier, "workflow": workflow, "apps": apps}
    return step(1, "BillingProfile/main", "create", "POST", PROFILES, body)


def test_of_two_default_profiles_the_first_is_the_default_again_before_the_second_is_taken_back(world):
    theirs, ours = _profile(world, "Theirs"), _profile(world)

    def theirs_just_before(request, handle):
        world.made(PROFILES, theirs.body)
        return handle(request)

    before = len(world.items(PROFILES))
    world.wire.breaks("POST", "/profiles", theirs_just_before)
    result = world.run(ours).results[0]
    assert (result.state, result.created_id) == ("failed", None)
    assert result.error.endswith("the second one was deleted again")
    (kept,) = (row for row in world.items(PROFILES) if row["default"])
    assert (kept["name"], kept["supplier"]["name"]) == ("Theirs", "Theirs")
    assert kept["workflow"]["payment"]["collectionMethod"] == "charge_automatically"
    assert kept["metadata"]["reconciler.key"] == "main"
    assert len(world.items(PROFILES)) == before + 1


def test_a_default_profile_that_cannot_be_taken_back_is_named(world):
    ours = _profile(world)

    def theirs_just_before(request, handle):
        world.made(PROFILES, ours.body)
        return handle(request)

    world.wire.breaks("POST", "/profiles", theirs_just_before)
    world.wire.breaks("PUT", "", answered(400, b'{"detail": "no"}'))
    result = world.run(ours).results[0]
    assert result.state == "failed"
    assert f"({result.created_id}) could not be deleted: 400 no" in result.error
    assert result.tip.startswith(f"delete {result.created_id}")


def test_an_object_of_another_key_is_no_rival(world):
    world.made(CHANNELS, {**BODY, "metadata": {"reconciler.project": "acme", "reconciler.key": "other"}})
    assert world.states(CREATE) == {"1": "done"}


def test_the_object_that_a_replacement_replaces_is_no_rival(world):
    world.made(CHANNELS, BODY)
    body = {**BODY, "metadata": {**BODY["metadata"], "reconciler.replaces": "01X"}}
    assert world.states(step(1, "NotificationChannel/ops", "create", "POST", CHANNELS, body)) == {"1": "done"}


def test_a_list_that_cannot_be_read_leaves_a_note_and_the_object(world):
    world.wire.breaks("GET", "/channels", answered(403, b"{}"))
    result = world.run(CREATE).results[0]
    assert (result.state, len(world.items(CHANNELS))) == ("done", 1)
    assert "could not be read" in result.notes[0]


@pytest.mark.parametrize("error", [httpx.ReadError, httpx.ReadTimeout])
def test_a_lost_answer_is_settled_by_the_marker(world, error):
    world.wire.breaks("POST", "/channels", lost(error))
    result = world.run(CREATE).results[0]
    assert (result.state, result.created_id) == ("done", world.items(CHANNELS)[0]["id"])
    assert world.sent("POST") == 1
