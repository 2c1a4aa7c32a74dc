"""The page can be read: every colour of text stands out from every ground that it is used on."""

import re
from importlib.resources import files
from itertools import product

import pytest

CSS = files("reconciler.render.html").joinpath("templates", "page.css").read_text(encoding="utf-8")
ENOUGH = 4.5
"""WCAG 2.2, 1.4.3: contrast of text."""
ENOUGH_FOR_LINES = 3
"""WCAG 2.2, 1.4.11: contrast of what carries meaning and is no text."""

TEXT = {"ink", "muted", "link"}
GROUNDS = {"page", "card", "soft"}
TONES = ("red", "amber", "green", "blue", "purple")


def scheme(block):
    return dict(re.findall(r"--([\w-]+):(#[0-9a-f]{3,6})\b", block))


LIGHT = scheme(re.search(r"^:root\{(.*?)\}", CSS, re.DOTALL)[1])
DARK = {**LIGHT, **scheme(re.search(r"prefers-color-scheme:dark\)\{\s*:root\{(.*?)\}", CSS, re.DOTALL)[1])}
PAPER = {**LIGHT, **scheme(re.search(r"@media print\{.*?:root\{(.*?)\}", CSS, re.DOTALL)[1])}


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_what_the_guideline_says():
    assert round(contrast("#fff", "#000000"), 1) == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


@pytest.mark.parametrize("colours", [LIGHT, DARK, PAPER], ids=["light", "dark", "paper"])
def test_every_text_stands_out_from_every_ground(colours):
    pairs = [*product(TEXT, GROUNDS), *product(TONES, GROUNDS), *((tone, f"{tone}-bg") for tone in TONES)]
    pairs += [("ink", f"{tone}-bg") for tone in TONES] + [("muted", f"{tone}-bg") for tone in TONES] + [("page", "ink")]
    low = {
        f"{text} on {ground}": round(contrast(colours[text], colours[ground]), 2)
        for text, ground in pairs
        if contrast(colours[text], colours[ground]) < ENOUGH
    }
    assert low == {}


@pytest.mark.parametrize("colours", [LIGHT, DARK, PAPER], ids=["light", "dark", "paper"])
@pytest.mark.parametrize("line", ["old", "new", "muted", "link"])
def test_curves_lines_and_frames_of_controls_can_be_seen(colours, line):
    assert min(contrast(colours[line], colours[ground]) for ground in GROUNDS) >= ENOUGH_FOR_LINES


def test_every_colour_has_a_name_and_every_scheme_has_all_of_them():
    assert not re.findall(r"(?<!-)#[0-9a-f]{3,8}\b(?=[;}])", re.sub(r":root\{.*?\}", "", CSS, flags=re.DOTALL))
    own = scheme(re.search(r"prefers-color-scheme:dark\)\{\s*:root\{(.*?)\}", CSS, re.DOTALL)[1])
    assert set(own) == set(LIGHT)
    assert set(re.findall(r"var\(--([\w-]+)\)", CSS)) <= {*LIGHT, "shadow"}


def test_who_wants_no_motion_gets_none():
    moving = re.findall(r"[^{}]*\{[^{}]*(?:transition|animation|scroll-behavior)[^{}]*\}", CSS)
    assert len(moving) == 1
    assert "prefers-reduced-motion:no-preference" in CSS.partition(moving[0])[0][-60:] + moving[0]
