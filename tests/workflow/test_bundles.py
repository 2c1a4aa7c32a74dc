"""Bundles of a project: from files, from a commit, from a folder; and environments that are pinned to one."""

import json
import shutil

import pytest

from reconciler.errors import BundleError, ManifestError
from reconciler.project.bundles import dumps
from reconciler.workflow import bundle_of, check, find_bundle, load_desired, open_context, with_bundle

from .test_revisions import commit, git

PROJECT = """\
apiVersion: reconciler/v1
kind: Project
name: acme
manifests: [catalog]
variables: {event: {type: string, default: call}, label: {type: string, default: Calls}}
environments:
  staging: {endpoint: "sandbox:staging"}
  production: {endpoint: "sandbox:production", vars: {event: paid}, overlays: [overlays/production]}
"""
METER = """\
apiVersion: openmeter.io/v1
kind: Meter
key: calls
spec: {name: "{{ vars.label }}", eventType: "{{ vars.event }}", aggregation: COUNT}
"""
OVERLAY = "apiVersion: openmeter.io/v1\nkind: Meter\nkey: calls\npatch: {description: live}\n"
SECOND = METER.replace("calls", "more")


@pytest.fixture
def root(tmp_path):
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    git(tmp_path, "init", "-q")
    folder = tmp_path / "billing"
    commit(folder, reconciler_yaml=PROJECT, catalog__a_yaml=METER, overlays__production__a_yaml=OVERLAY)
    return folder


def head(root):
    return git(root, "rev-parse", "HEAD")


def pin(root, reference, environment="production"):
    path = root / "reconciler.yaml"
    text = path.read_text()
    line = next(line for line in text.splitlines() if line.startswith(f"  {environment}:"))
    path.write_text(text.replace(line, line.replace("{", f"{{bundle: '{reference}', ", 1)))


def specs(root, environment="production", bundle=None):
    context = open_context(root, environment=environment)
    desired = load_desired(with_bundle(context, bundle) if bundle else context)
    return {address.key: dict(resource.spec) for address, resource in desired.resources.items()}


def open_(root):
    return open_context(root, environment="staging")


def test_the_bundle_of_the_files_with_an_environment_is_what_the_environment_declares(root):
    bundle = bundle_of(open_(root))
    for name in ("staging", "production"):
        context = open_context(root, environment=name)
        assert load_desired(with_bundle(context, bundle)).digest == load_desired(context).digest
    assert specs(root, bundle=bundle)["calls"] == {
        "name": "Calls", "eventType": "paid", "aggregation": "COUNT", "description": "live",
    }  # fmt: skip


def test_a_commit_makes_the_same_bundle_whatever_the_files_are_now(root):
    context, first = open_(root), head(root)
    before = bundle_of(context)
    commit(root, catalog__a_yaml="# rewritten\n" + METER.replace("COUNT", "SUM, valueProperty: $.n"))
    (root / "catalog" / "a.yaml").write_text("broken: [")
    for name in (first, "HEAD~1", f"sha256:{before.digest}@{first}"):
        found = find_bundle(context, name)
        assert (found.digest, found.commit, found.dirty) == (before.digest, first[:10], False)
    assert find_bundle(context, "HEAD").digest != before.digest


def test_the_default_of_a_variable_is_of_the_bundle_and_its_value_of_the_environment(root):
    bundle = bundle_of(open_(root))
    (root / "reconciler.yaml").write_text(PROJECT.replace("default: Calls", "default: Renamed").replace("paid", "sold"))
    spec = specs(root, bundle=bundle)["calls"]
    assert (spec["name"], spec["eventType"]) == ("Calls", "sold")


def test_a_pinned_environment_declares_its_bundle_and_the_others_the_files(root):
    pin(root, f"sha256:{bundle_of(open_(root)).digest}@{head(root)}")
    (root / "catalog" / "more.yaml").write_text(SECOND)
    assert (set(specs(root)), set(specs(root, "staging"))) == ({"calls"}, {"calls", "more"})


def test_places_of_a_pinned_bundle_name_its_commit(root):
    pin(root, f"sha256:{bundle_of(open_(root)).digest}@{head(root)}")
    (resource,) = load_desired(open_context(root, environment="production")).resources.values()
    assert str(resource.location) == f"{head(root)[:10]}:catalog/a.yaml:1:1"
    assert str(resource.source.locate(("description",))) == "overlays/production/a.yaml:4:22"


def test_overlays_and_variables_may_be_ahead_of_the_bundle(root):
    bundle = bundle_of(open_(root))
    (root / "catalog" / "more.yaml").write_text(SECOND.replace("vars.label", "vars.new"))
    (root / "overlays" / "production" / "more.yaml").write_text(OVERLAY.replace("calls", "more"))
    text = PROJECT.replace("variables: {", "variables: {new: {type: string}, ").replace(
        "{event: paid", "{new: N, event: paid"
    )
    (root / "reconciler.yaml").write_text(text)
    context = with_bundle(open_context(root, environment="production"), bundle)
    desired = load_desired(context)
    assert [str(address) for address in desired.resources] == ["Meter/calls"]
    assert [(one.rule, one.location.file) for one in desired.warnings] == [
        ("overlay.not_in_bundle", "overlays/production/more.yaml")
    ]


def test_without_a_bundle_such_a_patch_is_still_an_error(root):
    (root / "overlays" / "production" / "more.yaml").write_text(OVERLAY.replace("calls", "more"))
    with pytest.raises(ManifestError, match=r"not declared, so it cannot be patched"):
        specs(root)


def test_approvals_are_those_of_the_files_at_hand(root):
    approval = "apiVersion: reconciler/v1\nkind: Approval\nkey: {}\nspec: {{allow: ['destructive:*/*'], because: x}}\n"
    (root / "catalog" / "approvals.yaml").write_text(approval.format("old"))
    bundle = bundle_of(open_(root))
    (root / "catalog" / "approvals.yaml").write_text(approval.format("new"))
    context = with_bundle(open_context(root, environment="production"), bundle)
    assert [one.key for one in load_desired(context).approvals] == ["new"]


def test_a_kept_bundle_is_found_by_its_digest_or_its_beginning(root):
    context = open_(root)
    bundle = bundle_of(context)
    folder = root / "bundles"
    folder.mkdir()
    (folder / bundle.file_name).write_text(dumps(bundle))
    for name in (f"sha256:{bundle.digest}", f"sha256:{bundle.digest[:8]}", str(folder / bundle.file_name)):
        assert find_bundle(context, name).digest == bundle.digest
    pin(root, f"sha256:{bundle.digest}")
    (root / "catalog" / "more.yaml").write_text(SECOND)
    assert set(specs(root)) == {"calls"}


def test_kept_bundles_are_no_manifests(root):
    (root / "reconciler.yaml").write_text(PROJECT.replace("manifests: [catalog]\n", ""))
    bundle = bundle_of(open_(root))
    (root / "bundles").mkdir()
    (root / "bundles" / bundle.file_name).write_text(dumps(bundle))
    assert bundle_of(open_(root)).digest == bundle.digest
    assert set(specs(root)) == {"calls"}


def test_a_kept_bundle_that_somebody_edited_is_refused_even_under_a_name_that_fits(root):
    context = open_(root)
    bundle = bundle_of(context)
    (root / "bundles").mkdir()
    path = root / "bundles" / bundle.file_name
    path.write_text(dumps(bundle).replace("COUNT", "SUM"))
    pin(root, f"sha256:{bundle.digest}")
    with pytest.raises(BundleError, match="was changed after it was made"):
        specs(root)
    (root / "catalog" / "a.yaml").write_text(METER.replace("COUNT", "SUM"))
    path.write_text(dumps(bundle_of(context)))
    with pytest.raises(BundleError, match="holds the bundle"):
        specs(root)


def test_a_reference_whose_commit_makes_something_else_is_refused(root):
    digest = bundle_of(open_(root)).digest
    later = commit(root, catalog__a_yaml=SECOND)
    with pytest.raises(BundleError, match="makes the bundle"):
        find_bundle(open_(root), f"sha256:{digest}@{later}")


def test_a_commit_that_is_not_here_says_how_to_get_it(root):
    with pytest.raises(BundleError, match="git does not know the commit") as caught:
        find_bundle(open_(root), f"sha256:{'a' * 64}@{'b' * 40}")
    assert "fetch-depth: 0" in caught.value.tip


def found(root):
    return [(one.rule, one.severity) for one in check(open_(root), every_environment=True)]


def test_validate_looks_at_the_bundles_that_environments_are_pinned_to(root):
    first = bundle_of(open_(root))
    pin(root, f"sha256:{first.digest}@{head(root)}")
    assert found(root) == []
    (root / "overlays" / "production" / "a.yaml").write_text(OVERLAY.replace("description", "describtion"))
    (root / "catalog" / "a.yaml").write_text(METER.replace("COUNT", "SUM, valueProperty: $.n"))
    assert {rule for rule, _ in found(root)} == {"schema.unknown_field"}


def test_validate_refuses_a_pin_that_does_not_fit_and_warns_of_one_whose_commit_is_not_here(root):
    text = (root / "reconciler.yaml").read_text()
    pin(root, f"sha256:{'a' * 64}@{head(root)}")
    assert found(root) == [("project.bundle", "error")]
    (root / "reconciler.yaml").write_text(text)
    pin(root, f"sha256:{'a' * 64}@{'b' * 40}")
    assert found(root) == [("project.bundle", "warning")]


def test_the_bundle_of_another_project_is_refused(root):
    other = json.loads(dumps(bundle_of(open_(root))))
    (root / "reconciler.yaml").write_text(PROJECT.replace("name: acme", "name: else"))
    (root / "b.json").write_text(json.dumps(other))
    with pytest.raises(BundleError, match="of the project acme, not of else"):
        find_bundle(open_(root), str(root / "b.json"))


@pytest.mark.parametrize("name", ["sha256:abc", "sha256:" + "0" * 64, "nothing", "sha256:../../x", "no.json"])
def test_what_names_no_bundle_is_refused(root, name):
    with pytest.raises(BundleError):
        find_bundle(open_(root), name)


def test_an_environment_that_was_added_later_can_have_an_older_bundle(root):
    first = head(root)
    (root / "reconciler.yaml").write_text(PROJECT + "  eu: {endpoint: 'sandbox:eu', vars: {event: eu}}\n")
    bundle = find_bundle(open_context(root, environment="eu"), first)
    assert specs(root, "eu", bundle)["calls"]["eventType"] == "eu"


CARD = """\
apiVersion: reconciler/v1
kind: RateCard
key: base
spec: {type: flat_fee, key: base, name: Base, billingCadence: P1M, price: {type: flat, amount: "20"}}
"""
PLANS = """\
apiVersion: openmeter.io/v1
kind: Plan
key: pro
abstract: true
spec: {name: Pro, currency: USD, billingCadence: P1M, phases: [{key: main, name: Main, rateCards: [{use: base}]}]}
---
apiVersion: openmeter.io/v1
kind: Plan
key: team
extends: pro
spec: {name: Team}
"""


def test_shared_cards_and_bases_are_part_of_a_bundle(root):
    (root / "catalog" / "card.yaml").write_text(CARD)
    (root / "catalog" / "plans.yaml").write_text(PLANS)
    bundle = bundle_of(open_(root))
    assert specs(root, bundle=bundle) == specs(root)
    (root / "catalog" / "card.yaml").write_text(CARD.replace("20", "25"))
    assert bundle_of(open_(root)).digest != bundle.digest
    (card,) = specs(root, bundle=bundle)["team"]["phases"][0]["rateCards"]
    assert card["price"]["amount"] == "20"
