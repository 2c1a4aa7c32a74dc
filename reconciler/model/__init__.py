"""The frozen values that cross rooms: what is declared, what is observed, what will be done, what was done.

Nothing here does anything; every room reads these and hands on new ones. Trees (a spec, a wire body) are plain
``dict``/``list``/``str``/``bool``/``int``/``Decimal``/``None`` values and are never changed once they are inside
one of these classes. Money and quantities are ``Decimal`` or canonical decimal text, never ``float``.
"""

from reconciler.model.acceptance import Acceptance, Accepted, Edit, How, Left
from reconciler.model.affected import Affected, Reduced
from reconciler.model.base import (
    Address,
    Location,
    Path,
    PathPart,
    Problem,
    Severity,
    Source,
    SourceDocument,
    Tree,
    exact_number,
    render_path,
)
from reconciler.model.between import Between, Catalogue, Difference, Managed, Side
from reconciler.model.checked import EnvironmentCheck, LastRun
from reconciler.model.classes import NEEDS_NO_CONSENT, Action, ChangeClass
from reconciler.model.consents import (
    BY_POLICY,
    CONSENTABLE,
    IMPOSSIBLE,
    NEVER_CONSENTED,
    POLICY,
    TeamConsent,
    split_consent,
)
from reconciler.model.contents import Contents
from reconciler.model.declared import Approval, Desired, Manage, Management, OnRemove, Resource, State
from reconciler.model.drift import Drift, Drifted, DriftField, Origin, What
from reconciler.model.impact import Amounts, Curve, Impact
from reconciler.model.observed import Assignment, LiveState, Marker, Observation, Observed, Question, Reply
from reconciler.model.plan import (
    Change,
    FieldChange,
    Guard,
    GuardStatus,
    Mode,
    Plan,
    PlanSource,
    Sighting,
    Step,
    Target,
    Verb,
)
from reconciler.model.policy import NO_POLICY, ClassNeeds, Effect, Policy, PolicyRule, Ruling, RulingStatus
from reconciler.model.promotion import LastChange, Promotion, Proof
from reconciler.model.reasons import REASONS, Reason
from reconciler.model.rehearsal import Refusal, Rehearsal
from reconciler.model.replanned import Fact, Fate, FieldPair, ObjectPair, Replanned, Standing
from reconciler.model.report import Report, StepResult, StepState
from reconciler.model.rollback import Lasting, Permanent, Rollback
from reconciler.model.scenario import Bound, Expectation, Increase, Scenario
from reconciler.model.schedule import Scheduled, Window
from reconciler.model.snapshot import Snapshot
from reconciler.model.usage import Metered, Mover, Rerated, Spread, Subscriber

__all__ = [
    "BY_POLICY",
    "CONSENTABLE",
    "IMPOSSIBLE",
    "NEEDS_NO_CONSENT",
    "NEVER_CONSENTED",
    "NO_POLICY",
    "POLICY",
    "REASONS",
    "Acceptance",
    "Accepted",
    "Action",
    "Address",
    "Affected",
    "Amounts",
    "Approval",
    "Assignment",
    "Between",
    "Bound",
    "Catalogue",
    "Change",
    "ChangeClass",
    "ClassNeeds",
    "Contents",
    "Curve",
    "Desired",
    "Difference",
    "Drift",
    "DriftField",
    "Drifted",
    "Edit",
    "Effect",
    "EnvironmentCheck",
    "Expectation",
    "Fact",
    "Fate",
    "FieldChange",
    "FieldPair",
    "Guard",
    "GuardStatus",
    "How",
    "Impact",
    "Increase",
    "LastChange",
    "LastRun",
    "Lasting",
    "Left",
    "LiveState",
    "Location",
    "Manage",
    "Managed",
    "Management",
    "Marker",
    "Metered",
    "Mode",
    "Mover",
    "ObjectPair",
    "Observation",
    "Observed",
    "OnRemove",
    "Origin",
    "Path",
    "PathPart",
    "Permanent",
    "Plan",
    "PlanSource",
    "Policy",
    "PolicyRule",
    "Problem",
    "Promotion",
    "Proof",
    "Question",
    "Reason",
    "Reduced",
    "Refusal",
    "Rehearsal",
    "Replanned",
    "Reply",
    "Report",
    "Rerated",
    "Resource",
    "Rollback",
    "Ruling",
    "RulingStatus",
    "Scenario",
    "Scheduled",
    "Severity",
    "Side",
    "Sighting",
    "Snapshot",
    "Source",
    "SourceDocument",
    "Spread",
    "Standing",
    "State",
    "Step",
    "StepResult",
    "StepState",
    "Subscriber",
    "Target",
    "TeamConsent",
    "Tree",
    "Verb",
    "What",
    "Window",
    "exact_number",
    "render_path",
    "split_consent",
]
