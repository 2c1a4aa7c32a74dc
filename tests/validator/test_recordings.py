"""`validate` against recordings of the real server, on real files: what it refused is refused, at line and column.

``table.tsv`` beside this file lists rule → recording step → field of the manifest, with the reason, both ways: what is
refused here and there, what is refused here only, and what is refused there only. After a change that means it:

    RECONCILER_UPDATE_TABLE=1 python -m pytest tests/validator
"""

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from reconciler.kinds.registry import KINDS
from reconciler.manifest import RULES

from .checking import check
from .left_out import SHOWN_ELSEWHERE, TAKEN, UNRECORDED, reason_valid, reason_without_manifest
from .walking import RECORDINGS

SCENARIOS = sorted(path.stem for path in RECORDINGS.glob("*.json"))
TABLE = Path(__file__).parent / "table.tsv"
HEAD = ("rule", "recording", "answer", "manifest", "why")
LISTED = {rule.id: rule for rule in (*RULES, *(rule for kind in KINDS.values() for rule in kind.rules))}

recorded = pytest.mark.skipif(not SCENARIOS, reason="no recordings of the real server beside the repository")


@pytest.mark.skipif(bool(SCENARIOS), reason="the recordings are here")
def test_the_recordings_are_here():
    pytest.skip("VALIDATOR NOT TESTED: no recordings here, of the real server beside the repository")


def _rules(found):
    return sorted({item.rule for item in found})


@recorded
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_what_the_server_refuses_is_refused_offline_or_listed_with_a_reason(scenario, checked):
    wrong = []
    for item in checked[scenario]:
        write = item.write
        if write.taken:
            continue
        why = reason_valid(write) if write.wanted else reason_without_manifest(write)
        removal = write.method == "DELETE" and reason_without_manifest(write)
        if bool(item.errors) is bool(why or removal):
            wrong.append(f"{write} {write.method} {write.path}: {_rules(item.errors)}, {why}: {write.detail[:200]}")
    assert wrong == []


@recorded
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_what_the_server_takes_is_valid_but_for_what_it_drops_or_changes(scenario, checked):
    wrong = [
        f"{item.write}: {found.rule} at {found.field}: {found.problem.message}"
        for item in checked[scenario]
        if item.write.taken
        for found in item.errors
        if not found.rule.startswith("ignored_by_server/") and found.rule not in TAKEN
    ]
    assert wrong == []


@recorded
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_field_is_the_one_that_the_server_names(scenario, checked):
    wrong = []
    for item in checked[scenario]:
        theirs, ours = _pointer(item.write), [_parts(found.field) for found in item.errors]
        if theirs and ours and not any(_one_in_the_other(theirs, path) for path in ours):
            wrong.append(str(item.write))
    assert wrong == [name for name in SHOWN_ELSEWHERE if name.startswith(f"{scenario}#")]


def _pointer(write):
    """The field that a schema error of the server points at, as parts; nothing for other errors."""
    found = "".join(re.findall(r'Error at \\"(/[^"\\]*)\\"', write.detail))
    mine = {"/slug": "/key", "/apps": "/spec/app", "/key": "/key"}
    whole = mine.get(found) or (f"/spec/addons{found}" if "/addons" in write.path[13:] else f"/spec{found}")
    return whole.strip("/").split("/") if found else []


def _parts(field):
    return [part for part in re.split(r"[.\[\]]+", field) if part]


def _one_in_the_other(theirs, ours):
    """One is the other or is around it: what is missing is shown in what has to have it."""
    if ours[:2] == ["spec", "addons"] and theirs[:2] == ["spec", "addons"]:
        ours = ["spec", "addons", *ours[3:]]
    return all(one == other for one, other in zip(theirs, ours, strict=False))


@recorded
def test_what_blocks_only_publishing_is_a_warning_for_a_draft(checked, tmp_path):
    published = [item for group in checked.values() for item in group if item.write.path.endswith("/publish")]
    blocked = [item for item in published if not item.write.taken and item.errors]
    assert blocked
    for item in blocked:
        errors, warnings = check(item.write.as_draft(), tmp_path / str(item.write))
        # What was deleted meanwhile cannot be written again, as a draft neither.
        assert set(_rules(errors)) <= {"reference.unknown"}
        assert set(_rules(item.errors)) <= set(_rules(warnings)) | set(_rules(errors))


@recorded
def test_every_rule_that_is_met_is_listed_with_its_reason_and_its_source(checked):
    met = {found.rule for group in checked.values() for item in group for found in (*item.errors, *item.warnings)}
    assert sorted(rule for rule in met if rule not in LISTED or not LISTED[rule].why or not LISTED[rule].source) == []


@recorded
def test_every_rule_about_what_the_server_ignores_has_its_recording(checked):
    met = {found.rule for group in checked.values() for item in group if item.write.taken for found in item.errors}
    named = {rule for rule, known in LISTED.items() if rule.startswith("ignored_by_server/")}
    assert {rule for rule in named if LISTED[rule].severity == "error"} - met == set(UNRECORDED)


@recorded
def test_the_table_says_what_is_so(checked):
    rows = [row for group in checked.values() for item in group for row in _rows(item)]
    text = "".join("\t".join(row) + "\n" for row in (HEAD, *sorted(rows)))
    if os.environ.get("RECONCILER_UPDATE_TABLE"):
        TABLE.write_text(text)
    assert TABLE.read_text() == text


def test_the_table_names_listed_rules_only_and_most_of_them_often():
    rules = Counter(line.split("\t")[0] for line in TABLE.read_text().splitlines()[1:])
    assert set(rules) - {"-"} - set(LISTED) == set()
    assert len(rules) > 60


def _rows(item):
    """One row per rule and field; one without a rule for what is refused by the server only."""
    write = item.write
    where = (str(write), str(write.status))
    if write.wanted is None or not item.errors:
        if not write.taken:
            why = (reason_valid(write) if write.wanted else None) or reason_without_manifest(write) or "?"
            yield ("-", *where, "-", why)
        return
    for rule, field, why in sorted({(found.rule, found.field, found.why) for found in item.errors}):
        address = f"{write.wanted.kind}/{write.wanted.key or ''}"
        reason = TAKEN.get(rule, why) if write.taken else why
        yield (rule, *where, f"{address} {field}".strip(), " ".join(reason.split()))
