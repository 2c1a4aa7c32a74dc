"""Runs workflows and this repository's action as GitHub's runner would, against the GitHub of ``tests/ci/github.py``.

``run:`` steps are run by bash, as there. ``uses:`` steps are stand-ins that do what the action does to this state:
a checkout is a clone of the bare repository, an upload is an artifact of the run. Conditions, expressions, matrices,
``needs`` and outputs mean what they mean there. What a job may write at GitHub follows from its ``permissions``.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import yaml

from .expressions import as_text, condition, fill

ROOT = Path(__file__).parents[2]
ACTION = ROOT / ".github" / "actions" / "reconcile"
_PASSED = ("PATH", "HOME", "LANG", "PYTHONPATH")


@dataclass
class Step:
    """What became of a step. ``given``: the inputs of a ``uses:`` step."""

    name: str
    outcome: str
    log: str = ""
    outputs: dict = field(default_factory=dict)
    given: dict = field(default_factory=dict)


@dataclass
class Job:
    name: str
    matrix: dict
    environment: str | None
    concurrency: dict
    steps: list = field(default_factory=list)
    status: str = "success"
    outputs: dict = field(default_factory=dict)
    summary: str = ""

    @property
    def log(self):
        return "".join(step.log for step in self.steps)

    def step(self, name):
        return next(step for step in self.steps if step.name == name)


@dataclass
class Runner:
    """One repository at GitHub: its state, its bare git repository, its secrets by GitHub environment."""

    hub: object
    origin: Path
    folder: Path
    python: Path
    secrets: dict
    variables: dict = field(default_factory=dict)
    refuses: tuple = ()
    """The GitHub environments whose reviewers say no."""
    breaks: tuple = ()
    """The actions of other people that fail, such as ``actions/upload-artifact``."""
    between: object = None
    """Called with the id of a job before it begins: where others do something meanwhile."""

    def workflow(self, path, run, event, *, inputs=None):
        """Every job of a workflow, in the order of ``needs``; ids, or ``id (matrix)``, to what became of them."""
        document = yaml.load(Path(path).read_text(encoding="utf-8"), Loader=Words)
        done: dict[str, Job] = {}
        waiting = dict(document["jobs"])
        while waiting:
            name = next(name for name, job in waiting.items() if not set(_needs(job)) & set(waiting))
            job = waiting.pop(name)
            results = {need: _result(done, need) for need in _needs(job)}
            for values in _matrix(job):
                if self.between:
                    self.between(name)
                one = _Job(self, document, name, job, values, run, event, inputs or {}, results).run()
                done[one.name] = one
                if one.status == "failure" and job.get("strategy", {}).get("fail-fast", True):
                    break
        failed = any(job.status == "failure" for job in done.values())
        self.hub.finish(run, "failure" if failed else "success")
        return done


class Words(yaml.SafeLoader):
    """YAML as GitHub reads it: ``on`` is a word."""


Words.yaml_implicit_resolvers = {
    first: [rule for rule in rules if rule[0] != "tag:yaml.org,2002:bool"] if first in "oOyYnN" else rules
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _needs(job):
    needs = job.get("needs", [])
    return [needs] if isinstance(needs, str) else needs


def _matrix(job):
    axes = job.get("strategy", {}).get("matrix", {})
    return [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]


def _result(done, need):
    found = [job for name, job in done.items() if name.partition(" (")[0] == need]
    status = "failure" if any(job.status == "failure" for job in found) else found[-1].status
    return {"result": status, "outputs": found[-1].outputs}


class _Job:
    def __init__(self, runner, document, name, job, matrix, run, event, inputs, needs):
        self.runner, self.document, self.job, self.needs, self.matrix = runner, document, job, needs, matrix
        self.hub, self.run_, self.event = runner.hub, run, event
        self.folder = Path(tempfile.mkdtemp(prefix="job-", dir=runner.folder))
        self.workspace, self.temp = self.folder / "work", self.folder / "temp"
        for folder in (self.workspace, self.temp):
            folder.mkdir()
        self.environ = runner.hub.environ(self.folder, run, event, token=self.token())
        self.environ |= {
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.temp),
            "CI": "true",
            "RECONCILER_SETTLE": "0",
        }
        pull = event.get("pull_request")
        self.environ["GITHUB_BASE_REF"] = pull["base"]["ref"] if pull else ""
        self.environ["GITHUB_HEAD_REF"] = pull["head"]["ref"] if pull else ""
        self.context = {
            "github": self.github(),
            "matrix": matrix,
            "needs": needs,
            "inputs": inputs,
            "status": "success",
        }
        environment = job.get("environment")
        environment = environment["name"] if isinstance(environment, dict) else environment
        self.environment = fill(environment, self.context) if environment else None
        concurrency = {key: fill(value, self.context) for key, value in job.get("concurrency", {}).items()}
        label = f"{name} ({', '.join(map(str, matrix.values()))})" if matrix else name
        self.result = Job(label, matrix, self.environment, concurrency)
        secrets = {} if self.forked() else runner.secrets.get(self.environment, {}) | runner.secrets.get(None, {})
        self.context |= {"secrets": secrets, "vars": runner.variables, "steps": {}, "env": {}}

    def forked(self):
        pull = self.event.get("pull_request")
        return bool(pull) and pull["head"]["repo"]["full_name"] != self.hub.repository

    def token(self):
        """A token that may write exactly if the job says so; a fork's never may."""
        granted = self.job.get("permissions", self.document["permissions"])
        writes = any(level == "write" for level in granted.values()) and not self.forked()
        token = f"ghs_{'Write' if writes else 'Reads'}{self.run_.id}{'x' * 20}"
        self.hub.tokens[token] = ("github-actions[bot]", writes)
        return token

    def github(self):
        environ = self.environ
        return {
            "event_name": self.run_.event,
            "event": self.event,
            "repository": self.hub.repository,
            "sha": environ["GITHUB_SHA"],
            "ref": environ["GITHUB_REF"],
            "base_ref": environ["GITHUB_BASE_REF"],
            "head_ref": environ["GITHUB_HEAD_REF"],
            "run_id": str(self.run_.id),
            "server_url": self.hub.server_url,
            "token": environ["GITHUB_TOKEN"],
            "workflow": self.document["name"],
            "ref_name": environ["GITHUB_REF"].rpartition("/")[2],
        }

    def run(self):
        self.context["status"] = (
            "failure" if any(one["result"] == "failure" for one in self.needs.values()) else "success"
        )
        skipped = any(one["result"] == "skipped" for one in self.needs.values())
        if skipped or not condition(self.job.get("if"), self.context):
            self.result.status = "skipped"
            return self.result
        self.context["status"] = "success"
        if self.environment and self.environment in self.runner.refuses:
            self.result.status = "failure"
            return self.result
        env = self.document.get("env", {}) | self.job.get("env", {})
        self.context["env"] = {name: as_text(fill(value, self.context)) for name, value in env.items()}
        self.steps(self.job["steps"], self.context, self.context["env"], self.result.steps)
        self.result.status = self.context["status"]
        outputs = self.job.get("outputs", {})
        self.result.outputs = {name: as_text(fill(value, self.context)) for name, value in outputs.items()}
        self.result.summary = Path(self.environ["GITHUB_STEP_SUMMARY"]).read_text(encoding="utf-8")
        return self.result

    def steps(self, steps, context, env, told, action=None):
        """Run steps in order; a failure leaves those that do not ask for it undone."""
        for step in steps:
            name = fill(step.get("name") or step.get("uses") or step["run"].splitlines()[0], context)
            if not condition(step.get("if"), context):
                told.append(Step(name, "skipped"))
                continue
            own = env | {key: as_text(fill(value, context)) for key, value in step.get("env", {}).items()}
            given = {key: as_text(fill(value, context)) for key, value in step.get("with", {}).items()}
            done = Step(name, "success", given=given)
            told.append(done)
            if "run" in step:
                self.bash(step, context, own, done, action)
            else:
                self.uses(step["uses"], given, own, done)
            if "id" in step:
                context["steps"][step["id"]] = {"outputs": done.outputs, "outcome": done.outcome}
            if done.outcome == "failure" and not step.get("continue-on-error"):
                context["status"] = "failure"

    def bash(self, step, context, env, done, action):
        script = Path(tempfile.mkstemp(suffix=".sh", dir=self.temp)[1])
        script.write_text(fill(step["run"], context) if action is None else step["run"], encoding="utf-8")
        output = Path(tempfile.mkstemp(dir=self.folder)[1])
        kept = {name: os.environ[name] for name in _PASSED if name in os.environ}
        environ = kept | {name: value for name, value in self.environ.items() if name != "GITHUB_TOKEN"} | env
        environ |= {"GITHUB_OUTPUT": str(output), "GITHUB_ACTION_PATH": str(action or "")}
        shell = {"bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"]}.get(step.get("shell"), ["bash", "-e"])
        folder = self.workspace / step.get("working-directory", ".")
        ran = subprocess.run(
            [*shell, str(script)],
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )
        done.log, done.outputs = ran.stdout, read_outputs(output.read_text(encoding="utf-8"))
        done.outcome = "failure" if ran.returncode else "success"

    def uses(self, name, given, env, done):
        path = name.partition("@")[0]
        if path.endswith(".github/actions/reconcile"):
            return self.composite(given, env, done)
        stand_in = {
            "actions/checkout": self.checkout,
            "actions/setup-python": self.setup_python,
            "actions/upload-artifact": self.upload,
            "actions/download-artifact": self.download,
        }[path]
        if path in self.runner.breaks:
            done.outcome = "failure"
            return None
        return stand_in(given, done)

    def composite(self, given, env, done):
        """This repository's action: its own inputs and steps, the job's GitHub."""
        document = yaml.load((ACTION / "action.yml").read_text(encoding="utf-8"), Loader=Words)
        unknown = set(given) - set(document["inputs"])
        assert not unknown, f"the action has no input {unknown}"
        inner = {"github": self.context["github"], "steps": {}, "status": "success", "env": env}
        inner["inputs"] = {
            name: given.get(name, as_text(fill(about.get("default"), inner)))
            for name, about in document["inputs"].items()
        }
        steps: list[Step] = []
        self.steps(document["runs"]["steps"], inner, env, steps, ACTION)
        done.log = "".join(step.log for step in steps)
        done.outputs = {name: as_text(fill(about["value"], inner)) for name, about in document["outputs"].items()}
        done.outcome = inner["status"]
        self.result.steps += steps

    # -- other people's actions -----------------------------------------------------------------------------------

    def checkout(self, given, _done):
        assert given.get("persist-credentials") == "false", "a token would stay in the checkout"
        sha = given.get("ref") or self.environ["GITHUB_SHA"]
        _git(self.workspace, "init", "-q")
        _git(self.workspace, "remote", "add", "origin", str(self.runner.origin))
        everything = ["+refs/heads/*:refs/remotes/origin/*"] if given.get("fetch-depth") == "0" else ["--depth=1"]
        _git(self.workspace, "fetch", "-q", "--no-tags", "origin", *everything, sha)
        _git(self.workspace, "checkout", "-q", "--detach", sha)

    def setup_python(self, given, done):
        assert given["update-environment"] == "false", "the caller's Python would change"
        done.outputs = {"python-path": str(self.runner.python)}
        venv = self.temp / "reconciler" / "venv" / "source"
        (venv / "bin").mkdir(parents=True)
        (venv / "installed").touch()
        (venv / "bin" / "python").symlink_to(self.runner.folder / "reconciler-python")

    def upload(self, given, done):
        assert not set(given["name"]) & set('":<>|*?\r\n\\/'), f"GitHub refuses an artifact of the name {given['name']}"
        folder = Path(given["path"])
        files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        assert files, "an empty artifact"
        same = [one for one in self.hub.artifacts if (one.run, one.name) == (self.run_.id, given["name"])]
        assert not same or given.get("overwrite") == "true"
        self.hub.artifacts = [one for one in self.hub.artifacts if one not in same]
        made = self.hub.upload(self.run_, given["name"], files)
        url = f"{self.hub.server_url}/{self.hub.repository}/actions/runs/{self.run_.id}/artifacts/{made.id}"
        done.outputs = {"artifact-id": str(made.id), "artifact-url": url}

    def download(self, given, done):
        import io
        import zipfile

        found = [one for one in self.hub.artifacts if (one.run, one.name) == (self.run_.id, given["name"])]
        if not found:
            done.outcome = "failure"
            return
        zipfile.ZipFile(io.BytesIO(found[-1].data)).extractall(self.workspace / given["path"])


def read_outputs(text):
    """The file behind ``GITHUB_OUTPUT``: ``name=value`` lines, and values of several lines between two delimiters."""
    found, lines = {}, iter(text.splitlines())
    for line in lines:
        if several := re.fullmatch(r"([\w-]+)<<(.+)", line):
            kept = []
            for more in lines:
                if more == several[2]:
                    break
                kept.append(more)
            else:
                raise AssertionError(f"{several[1]} never ends")
            found[several[1]] = "\n".join(kept)
        else:
            name, sign, value = line.partition("=")
            assert sign, f"not an output: {line}"
            found[name] = value
    return found


def _git(folder, *words):
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"git {' '.join(words)}: {done.stderr}"
    return done.stdout.strip()
