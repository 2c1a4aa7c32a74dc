"""What is written is what is read: ``from_wire(to_wire(x)) == x`` for every kind, on create and on update."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import KINDS
from reconciler.kinds.wire import LIVE, SECRET, encode
from reconciler.model import Address
from reconciler.planning.canonical import canonical, complete

from .conftest import examples

WRITTEN = [
    pytest.param(KINDS[name], document, id=f"{name}-{document['key']}") for name in KINDS for document in examples(name)
]
EVERY = pytest.mark.parametrize(("kind", "document"), WRITTEN)


class Ids:
    """Ids of the shape the server gives, one per address, and the way back."""

    def __init__(self):
        self.known: dict[tuple[str, str], str] = {}

    def id_of(self, address: Address) -> str:
        ident = f"01{len(self.known):024d}"
        for (kind, found), key in self.known.items():
            if (kind, key) == (address.kind, address.key):
                return found
        self.known[address.kind, ident] = address.key
        return ident

    def key_of(self, kind: str, ident: str) -> str | None:
        return self.known.get((kind, ident))


def stored(body):
    """A body once its holes are filled: a secret is whatever its source says, a live value is not a new one."""
    if isinstance(body, dict):
        if SECRET in body:
            return body[SECRET]
        return {name: stored(value) for name, value in body.items() if not (isinstance(value, dict) and LIVE in value)}
    return [stored(item) for item in body] if isinstance(body, list) else body


def _wanted(kind: Kind, document) -> dict:
    return complete(kind, document["key"], document["spec"], lambda key: key.title())


def _carried(wanted) -> dict:
    """What a body carries: add-ons are attached to a plan by requests of their own."""
    return {name: value for name, value in wanted.items() if name != "addons"}


def _read(kind: Kind, body, ids: Ids) -> dict:
    return canonical(kind, kind.binding("v1").from_wire(stored(body), ids.key_of))


@EVERY
def test_what_is_created_reads_back_equal(kind, document):
    ids, wanted = Ids(), _wanted(kind, document)
    body = kind.binding("v1").to_wire(document["key"], encode(kind.shape, wanted, "POST"), ids.id_of)
    assert _read(kind, body, ids) == _carried(wanted)


@EVERY
def test_what_is_updated_reads_back_equal(kind, document):
    ids, wanted, binding = Ids(), _wanted(kind, document), kind.binding("v1")
    created = binding.to_wire(document["key"], encode(kind.shape, wanted, "POST"), ids.id_of)
    update = binding.to_wire(document["key"], encode(kind.shape, wanted, "PUT"), ids.id_of)
    sent = {name: value for name, value in update.items() if name not in binding.create_only}
    assert _read(kind, {**created, **stored(sent)}, ids) == _carried(wanted)


@EVERY
def test_the_natural_key_travels_and_no_other_does(kind, document):
    wanted, binding = _wanted(kind, document), kind.binding("v1")
    body = binding.to_wire(document["key"], encode(kind.shape, wanted, "POST"), Ids().id_of)
    assert kind.natural_key is (binding.key_field is not None)
    if binding.key_field:
        assert body[binding.key_field] == document["key"]
    else:
        assert document["key"] not in [value for name, value in body.items() if name in ("key", "slug", "id")]


@EVERY
def test_the_canonical_form_of_a_declaration_is_stable(kind, document):
    wanted = _wanted(kind, document)
    assert canonical(kind, wanted) == wanted
    assert complete(kind, document["key"], wanted, lambda key: key.title()) == wanted


TEXT = st.text("abc", min_size=1, max_size=3)
LEAF = st.one_of(
    st.builds(lambda name, text: {name: text}, st.sampled_from(["$eq", "$ne", "$like", "$gte"]), TEXT),
    st.builds(lambda name, texts: {name: texts}, st.sampled_from(["$in", "$nin"]), st.lists(TEXT, min_size=1)),
)
FILTER = st.recursive(
    LEAF,
    lambda inner: st.builds(
        lambda name, parts: {name: parts}, st.sampled_from(["$and", "$or"]), st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(TEXT, FILTER, max_size=3), st.randoms(use_true_random=False))
def test_filters_are_equal_whatever_the_order_they_are_written_in(filters, random):
    def shuffled(tree):
        if isinstance(tree, dict):
            names = list(tree)
            random.shuffle(names)
            return {name: many(name, tree[name]) for name in names}
        return tree

    def many(name, value):
        if name in ("$in", "$nin"):
            return random.sample(value, len(value))
        return [shuffled(part) for part in value] if isinstance(value, list) else shuffled(value)

    kind = KINDS["Feature"]
    spec = {"name": "F", "meterSlug": "tokens", "advancedMeterGroupByFilters": filters}
    other = {**spec, "advancedMeterGroupByFilters": shuffled(filters)}
    one, two = (_wanted(kind, {"key": "f", "spec": tree}) for tree in (spec, other))
    assert one == two
    body = kind.binding("v1").to_wire("f", encode(kind.shape, one, "POST"), Ids().id_of)
    assert _read(kind, body, Ids()) == one


@given(st.dictionaries(TEXT, TEXT, min_size=1, max_size=3))
def test_both_spellings_of_an_equality_filter_are_one(legacy):
    kind = KINDS["Feature"]
    older = {"name": "F", "meterSlug": "tokens", "meterGroupByFilters": legacy}
    newer = {
        "name": "F",
        "meterSlug": "tokens",
        "advancedMeterGroupByFilters": {k: {"$eq": v} for k, v in legacy.items()},
    }
    shown = {**older, **newer, "key": "f", "id": "01", "createdAt": "x"}
    live = canonical(kind, kind.binding("v1").from_wire(shown, lambda *_: None))
    assert _wanted(kind, {"key": "f", "spec": older}) == _wanted(kind, {"key": "f", "spec": newer}) == live
