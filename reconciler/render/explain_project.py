"""The pages of the project file: what may stand in ``reconciler.yaml`` and in ``environments/NAME.yaml``."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.kinds.kind import Rule
from reconciler.kinds.shape import Shape, shape_of
from reconciler.project import rules
from reconciler.project.document import API_VERSION, EnvironmentDocument, ProjectDocument
from reconciler.project.policy_document import PolicyDocument

_ENVIRONMENT_RULES = (
    rules.ENDPOINT,
    rules.INSECURE,
    rules.INSECURE_WARNING,
    rules.EXTENDS,
    rules.SECRET,
    rules.HEADER,
    rules.ADOPT,
    rules.DURATION,
    rules.POLICY,
    rules.API,
    rules.DUPLICATE,
    rules.ENVIRONMENT,
)


@dataclass(frozen=True, slots=True)
class ProjectKind:
    """A document of the project's own files; its fields stand in it directly. ``place``: where it is written."""

    name: str
    group: str
    place: str
    summary: str
    shape: Shape
    rules: tuple[Rule, ...]
    example: str


PROJECT_KINDS = {
    kind.name: kind
    for kind in (
        ProjectKind(
            "Project",
            API_VERSION,
            "in reconciler.yaml, one per project",
            "One catalogue and the environments that it is applied to.",
            shape_of(ProjectDocument),
            tuple(rule for rule in rules.RULES if rule not in _ENVIRONMENT_RULES),
            """\
apiVersion: reconciler/v1
kind: Project
name: acme_billing
manifests: [catalog]
variables:
  fee: { type: decimal, default: "20", min: 0 }
environments:
  staging: { endpoint: https://openmeter.staging.example, vars: { fee: "1" } }
""",
        ),
        ProjectKind(
            "Environment",
            API_VERSION,
            "under `environments` in reconciler.yaml, or a file environments/NAME.yaml",
            "One place that the catalogue is applied to. Another address than that of the environment it `extends` "
            "inherits no token, no header from a source, no identity and no ids.",
            shape_of(EnvironmentDocument),
            _ENVIRONMENT_RULES,
            """\
extends: fleet                     # an abstract base: overlays, limits, a token for all
endpoint: https://eu.openmeter.example
identity: 01J9ZZ8Q2V0SEYHF0AMA8P1J # `reconciler env check --pin` writes it
protected: true
promotesFrom: staging
limits: { maxRemovals: 1 }
""",
        ),
        ProjectKind(
            "Policy",
            API_VERSION,
            "under `policy` of an environment",
            "What an environment asks of a plan before it is applied. Rules and classes of the environment that it "
            "extends hold as well; a sandbox asks for nothing but what stands here.",
            shape_of(PolicyDocument),
            (rules.POLICY,),
            """\
classes:
  price-lowering: allow
  additive: warn
  price-raising: { consent: acme/pricing, notice: 30 } # a team of the pull request's host; days
rules:
  - name: steep_raise
    when: change.class == "price-raising" && change.percent > 20.0
    effect: deny # or warn, consent, { consent: acme/finance }
    because: more than 20 % needs a board decision
  - name: quiet_weekends
    when: plan.percent > 0.0 && plan.at.getDayOfWeek("Europe/Berlin") in [0, 5, 6]
    effect: consent
    because: nobody is here to answer customers
""",
        ),
    )
}
