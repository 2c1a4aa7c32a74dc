"""The chart of a price: well-formed, self-contained, and told in words."""

from decimal import Decimal
from xml.etree import ElementTree

from reconciler.pricing.curves import Point
from reconciler.render.chart import HEIGHT, WIDTH, Series, svg

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*series):
    return svg("pro <b>", "USD", "tokens & more", series)


def line(name, *totals, old=False):
    return Series(name, tuple(Point(Decimal(number * 10), Decimal(total)) for number, total in enumerate(totals)), old)


def test_it_is_one_picture_that_needs_nothing_else_and_whose_text_is_escaped():
    text = drawn(line("v1 <script>", 1, 5, old=True), line("v2", 1, 7))
    root = ElementTree.fromstring(text)
    assert root.find(f"{SVG}title").text == "pro <b>"
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "<script" not in text


def test_its_description_tells_the_ends_of_every_curve():
    root = ElementTree.fromstring(drawn(line("v1", 1, 5, old=True), line("v2", 1, 7)))
    assert root.find(f"{SVG}desc").text == (
        "v1: 1.00 USD for 0 tokens & more, 5.00 USD for 10; v2: 1.00 USD for 0 tokens & more, 7.00 USD for 10"
    )


def test_curves_rise_with_the_bill_and_stay_inside():
    root = ElementTree.fromstring(drawn(line("v1", 0, 50, 100)))
    path = next(item.get("d") for item in root.iter(f"{SVG}path") if " L" in item.get("d"))
    points = [tuple(map(float, point.split())) for point in path.removeprefix("M").split(" L")]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
    assert points == sorted(points, key=lambda point: (point[0], -point[1]))


def test_a_bill_of_nothing_can_be_drawn():
    assert "<path" in drawn(line("free", 0, 0))
