"""What git says about the project's folder, for the plan file: the commit, and whether anything is uncommitted."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

_SECONDS = 10


@dataclass(frozen=True, slots=True)
class GitFacts:
    """The commit checked out, and whether the folder differs from it. Both None where git has no answer."""

    commit: str | None = None
    dirty: bool | None = None


def git_facts(root: Path) -> GitFacts:
    """Ask the git command about a folder. No git, no repository or no commit yet is no error."""
    commit = _git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    if not commit:
        return GitFacts()
    changes = _git(root, "status", "--porcelain", "--", ".")
    return GitFacts(commit, None if changes is None else bool(changes))


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments, no shell
            ("git", "-C", str(root), *arguments),  # noqa: S607 - whichever git the user has
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            # A reading command must not take the repository's lock away from somebody else.
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None
