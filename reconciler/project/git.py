"""What git says about the project's folder: the commit, whether anything is uncommitted, files as they once were."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_SECONDS = 10
_SECONDS_READING = 120
_LINK = "120000"
_QUIET = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "--no-pager")
"""Reading a folder runs no program that its repository's settings name."""


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


def uncommitted(root: Path, files: Iterable[str]) -> tuple[str, ...]:
    """Which of these files differ from what is committed, or are in no commit; none outside of a repository."""
    found = (name for name in files if (root / name).exists())
    return tuple(name for name in found if _git(root, "status", "--porcelain", "--", name))


def tracked(top: Path) -> frozenset[str] | None:
    """The files that git knows in a repository, by their paths from its top; None where git has no answer."""
    try:
        found = _run(top, "ls-files", "-z", "--cached", "--recurse-submodules")
    except OSError:
        return None
    return frozenset(os.fsdecode(name) for name in found.split(b"\0") if name)


def top_of(folder: Path) -> Path | None:
    """The folder of the repository that a folder is in; None outside of one, or without git."""
    found = _git(folder, "rev-parse", "--show-toplevel")
    return Path(found) if found else None


def commit_of(folder: Path, revision: str) -> str | None:
    """The full hash of the commit that a revision (hash, branch, tag, ``HEAD~1``) names; None where there is none."""
    if revision.startswith("-"):
        return None
    return _git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}") or None


@dataclass(frozen=True, slots=True)
class Blob:
    """A file of a commit: its path from the top of the repository, and its content; of a link, where it leads."""

    path: PurePosixPath
    content: bytes
    link: bool


def files_of(top: Path, commit: str, wanted: Callable[[PurePosixPath], bool]) -> Iterator[Blob]:
    """The files of a commit that are wanted, and every link.

    Read object by object and not as an archive, which leaves out what ``.gitattributes`` says is not to be exported.
    Raises ``OSError`` where git does not give them.
    """
    found: list[tuple[PurePosixPath, str, bool]] = []
    for line in filter(None, _run(top, "ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0")):
        facts, _, name = line.partition(b"\t")
        mode, kind, object_id = facts.decode().split()
        path = PurePosixPath(os.fsdecode(name))
        if kind == "blob" and (mode == _LINK or wanted(path)):
            found.append((path, object_id, mode == _LINK))
    answer = _run(top, "cat-file", "--batch", given="".join(f"{object_id}\n" for _, object_id, _ in found).encode())
    at = 0
    for path, object_id, link in found:
        head, _, size = answer[at : answer.index(b"\n", at)].rpartition(b" ")
        if not head.endswith(b" blob"):
            raise OSError(f"git has no content for {path} ({object_id})")
        start = at + len(head) + 1 + len(size) + 1
        at = start + int(size) + 1
        yield Blob(path, answer[start : at - 1], link)


def _git(root: Path, *arguments: str) -> str | None:
    try:
        return _run(root, *arguments, seconds=_SECONDS).decode("utf-8", "replace").strip()
    except OSError:
        return None


def _run(root: Path, *arguments: str, given: bytes | None = None, seconds: int = _SECONDS_READING) -> bytes:
    """What git prints. Raises ``OSError`` where there is no git, it fails or takes too long."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments, no shell
            ("git", *_QUIET, "-C", str(root), *arguments),  # noqa: S607 - whichever git the user has
            capture_output=True,
            input=given,
            timeout=seconds,
            check=False,
            # A reading command must not take the repository's lock away from somebody else.
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
        )
    except subprocess.SubprocessError as error:
        raise OSError(f"git {arguments[0]} did not answer") from error
    if done.returncode != 0:
        raise OSError(f"git {arguments[0]} failed")
    return done.stdout
