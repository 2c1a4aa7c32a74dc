"""The steps of the action: ``python -I steps install|run|tell``. They have nothing but the standard library."""

from __future__ import annotations

import sys

import inputs
import installing
import running
import telling

STEPS = {"install": installing.install, "run": running.run, "tell": telling.tell}


def main(name: str) -> int:
    """Run one step. Its exit code is the step's; a wrong input is told as one line, as GitHub shows errors."""
    try:
        return STEPS[name](inputs.read())
    except inputs.InputError as error:
        print(f"::error title=reconciler::{inputs.escaped(str(error))}", flush=True)
        return 64


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
