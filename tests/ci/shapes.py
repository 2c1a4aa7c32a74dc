"""What GitHub's REST API answers, field by field as it was recorded; links that nobody follows are left out."""

from __future__ import annotations

NULL_SHA = "0" * 40


def user(login):
    bot = login.endswith("[bot]")
    number = sum(ord(char) * 7**at for at, char in enumerate(login)) % 10**8
    return {
        "login": login,
        "id": number,
        "node_id": f"U_{number}",
        "gravatar_id": "",
        "url": f"https://api.github.com/users/{login}",
        "html_url": f"https://github.com/{'apps/' + login[:-5] if bot else login}",
        "type": "Bot" if bot else "User",
        "site_admin": False,
    }


def repository(hub, number=None, full_name=None):
    name = full_name or hub.repository
    owner, _, short = name.partition("/")
    return {
        "id": number or hub.repository_id,
        "node_id": f"R_{number or hub.repository_id}",
        "name": short,
        "full_name": name,
        "private": True,
        "owner": user(owner) | {"type": "Organization"},
        "html_url": f"{hub.server_url}/{name}",
        "fork": name != hub.repository,
        "default_branch": hub.default_branch,
    }


def comment(hub, found):
    return {
        "url": f"{hub.repo_url}/issues/comments/{found.id}",
        "html_url": f"{hub.server_url}/{hub.repository}/pull/{found.issue}#issuecomment-{found.id}",
        "issue_url": f"{hub.repo_url}/issues/{found.issue}",
        "id": found.id,
        "node_id": f"IC_{found.id}",
        "user": user(found.login),
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "author_association": "NONE",
        "body": found.body,
        "reactions": {"url": f"{hub.repo_url}/issues/comments/{found.id}/reactions", "total_count": 0},
        "performed_via_github_app": None,
    }


def pull(hub, found, *, whole=True):
    base = repository(hub)
    head = repository(hub, found.head_repository_id, found.head_repository) if found.head_repository else None
    small = {
        "url": f"{hub.repo_url}/pulls/{found.number}",
        "id": 27_000_000 + found.number,
        "node_id": f"PR_{found.number}",
        "html_url": f"{hub.server_url}/{hub.repository}/pull/{found.number}",
        "number": found.number,
        "state": "closed" if found.merged_at or found.closed else "open",
        "locked": found.locked,
        "title": found.title,
        "user": user(found.login),
        "body": None,
        "created_at": found.created_at,
        "updated_at": found.created_at,
        "closed_at": found.merged_at,
        "merged_at": found.merged_at,
        "merge_commit_sha": found.merge_commit_sha,
        "labels": [],
        "draft": False,
        "head": {
            "label": f"{(found.head_repository or '').partition('/')[0]}:{found.branch}",
            "ref": found.branch,
            "sha": found.head,
            "user": user(found.login),
            "repo": head,
        },
        "base": {"label": f"acme:{found.base}", "ref": found.base, "sha": NULL_SHA, "user": user("acme"), "repo": base},
        "author_association": "MEMBER",
        "auto_merge": None,
    }
    if not whole:
        return small
    return small | {
        "merged": found.merged_at is not None,
        "mergeable": None if found.merged_at else True,
        "merged_by": user("alice") if found.merged_at else None,
        "comments": sum(one.issue == found.number for one in hub.comments),
        "commits": 1,
        "changed_files": 1,
    }


def review(hub, found):
    return {
        "id": found.id,
        "node_id": f"PRR_{found.id}",
        "user": user(found.login),
        "body": found.body,
        "state": found.state,
        "html_url": f"{hub.server_url}/{hub.repository}/pull/{found.pull}#pullrequestreview-{found.id}",
        "pull_request_url": f"{hub.repo_url}/pulls/{found.pull}",
        "author_association": "MEMBER",
        "submitted_at": found.submitted_at,
        "commit_id": found.commit,
    }


def issue(hub, found):
    return {
        "url": f"{hub.repo_url}/issues/{found.number}",
        "repository_url": hub.repo_url,
        "html_url": f"{hub.server_url}/{hub.repository}/issues/{found.number}",
        "id": 31_000_000 + found.number,
        "node_id": f"I_{found.number}",
        "number": found.number,
        "title": found.title,
        "user": user(found.login),
        "labels": [{"id": 1, "name": name, "color": "ededed", "default": False} for name in found.labels],
        "state": found.state,
        "state_reason": found.state_reason,
        "locked": False,
        "comments": sum(one.issue == found.number for one in hub.comments),
        "created_at": found.created_at,
        "updated_at": found.created_at,
        "closed_at": None if found.state == "open" else found.created_at,
        "author_association": "NONE",
        "body": found.body,
    }


def run(hub, found):
    head = repository(hub, found.head_repository_id, found.head_repository)
    return {
        "id": found.id,
        "name": "billing catalogue",
        "node_id": f"WFR_{found.id}",
        "head_branch": found.branch,
        "head_sha": found.head,
        "path": ".github/workflows/billing.yml",
        "display_title": "billing",
        "run_number": found.id - 9_000_000_000,
        "event": found.event,
        "status": "completed" if found.conclusion else "in_progress",
        "conclusion": found.conclusion,
        "workflow_id": 77,
        "url": f"{hub.repo_url}/actions/runs/{found.id}",
        "html_url": f"{hub.server_url}/{hub.repository}/actions/runs/{found.id}",
        "pull_requests": [],
        "created_at": found.created_at,
        "updated_at": found.created_at,
        "actor": user("alice"),
        "run_attempt": found.attempt,
        "run_started_at": found.created_at,
        "triggering_actor": user("alice"),
        "repository": repository(hub),
        "head_repository": head,
    }


def artifact(hub, found):
    made = hub.runs[found.run]
    return {
        "id": found.id,
        "node_id": f"A_{found.id}",
        "name": found.name,
        "size_in_bytes": len(found.data),
        "url": f"{hub.repo_url}/actions/artifacts/{found.id}",
        "archive_download_url": f"{hub.repo_url}/actions/artifacts/{found.id}/zip",
        "expired": found.expired,
        "created_at": found.created_at,
        "updated_at": found.created_at,
        "expires_at": "2027-02-28T12:00:00Z",
        "workflow_run": {
            "id": made.id,
            "repository_id": hub.repository_id,
            "head_repository_id": made.head_repository_id,
            "head_branch": made.branch,
            "head_sha": made.head,
        },
    }


def problem(status, message, about="rest"):
    return {"message": message, "documentation_url": f"https://docs.github.com/{about}", "status": str(status)}
