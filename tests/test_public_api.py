"""The names a program imports: pinned, each there, and none of them heavy before it is used."""

import subprocess
import sys

import reconciler


def test_every_public_name_is_there_and_documented():
    for name in reconciler.__all__:
        value = getattr(reconciler, name)
        assert isinstance(value, str) or value.__doc__, name


def test_the_list_of_names_and_of_their_homes_agree():
    assert sorted(reconciler._HOMES) == sorted(reconciler.__all__)


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(reconciler, "nothing_of_this_name")


def test_importing_the_package_imports_none_of_its_libraries():
    code = "import reconciler, sys; print(sorted({'httpx', 'pydantic', 'yaml', 'click', 'jinja2'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_program_plans_and_applies_in_the_same_few_calls(tmp_path):
    (tmp_path / "reconciler.yaml").write_text("apiVersion: reconciler/v1\nkind: Project\nname: acme\n")
    meter = "apiVersion: openmeter.io/v1\nkind: Meter\nkey: calls\nspec: {eventType: call, aggregation: COUNT}\n"
    (tmp_path / "meters.yaml").write_text(meter)
    context = reconciler.open_context(tmp_path)
    outcome = reconciler.run_apply(context, reconciler.make_plan(context), again=reconciler.PlanRequest())
    assert outcome.exit_code == 0
    assert outcome.second.is_empty
    assert [(row.kind, row.key, row.claim) for row in reconciler.live_objects(context, "Meter")] == [
        ("Meter", "calls", "owned")
    ]
