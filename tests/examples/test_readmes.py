"""Every console block of an example's README is run, in order, and prints what the README says."""

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.__main__ import main

from .conftest import EXAMPLES

READMES = sorted(path.parent.name for path in EXAMPLES.glob("*/README.md"))
CHANGING = [
    (re.compile(r"\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b"), "<id>"),
    (re.compile(r"\b\d+\.\d\d? s\b"), "<seconds> s"),
    (re.compile(r"\b\d+ requests?\b"), "<n> requests"),
    (re.compile(r"  git [0-9a-f]+ (clean|dirty)"), ""),
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{10,64}\b"), "<digest>"),
    (re.compile(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "<instant>"),
]


def sessions(text):
    """The commands of all console blocks, each with the lines that it is said to print."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def masked(text):
    for pattern, name in CHANGING:
        text = pattern.sub(name, text)
    return text.rstrip()


def as_pattern(lines):
    """The printed lines as a pattern; a line `…` stands for any number of lines."""
    parts = [r"(?:.*\n)*" if line == "…" else re.escape(masked(line)) + r"[ \t]*\n" for line in lines]
    return re.compile("".join(parts))


def run(command, folder):
    """What a command prints, both streams as a terminal would show them."""
    if not re.fullmatch(r"reconciler [^|>&]*", command):
        environment = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
        told = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return told.stdout
    screen = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(screen), contextlib.redirect_stderr(screen):
        main(shlex.split(command)[1:])
    return screen.buffer.getvalue().decode("utf-8")


@pytest.mark.parametrize("name", READMES)
def test_an_examples_readme_prints_what_it_says(name, tmp_path, monkeypatch):
    folder = tmp_path / name
    shutil.copytree(EXAMPLES / name, folder, ignore=shutil.ignore_patterns(".reconciler"))
    monkeypatch.chdir(folder)
    for variable in ("COLUMNS", "FORCE_COLOR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    commands = sessions((folder / "README.md").read_text(encoding="utf-8"))
    assert len(commands) > 4
    for command, lines in commands:
        printed = run(command, folder)
        text = "".join(f"{masked(line)}\n" for line in printed.splitlines())
        assert as_pattern(lines).fullmatch(text), f"$ {command}\n{printed}\n--- the README says\n" + "\n".join(lines)


def test_every_example_has_a_readme():
    assert [path.name for path in sorted(EXAMPLES.iterdir()) if path.is_dir()] == READMES
