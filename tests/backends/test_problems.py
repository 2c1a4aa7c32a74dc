import json

from reconciler.backends.problems import api_error, clean, not_the_api
from reconciler.backends.redaction import Redactor


def _error(status=400, **problem):
    return api_error(status, json.dumps(problem).encode(), None, Redactor())


def test_the_stacked_prefixes_of_the_server_are_left_out():
    assert _error(detail="validation error: not found error: no such plan").message == "400 no such plan"


def test_every_validation_issue_is_told_with_its_field_and_code():
    issue = {"code": "plan_has_last_phase", "field": "$.phases[?(@.key=='pro')].duration", "message": "must not be set"}
    error = _error(detail="invalid plan", extensions={"validationErrors": [issue, issue]})
    assert error.message == "400 invalid plan: $.phases[?(@.key=='pro')].duration: must not be set"
    assert error.codes == (("plan_has_last_phase", "$.phases[?(@.key=='pro')].duration"),)


def test_the_flat_extensions_of_billing_give_a_code_too():
    extensions = {"code": "profile_not_found", "message": "profile not found", "severity": "critical"}
    error = _error(404, detail="profile not found [id=1]", extensions=extensions)
    assert (error.message, error.codes) == ("404 profile not found [id=1]", (("profile_not_found", ""),))


def test_a_schema_violation_keeps_its_first_line_and_names_its_place():
    text = (
        'request body has an error: doesn\'t match schema #/components/schemas/X: Error at "/phases/0/name": too short'
    )
    error = _error(detail=text + '\nSchema:\n  {"title": "Name"}\n\nValue:\n  "hunter2"\n')
    assert error.message == "400 $.phases[0].name: too short"
    assert error.codes == (("", "$.phases[0].name"),)


def test_the_request_id_comes_from_the_instance():
    assert _error(409, instance="urn:request:abc/def-1").request_id == "abc/def-1"


def test_an_error_without_a_body_tells_its_status():
    assert api_error(500, b"", None, Redactor()).message == "500 Internal Server Error"


def test_a_status_that_nobody_defined_is_told_as_well():
    assert api_error(599, b"", None, Redactor()).message == "599 error"


def test_a_refused_token_comes_with_advice():
    assert "token" in _error(401, message="Unauthorized").tip


def test_the_message_is_one_line_of_printable_characters_and_not_endless():
    message = _error(detail="a\x1b[31mb\nc " + "x" * 1000).message
    assert "\x1b" not in message
    assert "\n" not in message
    assert len(message) == 300


def test_a_page_is_quoted_in_a_few_words_without_secrets():
    error = not_the_api("GET /x", b"<html>whsec_AAAA" + b"y" * 500, Redactor())
    assert "AAAA" not in error.message
    assert len(error.message) < 120


def test_clean_keeps_short_text():
    assert clean(" a  b ", 10) == "a b"


def test_every_issue_is_told_however_long_all_of_them_are_together():
    issues = [{"field": f"$.phases[{number}]", "message": "too long " * 10} for number in range(25)]
    message = _error(detail="invalid plan", extensions={"validationErrors": issues}).message
    assert "$.phases[19]" in message
    assert message.endswith("; and 5 more")


def test_a_schema_violation_deep_in_a_value_is_told_with_its_whole_place():
    inside = "doesn't match schema due to: doesn't match schema due to: Error at \"/tiers/0/flatPrice\": is missing"
    error = _error(detail=f'request body has an error: doesn\'t match schema X: Error at "/phases/0/price": {inside}')
    assert error.message == "400 $.phases[0].price.tiers[0].flatPrice: is missing"
