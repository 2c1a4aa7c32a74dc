"""Running reconciler, and handing results to the next step."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

from inputs import Inputs, escaped
from installing import home, python

Words = list[str | Path]
_OURS = ("INPUTS", "PYTHON", "LINK", "FOLDER", "EXIT_CODE")
_READING = ("validate", "plan", "drift", "snapshot")
_TOKENS = ("GITHUB_TOKEN", "GH_TOKEN")


@dataclass(frozen=True, slots=True)
class Tool:
    """The installed reconciler, run as a child; isolated, so that no file of the checkout stands in for a library."""

    given: Inputs

    def command(self, *words: str | Path, out: Path | None = None) -> int:
        """Run a command that works on the catalogue, and give its exit code.

        It does not get GitHub's token, and nothing that it prints is taken for a workflow command.
        """
        hidden = {*_OURS, *_TOKENS}
        environment = {name: value for name, value in os.environ.items() if name not in hidden}
        if self.given.command in _READING:
            environment["RECONCILER_READ_ONLY"] = "1"
        with _quoted():
            return self._run(words, environment, out)

    def log(self, text: str) -> None:
        """Print what a command has written into a file."""
        with _quoted():
            print(text, flush=True)

    def ci(self, *words: str | Path) -> int:
        """Run a command that speaks to GitHub. Its exit code."""
        environment = {name: value for name, value in os.environ.items() if name not in _OURS}
        return self._run(("ci", *words), environment | {"GITHUB_TOKEN": self.given.token}, None)

    def tell(self, *words: str | Path) -> None:
        """Tell GitHub something. Where that fails there is a warning, and nothing else changes."""
        if code := self.ci(*words):
            warn(f"`reconciler ci {words[0]}` ended with {code}; its message stands in the log")

    def _run(self, words: Sequence[str | Path], environment: dict[str, str], out: Path | None) -> int:
        line = [str(python(home(self.given))), "-I", "-m", "reconciler", *map(str, words)]
        print(f"[command]reconciler {shlex.join(line[4:])}".replace("\n", " "), flush=True)
        if out is None:
            return subprocess.run(line, cwd=self.given.folder, env=environment, check=False).returncode
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("wb") as file:
            return subprocess.run(line, cwd=self.given.folder, env=environment, stdout=file, check=False).returncode


@contextmanager
def _quoted() -> Iterator[None]:
    """What is printed meanwhile is never taken for a workflow command."""
    word = token_hex(16)
    print(f"::stop-commands::{word}", flush=True)
    try:
        yield
    finally:
        print(f"::{word}::", flush=True)


def output(**values: str | int) -> None:
    """Outputs of this step. Values are ours, never a server's or a manifest's, and hold one line each."""
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        for name, value in values.items():
            assert "\n" not in str(value), name
            file.write(f"{name.replace('_', '-')}={value}\n")


def event() -> dict[str, Any]:
    """What set the workflow off; empty where GitHub says nothing."""
    path = os.environ.get("GITHUB_EVENT_PATH", "")
    found: Any = json.loads(Path(path).read_text(encoding="utf-8")) if path and Path(path).is_file() else {}
    return found if isinstance(found, dict) else {}


def head() -> str:
    """The commit that is talked about: of a pull request its head, not the merge that was checked out."""
    pull: Any = event().get("pull_request") or {}
    return str(pull.get("head", {}).get("sha") or os.environ["GITHUB_SHA"])


def warn(text: str) -> None:
    """A warning on the run's page."""
    print(f"::warning title=reconciler::{escaped(text)}", flush=True)
