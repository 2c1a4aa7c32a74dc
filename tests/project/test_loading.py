from datetime import timedelta

import pytest

from reconciler.errors import ProjectError, UsageError
from reconciler.model import Address
from reconciler.project import Limits, Overrides, SecretSource, load_project

FULL = """
formerNames: [old]
manifests: [catalog]
protect: [Plan/*]
defaultEnvironment: staging
environments:
  staging:
    endpoint: https://staging.example/
    token: {env: STAGING}
    headers: {X-Team: billing, X-Access-Secret: {env: ACCESS}}
    identity: id1
    adopt: {NotificationChannel/ops: c1}
    overlays: [overlays/staging]
    limits: {maxRemovals: 2}
    planValidFor: PT2H
  production:
    extends: staging
    endpoint: {billing: "https://b.example", api: "https://prod.example"}
    token: {command: [pass, show, om]}
    protected: true
    promotesFrom: staging
    limits: {maxChangesPercent: 10}
"""


def test_a_project_is_read_as_it_is_written(project):
    found = project(FULL)
    assert (found.name, found.former_names, found.manifests) == ("acme", ("old",), ("catalog",))
    assert (found.protect, found.default_environment) == (("Plan/*",), "staging")
    assert list(found.environments) == ["staging", "production"]
    staging = found.environment()
    assert (staging.name, staging.endpoint, staging.api) == ("staging", "https://staging.example", "v1")
    assert staging.token == SecretSource(env="STAGING")
    assert staging.headers == {"X-Team": "billing", "X-Access-Secret": SecretSource(env="ACCESS")}
    assert staging.adopt == {Address("NotificationChannel", "ops"): "c1"}
    assert staging.plan_valid_for == timedelta(hours=2)


def test_an_extending_environment_merges_maps_and_replaces_the_rest(project):
    production = project(FULL).environment("production")
    assert production.endpoint == "https://prod.example"
    assert production.token == SecretSource(command=("pass", "show", "om"))
    assert production.headers["X-Team"] == "billing"
    assert production.overlays == ("overlays/staging",)
    assert production.limits == Limits(10, 2, 2)
    assert (production.protected, production.promotes_from) == (True, "staging")


def test_ids_of_another_address_are_not_inherited(project):
    production = project(FULL).environment("production")
    assert production.identity is None
    assert production.adopt == {}


def test_without_a_file_the_project_is_default_and_its_environment_the_sandbox(tmp_path):
    found = load_project(tmp_path)
    assert (found.name, found.file, found.root) == ("default", None, tmp_path)
    assert (found.environment().name, found.environment().endpoint) == ("sandbox", "sandbox:")


def test_a_bare_endpoint_without_a_file_is_adhoc(tmp_path):
    environment = load_project(tmp_path).environment(None, Overrides(endpoint="http://127.0.0.1:8888/", token_env="T"))
    assert (environment.name, environment.endpoint) == ("adhoc", "http://127.0.0.1:8888")
    assert environment.token == SecretSource(env="T")


def test_the_sandbox_always_exists_and_can_be_changed(project):
    assert project(FULL).environment("sandbox").endpoint == "sandbox:"
    assert project("environments: {sandbox: {limits: {catalogWrites: 1}}}").environment().limits.catalog_writes == 1


def test_another_endpoint_gets_no_credentials_of_the_first(project):
    environment = project(FULL).environment("staging", Overrides(endpoint="https://elsewhere.example"))
    assert environment.token is None
    assert environment.headers == {"X-Team": "billing"}
    assert environment.identity is None


def test_the_nearest_file_above_is_found_but_not_beyond_the_repository(write):
    root = write(reconciler_yaml="apiVersion: reconciler/v1\nkind: Project\nname: outer\n", repo__a__x="")
    assert load_project(root / "repo" / "a").name == "outer"
    (root / "repo" / ".git").mkdir()
    assert load_project(root / "repo" / "a").name == "default"


def test_environments_may_stand_in_files_of_their_own(project):
    found = project(
        "", environments__prod_yaml="apiVersion: reconciler/v1\nkind: Environment\nendpoint: https://p.example\n"
    )
    assert found.environment("prod").endpoint == "https://p.example"


def test_an_environment_declared_twice_is_refused_with_both_places(refused):
    places, messages = refused(
        "environments: {prod: {endpoint: 'sandbox:'}}", environments__prod_yaml="endpoint: 'sandbox:'"
    )
    assert places == ["1:1 project.duplicate_environment"]
    assert "reconciler.yaml:4:16" in messages[0]


def test_all_problems_are_reported_at_once(refused):
    places, _ = refused(
        """
        manifest: [a]
        audit: {}
        variables: {x: {type: decimals}}
        environments:
          a: {api: v3, endpoint: 1, limits: {maxRemovals: -1}}
          b: {approvers: P30D, token: abc}
        """
    )
    assert places == [
        "5:1 schema.unknown_field",
        "6:1 project.not_supported",
        "7:23 schema.enum",
        "9:12 project.not_supported",
        "9:26 schema.type",
        "9:51 schema.range",
        "10:7 project.not_supported",
        "10:31 schema.type",
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("environments: {a: {extends: b}}", "4:29 project.extends"),
        ("environments: {a: {extends: b}, b: {extends: a}}", "4:46 project.extends"),
        ("environments: {a: {}}", "4:16 project.endpoint"),
        ("environments: {a: {endpoint: 'https://u:p@h'}}", "4:30 project.endpoint"),
        ("environments: {a: {endpoint: 'ftp://h'}}", "4:30 project.endpoint"),
        ("environments: {a: {endpoint: 'http://h', token: {env: A}}}", "4:30 project.insecure"),
        ("environments: {a: {endpoint: 'sandbox:', token: {env: A, file: b}}}", "4:42 project.secret"),
        ("environments: {a: {endpoint: 'sandbox:', token: {}}}", "4:42 project.secret"),
        ("environments: {a: {endpoint: 'sandbox:', headers: {Authorization: Bearer x}}}", "4:52 project.secret"),
        ("environments: {a: {endpoint: 'sandbox:', adopt: {Plan/pro: x}}}", "4:50 project.adopt"),
        ("environments: {a: {endpoint: 'sandbox:', planValidFor: P1M}}", "4:56 project.duration"),
        ("environments: {a: {endpoint: 'sandbox:', vars: {x: 1}}}", "4:49 project.variable"),
        ("defaultEnvironment: stagin", "4:21 project.environment"),
        ("protect: [Plan/*, Plans/*, Meter]", "4:19 project.protect"),
        ("environments: {a: {endpoint: 'sandbox:', promotesFrom: b}}", "4:56 project.environment"),
        ("formerNames: [Old]", "4:15 project.name"),
        ("variables: {a-b: {}}", "4:13 project.variable"),
        ("- 1", "4:1 yaml.syntax"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_place(refused, body, expected):
    assert expected in refused(body)[0]


def test_a_token_written_out_is_refused_without_being_repeated(refused):
    for written in ("hunter2hunter2", "12345678", "[hunter2]"):
        _, messages = refused(f"environments: {{a: {{endpoint: 'sandbox:', token: {written}}}}}")
        assert not any("hunter2" in message or "12345678" in message for message in messages)


def test_a_header_with_a_wrong_form_is_not_repeated(refused):
    _, messages = refused("environments: {a: {endpoint: 'sandbox:', headers: {X-Key: 12345678}}}")
    assert not any("12345678" in message for message in messages)


def test_http_to_another_machine_without_a_token_is_a_warning(project):
    found = project("environments: {a: {endpoint: 'http://h'}, b: {endpoint: 'http://127.0.0.1:1', token: {env: A}}}")
    assert [warning.rule for warning in found.warnings] == ["project.http"]


def test_a_token_over_http_can_be_allowed_in_writing(project):
    found = project("environments: {a: {endpoint: 'http://h', token: {env: A}, insecure: true}}")
    assert [warning.rule for warning in found.warnings] == ["project.http"]


@pytest.mark.parametrize("text", ["", "a: [", "- 1", "a: 1\n---\nb: 1", "\x00", "null"])
def test_a_file_that_is_no_project_is_refused_with_a_place(tmp_path, text):
    (tmp_path / "reconciler.yaml").write_text(text)
    with pytest.raises(ProjectError) as caught:
        load_project(tmp_path)
    assert all(problem.location for problem in caught.value.problems)


def test_a_missing_file_is_a_matter_of_usage(tmp_path):
    with pytest.raises(UsageError):
        load_project(tmp_path, tmp_path / "other.yaml")


def test_an_unknown_environment_suggests_a_known_one(project):
    with pytest.raises(UsageError, match="did you mean `staging`"):
        project(FULL).environment("stagin")
