"""The step that tells people: summary, annotations, the pull request's comment, the issue of a drift.

Telling is not doing: what cannot be told is a warning, and the run ends as the command ended.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from inputs import Inputs
from tool import Tool, Words, output

_LONGEST = 1_000_000
"""Bytes of a page; GitHub takes 1 MiB of a step."""


def tell(given: Inputs) -> int:
    """Tell what the folder holds; 0 whatever of it was possible."""
    tool, folder = Tool(given), Path(os.environ["FOLDER"])
    files = _files(folder)
    if given.command == "drift":
        _drift(folder)
    elif given.command != "snapshot":
        checked = _problems(folder) if given.command == "validate" else []
        tool.tell("summary", *(checked or files))
    if given.command == "validate":
        output(failure_reason=_reason(folder))  # problems of what all environments share are none of one of them
    if _killed(os.environ["EXIT_CODE"]):
        output(failure_reason="interrupted")  # by then it had no chance to write a summary
    if given.command in ("validate", "plan"):
        tool.tell("annotate", *_named("--plan", folder, "plans/*.plan"), *_problems(folder))
    if given.comment and (state := _state(given.command)):
        link = ["--link", os.environ["LINK"]] if os.environ["LINK"] else []
        named = [word for name in given.named for word in ("-e", name)]
        tool.tell("comment", "--state", state, *named, *files, *link)
    if given.command == "drift" and given.issue:
        for found in sorted(folder.glob("drift/*.json")):
            tool.tell("issue", "--drift", found)
    return 0


def _reason(folder: Path) -> str:
    """Why the run as a whole failed, as its summary has it."""
    summary = folder / "summary.json"
    return (json.loads(summary.read_text(encoding="utf-8"))["reason"] or "") if summary.is_file() else ""


def _killed(code: str) -> bool:
    """Whether a signal ended the command, itself or its shell: Python tells it as -9, shells as 137."""
    return code.startswith("-") or (code.isdigit() and int(code) > 128)


def _drift(folder: Path) -> None:
    """The page of the job, and the outputs that a drift has: how many objects differ, and why it could not be told."""
    page, summary = folder / "drift.md", folder / "summary.json"
    if page.is_file():
        with Path(os.environ["GITHUB_STEP_SUMMARY"]).open("ab") as file:
            file.write(page.read_bytes()[:_LONGEST])
    found = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("drift/*.json")]
    ended = json.loads(summary.read_text(encoding="utf-8"))["environments"] if summary.is_file() else []
    reasons = [one["reason"] for one in ended if one["reason"]]
    output(changes=sum(len(one["objects"]) for one in found), failure_reason=reasons[0] if reasons else "")


def _files(folder: Path) -> Words:
    """What was made. A summary alone is of something that failed; where nothing did there was nothing to make."""
    made = [*_named("--plan", folder, "plans/*.plan"), *_named("--report", folder, "report.json")]
    if not made and os.environ["EXIT_CODE"] == "0":
        return []
    return [*made, *_named("--summary", folder, "summary.json")]


def _problems(folder: Path) -> Words:
    """The problems of files, unless the check was refused before it could print any."""
    file = folder / "problems.json"
    return ["--problems", file] if file.is_file() and file.stat().st_size else []


def _named(option: str, folder: Path, pattern: str) -> Words:
    return [word for path in sorted(folder.glob(pattern)) for word in (option, path)]


def _state(command: str) -> str | None:
    """What the comment is to say; None where the command has no part in a pull request's life.

    Of a plan it is the same whatever the exit code: each environment that has none is shown as failed by itself. A
    plan that was cut off has nothing to say, for a later run is why. An apply that was cut off has failed.
    """
    if command == "plan":
        return "planned" if os.environ["EXIT_CODE"] else None
    if command == "apply":
        return "applied" if os.environ["EXIT_CODE"] == "0" else "failed"
    return None
