from __future__ import annotations

from dataclasses import dataclass

import pytest

from reconciler.__main__ import main

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
