import pytest

PLAN = """
apiVersion: openmeter.io/v1
kind: Plan
key: pro
spec:
  name: Pro
  currency: USD
  billingCadence: P1M
  metadata: {owner: a, team: b}
  phases:
    - key: main
      name: Main
      rateCards:
        - {type: flat_fee, key: base, name: Base, billingCadence: P1M, price: {type: flat, amount: 1}}
        - type: usage_based
          featureKey: tokens
          name: T
          billingCadence: P1M
          price:
            type: tiered
            mode: graduated
            tiers: [{upToAmount: 5, unitPrice: {type: unit, amount: 2}}, {flatPrice: {type: flat, amount: 1}}]
---
apiVersion: openmeter.io/v1
kind: Feature
key: tokens
spec: {name: Tokens, meterSlug: tokens}
---
apiVersion: openmeter.io/v1
kind: Meter
key: tokens
spec: {eventType: a, aggregation: COUNT}
"""
HEAD = "apiVersion: openmeter.io/v1\nkind: Plan\nkey: pro\n"
CARDS = "patch: {phases: [{key: main, rateCards: %s}]}\n"


@pytest.fixture
def patched(catalogue):
    """The project with these overlays, in this order."""

    def _patched(*overlays):
        names = [f"over/{number}" for number in range(len(overlays))]
        catalogue.write(
            catalog__a_yaml=PLAN, **{f"{name}/a.yaml": text for name, text in zip(names, overlays, strict=True)}
        )
        return catalogue.project(
            f"manifests: [catalog]\nenvironments: {{s: {{endpoint: 'sandbox:', overlays: [{', '.join(names)}]}}}}\n"
        )

    return _patched


def plan(catalogue):
    return catalogue.load("s").resources


def cards(catalogue):
    (address,) = [address for address in plan(catalogue) if address.kind == "Plan"]
    return plan(catalogue)[address].spec["phases"][0]["rateCards"]


def names(catalogue):
    return [card.get("key") or card["featureKey"] for card in cards(catalogue)]


def test_maps_merge_and_merged_values_point_to_the_overlay(patched):
    catalogue = patched(HEAD + "patch:\n  name: Staging Pro\n  metadata: {team: c}\n")
    resource = next(r for a, r in plan(catalogue).items() if a.kind == "Plan")
    assert resource.spec["name"] == "Staging Pro"
    assert resource.spec["metadata"] == {"owner": "a", "team": "c"}
    assert str(resource.source.locate(("name",))) == "over/0/a.yaml:5:9"
    assert str(resource.source.locate(("metadata", "owner"))) == "catalog/a.yaml:9:21"
    assert str(resource.location) == "catalog/a.yaml:2:1"


def test_the_base_is_unchanged_where_the_overlay_does_not_apply(patched):
    catalogue = patched(HEAD + "patch: {name: X}\n")
    assert catalogue.specs()["Plan/pro"]["name"] == "Pro"


def test_null_takes_a_value_away(patched):
    catalogue = patched(HEAD + "patch: {metadata: {team: null}, description: null}\n")
    assert catalogue.specs("s")["Plan/pro"]["metadata"] == {"owner": "a"}


def test_null_makes_a_price_free(patched):
    catalogue = patched(HEAD + CARDS % "[{key: tokens, price: null}]")
    assert cards(catalogue)[1]["price"] is None


def test_null_of_a_required_field_is_an_error_in_the_overlay(patched):
    assert patched(HEAD + "patch: {currency: null}\n").problems() == ["over/0/a.yaml:4:19 schema.type"]


def test_keyed_lists_merge_by_key_and_new_items_go_last(patched):
    new = "{type: flat_fee, key: extra, name: E, billingCadence: P1M, price: {type: flat, amount: 3}}"
    catalogue = patched(HEAD + CARDS % f"[{new}, {{key: base, price: {{amount: 7}}}}]")
    assert names(catalogue) == ["base", "tokens", "extra"]
    assert cards(catalogue)[0]["price"] == {"type": "flat", "amount": 7}


@pytest.mark.parametrize(("before", "order"), [("base", "extra base tokens"), ("tokens", "base extra tokens")])
def test_a_new_item_can_say_where_it_stands(patched, before, order):
    card = "type: flat_fee, key: extra, name: E, billingCadence: P1M, price: {type: flat, amount: 3}"
    new = f"{{$before: {before}, {card}}}"
    assert names(patched(HEAD + CARDS % f"[{new}]")) == order.split()


def test_an_item_that_is_there_can_be_moved(patched):
    assert names(patched(HEAD + CARDS % "[{key: tokens, $before: base}]")) == ["tokens", "base"]


def test_an_item_can_be_removed(patched):
    catalogue = patched(HEAD + CARDS % "[{key: base, $remove: true}]")
    assert names(catalogue) == ["tokens"]


def test_lists_without_keys_are_replaced_whole(patched):
    catalogue = patched(HEAD + CARDS % "[{key: tokens, price: {tiers: [{unitPrice: {type: unit, amount: 9}}]}}]")
    assert len(cards(catalogue)[1]["price"]["tiers"]) == 1


def test_a_change_of_type_can_clear_away_what_the_other_type_had(patched):
    change = "[{key: tokens, price: {type: unit, amount: 2, mode: null, tiers: null}}]"
    assert cards(patched(HEAD + CARDS % change))[1]["price"] == {"type": "unit", "amount": 2}


def test_overlays_apply_in_the_order_of_the_environment(patched):
    catalogue = patched(HEAD + "patch: {name: first, description: d}\n", HEAD + "patch: {name: second}\n")
    spec = catalogue.specs("s")["Plan/pro"]
    assert (spec["name"], spec["description"]) == ("second", "d")


def test_a_whole_document_exists_in_its_environment_only(patched):
    catalogue = patched(
        "apiVersion: openmeter.io/v1\nkind: Meter\nkey: extra\nspec: {eventType: a, aggregation: COUNT}\n"
    )
    assert "Meter/extra" in catalogue.specs("s")
    assert "Meter/extra" not in catalogue.specs()


def test_a_later_overlay_patches_a_document_of_an_earlier_one(patched):
    whole = "apiVersion: openmeter.io/v1\nkind: Meter\nkey: extra\n"
    catalogue = patched(whole + "spec: {eventType: a, aggregation: COUNT}\n", whole + "patch: {name: Extra}\n")
    assert catalogue.specs("s")["Meter/extra"]["name"] == "Extra"


def test_a_lifecycle_can_be_patched_alone(patched):
    catalogue = patched(HEAD + "lifecycle: {state: draft, protect: true}\n", HEAD + "lifecycle: {protect: null}\n")
    managed = next(r for a, r in plan(catalogue).items() if a.kind == "Plan").management
    assert (managed.state, managed.protect) == ("draft", False)


def test_a_lifecycle_that_an_overlay_makes_wrong_is_found_beside_the_sound_base(patched):
    catalogue = patched("apiVersion: openmeter.io/v1\nkind: Meter\nkey: tokens\nlifecycle: {state: draft}\n")
    assert catalogue.problems() == ["over/0/a.yaml:4:20 lifecycle.state"]


def test_an_overlay_can_make_an_object_absent(patched):
    catalogue = patched(HEAD + "lifecycle: {state: absent}\n")
    resource = next(r for a, r in plan(catalogue).items() if a.kind == "Plan")
    assert (resource.management.state, resource.spec) == ("absent", {})


def test_an_overlay_can_declare_what_is_only_observed(patched):
    catalogue = patched("apiVersion: openmeter.io/v1\nkind: Meter\nkey: theirs\nlifecycle: {manage: observe}\n")
    assert catalogue.problems() == []


@pytest.mark.parametrize(
    ("overlay", "expected"),
    [
        (HEAD.replace("pro", "prp") + "patch: {}\n", "over/0/a.yaml:1:1 overlay.unknown"),
        (HEAD.replace("pro", "prp") + "lifecycle: {state: absent}\n", "over/0/a.yaml:1:1 overlay.unknown"),
        (HEAD + "patch: {}\nspec: {}\n", "over/0/a.yaml:1:1 overlay.outside"),
        (HEAD + "spec: {name: a}\n", "over/0/a.yaml:1:1 manifest.duplicate"),
        (HEAD + "patch: {nam: a}\n", "over/0/a.yaml:4:9 schema.unknown_field"),
        (HEAD + CARDS % "[{key: bse, $remove: true}]", "over/0/a.yaml:4:42 overlay.remove"),
        (HEAD + CARDS % "[{key: base, $remove: yes}]", "over/0/a.yaml:4:63 overlay.remove"),
        (HEAD + CARDS % "[{key: base, $remove: true, name: x}]", "over/0/a.yaml:4:69 overlay.remove"),
        (HEAD + CARDS % "[{key: base, $before: tokns}]", "over/0/a.yaml:4:63 overlay.before"),
        (HEAD + CARDS % "[base]", "over/0/a.yaml:4:42 overlay.item"),
        (HEAD + "patch: {metadata: {$remove: true}}\n", "over/0/a.yaml:4:29 schema.type"),
    ],
)
def test_a_patch_that_fits_nothing_is_refused_at_its_place(patched, overlay, expected):
    if "$remove: true}}" in overlay:
        overlay, expected = overlay.replace("metadata", "proRatingConfig"), expected.replace("type", "unknown_field")
        expected = expected.replace(":29", ":27")
    assert expected in patched(overlay).problems()


def test_a_missing_overlay_folder_is_a_problem(catalogue, meter):
    catalogue.write(a_yaml=meter).project("environments: {s: {endpoint: 'sandbox:', overlays: [none]}}")
    assert [problem.rule for problem in catalogue.check()] == ["manifest.file"]
