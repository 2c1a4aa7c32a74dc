"""Everything that an expression can name, with its type: what is checked against, and what ``explain`` shows of it.

Types are CEL's: ``string``, ``bool``, ``int``, ``double``, ``timestamp``, ``dyn``; ``int?`` may be null, where nobody
can tell; ``list(T)``; or one of the records here. Amounts and percentages are doubles, which is exact enough to compare
with and nothing else is done with them: what a bill says stays a decimal.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attribute:
    """One name of a record."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Record:
    """A record: what a variable or the item of a list is. ``says`` is how messages call it."""

    name: str
    says: str
    attributes: tuple[Attribute, ...]

    def names(self) -> tuple[str, ...]:
        """The names of its attributes."""
        return tuple(one.name for one in self.attributes)


_A = Attribute

FIELD = Record(
    "Field",
    "a field of a change",
    (
        _A("path", "string", "where it is, such as `phases[main].rateCards[base].price.amount`"),
        _A("before", "dyn", "its value before, null where it was not there; money is a double"),
        _A("after", "dyn", "its value after, null where it is gone"),
        _A("percent", "double", "how much a price in it rises, negative where it falls; 0.0 for what is no price"),
        _A("currency", "string", "of an amount of money, else empty"),
    ),
)
BILL = Record(
    "Bill",
    "a bill",
    (
        _A("customer", "string", "the scenario, or what was made up, such as `10,000 tokens`"),
        _A("currency", "string", "of the amounts"),
        _A("before", "double", "what a billing period costs before"),
        _A("after", "double", "what it costs after"),
        _A("difference", "double", "how much more; endless where it cannot be computed"),
        _A("percent", "double", "how much more, in per cent; endless where it cost nothing or cannot be computed"),
    ),
)
CHANGE = Record(
    "Change",
    "a change",
    (
        _A("class", "string", "its most severe class, such as `price-raising`"),
        _A("classes", "list(string)", "all its classes, mildest first"),
        _A("action", "string", "create, update, new_version, replace, archive, delete, adopt or release"),
        _A("actions", "list(string)", 'the elementary ones, such as ["create", "archive"]'),
        _A("kind", "string", "such as `Plan`"),
        _A("key", "string", "such as `pro`"),
        _A("address", "string", "both: `Plan/pro`"),
        _A(
            "percent",
            "double",
            "the steepest rise of a price in it, 0.0 where none rises; endless where it was free or nobody can tell",
        ),
        _A(
            "fall",
            "double",
            "the deepest fall of a price in it, 0.0 where none falls; 100.0 is free now, endless where nobody can tell",
        ),
        _A("fields", "list(Field)", "every field that changes"),
        _A("reasons", "list(string)", "why, such as `active_plan_is_immutable`"),
        _A("before_version", "int", "of a plan or an add-on; 0 where there is none"),
        _A("after_version", "int", "the version that it becomes; 0 where there is none"),
        _A("subscriptions", "int?", "active ones to a plan that gets a new version or ends; null: nobody can tell"),
        _A("bills", "list(Bill)", "of a plan of which a price changes, before and after"),
    ),
)
SUMMARY = Record(
    "Summary",
    "a summary",
    tuple(
        _A(name, "int", meaning)
        for name, meaning in (
            ("adopt", "objects that are taken over"),
            ("create", "objects that are made"),
            ("update", "objects that change in place"),
            ("new_version", "plans and add-ons with a new version"),
            ("replace", "objects that are made anew"),
            ("archive", "objects that are archived"),
            ("delete", "objects that are deleted"),
            ("release", "objects that are left to others"),
            ("no_change", "objects that are as declared"),
        )
    ),
)
PLAN = Record(
    "Plan",
    "the plan",
    (
        _A("environment", "string", "the environment's name"),
        _A("project", "string", "the project's name"),
        _A("mode", "string", "apply, destroy, heal, rollback or promote"),
        _A("complete", "bool", "false where it looks at a part of the catalogue only"),
        _A("at", "timestamp", 'when it is made, or the `--at` of it: `plan.at.getDayOfWeek("Europe/Berlin") == 5`'),
        _A("summary", "Summary", "how many objects per action"),
        _A("max_class", "string", "the most severe class of all, empty where nothing changes"),
        _A("classes", "list(string)", "every class that is met, mildest first"),
        _A("percent", "double", "the steepest rise of all"),
        _A("subscriptions", "int?", "active ones to all plans that change; null where nobody can tell"),
        _A("changes", "list(Change)", 'every change: `plan.changes.exists(c, c.kind == "Meter")`'),
    ),
)

RECORDS = {record.name: record for record in (FIELD, BILL, CHANGE, SUMMARY, PLAN)}
VARIABLES = {"change": CHANGE, "plan": PLAN}
"""The variables of an expression. One that names ``change`` is asked for each change, any other once for the plan."""
