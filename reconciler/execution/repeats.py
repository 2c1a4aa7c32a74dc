"""Which POST may be sent a second time after its answer was lost, reading showed nothing, and why that is safe.

OpenMeter knows no idempotency key, and a server that hung may execute the first POST later. So a second one is only
sent where the server itself lets one of the two through, and never without reading again just before it:

- create of a Meter or Feature: slug and key are unique among live objects, the later one is refused with 409;
- create of a Plan or Addon draft: "only a single draft version is allowed" (400); where both are checked before
  either is stored, the version number is unique and one of them fails (500). Should the first come so late that the
  second is published already, it leaves a draft of ours that sells nothing; the second plan of the same run, or the
  next one, shows and removes it;
- publish and archive: they name one version by its id, and a version that has left its state refuses them (400);
- attach: a plan version has an add-on once (409), and a published one takes none (400).

What refuses the second one is then what the first one made, which reading tells by its content and marker. Channels,
rules and billing profiles have nothing that is unique: two creates make two objects, each of which works (notifies
twice, becomes the default profile). They are never sent again; reading once more at the end of the line is all.
"""

from __future__ import annotations

from reconciler.kinds.registry import KINDS
from reconciler.model import Step


def may_repeat(step: Step) -> bool:
    """Whether the server lets only one of two such requests through, or both leave the same."""
    return step.verb != "create" or KINDS[step.address.kind].natural_key
