import json
from dataclasses import replace

import pytest

from reconciler.errors import RefusedError, SecretError
from reconciler.execution import apply
from reconciler.model import Action, Address, Change, FieldChange

from ..backends.faults import answered
from .conftest import marked, meter, plan_of, step

SECRET = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"


def _update(number, body):
    return step(number, "Meter/tokens", "update", "PUT", "/api/v1/meters/{Meter/tokens#id}", body, after=[1])


def test_every_source_is_asked_once_and_before_anything_is_sent(world):
    asked = []

    def reveal(source):
        assert world.wire.seen == []
        asked.append(dict(source))
        return "v"

    source = {"$secret": {"env": "A"}}
    world.run(meter(1, "tokens"), _update(2, {"name": source}), _update(3, {"name": source}), reveal=reveal)
    assert asked == [{"env": "A"}]


def test_a_source_without_a_value_stops_the_run_before_anything_is_sent(world):
    def reveal(source):
        raise SecretError(f"{source['env']} is not set")

    with pytest.raises(SecretError, match="B is not set"):
        world.run(meter(1, "tokens"), _update(2, {"name": {"$secret": {"env": "B"}}}), reveal=reveal)
    assert world.wire.seen == []


def test_the_secret_reaches_the_server_and_nobody_else(world, tmp_path):
    receipts = tmp_path / "receipts" / "test.jsonl"
    world.wire.breaks("PUT", "", answered(400, json.dumps({"detail": f"bad {SECRET} and pl4in"}).encode()))
    values = {"A": SECRET, "B": "pl4in"}
    body = {"signingSecret": {"$secret": {"env": "A"}}, "name": {"$secret": {"env": "B"}}}
    report = world.run(meter(1, "tokens"), _update(2, body), reveal=lambda s: values[s["env"]], receipts=receipts)
    sent = json.loads(world.wire.requests[-1].content)
    assert (sent["signingSecret"], sent["name"]) == (SECRET, "pl4in")
    assert report.results[1].error == "Meter/tokens: update refused: 400 bad *** and ***"
    for text in (repr(report), repr(world.events), receipts.read_text()):
        assert SECRET not in text
        assert "pl4in" not in text


def test_the_live_secret_is_read_just_before_the_write_and_sent_back(world):
    channels = "/api/v1/notification/channels"
    made = world.made(channels, marked("ops", type="WEBHOOK", name="ops", url="https://x.test", signingSecret=SECRET))
    body = marked("ops", type="WEBHOOK", name="new", url="https://x.test", signingSecret={"$live": "signingSecret"})
    change = step(1, "NotificationChannel/ops", "update", "PUT", f"{channels}/{made}", body)
    assert world.states(change) == {"1": "done"}
    assert world.wire.seen[-2:] == [f"GET {channels}/{made}", f"PUT {channels}/{made}"]
    assert (world.items(channels)[0]["name"], world.items(channels)[0]["signingSecret"]) == ("new", SECRET)


def test_a_live_value_that_is_not_there_fails_the_step_before_the_write(world):
    result = world.run(meter(1, "tokens"), _update(2, {"name": {"$live": "signingSecret"}})).results[1]
    assert (result.state, world.sent("PUT")) == ("failed", 0)
    assert "has no 'signingSecret' to keep" in result.error
    assert result.step.address == Address("Meter", "tokens")


CHANNELS = "/api/v1/notification/channels"
OTHER = "whsec_b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcm90"


def _channel_update(world):
    """An update of a live channel whose body carries the secret in the environment variable A and a header in B."""
    headers = {"X-A": "h3ad3r"}
    body = marked("ops", type="WEBHOOK", name="ops", url="https://x.test", customHeaders=headers, signingSecret=SECRET)
    made = world.made(CHANNELS, body)
    holes = {"signingSecret": {"$secret": {"env": "A"}}, "customHeaders": {"X-A": {"$secret": {"env": "B"}}}}
    return step(1, "NotificationChannel/ops", "update", "PUT", f"{CHANNELS}/{made}", {**body, "name": "new", **holes})


def _values(secret, header="h3ad3r"):
    return lambda source: {"A": secret, "B": header}[source["env"]]


def test_a_secret_that_is_as_before_is_written_without_ado(world):
    assert world.states(_channel_update(world), reveal=_values(SECRET)) == {"1": "done"}


@pytest.mark.parametrize(("reveal", "field"), [(_values(OTHER), "signingSecret"), (_values(SECRET, "x"), "X-A")])
def test_a_secret_that_differs_although_the_plan_does_not_say_so_is_refused_before_any_write(world, reveal, field):
    with pytest.raises(RefusedError, match=field) as caught:
        world.run(_channel_update(world), meter(2, "tokens"), reveal=reveal)
    assert "--write-secrets" in caught.value.tip
    assert OTHER not in str(caught.value)
    assert world.sent("POST", "/meters") + world.sent("PUT") == 0


@pytest.mark.parametrize("how", ["shown", "asked for"])
def test_a_secret_that_the_plan_shows_or_was_made_to_write_is_written(world, how):
    change = _channel_update(world)
    field = FieldChange("signingSecret", None, None, note="(secret, changed)")
    made = replace(
        plan_of(change),
        changes=(Change(change.address, Action.UPDATE, fields=(field,)),) if how == "shown" else (),
        write_secrets=how != "shown",
    )
    report = apply(made, world.backend, reveal=_values(OTHER))
    assert report.results[0].state == "done"
    assert world.items(CHANNELS)[0]["signingSecret"] == OTHER


@pytest.mark.parametrize("value", ["c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0", "whsec_short", "whsec_" + "!" * 40])
def test_a_signing_secret_that_the_server_would_refuse_is_an_error_before_any_write(world, value):
    with pytest.raises(SecretError, match="NotificationChannel/ops: the value of its signingSecret") as caught:
        world.run(meter(2, "tokens"), _channel_update(world), reveal=_values(value))
    assert value not in str(caught.value)
    assert world.sent("POST", "/meters") + world.sent("PUT") == 0
