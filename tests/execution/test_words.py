import pytest

from reconciler.errors import ApiError, TransportError
from reconciler.execution import words
from reconciler.execution.places import place, translate

from .conftest import step

PLAN = {"phases": [{"key": "trial"}, {"key": "pro", "rateCards": [{"key": "base", "price": {"tiers": [{}, {}]}}]}]}


@pytest.mark.parametrize(
    ("json_path", "ours"),
    [
        ("$.phases[?(@.key=='pro')].duration", "phases[pro].duration"),
        ("$.phases[?(@.key=='pro')].rateCards[?(@.key=='base')].price", "phases[pro].rateCards[base].price"),
        ("$.ratecards[?(@.key=='b')].price", "rateCards[b].price"),
        ("$.phases[?(@.key=='!UNSUPPORTED')].ratecards[?(@.key=='b')]", "phases[?].rateCards[b]"),
        ("$.phases[1].rateCards[0].price.tiers[1].upToAmount", "phases[pro].rateCards[base].price.tiers[1].upToAmount"),
        ("$.phases[7].name", "phases[7].name"),
        ("$.status", "status"),
    ],
)
def test_a_json_path_of_the_server_becomes_the_one_path_grammar(json_path, ours):
    assert place(json_path, PLAN) == ours


def test_paths_inside_a_message_are_translated_and_the_rest_is_kept():
    said = "400 invalid plan: $.phases[?(@.key=='pro')].duration: costs $5.00 a month"
    assert translate(said, None) == "400 invalid plan: phases[pro].duration: costs $5.00 a month"


def _publish():
    return step(1, "Plan/pro", "publish", "POST", "/api/v1/plans/01X/publish")


def _said(status, message, *codes):
    return ApiError(f"{status} {message}", status=status, codes=tuple((code, "") for code in codes))


def test_the_sentence_names_the_object_the_verb_and_what_the_server_said():
    assert words.refused(_publish(), _said(400, "invalid plan"), None) == "Plan/pro: publish refused: 400 invalid plan"


def test_a_failure_on_the_way_is_not_called_a_refusal():
    assert (
        words.refused(_publish(), TransportError("no answer", sent=True), None) == "Plan/pro: publish failed: no answer"
    )


@pytest.mark.parametrize(
    ("error", "tip"),
    [
        (_said(400, "invalid plan", "rate_card_feature_not_found"), "archived"),
        (_said(400, "invalid plan", "unheard_of", "plan_has_incompatible_addon"), "add-on does not fit"),
        (_said(400, "only a single draft version is allowed for Plan"), "a draft of this key exists"),
        (_said(404, "plan not found"), "gone"),
        (TransportError("x", sent=False, tip="check the endpoint"), "check the endpoint"),
    ],
)
def test_known_failures_come_with_what_to_do(error, tip):
    assert tip in words.advice(_publish(), error)


def test_a_refusal_that_nobody_foresaw_points_at_what_is_declared_or_at_what_is_live():
    archive = step(1, "Plan/pro", "archive", "POST", "/api/v1/plans/01X/archive")
    assert "reconciler explain Plan" in words.advice(_publish(), _said(400, "something new"))
    assert "reconciler get" in words.advice(archive, _said(400, "something new"))
    assert "log" in words.advice(archive, _said(500, "Internal Server Error"))


def test_a_status_that_nobody_knows_has_no_advice():
    assert words.advice(_publish(), _said(418, "something new")) is None


def test_a_server_error_on_a_channel_points_at_the_webhook_service():
    create = step(1, "NotificationChannel/ops", "create", "POST", "/api/v1/notification/channels", {})
    assert "Svix" in words.advice(create, _said(500, "Internal Server Error"))
