import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest

from reconciler.sandbox import Request, Sandbox
from reconciler.sandbox.alignment import aligned, same_length
from reconciler.sandbox.clock import next_micros, parse_instant, print_instant, print_ulid, rfc3339
from reconciler.sandbox.jsontext import dumps, loads, number
from reconciler.sandbox.schema import KEY, Arr, Num, Obj, OneOf, Str, Tagged, Violation, check
from reconciler.sandbox.serve import serving
from reconciler.sandbox.store import Store, Where
from reconciler.sandbox.values import print_decimal

METER = {"slug": "hits", "eventType": "e", "aggregation": "COUNT"}


def post(sandbox, path, body):
    return sandbox.handle(Request.from_wire("POST", path, json.dumps(body).encode(), "application/json"))


def slugs(sandbox):
    return [meter["slug"] for meter in sandbox.handle(Request.from_wire("GET", "/api/v1/meters")).body]


def test_two_sandboxes_on_one_file_see_the_same_objects(tmp_path):
    one, other = Sandbox(tmp_path / "db"), Sandbox(tmp_path / "db")
    first = post(one, "/api/v1/meters", METER).body
    second = post(other, "/api/v1/meters", {**METER, "slug": "more"}).body
    assert slugs(one) == slugs(other) == ["hits", "more"]
    assert first["id"] < second["id"]
    assert first["createdAt"] < second["createdAt"]


def test_a_file_outlives_its_sandbox_and_is_seeded_once(tmp_path):
    first = Sandbox(tmp_path / "db")
    post(first, "/api/v1/meters", METER)
    first.close()
    again = Sandbox(tmp_path / "db")
    assert slugs(again) == ["hits"]
    assert again.handle(Request.from_wire("GET", "/api/v1/apps")).body["totalCount"] == 1


def test_a_reset_forgets_everything_but_makes_the_servers_own_objects_again():
    sandbox = Sandbox()
    post(sandbox, "/api/v1/meters", METER)
    sandbox.reset()
    assert slugs(sandbox) == []
    assert sandbox.handle(Request.from_wire("GET", "/api/v1/apps")).body["totalCount"] == 1


def test_threads_writing_at_once_lose_nothing(tmp_path):
    sandboxes = [Sandbox(tmp_path / "db"), Sandbox(tmp_path / "db")]
    bodies = [{**METER, "slug": f"m{number:02d}"} for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: post(sandboxes[i % 2], "/api/v1/meters", bodies[i]), range(40)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body["id"] for answer in answers}) == 40
    assert slugs(sandboxes[0]) == [body["slug"] for body in bodies]


def test_a_failing_transaction_leaves_nothing_behind(tmp_path):
    store = Store(tmp_path / "db")

    def fail_after_writing():
        with store.transaction(write=True) as session:
            session.put("things", {"id": "1"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_writing()
    with store.transaction(write=False) as session:
        assert session.find("things") == []


def test_a_client_reaches_the_sandbox_through_a_port():
    with serving(Sandbox()) as server, httpx.Client(base_url=server.url) as client:
        assert client.post("/api/v1/meters", json=METER).status_code == 200
        assert client.get("/api/v1/meters/hits").json()["slug"] == "hits"
        assert client.delete("/api/v1/meters/hits").content == b""
        assert client.get("/nowhere").headers["content-type"] == "application/problem+json"


def test_what_nobody_routes_is_a_problem_without_a_detail():
    for method, path, status in (("GET", "/api/v9/meters", 404), ("PATCH", "/api/v1/meters/x", 405)):
        answer = Sandbox().handle(Request.from_wire(method, path))
        assert (answer.status, answer.body["status"], "detail" in answer.body) == (status, status, False)
        assert answer.body["instance"].startswith("urn:request:")


def test_numbers_keep_every_digit_both_ways():
    text = '{"a":0.1234567890123456789012345,"b":12345678901234567890123}'
    assert dumps(loads(text)) == text
    assert dumps([number(Decimal("1E+3")), number(Decimal("0.00000010")), number(7)]) == "[1000,0.0000001,7]"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [("007.50", "7.5"), ("-0", "0"), ("0.000", "0"), ("100", "100"), ("-1.0", "-1"), ("0.00000001", "0.00000001")],
)
def test_decimals_are_printed_without_needless_zeros(sent, shown):
    assert print_decimal(sent) == shown


def test_instants_increase_by_a_microsecond_and_always_have_six_digits():
    now = datetime(2030, 1, 1, tzinfo=UTC)
    micros = next_micros(now, 0)
    for _ in range(25):
        later = next_micros(now, micros)
        assert print_instant(micros) < print_instant(later)
        assert len(print_instant(later)) == len("2030-01-01T00:00:00.000001Z")
        micros = later


def test_a_given_instant_is_shown_in_utc_and_cut_to_microseconds():
    assert rfc3339(parse_instant("2024-02-03T04:05:06.1234567+02:00")) == "2024-02-03T02:05:06.123456Z"
    assert rfc3339(parse_instant("2024-02-03T04:05:06Z")) == "2024-02-03T04:05:06Z"


def test_a_ulid_has_26_characters_that_sort_like_its_number():
    assert print_ulid(0) == "0" * 26
    assert print_ulid((1 << 128) - 1) == "7" + "Z" * 25


@pytest.mark.parametrize(
    ("one", "other", "fits"),
    [
        ("P1M", "P12M", True),
        ("P1Y", "P12M", True),
        ("P7D", "P1W", True),
        ("P1M", "PT1H", True),
        ("P1M", "PT8H", False),
        ("P1M", "P1W", False),
        ("P1M", "P4W", False),
        ("P4W", "P2W", True),
        ("P1M", "P0D", False),
        ("P1M", "P-1M", False),
        ("P1M", "P2M", True),
        ("P2M", "P3M", False),
    ],
)
def test_cadences_align_when_one_divides_the_other_in_every_month(one, other, fits):
    assert aligned(one, other) is aligned(other, one) is fits


def test_equal_lengths_are_recognised_across_units():
    assert same_length("P12M") == same_length("P1Y")
    assert same_length("PT60M") == same_length("PT1H")
    assert same_length("P1M") != same_length("P30D")


SHAPE = Obj(required={"key": KEY}, optional={"size": Num(minimum=1, maximum=9, integer=True), "tags": Arr(Str())})


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ([], ()),
        (None, ()),
        ({}, ("key",)),
        ({"key": "A"}, ("key",)),
        ({"key": "a\n"}, ("key",)),
        ({"key": None}, ("key",)),
        ({"key": "a", "size": True}, ("size",)),
        ({"key": "a", "size": Decimal("1.5")}, ("size",)),
        ({"key": "a", "size": 10}, ("size",)),
        ({"key": "a", "tags": ["x", 1]}, ("tags", "1")),
    ],
)
def test_the_first_violation_says_where_it_is(value, path):
    with pytest.raises(Violation) as caught:
        check(SHAPE, value)
    assert caught.value.path == path


def test_unknown_fields_pass_and_whole_fractions_are_integers():
    check(SHAPE, {"key": "a", "size": Decimal("2.0"), "nope": None})


def test_exactly_one_of_several_schemas_must_fit():
    either = OneOf((Str(max=3), Str(pattern="^a")))
    check(either, "xyz")
    check(either, "abcd")
    for value in ("abc", "xyzt"):
        with pytest.raises(Violation):
            check(either, value)


@pytest.mark.parametrize("value", [{}, {"type": 1}, {"type": "z"}, {"type": []}, "a", {"type": "a"}])
def test_a_tagged_object_needs_a_known_tag_and_the_shape_it_names(value):
    with pytest.raises(Violation):
        check(Tagged("type", {"a": Obj(required={"x": Str()})}), value)


@pytest.fixture
def session(tmp_path):
    with Store(tmp_path / "db").transaction(write=True) as session:
        for number in range(5):
            doc = {"id": f"{number}", "name": f"N{number % 2}", "nested": {"n": number}}
            session.put("things", doc, key=f"k{number % 3}", parent="p")
        session.put("things", {"id": "9", "name": "gone", "deletedAt": "now"}, key="k0", parent="p")
        session.put("others", {"id": "0"}, key="k0")
        yield session


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        (Where(), "01234"),
        (Where(live=None), "012349"),
        (Where(live=False), "9"),
        (Where(keys=["k0"]), "03"),
        (Where(keys=[]), ""),
        (Where(keys=["k0"], ids=["1"]), ""),
        (Where(keys=["k0"], ids=["1"], either=True), "013"),
        (Where(parent="q"), ""),
        (Where(fields={"name": ["N1"]}), "13"),
        (Where(contains={"name": "n0"}), "024"),
        (Where(any_of=[Where(keys=["k1"], live=None), Where(ids=["0"], live=None)]), "014"),
        (Where(any_of=[Where(ids=["9"], live=None)]), ""),
        (Where(any_of=[Where(live=None)]), "01234"),
    ],
)
def test_documents_are_found_by_every_condition(session, where, ids):
    assert "".join(doc["id"] for doc in session.find("things", where)) == ids
    assert session.count("things", where) == len(ids)


def test_documents_are_ordered_by_a_field_and_then_by_id(session):
    found = session.find("things", order="name", descending=True, limit=3, offset=1)
    assert [doc["id"] for doc in found] == ["1", "4", "2"]
    assert session.first("things", order="nested.n", descending=True)["id"] == "4"
