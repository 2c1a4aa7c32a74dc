"""The manifests as an environment declares them, and how that differs between environments and revisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.workflow.context import Context, load_desired
from reconciler.workflow.revisions import at_revision, is_revision

if TYPE_CHECKING:
    from reconciler.model import Address


@dataclass(frozen=True, slots=True)
class Rendering:
    """Every object as the document that declares it after templates, reuse and overlays; ``name`` says of what."""

    name: str
    texts: Mapping[Address, str]


def rendering(context: Context, name: str | None = None) -> Rendering:
    """The objects of an environment, one by one, in the order of ``rendered``. Raises ``ManifestError``."""
    from reconciler import manifest

    resources = load_desired(context).resources
    texts = {address: manifest.dump(resource) for address, resource in resources.items()}
    return Rendering(name or context.environment.name, texts)


def rendering_against(context: Context, against: str) -> Rendering:
    """What to compare with: another environment as it is declared now, or this one at a git revision.

    A name that is both is the environment. Raises ``UsageError`` for what is neither, ``ManifestError`` and
    ``ProjectError`` where the manifests there have problems.
    """
    project = context.project
    if against in project.environments or against == "sandbox":
        environment = project.environment(against, context.overrides)
        return rendering(replace(context, environment=environment))
    if not is_revision(context, against):
        from reconciler.reading.suggest import did_you_mean

        known = [*project.environments, "sandbox"]
        hint = did_you_mean(against, known)
        message = f"`{against}` is neither an environment nor a git revision{hint}"
        raise UsageError(message, tip=f"environments: {', '.join(known)}")
    with at_revision(context, against) as then:
        return rendering(then, against)
