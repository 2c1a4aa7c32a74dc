import textwrap

import pytest

from reconciler import manifest
from reconciler.errors import ManifestError
from reconciler.project import load_project

HEAD = "apiVersion: reconciler/v1\nkind: Project\nname: acme\n"
METER = "apiVersion: openmeter.io/v1\nkind: Meter\nkey: tokens\nspec: {eventType: a, aggregation: COUNT}\n"


def file_name(name):
    return name.replace("__", "/").removesuffix("_yaml") + ".yaml" if "." not in name else name


class Catalogue:
    """A project in a temporary folder, with what the manifest room makes of it."""

    def __init__(self, root):
        self.root = root

    def write(self, **files):
        for name, text in files.items():
            path = self.root / file_name(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())
        return self

    def project(self, body=""):
        self.write(reconciler_yaml=HEAD + textwrap.dedent(body))
        return self

    def load(self, environment=None, *, paths=()):
        project = load_project(self.root)
        return manifest.load(project, project.environment(environment), paths=tuple(self.root / p for p in paths))

    def specs(self, environment=None):
        return {str(address): r.spec for address, r in self.load(environment).resources.items()}

    def check(self, environment=None):
        project = load_project(self.root)
        chosen = project.environment(environment) if environment else None
        return manifest.check(project, chosen)

    def problems(self, environment=None):
        """As ``file:line:column rule``."""
        return [f"{p.location} {p.rule}" for p in self.check(environment)]

    def refusal(self, environment=None):
        with pytest.raises(ManifestError) as caught:
            self.load(environment)
        return caught.value.problems


@pytest.fixture
def catalogue(tmp_path):
    return Catalogue(tmp_path)


@pytest.fixture
def meter():
    return METER
