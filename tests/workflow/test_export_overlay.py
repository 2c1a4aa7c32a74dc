"""Any catalogue declared, any other live: with the overlay of an export the environment declares what is live."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import httpx
from hypothesis import HealthCheck, given, settings

from reconciler.backends import open_backend
from reconciler.model import Action, Address, Management
from reconciler.planning.export import Exported
from reconciler.sandbox import Sandbox
from reconciler.workflow import ExportRequest, PlanRequest, export, make_plan, open_context
from reconciler.workflow.documents import document

from ..planning.conftest import World, declare
from .test_export_roundtrip import catalogues

PROJECT = """\
apiVersion: reconciler/v1
kind: Project
name: acme
manifests: [catalog]
environments:
  eu: { endpoint: "sandbox:eu" } # so far
"""


def make_live(root, catalogue):
    (root / ".reconciler").mkdir()
    transport = Sandbox(root / ".reconciler" / "eu.db").transport()
    environment = SimpleNamespace(
        name="eu", endpoint="sandbox:", api="v1", token=None, headers={}, limits=None, identity=None
    )
    backend = open_backend(environment, base=Path(), transport=transport)
    with httpx.Client(transport=transport, base_url="http://sandbox") as client:
        world = World(backend, client)
        made = world.plan(*(declare(kind, key, spec, state=state) for kind, key, spec, state in catalogue))
        assert {result.state for result in world.run(made).results} <= {"done"}
    backend.close()


def make_declared(root, catalogue):
    (root / "reconciler.yaml").write_text(PROJECT)
    (root / "catalog").mkdir()
    for kind, key, spec, state in catalogue:
        said = {name: value for name, value in spec.items() if value != ""}
        item = Exported(Address(kind, key), said, Management(state=state), "")
        (root / "catalog" / f"{kind}_{key}.yaml").write_text(document(item), encoding="utf-8")


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(catalogues(), catalogues())
def test_with_the_overlay_nothing_is_left_to_do_but_what_was_told(base, there):
    with TemporaryDirectory() as folder:
        root = Path(folder)
        make_declared(root, base)
        make_live(root, there)
        before = {path: path.read_bytes() for path in (root / "catalog").iterdir()}
        done = export(open_context(root, environment="eu"), ExportRequest(overlay=True))
        assert {path: path.read_bytes() for path in (root / "catalog").iterdir()} == before
        acceptance = done.revision.acceptance
        told = {left.address for left in acceptance.left} if acceptance else set()
        after = make_plan(open_context(root, environment="eu"), PlanRequest())
        # What was told may take others along: plans that offer or name what differs.
        changes = [change for change in after.changes if change.action not in (Action.ADOPT, Action.NO_CHANGE)]
        assert [change for change in changes if change.address not in told and (change.fields or not told)] == []
