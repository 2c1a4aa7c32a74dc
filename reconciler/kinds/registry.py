"""Every kind of ``openmeter.io/v1``, in create order. The one list that a new kind is added to."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.kinds import addon, billing_profile, feature, meter, notification_channel, notification_rule, plan
from reconciler.kinds.kind import Kind

GROUP = "openmeter.io/v1"

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in sorted(
        (
            meter.KIND,
            feature.KIND,
            addon.KIND,
            plan.KIND,
            notification_channel.KIND,
            notification_rule.KIND,
            billing_profile.KIND,
        ),
        key=lambda kind: kind.order,
    )
}
"""Kind name → kind."""
