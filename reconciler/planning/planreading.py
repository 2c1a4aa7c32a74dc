"""A saved plan, read back: from plain values to the values that they were made of.

Raises what indexing raises where something is missing; ``planfile`` says it in its own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from reconciler.model import (
    Action,
    Address,
    Change,
    ChangeClass,
    FieldChange,
    Guard,
    Location,
    Plan,
    PlanSource,
    Problem,
    Scheduled,
    Sighting,
    SourceDocument,
    Step,
    Target,
)
from reconciler.planning import affectedfile, contents, impactfile, policyfile, rehearsalfile, reratedfile


def read(body: Mapping[str, Any]) -> Plan:
    """The plan that a file's values stand for."""
    target, source = body["target"], body["source"]
    plan = Plan(
        target=Target(body["environment"], target["endpoint"], target["identity"], target["api"]),
        project=body["project"],
        changes=tuple(read_change(item) for item in body["changes"]),
        steps=tuple(_read_step(item) for item in body["steps"]),
        guards=tuple(_read_guard(item) for item in body["guards"]),
        observed=tuple(
            Sighting(Address.parse(item["address"]), item["fingerprint"], item["absent"], item["note"])
            for item in body["observed"]
        ),
        warnings=tuple(_read_warning(item) for item in body["warnings"]),
        unchanged=body["summary"]["no_change"],
        mode=body["mode"],
        complete=body["complete"],
        source=PlanSource(
            source["manifests"],
            source["commit"],
            source["dirty"],
            source.get("bundle"),
            source.get("promoted_from"),
            source.get("revision"),
            source.get("snapshot"),
            source.get("snapshot_at"),
        ),
        created_at=body["created_at"],
        valid_until=body["valid_until"],
        tool=body["tool"],
    )
    rehearsed = rehearsalfile.read(body["rehearsal"]) if body.get("rehearsal") is not None else None
    due = body.get("not_before")
    return replace(
        plan,
        write_secrets=bool(body.get("write_secrets", False)),
        rehearsal=rehearsed,
        impacts=tuple(impactfile.read(item) for item in body.get("impacts", ())),
        curves=tuple(impactfile.read_curve(item) for item in body.get("curves", ())),
        affected=tuple(affectedfile.read(item) for item in body.get("affected", ())),
        rerated=tuple(reratedfile.read(item) for item in body.get("rerated", ())),
        policy=tuple(policyfile.read(item) for item in body.get("policy", ())),
        contents=tuple(contents.read(item) for item in body.get("contents", ())),
        scheduled=tuple(_read_scheduled(item) for item in body.get("scheduled", ())),
        not_before=datetime.fromisoformat(due) if due is not None else None,
    )


def _read_scheduled(item: Mapping[str, Any]) -> Scheduled:
    at = datetime.fromisoformat(item["at"])
    return Scheduled(Address.parse(item["address"]), at, Location.read(item["location"]))


def read_change(item: Mapping[str, Any]) -> Change:
    """A change from its plain values."""
    return Change(
        address=Address(item["kind"], item["key"]),
        action=Action(item["action"]),
        actions=tuple(item["actions"]),
        classes=tuple(ChangeClass(name) for name in item["classes"]),
        reasons=tuple(item["reasons"]),
        fields=tuple(read_field(field) for field in item["fields"]),
        location=Location.read(item["location"]),
        title=item["title"],
        notes=tuple(item["notes"]),
        unchanged=item["unchanged"],
        before_version=item["before_version"],
        after_version=item["after_version"],
    )


def read_field(field: Mapping[str, Any]) -> FieldChange:
    """A field that differs from its plain values."""
    return FieldChange(
        path=field["path"],
        before=field["before"],
        after=field["after"],
        location=Location.read(field.get("location")),
        currency=field.get("currency"),
        note=field.get("note"),
        forces=field.get("forces"),
        shared=_read_document(field.get("shared")),
    )


def _read_step(item: Mapping[str, Any]) -> Step:
    return Step(
        id=item["id"],
        address=Address.parse(item["address"]),
        verb=item["verb"],
        method=item["method"],
        path=item["path"],
        body=item["body"],
        after=tuple(item["after"]),
        target_id=item["target_id"],
        may_refuse=item["may_refuse"],
    )


def _read_guard(item: Mapping[str, Any]) -> Guard:
    return Guard(
        code=item["code"],
        address=Address.parse(item["address"]) if item["address"] else None,
        message=item["message"],
        consentable=item["consentable"],
        status=item["status"],
        consent=item["consent"],
        change=item.get("change"),
        team=item.get("team"),
        location=Location.read(item.get("location")),
    )


def _read_warning(item: Mapping[str, Any]) -> Problem:
    return Problem(
        rule=item["rule"],
        message=item["message"],
        location=Location.read(item["location"]),
        severity="warning",
        address=Address.parse(item["address"]) if item["address"] else None,
    )


def _read_document(item: Mapping[str, Any] | None) -> SourceDocument | None:
    place = Location.read(item["location"]) if item else None
    return SourceDocument(Address.parse(item["address"]), place) if item and place else None
