"""Maps and lists that know where each of their keys and values stands.

A place is one integer (a *mark*): file number, line and column packed together, so that ten thousand documents stay
small and a merged tree can hold values of several files. ``Files`` turns a mark back into a ``Location``.
"""

from __future__ import annotations

from typing import Any

from reconciler.model import Location, Path, PathPart

_COLUMN_BITS = 16
_LINE_BITS = 28
_MAX_COLUMN = (1 << _COLUMN_BITS) - 1
_MAX_LINE = (1 << _LINE_BITS) - 1
_SMALL = 16
"""Up to so many entries, searching one is faster than remembering where each is."""
FILE_SHIFT = _COLUMN_BITS + _LINE_BITS
LINE_SHIFT = _COLUMN_BITS


def pack(file: int, line: int, column: int) -> int:
    """The mark of a place; ``line`` and ``column`` from 1, a column beyond 65535 counts as that."""
    return file << FILE_SHIFT | min(line, _MAX_LINE) << LINE_SHIFT | min(column, _MAX_COLUMN)


class Map(dict[str, Any]):
    """A mapping; ``marks`` holds two marks per entry in the order of the keys: the key's and the value's."""

    __slots__ = ("_places", "mark", "marks")

    def __init__(self, mark: int = 0) -> None:
        super().__init__()
        self.mark = mark
        self.marks: list[int] = []
        self._places: dict[str, int] | None = None

    def put(self, key: str, value: Any, key_mark: int, value_mark: int) -> None:  # noqa: ANN401 - any tree
        """Set an entry and where it stands; an existing key keeps its position in the order."""
        if key in self:
            index = self._index(key)
            self.marks[index : index + 2] = (key_mark, value_mark)
        else:
            self.marks += (key_mark, value_mark)
        self[key] = value

    def copy(self) -> Map:
        """A copy that can be changed without changing this one; values are shared."""
        fresh = type(self)(self.mark)
        fresh.update(self)
        fresh.marks = self.marks.copy()
        return fresh

    def without(self, key: str) -> Map:
        """A copy that lacks this entry."""
        fresh = type(self)(self.mark)
        for index, (name, value) in enumerate(self.items()):
            if name != key:
                fresh.put(name, value, self.marks[2 * index], self.marks[2 * index + 1])
        return fresh

    def entry_marks(self, key: str) -> tuple[int, int]:
        """The marks of an entry: of its key, of its value."""
        index = self._index(key)
        return self.marks[index], self.marks[index + 1]

    def _index(self, key: str) -> int:
        if len(self) <= _SMALL:
            return 2 * next(index for index, name in enumerate(self) if name == key)
        # Entries are only ever added at the end, so places once counted stay.
        if self._places is None or len(self._places) != len(self):
            self._places = {name: 2 * index for index, name in enumerate(self)}
        return self._places[key]


class Inherited(Map):
    """A map that began as one of another document, a shared rate card or a base; ``mark`` is where that one stands."""

    __slots__ = ()

    @classmethod
    def of(cls, tree: Map) -> Inherited:
        """The same map, known to come from elsewhere."""
        fresh = cls(tree.mark)
        fresh.update(tree)
        fresh.marks = tree.marks.copy()
        return fresh


class Seq(list[Any]):
    """A list; ``marks`` holds one mark per item."""

    __slots__ = ("mark", "marks")

    def __init__(self, mark: int = 0) -> None:
        super().__init__()
        self.mark = mark
        self.marks: list[int] = []

    def add(self, value: Any, mark: int) -> None:  # noqa: ANN401 - any tree
        """Append an item and where it stands."""
        self.append(value)
        self.marks.append(mark)


class Files:
    """The names of the files of one run, by the number inside their marks."""

    def __init__(self) -> None:
        self._names: list[str] = []

    def add(self, name: str) -> int:
        """Register a file and get its number."""
        self._names.append(name)
        return len(self._names) - 1

    def name(self, number: int) -> str:
        """The name of a file, relative to the project."""
        return self._names[number]

    def location(self, mark: int) -> Location:
        """The place that a mark stands for."""
        line = mark >> LINE_SHIFT & _MAX_LINE
        return Location(self._names[mark >> FILE_SHIFT], line, mark & _MAX_COLUMN)


def find(root: Any, mark: int, path: Path, *, at_key: bool = False) -> int:  # noqa: ANN401 - any tree
    """The mark of the value at ``path`` or of its nearest written parent; ``mark`` is the root's own.

    A map or list inside a map is pointed at by its key, because a block begins only on the next line; ``at_key``
    points at the key of a scalar too.
    """
    node = root
    for index, part in enumerate(path):
        if isinstance(node, Map) and part in node:
            key_mark, value_mark = node.entry_marks(str(part))
            node = node[str(part)]
            last = index == len(path) - 1
            mark = key_mark if isinstance(node, Map | Seq) or (at_key and last) else value_mark
        elif isinstance(node, Seq) and (at := item_index(node, part)) is not None:
            mark, node = node.marks[at], node[at]
        else:
            # What is not written here would be written where the rest of it comes from.
            return node.mark if isinstance(node, Inherited) else mark
    return mark


def item_index(items: Seq, part: PathPart) -> int | None:
    """The index of the item that a path part names: its index, or ``[key]`` where the items have keys."""
    if isinstance(part, int):
        return part if 0 <= part < len(items) else None
    wanted = part[1:-1] if part.startswith("[") else part
    for index, item in enumerate(items):
        if wanted == (item.get("key") if isinstance(item, Map) else item):
            return index
    for index, item in enumerate(items):
        # A list may be keyed by another field (`addon`), or the key may follow from one (`featureKey`).
        if isinstance(item, Map) and "key" not in item and wanted in [v for v in item.values() if isinstance(v, str)]:
            return index
    return int(wanted) if wanted.isdigit() and int(wanted) < len(items) else None


def item_key(by: str, item: Any) -> str | None:  # noqa: ANN401 - any tree
    """What tells an item of a keyed list apart. A rate card's ``key`` defaults to its ``featureKey``."""
    if not isinstance(item, Map):
        return None
    found = item.get(by) or (item.get("featureKey") if by == "key" else None)
    return found if isinstance(found, str) else None


def depth(root: Any, path: Path) -> int:  # noqa: ANN401 - any tree
    """How many parts of a path are written: what ``find`` points at."""
    node = root
    for index, part in enumerate(path):
        if isinstance(node, Map) and part in node:
            node = node[str(part)]
        elif isinstance(node, Seq) and (at := item_index(node, part)) is not None:
            node = node[at]
        else:
            return index
    return len(path)


class TreeSource:
    """Where the values of one declared object stand (``model.Source``); merged values point to their overlay."""

    __slots__ = ("_files", "_mark", "_root")

    def __init__(self, files: Files, root: Any, mark: int) -> None:  # noqa: ANN401 - any tree
        self._files, self._root, self._mark = files, root, mark

    def locate(self, path: Path) -> Location:
        """The place of the value at ``path`` or, where it is not written, of the nearest parent that is."""
        return self._files.location(find(self._root, self._mark, path))

    def written(self, path: Path) -> Path:
        """The part of the path that is written: what ``locate`` points at."""
        return path[: depth(self._root, path)]
