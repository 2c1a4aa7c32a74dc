"""Every error this package raises on purpose, and the exit code and the reason each one ends a command with.

A reason is a slug for machines: it stands in summaries (``--summary``) and is the same whatever the message says.
``model.REASONS`` has a sentence for each of them.

::

    ReconcilerError                 1   failed             anything below; catch this one to catch them all
    ├── UsageError                 64   usage              the command line or a call is wrong
    ├── InputError                  1   files-invalid      problems in files, all of them, each with its place
    │   ├── ManifestError               manifests-invalid  a manifest, an overlay or a template
    │   ├── EditError                   not-editable       a value of a manifest that cannot be changed where it stands
    │   └── ProjectError                project-invalid    reconciler.yaml, an environment or a variable
    ├── PlanFileError               1   plan-unreadable    a file that cannot be read as a plan
    ├── SecretError                 1   secret-missing     a token or secret source gives nothing
    ├── RefusedError                3   refused            nothing was written, on purpose; some say more:
    │   │                                                  not-approved, wrong-namespace, same-namespace, not-pinned,
    │   │                                                  not-due, secret-differs, uncommitted, read-only,
    │   │                                                  untrusted
    │   ├── GuardError                  guards-open        an open guard: a consent is missing or a limit is hit
    │   ├── StaleError                  stale              the live catalogue moved since the plan was made
    │   ├── ForeignPlanError            plan-foreign       made for another target or a newer format;
    │   │                                                  plan-expired, plan-damaged, from-snapshot
    │   ├── PlanChangedError            plan-changed       what would be done now is not what was approved
    │   ├── BundleError                 bundle             a bundle that is not what its digest says, or is nowhere
    │   ├── SnapshotError               snapshot           damaged, or of another catalogue than is planned for
    │   ├── PromotionError              not-proven         another content, not live, or not for long enough
    │   └── ApprovalError               not-reviewed       merged is not what was reviewed, or nobody approved it:
    │                                                      approval-unreadable, head-moved, approval-revoked
    ├── BackendError                1   server-failed      the server or the way to it
    │   ├── TransportError              unreachable        no answer: connection, time-out, TLS, proxy; rate-limited
    │   │   └── HaltedError       130   interrupted        stopped by the user while a request waited; not sent
    │   ├── ApiError                    server-refused     the server answered with an error status; unauthorized
    │   └── ProtocolError               protocol           the server answered something that is not its API
    ├── HostError                   1   host-failed        where the pull request lives, or the way to it
    ├── PricingError                1   not-rateable       a price, a quantity or a period that cannot be rated
    └── RehearsalError              1   rehearsal-failed   a plan whose steps would not do what they are meant to

What a run ends with that has sent something (4, 5, 130) is no error but in its ``Report``; 130 is both. Where a class
has several reasons, the first is its own and the others are of instances.

One place (``reconciler.__main__``) turns them into messages and exit codes. No exception of httpx, pydantic,
PyYAML, Jinja2 or sqlite3 crosses a room's border: each room translates what its library raises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model import Guard, Problem, Replanned

_UNAUTHORIZED = (401, 403)


class ReconcilerError(Exception):
    """Base of every deliberate error.

    ``exit_code`` is what a command ends with, ``reason`` the same for machines (``model.REASONS``); ``tip`` names the
    flag or command that helps, if one does.
    """

    exit_code: ClassVar[int] = 1
    reason: str = "failed"

    def __init__(self, message: str, *, tip: str | None = None, reason: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.tip = tip
        self.reason = reason or self.reason


class UsageError(ReconcilerError):
    """The command line, or a call of the library, does not make sense."""

    exit_code = 64
    reason = "usage"


class InputError(ReconcilerError):
    """Files with problems: all of them at once, each with its place and rule id."""

    reason = "files-invalid"

    def __init__(self, problems: Iterable[Problem], message: str | None = None) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        first = self.problems[0].message if self.problems else "unknown problem"
        several = len(self.problems) > 1
        super().__init__(message or (f"{len(self.problems)} problems, first: {first}" if several else first))


class ManifestError(InputError):
    """Manifests, overlays or templates that cannot be used."""

    reason = "manifests-invalid"


class EditError(InputError):
    """A value of a manifest that cannot be changed where it stands: templated, shared, or not written there."""

    reason = "not-editable"


class ProjectError(InputError):
    """A project file, environment or variable that cannot be used."""

    reason = "project-invalid"


class PlanFileError(ReconcilerError):
    """A file that cannot be read as a plan."""

    reason = "plan-unreadable"


class SecretError(ReconcilerError):
    """A token or secret source (env, file, command) that gives no usable value. Never holds the value."""

    reason = "secret-missing"


class RefusedError(ReconcilerError):
    """The run was refused before anything was written."""

    exit_code = 3
    reason = "refused"


class GuardError(RefusedError):
    """Open guards: each needs a consent, or cannot be consented to at all."""

    reason = "guards-open"

    def __init__(self, guards: Iterable[Guard], message: str | None = None, *, tip: str | None = None) -> None:
        self.guards: tuple[Guard, ...] = tuple(guards)
        codes = ", ".join(f"{guard.code}:{guard.address}" for guard in self.guards)
        count = f"{len(self.guards)} open guard{'' if len(self.guards) == 1 else 's'}"
        super().__init__(message or f"{count}: {codes}", tip=tip)


class StaleError(RefusedError):
    """The live catalogue moved since the plan was made. ``moved`` has one sentence per object."""

    reason = "stale"

    def __init__(self, moved: Iterable[str], message: str, *, tip: str | None = None) -> None:
        self.moved: tuple[str, ...] = tuple(moved)
        super().__init__(message, tip=tip)


class ForeignPlanError(RefusedError):
    """A plan that is expired, was changed by hand, or was made for another target or a newer format."""

    reason = "plan-foreign"


class PlanChangedError(RefusedError):
    """What would be done now is not what was approved. ``differences`` tells how the two plans differ, and why."""

    reason = "plan-changed"

    def __init__(self, differences: Replanned, message: str, *, tip: str | None = None) -> None:
        super().__init__(message, tip=tip)
        self.differences = differences


class BundleError(RefusedError):
    """A bundle that cannot be read, that is not what its digest says, or that is nowhere to be found (``missing``)."""

    reason = "bundle"

    def __init__(self, message: str, *, tip: str | None = None, missing: bool = False) -> None:
        super().__init__(message, tip=tip)
        self.missing = missing


class SnapshotError(RefusedError):
    """A snapshot that cannot be read, was edited, or is of another environment, namespace or project."""

    reason = "snapshot"


class PromotionError(RefusedError):
    """What is to be promoted is not proven in the environment that it comes from. ``reasons``: one sentence each."""

    reason = "not-proven"

    def __init__(self, reasons: Iterable[str], message: str, *, tip: str | None = None) -> None:
        self.reasons: tuple[str, ...] = tuple(reasons)
        super().__init__(message, tip=tip)


class ApprovalError(RefusedError):
    """No proof that what was merged is what was reviewed, or nobody approved it."""

    reason = "not-reviewed"


class HostError(ReconcilerError):
    """The host of the pull request, or the way to it, failed.

    ``status`` is its HTTP status, None where no answer came; ``sent`` tells whether a write may have been done;
    ``passing``: it may be better a moment later.
    """

    reason = "host-failed"

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

    reason = "server-failed"


class TransportError(BackendError):
    """No answer came. ``sent`` tells whether the request may have reached the server."""

    reason = "unreachable"

    def __init__(self, message: str, *, sent: bool, tip: str | None = None, reason: str | None = None) -> None:
        super().__init__(message, tip=tip, reason=reason)
        self.sent = sent


class HaltedError(TransportError):
    """The run was stopped while a request waited until the server accepts requests again. It was not sent."""

    exit_code = 130
    reason = "interrupted"

    def __init__(self, message: str, *, tip: str | None = None) -> None:
        super().__init__(message, sent=False, tip=tip)


class ApiError(BackendError):
    """The server answered with an error status.

    ``status`` is the HTTP status, ``codes`` the server's own issue codes with the JSON path each points at
    (``""`` where it gives none), ``request_id`` what the server calls this request.
    """

    reason = "server-refused"

    def __init__(
        self,
        message: str,
        *,
        status: int,
        codes: tuple[tuple[str, str], ...] = (),
        request_id: str | None = None,
        tip: str | None = None,
    ) -> None:
        super().__init__(message, tip=tip, reason="unauthorized" if status in _UNAUTHORIZED else None)
        self.status = status
        self.codes = codes
        self.request_id = request_id


class ProtocolError(BackendError):
    """An answer that is not of the API: HTML, truncated JSON, a missing field, an empty 2xx."""

    reason = "protocol"


class RehearsalError(ReconcilerError):
    """Tried out on a copy, the plan was refused or did not lead where it was meant to. The target was only read."""

    reason = "rehearsal-failed"


class PricingError(ReconcilerError):
    """A price, a quantity or a period that the server would refuse, or whose bill cannot be computed faithfully."""

    reason = "not-rateable"
