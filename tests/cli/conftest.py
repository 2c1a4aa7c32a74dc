from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from reconciler.__main__ import main
from reconciler.sandbox import Sandbox
from reconciler.sandbox.serve import serving

_WITH_A_CLOCK = ("approved", "judging", "promoting", "snapshots")
"""Further modules of the workflow that ask for the time."""
PROJECT = """\
apiVersion: reconciler/v1
kind: Project
name: acme
manifests: [catalog]
environments:
  sandbox: { endpoint: "sandbox:" }
  staging: { endpoint: "https://openmeter.invalid", token: { env: STAGING_TOKEN } }
"""
METER = """\
apiVersion: openmeter.io/v1
kind: Meter
key: tokens
spec:
  name: Tokens
  eventType: prompt
  aggregation: SUM
  valueProperty: $.tokens
"""
FEATURE = """\
apiVersion: openmeter.io/v1
kind: Feature
key: tokens
spec:
  name: Tokens
  meterSlug: tokens
"""


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def _plain(monkeypatch, tmp_path):
    for name in ("CI", "NO_COLOR", "FORCE_COLOR", "RECONCILER_DEBUG", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(capsys):
    """Run a command line in this process: exit code, stdout, stderr."""

    def call(*args):
        code = main([str(arg) for arg in args])
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return call


@pytest.fixture
def project(tmp_path):
    """A project of a meter and a feature on the embedded sandbox."""
    (tmp_path / "reconciler.yaml").write_text(PROJECT)
    catalog = tmp_path / "catalog"
    catalog.mkdir()
    (catalog / "meters.yaml").write_text(METER)
    (catalog / "features.yaml").write_text(FEATURE)
    return tmp_path


@dataclass
class Clock:
    """The time of the workflow and, where they are given it, of sandboxes."""

    moment: datetime = datetime(2026, 12, 1, 12, tzinfo=UTC)

    def __call__(self):
        return self.moment

    def to(self, *parts):
        """Make it the beginning of a day, or a time of it."""
        self.moment = datetime(*parts, tzinfo=UTC)

    def wait(self, **parts):
        self.moment += timedelta(**parts)


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is told otherwise."""
    found = Clock()
    for name in ("context", "plans", "applying", *_WITH_A_CLOCK):
        monkeypatch.setattr(f"reconciler.workflow.{name}.now", found)
    return found


class Served:
    """A sandbox on a port, as a server of somebody else's, and a project that has it as its environment ``live``.

    On it every consent is needed, as on any real server.
    """

    def __init__(self, root, url, sandbox):
        self.root, self.url, self.sandbox = root, url, sandbox
        self._http = httpx.Client(base_url=f"{url}/api/v1/", transport=sandbox.transport())
        self.project()

    def project(self, live="", top=""):
        """Write the project file; ``live`` are further fields of the environment, ``top`` of the project."""
        (self.root / "reconciler.yaml").write_text(
            f"apiVersion: reconciler/v1\nkind: Project\nname: acme\nmanifests: [catalog]\n{top}\n"
            f"defaultEnvironment: live\nenvironments:\n  live: {{ endpoint: '{self.url}', {live} }}\n"
        )
        return self

    def declare(self, *documents):
        """Make these the whole catalogue: (kind, key, spec or None, lifecycle or nothing)."""
        folder = self.root / "catalog"
        folder.mkdir(exist_ok=True)
        lines = [document if isinstance(document, str) else _document(*document) for document in documents]
        (folder / "all.yaml").write_text("---\n".join(lines))
        return self

    def send(self, method, path, body=None):
        """What somebody else does, past the reconciler."""
        answer = self._http.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else {}

    def items(self, path):
        found = self.send("GET", path)
        return found if isinstance(found, list) else found["items"]

    def everything(self):
        """All that a write could change, for comparing before and after."""
        lists = ("meters", "features", "plans", "addons", "notification/channels", "notification/rules")
        return {path: self.items(path) for path in (*lists, "billing/profiles")}


def _document(kind, key, spec=None, lifecycle=None):
    tree = {"apiVersion": "openmeter.io/v1", "kind": kind, "key": key}
    tree |= {"spec": spec} if spec is not None else {}
    tree |= {"lifecycle": lifecycle} if lifecycle else {}
    return json.dumps(tree) + "\n"


@pytest.fixture
def live(tmp_path):
    """A served sandbox and a project on it; nothing is declared yet."""
    sandbox = Sandbox(":memory:")
    with serving(sandbox) as server:
        yield Served(tmp_path, server.url, sandbox).declare()


PAIR = """\
apiVersion: reconciler/v1
kind: Project
name: acme
manifests: [catalog]
defaultEnvironment: staging
variables: {{ fee: {{ type: decimal, default: "20" }} }}
environments:
  # where everything is tried
  staging:
    endpoint: {staging}   # the small one
    vars: {{ fee: "1" }}
  production:
    endpoint: {production}
    promotesFrom: staging
"""


class Pair:
    """Two servers, each a namespace of its own, and a project that has them as ``staging`` and ``production``."""

    def __init__(self, root, staging, production):
        self.root = root
        self.staging, self.production = staging, production
        self.text = PAIR.format(staging=staging.url, production=production.url)
        self.project()
        (root / "catalog").mkdir(exist_ok=True)

    def project(self, more=""):
        """Write the project file with further lines under ``environments``."""
        (self.root / "reconciler.yaml").write_text(self.text + more)

    def declare(self, *documents):
        """Make these the whole catalogue."""
        lines = [document if isinstance(document, str) else _document(*document) for document in documents]
        (self.root / "catalog" / "all.yaml").write_text("---\n".join(lines))


class Server:
    """One served sandbox: its address, what somebody else does there, and the requests that reached it."""

    def __init__(self, url, sandbox):
        self.url, self.sandbox = url, sandbox
        self.http = httpx.Client(base_url=f"{url}/api/v1/", transport=sandbox.transport())

    def send(self, method, path, body=None):
        """What somebody else does, past the reconciler."""
        answer = self.http.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else {}

    def items(self, path):
        found = self.send("GET", path)
        return found if isinstance(found, list) else found["items"]

    @property
    def identity(self):
        """The id of the oldest billing profile."""
        return min(self.items("billing/profiles"), key=lambda profile: profile["createdAt"])["id"]


@pytest.fixture
def pair(tmp_path):
    """Two served sandboxes and a project over both."""
    one, other = Sandbox(":memory:"), Sandbox(":memory:")
    with serving(one) as staging, serving(other) as production:
        yield Pair(tmp_path, Server(staging.url, one), Server(production.url, other))
    one.close()
    other.close()
