"""The four lifecycles as tables: what is live, what is wanted, whether they differ → the verbs that get there.

A table, not code: every cell is reachable by a test, and a reader sees all of a lifecycle at once.
Source: OpenMeter v1, status tables of meters, features, plans and add-ons (``catalog.md`` 1.8 and 2.4).
"""

from __future__ import annotations

from reconciler.kinds.kind import Lifecycle, Situation
from reconciler.model import Verb

Table = dict[Situation, tuple[Verb, ...]]


def _row(live: str, wanted: str, *, changed: bool | None = None, draft_changed: bool = False) -> list[Situation]:
    """One row; ``changed=None`` stands for both."""
    return [
        Situation(live, wanted, flag, draft_changed)  # type: ignore[arg-type]
        for flag in ((False, True) if changed is None else (changed,))
    ]


def _table(*rows: tuple[list[Situation], tuple[Verb, ...]]) -> Table:
    return {situation: verbs for situations, verbs in rows for situation in situations}


MUTABLE = Lifecycle(
    name="mutable",
    states=("active", "absent"),
    table=_table(
        (_row("none", "active"), ("create",)),
        (_row("none", "absent"), ()),
        (_row("live", "active", changed=False), ()),
        (_row("live", "active", changed=True), ("update",)),
        (_row("live", "absent"), ("delete",)),
    ),
)

CREATE_ONLY = Lifecycle(
    name="create-only",
    states=("active", "absent"),
    table=_table(
        (_row("none", "active"), ("create",)),
        (_row("none", "absent"), ()),
        (_row("live", "active", changed=False), ()),
        (_row("live", "active", changed=True), ("archive", "create")),
        (_row("live", "absent"), ("archive",)),
    ),
)

SINGLETON_DEFAULT = Lifecycle(
    name="singleton-default",
    states=("active", "absent"),
    table=MUTABLE.table,
)

# ``draft`` in the live column is always *our* draft: a foreign one stops the plan before the table is asked.
# An archived version counts as nothing live: the server never publishes it again.
VERSIONED = Lifecycle(
    name="versioned",
    states=("active", "draft", "archived", "absent"),
    table=_table(
        (_row("none", "active"), ("create", "attach", "publish")),
        (_row("none", "draft"), ("create", "attach")),
        (_row("none", "archived"), ()),
        (_row("none", "absent"), ()),
        # Always PUT before publish: a feature that was re-created meanwhile makes publish fail otherwise.
        (_row("draft", "active"), ("update", "attach", "publish")),
        (_row("draft", "draft", changed=False), ()),
        (_row("draft", "draft", changed=True), ("update", "attach")),
        (_row("draft", "archived"), ("detach", "delete")),
        (_row("draft", "absent"), ("detach", "delete")),
        (_row("active", "active", changed=False), ()),
        (_row("active", "active", changed=True), ("create", "attach", "publish")),
        (_row("active", "draft", changed=False), ()),
        (_row("active", "draft", changed=True), ("create", "attach")),
        (_row("active", "archived"), ("archive",)),
        (_row("active", "absent"), ("archive",)),
        # The active version is as wanted: our left-over draft goes, its assignments first.
        (_row("active+draft", "active", changed=False), ("detach", "delete")),
        (_row("active+draft", "active", changed=False, draft_changed=True), ("detach", "delete")),
        (_row("active+draft", "active", changed=True), ("update", "attach", "publish")),
        (_row("active+draft", "active", changed=True, draft_changed=True), ("update", "attach", "publish")),
        (_row("active+draft", "draft"), ()),
        (_row("active+draft", "draft", draft_changed=True), ("update", "attach")),
        (_row("active+draft", "archived"), ("detach", "delete", "archive")),
        (_row("active+draft", "archived", draft_changed=True), ("detach", "delete", "archive")),
        (_row("active+draft", "absent"), ("detach", "delete", "archive")),
        (_row("active+draft", "absent", draft_changed=True), ("detach", "delete", "archive")),
    ),
)

LIFECYCLES = (MUTABLE, CREATE_ONLY, SINGLETON_DEFAULT, VERSIONED)
