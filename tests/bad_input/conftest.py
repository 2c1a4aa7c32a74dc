"""The command line is run here as the tests of the commands run it."""

from ..cli.conftest import Ended, _plain, run

__all__ = ["Ended", "_plain", "run"]
