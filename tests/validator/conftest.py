"""Every recorded write, checked once per run."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from .checking import Found, check
from .walking import RECORDINGS, Write, writes


@dataclass(frozen=True)
class Checked:
    write: Write
    errors: list[Found]
    warnings: list[Found]


@pytest.fixture(scope="session")
def checked(tmp_path_factory):
    """The writes that the server took or refused because of what was written, by recording."""
    found: dict[str, list[Checked]] = {}
    root = tmp_path_factory.mktemp("recorded")
    for path in sorted(RECORDINGS.glob("*.json")):
        found[path.stem] = []
        for write in writes(path):
            if write.taken or write.status == 400:
                nothing: tuple[list[Found], list[Found]] = ([], [])
                errors, warnings = check(write, root / str(write)) if write.wanted else nothing
                found[path.stem].append(Checked(write, errors, warnings))
    return found
