"""Examples as a user has them: a copy of the folder, the command line, and a look at the server behind it."""

import json
import shutil
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

import httpx
import pytest
import yaml

from reconciler.__main__ import main
from reconciler.sandbox import Sandbox

EXAMPLES = Path(__file__).parents[2] / "examples"

SECRETS = {
    "HALYARD_STAGING_TOKEN": "staging-token",
    "HALYARD_OPENMETER_TOKEN": "production-token",
    "HALYARD_WEBHOOK_SECRET": "whsec_aGFseWFyZC1oYWx5YXJkLWhhbHlhcmQtMTIzNDU2Nzg=",
    "OPENMETER_STAGING_TOKEN": "staging-token",
    "OPENMETER_TOKEN": "production-token",
    "WAYMARK_OPENMETER_TOKEN": "live-token",
    "WAYMARK_ACCESS_SECRET": "access-secret",
    "WAYMARK_ALERTS_AUTHORIZATION": "Bearer alerts-credential",
}


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


@dataclass
class Example:
    """One example's copy. ``where`` are the options that lead every command to one embedded sandbox."""

    folder: Path
    capture: pytest.CaptureFixture
    where: tuple[str, ...] = ()
    database: str = "sandbox"

    def run(self, *words):
        """Run a command as typed, in the example's folder."""
        self.capture.readouterr()
        code = main(list(words))
        said = self.capture.readouterr()
        return Said(code, said.out, said.err)

    def here(self, command, *options):
        """Run a command against this sandbox; anything but success is the test's failure."""
        said = self.run(command, *self.where, *options)
        assert said.code == 0, said.out + said.err
        return said

    def plan(self):
        """The plan as the plan file has it."""
        return json.loads(self.here("plan", "--format", "json").out)

    def replace(self, file, old, new):
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def declared(self):
        """What is declared: (kind, key) → spec, with every scalar as its text."""
        documents = yaml.load_all(self.here("render").out, Loader=yaml.BaseLoader)
        return {(document["kind"], document["key"]): document["spec"] for document in documents}

    def server(self):
        """The server that the commands spoke to, asked directly."""
        sandbox = Sandbox(self.folder / ".reconciler" / f"{self.database}.db")
        return httpx.Client(base_url="http://sandbox", transport=sandbox.transport())


@pytest.fixture
def example(tmp_path, monkeypatch, capsys):
    """Open a copy of an example, in an environment or on the embedded sandbox that is the default."""
    monkeypatch.setenv("NO_COLOR", "1")

    def open_example(name, environment=None):
        folder = tmp_path / name
        if not folder.exists():
            shutil.copytree(EXAMPLES / name, folder, ignore=shutil.ignore_patterns(".reconciler"))
        monkeypatch.chdir(folder)
        if environment is None:
            return Example(folder, capsys)
        for variable, value in SECRETS.items():
            monkeypatch.setenv(variable, value)
        where = ("-e", environment, "--endpoint", f"sandbox:{environment}")
        return Example(folder, capsys, where, environment)

    return open_example


def missing(declared, live, path=""):
    """What is declared and not so at the server, as sentences. Knows nothing of how the tool compares."""
    if isinstance(declared, dict):
        if not isinstance(live, dict):
            return [f"{path}: declared {declared}, live {live}"]
        return [told for name, value in declared.items() for told in missing(value, live.get(name), f"{path}.{name}")]
    if isinstance(declared, list):
        if not isinstance(live, list) or len(declared) != len(live):
            return [f"{path}: declared {declared}, live {live}"]
        if all(isinstance(value, str) for value in declared):  # a choice of values: their order means nothing
            return [] if sorted(declared) == sorted(live) else [f"{path}: declared {declared}, live {live}"]
        return [
            told
            for index, value in enumerate(declared)
            for told in missing(value, _same_item(value, index, live), f"{path}[{index}]")
        ]
    return [] if _same_scalar(declared, live) else [f"{path}: declared {declared!r}, live {live!r}"]


def _same_item(declared, index, live):
    """The live item of the same key, whatever its place; of the same index where items have no key."""
    if isinstance(declared, dict) and (key := declared.get("key") or declared.get("featureKey")):
        return next((item for item in live if item.get("key") == key), None)
    return live[index]


def _same_scalar(declared, live):
    if live is None or live is False or live is True:
        return declared in {None: ("null", "~", "", "0"), False: ("false",), True: ("true",)}[live]
    try:
        return Decimal(declared) == Decimal(str(live))
    except InvalidOperation:
        return declared == str(live)
