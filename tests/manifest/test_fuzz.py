"""Whatever stands in a manifest: resources, or problems with places and rules. Never anything else."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler import manifest
from reconciler.kinds.registry import KINDS
from reconciler.project import load_project

EXAMPLES = "---\n".join(kind.example for kind in KINDS.values())
LINES = EXAMPLES.splitlines()
NOISE = st.sampled_from(
    ["", "  x: 1", "key: {a: b}", "    - 1", "spec:", "  name: {{ vars.x }}", "  name: '{{ 1 / 0 }}'", "---",
     "null",
     "  type: usage_based", "  price: null", "    price: {type: tiered, tiers: [{}, 3, null]}",
     "lifecycle: {state: draft}",
     "lifecycle: {manage: observe, ignore: [a, 1]}", "      amount: .inf", "patch: {a: [{$before: x}]}", "\t",
     "a: &a [*a]",
     "  phases: [{key: a, rateCards: [{use: b}, 1, null, {type: flat_fee}]}]", "  addons: [{addon: 1}, {}, a]",
     "  <<: 1",
     "  metadata: {a: {b: c}, 'reconciler.x': y}", "  groupBy: [1]", "  channels: {a: b}", "  thresholds: [{type: x}]"]
)  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "over").mkdir()
    (folder / "reconciler.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Project\nname: a\nmanifests: [a.yaml]\n"
        "environments: {s: {endpoint: 'sandbox:', overlays: [over]}}\n"
    )
    return load_project(folder)


def check(project):
    for problem in manifest.check(project, None):
        assert problem.location is not None
        assert problem.rule
        assert problem.message


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(["drop", "put", "swap"]), st.integers(0, len(LINES) - 1), NOISE), max_size=6),
    st.booleans(),
)
def test_any_damage_of_the_examples_is_told_with_its_place(project, edits, as_overlay):
    lines = list(LINES)
    for what, at, noise in edits:
        lines[at : at + (what != "put")] = [] if what == "drop" else [noise]
        lines += [""] * (len(LINES) - len(lines))
    text = "\n".join(lines)
    (project.root / "a.yaml").write_text(EXAMPLES if as_overlay else text, "utf-8")
    (project.root / "over" / "a.yaml").write_text(text.replace("spec:", "patch:") if as_overlay else "", "utf-8")
    check(project)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=30), st.integers(0, len(EXAMPLES)))
def test_any_bytes_in_the_examples_are_told_with_their_place(project, data, at):
    encoded = EXAMPLES.encode()
    (project.root / "a.yaml").write_bytes(encoded[:at] + data + encoded[at:])
    (project.root / "over" / "a.yaml").write_text("")
    check(project)
