"""What an environment takes over from the one that it extends, and what stays with the address it was given for."""

import pytest

from reconciler.errors import UsageError
from reconciler.model import Address
from reconciler.project import Limits, Overrides, SecretSource

CHAIN = """
environments:
  production:
    endpoint: https://a.example
    identity: id1
    token: {env: PRODUCTION}
    headers: {X-Team: billing, X-Access: {env: ACCESS}}
    adopt: {NotificationChannel/ops: c1}
    limits: {maxRemovals: 2}
    protected: true
    promotesFrom: sandbox
  copy:
    extends: production
    endpoint: https://b.example
  reader:
    extends: production
    token: {env: READER}
"""
FLEET = """
environments:
  fleet:
    abstract: true
    token: {env: FLEET}
    headers: {X-Access: {env: ACCESS}}
    promotesFrom: staging
    limits: {maxChangesPercent: 10}
  staging: {extends: fleet, endpoint: https://s.example}
  eu: {extends: fleet, endpoint: https://eu.example, limits: {maxRemovals: 1}}
  eu_reader: {extends: eu, headers: {x-access: {env: READER}}}
"""


def test_another_address_inherits_no_credential_and_no_id(project):
    copy = project(CHAIN).environments["copy"]
    assert (copy.token, copy.headers, copy.identity, copy.adopt) == (None, {"X-Team": "billing"}, None, {})
    assert copy.withheld == ("token", "header X-Access")
    assert (copy.limits, copy.protected) == (Limits(None, 2, 2), True)


def test_a_credential_that_is_given_anew_is_not_withheld(project):
    body = CHAIN + "  other: {extends: copy, token: {env: OTHER}}\n"
    other = project(body).environments["other"]
    assert (other.token, other.withheld) == (SecretSource(env="OTHER"), ("header X-Access",))


def test_another_token_at_the_same_address_keeps_the_pinned_identity(project):
    reader = project(CHAIN).environments["reader"]
    assert (reader.token, reader.identity) == (SecretSource(env="READER"), "id1")
    assert reader.adopt == {Address("NotificationChannel", "ops"): "c1"}
    assert reader.withheld == ()


def test_a_base_without_an_address_hands_its_credentials_to_whoever_extends_it(project):
    found = project(FLEET)
    assert list(found.environments) == ["staging", "eu", "eu_reader"]
    eu = found.environments["eu"]
    assert (eu.token, eu.headers) == (SecretSource(env="FLEET"), {"X-Access": SecretSource(env="ACCESS")})
    assert eu.limits == Limits(10, 1, 2)
    assert eu.withheld == ()


def test_upper_and_lower_case_are_one_header(project):
    assert project(FLEET).environments["eu_reader"].headers == {"x-access": SecretSource(env="READER")}


def test_where_a_catalogue_comes_from_is_inherited_from_an_abstract_base_only(project):
    found = project(FLEET).environments
    assert [found[name].promotes_from for name in ("staging", "eu", "eu_reader")] == [None, "staging", None]
    assert project(CHAIN).environments["reader"].promotes_from is None


def test_leave_to_send_a_token_over_http_is_not_inherited_by_another_address(refused):
    places, _ = refused(
        """
        environments:
          a: {endpoint: http://one, insecure: true, token: {env: A}}
          b: {extends: a, endpoint: http://two, token: {env: B}}
        """
    )
    assert "7:29 project.insecure" in places


def test_an_abstract_environment_is_never_chosen_and_the_refusal_names_who_extends_it(project):
    with pytest.raises(UsageError, match="`fleet` is abstract") as caught:
        project(FLEET).environment("fleet")
    assert caught.value.tip == "it is extended by staging, eu"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a: {abstract: true}\n  b: {extends: a}", "6:3 project.endpoint"),
        ("a: {abstract: true, endpoint: 'ftp://h'}", "5:33 project.endpoint"),
        ("a: {abstract: true}\n  b: {endpoint: 'sandbox:', promotesFrom: a}", "6:43 project.environment"),
        ("a: {endpoint: 'sandbox:', promotesFrom: a}", "5:43 project.environment"),
        ("a: {endpoint: {portal: 'https://h'}}", "5:7 project.endpoint"),
        ("a: {endpoint: {api: 'https://h', portal: h}}", "5:44 project.endpoint"),
        ("a: {endpoint: 'sandbox:', headers: {'X Y': z}}", "5:39 project.header"),
        ("a: {endpoint: 'sandbox:', headers: {Host: z}}", "5:39 project.header"),
        ("a: {endpoint: 'sandbox:', headers: {X-A: y, x-a: z}}", "5:47 project.header"),
        (
            "a: {endpoint: 'sandbox:', token: {env: A}, headers: {authorization: {env: B}}}",
            "5:56 project.header",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_place(refused, line, expected):
    assert refused(f"environments:\n  {line}\n")[0] == [expected]


def test_environments_cannot_be_promoted_in_a_circle(refused):
    places, messages = refused(
        """
        environments:
          a: {endpoint: 'sandbox:', promotesFrom: b}
          b: {endpoint: 'sandbox:', promotesFrom: c}
          c: {endpoint: 'sandbox:', promotesFrom: a}
          d: {endpoint: 'sandbox:', promotesFrom: a}
        """
    )
    assert places == ["6:43 project.environment", "7:43 project.environment", "8:43 project.environment"]
    assert messages[0] == "promoted in a circle: c → b → a → c"


def test_a_default_environment_cannot_be_abstract(refused):
    places, _ = refused("defaultEnvironment: a\nenvironments: {a: {abstract: true}}\n")
    assert places == ["4:21 project.environment"]


def test_problems_in_a_file_of_one_environment_have_its_name_and_place(refused):
    places, _ = refused(
        "environments: {base: {endpoint: 'https://h'}}",
        environments__eu_yaml="extends: bas\n",
        environments__us_yaml="extends: base\nlimits:\n  maxRemovals: -1\n",
    )
    assert places == ["1:10 project.extends", "3:16 schema.range"]


def test_a_file_whose_name_no_environment_can_have_is_refused(project, tmp_path):
    from reconciler.errors import ProjectError

    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "eu west.yaml").write_text("endpoint: 'sandbox:'\n")
    with pytest.raises(ProjectError) as caught:
        project("")
    assert [str(problem.location) for problem in caught.value.problems] == ["environments/eu west.yaml:1:1"]


def test_a_bare_address_on_the_command_line_takes_no_header_that_is_secret(project):
    found = project(FLEET).environment("eu", Overrides(endpoint="https://elsewhere.example"))
    assert (found.token, found.headers) == (None, {})
