# ruff: noqa: ARG005 - what happens around a request is a function of it, whether or not it looks
"""The way to GitHub: what is repeated, what never is, where the token goes, and how failures read."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from reconciler.ci.api import Api
from reconciler.ci.comments import identity
from reconciler.ci.job import job_of
from reconciler.errors import HostError, UsageError

from .github import TOKEN, GitHub, Told


@pytest.fixture
def job(hub, job_for):
    return job_for(hub.open_pull())


@pytest.fixture
def api(api_for, job):
    return api_for(job)


def comments(job):
    return job.path("issues", job.pull_number, "comments")


def test_a_list_is_read_to_its_last_page(hub, api, job):
    hub.page = 2
    for number in range(5):
        hub.comment_by("dave", job.pull_number, f"number {number}")
    assert [one["body"] for one in api.pages(comments(job))] == [f"number {number}" for number in range(5)]
    assert len(hub.asked("GET", "/comments")) == 3


def test_a_next_page_on_another_host_is_not_asked_for(hub, api, job):
    away = Told(200, [], {"link": '<https://evil.example/next>; rel="next"'})
    hub.once("GET", "/comments", lambda asked: away)
    with pytest.raises(HostError, match="another host"):
        list(api.pages(comments(job)))
    assert len(hub.requests) == 1


ELSEWHERE = [
    "http://evil.example/x",
    "//evil.example/x",
    "http://api.github.com/x",
    "https://api.github.com@evil.example/",
    "https://api.github.com.evil.example/",
    "https://api.github.com:8443/",
    "https://api.github.com:99999999/",
    "https://[::1",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("where", ELSEWHERE)
@pytest.mark.parametrize("way", ["redirect", "next page"])
def test_the_token_goes_nowhere_else_however_the_address_is_written(job, where, way):
    seen = []

    def respond(request):
        seen.append(str(request.url))
        if way == "redirect":
            return httpx.Response(302, headers={"location": where})
        return httpx.Response(200, headers={"link": f'<{where}>; rel="next"'}, json=[])

    api = Api(job, httpx.MockTransport(respond))
    with pytest.raises(HostError) as caught:
        list(api.pages("/x"))
    assert {httpx.URL(url).host for url in seen} == {"api.github.com"}
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("answer", [[], "x", 1, None])
def test_a_host_that_does_not_say_who_asks_is_not_asked_further(job, answer):
    api = Api(job, httpx.MockTransport(lambda request: httpx.Response(200, json=answer)))
    assert identity(api, job) == "github-actions[bot]"


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_read_is_repeated_while_the_host_is_busy(hub, api, job, status):
    hub.once("GET", "/pulls/", lambda asked: Told(status, {"message": "later"}))
    assert api.get(job.path("pulls", job.pull_number))["number"] == job.pull_number


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_comment_is_never_posted_a_second_time_because_the_answer_was_lost(hub, api, job, status):
    hub.once_after("POST", "/comments", lambda asked, told: object.__setattr__(told, "status", status))
    with pytest.raises(HostError) as caught:
        api.send("POST", comments(job), {"body": "once"})
    assert caught.value.sent
    assert caught.value.passing
    assert len(hub.comments) == 1
    assert len(hub.asked("POST")) == 1


@pytest.mark.parametrize(
    ("failure", "sent"), [(httpx.ReadTimeout, 1), (httpx.RemoteProtocolError, 1), (httpx.ConnectTimeout, 6)]
)
def test_a_comment_without_an_answer_is_posted_again_only_if_it_never_left(job, failure, sent):
    seen = []

    def fail(request):
        seen.append(request)
        raise failure("no answer")

    with pytest.raises(HostError) as caught:
        Api(job, httpx.MockTransport(fail)).send("POST", "/x", {})
    assert len(seen) == sent
    assert caught.value.sent is (sent == 1)


@pytest.mark.parametrize(
    "told",
    [
        Told(429, {"message": "slow down"}, {"retry-after": "1"}),
        Told(403, {"message": "API rate limit exceeded"}, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}),
        Told(403, {"message": "You have exceeded a secondary rate limit."}),
    ],
    ids=["429", "primary", "secondary"],
)
def test_a_rate_limit_is_waited_out_by_writes_too_for_nothing_was_done(hub, api, job, told):
    hub.once("POST", "/comments", lambda asked: told)
    api.send("POST", comments(job), {"body": "once"})
    assert len(hub.comments) == 1


def test_a_rate_limit_that_opens_in_an_hour_is_not_waited_for(hub, api, job):
    hub.before.append(lambda asked: Told(429, {"message": "slow down"}, {"retry-after": "3600"}))
    with pytest.raises(HostError, match="429 slow down"):
        api.get(job.path("pulls", 1))
    assert len(hub.requests) == 1


def test_a_missing_permission_is_told_at_once_with_what_to_do(hub, api, job):
    refused = Told(403, {"message": "Resource not accessible by integration"})
    hub.before.append(lambda asked: refused)
    with pytest.raises(HostError) as caught:
        api.get(job.path("pulls", 1))
    assert caught.value.status == 403
    assert "permissions:" in caught.value.tip
    assert len(hub.requests) == 1


def test_what_is_not_there_is_none_and_other_refusals_are_not(hub, api, job):
    assert api.find(job.path("pulls", 4711)) is None
    hub.once("GET", "/pulls/", lambda asked: Told(401, {"message": "Bad credentials"}))
    with pytest.raises(HostError, match="Bad credentials"):
        api.find(job.path("pulls", 1))


def test_the_token_goes_to_the_api_and_not_to_where_artifacts_are_kept(hub, api, job):
    run = hub.start_run("push")
    kept = hub.upload(run, "snapshot", {"live.json": "{}"})
    found = api.download(job.path("actions", "artifacts", kept.id, "zip"), 10_000)
    assert found == kept.data
    asked = {one.path: one.headers.get("authorization") for one in hub.requests}
    assert asked == {
        f"/repos/acme/billing/actions/artifacts/{kept.id}/zip": f"Bearer {TOKEN}",
        f"/blob/{kept.id}": None,
    }


def test_a_download_that_is_too_big_is_ended(hub, api, job):
    kept = hub.upload(hub.start_run("push"), "snapshot", b"x" * 5_000)
    with pytest.raises(HostError, match="more than 4,999 bytes"):
        api.download(job.path("actions", "artifacts", kept.id, "zip"), 4_999)


def test_a_download_is_not_led_away_from_https(hub, api, job):
    hub.once("GET", "/zip", lambda asked: Told(302, None, {"location": "http://evil.example/blob/1"}))
    with pytest.raises(HostError, match="without https"):
        api.download(job.path("actions", "artifacts", 1, "zip"), 10)


def test_a_repository_that_was_renamed_is_followed_on_the_same_host_only(hub, api, job):
    there = f"{hub.repo_url}/pulls/{job.pull_number}"
    hub.once("GET", "/pulls/", lambda asked: Told(301, {"message": "Moved"}, {"location": there}))
    assert api.get(job.path("pulls", job.pull_number))["number"] == job.pull_number
    hub.once("GET", "/pulls/", lambda asked: Told(301, None, {"location": "https://evil.example/pulls/1"}))
    with pytest.raises(HostError, match="another host"):
        api.get(job.path("pulls", job.pull_number))


@pytest.mark.parametrize(
    "failure", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError, httpx.DecodingError]
)
def test_no_exception_of_httpx_comes_out(job, failure):
    def fail(request):
        raise failure(f"no way, {TOKEN}")

    api = Api(job, httpx.MockTransport(fail))
    for call in (lambda: api.get("/x"), lambda: api.send("POST", "/x", {}), lambda: list(api.pages("/x"))):
        with pytest.raises(HostError) as caught:
            call()
        assert TOKEN not in str(caught.value)


def test_a_write_is_not_led_elsewhere(hub, api, job):
    moved = Told(307, {"message": "Moved"}, {"location": f"{hub.repo_url}/issues/9/comments"})
    hub.once("POST", "/comments", lambda asked: moved)
    with pytest.raises(HostError, match="redirects; nothing was written"):
        api.send("POST", comments(job), {"body": "x"})
    assert len(hub.requests) == 1


def test_what_is_no_json_is_told(hub, api, job):
    hub.before.append(lambda asked: Told(200, raw=b"<html>login</html>"))
    with pytest.raises(HostError, match="something else than JSON"):
        api.get(job.path("pulls", 1))


def test_no_text_shows_the_token(hub, api, job):
    hub.before.append(lambda asked: Told(400, {"message": f"bad token {TOKEN}"}))
    with pytest.raises(HostError) as caught:
        api.get(job.path("pulls", 1))
    assert TOKEN not in str(caught.value)
    assert TOKEN not in repr(job)


def test_an_enterprise_has_its_own_addresses(tmp_path):
    hub = GitHub(api_url="https://ghe.acme.example/api/v3", server_url="https://ghe.acme.example", page=1)
    pull = hub.open_pull()
    environ = hub.environ(tmp_path, hub.start_run(pull=pull), hub.pull_event(pull))
    del environ["GITHUB_GRAPHQL_URL"]
    job = job_of(environ, lambda path: (tmp_path / "event.json").read_text())
    api = Api(job, hub.transport())
    hub.comment_by("dave", 1, "one")
    hub.comment_by("dave", 1, "two")
    assert len(list(api.pages(comments(job)))) == 2
    assert job.graphql_url == "https://ghe.acme.example/api/graphql"
    assert api.query(job.graphql_url, "query { viewer { login } }") == {"viewer": {"login": "github-actions[bot]"}}
    assert job.run_url.startswith("https://ghe.acme.example/acme/billing/actions/runs/9")


def test_a_question_is_not_sent_to_a_host_that_is_not_the_apis(hub, api, job):
    assert api.query("https://elsewhere.example/graphql", "query { viewer { login } }") is None
    assert not hub.requests


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"GITHUB_REPOSITORY": ""}, "GITHUB_REPOSITORY is not set"),
        ({"GITHUB_REPOSITORY": "billing"}, "not OWNER/NAME"),
        ({"GITHUB_API_URL": "file:///etc"}, "GITHUB_API_URL is not an http"),
        ({"GITHUB_RUN_ID": "twelve"}, "not a number"),
    ],
)
def test_a_job_that_makes_no_sense_is_told(hub, tmp_path, change, said):
    pull = hub.open_pull()
    environ = hub.environ(tmp_path, hub.start_run(pull=pull), hub.pull_event(pull)) | change
    with pytest.raises(UsageError, match=said):
        job_of(environ, lambda path: "{}")


def test_an_event_that_cannot_be_read_is_told(hub, tmp_path):
    pull = hub.open_pull()
    environ = hub.environ(tmp_path, hub.start_run(pull=pull), hub.pull_event(pull))
    with pytest.raises(HostError, match="cannot be read"):
        job_of(environ, lambda path: "{")


def test_what_an_event_names_is_quoted_in_addresses(job):
    assert replace(job, repository="a/b").path("issues", "../../x?y") == "/repos/a/b/issues/..%2F..%2Fx%3Fy"


def test_it_is_spoken_to_on_a_port_too(hub, tmp_path):
    pull = hub.open_pull()
    with hub.serving():
        environ = hub.environ(tmp_path, hub.start_run(pull=pull), hub.pull_event(pull))
        job = job_of(environ, lambda path: (tmp_path / "event.json").read_text())
        api = Api(job)
        made = api.send("POST", comments(job), {"body": "über"})
        kept = hub.upload(hub.start_run("push"), "x", {"a": "b"})
        assert api.download(job.path("actions", "artifacts", kept.id, "zip"), 9_999) == kept.data
        api.send("DELETE", job.path("issues", "comments", made["id"]))
        api.close()
    assert not hub.comments
