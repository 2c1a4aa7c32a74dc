"""A secret in a manifest is a source, and nothing that is said about it shows its value."""

import pytest
from pydantic import ValidationError

from reconciler.kinds.registry import KINDS
from reconciler.kinds.secrets import signing_secret_problem

GOOD = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
CHANNEL = {"name": "Ops", "type": "WEBHOOK", "url": "https://hooks.example.com/ops"}


def test_a_good_signing_secret_has_nothing_wrong_with_it():
    assert signing_secret_problem(GOOD) is None


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (GOOD.removeprefix("whsec_"), "begins with"),
        ("", "begins with"),
        ("whsec_abc", "32 to 100"),
        ("whsec_" + "a" * 101, "32 to 100"),
        ("whsec_" + "!" * 40, "base64"),
        ("whsec_" + "a" * 33, "base64"),
        ("whsec_" + "a" * 35 + "\n", "base64"),
    ],
)
def test_what_the_server_would_refuse_is_told_without_the_secret(value, what):
    told = signing_secret_problem(value)
    assert what in told
    assert value.removeprefix("whsec_") not in told or not value.removeprefix("whsec_")


@pytest.mark.parametrize("field", [{"signingSecret": GOOD}, {"customHeaders": {"X-A": {"env": GOOD, "file": GOOD}}}])
def test_no_error_shows_a_secret_that_was_written_out(field):
    with pytest.raises(ValidationError) as caught:
        KINDS["NotificationChannel"].spec.model_validate({**CHANNEL, **field})
    assert GOOD not in str(caught.value)
    assert all(GOOD not in problem["msg"] for problem in caught.value.errors())


@pytest.mark.parametrize("source", [{"env": "A"}, {"file": "a"}, {"command": ["pass", "a"]}])
def test_every_form_of_a_source_is_taken(source):
    spec = KINDS["NotificationChannel"].spec
    read = spec.model_validate({**CHANNEL, "signingSecret": source, "customHeaders": {"X-Key": source}})
    assert read.signing_secret.model_dump(exclude_none=True) == source
    assert read.custom_headers["X-Key"] == read.signing_secret


@pytest.mark.parametrize("source", [{"env": ""}, {"command": []}, {"vault": "x"}, {"env": 1}])
def test_a_source_that_gives_nothing_is_refused(source):
    with pytest.raises(ValidationError):
        KINDS["NotificationChannel"].spec.model_validate({**CHANNEL, "signingSecret": source})
