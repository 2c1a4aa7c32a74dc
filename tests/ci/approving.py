"""A pull request whose plan was made, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.ci import artifacts
from reconciler.ci.approval import Asked, approval
from reconciler.ci.comment import Asked as Saying
from reconciler.ci.comment import comment
from reconciler.errors import ApprovalError
from reconciler.planning import planfile

from . import plans

TEAM = {"acme/pricing": ["Alice", "erin"]}
RAISE = plans.plan(plans.raised(), team="acme/pricing")


class Story:
    """A pull request whose plan was made and commented on, and what happens to it then."""

    def __init__(self, hub, job_for, api_for):
        self.hub, self.job_for, self.api_for = hub, job_for, api_for
        self.pull = hub.open_pull()
        self.run = None

    def planned(self, plan=RAISE, *, pull=None, saved=None, name=None, conclusion="success", state="planned"):
        job = self.job_for(pull or self.pull)
        self.run = self.hub.runs[job.run_id]
        name = name or artifacts.plans_name("production", self.pull.head)
        files = {"plans/production.plan": planfile.dumps(saved or plan), "plans/production.html": "<p>"}
        self.hub.upload(self.run, name, files)
        comment(self.api_for(job), job, Saying(state, plans.made(plan)), lambda: None)
        self.hub.finish(self.run, conclusion)
        return self

    @property
    def comment(self):
        (found,) = self.hub.comments
        return found

    def approved(self, sha=None, environment="production", pause=lambda: None, attempt=1, **more):
        more.setdefault("known", TEAM)
        job = self.job_for(sha=sha or self.hub.merge(self.pull), attempt=attempt)
        return approval(self.api_for(job), job, Asked(environment, **more), pause)

    def refused(self, **more):
        with pytest.raises(ApprovalError) as caught:
            self.approved(**more)
        assert caught.value.exit_code == 3
        return caught.value


def again(hub, plan):
    """A plan that is made now, as the host's clock goes."""
    return replace(plan, created_at=hub.tick())
