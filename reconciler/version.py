"""The version, and where the GitHub Action of it is, without importing anything heavy."""

VERSION = "0.1.0"

UNRELEASED = "0" * 40
ACTION_REPOSITORY = "OWNER/reconciler"
ACTION_COMMIT = UNRELEASED
"""Set by a release, like the version: the workflows that `init --github` writes name the action by its commit."""
ACTION = f"{ACTION_REPOSITORY}/.github/actions/reconcile@{ACTION_COMMIT} # v{VERSION}"
SOURCE = f"{ACTION_REPOSITORY}@{ACTION_COMMIT}"
"""Where pip finds this version, after `git+https://github.com/`."""
