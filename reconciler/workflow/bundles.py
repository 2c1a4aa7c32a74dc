"""Bundles of a project: made of the manifests at hand or of a revision, found by their digest, put into a context.

Git is where bundles are kept: a commit makes the same bundle whenever it is asked. Where git's history is not at hand
(a shallow clone, another machine), a bundle is a file, given by its path or committed as ``bundles/sha256-….json``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import BundleError, InputError, ProjectError, UsageError
from reconciler.model import Problem
from reconciler.workflow.context import Context, now
from reconciler.workflow.revisions import at_revision, is_revision

if TYPE_CHECKING:
    from reconciler.model import Severity
    from reconciler.project import Bundle, BundleReference


def bundle_of(context: Context) -> Bundle:
    """The bundle of the manifests at hand. Raises ``ManifestError`` or ``ProjectError`` where they cannot be read."""
    from reconciler.manifest import contents
    from reconciler.project import git_facts
    from reconciler.project.bundles import make_bundle

    project = context.project
    facts = git_facts(project.root)
    commit, dirty = (project.revision, False) if project.revision else (facts.commit, facts.dirty)
    files, origin = contents(project), project.revision or ""
    return make_bundle(project.name, files, project.variables, commit=commit, dirty=dirty, origin=origin)


def find_bundle(context: Context, text: str) -> Bundle:
    """The bundle that a person names: a file, a digest or its beginning, ``DIGEST@COMMIT``, or a git revision.

    Raises ``BundleError`` where there is none, or one that is not what its digest says.
    """
    from reconciler.project.bundles import PREFIX, BundleReference

    if text.endswith(".json") or Path(text).is_file():
        return _own(context, _read(Path(text)))
    reference = BundleReference.parse(text)
    if reference is not None:
        return resolve(context, reference)
    if text.startswith(PREFIX):
        return _kept(context, text.removeprefix(PREFIX))
    if is_revision(context, text):
        return _own(context, _of_revision(context, text))
    raise BundleError(
        f"there is no bundle `{text}`",
        tip=f"name a git revision, a file, or `{PREFIX}DIGEST` of one in {_folder(context)}",
    )


def resolve(context: Context, reference: BundleReference) -> Bundle:
    """The bundle of a reference, found by its commit or among those that the project keeps. Raises ``BundleError``."""
    if reference.revision is None:
        return _kept(context, reference.digest)
    if not is_revision(context.today or context, reference.revision):
        raise BundleError(
            f"git does not know the commit {reference.revision[:10]} that the bundle {reference.digest[:12]} is of",
            tip="fetch the history: git fetch --unshallow, or `fetch-depth: 0` in a GitHub workflow",
            missing=True,
        )
    found = _own(context, _of_revision(context, reference.revision))
    if found.digest != reference.digest:
        raise BundleError(
            f"the commit {reference.revision[:10]} makes the bundle {found.short}, not {reference.digest[:12]}",
            tip="somebody changed the reference by hand; `promote --pin` writes one that fits",
        )
    return found


def with_bundle(context: Context, bundle: Bundle) -> Context:
    """The context in which an environment declares this bundle, with the variables and overlays that it has now.

    A variable that only the files at hand declare stays declared: an environment may be ahead of the bundle.
    """
    from reconciler.project.environments import ADHOC

    project = replace(context.project, variables={**context.project.variables, **bundle.variables})
    name = context.environment.name
    unnamed = name == ADHOC and name not in project.environments
    environment = project.environment(None if unnamed else name, context.overrides)
    return replace(context, project=project, environment=environment, bundle=bundle)


def pinned(context: Context) -> Context:
    """The context with the bundle that its environment is pinned to; as it is where it is not, or where one is chosen.

    PATHs stand in for the whole catalogue, pinned or not. Raises ``BundleError``.
    """
    from reconciler.project.bundles import BundleReference

    written = context.environment.bundle
    if written is None or context.bundle is not None or context.paths:
        return context
    reference = BundleReference.parse(written)
    assert reference is not None, "the project file was validated"
    return with_bundle(context, resolve(context, reference))


def check_pins(context: Context) -> tuple[Problem, ...]:
    """What is wrong with the bundles that environments are pinned to, and with what these make of them.

    Where git's history is not at hand, that is a warning: whoever applies needs it, not whoever checks files.
    """
    from reconciler import manifest

    problems: list[Problem] = []
    for name, declared in context.project.environments.items():
        if declared.bundle is None:
            continue
        here = replace(context, environment=context.project.environment(name), overrides=None)
        try:
            there = pinned(here)
        except BundleError as error:
            text = f"{error.message}; {error.tip}" if error.tip else error.message
            level: Severity = "warning" if error.missing else "error"
            problems.append(Problem("project.bundle", text, declared.location, level))
        except InputError as error:
            problems += error.problems
        else:
            found = manifest.check(there.project, there.environment, at=now(), bundle=there.bundle)
            problems += (one for one in found if one.rule != "overlay.due")
    return tuple(problems)


def _of_revision(context: Context, revision: str) -> Bundle:
    """Made of the files of a commit, wherever the files of this context are."""
    from reconciler.project.values import SANDBOX

    today = context.today or context
    # A commit may be older than the environment that it is for.
    anywhere = replace(today, environment=today.project.environment(SANDBOX), paths=(), bundle=None, overrides=None)
    try:
        with at_revision(anywhere, revision) as then:
            return bundle_of(then)
    except (UsageError, ProjectError) as error:
        raise BundleError(f"revision `{revision}` makes no bundle: {error.message}") from None


def _own(context: Context, found: Bundle) -> Bundle:
    """Raises ``BundleError`` for the bundle of another project: its objects would be somebody else's."""
    if found.project != context.project.name:
        raise BundleError(f"the bundle {found.short} is of the project {found.project}, not of {context.project.name}")
    return found


def _read(path: Path) -> Bundle:
    from reconciler.project.bundles import loads

    try:
        return loads(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise BundleError(f"the bundle {path} cannot be read: {reason}") from None


def _kept(context: Context, digest: str) -> Bundle:
    """The one bundle in the project's folder whose digest begins like this."""
    from reconciler.project.bundles import FEWEST, PREFIX

    folder = _folder(context)
    if len(digest) < FEWEST:
        raise BundleError(f"`{PREFIX}{digest}` is too short to name a bundle; give {FEWEST} characters or more")
    named = sorted(folder.glob(f"sha256-{digest}*.json")) if digest.isalnum() else []
    found = [path for path in named if context.project.may_read(path)]
    if len(found) == 1:
        bundle = _own(context, _read(found[0]))
        if bundle.digest.startswith(digest):
            return bundle
        raise BundleError(f"{found[0]} holds the bundle {bundle.short}, not {digest[:12]}")
    which = "no bundle" if not found else "more than one bundle"
    raise BundleError(
        f"there is {which} {PREFIX}{digest} in {folder}",
        tip=f"`render --bundle -o {folder.name}/` keeps one there; `{PREFIX}DIGEST@COMMIT` takes it from git",
    )


def _folder(context: Context) -> Path:
    from reconciler.manifest import BUNDLES_FOLDER

    return context.project.root / BUNDLES_FOLDER
