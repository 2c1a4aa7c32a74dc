"""Looking at real usage from the command line: how much of it, and lines that tell how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli.console import Console

if TYPE_CHECKING:
    from reconciler.model import Address
    from reconciler.workflow.usage_request import UsageRequest

_EVERY = 100


def usage_request(screen: Console, cap: int, *, names: bool) -> UsageRequest:
    """What to look at; every hundred customers, and at the end, a line on stderr."""
    from reconciler.workflow.usage_request import UsageRequest

    def tell(plan: Address, done: int, total: int) -> None:
        if done % _EVERY == 0 or done == total:
            screen.say(f"{plan}: {done:,} of {total:,} customers read")

    return UsageRequest(cap, names, tell)
