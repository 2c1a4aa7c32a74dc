"""The consent of a team, as a host proves it: for one environment and one change, whole.

A plan's own files cannot give it, because whoever writes a change could write that too. What a host hands over names
the change digest of the plan that the members saw.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from reconciler.model import Guard, TeamConsent
from reconciler.policy.consent import Consent

_SHORT = 12


@dataclass(frozen=True, slots=True)
class Teams:
    """The consents of teams, for the plan of an environment with this change digest.

    ``members`` are those of the teams that the project file knows; who consents for one of them has to be in it.
    """

    environment: str
    change_digest: str
    given: tuple[TeamConsent, ...] = ()
    members: Mapping[str, tuple[str, ...]] | None = None

    def answered(self, guard: Guard, others: Iterable[Consent]) -> Guard:
        """The guard with the first consent of its team that holds; else with why what there is does not open it."""
        if guard.status != "open":
            return guard
        failed: list[str] = []
        for consent in self.given:
            if not _same(consent.team, guard.team or ""):
                continue
            reason = self._fails(consent)
            if reason is None:
                return replace(guard, status="consented", consent=_named(consent))
            failed.append(f"; {_named(consent)} does not count: {reason}")
        failed += [
            f"; {consent.origin} does not count here, only a review does"
            for consent in others
            if consent.covers(guard.code, guard.address) and consent.announced is None  # that one is about notice
        ]
        return replace(guard, message=guard.message + "".join(dict.fromkeys(failed)))

    def _fails(self, consent: TeamConsent) -> str | None:
        """Why it does not hold for this plan, None where it does."""
        if consent.environment != self.environment:
            return f"it was given for {consent.environment}"
        if consent.change_digest != self.change_digest:
            was, now = consent.change_digest[:_SHORT], self.change_digest[:_SHORT]
            return f"it was given for the change {was}, and this plan is {now}"
        known = next((found for team, found in (self.members or {}).items() if _same(team, consent.team)), None)
        if known is not None and not {_plain(name) for name in known} & {_plain(name) for name in consent.by}:
            return f"the project file does not name them in {consent.team}"
        return None


def _named(consent: TeamConsent) -> str:
    people = ", ".join(f"@{name}" for name in consent.by)
    return f"{people} for {consent.team} ({consent.source})"


def _same(one: str, other: str) -> bool:
    """Hosts tell neither people nor teams apart by the case of their letters."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return name.removeprefix("@").casefold()
