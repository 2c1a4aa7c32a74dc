"""Environments as written → as declared: ``extends`` resolved, addresses and sources checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from reconciler.model import Address, Location
from reconciler.project.endpoints import check_endpoint, is_insecure, looks_like_credential, service_address
from reconciler.project.secrets import SecretSource
from reconciler.project.times import parse_period
from reconciler.project.values import SANDBOX, DeclaredEnvironment, Given, Limits, Variable
from reconciler.project.variables import convert
from reconciler.reading.suggest import did_you_mean
from reconciler.reading.tree import Map, find
from reconciler.reading.validation import Issue

if TYPE_CHECKING:
    from reconciler.project.document import EnvironmentDocument, Source

NEEDS_ADDRESS = f"{SANDBOX}:"
_BY_ID = ("NotificationChannel", "NotificationRule", "BillingProfile")


class Reporting(Protocol):
    """What gathers issues and knows places."""

    def add(self, issues: Iterable[Issue], severity: str = "error") -> None:
        """Add issues."""
        ...

    def location(self, mark: int) -> Location:
        """The place of a mark."""
        ...


@dataclass(frozen=True, slots=True)
class Written:
    """One environment as it stands in a file."""

    name: str
    document: EnvironmentDocument
    tree: Map
    mark: int

    def at(self, *path: str) -> int:
        """The mark of a field, or of the environment where the field is inherited."""
        return find(self.tree, self.mark, path)


def declare(
    reading: Reporting, written: Mapping[str, Written], variables: Mapping[str, Variable]
) -> dict[str, DeclaredEnvironment]:
    """Every environment that makes sense, by name; what does not is reported."""
    found: dict[str, DeclaredEnvironment] = {}
    for name in written:
        chain = _chain(reading, written, name)
        if chain:
            found[name] = _declare(reading, chain, variables, (*written, SANDBOX))
    return found


def _chain(reading: Reporting, written: Mapping[str, Written], name: str) -> list[Written]:
    """The environment and what it extends, furthest ancestor first; empty where that is a circle or unknown."""
    chain = [written[name]]
    while (parent := chain[0].document.extends) is not None:
        mark = chain[0].at("extends")
        if parent not in written:
            hint = did_you_mean(parent, written)
            reading.add([Issue("project.extends", f"there is no environment `{parent}` to extend{hint}", mark)])
            return []
        if written[parent] in chain:
            circle = " → ".join([*(link.name for link in reversed(chain)), parent])
            reading.add([Issue("project.extends", f"environments extend each other in a circle: {circle}", mark)])
            return []
        chain.insert(0, written[parent])
    return chain


def _declare(
    reading: Reporting, chain: list[Written], variables: Mapping[str, Variable], known: tuple[str, ...]
) -> DeclaredEnvironment:
    found = DeclaredEnvironment(chain[-1].name, "", reading.location(chain[-1].mark))
    for link in chain:
        found = _apply(reading, found, link, variables)
    own = chain[-1]
    found = replace(found, name=own.name, location=reading.location(own.mark))
    if not found.endpoint and own.name == SANDBOX:
        found = replace(found, endpoint=NEEDS_ADDRESS)
    if not found.endpoint:
        message = f"environment `{own.name}` has no `endpoint`; write the server's address, or `sandbox:`"
        reading.add([Issue("project.endpoint", message, own.mark)])
    source = found.promotes_from
    if source is not None and source not in known:
        hint = did_you_mean(source, known)
        reading.add([Issue("project.environment", f"there is no environment `{source}`{hint}", own.at("promotesFrom"))])
    insecure = any(link.document.insecure for link in chain)
    _check_transport(reading, found, own, insecure=insecure)
    return found


def _apply(
    reading: Reporting, base: DeclaredEnvironment, link: Written, variables: Mapping[str, Variable]
) -> DeclaredEnvironment:
    """One link of the chain over what it extends: maps merge, the rest is replaced where it is written."""
    document = link.document
    endpoint = _endpoint(reading, link)
    # Ids belong to the namespace behind one address: another address inherits none.
    moved = endpoint is not None and endpoint != base.endpoint
    adopt = _adopt(reading, link)
    period = parse_period(document.plan_valid_for) if document.plan_valid_for else None
    return replace(
        base,
        endpoint=endpoint or base.endpoint,
        api=document.api or base.api,
        identity=document.identity or (None if moved else base.identity),
        token=_source(reading, link, document.token, "token") or base.token,
        headers={**base.headers, **_headers(reading, link)},
        vars={**base.vars, **_vars(reading, link, variables)},
        var_files=_replaced(document.var_files, base.var_files),
        overlays=_replaced(document.overlays, base.overlays),
        limits=_limits(document, base.limits),
        prune=document.prune if document.prune is not None else base.prune,
        adopt={**({} if moved else base.adopt), **adopt},
        protected=document.protected if document.protected is not None else base.protected,
        promotes_from=document.promotes_from,
        plan_valid_for=period or base.plan_valid_for,
    )


def _replaced(own: list[str] | None, inherited: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(own) if own is not None else inherited


def _limits(document: EnvironmentDocument, base: Limits) -> Limits:
    own = document.limits
    if own is None:
        return base
    return Limits(
        own.max_changes_percent if own.max_changes_percent is not None else base.max_changes_percent,
        own.max_removals if own.max_removals is not None else base.max_removals,
        own.catalog_writes if own.catalog_writes is not None else base.catalog_writes,
    )


def _endpoint(reading: Reporting, link: Written) -> str | None:
    written = link.document.endpoint
    if written is None:
        return None
    text = service_address(written) if isinstance(written, dict) else written
    if text is None:
        reading.add([Issue("project.endpoint", "the map names no service; write `api: ADDRESS`", link.at("endpoint"))])
        return None
    if reason := check_endpoint(text):
        reading.add([Issue("project.endpoint", reason, link.at("endpoint"))])
    return text.rstrip("/") if text.startswith("http") else text


def _source(reading: Reporting, link: Written, source: Source | None, *path: str) -> SecretSource | None:
    if source is None:
        return None
    given = [name for name in ("env", "file", "command") if getattr(source, name) is not None]
    if len(given) != 1:
        message = "a source is exactly one of `env`, `file` and `command`"
        reading.add([Issue("project.secret", message, link.at(*path))])
    return SecretSource(source.env, source.file, tuple(source.command) if source.command else None)


def _headers(reading: Reporting, link: Written) -> dict[str, str | SecretSource]:
    found: dict[str, str | SecretSource] = {}
    for name, value in (link.document.headers or {}).items():
        if isinstance(value, str):
            found[name] = value
            if looks_like_credential(name):
                message = f"`{name}` looks like a credential; give a source such as `{{env: NAME}}`, not the value"
                reading.add(
                    [Issue("project.secret", message, find(link.tree, link.mark, ("headers", name), at_key=True))]
                )
        elif source := _source(reading, link, value, "headers", name):
            found[name] = source
    return found


def _vars(reading: Reporting, link: Written, variables: Mapping[str, Variable]) -> dict[str, Given]:
    found: dict[str, Given] = {}
    for name, value in (link.document.vars or {}).items():
        mark = find(link.tree, link.mark, ("vars", name))
        declared = variables.get(name)
        if declared is None:
            message = f"variable `{name}` is not declared{did_you_mean(name, variables)}"
            reading.add([Issue("project.variable", message, find(link.tree, link.mark, ("vars", name), at_key=True))])
            continue
        _, reason = convert(declared, value, text=False)
        if reason:
            reading.add([Issue("project.variable", reason, mark)])
        found[name] = Given(value, reading.location(mark), f"environment `{link.name}`")
    return found


def _adopt(reading: Reporting, link: Written) -> dict[Address, str]:
    found: dict[Address, str] = {}
    for text, ident in (link.document.adopt or {}).items():
        mark = find(link.tree, link.mark, ("adopt", text), at_key=True)
        kind, _, key = text.partition("/")
        if kind in _BY_ID and key:
            found[Address(kind, key)] = ident
        else:
            hint = did_you_mean(kind, _BY_ID)
            message = f"`{text}`: ids are given for `KIND/KEY` of channels, rules and profiles{hint}"
            reading.add([Issue("project.adopt", message, mark)])
    return found


def _check_transport(reading: Reporting, found: DeclaredEnvironment, own: Written, *, insecure: bool) -> None:
    if not is_insecure(found.endpoint):
        return
    secret = found.token is not None or any(isinstance(value, SecretSource) for value in found.headers.values())
    mark = own.at("endpoint")
    if secret and not insecure:
        message = f"environment `{own.name}` would send its token over http://; use https://, or say `insecure: true`"
        reading.add([Issue("project.insecure", message, mark)])
    else:
        message = (
            f"environment `{own.name}` talks over http:// to another machine: anybody between can read and change it"
        )
        reading.add([Issue("project.http", message, mark)], "warning")
