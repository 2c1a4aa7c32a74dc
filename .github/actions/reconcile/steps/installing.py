"""The install step: reconciler in an environment of its own, so that the caller's Python stays as it is."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from inputs import InputError, Inputs

ROOT = Path(__file__).resolve().parents[4]
"""The repository that this action is a part of, at the commit that the workflow names."""
LOCK = Path(__file__).resolve().parents[1] / "requirements.txt"
_PASSED = ("HOME", "LANG", "PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "USERPROFILE")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE")


def install(given: Inputs) -> int:
    """Make the environment, unless a step before has made the same one; 1 where that fails."""
    target = home(given)
    done = target / "installed"
    if done.exists():
        print(f"reconciler is installed in {target}", flush=True)
        return 0
    try:
        for line in _commands(target, given.version):
            subprocess.run(line, check=True, env=_environment())
    except (subprocess.CalledProcessError, OSError) as error:
        print(f"::error title=reconciler::it could not be installed: {error}", flush=True)
        return 1
    done.touch()
    return 0


def home(given: Inputs) -> Path:
    """Where it is installed: a folder for each version, within what the runner empties after the job."""
    return Path(os.environ["RUNNER_TEMP"], "reconciler", "venv", given.version or "source")


def python(target: Path) -> Path:
    """The interpreter that has reconciler."""
    return target / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _commands(target: Path, version: str) -> list[list[str]]:
    """What is run. Every file of the locked install is compared with a hash that stands in this repository."""
    pip = [str(python(target)), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    venv = [sys.executable, "-I", "-m", "venv", str(target)]
    locked = [*pip, "--require-hashes", "--only-binary", ":all:", "--requirement", str(LOCK)]
    if not version:
        return [venv, locked, [*pip, "--no-deps", "--no-build-isolation", str(ROOT)]]
    if set(version) - set("0123456789abcdefghijklmnopqrstuvwxyz.+!-"):
        raise InputError(f"`version` is `{version}`; it takes one version, such as {own_version()}")
    wanted = f"openmeter-reconciler=={version}"
    if version == own_version():
        return [venv, locked, [*pip, "--no-deps", "--only-binary", ":all:", wanted]]
    return [venv, [*pip, "--only-binary", ":all:", wanted]]


def own_version() -> str:
    """The version of the commit that the action is used at."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def _environment() -> dict[str, str]:
    """What pip needs, and none of the secrets that the job has for the command."""
    passed = {*_PASSED, *_PROXIES}
    return {name: text for name, text in os.environ.items() if name.upper() in passed or name.startswith("PIP_")}
