"""JSON Schemas of what the tool writes: plan file, report, drift. Enumerations come from the model itself."""

from __future__ import annotations

from typing import get_args

from reconciler.model import Action, ChangeClass, GuardStatus, Mode, Origin, StepState, Verb, What
from reconciler.render import consequence_schemas
from reconciler.render.schema_parts import ADDRESS as _ADDRESS
from reconciler.render.schema_parts import COUNT as _COUNT
from reconciler.render.schema_parts import DIALECT as _DIALECT
from reconciler.render.schema_parts import LOCATION as _LOCATION
from reconciler.render.schema_parts import TEXT as _TEXT
from reconciler.render.schema_parts import Schema
from reconciler.render.schema_parts import array as _list
from reconciler.render.schema_parts import nullable as _nullable
from reconciler.render.schema_parts import record as _object

_HEX = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_INSTANT: Schema = {"type": "string", "description": "RFC 3339, UTC; empty where it is not known"}
_VERSION: Schema = {"type": "string", "pattern": r"^1\.[0-9]+$"}
_METHODS: Schema = {"enum": ["POST", "PUT", "DELETE"]}


_TARGET = _object(
    {"endpoint": _TEXT, "identity": _nullable(_TEXT), "api": _TEXT},
    description="The address, and which namespace answered there.",
)
_SOURCE = _object(
    {
        "manifests": _TEXT,
        "commit": _nullable(_TEXT),
        "dirty": _nullable({"type": "boolean"}),
        "bundle": _nullable({**_HEX, "description": "The digest of the bundle that is declared."}),
        "promoted_from": _nullable({"type": "string", "description": "Where the bundle was proven."}),
        "revision": _nullable({"type": "string", "description": "The commit that is gone back to."}),
        "snapshot": _nullable({**_HEX, "description": "The digest of the snapshot that was planned against."}),
        "snapshot_at": _nullable({"type": "string", "format": "date-time", "description": "When that was taken."}),
    },
    optional=("bundle", "promoted_from", "revision", "snapshot", "snapshot_at"),
    description="The digest of the manifests, their commit, and whether files differed from it.",
)
_SUMMARY = _object({action.value: _COUNT for action in Action}, description="How many objects per action.")


def field() -> Schema:
    """One field that differs."""
    return _object(
        {
            "path": _TEXT,
            "before": {"description": "The live value; null where there is none."},
            "after": {"description": "The declared value; null where there is none."},
            "currency": _TEXT,
            "note": _TEXT,
            "forces": {"enum": ["replace", "new_version"]},
            "shared": _object(
                {"address": _ADDRESS, "location": _LOCATION},
                description="The shared card or base that the value comes from, and where its document begins.",
            ),
            "location": _LOCATION,
        },
        optional=("currency", "note", "forces", "location", "shared"),
        description="One field that differs. Secrets are never here: both sides are null and a note says so.",
    )


def change() -> Schema:
    """What one object goes through."""
    classes: Schema = {"enum": [item.value for item in ChangeClass]}
    return _object(
        {
            "address": _ADDRESS,
            "kind": _TEXT,
            "key": _TEXT,
            "action": {"enum": [action.value for action in Action]},
            "actions": _list({"type": "string", "description": "An elementary action: create, archive, delete, ..."}),
            "class": _nullable({**classes, "description": "The most severe class."}),
            "classes": _list(classes),
            "reasons": _list(_TEXT),
            "fields": _list(field()),
            "location": _LOCATION,
            "title": _TEXT,
            "notes": _list(_TEXT),
            "unchanged": _COUNT,
            "before_version": _nullable(_COUNT),
            "after_version": _nullable(_COUNT),
        },
        description="What one object goes through, and why.",
    )


def _step() -> Schema:
    return _object(
        {
            "id": _TEXT,
            "address": _ADDRESS,
            "verb": {"enum": list(get_args(Verb))},
            "method": _METHODS,
            "path": {"type": "string", "description": "`{KIND/KEY#id}` stands for the id of an object to be created."},
            "body": _nullable(
                {"type": "object", "description": "`$ref`, `$secret` and `$live` are filled just before the write."}
            ),
            "after": _list({"type": "string", "description": "The id of a step that must be done first."}),
            "target_id": _nullable(_TEXT),
            "may_refuse": _nullable(
                {"type": "string", "description": "Why a refusal by the server is no failure of this step."}
            ),
        },
        description="One request.",
    )


def _guard() -> Schema:
    return _object(
        {
            "code": _TEXT,
            "address": _nullable(_ADDRESS),
            "message": _TEXT,
            "consentable": {"type": "boolean"},
            "status": {"enum": list(get_args(GuardStatus))},
            "consent": _nullable(_TEXT),
            "change": _nullable({**_HEX, "description": "Of the object: what an approval of this change names."}),
            "team": _nullable({**_TEXT, "description": "Who has to consent, as the policy names them."}),
            "location": _LOCATION,
        },
        optional=("change", "team", "location"),
        description="What stands between the plan and its apply.",
    )


def _sighting() -> Schema:
    return _object(
        {"address": _ADDRESS, "fingerprint": _TEXT, "absent": {"type": "boolean"}, "note": _TEXT},
        description="What the planner looked at, absences included.",
    )


def _warning() -> Schema:
    return _object({"rule": _TEXT, "message": _TEXT, "location": _LOCATION, "address": _nullable(_ADDRESS)})


def _shared() -> Schema:
    return _object(
        {"address": _ADDRESS, "location": _LOCATION, "changes": _list(_ADDRESS)},
        description="A shared rate card or a base, and every object that it changes.",
    )


def _scheduled() -> Schema:
    return _object(
        {"address": _ADDRESS, "at": _INSTANT, "location": _LOCATION},
        description="A patch that is held back until then, and is not in this plan.",
    )


def _rehearsal() -> Schema:
    refusal = _object(
        {
            "step": {"type": "string", "description": "The id of the step."},
            "address": _ADDRESS,
            "message": _TEXT,
            "location": _LOCATION,
            "status": _nullable({"type": "integer", "description": "The HTTP status that it was refused with."}),
        }
    )
    return _object(
        {
            "accepted": _COUNT,
            "total": {
                **_COUNT,
                "description": "How many steps were tried; what is neither accepted nor refused needs a refused one.",
            },
            "refusals": _list(refusal),
            "second_empty": _nullable({"type": "boolean", "description": "Null where steps were refused."}),
            "differences": _list(_TEXT),
            "left_out": _list({**_ADDRESS, "description": "Not tried, because a guard that nothing opens blocks it."}),
        },
        description="What became of the steps on a copy in memory of what was observed (`plan --rehearse`).",
    )


def plan() -> Schema:
    """The schema of a saved plan."""
    body = _object(
        {
            "format_version": _VERSION,
            "tool": _TEXT,
            "created_at": _INSTANT,
            "valid_until": _INSTANT,
            "project": _TEXT,
            "environment": _TEXT,
            "target": _TARGET,
            "source": _SOURCE,
            "complete": {"type": "boolean", "description": "False when only a part was planned: nothing is removed."},
            "mode": {"enum": list(get_args(Mode))},
            "write_secrets": {"type": "boolean"},
            "not_before": _nullable({**_INSTANT, "description": "A plan of the future: not to be applied before."}),
            "changes": _list(change()),
            "shared": _list(_shared()),
            "steps": _list(_step()),
            "observed": _list(_sighting()),
            "guards": _list(_guard()),
            "warnings": _list(_warning()),
            "scheduled": _list(_scheduled()),
            "summary": _SUMMARY,
            "errored": {"type": "boolean"},
            "rehearsal": _rehearsal(),
            **consequence_schemas.properties(),
            "change_digest": {**_HEX, "description": "Over what would be done and to whom: what approvals compare."},
            "digest": {**_HEX, "description": "Over the whole file: detects damage, not forgery."},
        },
        optional=(
            "write_secrets",
            "rehearsal",
            "impacts",
            "curves",
            "affected",
            "rerated",
            "policy",
            "contents",
            "not_before",
            "scheduled",
            "shared",
        ),
    )
    return {"$schema": _DIALECT, "title": "A plan of reconciler", **body}


def report() -> Schema:
    """The schema of a run's report."""
    step = _object(
        {
            "id": _TEXT,
            "address": _ADDRESS,
            "verb": {"enum": list(get_args(Verb))},
            "method": _METHODS,
            "path": _TEXT,
            "state": {"enum": list(get_args(StepState))},
            "status": _nullable({"type": "integer", "description": "The HTTP status of the last answer."}),
            "request_id": _nullable(_TEXT),
            "seconds": {"type": "number", "minimum": 0},
            "created_id": _nullable(_TEXT),
            "error": _nullable(_TEXT),
            "tip": _nullable(_TEXT),
            "notes": _list(_TEXT),
            "overtaken": {
                "type": "boolean",
                "description": "Failed without writing anything, because somebody else had changed or made the object.",
            },
            "location": _LOCATION,
        }
    )
    body = _object(
        {
            "format_version": _VERSION,
            "tool": _TEXT,
            "started_at": _INSTANT,
            "seconds": {"type": "number", "minimum": 0},
            "requests": _COUNT,
            "project": _TEXT,
            "environment": _TEXT,
            "target": _TARGET,
            "source": _SOURCE,
            "mode": {"enum": list(get_args(Mode))},
            "plan_digest": {"type": "string", "description": "The digest of the plan that was applied."},
            "summary": _SUMMARY,
            "steps": _list(step),
            "totals": _object(dict.fromkeys(get_args(StepState), _COUNT), description="Steps per state."),
            "mismatches": _list(_TEXT),
            "interrupted": {"type": "boolean"},
            "exit_code": {"enum": [0, 1, 4, 5, 130]},
        }
    )
    return {"$schema": _DIALECT, "title": "A report of reconciler", **body}


def drift() -> Schema:
    """The schema of what ``drift`` finds."""
    origin: Schema = {"enum": list(get_args(Origin)), "description": "Which side moved since the base."}
    field = _object(
        {
            "path": _TEXT,
            "origin": origin,
            "declared": {"description": "The declared value; null where there is none."},
            "live": {"description": "The live value; null where there is none."},
            "currency": _nullable(_TEXT),
            "note": _nullable(_TEXT),
            "location": _LOCATION,
        }
    )
    found = _object(
        {
            "address": _ADDRESS,
            "kind": _TEXT,
            "key": _TEXT,
            "what": {"enum": list(get_args(What))},
            "origin": origin,
            "title": _TEXT,
            "version": _nullable(_COUNT),
            "classes": _list({"enum": [kind.value for kind in ChangeClass]}),
            "healable": {"type": "boolean", "description": "Whether `drift --heal` puts it back: it is no money."},
            "fields": _list(field),
            "location": _LOCATION,
            "notes": _list(_TEXT),
        }
    )
    body = _object(
        {
            "format_version": _VERSION,
            "tool": _TEXT,
            "created_at": _INSTANT,
            "project": _TEXT,
            "environment": _TEXT,
            "target": _TARGET,
            "source": _SOURCE,
            "base": _nullable({**_TEXT, "description": "What was last applied; null where nobody said."}),
            "clean": {"type": "boolean"},
            "complete": {"type": "boolean", "description": "False when only a part was looked at."},
            "unchanged": {**_COUNT, "description": "How many objects are as declared."},
            "objects": _list(found),
            "summary": _object(dict.fromkeys(get_args(Origin), _COUNT)),
            "warnings": _list(_object({"rule": _TEXT, "message": _TEXT, "location": _LOCATION})),
        }
    )
    return {"$schema": _DIALECT, "title": "Drift, as reconciler finds it", **body}
