"""The drawing of what depends on what: which objects, which lines, and where they stand."""

import random
from dataclasses import replace
from itertools import pairwise

import pytest

from reconciler.model import Action, Address, Change, ChangeClass, FieldChange, Sighting, Step
from reconciler.render.html.drawing import draw
from reconciler.render.html.graph import graph
from reconciler.render.html.layout import lay_out

METER, FEATURE, PRO, TEAM, RULE = (
    Address(*text.split("/"))
    for text in ("Meter/tokens", "Feature/tokens", "Plan/pro", "Plan/team", "NotificationRule/quota")
)


def change(address, *classes, action=Action.UPDATE, fields=()):
    return Change(address, action, classes=classes, fields=fields)


def step(address, body=None, after=(), name=None, verb="create"):
    return Step(name or f"{address}:create", address, verb, "POST", "/", body, after)


def sold(*features):
    return {"phases": [{"key": "main", "rateCards": [{"type": "flat_fee", "featureKey": key} for key in features]}]}


@pytest.fixture
def drawn(make):
    def of(*changes, steps=(), seen=(), most=60):
        sightings = tuple(Sighting(address, "x") for address in seen)
        return graph(replace(make.plan(), changes=changes, steps=steps, observed=sightings), most)

    return of


def test_what_a_body_names_leads_to_it(drawn):
    found = drawn(change(FEATURE), change(PRO), steps=(step(FEATURE), step(PRO, sold("tokens"))))
    assert found.named == ((FEATURE, PRO),)
    assert found.around == ()


def test_an_id_that_is_not_known_yet_is_a_name_too(drawn):
    body = {"channels": [{"$ref": "Feature/tokens#id"}]}
    assert drawn(change(FEATURE), change(RULE), steps=(step(RULE, body),)).named == ((FEATURE, RULE),)


def test_an_attached_add_on_is_needed(drawn):
    addon = Address("Addon", "priority")
    attach = step(PRO, {"addonId": "01J"}, name="Plan/pro:attach:priority", verb="attach")
    assert drawn(change(PRO), steps=(attach,), seen=(addon,)).named == ((addon, PRO),)


def test_a_field_that_changes_names_what_it_leads_to(drawn):
    field = FieldChange("features[tokens]", None, "tokens")
    assert drawn(change(RULE, fields=(field,)), seen=(FEATURE,)).named == ((FEATURE, RULE),)


def test_a_name_that_nothing_known_has_is_no_object(drawn):
    found = drawn(change(PRO), steps=(step(PRO, sold("01J9ABCQ2")),))
    assert (found.named, found.around, found.alone) == ((), (), (PRO,))


def test_what_is_not_touched_stands_together_where_the_same_objects_need_it(drawn):
    others = [Address("Feature", key) for key in "abc"]
    steps = (step(PRO, sold("a", "b", "c")), step(TEAM, sold("c")))
    found = drawn(change(PRO), change(TEAM), steps=steps, seen=others)
    assert found.around == ((others[0], others[1]), (others[2],))
    assert found.named == ((others[0], PRO), (others[2], PRO), (others[2], TEAM))


def test_an_order_of_steps_is_a_line_of_its_own_unless_a_name_says_the_same(drawn):
    steps = (
        step(FEATURE),
        step(PRO, sold("tokens"), after=("Feature/tokens:create",)),
        step(RULE, after=("Plan/pro:create",)),
    )
    found = drawn(change(FEATURE), change(PRO), change(RULE), steps=steps)
    assert found.named == ((FEATURE, PRO),)
    assert found.ordered == ((PRO, RULE),)


def test_of_too_many_the_gravest_are_drawn_and_the_rest_is_counted(drawn):
    plans = [Address("Plan", f"p{number}") for number in range(10)]
    grave = change(plans[7], ChangeClass.DESTRUCTIVE)
    changes = [grave if address == plans[7] else change(address, ChangeClass.COSMETIC) for address in plans]
    steps = tuple(step(address, sold("tokens")) for address in plans)
    found = drawn(change(FEATURE, ChangeClass.PRICE_RAISING), *changes, steps=steps, most=2)
    assert [one.address for one in found.touched] == [FEATURE, plans[7]]
    assert found.named == ((FEATURE, plans[7]),)
    assert found.left_out == 9


def test_a_box_leads_to_its_object_and_a_line_from_box_to_box(drawn):
    found = draw(drawn(change(FEATURE), change(PRO), steps=(step(FEATURE), step(PRO, sold("tokens")))))
    boxes = {box.label: box for box in found.boxes}
    assert boxes["pro"].anchor == "Plan/pro"
    assert boxes["tokens"].x < boxes["pro"].x
    (line,) = found.lines
    width, height = found.box
    assert line.path.startswith(f"M{boxes['tokens'].x + width} {boxes['tokens'].y + height // 2} ")
    assert line.path.endswith(f" {boxes['pro'].x} {boxes['pro'].y + height // 2}")
    assert found.said == (("Plan/pro", ("Feature/tokens",)),)


def test_a_long_key_is_cut_and_stands_whole_in_the_title(drawn):
    long = Address("Plan", "p" * 60)
    found = draw(drawn(change(long), change(FEATURE), steps=(step(long, sold("tokens")),)))
    box = next(box for box in found.boxes if box.kind == "Plan")
    assert box.label == "p" * 21 + "…"
    assert box.title == f"Plan/{'p' * 60}: update"


def spots(layout):
    return {node: (rank, layout.rows[node]) for rank, layer in enumerate(layout.layers) for node in layer}


@pytest.mark.parametrize("seed", range(20))
def test_every_layout_has_each_node_once_lines_that_go_on_to_the_right_and_no_two_in_one_place(seed):
    rng = random.Random(seed)
    count = rng.randrange(1, 40)
    edges = sorted({tuple(sorted(rng.sample(range(count), 2))) for _ in range(60)}) if count > 1 else []
    layout = lay_out(count, edges)
    places = spots(layout)
    assert set(range(count)) <= set(places)
    assert len(set(places.values())) == len(places)
    for (one, other), route in zip(edges, layout.routes, strict=True):
        assert (route[0], route[-1]) == (one, other)
        assert all(places[after][0] == places[before][0] + 1 for before, after in pairwise(route))
    assert lay_out(count, edges) == layout


def test_a_circle_is_laid_out_too():
    layout = lay_out(3, [(0, 1), (1, 2), (2, 0)])
    assert layout.layers == ((0,), (1,), (2,))
    assert layout.routes[2] == (2, 0)


def test_lines_that_need_not_cross_do_not():
    layout = lay_out(6, [(0, 5), (1, 4), (2, 3)])
    rows = layout.rows
    assert sorted((0, 1, 2), key=rows.get) == [{5: 0, 4: 1, 3: 2}[node] for node in sorted((3, 4, 5), key=rows.get)]


def test_nothing_is_laid_out_as_nothing():
    assert lay_out(0, []).layers == ((),)
