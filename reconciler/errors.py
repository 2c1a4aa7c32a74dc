"""Every error this package raises on purpose, and the exit code each one ends a command with.

::

    ReconcilerError                 1   anything below; catch this one to catch them all
    ├── UsageError                 64   the command line or a call is wrong
    ├── InputError                  1   problems in files, all of them, each with its place
    │   ├── ManifestError               a manifest, an overlay or a template
    │   ├── EditError                   a value of a manifest that cannot be changed where it stands
    │   └── ProjectError                reconciler.yaml, an environment or a variable
    ├── PlanFileError               1   a file that cannot be read as a plan
    ├── SecretError                 1   a token or secret source gives nothing
    ├── RefusedError                3   nothing was written, on purpose
    │   ├── GuardError                  an open guard: a consent is missing or a limit is hit
    │   ├── StaleError                  the live catalogue moved since the plan was made
    │   ├── ForeignPlanError            expired, tampered, or made for another target
    │   ├── BundleError                 a bundle that is not what its digest says, or is nowhere to be found
    │   ├── PromotionError              not proven where it comes from: another content, not live, not for long enough
    │   └── ApprovalError               what was merged is not what was reviewed, or nobody approved it
    ├── BackendError                1   the server or the way to it
    │   ├── TransportError              no answer: connection, time-out, TLS, proxy
    │   │   └── HaltedError       130   stopped by the user while the server made a request wait; not sent
    │   ├── ApiError                    the server answered with an error status
    │   └── ProtocolError               the server answered something that is not its API
    ├── HostError                   1   where the pull request lives (GitHub), or the way to it, failed
    ├── PricingError                1   a price, a quantity or a period that cannot be rated faithfully
    └── RehearsalError              1   a plan whose steps would not do what they are meant to; nothing was written

What a run ends with that has sent something (4, 5, 130) is no error but in its ``Report``; 130 is both.

One place (``reconciler.__main__``) turns them into messages and exit codes. No exception of httpx, pydantic,
PyYAML, Jinja2 or sqlite3 crosses a room's border: each room translates what its library raises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model import Guard, Problem


class ReconcilerError(Exception):
    """Base of every deliberate error.

    ``exit_code`` is what a command ends with; ``tip`` names the flag or command that helps, if one does.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, tip: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.tip = tip


class UsageError(ReconcilerError):
    """The command line, or a call of the library, does not make sense."""

    exit_code = 64


class InputError(ReconcilerError):
    """Files with problems: all of them at once, each with its place and rule id."""

    def __init__(self, problems: Iterable[Problem], message: str | None = None) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        first = self.problems[0].message if self.problems else "unknown problem"
        super().__init__(message or f"{len(self.problems)} problems, first: {first}")


class ManifestError(InputError):
    """Manifests, overlays or templates that cannot be used."""


class EditError(InputError):
    """A value of a manifest that cannot be changed where it stands: templated, shared, or not written there."""


class ProjectError(InputError):
    """A project file, environment or variable that cannot be used."""


class PlanFileError(ReconcilerError):
    """A file that cannot be read as a plan."""


class SecretError(ReconcilerError):
    """A token or secret source (env, file, command) that gives no usable value. Never holds the value."""


class RefusedError(ReconcilerError):
    """The run was refused before anything was written."""

    exit_code = 3


class GuardError(RefusedError):
    """Open guards: each needs a consent, or cannot be consented to at all."""

    def __init__(self, guards: Iterable[Guard], message: str | None = None, *, tip: str | None = None) -> None:
        self.guards: tuple[Guard, ...] = tuple(guards)
        codes = ", ".join(f"{guard.code}:{guard.address}" for guard in self.guards)
        count = f"{len(self.guards)} open guard{'' if len(self.guards) == 1 else 's'}"
        super().__init__(message or f"{count}: {codes}", tip=tip)


class StaleError(RefusedError):
    """The live catalogue moved since the plan was made. ``moved`` has one sentence per object."""

    def __init__(self, moved: Iterable[str], message: str, *, tip: str | None = None) -> None:
        self.moved: tuple[str, ...] = tuple(moved)
        super().__init__(message, tip=tip)


class ForeignPlanError(RefusedError):
    """A plan that is expired, was changed by hand, or was made for another target or a newer format."""


class BundleError(RefusedError):
    """A bundle that cannot be read, that is not what its digest says, or that is nowhere to be found (``missing``)."""

    def __init__(self, message: str, *, tip: str | None = None, missing: bool = False) -> None:
        super().__init__(message, tip=tip)
        self.missing = missing


class PromotionError(RefusedError):
    """What is to be promoted is not proven in the environment that it comes from. ``reasons``: one sentence each."""

    def __init__(self, reasons: Iterable[str], message: str, *, tip: str | None = None) -> None:
        self.reasons: tuple[str, ...] = tuple(reasons)
        super().__init__(message, tip=tip)


class ApprovalError(RefusedError):
    """No proof that what was merged is what was reviewed. ``reason`` is a slug, such as ``head-moved``."""

    def __init__(self, reason: str, message: str, *, tip: str | None = None) -> None:
        super().__init__(message, tip=tip)
        self.reason = reason


class HostError(ReconcilerError):
    """The host of the pull request, or the way to it, failed.

    ``status`` is its HTTP status, None where no answer came; ``sent`` tells whether a write may have been done;
    ``passing``: it may be better a moment later.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        sent: bool = False,
        passing: bool = False,
        tip: str | None = None,
    ) -> None:
        super().__init__(message, tip=tip)
        self.status = status
        self.sent = sent
        self.passing = passing


class BackendError(ReconcilerError):
    """The server, or the way to it, failed."""


class TransportError(BackendError):
    """No answer came. ``sent`` tells whether the request may have reached the server."""

    def __init__(self, message: str, *, sent: bool, tip: str | None = None) -> None:
        super().__init__(message, tip=tip)
        self.sent = sent


class HaltedError(TransportError):
    """The run was stopped while a request waited until the server accepts requests again. It was not sent."""

    exit_code = 130

    def __init__(self, message: str, *, tip: str | None = None) -> None:
        super().__init__(message, sent=False, tip=tip)


class ApiError(BackendError):
    """The server answered with an error status.

    ``status`` is the HTTP status, ``codes`` the server's own issue codes with the JSON path each points at
    (``""`` where it gives none), ``request_id`` what the server calls this request.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        codes: tuple[tuple[str, str], ...] = (),
        request_id: str | None = None,
        tip: str | None = None,
    ) -> None:
        super().__init__(message, tip=tip)
        self.status = status
        self.codes = codes
        self.request_id = request_id


class ProtocolError(BackendError):
    """An answer that is not of the API: HTML, truncated JSON, a missing field, an empty 2xx."""


class RehearsalError(ReconcilerError):
    """Tried out on a copy, the plan was refused or did not lead where it was meant to. The target was only read."""


class PricingError(ReconcilerError):
    """A price, a quantity or a period that the server would refuse, or whose bill cannot be computed faithfully."""
