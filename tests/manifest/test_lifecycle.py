import pytest

from reconciler.kinds.registry import KINDS
from reconciler.manifest.lifecycle import path_problem
from reconciler.model import Management

METER = "apiVersion: openmeter.io/v1\nkind: Meter\nkey: m\n"
SPEC = "spec: {eventType: a, aggregation: COUNT}\n"
CHANNEL = "apiVersion: openmeter.io/v1\nkind: NotificationChannel\nkey: ops\n"


def managed(catalogue, lifecycle, head=METER, spec=SPEC):
    catalogue.write(a_yaml=f"{head}lifecycle: {lifecycle}\n{spec}")
    (resource,) = catalogue.load().resources.values()
    return resource.management


def test_without_a_lifecycle_an_object_is_active_and_ours(catalogue):
    assert managed(catalogue, "{}") == Management()


def test_a_lifecycle_is_read_whole(catalogue):
    lifecycle = "{protect: true, onRemove: retain, ignore: [name], manage: create-only, replaceOn: [spec.name]}"
    assert managed(catalogue, lifecycle) == Management(
        protect=True, on_remove="retain", ignore=("name",), manage="create-only", replace_on=("name",)
    )


def test_absent_has_no_spec(catalogue):
    assert managed(catalogue, "{state: absent}", spec="").state == "absent"
    assert catalogue.write(a_yaml=METER + "lifecycle: {state: absent}\n" + SPEC).problems() == [
        "a.yaml:5:1 lifecycle.absent"
    ]


def test_what_is_only_observed_needs_no_spec_but_may_have_one(catalogue):
    assert managed(catalogue, "{manage: observe}", spec="").manage == "observe"
    assert managed(catalogue, "{manage: observe}").manage == "observe"


def test_a_draft_that_is_only_observed_stays_one_when_it_is_managed(catalogue):
    text = "apiVersion: openmeter.io/v1\nkind: Plan\nkey: m\nlifecycle: {manage: observe, state: draft}\n"
    (resource,) = catalogue.write(a_yaml=text).load().resources.values()
    assert (resource.management.manage, resource.management.state) == ("observe", "draft")


def test_former_keys_are_for_kinds_without_a_key_of_their_own(catalogue):
    spec = "spec: {name: Ops, type: WEBHOOK, url: https://h.example/x}\n"
    assert managed(catalogue, "{formerKeys: [old]}", CHANNEL, spec).former_keys == ("old",)
    (problem,) = catalogue.write(a_yaml=METER + SPEC + "lifecycle: {formerKeys: [old]}\n").check()
    assert (problem.rule, str(problem.location)) == ("lifecycle.former_keys", "a.yaml:5:13")
    assert "state: absent" in problem.message


@pytest.mark.parametrize(
    ("lifecycle", "expected"),
    [
        ("{state: draft}", "4:20 lifecycle.state"),
        ("{state: actve}", "4:20 schema.enum"),
        ("{protected: true}", "4:13 schema.unknown_field"),
        ("{protect: yes}", "4:22 schema.type"),
        ("{ignore: name}", "4:21 schema.type"),
        ("{ignore: [nme]}", "4:22 lifecycle.path"),
        ("{ignore: ['a[']}", "4:22 lifecycle.path"),
        ("{replaceOn: [spec.nme]}", "4:25 lifecycle.path"),
        ("{manage: observe, state: absent}", "4:37 lifecycle.observe"),
        ("{formerKeys: [A]}", "4:26 manifest.key"),
    ],
)
def test_a_wrong_lifecycle_is_refused_at_its_place(catalogue, lifecycle, expected):
    spec = "" if "absent" in lifecycle else SPEC
    found = catalogue.write(a_yaml=f"{METER}lifecycle: {lifecycle}\n{spec}").problems()
    assert f"a.yaml:{expected}" in found


def test_a_typo_does_not_hide_the_other_problems_of_a_lifecycle(catalogue):
    catalogue.write(a_yaml=f"{METER}lifecycle: {{state: draft, manage: ful, ignore: [nme]}}\n{SPEC}")
    assert catalogue.problems() == [
        "a.yaml:4:20 lifecycle.state", "a.yaml:4:35 schema.enum", "a.yaml:4:49 lifecycle.path",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_every_state_of_a_kind_is_accepted_and_no_other(catalogue, kind):
    for state in ("active", "draft", "archived", "absent"):
        text = kind.example + f"lifecycle: {{state: {state}}}\n"
        refused = any(problem.rule == "lifecycle.state" for problem in catalogue.write(a_yaml=text).check())
        assert refused == (state not in kind.lifecycle.states)


@pytest.mark.parametrize(
    "path",
    ["name", "phases[main].rateCards[base].price.amount", "phases[0].rateCards[tokens].price.tiers[2].unitPrice.amount",
     "metadata.owner", "addons[extra].maxQuantity"],
)  # fmt: skip
def test_paths_into_a_spec_are_understood(path):
    assert path_problem(KINDS["Plan"].shape, path) is None


@pytest.mark.parametrize("path", ["", ".", "nam", "phases[main].nam", "phases[main].rateCards[x].price.amoun", "a]b"])
def test_paths_that_lead_nowhere_are_told(path):
    assert path_problem(KINDS["Plan"].shape, path) is not None


OPS = """\
apiVersion: openmeter.io/v1
kind: NotificationChannel
key: {}
spec: {{name: {}, type: WEBHOOK, url: https://h.example/x}}
"""


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.natural_key], ids=lambda kind: kind.name)
def test_a_key_that_the_api_keeps_is_changed_by_steps_that_name_both(catalogue, kind):
    text = kind.example.partition("---")[0].rstrip() + "\nlifecycle: {formerKeys: [before]}\n"
    found = [p for p in catalogue.write(a_yaml=text).check() if p.rule == "lifecycle.former_keys"]
    (problem,) = found
    key = text.partition("key: ")[2].partition("\n")[0]
    assert f"(1) declare {kind.name}/{key} with its `spec`" in problem.message
    assert f"{kind.name}/before" in problem.message
    assert "lifecycle: {state: a" in problem.message


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"a": "{formerKeys: [b]}", "b": "{}"}, "a.yaml:5:26 NotificationChannel/b is declared too"),
        ({"a": "{formerKeys: [c]}", "b": "{formerKeys: [d, c]}"}, "b.yaml:5:29 NotificationChannel/a says that it was"),
        ({"a": "{formerKeys: [a]}"}, "a.yaml:5:26 `a` is the key that it has; a former one is another"),
    ],
)  # fmt: skip
def test_a_former_key_is_nobody_elses(catalogue, keys, expected):
    catalogue.write(**{f"{key}_yaml": OPS.format(key, key) + f"lifecycle: {life}\n" for key, life in keys.items()})
    (found,) = [f"{p.location} {p.message}" for p in catalogue.check()]
    assert found.startswith(expected)
