import pytest

from reconciler.backends.redaction import Redactor, secrets_in


def test_a_known_secret_is_hidden_wherever_it_stands():
    assert Redactor(["s3cr3t!"])("token s3cr3t! and xs3cr3t!x") == "token *** and x***x"


def test_a_secret_is_hidden_in_the_spelling_of_json_too():
    assert Redactor(['pa"ss\u00e9'])('{"v": "pa\\"ss\\u00e9"}') == '{"v": "***"}'


def test_of_two_secrets_the_longer_is_hidden_first():
    assert Redactor(["abcd", "abcdef"])("abcdef") == "***"


def test_a_very_short_secret_is_hidden_only_where_it_stands_alone():
    assert Redactor(["1"])("1 of 10") == "*** of 10"


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldY is short", "whsec_*** is short"),
        ("authorization: Bearer abcdef123", "authorization: Bearer ***"),
        ("https://me:pw@host/x", "https://***@host/x"),
    ],
)
def test_what_looks_like_a_secret_is_hidden_without_being_known(text, hidden):
    assert Redactor()(text) == hidden


def test_the_repr_names_no_secret():
    assert "s3cr3t" not in repr(Redactor(["s3cr3t"]))


def test_signing_secrets_and_custom_headers_of_a_body_are_secret():
    body = {"name": "ops", "signingSecret": "whsec_x", "customHeaders": {"A": "b"}, "items": [{"signingSecret": "y"}]}
    assert list(secrets_in(body)) == ["whsec_x", "b", "y"]
