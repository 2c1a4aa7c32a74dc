"""Text of others inside Markdown: nothing in it is anything but text, and all of it is there."""

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reconciler.render.escape import escape
from reconciler.render.markdown import code, fenced, sentence, table, unhidden

READER = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable("table")
NASTY = st.text(st.sampled_from("`|<>!-*_#@[]()\\/:.~=+ \n\t&;$%'\"aA1\x1b\u202e") | st.characters(), max_size=40)
LINKED = re.compile(r"www\.|://|gh-\d|#\d|@\w", re.IGNORECASE)


def inside(page):
    """What stands outside code, and all words of a page without white space."""
    outside = html.unescape(re.sub(r"<code>.*?</code>", "", page, flags=re.DOTALL))
    return outside, re.sub(r"\s", "", html.unescape(re.sub(r"<[^>]*>", "", page)))


@given(NASTY)
@example("a`b")
@example("``")
@example("`a``b` c`d`")
@example("1. x")
@example("see www.evil.com, GH-12, acme/x#3 and @everyone")
@example("<!-- reconciler:details -->")
def test_a_sentence_is_text_and_nothing_but_text(text):
    shown = sentence(text)
    assert "<!--" not in shown
    assert "-->" not in shown
    page = READER.render(f"x {shown}")
    outside, whole = inside(page)
    assert re.fullmatch(r"<p>x.*</p>\n", outside, re.DOTALL)
    assert re.fullmatch(r"(?:[^\W_]|[ ,;:.'()/%+-])*\n?", outside.removeprefix("<p>").removesuffix("</p>\n"))
    assert not LINKED.search(outside)
    told = re.sub(r"[\s`]", "", unhidden(text))
    assert whole.replace("`", "") == "x" + told


@given(NASTY.filter(lambda text: escape(text).strip()))
@example("a\\|b")
@example("`")
def test_code_in_a_table_is_one_cell_that_says_everything(text):
    page = READER.render("\n".join(table(("a", "b"), [(code(text), "end")])))
    cells = re.findall(r"<td>(.*?)</td>", page, re.DOTALL)
    assert len(cells) == 2
    assert cells[1] == "end"
    assert html.unescape(cells[0].removeprefix("<code>").removesuffix("</code>")).strip() == unhidden(text).strip()


@given(st.lists(NASTY.map(escape), min_size=1, max_size=4))
def test_a_fence_holds_whatever_is_in_it(lines):
    tokens = READER.parse("\n".join([*fenced(lines, "diff"), "after"]))
    assert [token.type for token in tokens][:2] == ["fence", "paragraph_open"]
    assert tokens[0].content == "".join(unhidden(line) + "\n" for line in lines)


@pytest.mark.parametrize(
    "text", ["20.40 USD, 5 %", "Base fee (large)", "Größe: 10", "acme/pricing", "expected 2, got 3"]
)
def test_plain_words_stay_plain(text):
    assert sentence(text) == text


def test_what_stands_in_backticks_is_code_and_the_rest_is_not():
    assert sentence("allow `price-raising:Plan/pro`, then wait") == "allow `price-raising:Plan/pro`, then wait"
    assert sentence("GET http://x/y: no answer") == "GET `http://x/y:` no answer"
    assert sentence("- 20 and -1. Then") == "`-` 20 and -1. Then"
