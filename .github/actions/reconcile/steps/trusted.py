"""The project file that judges a pull request, also after its merge: that of the branch it goes to, never its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path, PurePosixPath

from inputs import InputError, Inputs
from tool import event

_NAMES = ("reconciler.yaml", "reconciler.yml")
_FILES = ("100644", "100755")


def project(given: Inputs, target: Path) -> Path | None:
    """The trusted project file; None where the checkout itself is trusted. Raises ``InputError``.

    ``target`` is an empty folder; the file goes there with the ``environments/`` beside it, at their places in the
    repository. Where the branch has no project file nothing is trusted, and that is an error.
    """
    if given.trusted_project:
        return given.folder / given.trusted_project
    revision = given.trusted_ref or _revision(given)
    if not revision:
        return None
    git = _Git(given.folder)
    commit = git.commit(revision)
    if not given.trusted_ref:
        _require_past(given, git, commit)
    name = _project_file(given, git, commit)
    environments = str(PurePosixPath(name).parent / "environments") + "/"
    for path, blob in git.files(commit):
        if path == name or path.startswith(environments.removeprefix("./")):
            file = target / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(git.content(blob))
    return target / name


def _revision(given: Inputs) -> str:
    """What judges where nobody says: what a pull request goes to, and what it was merged into; else empty."""
    if given.command == "apply":
        return _before_push() if given.approved else ""
    base = os.environ.get("GITHUB_BASE_REF", "")
    return f"refs/remotes/origin/{base}" if base else ""


def _require_past(given: Inputs, git: _Git, commit: str) -> None:
    """What was before a push has to be a part of what is there now: a branch that was rewritten has no past."""
    if given.command == "apply" and not git.has(commit):
        raise InputError(
            f"{commit[:12]}, where the branch was before this push, is no part of it any more, so that nothing says "
            "which policy holds; run the workflow by hand, where the checkout itself is trusted"
        )


def _before_push() -> str:
    """Where the branch was before what was pushed; empty where nothing was, and for a new branch."""
    found = event().get("before") if os.environ.get("GITHUB_EVENT_NAME") == "push" else None
    return found if isinstance(found, str) and found.strip("0") else ""


def _project_file(given: Inputs, git: _Git, commit: str) -> str:
    """The path of the project file in the repository: as in the checkout, found as reconciler finds it."""
    files = {path for path, _ in git.files(commit)}
    here = git.prefix()
    if given.project:
        wanted = [os.path.normpath(here / given.project)]
    else:
        wanted = [str(folder / name) for folder in (here, *here.parents) for name in _NAMES]
    for path in (PurePosixPath(path).as_posix() for path in wanted):
        if path in files:
            return path
    raise InputError(
        f"{commit[:12]}, which is trusted, has no project file {given.project or _NAMES[0]}; "
        "merge one first: it says where the tokens go, so it cannot come from a pull request"
    )


class _Git:
    """Git as a reader: no hook, no filter, no textconv, nothing that the checked-out files configure."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def commit(self, revision: str) -> str:
        """The commit of a revision."""
        try:
            return self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").strip()
        except subprocess.CalledProcessError:
            raise InputError(
                f"the checkout has no `{revision}` to take the project file from; "
                "give actions/checkout `fetch-depth: 0`, or name another revision as `trusted-ref`"
            ) from None

    def has(self, commit: str) -> bool:
        """Whether a commit is part of what is checked out."""
        try:
            self._run("merge-base", "--is-ancestor", commit, "HEAD")
        except subprocess.CalledProcessError:
            return False
        return True

    def prefix(self) -> PurePosixPath:
        """The working directory, from the root of the repository."""
        return PurePosixPath(self._run("rev-parse", "--show-prefix").strip() or ".")

    def files(self, commit: str) -> list[tuple[str, str]]:
        """Every regular file of a commit with its blob; symbolic links and submodules are left out."""
        rows = self._run("ls-tree", "-r", "-z", "--full-tree", commit).split("\0")
        found = [row.partition("\t") for row in rows if row]
        return [(path, facts.split()[2]) for facts, _, path in found if facts.split()[0] in _FILES]

    def content(self, blob: str) -> bytes:
        """The bytes of a blob, as committed."""
        return self._bytes("cat-file", "blob", blob)

    def _run(self, *words: str) -> str:
        return self._bytes(*words).decode("utf-8")

    def _bytes(self, *words: str) -> bytes:
        line = ["git", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", *words]
        return subprocess.run(line, cwd=self.folder, check=True, capture_output=True).stdout
