from __future__ import annotations

import io
import sys

import pytest

from reconciler.cli.console import console, wants_colour


@pytest.mark.parametrize(
    ("env", "terminal", "plain", "colour"),
    [
        ({}, True, False, True),
        ({}, False, False, False),
        ({}, True, True, False),
        ({"NO_COLOR": "1"}, True, False, False),
        ({"NO_COLOR": ""}, True, False, True),
        ({"FORCE_COLOR": "1"}, False, False, True),
        ({"FORCE_COLOR": "0"}, False, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False, False),
        ({"FORCE_COLOR": "1"}, True, True, False),
        ({"TERM": "dumb"}, True, False, False),
    ],
)
def test_colour_is_decided_by_flag_then_variables_then_terminal(env, terminal, plain, colour):
    assert wants_colour(env, terminal=terminal, plain=plain) is colour


class Terminal(io.StringIO):
    encoding = "UTF-8"

    def isatty(self):
        return True


def test_nobody_is_asked_and_no_bar_is_drawn_in_ci(monkeypatch):
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, Terminal())
    assert console(None).interactive
    assert console(None).live
    monkeypatch.setenv("CI", "true")
    assert not console(None).interactive
    assert not console(None).live


def test_a_terminal_that_is_not_utf8_gets_ascii_symbols_and_no_crash(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="latin-1"))
    screen = console(None)
    assert not screen.out.unicode
    screen.data("价格\n")
    assert raw.getvalue() == b"\\u4ef7\\u683c\n"
