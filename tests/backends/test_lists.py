import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from reconciler.backends.lists import Listing, Lists
from reconciler.errors import ProtocolError

from .faults import Faults, client

PLANS = Listing("/plans", page_size=2)


class Catalogue:
    """Lists ``rows``, ``size`` at a time; ``before`` may change the rows before a page is answered."""

    def __init__(self, rows, before=None):
        self.rows = list(rows)
        self.before = before or (lambda *_: None)
        self.answered = 0

    def __call__(self, request):
        number, size = int(request.url.params["page"]), int(request.url.params["pageSize"])
        self.before(self, number)
        self.answered += 1
        items = [{"id": row} for row in self.rows[(number - 1) * size : number * size]]
        return httpx.Response(
            200, json={"items": items, "totalCount": len(self.rows), "page": number, "pageSize": size}
        )


def _read(handler, threads=1, **wanted):
    wire = Faults(httpx.MockTransport(handler))
    with ThreadPoolExecutor(threads) as pool:
        rows = Lists(client(wire), pool).read(wanted or {"plans": PLANS})
    return {name: [row["id"] for row in found] for name, found in rows.items()}, len(wire.requests)


def test_every_page_is_read_once_and_the_rows_keep_their_order():
    assert _read(Catalogue("abcde")) == ({"plans": list("abcde")}, 3)


def test_an_empty_list_costs_one_request():
    assert _read(Catalogue("")) == ({"plans": []}, 1)


def test_a_full_page_does_not_ask_for_one_more():
    assert _read(Catalogue("ab")) == ({"plans": ["a", "b"]}, 1)


def test_a_row_that_appears_between_two_pages_makes_the_list_be_read_again():
    def insert(catalogue, number):
        if number == 2 and "0" not in catalogue.rows:
            catalogue.rows.insert(0, "0")

    assert _read(Catalogue("abcd", insert)) == ({"plans": list("0abcd")}, 5)


def test_a_row_that_vanishes_between_two_pages_hides_no_other():
    def remove(catalogue, number):
        if number == 2 and "a" in catalogue.rows:
            catalogue.rows.remove("a")

    assert _read(Catalogue("abcd", remove))[0] == {"plans": list("bcd")}


def test_a_list_that_never_rests_is_read_twice_and_no_row_is_there_twice():
    def shift(catalogue, number):
        catalogue.rows.insert(0, f"n{catalogue.answered}")

    rows, requests = _read(Catalogue("abcd", shift))
    assert requests <= 8
    assert len(rows["plans"]) == len(set(rows["plans"]))


def test_a_server_that_makes_smaller_pages_is_read_to_the_end():
    def one_by_one(request):
        number = int(request.url.params["page"])
        return httpx.Response(
            200, json={"items": [{"id": "abc"[number - 1]}], "totalCount": 3, "page": number, "pageSize": 1}
        )

    assert _read(one_by_one) == ({"plans": ["a", "b", "c"]}, 3)


def test_lists_and_pages_are_read_side_by_side():
    together = threading.Barrier(3, timeout=10)
    catalogue = Catalogue("abcdefgh")

    def handler(request):
        if request.url.params["page"] != "1":
            together.wait()
        return catalogue(request)

    rows, _ = _read(handler, threads=3)
    assert rows == {"plans": list("abcdefgh")}


def test_a_bare_array_is_one_page_and_gets_no_page_parameters():
    def bare(request):
        assert not request.url.params
        return httpx.Response(200, json=[{"id": "a"}, {"id": "b"}])

    assert _read(bare, meters=Listing("/meters", paged=False)) == ({"meters": ["a", "b"]}, 1)


def test_only_the_first_page_is_read_where_no_more_is_wanted():
    only = Listing("/profiles", page_size=1, first_page_only=True)
    assert _read(Catalogue("abc"), profiles=only) == ({"profiles": ["a"]}, 1)


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"items": []},
        {"items": [], "totalCount": "many"},
        {"items": [], "totalCount": True},
        {"items": None, "totalCount": 0},
        {"items": ["x"], "totalCount": 1},
        {"items": [{"id": 5}], "totalCount": 1},
        {"items": [{"key": "x"}], "totalCount": 1},
    ],
)
def test_a_list_of_the_wrong_shape_is_a_protocol_error(body):
    with pytest.raises(ProtocolError, match="GET /plans"):
        _read(lambda _: httpx.Response(200, json=body))
