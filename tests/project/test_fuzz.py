"""Whatever stands in a project file: a project, or problems with places."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.errors import ProjectError
from reconciler.project import load_project

NAMES = st.sampled_from(
    ["apiVersion", "kind", "name",
     "manifests", "variables", "environments", "endpoint", "extends", "token", "env", "vars",
     "headers",
     "limits", "maxRemovals", "adopt", "api", "a", "type", "default", "min", "enum", "overlays", "policy"]
)  # fmt: skip
SCALARS = st.sampled_from(["a", "1", "1.5", "-1", "true", "null", "v1", "v3", "sandbox:", "https://h", "http://h",
                           "Project", "reconciler/v1", "decimal", '"{{ x }}"', "[]", "{}", ".inf"])  # fmt: skip


def problems_of(folder):
    try:
        project = load_project(folder)
        for name in project.environments:
            project.environment(name)
    except ProjectError as error:
        return error.problems
    return ()


def flow(children):
    maps = st.dictionaries(NAMES, children, max_size=6).map(
        lambda d: "{" + ", ".join(f"{k}: {v}" for k, v in d.items()) + "}"
    )
    return maps | st.lists(children, max_size=3).map(lambda items: "[" + ", ".join(items) + "]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(NAMES, st.recursive(SCALARS, flow, max_leaves=12), max_size=8), st.booleans())
def test_any_tree_is_a_project_or_problems_with_places(folder, tree, headed):
    head = "apiVersion: reconciler/v1\nkind: Project\nname: acme\n" if headed else ""
    body = "".join(f"{name}: {text}\n" for name, text in tree.items() if not (headed and name + ":" in head))
    (folder / "reconciler.yaml").write_text(head + body, "utf-8")
    problems = problems_of(folder)
    assert all(problem.location for problem in problems)
