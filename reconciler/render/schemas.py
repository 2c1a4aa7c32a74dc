"""JSON Schemas of what the tool writes: plan file and report. Enumerations come from the model itself."""

from __future__ import annotations

from typing import get_args

from reconciler.model import Action, ChangeClass, GuardStatus, Mode, StepState, Verb
from reconciler.render import consequence_schemas
from reconciler.render.schema_parts import (
    ADDRESS,
    COUNT,
    DIALECT,
    HEX,
    INSTANT,
    LOCATION,
    SOURCE,
    TARGET,
    TEXT,
    VERSION,
    Schema,
    array,
    nullable,
    record,
)

_METHODS: Schema = {"enum": ["POST", "PUT", "DELETE"]}


_SUMMARY = record({action.value: COUNT for action in Action}, description="How many objects per action.")


def field() -> Schema:
    """One field that differs."""
    return record(
        {
            "path": TEXT,
            "before": {"description": "The live value; null where there is none."},
            "after": {"description": "The declared value; null where there is none."},
            "currency": TEXT,
            "note": TEXT,
            "forces": {"enum": ["replace", "new_version"]},
            "shared": record(
                {"address": ADDRESS, "location": LOCATION},
                description="The shared card or base that the value comes from, and where its document begins.",
            ),
            "location": LOCATION,
        },
        optional=("currency", "note", "forces", "location", "shared"),
        description="One field that differs. Secrets are never here: both sides are null and a note says so.",
    )


def change() -> Schema:
    """What one object goes through."""
    classes: Schema = {"enum": [item.value for item in ChangeClass]}
    return record(
        {
            "address": ADDRESS,
            "kind": TEXT,
            "key": TEXT,
            "action": {"enum": [action.value for action in Action]},
            "actions": array({"type": "string", "description": "An elementary action: create, archive, delete, ..."}),
            "class": nullable({**classes, "description": "The most severe class."}),
            "classes": array(classes),
            "reasons": array(TEXT),
            "fields": array(field()),
            "location": LOCATION,
            "title": TEXT,
            "notes": array(TEXT),
            "unchanged": COUNT,
            "before_version": nullable(COUNT),
            "after_version": nullable(COUNT),
        },
        description="What one object goes through, and why.",
    )


def _step() -> Schema:
    return record(
        {
            "id": TEXT,
            "address": ADDRESS,
            "verb": {"enum": list(get_args(Verb))},
            "method": _METHODS,
            "path": {"type": "string", "description": "`{KIND/KEY#id}` stands for the id of an object to be created."},
            "body": nullable(
                {"type": "object", "description": "`$ref`, `$secret` and `$live` are filled just before the write."}
            ),
            "after": array({"type": "string", "description": "The id of a step that must be done first."}),
            "target_id": nullable(TEXT),
            "may_refuse": nullable(
                {"type": "string", "description": "Why a refusal by the server is no failure of this step."}
            ),
        },
        description="One request.",
    )


def _guard() -> Schema:
    return record(
        {
            "code": TEXT,
            "address": nullable(ADDRESS),
            "message": TEXT,
            "consentable": {"type": "boolean"},
            "status": {"enum": list(get_args(GuardStatus))},
            "consent": nullable(TEXT),
            "change": nullable({**HEX, "description": "Of the object: what an approval of this change names."}),
            "team": nullable({**TEXT, "description": "Who has to consent, as the policy names them."}),
            "location": LOCATION,
        },
        optional=("change", "team", "location"),
        description="What stands between the plan and its apply.",
    )


def _sighting() -> Schema:
    return record(
        {"address": ADDRESS, "fingerprint": TEXT, "absent": {"type": "boolean"}, "note": TEXT},
        description="What the planner looked at, absences included.",
    )


def _warning() -> Schema:
    return record({"rule": TEXT, "message": TEXT, "location": LOCATION, "address": nullable(ADDRESS)})


def _shared() -> Schema:
    return record(
        {"address": ADDRESS, "location": LOCATION, "changes": array(ADDRESS)},
        description="A shared rate card or a base, and every object that it changes.",
    )


def _scheduled() -> Schema:
    return record(
        {"address": ADDRESS, "at": INSTANT, "location": LOCATION},
        description="A patch that is held back until then, and is not in this plan.",
    )


def _rehearsal() -> Schema:
    refusal = record(
        {
            "step": {"type": "string", "description": "The id of the step."},
            "address": ADDRESS,
            "message": TEXT,
            "location": LOCATION,
            "status": nullable({"type": "integer", "description": "The HTTP status that it was refused with."}),
        }
    )
    return record(
        {
            "accepted": COUNT,
            "total": {
                **COUNT,
                "description": "How many steps were tried; what is neither accepted nor refused needs a refused one.",
            },
            "refusals": array(refusal),
            "second_empty": nullable({"type": "boolean", "description": "Null where steps were refused."}),
            "differences": array(TEXT),
            "left_out": array({**ADDRESS, "description": "Not tried, because a guard that nothing opens blocks it."}),
        },
        description="What became of the steps on a copy in memory of what was observed (`plan --rehearse`).",
    )


def plan() -> Schema:
    """The schema of a saved plan."""
    body = record(
        {
            "format_version": VERSION,
            "tool": TEXT,
            "created_at": INSTANT,
            "valid_until": INSTANT,
            "project": TEXT,
            "environment": TEXT,
            "target": TARGET,
            "source": SOURCE,
            "complete": {"type": "boolean", "description": "False when only a part was planned: nothing is removed."},
            "mode": {"enum": list(get_args(Mode))},
            "write_secrets": {"type": "boolean"},
            "not_before": nullable({**INSTANT, "description": "A plan of the future: not to be applied before."}),
            "changes": array(change()),
            "shared": array(_shared()),
            "steps": array(_step()),
            "observed": array(_sighting()),
            "guards": array(_guard()),
            "warnings": array(_warning()),
            "scheduled": array(_scheduled()),
            "summary": _SUMMARY,
            "errored": {"type": "boolean"},
            "rehearsal": _rehearsal(),
            **consequence_schemas.properties(),
            "change_digest": {**HEX, "description": "Over what would be done and to whom: what approvals compare."},
            "digest": {**HEX, "description": "Over the whole file: detects damage, not forgery."},
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
    return {"$schema": DIALECT, "title": "A plan of reconciler", **body}


def report() -> Schema:
    """The schema of a run's report."""
    step = record(
        {
            "id": TEXT,
            "address": ADDRESS,
            "verb": {"enum": list(get_args(Verb))},
            "method": _METHODS,
            "path": TEXT,
            "state": {"enum": list(get_args(StepState))},
            "status": nullable({"type": "integer", "description": "The HTTP status of the last answer."}),
            "request_id": nullable(TEXT),
            "seconds": {"type": "number", "minimum": 0},
            "created_id": nullable(TEXT),
            "error": nullable(TEXT),
            "tip": nullable(TEXT),
            "notes": array(TEXT),
            "overtaken": {
                "type": "boolean",
                "description": "Failed without writing anything, because somebody else had changed or made the object.",
            },
            "location": LOCATION,
        }
    )
    body = record(
        {
            "format_version": VERSION,
            "tool": TEXT,
            "started_at": INSTANT,
            "seconds": {"type": "number", "minimum": 0},
            "requests": COUNT,
            "project": TEXT,
            "environment": TEXT,
            "target": TARGET,
            "source": SOURCE,
            "mode": {"enum": list(get_args(Mode))},
            "plan_digest": {"type": "string", "description": "The digest of the plan that was applied."},
            "summary": _SUMMARY,
            "steps": array(step),
            "totals": record(dict.fromkeys(get_args(StepState), COUNT), description="Steps per state."),
            "mismatches": array(TEXT),
            "interrupted": {"type": "boolean"},
            "exit_code": {"enum": [0, 1, 4, 5, 130]},
        }
    )
    return {"$schema": DIALECT, "title": "A report of reconciler", **body}
