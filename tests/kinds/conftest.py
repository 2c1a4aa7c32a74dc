"""Objects written as manifests, and a catalogue to check them in: no files are read but those beside the tests."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from reconciler.kinds.registry import KINDS

HERE = Path(__file__).parent


class Exact(yaml.CSafeLoader):
    """YAML whose numbers are exact, as manifests are read."""


Exact.add_constructor(
    "tag:yaml.org,2002:float", lambda loader, node: Decimal(str(loader.construct_scalar(node)).replace("_", ""))
)


def read(text: str) -> list[dict]:
    return [document for document in yaml.load_all(text, Exact) if document is not None]


def examples(kind_name: str) -> list[dict]:
    """The specs that a kind must carry both ways: its example, and the fullest ones written for these tests."""
    kind, extra = KINDS[kind_name], HERE / "maximal" / f"{kind_name}.yaml"
    (example,) = read(kind.example)
    return [example, *(read(extra.read_text()) if extra.exists() else [])]


class Declared:
    """The catalogue that rules ask: what some documents declare."""

    def __init__(self, documents=()):
        self.documents = {(item["kind"], item["key"]): item for item in documents}

    def spec(self, kind, key):
        found = self.documents.get((kind, key))
        return KINDS[kind].spec.model_validate(found["spec"]) if found and "spec" in found else None

    def state(self, kind, key):
        found = self.documents.get((kind, key))
        return found.get("lifecycle", {}).get("state", "active") if found else None

    def keys(self, kind):
        return [key for found, key in self.documents if found == kind]


@pytest.fixture
def check():
    """Every finding of one spec of a kind; ``beside`` are the documents declared with it."""

    def run(kind_name, spec, *beside, key="it"):
        kind = KINDS[kind_name]
        own = {"kind": kind_name, "key": key, "spec": spec}
        return list(kind.check(key, kind.spec.model_validate(spec), Declared([*beside, own])))

    return run
