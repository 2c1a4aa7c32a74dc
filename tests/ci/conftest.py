from __future__ import annotations

from pathlib import Path

import pytest
import stamina

from reconciler.ci.api import Api
from reconciler.ci.job import job_of

from .approving import Story
from .github import TOKEN, GitHub


@pytest.fixture(autouse=True)
def _no_time_passes():
    stamina.set_testing(True, attempts=6, cap=True)
    yield
    stamina.set_testing(False)


@pytest.fixture
def hub():
    return GitHub()


@pytest.fixture
def job_for(hub, tmp_path):
    """The job of a run: of a pull request's event, or of a push of a commit."""

    def make(pull=None, *, event="pull_request", sha=None, token=TOKEN, attempt=1):
        run = hub.start_run("push" if sha else event, None if sha else pull, head=sha)
        run.attempt = attempt
        payload = hub.push_event(sha) if sha else hub.pull_event(pull)
        folder = tmp_path / str(run.id)
        folder.mkdir()
        environ = hub.environ(folder, run, payload, token=token)
        return job_of(environ, lambda path: Path(path).read_text())

    return make


@pytest.fixture
def api_for(hub):
    made = []

    def make(job, **more):
        made.append(Api(job, hub.transport(), **more))
        return made[-1]

    yield make
    for api in made:
        api.close()


@pytest.fixture
def story(hub, job_for, api_for):
    return Story(hub, job_for, api_for)
