"""What reading and validating manifests costs, against PyYAML's C loader alone on the same text.

Run as ``python tests/benchmarks/bench_manifest.py [DOCUMENTS]``. Prints ratios; asserts nothing about time.
"""

from __future__ import annotations

import gc
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

METER = """\
apiVersion: openmeter.io/v1
kind: Meter
key: meter_{n}
spec:
  name: Tokens {n}
  eventType: prompt_{n}
  aggregation: SUM
  valueProperty: $.tokens
  groupBy:
    model: $.model
    type: $.type
  metadata:
    owner: team_{m}
"""
FEATURE = """\
apiVersion: openmeter.io/v1
kind: Feature
key: feature_{n}
spec:
  name: Tokens {n}
  meterSlug: meter_{n}
  advancedMeterGroupByFilters:
    model:
      $eq: large
  unitCost:
    type: manual
    amount: "{price}"
  metadata:
    owner: team_{m}
"""
PLAN = """\
apiVersion: openmeter.io/v1
kind: Plan
key: plan_{n}
spec:
  name: Plan {n}
  currency: USD
  billingCadence: P1M
  phases:
    - key: main
      name: Main
      rateCards:
        - type: usage_based
          featureKey: feature_{n}
          billingCadence: P1M
          price: {{type: unit, amount: 0.{m}5}}
"""


def catalogue(count: int, *, price: str) -> str:
    """Meters, features and plans in equal parts; each feature names its meter, each plan its feature."""
    forms = (METER, FEATURE, PLAN)
    return "---\n".join(forms[i % 3].format(n=i // 3, m=i % 7, price=price) for i in range(count))


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of one call, on a clean heap."""
    gc.collect()
    start = time.process_time()
    result = work()
    seconds = time.process_time() - start
    del result
    return seconds


def measure(name: str, text: str, *, project_file: str) -> None:
    """Print the cost of one catalogue."""
    from reconciler import manifest
    from reconciler.project import load_project

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "catalog").mkdir()
        (root / "catalog" / "all.yaml").write_text(text, "utf-8")
        (root / "reconciler.yaml").write_text(project_file, "utf-8")
        project = load_project(root)
        environment = project.environment()
        manifest.load(project, environment)
        base = min(cpu(lambda: list(yaml.load_all(text, yaml.CSafeLoader))) for _ in range(3))
        ours = min(cpu(lambda: manifest.load(project, environment)) for _ in range(3))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(  # noqa: T201 - a script
        f"{name:<34} C loader {base:6.2f} s   load {ours:6.2f} s   ratio {ours / base:4.2f}   peak {peak:4.0f} MB"
    )


def main() -> None:
    """Measure plain, templated and single-kind catalogues."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    head = "apiVersion: reconciler/v1\nkind: Project\nname: bench\nmanifests: [catalog]\n"
    variables = "variables: {price: {type: decimal, default: '0.002'}}\n"
    meters = "---\n".join(METER.format(n=i, m=i % 7) for i in range(count))
    measure(f"{count} meters", meters, project_file=head)
    measure(f"{count} meters, features, plans", catalogue(count, price="0.002"), project_file=head)
    rendered = catalogue(count, price="{{ vars.price * 2 }}")
    measure(f"{count}, a third with a template", rendered, project_file=head + variables)


if __name__ == "__main__":
    main()
