"""A repository at GitHub with the workflows of examples/gitops, and the two OpenMeter servers behind it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from reconciler.sandbox import Sandbox
from reconciler.sandbox.serve import serving

from ..ci.github import GitHub
from .runner import ROOT, Runner

EXAMPLE = ROOT / "examples" / "gitops"
ENDPOINTS = {
    "staging": "https://openmeter.staging.lodestar.example",
    "production": "https://openmeter.cloud",
}
SECRETS = {"OPENMETER_STAGING_TOKEN": "staging-token", "OPENMETER_TOKEN": "production-token"}


@pytest.fixture(scope="session")
def forks(tmp_path_factory):
    """The address of the Python that has everything imported; see ``forks.py``."""
    folder = Path(tempfile.mkdtemp(prefix="forks"))  # a socket's path has to be short
    server = subprocess.Popen(
        [sys.executable, "-X", "utf8", Path(__file__).with_name("forks.py"), folder / "socket"],
        stdout=subprocess.PIPE,
        cwd=folder,
    )
    try:
        assert server.stdout.readline() == b"ready\n"
        yield folder / "socket"
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
        shutil.rmtree(folder)


@dataclass
class World:
    """What people do at GitHub and at OpenMeter, and what the jobs that follow came to."""

    hub: GitHub
    runner: Runner
    clone: Path
    live: dict

    def commit(self, branch, message, files=None, replace=None, base="main"):
        """A commit of a branch, made anew from ``base`` unless it exists; pushed. Its hash."""
        exists = self.git("branch", "--list", branch)
        self.git("switch", "-q", *(["-c", branch, f"origin/{base}"] if not exists else [branch]))
        for name, text in (files or {}).items():
            path = self.clone / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for name, (old, new) in (replace or {}).items():
            text = (self.clone / name).read_text()
            assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
            (self.clone / name).write_text(text.replace(old, new))
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        self.git("push", "-q", "origin", branch)
        return self.git("rev-parse", "HEAD")

    def open(self, branch, head, **about):
        """A pull request, with the merge that GitHub keeps of it."""
        pull = self.hub.open_pull(branch=branch, head=head, **about)
        self._merge_ref(pull)
        return pull

    def push(self, pull, head):
        self.hub.push(pull, head)
        self._merge_ref(pull)

    def merge(self, pull):
        """Merge it as it is now; the commit that main is at then."""
        self.git("switch", "-q", "main")
        self.git("pull", "-q", "--ff-only", "origin", "main")
        self.hub.before_push = self.git("rev-parse", "HEAD")
        self.git("merge", "-q", "--no-ff", "-m", f"Merge #{pull.number}", pull.head)
        self.git("push", "-q", "origin", "main")
        return self.hub.merge(pull, sha=self.git("rev-parse", "HEAD"))

    def _merge_ref(self, pull):
        self.git("fetch", "-q", "origin")
        self.git("switch", "-q", "--detach", "origin/main")
        self.git("merge", "-q", "--no-ff", "-m", f"Merge {pull.head}", pull.head)
        self.git("push", "-q", "-f", "origin", f"HEAD:refs/pull/{pull.number}/merge")
        pull.merge_commit_sha = self.git("rev-parse", "HEAD")

    def planned(self, pull, action="synchronize"):
        """Run the workflow of a pull request."""
        run = self.hub.start_run("pull_request", pull)
        return self.run("plan", run, self.hub.pull_event(pull, action))

    def applied(self, sha):
        """Run the workflow of a push to main."""
        run = self.hub.start_run("push", head=sha)
        return self.run("apply", run, self.hub.push_event(sha))

    def nightly(self):
        run = self.hub.start_run("schedule", head=self.main())
        return self.run("drift", run, {"repository": self.hub.push_event(run.head)["repository"]})

    def by_hand(self, **inputs):
        run = self.hub.start_run("workflow_dispatch", head=self.main())
        given = {"command": "promote", "environment": "production", "allow": ""} | inputs
        repository = self.hub.push_event(run.head)["repository"]
        return self.run("by-hand", run, {"repository": repository, "inputs": given}, inputs=given)

    def run(self, name, run, event, **more):
        path = EXAMPLE / ".github" / "workflows" / f"billing-{name}.yml"
        return self.runner.workflow(path, run, event, **more)

    def main(self):
        self.git("fetch", "-q", "origin")
        return self.git("rev-parse", "origin/main")

    def git(self, *words):
        done = subprocess.run(["git", *words], cwd=self.clone, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"git {' '.join(map(str, words))}: {done.stderr}"
        return done.stdout.strip()

    def comment(self, pull):
        """The text of the one comment."""
        (found,) = self.hub.comments_of(pull)
        return found.body

    def fee(self, environment):
        """What Studio's base fee is, at the server itself."""
        with httpx.Client(transport=self.live[environment].transport(), base_url="http://live") as client:
            rows = client.get("/api/v1/plans", params={"pageSize": 1000}).json()["items"]
        (active,) = [row for row in rows if row["status"] == "active"]
        return next(card["price"]["amount"] for card in active["phases"][0]["rateCards"] if card["type"] == "flat_fee")

    def edit(self, environment, **fields):
        """Somebody opens Studio in the UI and publishes it with other fields."""
        with httpx.Client(transport=self.live[environment].transport(), base_url="http://live") as client:
            old = next(row for row in client.get("/api/v1/plans").json()["items"] if row["status"] == "active")
            draft = client.post(f"/api/v1/plans/{old['id']}/next").raise_for_status().json()
            kept = {name: draft[name] for name in ("name", "billingCadence", "phases", "metadata", "proRatingConfig")}
            client.put(f"/api/v1/plans/{draft['id']}", json=kept | fields).raise_for_status()
            client.post(f"/api/v1/plans/{draft['id']}/publish").raise_for_status()

    def settle(self, *environments):
        """Apply what main declares, as somebody with every right does at a desk."""
        self.git("switch", "-q", "main")
        self.git("pull", "-q", "--ff-only", "origin", "main")
        allowed = ["--auto-approve", "--allow", "price-raising:*/*", "--allow", "cosmetic:*/*"]
        for name in environments:
            self.reconciler("apply", "-e", name, *allowed)

    def reconciler(self, *words):
        """Run a command in the clone, with every token."""
        line = [self.runner.folder / "reconciler-python", "-I", "-m", "reconciler", *words]
        environment = os.environ | SECRETS
        done = subprocess.run(line, cwd=self.clone, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def listen(self, *others):
        """What is asked of either server from now on, or of other ones."""
        asked = []
        for sandbox in others or self.live.values():
            handle = sandbox.handle
            sandbox.handle = lambda request, handle=handle: asked.append(request) or handle(request)
        return asked


@pytest.fixture
def world(tmp_path, forks):
    """The repository after its first commit; nothing is live yet."""
    hub = GitHub(repository="lodestar/billing")
    with ExitStack() as stack:
        live = {name: Sandbox() for name in ENDPOINTS}
        urls = {name: stack.enter_context(serving(one)).url for name, one in live.items()}
        stack.enter_context(hub.serving())
        runner = Runner(hub, tmp_path / "origin.git", tmp_path, Path(sys.executable), _secrets())
        shim = tmp_path / "reconciler-python"
        shim.write_text(
            f'#!/bin/sh\nexec "{sys.executable}" -S "{Path(__file__).with_name("forks.py")}" "{forks}" "$@"\n'
        )
        shim.chmod(0o755)
        made = World(hub, runner, tmp_path / "clone", live)
        _repository(made, urls)
        yield made


@pytest.fixture
def live(world):
    """The same with the catalogue of main applied to both environments."""
    world.settle("staging", "production")
    return world


def _secrets():
    """By GitHub environment; what a fork gets is nothing, and what `staging` gets is no token of production."""
    staging, production = ({name: value} for name, value in SECRETS.items())
    return {"billing-plan": SECRETS, "staging": staging, "production": production}


def _repository(made, urls):
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", made.runner.origin], check=True)
    made.clone.mkdir()
    made.git("init", "-q", "-b", "main")
    for name, value in (("user.name", "Dave"), ("user.email", "dave@lodestar.example"), ("commit.gpgsign", "false")):
        made.git("config", name, value)
    made.git("remote", "add", "origin", made.runner.origin)
    shutil.copytree(EXAMPLE, made.clone, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".reconciler"))
    project = made.clone / "reconciler.yaml"
    text = project.read_text()
    for name, endpoint in ENDPOINTS.items():
        assert endpoint in text
        text = text.replace(endpoint, urls[name])
    project.write_text(text)
    made.git("add", "-A")
    made.git("commit", "-q", "-m", "The catalogue")
    made.git("push", "-q", "-u", "origin", "main")
