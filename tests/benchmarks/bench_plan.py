"""What a plan costs: validate, canonicalise, diff and plan 10,000 and 20,000 resources, without a network.

Run as ``python tests/benchmarks/bench_plan.py [DOCUMENTS]``. The live side is what applying the same catalogue would
have made, with one object in fifty changed since. Prints CPU seconds, their ratio and the peak of memory.
"""

from __future__ import annotations

import gc
import resource
import sys
import tempfile
import time
from pathlib import Path

from bench_manifest import catalogue

from reconciler import manifest
from reconciler.kinds import marker
from reconciler.kinds.registry import KINDS
from reconciler.model import Desired, Observation, Observed, Plan
from reconciler.planning.options import Needs, PlanOptions
from reconciler.planning.planner import plan
from reconciler.project import load_project

HEAD = "apiVersion: reconciler/v1\nkind: Project\nname: bench\nmanifests: [catalog]\n"


def live(desired: Desired) -> Observation:
    """What an apply of this catalogue would have left, every fiftieth object renamed by somebody."""
    nothing = Observation("bench:", "id", dict.fromkeys(KINDS, ()))
    made = plan(desired, nothing, PlanOptions())
    if isinstance(made, Needs):
        made = plan(desired, answered(nothing, made), PlanOptions())
    assert isinstance(made, Plan)
    rows: dict[str, list[Observed]] = {kind: [] for kind in KINDS}
    for number, step in enumerate(step for step in made.steps if step.verb == "create"):
        wire = {**(step.body or {}), "id": f"id{number}"}
        if number % 50 == 0 and step.address.kind == "Meter":
            wire["name"] = "renamed"
        versioned = step.address.kind in ("Plan", "Addon")
        rows[step.address.kind].append(
            Observed(
                kind=step.address.kind,
                id=f"id{number}",
                key=step.address.key,
                wire=wire,
                state="active" if versioned else "live",
                version=1 if versioned else None,
                marker=marker.read(wire.get("metadata")),
                assignments=() if versioned else None,
            )
        )
    return Observation("bench:", "id", {kind: tuple(found) for kind, found in rows.items()})


def answered(observation: Observation, needs: Needs) -> Observation:
    """Every object that is to be created is absent."""
    return Observation("bench:", "id", observation.objects, answers=dict.fromkeys(needs.questions, "absent"))


def measure(count: int) -> float:
    """CPU seconds of reading, validating and planning ``count`` resources."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "catalog").mkdir()
        (root / "catalog" / "all.yaml").write_text(catalogue(count, price="0.002"), "utf-8")
        (root / "reconciler.yaml").write_text(HEAD, "utf-8")
        project = load_project(root)
        environment = project.environment()
        observation = live(manifest.load(project, environment))
        gc.collect()
        start = time.process_time()
        desired = manifest.load(project, environment)
        read = time.process_time()
        made = plan(desired, observation, PlanOptions())
        end = time.process_time()
    assert isinstance(made, Plan)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    changed = sum(made.summary.values()) - made.unchanged
    print(  # noqa: T201 - a script
        f"{count:>6} resources  read {read - start:5.2f} s   plan {end - read:5.2f} s   "
        f"together {end - start:5.2f} s   {changed} changed   peak {peak:4.0f} MB"
    )
    return end - start


def main() -> None:
    """Measure a catalogue and one twice as large."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    once = measure(count)
    twice = measure(2 * count)
    print(f"twice the size costs {twice / once:.2f} times")  # noqa: T201 - a script


if __name__ == "__main__":
    main()
