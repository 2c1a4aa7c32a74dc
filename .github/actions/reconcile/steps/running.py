"""The step that does what was asked for. It always ends well: the command's exit code is an output, told at the end."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import trusted
from inputs import Inputs
from tool import Tool, Words, head, output

_FROM_ARTIFACT = "artifact"
SNAPSHOTS = "reconciler-snapshots"


@dataclass(frozen=True, slots=True)
class Run:
    """One command, with the folder that everything it writes goes to."""

    given: Inputs
    tool: Tool
    folder: Path

    @property
    def where(self) -> Words:
        """The project and the environments, as every command takes them."""
        project: Words = ["--project", self.given.project] if self.given.project else []
        return [*project, "-e", self.given.environment]

    @property
    def consent(self) -> list[str]:
        """What the workflow itself consents to."""
        return [word for code in self.given.allow for word in ("--allow", code)]

    def file(self, name: str) -> Path:
        """A file of the results, with its folder made."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def run(given: Inputs) -> int:
    """Run the command and write down how it ended; 0 whatever came of it. Raises ``InputError``."""
    folder = Path(mkdtemp(prefix=f"{given.command}-", dir=_base()))
    output(folder=str(folder), artifact=artifact_name(given))
    this = Run(given, Tool(given), folder)
    code = _COMMANDS[given.command](this)
    for plan in sorted(folder.glob("plans/*.plan")):
        this.tool.command("show", "--plan", plan, "--format", "html", out=plan.with_suffix(".html"))
    written = any(path.is_file() for path in folder.rglob("*"))
    output(exit_code=code, upload="true" if written and given.artifact else "false")
    return 0


def artifact_name(given: Inputs) -> str:
    """The name of the uploads; ``ci approval`` looks for that of a plan, ``ci artifact`` for that of a snapshot."""
    environments = re.sub(r"[^A-Za-z0-9_.-]+", "-", given.environment).strip("-") or "all"
    if given.command == "plan":
        return f"reconciler-plans-{environments}-{head()}"
    return SNAPSHOTS if given.command == "snapshot" else f"reconciler-{given.command}-{environments}"


def _base() -> Path:
    base = Path(os.environ["RUNNER_TEMP"], "reconciler")
    base.mkdir(parents=True, exist_ok=True)
    return base


def _validate(this: Run) -> int:
    out: Words = ["--summary", this.file("summary.json")]
    code = this.tool.command("validate", *_checked(this), *out, *this.given.arguments)
    _problems(this, *this.given.arguments)
    return code


def _problems(this: Run, *arguments: str | Path) -> None:
    """Every problem of the manifests as a file, for the annotations of their lines."""
    file = this.file("problems.json")
    this.tool.command("validate", *_checked(this), *arguments, "--format", "json", out=file)


def _checked(this: Run) -> Words:
    """What `validate` looks at; without a name it takes the base too."""
    return this.where[:-2] if this.given.environment == "*" else this.where


def _plan(this: Run) -> int:
    words = _trusted(this)
    if this.given.comment:
        this.tool.tell("comment", "--state", "stale")
    _problems(this, *words)  # without them a message could hold lines of any file that a manifest names
    if this.given.snapshot:
        code, snapshot = _snapshot(this)
        if code:
            return code
        words += ["--from-snapshot", snapshot]
    out: Words = ["-o", this.file("plans/{env}.plan"), "--summary", this.file("summary.json")]
    return this.tool.command("plan", *this.where, *words, *this.consent, *out, *this.given.arguments)


def _trusted(this: Run) -> Words:
    """What judges a pull request, before its merge and after it; nothing elsewhere. Raises ``InputError``."""
    judge = trusted.project(this.given, Path(mkdtemp(prefix="trusted-", dir=_base())))
    return ["--trusted-project", judge] if judge else []


def _snapshot(this: Run) -> tuple[int, str]:
    """The snapshots to plan against, as a path with ``{env}``, and the exit code of fetching them."""
    if this.given.snapshot != _FROM_ARTIFACT:
        return 0, this.given.snapshot
    folder = Path(mkdtemp(prefix="snapshots-", dir=_base()))
    code = this.tool.ci("artifact", "--name", SNAPSHOTS, "-o", f"{folder}/")
    return code, str(folder / "{env}.json")


def _apply(this: Run) -> int:
    given = this.given
    summary: Words = ["--summary", this.file("summary.json")]
    words: Words = ["--auto-approve", *this.consent]
    judge = _trusted(this)
    if given.approved:
        plan, consents = this.file(f"plans/{given.environment}.plan"), this.file("consents.json")
        project: Words = ["--project", given.project] if given.project else []
        asked: Words = [*project, "-e", given.environment, "--approvals", given.approvals]
        if code := this.tool.ci("approval", *asked, "-o", plan, "--consents", consents, *summary):
            return code
        words += ["--approved", plan, "--consents", consents]
    elif given.plan:
        words = ["--plan", given.plan]
    words += judge
    if given.comment:
        this.tool.tell("comment", "--state", "applying", "-e", given.environment)
    return this.tool.command(
        "apply", *this.where, *words, "--report", this.file("report.json"), *summary, *given.arguments
    )


def _drift(this: Run) -> int:
    out: Words = ["-o", this.file("drift/{env}.json"), "--summary", this.file("summary.json")]
    page = this.file("drift.md")
    code = this.tool.command("drift", *this.where, *out, *this.given.arguments, "--format", "markdown", out=page)
    this.tool.log(page.read_text(encoding="utf-8"))
    return code


def _promote(this: Run) -> int:
    given = this.given
    words: Words = ["--project", given.project] if given.project else []
    words += [*_trusted(this), "--to", given.environment, *this.consent]
    out: Words = ["--auto-approve", "--report", this.file("report.json")]
    if given.only_plan:
        out = ["-o", this.file(f"plans/{given.environment}.plan")]
    return this.tool.command("promote", *words, *out, "--summary", this.file("summary.json"), *given.arguments)


def _take_snapshot(this: Run) -> int:
    return this.tool.command("snapshot", *this.where, "-o", this.file("{env}.json"), *this.given.arguments)


_COMMANDS: dict[str, Callable[[Run], int]] = {
    "validate": _validate,
    "plan": _plan,
    "apply": _apply,
    "drift": _drift,
    "promote": _promote,
    "snapshot": _take_snapshot,
}
