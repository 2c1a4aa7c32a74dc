"""The coordinator: one thread owns the graph, workers only do HTTP.

A ready queue, not levels with barriers: a step starts as soon as everything it needs is done. A failed step skips
its descendants; independent branches go on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from reconciler.backends import Backend
from reconciler.execution.bodies import check_refs, reveal_all, with_ids
from reconciler.execution.events import Event, EventKind
from reconciler.execution.graph import Graph
from reconciler.execution.lanes import Lanes
from reconciler.execution.receipts import Receipts
from reconciler.execution.sending import Outcome, Sender
from reconciler.execution.unseen import check_secrets, check_signing
from reconciler.execution.watch import Watch
from reconciler.model import Address, Observation, Plan, Report, Step, StepResult, Tree


def _now() -> datetime:
    return datetime.now(UTC)


def _nobody(event: Event) -> None:
    del event


def apply(
    plan: Plan,
    backend: Backend,
    *,
    reveal: Callable[[Mapping[str, Tree]], str],
    parallelism: int = 8,
    catalog_writes: int = 2,
    on_event: Callable[[Event], None] = _nobody,
    receipts: Path | None = None,
    should_stop: threading.Event | None = None,
    done: Mapping[str, str | None] | None = None,
    seen: Observation | None = None,
    plan_digest: str = "",
    clock: Callable[[], datetime] = _now,
) -> Report:
    """Send the plan's steps and report what became of each, in plan order.

    ``reveal`` gives the value of a secret source; all are asked before anything is sent, and what it raises
    (``SecretError``) goes through with nothing sent. ``on_event`` is called from this thread only. Once
    ``should_stop`` is set no step starts any more and those in flight are waited for; what waits for the server's rate
    limit ends as not sent. ``done`` names steps that need
    no sending because the live object already is as they would leave it, with the object's id for a create.
    ``seen`` is the catalogue as it was found to fit the plan: each object is held against it just before its own
    write, and a step whose object somebody else changed meanwhile fails unsent. None: nothing is read again.
    Raises ``PlanFileError`` for a plan whose steps do not fit together, ``RefusedError`` for a secret that would
    change unseen, ``UsageError`` where no receipts can be written: all before anything is written. Failures of steps
    are in the report, never raised.
    """
    should_stop = should_stop or threading.Event()
    backend.heed(should_stop)
    started, requests, started_at = time.perf_counter(), backend.requests, clock().isoformat()
    done = done or {}
    ids = {step.address: made for step in plan.steps if (made := done.get(step.id))}
    check_refs(plan, ids, done)
    graph = Graph(plan.steps)
    secrets = reveal_all(plan, reveal)
    check_signing(plan, secrets)
    check_secrets(plan, backend, secrets)
    watch = None if seen is None else Watch(plan, seen, backend, done)
    sender = Sender(backend, secrets, watch)
    journal = Receipts(receipts, started_at, clock, plan)
    try:
        run = Run(plan, graph, Lanes(plan, total=parallelism, catalog=catalog_writes), journal, on_event)
        run.go(sender, ids, done, should_stop, workers=parallelism)
    finally:
        journal.close()
    results = tuple(run.results[step.id] for step in plan.steps)
    return Report(
        plan=plan,
        results=results,
        requests=backend.requests - requests,
        seconds=time.perf_counter() - started,
        started_at=started_at,
        plan_digest=plan_digest,
        interrupted=any(result.state == "not-sent" for result in results),
    )


class Run:
    """One run of a plan: what is over, what is in flight, what is still to come."""

    def __init__(
        self, plan: Plan, graph: Graph, lanes: Lanes, receipts: Receipts, on_event: Callable[[Event], None]
    ) -> None:
        self.results: dict[str, StepResult] = {}
        self._steps = {step.id: step for step in plan.steps}
        self._order = {step_id: number for number, step_id in enumerate(self._steps)}
        self._graph = graph
        self._lanes = lanes
        self._receipts = receipts
        self._on_event = on_event
        self._unsettled: dict[str, StepResult] = {}

    def go(
        self,
        sender: Sender,
        ids: dict[Address, str],
        done: Mapping[str, str | None],
        should_stop: threading.Event,
        *,
        workers: int,
    ) -> None:
        """Run until nothing is ready and nothing in flight."""
        in_flight: dict[Future[Outcome], Step] = {}
        with ThreadPoolExecutor(max(1, workers), thread_name_prefix="reconciler-step") as pool:
            self._release(done)
            while True:
                while not should_stop.is_set() and (step := self._lanes.start()) is not None:
                    in_flight[self._submit(pool, sender, step, ids)] = step
                if not in_flight:
                    break
                over, _ = wait(in_flight, return_when=FIRST_COMPLETED)
                for future in sorted(over, key=lambda future: self._order[in_flight[future].id]):
                    self._over(in_flight.pop(future), future.result(), ids)
                self._release(done)
        self._record_the_rest()

    def _submit(
        self, pool: ThreadPoolExecutor, sender: Sender, step: Step, ids: Mapping[Address, str]
    ) -> Future[Outcome]:
        self._receipts.started(step)
        first = self._unsettled.get(step.id)
        if first is None:
            self._on_event(self._event("started", step, None))
        return pool.submit(sender.send, with_ids(step, ids), first)

    def _release(self, done: Mapping[str, str | None]) -> None:
        """Hand what became ready to the lanes; steps that are done without sending release what they held."""
        while ready := self._graph.ready():
            for step_id in ready:
                step = self._steps[step_id]
                if step_id in done:
                    note = "already as planned"
                    self._record(StepResult(step, "done", created_id=done[step_id], notes=(note,)))
                    self._graph.done(step_id)
                else:
                    self._lanes.add(step)

    def _over(self, step: Step, outcome: Outcome, ids: dict[Address, str]) -> None:
        result = replace(outcome.result, step=step)
        if self._lanes.finish(step, lost=outcome.lost, done=result.state == "done"):
            self._on_event(self._event("slowed", step, None))
        if outcome.again:
            self._unsettled[step.id] = result
            self._lanes.add(step, again=True)
            return
        if result.state == "done" and result.created_id:
            ids[step.address] = result.created_id
        self._record(result)
        if result.state == "done":
            self._graph.done(step.id)
        elif result.state != "not-sent":
            self._skip_descendants(step)

    def _record_the_rest(self) -> None:
        """What was never sent, and what an interruption kept from its second try, after what the first came to."""
        for step in self._steps.values():
            if step.id not in self.results:
                error = f"{step.address}: not sent, the run was interrupted"
                self._record(self._unsettled.get(step.id) or StepResult(step, "not-sent", error=error))

    def _skip_descendants(self, failed: Step) -> None:
        for step_id in self._graph.descendants(failed.id):
            if step_id not in self.results:
                step = self._steps[step_id]
                self._record(StepResult(step, "skipped", error=f"{step.address}: skipped, needs {failed.address}"))

    def _record(self, result: StepResult) -> None:
        self._receipts.finished(result)
        if self._receipts.lost:
            result = replace(result, notes=(*result.notes, "no receipt: the file could not be written"))
        self.results[result.step.id] = result
        self._on_event(self._event("finished", result.step, result))

    def _event(self, kind: EventKind, step: Step, result: StepResult | None) -> Event:
        return Event(kind, step, result, len(self.results), len(self._steps), self._lanes.in_flight)
