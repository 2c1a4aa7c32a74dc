"""One observation of a live catalogue: which lists to read, and what to make of them.

O(pages) requests, and one more per draft or active plan version where add-ons exist at all.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from urllib.parse import quote

from reconciler.backends.dialect import Dialect
from reconciler.backends.lists import Listing, Lists
from reconciler.backends.observe import assignment, is_gone, is_versioned, last_versions, objects
from reconciler.errors import ApiError
from reconciler.kinds.kind import Binding
from reconciler.kinds.registry import KINDS
from reconciler.model import Address, Assignment, LiveState, Observed, Tree

PROFILES, APPS, IDENTITY = "BillingProfile", "apps", "identity"
PLANS, ADDONS = "Plan", "Addon"
_BAD_REQUEST = 400


class Reading:
    """Reads the lists of some kinds and turns their rows into objects.

    ``assignments_of`` are the states of plan versions whose add-ons are read too.
    """

    def __init__(
        self, lists: Lists, dialect: Dialect, kinds: Iterable[str], *, assignments_of: Container[LiveState]
    ) -> None:
        self._lists = lists
        self._dialect = dialect
        wanted = frozenset(kinds)
        self._kinds = tuple(name for name in KINDS if name in wanted)
        self._assignments_of = assignments_of
        self._with_assignments = "draft" in assignments_of and PLANS in self._kinds
        self._rows = lists.read(self._wanted())

    def objects(self) -> dict[str, tuple[Observed, ...]]:
        """Every live object per kind; plan versions carry their assignments where these were read."""
        found = {name: objects(KINDS[name], self._binding(name), self._rows[name]) for name in self._kinds}
        if self._with_assignments:
            found[PLANS] = self._assigned(found[PLANS])
        return found

    def last_versions(self) -> dict[Address, int]:
        """The highest version number ever used per key of the versioned kinds."""
        highest: dict[Address, int] = {}
        for name in filter(lambda name: is_versioned(KINDS[name]), self._kinds):
            highest |= last_versions(KINDS[name], self._binding(name), self._rows[name])
        return highest

    def capped(self) -> frozenset[str]:
        """The kinds whose list is as long as the server ever makes it."""
        caps = {name: self._binding(name).cap for name in self._kinds}
        return frozenset(name for name, cap in caps.items() if cap is not None and len(self._rows[name]) >= cap)

    def apps(self) -> tuple[Mapping[str, Tree], ...]:
        """The installed apps by id; the server lists them in no order. Empty where no profiles are read."""
        live = (row for row in self._rows.get(APPS, ()) if row.get("deletedAt") is None)
        return tuple(sorted(live, key=lambda row: str(row["id"])))

    def identity(self) -> str | None:
        """The id of the oldest profile there ever was."""
        rows = self._rows[PROFILES if PROFILES in self._kinds else IDENTITY]
        return str(rows[0]["id"]) if rows else None

    def _wanted(self) -> dict[str, Listing]:
        wanted = {name: self._listing(name) for name in self._kinds}
        if self._with_assignments and ADDONS not in wanted:
            wanted[ADDONS] = self._listing(ADDONS)
        if PROFILES in wanted:
            wanted[APPS] = Listing(self._dialect.apps, page_size=self._dialect.page_size)
        else:
            wanted[IDENTITY] = identity_listing(self._dialect)
        return wanted

    def _listing(self, name: str) -> Listing:
        binding, query = self._binding(name), dict(self._binding(name).list_query)
        if is_versioned(KINDS[name]):
            query |= self._dialect.with_deleted
        if name == PROFILES:
            query |= self._dialect.profiles_oldest_first
        return Listing(binding.collection, query, binding.paged, self._dialect.page_size)

    def _assigned(self, plans: tuple[Observed, ...]) -> tuple[Observed, ...]:
        """The plan versions with their assignments; a draft add-on cannot be attached, so it asks for no reading."""
        attachable = any(
            row.get("status") != "draft" and not is_gone(row, self._binding(ADDONS)) for row in self._rows[ADDONS]
        )
        current = [plan.id for plan in plans if plan.state in self._assignments_of]
        read = self._lists.map(self._assignments, current) if attachable else [()] * len(current)
        found = dict(zip(current, read, strict=True))
        return tuple(replace(plan, assignments=found.get(plan.id)) for plan in plans)

    def _assignments(self, plan_id: str) -> tuple[Assignment, ...] | None:
        return read_assignments(self._lists, self._dialect, plan_id)

    def _binding(self, name: str) -> Binding:
        return KINDS[name].binding(self._dialect.api)


def identity_listing(dialect: Dialect) -> Listing:
    """The shortest list that shows the oldest profile."""
    return Listing(dialect.profiles, dialect.profiles_oldest_first, page_size=1, first_page_only=True)


def read_assignments(lists: Lists, dialect: Dialect, plan_id: str) -> tuple[Assignment, ...] | None:
    """The add-ons of one plan version; None where the server cannot show one of them.

    OpenMeter v1 answers the whole list with 400 if one add-on was written through another API.
    """
    try:
        rows = lists.read_here(assignments_listing(dialect, plan_id))
    except ApiError as error:
        if error.status == _BAD_REQUEST:
            return None
        raise
    return tuple(sorted(map(assignment, rows), key=lambda one: (one.addon_key, one.addon_version, one.addon_id)))


def assignments_listing(dialect: Dialect, plan_id: str) -> Listing:
    """The add-ons of one plan version, told apart by the add-on version: an assignment has no id of its own."""
    path = dialect.assignments.replace("{id}", quote(plan_id, safe=""))
    return Listing(path, page_size=dialect.page_size, id_path=("addon", "id"))
