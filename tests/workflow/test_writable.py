"""What a server holds and no manifest can say: left to others where that is possible, else only observed."""

from reconciler.manifest import load
from reconciler.model import Address, Management
from reconciler.planning.export import Exported
from reconciler.project import load_project
from reconciler.workflow.documents import document
from reconciler.workflow.writable import writable


def exported(kind, key, spec, **more):
    return Exported(Address(kind, key), spec, Management(**more), "01")


METER = exported("Meter", "calls", {"name": "Calls", "eventType": "call", "aggregation": "COUNT"})
FEATURE = exported("Feature", "calls", {"name": "Calls", "meterSlug": "calls"})


def profile(**workflow):
    supplier = {"name": "ACME", "addresses": [{"country": "DE"}]}
    return exported(
        "BillingProfile", "main", {"name": "Main", "app": "sandbox", "supplier": supplier, "workflow": workflow}
    )


def loads(items, tmp_path):
    (tmp_path / "reconciler.yaml").write_text("apiVersion: reconciler/v1\nkind: Project\nname: a\nmanifests: [c]\n")
    (tmp_path / "c").mkdir()
    for index, item in enumerate(items):
        (tmp_path / "c" / f"{index}.yaml").write_text(document(item))
    project = load_project(tmp_path)
    return load(project, project.environment(None)).resources


def test_what_is_valid_stays_as_it_is():
    assert writable([METER, FEATURE, profile()]) == (METER, FEATURE, profile())


def test_a_field_that_is_refused_is_left_to_others_and_the_rest_is_declared(tmp_path):
    tax = {"invoicing": {"dueAfter": "P7D", "defaultTaxConfig": {"behavior": "inclusive", "taxCodeId": "01" * 13}}}
    (item,) = found = writable([profile(**tax)])
    assert item.spec["workflow"]["invoicing"] == {"dueAfter": "P7D", "defaultTaxConfig": {"behavior": "inclusive"}}
    assert item.management.ignore == ("workflow.invoicing.defaultTaxConfig.taxCodeId",)
    assert "stays" in item.notes[0] or "left as it is" in item.notes[0]
    (resource,) = loads(found, tmp_path).values()
    assert resource.management.ignore == item.management.ignore


def test_two_fields_that_are_refused_are_both_left_to_others(tmp_path):
    (item,) = found = writable(
        [profile(collection={"alignment": {"type": "anchored"}}, tax={"enabled": False, "enforced": True})]
    )
    assert set(item.management.ignore) == {"workflow.collection.alignment.type", "workflow.tax.enforced"}
    assert loads(found, tmp_path)


def test_a_name_of_metadata_that_no_manifest_can_have_leaves_the_whole_of_it(tmp_path):
    odd = exported("Feature", "odd", {"name": "Odd", "metadata": {"{{ x }}": "a", "team": "b"}})
    (item,) = found = writable([odd])
    assert (dict(item.spec), item.management.ignore) == ({"name": "Odd"}, ("metadata",))
    assert loads(found, tmp_path)


def test_what_cannot_be_left_out_makes_its_object_only_observed(tmp_path):
    *_, item = found = writable([METER, exported("Feature", "bad", {"name": "", "meterSlug": "calls"})])
    assert (item.spec, item.management.manage) == (None, "observe")
    assert "only observed" in item.notes[0]
    assert len(loads(found, tmp_path)) == 2


def test_what_names_something_that_is_not_there_is_only_observed(tmp_path):
    rule = exported(
        "NotificationRule", "r",
        {"name": "R", "type": "entitlements.reset", "channels": ["ops"], "features": ["id:01M7ZCVJ97KD1T0CFXZQR5FTZ0"]},
    )  # fmt: skip
    ops = exported("NotificationChannel", "ops", {"name": "Ops", "type": "WEBHOOK", "url": "https://x.example"})
    *_, item = found = writable([ops, rule])
    assert item.management.manage == "observe"
    assert loads(found, tmp_path)


def test_a_plan_with_something_wrong_in_a_card_is_only_observed_and_others_are_not(tmp_path):
    card = {
        "type": "flat_fee",
        "key": "a",
        "name": "A",
        "billingCadence": "P1M",
        "price": {"type": "flat", "amount": "-1"},
    }
    phases = [{"key": "main", "name": "Main", "rateCards": [card]}]
    plan = exported("Plan", "p", {"name": "P", "currency": "USD", "billingCadence": "P1M", "phases": phases})
    meter, item = writable([METER, plan])
    assert (meter, item.management.manage) == (METER, "observe")
