import pytest

TWO = {
    "catalog/b.yaml": "apiVersion: openmeter.io/v1\nkind: Meter\nkey: b\nspec: {eventType: a, aggregation: COUNT}\n",
    "catalog/sub/a.json": '{"apiVersion": "openmeter.io/v1", "kind": "Meter", "key": "a",'
    ' "spec": {"eventType": "a", "aggregation": "COUNT"}}',
}


def test_folders_are_read_recursively_yaml_and_json(catalogue):
    catalogue.write(**TWO).project("manifests: [catalog]")
    assert list(catalogue.specs()) == ["Meter/a", "Meter/b"]


@pytest.mark.parametrize(
    "name", ["catalog/.hidden.yaml", "catalog/_draft.yaml", "catalog/_old/x.yaml", "catalog/x.txt"]
)
def test_hidden_private_and_other_files_are_skipped(catalogue, name):
    catalogue.write(**TWO, **{name: "a: ["}).project("manifests: [catalog]")
    assert catalogue.problems() == []


def test_a_file_named_twice_is_read_once(catalogue):
    catalogue.write(**TWO).project("manifests: [catalog, catalog/b.yaml]")
    assert catalogue.problems() == []


def test_a_manifest_that_is_not_there_is_a_problem(catalogue):
    catalogue.project("manifests: [catalogue]")
    assert [(p.rule, "catalogue" in p.message) for p in catalogue.check()] == [("manifest.file", True)]


def test_an_overlay_that_is_not_there_is_told_at_the_environment_that_names_it(catalogue):
    catalogue.write(**TWO).project("manifests: [catalog]\nenvironments: {s: {endpoint: 'sandbox:', overlays: [over]}}")
    (problem,) = catalogue.check()
    assert (problem.rule, "`over`" in problem.message) == ("manifest.file", True)
    assert str(problem.location) == "reconciler.yaml:5:16"


def test_the_project_its_environments_variables_and_overlays_are_no_manifests(catalogue):
    catalogue.write(
        **TWO, environments__prod_yaml="endpoint: 'sandbox:'\n", vars__s_yaml="a: 1\n",
        over__s__p_yaml="apiVersion: openmeter.io/v1\nkind: Meter\nkey: a\npatch: {name: A}\n",
    ).project(
        """
        variables: {a: {type: integer, default: 2}}
        environments: {s: {endpoint: 'sandbox:', varFiles: [vars/s.yaml], overlays: [over/s]}}
        """
    )  # fmt: skip
    assert catalogue.problems() == []
    assert catalogue.specs("s")["Meter/a"]["name"] == "A"


def test_a_circle_of_links_ends(catalogue):
    catalogue.write(**TWO).project("manifests: [catalog]")
    (catalogue.root / "catalog" / "sub" / "up").symlink_to(catalogue.root / "catalog", target_is_directory=True)
    assert list(catalogue.specs()) == ["Meter/a", "Meter/b"]


def test_paths_replace_the_manifests_and_then_the_result_is_incomplete(catalogue):
    catalogue.write(**TWO).project("manifests: [catalog]")
    part = catalogue.load(paths=["catalog/sub"])
    assert [str(address) for address in part.resources] == ["Meter/a"]
    assert part.complete is False
    assert catalogue.load(paths=["catalog"]).complete is True
    assert catalogue.load().complete is True


def test_without_a_project_file_paths_are_everything(catalogue):
    assert catalogue.write(**TWO).load(paths=["catalog/sub"]).complete is True


def test_a_patch_of_an_object_that_was_not_read_is_passed_over(catalogue):
    catalogue.write(**TWO, over__p_yaml="apiVersion: openmeter.io/v1\nkind: Meter\nkey: b\npatch: {name: B}\n")
    catalogue.project("manifests: [catalog]\nenvironments: {s: {endpoint: 'sandbox:', overlays: [over]}}")
    assert [str(address) for address in catalogue.load("s", paths=["catalog/sub"]).resources] == ["Meter/a"]


def test_resources_come_in_the_order_of_the_kinds_then_by_key(catalogue, meter):
    feature = "apiVersion: openmeter.io/v1\nkind: Feature\nkey: a\nspec: {name: F}\n---\n"
    catalogue.write(a_yaml=feature + meter, b_yaml=meter.replace("tokens", "a"))
    assert list(catalogue.specs()) == ["Meter/a", "Meter/tokens", "Feature/a"]
