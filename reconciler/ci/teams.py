"""Who is in a team: the project file says, else the host; and the consents that approvals of a team's members are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from reconciler.ci.api import Api
from reconciler.ci.job import Job
from reconciler.ci.reviews import Review
from reconciler.errors import HostError
from reconciler.model import Plan, TeamConsent
from reconciler.policy.consentsfile import FORMAT_VERSION


@dataclass(frozen=True, slots=True)
class Consents:
    """The consents of teams, and of those that gave none a sentence why."""

    given: tuple[TeamConsent, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)


def teams_of(plans: Iterable[Plan]) -> list[str]:
    """The teams that have a say in these plans, each once."""
    return sorted({guard.team for plan in plans for guard in plan.guards if guard.team is not None})


def consents(
    api: Api,
    job: Job,
    teams: Sequence[str],
    known: Mapping[str, Sequence[str]],
    approvals: Sequence[Review],
    environment: str,
    change_digest: str,
) -> Consents:
    """What the approvals are worth: per team the reviewers that are in it. ``known`` are teams of the project file."""
    given: list[TeamConsent] = []
    missing: dict[str, str] = {}
    for team in teams:
        members = _known(team, known)
        cannot: list[str] = []
        inside = [one for one in approvals if _is_in(api, job, team, one.login, members, cannot)]
        if inside:
            by = tuple(one.login for one in inside)
            given.append(TeamConsent(team, by, environment, change_digest, inside[0].url))
        else:
            missing[team] = cannot[0] if cannot else _nobody(team, members)
    return Consents(tuple(given), missing)


def _nobody(team: str, members: Sequence[str] | None) -> str:
    """A host says of a team that the token may not see that it is not there."""
    said = f"nobody of {team} has approved it"
    unsure = "as far as this token may see; `teams:` in reconciler.yaml can name its members"
    return said if members is not None else f"{said}, {unsure}"


def _known(team: str, known: Mapping[str, Sequence[str]]) -> Sequence[str] | None:
    return next((members for name, members in known.items() if _plain(name) == _plain(team)), None)


def _is_in(api: Api, job: Job, team: str, login: str, members: Sequence[str] | None, cannot: list[str]) -> bool:
    if members is not None:
        return _plain(login) in {_plain(name) for name in members}
    owner, slash, slug = team.removeprefix("@").partition("/")
    if not slash:
        owner, slug = job.repository.partition("/")[0], owner
    path = "/".join(
        ["/orgs", quote(owner, safe=""), "teams", quote(slug, safe=""), "memberships", quote(login, safe="")]
    )
    try:
        found = api.find(path)
    except HostError as error:
        if error.status != 403 or error.passing:
            raise
        cannot.append(
            f"the token may not ask who is in {team}: name its members below `teams:` in reconciler.yaml, or give a "
            "token that may read members of the organization"
        )
        return False
    return isinstance(found, dict) and found.get("state") == "active"


def _plain(name: str) -> str:
    """Hosts tell neither people nor teams apart by the case of their letters."""
    return name.removeprefix("@").casefold()


def dumps(found: Consents) -> str:
    """The file that ``--consents`` takes."""
    items = [
        {
            "team": one.team,
            "by": list(one.by),
            "environment": one.environment,
            "change_digest": one.change_digest,
            "source": one.source,
        }
        for one in found.given
    ]
    tree = {"format_version": FORMAT_VERSION, "consents": items}
    return json.dumps(tree, indent=2, ensure_ascii=False) + "\n"
