import pytest

from .asking import Asking

METER = {
    "slug": "tokens",
    "eventType": "prompt",
    "aggregation": "SUM",
    "valueProperty": "$.n",
    "groupBy": {"model": "$.model", "type": "$.type"},
}


@pytest.fixture
def server():
    return Asking()


@pytest.fixture
def meter(server):
    return server.made("/meters", METER)


def feature(server, **fields):
    return server.made("/features", {"key": "tokens", "name": "Tokens", "meterSlug": "tokens", **fields})


def test_a_meter_with_a_live_feature_is_not_deleted_until_the_feature_is_archived(server, meter):
    feature(server)
    assert server.ask("DELETE", "/meters/tokens")[0] == 409
    assert server.ask("DELETE", "/features/tokens")[0] == 204
    assert server.ask("DELETE", "/meters/tokens")[0] == 204


def test_a_deleted_meter_is_read_and_written_by_id_only(server, meter):
    server.ask("DELETE", "/meters/tokens")
    assert server.ask("GET", "/meters/tokens")[0] == 404
    assert server.ask("PUT", "/meters/tokens", {"name": "x"})[0] == 404
    assert "deletedAt" in server.read(f"/meters/{meter['id']}")
    status, written = server.ask("PUT", f"/meters/{meter['id']}", {"name": "x"})
    assert (status, written["name"], "deletedAt" in written) == (200, "x", True)
    assert server.read("/meters") == []


def test_a_deleted_slug_is_free_again(server, meter):
    server.ask("DELETE", "/meters/tokens")
    assert server.made("/meters", METER)["id"] != meter["id"]
    assert len(server.read("/meters?includeDeleted=true")) == 2


def test_a_second_delete_by_id_changes_nothing(server, meter):
    server.ask("DELETE", "/meters/tokens")
    before = server.read(f"/meters/{meter['id']}")
    assert server.ask("DELETE", f"/meters/{meter['id']}")[0] == 204
    assert server.read(f"/meters/{meter['id']}") == before


def test_a_dimension_that_a_live_feature_filters_by_is_kept(server, meter):
    feature(server, advancedMeterGroupByFilters={"model": {"$eq": "x"}})
    status, answer = server.ask("PUT", "/meters/tokens", {"groupBy": {"type": "$.type"}})
    assert status == 409
    assert "model cannot be dropped because it is used by feature: tokens" in answer["detail"]
    assert server.ask("PUT", "/meters/tokens", {"groupBy": {"model": "$.other"}})[0] == 200
    server.ask("DELETE", "/features/tokens")
    assert server.ask("PUT", "/meters/tokens", {})[0] == 200


def test_an_archived_feature_is_listed_on_request_only(server, meter):
    feature(server)
    server.ask("DELETE", "/features/tokens")
    assert server.read("/features") == []
    assert "archivedAt" in server.read("/features?includeArchived=true")[0]
    assert server.ask("DELETE", "/features/tokens")[0] == 404


def test_an_archived_key_is_free_again(server, meter):
    first = feature(server)
    server.ask("DELETE", "/features/tokens")
    assert server.ask("GET", f"/features/{first['id']}")[0] == 404
    assert feature(server)["id"] != first["id"]


def test_the_bare_feature_list_ends_after_a_hundred(server):
    for number in range(101):
        server.made("/features", {"key": f"f{number:03d}", "name": "F"})
    assert len(server.read("/features")) == 100
    assert len(server.read("/features?limit=1000")) == 101
    page = server.read("/features?page=2")
    assert ([item["key"] for item in page["items"]], page["totalCount"]) == (["f100"], 101)


def test_nested_filters_are_checked_and_cleaned_of_what_is_not_understood(server, meter):
    nested = {"$and": [{"$ne": "x", "$regex": "y"}, {"$in": ["a"]}]}
    made = feature(server, advancedMeterGroupByFilters={"model": nested})
    assert made["advancedMeterGroupByFilters"] == {"model": {"$and": [{"$ne": "x"}, {"$in": ["a"]}]}}
    bad = {"key": "f", "name": "F", "meterSlug": "tokens"}
    bad["advancedMeterGroupByFilters"] = {"model": {"$or": [{"$eq": "a", "$ne": "b"}]}}
    assert server.ask("POST", "/features", bad)[0] == 400


def test_a_refused_request_leaves_nothing_behind(server):
    body = {"key": "f", "name": "F", "meterSlug": "nope"}
    assert server.ask("POST", "/features", body)[0] == 404
    assert server.read("/features") == []
