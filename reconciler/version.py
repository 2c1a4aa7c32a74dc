"""The version, and where the GitHub Action of it is, without importing anything heavy."""

VERSION = "0.1.0"

UNRELEASED = "0" * 40
ACTION_REPOSITORY = "OWNER/reconciler"
ACTION_COMMIT = UNRELEASED
"""The commit that `init --github` names the action by. No commit knows its own: a release sets it in what it builds."""
ACTION = f"{ACTION_REPOSITORY}/.github/actions/reconcile@{ACTION_COMMIT} # v{VERSION}"
SOURCE = f"{ACTION_REPOSITORY}@{ACTION_COMMIT}"
"""Where pip finds this version, after `git+https://github.com/`."""
