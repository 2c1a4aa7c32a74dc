"""One step over the wire: send it, and find out what became of it when the answer does not say.

If the answer to a POST was lost, or was a server error, reading decides: found → done. Not found after an answer of
500: the server is through with it. Not found after no answer: the server may still be at it. What was not found may be
sent once more after the run has slowed down and reading has shown nothing again; without an answer only where
``repeats`` tells why that is safe, else the step ends as ``sent-unknown``. PUT and DELETE may be repeated as they are.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from reconciler.backends import Answer, Backend, Found
from reconciler.backends.redaction import Redactor
from reconciler.errors import ApiError, BackendError, HaltedError, ProtocolError, TransportError
from reconciler.execution import words
from reconciler.execution.bodies import wants_live, with_live, with_secrets
from reconciler.execution.places import translate
from reconciler.execution.repeats import may_repeat
from reconciler.execution.rivals import take_back
from reconciler.execution.watch import UNSEEN, Seen, Watch
from reconciler.kinds.registry import KINDS
from reconciler.model import Step, StepResult, StepState, Tree

Body = dict[str, Tree] | None

_GATEWAY = frozenset({408, 502, 503, 504})
"""Statuses that say nothing about what the server did with the request."""

_UNEXPLAINED = frozenset({"plan_has_incompatible_addon"})
"""Codes of refusals that name no reason."""

_NOT_FOUND, _CONFLICT, _SERVER_ERROR = 404, 409, 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a step. ``lost``: an answer was lost on the way; ``again``: it is worth a second try.

    ``unsent``: this try never reached the server.
    """

    result: StepResult
    lost: bool = False
    again: bool = False
    unsent: bool = False


class Sender:
    """Sends steps whose ids are filled in. Used by several threads at once."""

    def __init__(self, backend: Backend, secrets: Mapping[str, str], watch: Watch | None = None) -> None:
        self._backend = backend
        self._watch = watch
        self._secrets = secrets
        self._redact = Redactor(secrets.values())

    def send(self, step: Step, first: StepResult | None = None) -> Outcome:
        """Send one step and settle its outcome; ``first`` is what the first try came to, the second time."""
        started = time.perf_counter()
        outcome = self._send(step) if first is None else self._send_again(step, first)
        result = outcome.result
        if self._watch is not None and result.created_id is not None:
            self._watch.made(step, result.created_id)
        error = self._redact(result.error) if result.error else None
        seconds = time.perf_counter() - started + (first.seconds if first else 0)
        return replace(outcome, result=replace(result, error=error, seconds=seconds))

    def _send_again(self, step: Step, first: StepResult) -> Outcome:
        """The second try: a POST only if reading shows nothing again, and only one that may be repeated."""
        if first.state == "not-sent":
            return self._send(step, first)
        unknown = first.state == "sent-unknown"
        try:
            if (seen := self._first_is_done(step)) is not None:
                return seen
            if unknown and not may_repeat(step):
                return Outcome(first)
            outcome = self._send(step, first)
            if outcome.result.state == "failed" and (seen := self._first_is_done(step)) is not None:
                return seen  # what refused the second try is what the first one made
        except BackendError as unreadable:
            note = self._redact(f"reading back failed again: {unreadable.message}")
            return Outcome(replace(first, notes=(*first.notes, note)))
        if unknown and outcome.unsent:
            return Outcome(first)
        notes = outcome.result.notes or ("sent twice",)
        return replace(outcome, result=replace(outcome.result, notes=notes))

    def _first_is_done(self, step: Step) -> Outcome | None:
        """Reading decides that of a POST; anything else may be repeated as it is."""
        if step.method != "POST":
            return None
        found = self._look(step, self._with_secrets(step), patiently=False)
        return _seen(step, found) if found is not None else None

    def _send(self, step: Step, first: StepResult | None = None) -> Outcome:
        body = self._with_secrets(step)
        try:
            seen = self._watch.look(step, body) if self._watch is not None else UNSEEN
            if seen.moved is not None:
                return _overtaken(step, seen.moved)
            if seen.altered is not None:
                return Outcome(StepResult(step, "failed", error=words.altered(step, seen.altered)), unsent=True)
            body = self._with_live(step, body, seen)
        except HaltedError:
            return _not_sent(step)
        except BackendError as error:
            return _unread(step, error, repeatable=first is None)
        try:
            answer = self._backend.perform(step.method, step.path, body)
        except HaltedError:
            return _not_sent(step)
        except BackendError as error:
            return self._unanswered(step, body, error, repeatable=first is None)
        if step.verb == "create":
            return self._created(step, body, answer)
        return Outcome(StepResult(step, "done", answer.status, answer.request_id))

    def _with_secrets(self, step: Step) -> Body:
        return None if step.body is None else with_secrets(step.body, self._secrets)

    def _with_live(self, step: Step, body: Body, seen: Seen) -> Body:
        """The body with the live object's own values where it takes one over; reads it if nobody has just done so."""
        if body is None or not wants_live(body):
            return body
        live = seen.row.wire if seen.row is not None else self._backend.perform("GET", step.path).body or {}
        try:
            return with_live(body, live)
        except KeyError as missing:
            raise ProtocolError(f"the live object has no {missing} to keep") from None

    def _created(self, step: Step, body: Body, answer: Answer) -> Outcome:
        made = answer.body.get("id") if answer.body else None
        if not isinstance(made, str):
            return self._settled(step, body, ProtocolError("the server accepted it but named no id"))
        done = StepResult(step, "done", answer.status, answer.request_id, created_id=made)
        return Outcome(done) if KINDS[step.address.kind].natural_key else self._unrivalled(done, body)

    def _unrivalled(self, done: StepResult, body: Body) -> Outcome:
        """Of two objects that two runs made at the same time the lower id stays; the other one is taken back.

        Only kinds without a natural key need this: nothing but our marker tells their objects.
        """
        try:
            first = self._backend.find_created(done.step, body)
        except BackendError as error:
            note = f"whether another run made the same one could not be read: {error.message}"
            return Outcome(replace(done, notes=(self._redact(note),)))
        if first is None or first.id == done.created_id:
            return Outcome(done)
        return self._taken_back(done, str(first.id))

    def _taken_back(self, done: StepResult, first: str) -> Outcome:
        step, made = done.step, str(done.created_id)
        said = f"{step.address}: another run made it at the same time ({first})"
        tip = "run one apply at a time; make a new plan"
        try:
            take_back(self._backend, step, made, first)
        except BackendError as error:
            said += f", and the second one ({made}) could not be deleted: {error.message}"
            return Outcome(replace(done, state="failed", error=said, tip=f"delete {made}, then make a new plan"))
        said += "; the second one was deleted again"
        return Outcome(replace(done, state="failed", created_id=None, error=said, tip=tip))

    def _unanswered(self, step: Step, body: Body, error: BackendError, *, repeatable: bool) -> Outcome:
        """A step that was not accepted: refused, or nobody knows."""
        if step.method == "DELETE" and isinstance(error, ApiError) and error.status == _NOT_FOUND:
            return Outcome(StepResult(step, "done", error.status, error.request_id, notes=("it was gone already",)))
        if step.verb == "create" and isinstance(error, ApiError) and error.status == _CONFLICT:
            taken = _ended(step, "failed", error, body)
            return replace(taken, result=replace(taken.result, overtaken=True))
        if step.may_refuse and isinstance(error, ApiError) and _definite(error):
            return Outcome(StepResult(step, "done", error.status, error.request_id, notes=(step.may_refuse,)))
        if _definite(error):
            outcome = self._explained(_ended(step, "failed", error, body), error)
            return replace(outcome, unsent=isinstance(error, TransportError))
        lost = _lost(error)
        if step.method != "PUT":
            outcome = self._settled(step, body, error)
            if step.method == "POST" and outcome.result.state == "failed":
                # Answered and not there: the server rolled it back, so nothing is sent twice. Two plans that meet a
                # new tax code at the same moment do that to each other.
                return replace(outcome, again=repeatable)
            if outcome.result.state == "done":
                return outcome
        else:
            outcome = _ended(step, "sent-unknown", error, body, lost=lost)
        return replace(outcome, again=lost and repeatable)

    def _explained(self, outcome: Outcome, error: BackendError) -> Outcome:
        """Adds what the live object tells where the refusal itself names no reason."""
        step = outcome.result.step
        if not (isinstance(error, ApiError) and any(code in _UNEXPLAINED for code, _ in error.codes)):
            return outcome
        try:
            reasons = "; ".join(translate(reason, step.body) for reason in self._backend.explain(step))
        except BackendError as unreadable:
            reasons = f"the reason could not be read: {unreadable.message}"
        said = ": ".join(filter(None, (outcome.result.error, reasons)))
        return replace(outcome, result=replace(outcome.result, error=said))

    def _settled(self, step: Step, body: Body, error: BackendError) -> Outcome:
        """Reading decides whether a POST or DELETE has happened."""
        lost = _lost(error)
        try:
            found = self._look(step, body, patiently=lost)
        except BackendError as unreadable:
            outcome = _ended(step, "sent-unknown", error, body, lost=lost)
            note = self._redact(f"reading back failed too: {unreadable.message}")
            return replace(outcome, result=replace(outcome.result, notes=(note,)))
        if found is None:
            through = isinstance(error, ApiError) and error.status == _SERVER_ERROR
            return _ended(step, "failed" if through else "sent-unknown", error, body, lost=lost)
        return replace(_seen(step, found), lost=lost)

    def _look(self, step: Step, body: Body, *, patiently: bool) -> Found | None:
        from reconciler.backends.retry import eventually

        def look() -> Found | None:
            return self._backend.find_created(step, body)

        return eventually(look) if patiently else look()


def _seen(step: Step, found: Found) -> Outcome:
    """A write that reading shows to have happened."""
    made = found.id if step.verb == "create" else None
    if step.verb == "create" and made is None:
        return _ended(step, "sent-unknown", ProtocolError("what reading back shows has no id"))
    note = "the answer was lost; reading back shows that it is done"
    return Outcome(StepResult(step, "done", created_id=made, notes=(note,)))


def _not_sent(step: Step) -> Outcome:
    error = f"{step.address}: not sent, the run was interrupted while the server limited the rate"
    return Outcome(StepResult(step, "not-sent", error=error), unsent=True)


def _unread(step: Step, error: BackendError, *, repeatable: bool) -> Outcome:
    """What comes before the write could not be read, so it was not sent; a server that hangs may answer later."""
    hangs = _lost(error) and not _definite(error)
    outcome = replace(_ended(step, "failed", error, lost=hangs), unsent=True)
    if not (hangs and repeatable):
        return outcome
    return replace(outcome, result=replace(outcome.result, state="not-sent"), again=True)


def _definite(error: BackendError) -> bool:
    """Whether the server certainly did not do it."""
    if isinstance(error, TransportError):
        return not error.sent
    return isinstance(error, ApiError) and error.status < _SERVER_ERROR and error.status not in _GATEWAY


def _lost(error: BackendError) -> bool:
    """Whether the answer was lost on the way, so that the server may still be at it."""
    return isinstance(error, TransportError) or (isinstance(error, ApiError) and error.status in _GATEWAY)


def _overtaken(step: Step, moved: str) -> Outcome:
    result = StepResult(step, "failed", error=words.overtaken(step, moved), tip=words.AGAIN, overtaken=True)
    return Outcome(result, unsent=True)


def _ended(step: Step, state: StepState, error: BackendError, body: Body = None, *, lost: bool = False) -> Outcome:
    say = words.unknown if state == "sent-unknown" else words.refused
    api = error if isinstance(error, ApiError) else None
    result = StepResult(
        step,
        state,
        status=api.status if api else None,
        request_id=api.request_id if api else None,
        error=say(step, error, body),
        tip=words.advice(step, error),
    )
    return Outcome(result, lost=lost)
