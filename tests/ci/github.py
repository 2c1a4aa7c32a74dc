"""A GitHub for tests: one repository with pull requests, reviews, comments, issues, runs and artifacts.

In this process it is a transport of httpx (``GitHub().transport()``), on a port a server (``with hub.serving() as
url``), so that whole jobs can run as processes against it with ``GITHUB_API_URL``. People act through methods
(``open_pull``, ``push``, ``approve``, ``merge``, …); ``before`` and ``after`` are called around every request, which
is where races are staged. No time passes but through ``tick``.
"""

from __future__ import annotations

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import httpx

from . import shapes

BOT = "github-actions[bot]"
TOKEN = "ghs_" + "A1b2C3d4" * 4
READ_ONLY = "ghs_" + "ReadOnly" * 4


@dataclass
class Comment:
    id: int
    issue: int
    login: str
    body: str
    created_at: str
    updated_at: str


@dataclass
class Pull:
    number: int
    login: str
    head: str
    branch: str
    title: str
    created_at: str
    base: str = "main"
    head_repository: str | None = None
    head_repository_id: int = 0
    merged_at: str | None = None
    merge_commit_sha: str | None = None
    locked: bool = False
    closed: bool = False


@dataclass
class Review:
    id: int
    pull: int
    login: str
    state: str
    commit: str
    submitted_at: str
    body: str = ""


@dataclass
class Issue:
    number: int
    login: str
    title: str
    body: str
    created_at: str
    labels: tuple[str, ...] = ()
    state: str = "open"
    state_reason: str | None = None


@dataclass
class Run:
    id: int
    event: str
    head: str
    branch: str
    created_at: str
    head_repository: str
    head_repository_id: int
    attempt: int = 1
    conclusion: str | None = None


@dataclass
class Artifact:
    id: int
    run: int
    name: str
    data: bytes
    created_at: str
    expired: bool = False


@dataclass(frozen=True)
class Asked:
    """One request as it arrived. ``login``: whose token it brought."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: object
    login: str | None = None


@dataclass(frozen=True)
class Told:
    """One answer."""

    status: int
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None

    def encoded(self):
        if self.raw is not None:
            return self.raw
        return b"" if self.body is None else json.dumps(self.body).encode()


@dataclass
class GitHub:
    """The state of one repository and of who may do what."""

    repository: str = "acme/billing"
    repository_id: int = 1000
    default_branch: str = "main"
    api_url: str = "https://api.github.com"
    server_url: str = "https://github.com"
    blob_url: str = "https://blobs.example.net"
    page: int = 100
    """The most that one page holds, whatever is asked for."""
    tokens: dict[str, tuple[str, bool]] = field(default_factory=lambda: {TOKEN: (BOT, True), READ_ONLY: (BOT, False)})
    """Whose a token is, and whether it may write."""
    viewer_known: bool = True
    """Whether the GraphQL API tells who the token's owner is."""
    org_readable: bool = False
    """Whether the token may ask for members of teams; that of a job may not."""
    teams: dict[str, set[str]] = field(default_factory=dict)
    permissions: dict[str, str] = field(default_factory=lambda: {"alice": "admin", "bob": "write", "carol": "write"})
    pulls: dict[int, Pull] = field(default_factory=dict)
    comments: list[Comment] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    issues: dict[int, Issue] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    artifacts: list[Artifact] = field(default_factory=list)
    requests: list[Asked] = field(default_factory=list)
    before: list[Callable[[Asked], Told | None]] = field(default_factory=list)
    after: list[Callable[[Asked, Told], None]] = field(default_factory=list)
    before_push: str | None = None
    """Where the default branch was before what is pushed next; None: the event does not say."""
    seconds: int = 0
    branches: dict[str, list[str]] = field(default_factory=dict)
    """The commits of branches that runs were started for, the newest last."""
    began: datetime = datetime(2126, 12, 1, 12, tzinfo=UTC)
    """Long after a plan that a test makes today: who approves here has seen it."""
    _last: int = 0

    def __post_init__(self):
        self._lock = threading.RLock()

    # -- what people and jobs do -------------------------------------------------------------------------------

    @property
    def repo_url(self):
        return f"{self.api_url}/repos/{self.repository}"

    def tick(self):
        """One second later."""
        self.seconds += 1
        return (self.began + timedelta(seconds=self.seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def number(self):
        self._last += 1
        return self._last

    def sha(self, text=""):
        return hashlib.sha1(f"{text}{self.number()}".encode()).hexdigest()

    def open_pull(self, login="dave", branch="raise", fork=None, head=None):
        number = self.number()
        pull = Pull(number, login, head or self.sha(branch), branch, "Raise the price", self.tick())
        pull.head_repository = fork or self.repository
        pull.head_repository_id = 2000 if fork else self.repository_id
        pull.merge_commit_sha = self.sha("test merge")
        self.pulls[number] = pull
        return pull

    def push(self, pull, head=None):
        """A further commit on the branch of a pull request."""
        pull.head, pull.merge_commit_sha = head or self.sha(pull.branch), self.sha("test merge")
        self.tick()
        return pull.head

    def review(self, pull, login="alice", state="APPROVED", commit=None):
        made = Review(self.number() + 80_000_000, pull.number, login, state, commit or pull.head, self.tick())
        self.reviews.append(made)
        return made

    def approve(self, pull, login="alice"):
        return self.review(pull, login)

    def dismiss(self, review):
        review.state = "DISMISSED"

    def merge(self, pull, sha=None):
        """Merge by a merge commit, a squash or a rebase: they differ in the commit only."""
        pull.merged_at, pull.merge_commit_sha = self.tick(), sha or self.sha("merge")
        return pull.merge_commit_sha

    def start_run(self, event="pull_request", pull=None, head=None, branch=None, tag=False):
        made = Run(
            9_000_000_000 + self.number(),
            event,
            head or (pull.head if pull else self.sha("run")),
            branch or (pull.branch if pull else self.default_branch),
            self.tick(),
            pull.head_repository if pull else self.repository,
            pull.head_repository_id if pull else self.repository_id,
        )
        self.runs[made.id] = made
        known = self.branches.setdefault(made.branch, [])
        if pull is None and not tag and made.head not in known:
            known.append(made.head)
        return made

    def finish(self, run, conclusion="success"):
        run.conclusion = conclusion
        return run

    def upload(self, run, name, files):
        """An artifact of a run: files by name, as text or bytes; or the archive itself."""
        data = files
        if not isinstance(files, bytes):
            kept = io.BytesIO()
            with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
                for path, content in files.items():
                    archive.writestr(path, content)
            data = kept.getvalue()
        made = Artifact(self.number() + 5_000_000, run.id, name, data, self.tick())
        self.artifacts.append(made)
        return made

    def comment_by(self, login, issue, body):
        now = self.tick()
        made = Comment(self.number() + 60_000_000, issue, login, body, now, now)
        self.comments.append(made)
        return made

    def edit(self, comment, body):
        comment.body, comment.updated_at = body, self.tick()

    def comments_of(self, pull):
        return [one for one in self.comments if one.issue == pull.number]

    # -- what a job is given -----------------------------------------------------------------------------------

    def pull_event(self, pull, action="synchronize"):
        return {
            "action": action,
            "number": pull.number,
            "pull_request": shapes.pull(self, pull),
            "repository": shapes.repository(self),
            "sender": shapes.user(pull.login),
        }

    def push_event(self, sha):
        ref = f"refs/heads/{self.default_branch}"
        before = self.before_push or "0" * 40
        return {
            "ref": ref,
            "before": before,
            "after": sha,
            "repository": shapes.repository(self),
            "sender": shapes.user("alice"),
        }

    def environ(self, folder, run, event, *, token=TOKEN, api_url=None):
        """The variables that GitHub Actions gives to a job; its files are in a folder."""
        pushed = run.event in ("pull_request", "pull_request_target")
        sha = event["pull_request"]["merge_commit_sha"] if pushed else run.head
        (folder / "event.json").write_text(json.dumps(event))
        for name in ("output", "summary"):
            (folder / name).touch()
        api = api_url or self.api_url
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": api,
            "GITHUB_GRAPHQL_URL": f"{api}/graphql",
            "GITHUB_SERVER_URL": self.server_url,
            "GITHUB_REPOSITORY": self.repository,
            "GITHUB_REPOSITORY_ID": str(self.repository_id),
            "GITHUB_EVENT_NAME": run.event,
            "GITHUB_EVENT_PATH": str(folder / "event.json"),
            "GITHUB_SHA": sha,
            "GITHUB_REF": f"refs/pull/{event['number']}/merge" if pushed else f"refs/heads/{run.branch}",
            "GITHUB_RUN_ID": str(run.id),
            "GITHUB_RUN_ATTEMPT": str(run.attempt),
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
            "GITHUB_WORKSPACE": str(folder),
            "GITHUB_TOKEN": token,
        }

    # -- how it is spoken to -----------------------------------------------------------------------------------

    def once(self, method, part, do):
        """Before the next such request ``do`` is called with it; what it gives, if anything, is the answer."""

        def hook(asked):
            if asked.method == method and part in asked.path:
                self.before.remove(hook)
                return do(asked)
            return None

        self.before.append(hook)

    def once_after(self, method, part, do):
        """The same, after it was done and before the client learns of it."""

        def hook(asked, told):
            if asked.method == method and part in asked.path:
                self.after.remove(hook)
                do(asked, told)

        self.after.append(hook)

    def asked(self, method, part=""):
        """The requests so far of a method, whose path contains something."""
        return [one for one in self.requests if one.method == method and part in one.path]

    def handle(self, method, url, headers, raw):
        """One request to its answer."""
        from .github_api import answer

        parts = urlsplit(url)
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        heads = {name.lower(): value for name, value in headers.items()}
        token = heads.get("authorization", "").partition(" ")[2]
        body = json.loads(raw) if raw else None
        asked = Asked(method, parts.path, query, heads, body, self.tokens.get(token, (None, False))[0])
        self.requests.append(asked)
        told = next((said for hook in list(self.before) if (said := hook(asked)) is not None), None)
        if told is None:
            with self._lock:
                told = answer(self, asked)
        for hook in list(self.after):
            hook(asked, told)
        return told

    def transport(self):
        def respond(request):
            told = self.handle(request.method, str(request.url), dict(request.headers), request.read())
            kind = "application/json; charset=utf-8" if told.raw is None else "application/zip"
            return httpx.Response(told.status, headers={"content-type": kind, **told.headers}, content=told.encoded())

        return httpx.MockTransport(respond)

    @contextmanager
    def serving(self):
        """On a port, while the block runs; gives the address, which is that of the API, the web and the blobs."""
        with _Server(self) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
            thread.start()
            self.api_url = self.server_url = self.blob_url = f"http://127.0.0.1:{server.server_address[1]}"
            try:
                yield self.api_url
            finally:
                server.shutdown()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, hub):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hub = hub


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        told = self.server.hub.handle(self.command, self.path, dict(self.headers.items()), raw)
        content = told.encoded()
        self.send_response(told.status)
        for name, value in {"content-type": "application/json", **told.headers}.items():
            self.send_header(name, value)
        if told.status != 204:
            self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _answer  # noqa: N815 - names of the base class

    def log_message(self, *args):
        """Keep quiet."""
