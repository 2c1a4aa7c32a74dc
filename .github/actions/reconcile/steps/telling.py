"""The step that tells people: summary, annotations, the pull request's comment, the issue of a drift.

Telling is not doing: what cannot be told is a warning, and the run ends as the command ended.
"""

from __future__ import annotations

import os
from pathlib import Path

from inputs import Inputs
from tool import Tool, Words

_STATES = {"plan": "planned", "apply": "applied"}
_FAILED = "failed"


def tell(given: Inputs) -> int:
    """Tell what the folder holds; 0 whatever of it was possible."""
    tool, folder = Tool(given), Path(os.environ["FOLDER"])
    files = _files(folder)
    if given.command != "snapshot":
        tool.tell("summary", *files)
    tool.tell("annotate", *_named("--plan", folder, "plans/*.plan"), *_named("--problems", folder, "problems.json"))
    if given.comment and (state := _state(given.command)):
        link = ["--link", os.environ["LINK"]] if os.environ["LINK"] else []
        tool.tell("comment", "--state", state, *files, *link)
    if given.command == "drift" and given.issue:
        for found in sorted(folder.glob("drift/*.json")):
            tool.tell("issue", "--drift", found)
    return 0


def _files(folder: Path) -> Words:
    return [
        *_named("--plan", folder, "plans/*.plan"),
        *_named("--report", folder, "report.json"),
        *_named("--summary", folder, "summary.json"),
    ]


def _named(option: str, folder: Path, pattern: str) -> Words:
    return [word for path in sorted(folder.glob(pattern)) for word in (option, path)]


def _state(command: str) -> str | None:
    """What the comment is to say; None where the command has no part in a pull request's life."""
    if command not in _STATES:
        return None
    return _STATES[command] if os.environ["EXIT_CODE"] == "0" else _FAILED
