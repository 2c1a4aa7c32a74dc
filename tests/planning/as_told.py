"""What a plan says an object holds before and after, held to the fields that it says change."""

from reconciler.kinds.registry import KINDS
from reconciler.model import Action
from reconciler.planning.contents import contents
from reconciler.planning.diff import diff
from reconciler.planning.secrets import SHOWN

ENDS = (Action.ARCHIVE, Action.DELETE, Action.RELEASE)


def _told(change):
    return sorted((field.path, field.before, field.after) for field in change.fields if field.note is None)


def _nowhere(path):
    """No place is compared."""


def _terms(value):
    """An offer as field changes have it: its add-on is named by the path."""
    return {name: item for name, item in value.items() if name != "addon"} if isinstance(value, dict) else value


def check(made, wanted, observation, options):
    """Whole objects differ in exactly the fields that the plan shows; of what goes only the old side is there."""
    found = {one.address: one for one in contents(made, wanted, observation, options)}
    for change in made.changes:
        if change.action in (Action.CREATE, Action.NO_CHANGE):
            assert change.address not in found
            continue
        one, kind = found[change.address], KINDS[change.address.kind]
        if change.action in ENDS:
            assert one.before
            assert one.after is None
            continue
        differs = diff(kind, one.before, one.after, _nowhere)
        shown = [(item.path, _terms(item.before), _terms(item.after)) for item in differs if item.note is None]
        shown = [one for one in shown if SHOWN not in one[1:]]  # the plan has a note in place of a secret
        assert shown == _told(change), (change.address, shown, _told(change))
