"""Whether a POST or DELETE whose answer was lost has happened: found out by reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote

from reconciler.backends.client import Client
from reconciler.backends.dialect import Dialect
from reconciler.backends.lists import Listing, Lists, Row
from reconciler.backends.observe import is_gone, is_versioned
from reconciler.backends.problems import clean
from reconciler.backends.protocol import Found
from reconciler.errors import ApiError
from reconciler.kinds import marker
from reconciler.kinds.kind import Binding
from reconciler.kinds.registry import KINDS
from reconciler.model import Step, Tree

_NOT_FOUND = 404


class Settler:
    """Looks for the traces of one write."""

    def __init__(self, client: Client, lists: Lists, dialect: Dialect) -> None:
        self._client = client
        self._lists = lists
        self._dialect = dialect

    def find(self, step: Step, body: Mapping[str, Tree]) -> Found | None:
        """The live body if the write has happened, None if nothing shows that it has.

        For a DELETE the body is what is left to see: empty where nothing is.
        """
        if step.method == "DELETE":
            return self._removed(step)
        match step.verb:
            case "create" if is_versioned(KINDS[step.address.kind]):
                return self._draft(step, body)
            case "create" if self._binding(step).key_field:
                return self._natural(step, body)
            case "create":
                return self._marked(step, body)
            case "publish":
                return self._status(step, "active")
            case "archive":
                return self._status(step, "archived")
            case "attach":
                return self._attached(step, body)
            case _:
                return None

    def faults_of_assignments(self, step: Step) -> tuple[str, ...]:
        """What is wrong with each add-on of the plan version that a verb was refused for.

        OpenMeter v1 says ``plan_has_incompatible_addon`` at publish and the reason only in the assignment.
        """
        path = f"{step.path.rpartition('/')[0]}/addons"
        listing = Listing(path, page_size=self._dialect.page_size, id_path=("addon", "id"))
        return tuple(fault for row in self._lists.read_here(listing) for fault in _faults(row))

    def _natural(self, step: Step, body: Mapping[str, Tree]) -> Found | None:
        """By slug or key; if both carry a marker, it must be ours."""
        binding = self._binding(step)
        key = body.get(binding.key_field or "")
        row = self._read(f"{binding.collection}/{quote(str(key), safe='')}")
        if row is None or is_gone(row, binding):
            return None
        ours = marker.read(body.get("metadata"))
        return _found(row) if ours is None or marker.read(row.get("metadata")) == ours else None

    def _draft(self, step: Step, body: Mapping[str, Tree]) -> Found | None:
        """The draft of this key whose marker names the same content."""
        ours = marker.read(body.get("metadata"))
        rows = self._rows(step, {"key": str(body.get("key"))})
        return _first(rows, lambda row: row.get("status") == "draft" and marker.read(row.get("metadata")) == ours)

    def _marked(self, step: Step, body: Mapping[str, Tree]) -> Found | None:
        """The lowest id with exactly our marker: when two runs create at once, all agree on that one."""
        ours = marker.read(body.get("metadata"))
        rows = self._rows(step, dict(self._binding(step).list_query))
        return _first(rows, lambda row: ours is not None and marker.read(row.get("metadata")) == ours)

    def _removed(self, step: Step) -> Found | None:
        row = self._read(step.path)
        return Found(row or {}, None) if row is None or is_gone(row, self._binding(step)) else None

    def _status(self, step: Step, wanted: str) -> Found | None:
        """A version's status, from the path of the verb: ``/collection/ID/publish``."""
        row = self._read(step.path.rpartition("/")[0])
        return _found(row) if row is not None and row.get("status") == wanted else None

    def _attached(self, step: Step, body: Mapping[str, Tree]) -> Found | None:
        listing = Listing(step.path, page_size=self._dialect.page_size, id_path=("addon", "id"))
        for row in self._lists.read_here(listing):
            addon = row.get("addon")
            if isinstance(addon, Mapping) and addon.get("id") == body.get("addonId"):
                return Found(row, None)
        return None

    def _rows(self, step: Step, query: Mapping[str, str]) -> list[Row]:
        """The live rows of a collection, lowest id first."""
        binding = self._binding(step)
        listing = Listing(binding.collection, query, binding.paged, self._dialect.page_size)
        live = (row for row in self._lists.read_here(listing) if not is_gone(row, binding))
        return sorted(live, key=lambda row: str(row["id"]))

    def _read(self, path: str) -> Row | None:
        try:
            row = self._client.get(path).json
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        return row if isinstance(row, Mapping) else None

    def _binding(self, step: Step) -> Binding:
        return KINDS[step.address.kind].binding(self._dialect.api)


def _first(rows: list[Row], matches: Callable[[Row], bool]) -> Found | None:
    return next((_found(row) for row in rows if matches(row)), None)


def _found(row: Row) -> Found:
    identifier = row.get("id")
    return Found(row, identifier if isinstance(identifier, str) else None)


def _faults(assignment: Row) -> Iterator[str]:
    addon, issues = assignment.get("addon"), assignment.get("validationErrors")
    name = addon.get("key") if isinstance(addon, Mapping) else None
    for issue in issues if isinstance(issues, list) else ():
        if isinstance(issue, Mapping):
            said = ": ".join(str(issue[part]) for part in ("field", "message") if issue.get(part))
            yield clean(f"add-on {name}: {said}", 300)
