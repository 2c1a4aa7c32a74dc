"""Bills that a real server made, reproduced line by line. ``--golden FILE`` names other recordings."""

import pytest

from reconciler.errors import PricingError

from . import golden


def pytest_generate_tests(metafunc):
    files = metafunc.config.getoption("--golden") or ([golden.BESIDE] if golden.BESIDE.exists() else [])
    found = golden.cases(files)
    if "recorded" in metafunc.fixturenames:
        metafunc.parametrize("recorded", found, ids=[case["case"] for case in found])


def test_recorded_bills_are_here(request):
    if not request.config.getoption("--golden") and not golden.BESIDE.exists():
        pytest.skip("RATING NOT COMPARED: no recordings of the real server beside the repository")
    assert request.config.getoption("--golden") or golden.cases([golden.BESIDE])


def is_refused(output):
    """Refusals are answers of 4xx and 5xx, and 200 with a critical issue and zero totals."""
    return "error" in output or "validationIssues" in output


def compared(case):
    given, output = case["input"], case["output"]
    match case["source"]:
        case "simulate":
            return golden.simulate(given, output)
        case "go-unitconfig":
            return golden.unit_config(given, output)
        case "pending-lines":
            return golden.pending_lines(case["case"], given, output)
        case "go-subscription":
            return golden.subscription(given, output)
        case other:
            raise AssertionError(f"nobody knows how `{other}` was recorded")


def test_the_bill_is_the_one_that_the_server_made(recorded):
    if is_refused(recorded["output"]):
        with pytest.raises(PricingError):
            compared(recorded)
    else:
        wanted, found = compared(recorded)
        assert found == wanted
