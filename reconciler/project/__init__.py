"""The project file: environments, variables, token sources, identity, git facts."""

from __future__ import annotations

from reconciler.project.bundles import Bundle, BundleReference
from reconciler.project.git import GitFacts, git_facts
from reconciler.project.listing import Credential, EnvironmentFacts, environments_of
from reconciler.project.loading import load_project
from reconciler.project.pinning import pin
from reconciler.project.secrets import SecretSource, reveal
from reconciler.project.values import (
    DeclaredEnvironment,
    Environment,
    Limits,
    ManifestSecrets,
    Overrides,
    Project,
    Trust,
    Variable,
)

__all__ = [
    "Bundle",
    "BundleReference",
    "Credential",
    "DeclaredEnvironment",
    "Environment",
    "EnvironmentFacts",
    "GitFacts",
    "Limits",
    "ManifestSecrets",
    "Overrides",
    "Project",
    "SecretSource",
    "Trust",
    "Variable",
    "environments_of",
    "git_facts",
    "load_project",
    "pin",
    "reveal",
]
