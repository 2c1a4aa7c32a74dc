"""The source is clean: what CI would refuse is refused by `pytest` too, so that one command tells everything."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.source

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent

COMMANDS = {
    "ruff check": ("ruff", "check", "."),
    "ruff format": ("ruff", "format", "--check", "."),
    "mypy --strict": ("mypy",),
    "import contracts": ("lint-imports", "--no-cache"),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_the_source_is_accepted_by(command):
    tool, *arguments = command
    told = subprocess.run([BIN / tool, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


def test_no_file_is_longer_than_400_lines_and_no_function_than_60():
    long = [told for path in sorted((ROOT / "reconciler").rglob("*.py")) for told in too_long(path)]
    assert not long, "\n".join(long)


def too_long(path):
    text, name = path.read_text(encoding="utf-8"), path.relative_to(ROOT)
    lines = text.count("\n")
    if lines > 400:
        yield f"{name}: {lines} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and (size := node.end_lineno - node.lineno + 1) > 60:
            yield f"{name}:{node.lineno}: {node.name} has {size} lines"
