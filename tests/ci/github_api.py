"""The part of GitHub's REST API that a pull request needs: routes over the state of ``github.GitHub``."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlencode

from . import shapes
from .github import Asked, Comment, GitHub, Issue, Told

_LONGEST = 65_536


class RefusedError(Exception):
    def __init__(self, status, message, about="rest"):
        self.told = Told(status, shapes.problem(status, message, about))


def answer(hub: GitHub, asked: Asked) -> Told:
    """One request to its answer; what is not known is 404, as there."""
    path = asked.path.removeprefix("/api/v3")
    if path.startswith("/blob/"):
        return _blob(hub, asked)
    if asked.login is None:
        return Told(401, shapes.problem(401, "Bad credentials"))
    try:
        if path.endswith("/graphql"):
            return _viewer(hub, asked)
        for method, pattern, route in _ROUTES:
            found = re.fullmatch(pattern.replace("REPO", f"/repos/{re.escape(hub.repository)}"), path)
            if found and method == asked.method:
                return route(hub, asked, *found.groups())
        return Told(404, shapes.problem(404, "Not Found"))
    except RefusedError as refused:
        return refused.told


def _viewer(hub, asked):
    if not hub.viewer_known:
        return Told(403, shapes.problem(403, "Resource not accessible by integration", "graphql"))
    return Told(200, {"data": {"viewer": {"login": asked.login}}})


def _may_write(hub, asked):
    token = asked.headers["authorization"].partition(" ")[2]
    if not hub.tokens[token][1]:
        raise RefusedError(403, "Resource not accessible by integration")


def _found(known, key):
    if key not in known:
        raise RefusedError(404, "Not Found")
    return known[key]


def _paged(hub, asked, items, name=None):
    """One page; the way to the others stands in ``Link``."""
    size = min(int(asked.query.get("per_page", 30)), 100, hub.page)
    at = int(asked.query.get("page", 1))
    shown = items[(at - 1) * size : at * size]
    body = {"total_count": len(items), name: shown} if name else shown
    if at * size >= len(items):
        return Told(200, body)
    more = urlencode({**asked.query, "page": at + 1})
    url = f"{hub.api_url}{asked.path.removeprefix('/api/v3')}?{more}"
    return Told(200, body, {"link": f'<{url}>; rel="next", <{url}>; rel="last"'})


def _body(asked):
    text = asked.body.get("body", "") or ""
    if len(text) > _LONGEST:
        raise RefusedError(422, "Validation Failed: body is too long (maximum is 65536 characters)")
    return text


def _repo(hub, asked):
    return Told(200, shapes.repository(hub))


def _pull(hub, asked, number):
    return Told(200, shapes.pull(hub, _found(hub.pulls, int(number))))


def _reviews(hub, asked, number):
    return _paged(hub, asked, [shapes.review(hub, one) for one in hub.reviews if one.pull == int(number)])


def _pulls_of(hub, asked, sha):
    found = [one for one in hub.pulls.values() if sha in (one.merge_commit_sha if one.merged_at else None, one.head)]
    return _paged(hub, asked, [shapes.pull(hub, one, whole=False) for one in found])


def _comments(hub, asked, number):
    if int(number) not in hub.pulls and int(number) not in hub.issues:
        raise RefusedError(404, "Not Found")
    return _paged(hub, asked, [shapes.comment(hub, one) for one in hub.comments if one.issue == int(number)])


def _comment(hub, asked, number):
    known = {one.id: one for one in hub.comments}
    return Told(200, shapes.comment(hub, _found(known, int(number))))


def _new_comment(hub, asked, number):
    _may_write(hub, asked)
    pull = hub.pulls.get(int(number))
    if pull is not None and pull.locked:
        raise RefusedError(403, "Unable to create comment because issue is locked.")
    made: Comment = hub.comment_by(asked.login, int(number), _body(asked))
    return Told(201, shapes.comment(hub, made))


def _change_comment(hub, asked, number):
    _may_write(hub, asked)
    found = _found({one.id: one for one in hub.comments}, int(number))
    if found.login != asked.login and not asked.login.endswith("[bot]"):
        raise RefusedError(403, "Must have admin rights to Repository.")
    hub.edit(found, _body(asked))
    return Told(200, shapes.comment(hub, found))


def _delete_comment(hub, asked, number):
    _may_write(hub, asked)
    hub.comments.remove(_found({one.id: one for one in hub.comments}, int(number)))
    return Told(204)


def _issues(hub, asked):
    state, label, creator = (asked.query.get(name) for name in ("state", "labels", "creator"))
    found = [
        one
        for one in sorted(hub.issues.values(), key=lambda one: -one.number)
        if state in ("all", one.state) and (not label or label in one.labels) and creator in (None, one.login)
    ]
    shown = [shapes.issue(hub, one) for one in found]
    if not label:
        shown += [
            {"number": one.number, "title": one.title, "state": "open", "user": shapes.user(one.login), "labels": []}
            | {"body": None, "pull_request": {"url": f"{hub.repo_url}/pulls/{one.number}"}, "html_url": ""}
            for one in hub.pulls.values()
            if not one.merged_at
        ]
    return _paged(hub, asked, shown)


def _new_issue(hub, asked):
    _may_write(hub, asked)
    labels = tuple(asked.body.get("labels", ()))
    made = Issue(hub.number(), asked.login, asked.body["title"], _body(asked), hub.tick(), labels)
    hub.issues[made.number] = made
    return Told(201, shapes.issue(hub, made))


def _change_issue(hub, asked, number):
    _may_write(hub, asked)
    found = _found(hub.issues, int(number))
    for name in ("title", "state", "state_reason"):
        setattr(found, name, asked.body.get(name, getattr(found, name)))
    if "body" in asked.body:
        found.body = _body(asked)
    return Told(200, shapes.issue(hub, found))


def _runs(hub, asked):
    query = asked.query
    found = [
        one
        for one in sorted(hub.runs.values(), key=lambda one: -one.id)
        if query.get("head_sha") in (None, one.head)
        and query.get("event") in (None, one.event)
        and query.get("branch") in (None, one.branch)
        and query.get("status") in (None, one.conclusion, "completed" if one.conclusion else "in_progress")
    ]
    return _paged(hub, asked, [shapes.run(hub, one) for one in found], "workflow_runs")


def _run(hub, asked, number):
    return Told(200, shapes.run(hub, _found(hub.runs, int(number))))


def _artifacts(hub, asked, number=None):
    found = [
        one
        for one in sorted(hub.artifacts, key=lambda one: -one.id)
        if number in (None, str(one.run)) and asked.query.get("name") in (None, one.name)
    ]
    return _paged(hub, asked, [shapes.artifact(hub, one) for one in found], "artifacts")


def _zip(hub, asked, number):
    found = _found({one.id: one for one in hub.artifacts}, int(number))
    if found.expired:
        raise RefusedError(410, "Artifact has expired")
    return Told(302, None, {"location": f"{hub.blob_url}/blob/{found.id}?sig=s1gn3d"})


def _blob(hub, asked):
    """Another company's storage: it must never see the token."""
    if "authorization" in asked.headers:
        return Told(400, {"error": "a token was sent to a foreign host"})
    number = int(asked.path.rpartition("/")[2])
    data = {one.id: one.data for one in hub.artifacts}[number]
    return Told(200, raw=data, headers={"content-type": "application/zip"})


def _permission(hub, asked, login):
    login = unquote(login)
    level = hub.permissions.get(login, "read")
    return Told(200, {"permission": level, "role_name": level, "user": shapes.user(login)})


def _branch(hub, asked, name):
    known = _found(hub.branches, name)
    return Told(200, {"name": name, "commit": {"sha": known[-1]}, "protected": True})


def _compare(hub, asked, base, head):
    known = next((commits for commits in hub.branches.values() if head in commits), [])
    if base in known[: known.index(head) + 1] if known else False:
        return Told(200, {"status": "identical" if base == head else "ahead"})
    return Told(200, {"status": "diverged"})


def _membership(hub, asked, org, team, login):
    if not hub.org_readable:
        raise RefusedError(403, "Resource not accessible by integration")
    if login not in hub.teams.get(f"{org}/{team}", ()):
        raise RefusedError(404, "Not Found")
    return Told(200, {"url": f"{hub.api_url}{asked.path}", "role": "member", "state": "active"})


_ROUTES = (
    ("GET", "REPO", _repo),
    ("GET", r"REPO/pulls/(\d+)", _pull),
    ("GET", r"REPO/pulls/(\d+)/reviews", _reviews),
    ("GET", r"REPO/commits/([0-9a-f]+)/pulls", _pulls_of),
    ("GET", r"REPO/issues/(\d+)/comments", _comments),
    ("POST", r"REPO/issues/(\d+)/comments", _new_comment),
    ("GET", r"REPO/issues/comments/(\d+)", _comment),
    ("PATCH", r"REPO/issues/comments/(\d+)", _change_comment),
    ("DELETE", r"REPO/issues/comments/(\d+)", _delete_comment),
    ("GET", "REPO/issues", _issues),
    ("POST", "REPO/issues", _new_issue),
    ("PATCH", r"REPO/issues/(\d+)", _change_issue),
    ("GET", r"REPO/branches/([^/]+)", _branch),
    ("GET", r"REPO/compare/([0-9a-f]+)\.\.\.([0-9a-f]+)", _compare),
    ("GET", "REPO/actions/runs", _runs),
    ("GET", r"REPO/actions/runs/(\d+)", _run),
    ("GET", r"REPO/actions/runs/(\d+)/artifacts", _artifacts),
    ("GET", "REPO/actions/artifacts", _artifacts),
    ("GET", r"REPO/actions/artifacts/(\d+)/zip", _zip),
    ("GET", r"REPO/collaborators/([^/]+)/permission", _permission),
    ("GET", r"/orgs/([^/]+)/teams/([^/]+)/memberships/([^/]+)", _membership),
)
