"""A plan that finds nothing to do, against a bare script that parses the same files and reads the same lists.

Run as ``python tests/benchmarks/bench_noop.py [RESOURCES]``. Both talk to a sandbox served on a port of this machine,
in a process of its own. Prints the CPU seconds of both (children included) and their ratio.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from bench_manifest import catalogue

BARE = """
import sys, pathlib, yaml, httpx
for path in sorted(pathlib.Path("catalog").rglob("*.yaml")):
    list(yaml.load_all(path.read_text("utf-8"), yaml.CSafeLoader))
with httpx.Client(base_url=sys.argv[1]) as client:
    for path in ("meters", "features?page=1&pageSize=1000", "plans?page=1&pageSize=1000", "addons?pageSize=1000",
                 "notification/channels?pageSize=1000", "notification/rules?pageSize=1000",
                 "billing/profiles?pageSize=1000", "apps?pageSize=1000"):
        client.get("/api/v1/" + path).raise_for_status().json()
"""
SERVE = [sys.executable, "-m", "reconciler", "sandbox", "serve", "--db", ":memory:", "--port", "18765"]
URL = "http://127.0.0.1:18765"
HEAD = "apiVersion: reconciler/v1\nkind: Project\nname: bench\nmanifests: [catalog]\n"


def cpu(command: list[str], folder: Path) -> float:
    """CPU seconds of a command, the least of three."""
    best = float("inf")
    for _ in range(3):
        before = os.times()
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        after = os.times()
        best = min(best, after.children_user + after.children_system - before.children_user - before.children_system)
    return best


def wait_for(url: str) -> None:
    """Until the server answers."""
    while True:
        try:
            httpx.get(f"{url}/api/v1/meters").raise_for_status()
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return


def main() -> None:
    """Serve a sandbox, apply the catalogue once, and measure both programs."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    ours = [sys.executable, "-m", "reconciler", "plan", "--endpoint", URL, "--no-color"]
    apply = [sys.executable, "-m", "reconciler", "apply", "--endpoint", URL, "--auto-approve"]
    with tempfile.TemporaryDirectory() as name, subprocess.Popen(SERVE, stderr=subprocess.DEVNULL) as server:
        folder = Path(name)
        (folder / "catalog").mkdir()
        (folder / "catalog" / "all.yaml").write_text(catalogue(count, price="0.002"), "utf-8")
        (folder / "reconciler.yaml").write_text(HEAD, "utf-8")
        wait_for(URL)
        subprocess.run(apply, cwd=folder, check=True, capture_output=True)
        bare = cpu([sys.executable, "-c", BARE, URL], folder)
        plan = cpu(ours, folder)
        server.terminate()
    print(f"{count} resources: bare script {bare:.2f} s, plan {plan:.2f} s, ratio {plan / bare:.2f}")  # noqa: T201


if __name__ == "__main__":
    main()
