"""Reading and writing the files that options name. Results are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import PlanFileError, UsageError

if TYPE_CHECKING:
    from reconciler.model import Plan


def write(path: Path, text: str) -> None:
    """Replace a file at once; a reader never sees half of it. Raises ``UsageError`` where that is not possible."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            temporary.write_text(text, encoding="utf-8", newline="\n")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None


def require_folder(path: Path | None) -> None:
    """Before anything is done: the folder of a result file exists. Raises ``UsageError``."""
    if path is not None and not path.absolute().parent.is_dir():
        raise UsageError(f"{path} cannot be written: there is no folder {path.parent}")


def read_plan(path: Path) -> Plan:
    """A saved plan. Raises ``PlanFileError`` where there is none, and what ``planfile.loads`` raises, with its name."""
    from reconciler.planning import planfile

    try:
        return planfile.loads_named(str(path), path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanFileError(f"the plan {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PlanFileError(f"{path} is not a plan file: it is not text") from None
