"""The page in a browser: filters, keyboard, phone, dark, print, and without scripts."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from pypdf import PdfReader

from reconciler.model import (
    Action,
    Address,
    Affected,
    Amounts,
    Change,
    ChangeClass,
    Curve,
    FieldChange,
    Impact,
    Reduced,
    Ruling,
    Step,
)
from reconciler.render.html import plan

from . import browser as chromium
from .test_html_page import hostile

pytestmark = pytest.mark.skipif(
    chromium.found() is None, reason=f"NO BROWSER HERE: none of {', '.join(chromium.NAMES)}; the page is not looked at"
)

SHOWN = "[...document.querySelectorAll('.object')].filter(one => one.offsetParent).map(one => one.id)"
FOCUSED = """(one => one === document.body ? null : [
    one.tagName,
    one.id || one.name || one.getAttribute("href") || one.parentElement.id,
    one.getBoundingClientRect().top + scrollY,
])(document.activeElement)"""
TOO_WIDE = """(width => [...document.querySelectorAll("body *")].filter(
    one => one.getBoundingClientRect().right > width && !one.closest(".wide, .contents ul, svg, .sr")
).map(one => one.outerHTML.slice(0, 80)))"""
LONG = "a_key_that_is_as_long_as_a_key_may_be_and_has_no_place_to_break_at"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium.running(tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.fixture
def file(make, tmp_path):
    """A page with one object of each kind of change, and one whose texts are too long for a phone."""
    made = make.plan("created", "price", "replaced", "adopted")
    long = Change(
        Address("Feature", LONG), Action.UPDATE, classes=(ChangeClass.COSMETIC,),
        fields=(FieldChange(f"metadata.{LONG}", LONG * 4, LONG * 5),), title=f"Feature/{LONG} will be updated",
        notes=(LONG * 3,),
    )  # fmt: skip
    meter, pro = (Address("Meter", "tokens"), Address("Plan", "pro"))
    steps = Step("m", meter, "create", "POST", "/m"), Step("p", pro, "publish", "POST", "/p", after=("m",))
    at = tuple(map(Decimal, ("0", "10000000", "100000000")))
    full = replace(
        made,
        changes=(*made.changes, long),
        steps=steps,
        curves=(Curve(pro, "main", LONG, "USD", at, at, tuple(number * 2 + 1 for number in at)),),
        impacts=(Impact(pro, LONG, False, "USD", "P1M", Amounts(at[1], at[2]), Amounts(at[1], at[2])),),
        affected=(Affected(pro, ((4, 214), (3, 1)), (Reduced("main", LONG, LONG, None),), (LONG,)),),
        policy=(Ruling(LONG, "consent", pro, LONG, "open", "acme/pricing", LONG),),
    )
    path = tmp_path / "plan.html"
    path.write_text(plan(full), encoding="utf-8")
    return path


@pytest.fixture
def page(browser, file):
    with browser.page() as opened:
        yield opened.open(file)
        assert opened.complaints() == []


def tick(page, name, value):
    page.run(f'document.querySelector(\'input[name="{name}"][value="{value}"]\').click()')


def shown(page):
    return page.run(SHOWN)


def counted(page):
    return page.run("document.getElementById('count').value")


def test_everything_is_shown_at_first(page):
    assert len(shown(page)) == 5
    assert counted(page) == "5 objects"


def test_values_of_one_group_add_up_and_groups_narrow_down(page):
    tick(page, "kind", "Meter")
    assert shown(page) == ["Meter/tokens", "Meter/seconds"]
    tick(page, "kind", "Plan")
    assert shown(page) == ["Meter/tokens", "Plan/pro", "Meter/seconds"]
    tick(page, "class", "destructive")
    assert shown(page) == ["Meter/seconds"]
    assert counted(page) == "1 of 5 objects shown"


def test_a_search_looks_for_every_word_in_everything_an_object_says(page):
    page.run("document.getElementById('words').focus()")
    page.type("MAX sum")
    assert shown(page) == ["Meter/seconds"]
    page.type(" nowhere")
    assert counted(page) == "none of 5 objects shown"


def test_a_filter_stands_in_the_address_and_comes_back_from_it(page, file):
    tick(page, "action", "new-version")
    page.run("document.getElementById('words').focus()")
    page.type("a&b=c#d %")
    fragment = page.run("location.hash")
    assert fragment.startswith("#filter:action=new-version&text=")
    page.open("/dev/null")
    page.open(file, fragment)
    assert counted(page) == "none of 5 objects shown"
    assert page.run("document.getElementById('words').value") == "a&b=c#d %"
    page.run("document.querySelector('button[type=reset]').click()")
    assert len(shown(page)) == 5
    assert page.run("location.hash") == ""


def test_an_address_that_names_nothing_known_shows_everything(page, file):
    page.open("/dev/null")
    page.open(file, "#filter:action=explode&nonsense=%E0%A4%A")
    assert len(shown(page)) == 5


def follow(page, link):
    """Click a link inside the page, and wait until the page has followed it."""
    page.run(
        "new Promise(done => { addEventListener('hashchange', done, {once: true});"
        f"document.querySelector('{link}').dispatchEvent(new MouseEvent('click', {{bubbles: true}})) }}).then(() => 0)"
    )


def test_a_tile_filters_by_its_action(page):
    follow(page, ".tile.replace a")
    assert shown(page) == ["Meter/seconds"]


@pytest.mark.parametrize("place", [".graph", ".guards", ".prices"])
def test_a_link_to_an_object_opens_it_even_where_a_filter_hides_it(page, place):
    tick(page, "kind", "NotificationChannel")
    page.run("document.getElementById('fold').click()")
    follow(page, f'{place} a[href="#Plan/pro"]')
    assert page.run("document.getElementById('Plan/pro').open")
    assert "Plan/pro" in shown(page)
    assert page.run("document.activeElement.parentElement.id") == "Plan/pro"


def test_open_all_and_close_all_mean_what_is_shown(page):
    page.run("document.getElementById('fold').click()")
    tick(page, "kind", "Meter")
    page.run("document.getElementById('unfold').click()")
    opened = page.run("[...document.querySelectorAll('.object[open]')].map(one => one.id)")
    assert opened == ["Meter/tokens", "Meter/seconds"]


def test_the_keyboard_reaches_everything_in_the_order_of_the_page(page):
    page.press("Tab")
    assert page.run("document.activeElement.className") == "skip"
    assert page.run("getComputedStyle(document.activeElement).position") == "fixed"
    seen = []
    for _ in range(200):
        page.press("Tab")
        where = page.run(FOCUSED)
        if where is None:
            break
        seen.append(where)
    names = [name for _, name, _ in seen]
    assert {"words", "action", "class", "kind", "unfold", "fold", "#Plan/pro"} <= set(names)
    assert [name for tag, name, _ in seen if tag == "SUMMARY" and "/" in name] == [
        "Meter/tokens", "Plan/pro", "Meter/seconds", "NotificationChannel/ops", f"Feature/{LONG}",
    ]  # fmt: skip
    tops = [top for tag, _, top in seen if tag == "SUMMARY"]
    assert tops == sorted(tops)


def test_space_and_enter_work_controls(page):
    page.run("document.querySelector('input[name=kind][value=Meter]').focus()")
    page.press(" ", text=" ")
    assert shown(page) == ["Meter/tokens", "Meter/seconds"]
    page.run("document.querySelector('.object summary').focus()")
    before = page.run("document.getElementById('Meter/tokens').open")
    page.press("Enter", text="\r")
    assert page.run("document.getElementById('Meter/tokens').open") is not before
    page.run("document.getElementById('words').focus()")
    page.press("Enter", text="\r")
    assert shown(page) == ["Meter/tokens", "Meter/seconds"]


def test_what_has_the_focus_can_be_seen(page):
    for what in ("#words", "input[name=kind]", "summary", "button", ".contents a"):
        page.run(f"document.querySelector('{what}').focus()")
        page.press("Shift")
        outline = (
            f"(one => getComputedStyle(one.type === 'checkbox' ? one.nextElementSibling : one).outlineWidth)"
            f"(document.querySelector('{what}'))"
        )
        assert page.run(outline) == "3px", what


def test_a_screen_reader_is_told_how_many_match_and_what_each_control_is(page):
    nodes = page.ask("Accessibility.getFullAXTree")["nodes"]
    roles = {}
    for node in nodes:
        name = node.get("name", {}).get("value", "")
        roles.setdefault(node.get("role", {}).get("value"), []).append(name)
    assert roles["status"]
    assert roles["searchbox"] == ["Find"]
    assert "replace 1" in " ".join(roles["checkbox"])
    assert all(roles["checkbox"])
    assert roles["main"]
    assert roles["banner"]
    assert roles["contentinfo"]
    assert "Contents" in roles["navigation"]
    assert "Filter the objects" in roles["search"]
    assert "Before" in roles["columnheader"]
    assert page.run("document.getElementById('count').getAttribute('aria-live')") == "polite"


@pytest.mark.parametrize("width", [320, 360, 390, 768, 1280])
def test_the_page_is_never_wider_than_its_window(browser, file, width):
    with browser.page(width=width, height=700) as page:
        page.open(file)
        page.run("document.querySelectorAll('details').forEach(one => { one.open = true })")
        assert page.run(f"{TOO_WIDE}({width})") == []
        assert page.run("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("dark", "light_text"), [(False, False), (True, True)])
def test_the_dark_scheme_is_dark(browser, file, dark, light_text):
    with browser.page(dark=dark) as page:
        page.open(file)
        colour, ground = (
            sum(map(int, re.findall(r"\d+", page.run(f"getComputedStyle(document.body).{name}"))[:3]))
            for name in ("color", "backgroundColor")
        )
        assert (colour > ground) is light_text


def test_without_scripts_everything_is_there_and_no_control_that_does_nothing(browser, file):
    with browser.page(scripts=False) as page:
        page.open(file)
        assert len(shown(page)) == 5
        assert page.run("document.getElementById('filter').offsetParent") is None
        assert page.run("document.getElementById('words').checkVisibility()") is False


def printed(page, path):
    page.pdf(path)
    return "".join("".join(sheet.extract_text() for sheet in PdfReader(path).pages).split())


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_on_paper_everything_is_open_and_nothing_is_a_control(browser, file, tmp_path, scripts):
    file.write_text(re.sub(r"(<details [^>]*) open>", r"\1>", file.read_text(encoding="utf-8")), encoding="utf-8")
    with browser.page(scripts=scripts) as page:
        text = printed(page.open(file), tmp_path / "plan.pdf")
    for said in ("Meter/tokens", "valueProperty", "$.tokens", "Pro(2027)", "aggregation", "Meter/seconds", LONG):
        assert said in text, said
    assert "Openall" not in text
    assert "Find" not in text


def test_what_was_closed_before_printing_is_closed_afterwards(page):
    """For browsers that cannot open it by style alone."""
    page.run("document.getElementById('fold').click()")
    closed = "document.querySelectorAll('details:not([open])').length"
    before = page.run(closed)
    page.run("dispatchEvent(new Event('beforeprint'))")
    assert page.run(closed) == 0
    page.run("dispatchEvent(new Event('afterprint'))")
    assert page.run(closed) == before > 5


def test_a_filtered_page_says_on_paper_that_it_is_one(browser, file, tmp_path):
    with browser.page() as page:
        text = printed(page.open(file, "#filter:kind=Meter"), tmp_path / "plan.pdf")
    assert "2of5objectsshown" in text
    assert "signingSecret" not in text


def test_the_script_runs_under_the_policy_of_the_page_and_asks_for_nothing(browser, file):
    with browser.page() as page:
        page.open(file)
        assert page.run("document.getElementById('filter').hidden") is False
        assert page.complaints() == []


def test_the_policy_keeps_everything_else_out(browser, file):
    """So that a mistake in escaping would still load and run nothing."""
    evil = '<img src="http://127.0.0.1:9/x.png"><script>document.title = "owned"</script></main>'
    file.write_text(file.read_text(encoding="utf-8").replace("</main>", evil), encoding="utf-8")
    with browser.page() as page:
        page.open(file)
        assert page.run("document.title") != "owned"
        assert len(page.complaints()) >= 2


def test_whatever_others_call_their_objects_a_browser_takes_it_for_text_even_without_the_policy(
    browser, make, tmp_path
):
    file = tmp_path / "hostile.html"
    file.write_text(plan(hostile(make)), encoding="utf-8")
    with browser.page() as page:
        page.ask("Page.setBypassCSP", enabled=True)
        page.open(file)
        assert page.run("[document.scripts.length, document.images.length]") == [1, 0]
        assert page.run("document.body.innerText.includes('<script>alert(1)</script>')")
        assert [event for event in browser.events if event["method"] == "Page.javascriptDialogOpening"] == []
        assert page.run(
            "[...document.querySelectorAll('.object')].every(one => document.getElementById(one.id) === one)"
        )
        assert page.complaints() == []
