from __future__ import annotations

import pytest

from reconciler.render.escape import columns, escape, uncommanding


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\x9b2J", r"\x9b2J"),
        ("pay \u202e001", r"pay \u202e001"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("line\u2028separator", r"line\u2028separator"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("lone\ud800", r"lone\ud800"),
    ],
)
def test_what_steers_a_terminal_is_spelled_out(text, shown):
    assert escape(text) == shown


@pytest.mark.parametrize("text", ["plain", "Größe", "价格 €", "e\u0301", "a | b @name"])
def test_what_prints_is_left_as_it_is(text):
    assert escape(text) == text


def test_wide_characters_take_two_columns_and_colour_codes_none():
    assert columns("价格") == 4
    assert columns("\x1b[1;31mab\x1b[0m") == 2
    assert columns("e\u0301") == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::x", r"\x3a:error::x"),
        ("a\n  ::add-mask::x\n", "a\n  \\x3a:add-mask::x\n"),
        ("a\n\n\u00a0::x", "a\n\n\u00a0\\x3a:x"),
        ("a ##[error]b", r"a #\x23[error]b"),
    ],
)
def test_no_line_is_a_command_to_the_runner_of_a_job(text, shown):
    assert uncommanding(text) == shown


@pytest.mark.parametrize("text", ["a::b", "x ::error::", "# [a]", "  : :", ""])
def test_what_is_no_command_is_left_as_it_is(text):
    assert uncommanding(text) == text
