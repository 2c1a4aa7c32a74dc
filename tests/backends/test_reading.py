"""What an observation shows, and how many requests it costs; rows come from a server made of dicts."""

import httpx
import pytest

from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Assignment, Marker

from .faults import Faults, backend

MARK = {"reconciler.project": "acme", "reconciler.key": "ours"}


class Server:
    """Collections of rows, paged as OpenMeter does, meters bare."""

    def __init__(self, **collections):
        self.collections = {"billing_profiles": [{"id": "P0"}], **collections}
        self.refused = set()

    def __call__(self, request):
        name = request.url.path.removeprefix("/api/v1/").replace("/", "_")
        if name.startswith("meters_"):
            row = next((row for row in self.collections["meters"] if row["slug"] == name[7:]), None)
            return httpx.Response(200, json=row) if row else httpx.Response(404, json={"status": 404})
        if name in self.refused:
            return httpx.Response(400, json={"status": 400, "detail": "invalid plan"})
        rows = self.collections.get(name, [])
        if not {"includeDeleted", "includeArchived"} & set(request.url.params):
            rows = [row for row in rows if "deletedAt" not in row]
        if name == "meters":
            return httpx.Response(200, json=rows[:1000])
        number, size = int(request.url.params["page"]), int(request.url.params["pageSize"])
        items = rows[(number - 1) * size : number * size]
        return httpx.Response(200, json={"items": items, "totalCount": len(rows), "page": number, "pageSize": size})


@pytest.fixture
def observe():
    opened = []

    def read(server, kinds=KINDS, **options):
        connected = backend(Faults(httpx.MockTransport(server)))
        opened.append(connected)
        return connected.observe(kinds, **options)

    yield read
    for connected in opened:
        connected.close()


def rows(prefix, count, key="key", **more):
    return [{"id": f"{prefix}{number:04}", key: f"k{number}", **more} for number in range(count)]


def plan(number, status="active", **more):
    return {"id": f"PL{number}", "key": "pro", "version": number, "status": status, **more}


def addon(number, status="active", **more):
    return {"id": f"AD{number}", "key": "extra", "version": number, "status": status, **more}


def attached(row, **more):
    return {"addon": row, "fromPlanPhase": "main", **more}


def test_a_catalogue_without_add_ons_is_read_in_at_most_ten_requests(observe):
    plans = [{**row, "version": 1, "status": "active"} for row in rows("PL", 100)]
    seen = observe(Server(meters=rows("M", 300, "slug"), features=rows("F", 600), plans=plans))
    assert {kind: len(found) for kind, found in seen.objects.items() if found} == {
        "Meter": 300, "Feature": 600, "Plan": 100, "BillingProfile": 1,
    }  # fmt: skip
    assert seen.requests <= 10


def test_every_page_of_a_long_list_is_read(observe):
    assert len(observe(Server(features=rows("F", 2345))).objects["Feature"]) == 2345


def test_the_key_is_the_natural_one_else_that_of_the_marker_else_none(observe):
    channels = [{"id": "C1", "metadata": MARK}, {"id": "C2", "metadata": None}]
    seen = observe(Server(meters=[{"id": "M1", "slug": "tokens", "metadata": MARK}], notification_channels=channels))
    assert [one.key for one in seen.objects["Meter"]] == ["tokens"]
    assert [(one.key, one.id) for one in seen.objects["NotificationChannel"]] == [(None, "C2"), ("ours", "C1")]
    assert seen.objects["Meter"][0].marker == Marker("acme", "ours")


def test_deleted_and_archived_rows_are_not_objects(observe):
    gone = {"id": "X", "key": "x", "slug": "x", "deletedAt": "2026-01-01T00:00:00Z"}
    archived = {"id": "Y", "key": "y", "archivedAt": "2026-01-01T00:00:00Z"}
    server = Server(meters=[gone], features=[archived], notification_rules=[gone], billing_profiles=[gone])
    assert not any(observe(server).objects.values())


def test_deleted_versions_raise_the_last_version_and_are_no_objects(observe):
    deleted = plan(4, "archived", deletedAt="2026-01-01T00:00:00Z")
    seen = observe(Server(plans=[deleted, plan(3)], addons=[addon(2)]))
    assert [one.version for one in seen.objects["Plan"]] == [3]
    assert seen.last_versions == {Address("Plan", "pro"): 4, Address("Addon", "extra"): 2}


def test_versions_have_their_state_and_number_and_others_are_live(observe):
    seen = observe(Server(plans=[plan(1, "archived"), plan(2), plan(3, "draft")], meters=rows("M", 1, "slug")))
    assert [(one.version, one.state) for one in seen.objects["Plan"]] == [(1, "archived"), (2, "active"), (3, "draft")]
    assert [(one.version, one.state) for one in seen.objects["Meter"]] == [(None, "live")]


def test_a_state_that_nobody_knows_counts_as_a_draft(observe):
    assert observe(Server(plans=[plan(1, "scheduled")])).objects["Plan"][0].state == "draft"


def test_a_list_of_meters_that_the_server_cuts_is_capped(observe):
    assert observe(Server(meters=rows("M", 999, "slug"))).capped == frozenset()
    assert observe(Server(meters=rows("M", 1200, "slug"))).capped == {"Meter"}


def test_what_is_named_is_read_one_by_one_where_its_list_is_cut(observe):
    server = Server(meters=rows("M", 1200, "slug"), features=[{"id": "F", "key": "f", "meterSlug": "k1102"}])
    server.collections["meters"][1103]["deletedAt"] = "2027-01-01T00:00:00Z"
    named = [Address("Meter", key) for key in ("k5", "k1100", "k1101", "k1103", "nowhere")]
    shown = {row.key for row in observe(server, named=named).objects["Meter"]}
    assert shown & {"k5", "k1100", "k1101", "k1102", "k1103", "k1104", "nowhere"} == {"k5", "k1100", "k1101", "k1102"}
    assert len(shown) == 1003


def test_a_whole_list_is_not_asked_again_for_what_it_does_not_show(observe):
    seen = observe(Server(meters=rows("M", 3, "slug")), ["Meter"], named=[Address("Meter", "nowhere")])
    assert (len(seen.objects["Meter"]), seen.requests) == (3, 2)


def test_the_identity_is_the_oldest_profile_archived_or_not(observe):
    profiles = [{"id": "P9", "deletedAt": "2026-01-01T00:00:00Z"}, {"id": "P1"}]
    assert observe(Server(billing_profiles=profiles)).identity == "P9"
    assert observe(Server(billing_profiles=profiles), ["Meter"]).identity == "P9"
    assert observe(Server(billing_profiles=[])).identity is None


def test_the_profiles_and_the_identity_come_from_one_request(observe):
    assert observe(Server(), ["BillingProfile"]).requests == 2
    assert observe(Server(), ["Meter"]).requests == 2


def test_apps_are_read_for_profiles_only_and_stand_in_order(observe):
    server = Server(apps=[{"id": "A2"}, {"id": "A1"}])
    assert [app["id"] for app in observe(server).apps] == ["A1", "A2"]
    assert observe(server, ["Meter"]).apps == ()


def test_without_add_ons_no_plan_has_assignments_and_none_is_asked_for(observe):
    seen = observe(Server(plans=[plan(1)], addons=[addon(1, "draft"), addon(2, deletedAt="2026-01-01T00:00:00Z")]))
    assert seen.objects["Plan"][0].assignments == ()
    assert seen.requests == len(KINDS) + 1


def test_assignments_name_the_add_on_version(observe):
    server = Server(
        plans=[plan(1)],
        addons=[addon(1), addon(2)],
        plans_PL1_addons=[attached(addon(2), maxQuantity=3, metadata={"a": "b"}), attached(addon(1, "archived"))],
    )
    assert observe(server).objects["Plan"][0].assignments == (
        Assignment("extra", "AD1", 1, "main", None),
        Assignment("extra", "AD2", 2, "main", 3, {"a": "b"}),
    )


def test_assignments_are_read_of_versions_that_matter_and_of_archived_ones_on_request(observe):
    server = Server(plans=[plan(1, "archived"), plan(2), plan(3, "draft")], addons=[addon(1)])
    assert [one.assignments for one in observe(server).objects["Plan"]] == [None, (), ()]
    assert [one.assignments for one in observe(server, everything=True).objects["Plan"]] == [(), (), ()]
    assert [one.assignments for one in observe(server, assignments=False).objects["Plan"]] == [None, None, None]


def test_plans_alone_still_find_out_whether_there_are_add_ons(observe):
    server = Server(plans=[plan(1)], addons=[addon(1)], plans_PL1_addons=[attached(addon(1))])
    seen = observe(server, ["Plan"])
    assert len(seen.objects["Plan"][0].assignments) == 1
    assert "Addon" not in seen.objects


def test_an_assignment_list_that_the_server_cannot_show_leaves_none(observe):
    server = Server(plans=[plan(1), plan(2, "draft")], addons=[addon(1)])
    server.refused = {"plans_PL1_addons"}
    assert [one.assignments for one in observe(server).objects["Plan"]] == [None, ()]


def test_objects_stand_in_the_same_order_whatever_the_server_does(observe):
    forward = observe(Server(plans=[plan(1), plan(2)], features=rows("F", 3)))
    backward = observe(Server(plans=[plan(2), plan(1)], features=rows("F", 3)[::-1]))
    assert forward.objects == backward.objects
