import textwrap

import pytest

from reconciler.errors import ProjectError
from reconciler.project import load_project

HEAD = "apiVersion: reconciler/v1\nkind: Project\nname: acme\n"


@pytest.fixture
def write(tmp_path):
    """Writes files below the project's folder."""

    def _write(**files):
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/").replace("_yaml", ".yaml")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), "utf-8")
        return tmp_path

    return _write


@pytest.fixture
def project(write):
    """A project whose file has this body under its head."""

    def _project(body="", **files):
        return load_project(write(reconciler_yaml=HEAD + textwrap.dedent(body), **files))

    return _project


@pytest.fixture
def refused(project):
    """The problems of such a project as ``line:column rule``, and their messages."""

    def _refused(body, **files):
        with pytest.raises(ProjectError) as caught:
            project(body, **files)
        problems = caught.value.problems
        return [f"{p.location.line}:{p.location.column} {p.rule}" for p in problems], [p.message for p in problems]

    return _refused
