"""The sandbox answers every recorded request as the real server answered it."""

import pytest

from .replay import RECORDINGS, Replay, load

NOT_IMITATED = {
    "meter-from-config": "needs a server configuration file",
    "meter-timezone": "needs a server in another time zone",
    "notification-without-svix": "is about a server without a webhook service",
    "plan-v3-authored": "needs API v3",
}

SCENARIOS = sorted(path.stem for path in RECORDINGS.glob("*.json"))
HERE = [name for name in SCENARIOS if name not in NOT_IMITATED]


@pytest.mark.skipif(bool(SCENARIOS), reason="the recordings are here")
def test_the_recordings_are_here():
    pytest.skip("CONFORMANCE NOT TESTED: no recordings of the real server beside the repository")


@pytest.mark.parametrize("scenario", HERE)
def test_every_answer_is_the_recorded_one(scenario):
    told = Replay(load(RECORDINGS / f"{scenario}.json")).differences()
    if told:
        pytest.fail(f"{len(told)} differences\n" + "\n".join(told[:12]), pytrace=False)
