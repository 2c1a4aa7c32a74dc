"""Every rule id that the code can put on a problem is listed by ``explain --rules``, with its reason and its source."""

import ast
import re
from pathlib import Path

import reconciler
from reconciler.render.explain import every_rule

ROOMS = ("reading", "kinds", "manifest", "project")
RAISING = {"problem", "report", "add", "place", "Problem", "Issue", "PydanticCustomError", "problem_at", "_problem"}
RULE_ID = re.compile(r"[a-z_]+(?:[./][a-z_]+)+")
# One object per environment, as YAML: `add` and `place` are also methods of other things, with other words.
SOURCES = [path for room in ROOMS for path in sorted((Path(reconciler.__file__).parent / room).rglob("*.py"))]
LISTED = every_rule()


def _ids(path):
    """The rule ids of one file: the first arguments of what makes problems, and of `Rule(…)`; the first of a pair."""
    for node in ast.walk(ast.parse(path.read_text())):
        first = None
        if isinstance(node, ast.Call) and node.args:
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[0] if name in {*RAISING, "Rule"} else None
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and node.value.elts:
            first = node.value.elts[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and RULE_ID.fullmatch(first.value):
            yield first.value


def test_every_rule_that_the_code_names_is_listed():
    named = {rule: path.name for path in SOURCES for rule in _ids(path)}
    assert len(named) > 150
    assert {rule: file for rule, file in named.items() if rule not in {known.id for known in LISTED}} == {}


def test_every_listed_rule_says_why_and_where_it_is_known_from():
    assert [rule.id for rule in LISTED if not rule.why.strip() or not rule.source.strip()] == []


def test_a_rule_id_means_one_thing():
    by_id = {}
    for rule in LISTED:
        by_id.setdefault(rule.id, set()).add(rule)
    assert [rule for rule, meanings in by_id.items() if len(meanings) > 1] == []
