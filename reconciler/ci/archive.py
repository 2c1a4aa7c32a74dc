"""Archives that a job kept: read in memory, bounded, and never trusted about where a file belongs."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath

from reconciler.errors import HostError

LARGEST = 64 * 1024 * 1024
"""Bytes of an archive, and of all that is in it: a catalogue of ten thousand objects takes a tenth."""
_MOST_FILES = 2_000
_KNOWN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What GitHub writes; the other kinds have decoders of their own, with failures of their own."""
_BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError)
"""What ``zipfile`` raises for damaged, encrypted and unknown content."""


def files(data: bytes, name: str) -> dict[str, bytes]:
    """The files of an archive by their relative path, in its order.

    Raises ``HostError`` for one that is damaged or too large, or that has a path which leads elsewhere.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return dict(_read(archive, name))
    except _BROKEN as error:
        raise HostError(f"the artifact {name} cannot be read: {error}") from None


def _read(archive: zipfile.ZipFile, name: str) -> Iterator[tuple[str, bytes]]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > _MOST_FILES:
        raise HostError(f"the artifact {name} has more than {_MOST_FILES:,} files")
    room = LARGEST
    for entry in entries:
        if entry.compress_type not in _KNOWN:
            raise HostError(f"the artifact {name} is compressed as none of GitHub's is")
        # What the archive says of sizes is not believed: a bomb understates them.
        with archive.open(entry) as opened:
            content = opened.read(room + 1)
        room -= len(content)
        if room < 0:
            raise HostError(f"the artifact {name} unpacks to more than {LARGEST:,} bytes")
        yield _inside(entry.filename, name), content


def _inside(path: str, name: str) -> str:
    parts = PurePosixPath(path).parts
    odd = not parts or ".." in parts or path.startswith("/") or "\\" in path or ":" in path
    if odd or any(not char.isprintable() for char in path):
        raise HostError(f"the artifact {name} has a file that belongs elsewhere: {path!r}")
    return "/".join(parts)
