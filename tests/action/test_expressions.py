"""The expressions that the workflows are run with mean what they mean at GitHub."""

import pytest

from .expressions import condition, fill

CONTEXT = {
    "status": "success",
    "github": {
        "repository": "Acme/Billing",
        "event": {"pull_request": {"head": {"repo": {"full_name": "acme/billing"}}}},
    },
    "steps": {"run": {"outputs": {"code": "0", "upload": "true"}}},
    "inputs": {"command": "plan", "issue": "it's"},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${{ inputs.command }}", "plan"),
        ("a ${{ inputs.command }} of ${{ github.repository }}", "a plan of Acme/Billing"),
        ("${{ steps.run.outputs.nothing }}", None),
        ("x${{ steps.never.outputs.nothing }}y", "xy"),
        ("${{ github.event.pull_request.head.repo.full_name == github.repository }}", True),
        ("${{ steps.run.outputs.code == 0 }}", True),
        ("${{ steps.never.outputs.code != '' }}", False),
        ("${{ inputs.issue == 'it''s' && 'yes' || 'no' }}", "yes"),
        ("${{ !(inputs.command == 'plan' || false) }}", False),
        ("${{ startsWith(inputs.command, 'PL') }}", True),
        ("a${{ inputs.command == 'plan' }}", "atrue"),
    ],
)
def test_an_expression_has_the_value_that_github_gives_it(text, value):
    found = fill(text, CONTEXT)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "status", "runs"),
    [
        (None, "success", True),
        (None, "failure", False),
        ("inputs.command == 'plan'", "failure", False),
        ("always() && inputs.command == 'plan'", "failure", True),
        ("${{ failure() }}", "failure", True),
        ("failure()", "success", False),
    ],
)
def test_a_step_runs_after_a_failure_only_if_it_asks_for_it(text, status, runs):
    assert condition(text, CONTEXT | {"status": status}) is runs


@pytest.mark.parametrize("text", ["${{ inputs.a ?? 1 }}", "${{ secret.x }}", "${{ inputs.command == }}"])
def test_what_is_not_understood_is_no_value(text):
    with pytest.raises((AssertionError, IndexError)):
        fill(text, CONTEXT)
