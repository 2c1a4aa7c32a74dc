"""Warnings about money: what a catalogue bills otherwise than a reader of it would think.

Nothing here is refused by the server. Every finding carries an example whose numbers the engine worked out for the very
prices at hand; what cannot be worked out, or cannot be told for sure, is no finding.
"""

from reconciler.pricing.lint.catalogue import RULES, Lint

__all__ = ["RULES", "Lint"]
