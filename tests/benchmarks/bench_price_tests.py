"""What ``reconciler test`` costs per scenario, beside a bare loop over the rating engine for the same customers.

Run as ``python tests/benchmarks/bench_price_tests.py [SCENARIOS]``. Prints rates, per second of this process; asserts
nothing about time.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from reconciler import load_desired, open_context
from reconciler.model import Address
from reconciler.pricing import Customer, PriceList, bill, course, price_test
from reconciler.workflow.price_tests import run_scenarios
from reconciler.workflow.pricing import spec_of

CATALOGUE = """\
apiVersion: openmeter.io/v1
kind: Meter
key: tokens
spec: {eventType: prompt, aggregation: SUM, valueProperty: $.tokens}
---
apiVersion: openmeter.io/v1
kind: Feature
key: input
spec: {name: Input, meterSlug: tokens}
---
apiVersion: openmeter.io/v1
kind: Feature
key: output
spec: {name: Output, meterSlug: tokens}
---
apiVersion: openmeter.io/v1
kind: Plan
key: pro
spec:
  name: Pro
  currency: USD
  billingCadence: P1M
  phases:
    - key: main
      name: Main
      rateCards:
        - {type: flat_fee, key: base, name: Base, billingCadence: P1M, price: {type: flat, amount: "20"}}
        - {type: usage_based, featureKey: input, billingCadence: P1M, price: {type: unit, amount: "0.0001"}}
        - type: usage_based
          featureKey: output
          billingCadence: P1M
          discounts: {usage: {quantity: 1000}}
          price:
            type: tiered
            mode: graduated
            tiers:
              - {upToAmount: 100000, unitPrice: {type: unit, amount: "0.0003"}}
              - {unitPrice: {type: unit, amount: "0.0002"}}
"""
SCENARIO = """\
---
apiVersion: reconciler/v1
kind: Scenario
key: customer_{n}
spec: {{plan: pro, usage: {{input: {n}000, output: {n}00}}, expect: {{atLeast: 20, atMost: 1000000}}}}
"""


def fastest(run: Callable[[], object], times: int = 5) -> float:
    found = []
    for _ in range(times):
        gc.collect()
        start = time.process_time()
        run()
        found.append(time.process_time() - start)
    return min(found)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    with tempfile.TemporaryDirectory() as folder:
        text = CATALOGUE + "".join(SCENARIO.format(n=number) for number in range(count))
        (Path(folder) / "all.yaml").write_text(text)
        (Path(folder) / "reconciler.yaml").write_text("apiVersion: reconciler/v1\nkind: Project\nname: bench\n")
        context = open_context(Path(folder))
        start = time.process_time()
        desired = load_desired(context)
        reading = time.process_time() - start
        spec = spec_of(desired, Address("Plan", "pro"))
        customers = [Customer(scenario.usage) for scenario in desired.scenarios]
        prices = PriceList({Address("Plan", "pro"): spec})

        found = course(spec, customers[0])

        def unwanted() -> None:
            raise AssertionError("nothing asks for what is live")

        rows = {
            "bare loop: bill(spec, customer)": lambda: [bill(spec, customer) for customer in customers],
            "bare loop: bill(course, customer)": lambda: [bill(found, customer) for customer in customers],
            "price_test(scenario, prices, None)": lambda: [price_test(one, prices, None) for one in desired.scenarios],
            "run_scenarios, as `reconciler test`": lambda: run_scenarios(context, desired, desired.scenarios, unwanted),
        }
        sys.stdout.write(f"{count} scenarios of {len(spec['phases'][0]['rateCards'])} cards\n")
        for name, run in rows.items():
            sys.stdout.write(f"{name:40} {count / fastest(run):>10,.0f} per second\n")
        sys.stdout.write(f"{'reading and validating the manifests':40} {count / reading:>10,.0f} per second\n")


if __name__ == "__main__":
    main()
