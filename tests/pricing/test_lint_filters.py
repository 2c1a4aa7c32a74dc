"""Filters that overlap or leave events out: proven, with an event; silent where nothing can be told."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.feature import FeatureSpec
from reconciler.pricing.lint.events import counted_by_both, counted_by_none, events

from .linting import findings, plan, unit, usage

ALL = {"name": "All", "meterSlug": "m"}


def feature(**filters):
    return {"name": "F", "meterSlug": "m", "advancedMeterGroupByFilters": filters}


def both(one, other):
    """What two filters on one value have in common."""
    return counted_by_both(*(events(key, FeatureSpec.model_validate(feature(type=own)), None)
                             for key, own in (("a", one), ("b", other))))  # fmt: skip


def priced(features, prices=None, **more):
    cards = [usage(unit(price), feature=key) for key, price in (prices or dict.fromkeys(features, "0.01")).items()]
    return [
        (name, rule, said) for name, rule, _, said in findings(plans={"p": plan(*cards)}, features=features, **more)
    ]


def test_two_features_that_count_the_same_events_bill_them_twice():
    found = priced({"all": ALL, "in": feature(type={"$eq": "input"})}, {"all": "0.002", "in": "0.003"})
    assert found == [
        ("Plan/p", "money.filters.overlap",
         ("an event of the meter `m` with type `input` is billed twice, by `all` and by `in`: 1,000 units of it cost "
         "2.00 EUR and 3.00 EUR, together 5.00 EUR; let their filters exclude each other"))
    ]  # fmt: skip


def test_features_without_filters_bill_every_event_twice():
    ((_, rule, said),) = priced({"a": ALL, "b": ALL})
    assert rule == "money.filters.overlap"
    assert said.startswith("every event of `m` is billed twice")


def test_filters_on_different_values_overlap_in_an_event_with_both():
    found = priced({"a": feature(type={"$eq": "x"}), "b": feature(model={"$eq": "y"})})
    assert (
        "with model `y` and type `x` is billed twice"
        in {rule: said for _, rule, said in found}["money.filters.overlap"]
    )


def test_two_names_of_one_path_are_one_value():
    assert [rule for _, rule, _ in priced({"a": feature(type={"$eq": "x"}), "b": feature(kind={"$eq": "y"})})] == [
        "money.filters.gap"
    ]


@pytest.mark.parametrize(
    ("features", "prices"),
    [
        ({"a": feature(type={"$eq": "x"}), "b": feature(type={"$ne": "x"})}, None),
        ({"a": ALL, "b": ALL}, {"a": "1", "b": "0"}),
        ({"a": ALL, "b": {**ALL, "meterSlug": "other"}}, None),
        ({"a": ALL, "b": feature(type={"$like": "a\\%"})}, None),
        ({"a": {"name": "legacy", "meterSlug": "m", "meterGroupByFilters": {"type": "x"}},
          "b": feature(type={"$nin": ["x", "z"]}), "c": feature(type={"$eq": "z"})}, None),
    ],
)  # fmt: skip
def test_what_excludes_each_other_is_free_or_cannot_be_decided_is_no_finding(features, prices):
    assert priced(features, prices) == []


def test_in_different_phases_nothing_is_billed_twice():
    first = [usage(unit("1"), feature="a")]
    spec = plan(usage(unit("1"), feature="b"), before=[("P1M", first)])
    assert findings(plans={"p": spec}, features={"a": ALL, "b": ALL}) == []


def test_events_that_no_feature_counts_are_told_once_at_the_first_feature():
    features = {"in": feature(type={"$eq": "input"}), "out": feature(type={"$eq": "output"})}
    cards = [usage(unit(price), feature=key) for key, price in (("in", "0.003"), ("out", "0.009"))]
    found = findings(plans={"p": plan(*cards), "q": plan(*cards)}, features=features)
    assert [(name, rule, path) for name, rule, path, _ in found] == [
        ("Feature/in", "money.filters.gap", "advancedMeterGroupByFilters")
    ]
    assert (
        "events of `m` with type `other`, so nothing bills them: 1,000 units cost nothing; as `in` 3.00 EUR"
        in (found[0][3])
    )


def test_a_hole_between_two_values_is_found():
    features = {
        "a": feature(type={"$eq": "x"}, model={"$eq": "m"}),
        "b": feature(type={"$ne": "x"}),
        "c": feature(type={"$eq": "x"}, model={"$ne": "m"}),
    }
    assert priced(features) == []
    del features["c"]
    assert "with model `other` and type `x`" in priced(features)[0][2]


def test_who_prices_one_slice_of_a_meter_alone_wants_a_slice():
    assert priced({"in": feature(type={"$eq": "input"})}) == []


def test_what_a_feature_of_unknown_content_counts_cannot_be_told():
    features = {"in": feature(type={"$eq": "input"}), "out": feature(type={"$eq": "output"})}
    assert priced(features, unknown=("legacy",)) == []


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        ({"$in": ["a", "b"]}, {"$in": ["b", "c"]}, "b"),
        ({"$in": ["a", "b"]}, {"$nin": ["b", "a"]}, None),
        ({"$like": "gpt-%"}, {"$like": "%-mini"}, "gpt-mini"),
        ({"$like": "a_c"}, {"$nlike": "a%"}, None),
        ({"$like": "a%"}, {"$like": "b%"}, None),
        ({"$ilike": "GPT%"}, {"$eq": "gpt-4"}, "gpt-4"),
        ({"$like": "GPT%"}, {"$eq": "gpt-4"}, None),
        ({"$nilike": "gpt%"}, {"$eq": "GpT"}, None),
        ({"$lt": "500"}, {"$gte": "500"}, None),
        ({"$lte": "500"}, {"$gte": "500"}, "500"),
        ({"$gt": "a"}, {"$lt": "b"}, "a0"),
        ({"$gt": "a"}, {"$lt": "a"}, None),
        ({"$and": [{"$gte": "a"}, {"$ne": "b"}]}, {"$or": [{"$eq": "b"}, {"$eq": "c"}]}, "c"),
    ],
)
def test_every_operator_is_decided(one, other, common):
    found = both(one, other)
    assert (found.values[0][1] if found else None) == common


ATOMS = st.one_of(
    st.tuples(st.sampled_from(["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"]), st.text("ab", min_size=1, max_size=2)),
    st.tuples(
        st.sampled_from(["$in", "$nin"]), st.lists(st.text("ab", min_size=1, max_size=2), min_size=1, max_size=2)
    ),
    st.tuples(st.sampled_from(["$like", "$nlike", "$ilike", "$nilike"]), st.text("aB%_", min_size=1, max_size=3)),
).map(lambda pair: dict([pair]))
FILTERS = st.one_of(ATOMS, st.lists(ATOMS, min_size=1, max_size=2).flatmap(
    lambda parts: st.sampled_from([{"$and": parts}, {"$or": parts}])
))  # fmt: skip
TEXTS = ["".join(letters) for size in range(1, 6) for letters in itertools.product("abAB~", repeat=size)][:900]


def holds(condition, text):
    """The meaning of a filter, written down once more and otherwise."""
    ((operator, value),) = condition.items()
    match operator:
        case "$and":
            return all(holds(part, text) for part in value)
        case "$or":
            return any(holds(part, text) for part in value)
        case "$eq" | "$ne":
            return (text == value) == (operator == "$eq")
        case "$in" | "$nin":
            return (text in value) == (operator == "$in")
        case "$gt" | "$gte":
            return text > value or (operator == "$gte" and text == value)
        case "$lt" | "$lte":
            return text < value or (operator == "$lte" and text == value)
    pattern = "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in value)
    like = re.fullmatch(pattern, text, re.DOTALL | (re.IGNORECASE if "ilike" in operator else 0)) is not None
    return like == (not operator.startswith("$n"))


@given(FILTERS, FILTERS)
def test_a_common_event_is_one_and_where_there_is_none_no_text_is_one(one, other):
    found = both(one, other)
    if found is not None:
        text = found.values[0][1]
        assert holds(one, text)
        assert holds(other, text)
    else:
        assert [text for text in TEXTS if holds(one, text) and holds(other, text)] == []


@given(st.lists(st.dictionaries(st.sampled_from(["x", "y"]), FILTERS, min_size=1), min_size=1, max_size=3))
def test_an_event_that_is_left_out_is_counted_by_no_feature(filters):
    known = [events("f", FeatureSpec.model_validate(feature(**own)), None) for own in filters]
    found = counted_by_none(known)
    if found is not None:
        values = dict(found.values)
        for own in filters:
            assert any(name in values and not holds(condition, values[name]) for name, condition in own.items())
