"""The pages of the project file: what may stand in ``reconciler.yaml`` and in ``environments/NAME.yaml``."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.kinds.kind import Rule
from reconciler.kinds.shape import Shape, shape_of
from reconciler.project import rules
from reconciler.project.document import API_VERSION, EnvironmentDocument, ProjectDocument

_ENVIRONMENT_RULES = (
    rules.ENDPOINT,
    rules.INSECURE,
    rules.INSECURE_WARNING,
    rules.EXTENDS,
    rules.SECRET,
    rules.HEADER,
    rules.ADOPT,
    rules.DURATION,
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
    )
}
