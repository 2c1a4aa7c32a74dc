"""YAML with templates and overlays → the desired resources of an environment, or all the problems at once."""

from __future__ import annotations

from reconciler.manifest.files import BUNDLES_FOLDER, contents
from reconciler.manifest.loading import check, load
from reconciler.manifest.output import dump, render
from reconciler.manifest.rules import RULES

__all__ = ["BUNDLES_FOLDER", "RULES", "check", "contents", "dump", "load", "render"]
