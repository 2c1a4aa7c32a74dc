"""The sandbox answers every recorded request as the real server answered it, in-process and on a port.

The same recordings run against any server at OPENMETER_URL, to see whether they still tell the truth:

    OPENMETER_URL=http://127.0.0.1:8888 OPENMETER_RESET='./fresh-server.sh' \\
        python -m pytest tests/sandbox/test_conformance.py -k server

A recording begins on a server with nothing in it, and API v1 knows one namespace only: OPENMETER_RESET
is a shell command that has to empty the server, run before each recording. The server needs a webhook
service (Svix), and credits and unit configuration switched on.
"""

import os
import subprocess

import httpx
import pytest

from .replay import RECORDINGS, InProcess, Replay, foreign_server, load, served_sandbox

NOT_IMITATED = {
    "meter-from-config": "needs a server configuration file",
    "meter-timezone": "needs a server in another time zone",
    "notification-without-svix": "is about a server without a webhook service",
    "plan-v3-authored": "needs API v3",
}
NEEDS_ANOTHER_SERVER = ("meter-from-config", "meter-timezone", "notification-without-svix")
"""What a server at OPENMETER_URL cannot show either: it would have to be started in another way."""

SCENARIOS = sorted(path.stem for path in RECORDINGS.glob("*.json"))
HERE = [name for name in SCENARIOS if name not in NOT_IMITATED]
THERE = [name for name in SCENARIOS if name not in NEEDS_ANOTHER_SERVER]
URL = os.environ.get("OPENMETER_URL", "")


def replay(scenario, target):
    told = Replay(load(RECORDINGS / f"{scenario}.json"), target).differences()
    if told:
        pytest.fail(f"{len(told)} differences\n" + "\n".join(told[:12]), pytrace=False)


@pytest.fixture
def fresh_server():
    """The server at OPENMETER_URL, emptied; a server that is not empty would only tell nonsense."""
    if command := os.environ.get("OPENMETER_RESET"):
        subprocess.run(command, shell=True, check=True, capture_output=True, timeout=120)
    for path in ("meters?includeDeleted=true", "features?includeArchived=true", "plans?includeDeleted=true"):
        found = httpx.get(f"{URL}/api/v1/{path}").raise_for_status().json()
        if found["items"] if isinstance(found, dict) else found:
            pytest.fail(f"{URL} is not empty: set OPENMETER_RESET to a command that empties it", pytrace=False)
    with foreign_server(URL) as server:
        yield server


@pytest.mark.skipif(bool(SCENARIOS), reason="the recordings are here")
def test_the_recordings_are_here():
    pytest.skip("CONFORMANCE NOT TESTED: no recordings of the real server beside the repository")


@pytest.mark.parametrize("scenario", HERE)
def test_every_answer_is_the_recorded_one_in_process(scenario):
    replay(scenario, InProcess())


@pytest.mark.parametrize("scenario", HERE)
def test_every_answer_is_the_recorded_one_on_a_port(scenario):
    with served_sandbox() as target:
        replay(scenario, target)


@pytest.mark.skipif(not URL, reason="OPENMETER_URL is not set")
@pytest.mark.parametrize("scenario", THERE if URL else ["all"])
def test_every_answer_of_the_server_at_openmeter_url_is_the_recorded_one(scenario, fresh_server):
    replay(scenario, fresh_server)
