"""Environments as written → as declared: ``extends`` resolved, addresses and sources checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.model import Address, Window
from reconciler.project.credentials import headers, merged, source
from reconciler.project.endpoints import SERVICES, check_endpoint, is_insecure, service_address
from reconciler.project.inheritance import Reporting, Written, chain_of, elsewhere, still_withheld
from reconciler.project.policies import policy
from reconciler.project.secrets import SecretSource
from reconciler.project.times import parse_moment, parse_period
from reconciler.project.values import SANDBOX, DeclaredEnvironment, Given, Limits, Variable
from reconciler.project.variables import convert
from reconciler.reading.suggest import did_you_mean
from reconciler.reading.tree import find
from reconciler.reading.validation import Issue

if TYPE_CHECKING:
    from reconciler.project.document import EnvironmentDocument

NEEDS_ADDRESS = f"{SANDBOX}:"
_BY_ID = ("NotificationChannel", "NotificationRule", "BillingProfile")


def declare(
    reading: Reporting, written: Mapping[str, Written], variables: Mapping[str, Variable]
) -> dict[str, DeclaredEnvironment]:
    """Every environment that makes sense, by name, abstract ones too; what does not make sense is reported."""
    found: dict[str, DeclaredEnvironment] = {}
    known = (*(name for name, link in written.items() if not link.abstract), SANDBOX)
    for name in written:
        chain = chain_of(reading, written, name)
        if chain:
            found[name] = _declare(reading, chain, variables)
            _check_order(reading, chain[-1], known)
    for name in found:
        _check_circle(reading, found, written[name])
    return found


def _declare(reading: Reporting, chain: list[Written], variables: Mapping[str, Variable]) -> DeclaredEnvironment:
    own = chain[-1]
    found = DeclaredEnvironment(own.name, "")
    for link in chain:
        found = _apply(reading, found, link, variables)
    found = replace(
        found,
        location=reading.location(own.mark),
        extends=own.document.extends,
        withheld=still_withheld(found),
        promotes_from=found.promotes_from if found.promotes_from != own.name else None,
    )
    if not found.endpoint and own.name == SANDBOX:
        found = replace(found, endpoint=NEEDS_ADDRESS)
    if not (found.endpoint or found.abstract or "endpoint" in own.tree):
        message = f"environment `{own.name}` has no `endpoint`; write the server's address, or `sandbox:`"
        why = "One that is only extended says `abstract: true`."
        reading.add([Issue("project.endpoint", message, own.mark, why=why)])
    _check_transport(reading, found, own)
    return found


def _check_order(reading: Reporting, own: Written, known: tuple[str, ...]) -> None:
    """A catalogue is promoted from another environment that exists."""
    before, mark = own.document.promotes_from, own.at("promotesFrom")
    if before == own.name:
        reading.add([Issue("project.environment", f"`{before}` cannot be promoted from itself", mark)])
    elif before is not None and before not in known:
        hint = did_you_mean(before, known)
        reading.add([Issue("project.environment", f"there is no environment `{before}`{hint}", mark)])


def _check_circle(reading: Reporting, found: Mapping[str, DeclaredEnvironment], own: Written) -> None:
    """No environment is promoted, over others, from itself: nobody could ever begin."""
    way = [own.name]
    while (before := found[way[-1]].promotes_from) in found and before not in way:
        way.append(str(before))
    if before == own.name and len(way) > 1:
        circle = " → ".join([*reversed(way), way[-1]])
        reading.add([Issue("project.environment", f"promoted in a circle: {circle}", own.at("promotesFrom"))])


def _apply(
    reading: Reporting, base: DeclaredEnvironment, link: Written, variables: Mapping[str, Variable]
) -> DeclaredEnvironment:
    """One link of the chain over what it extends; ``inheritance`` says what comes down."""
    document = link.document
    endpoint = _endpoint(reading, link)
    base = elsewhere(base, endpoint) if endpoint is not None else base
    period = parse_period(document.plan_valid_for) if document.plan_valid_for else None
    return replace(
        base,
        name=link.name,
        abstract=link.abstract,
        description=document.description or "",
        api=document.api or base.api,
        identity=document.identity or base.identity,
        token=source(reading, link, document.token, "token") or base.token,
        headers=merged(base.headers, headers(reading, link)),
        vars={**base.vars, **_vars(reading, link, variables)},
        var_files=_replaced(document.var_files, base.var_files),
        overlays=_replaced(document.overlays, base.overlays),
        limits=_limits(document, base.limits),
        prune=document.prune if document.prune is not None else base.prune,
        adopt={**base.adopt, **_adopt(reading, link)},
        protected=document.protected if document.protected is not None else base.protected,
        insecure=document.insecure if document.insecure is not None else base.insecure,
        bundle=document.bundle or (base.bundle if base.abstract else None),
        soak=parse_period(document.soak) if document.soak else base.soak,
        freeze=_freeze(document, base.freeze),
        policy=policy(reading, link, base.policy),
        promotes_from=document.promotes_from or (base.promotes_from if base.abstract else None),
        plan_valid_for=period or base.plan_valid_for,
        written={**base.written, **_written(reading, link, base)},
    )


def _written(reading: Reporting, link: Written, base: DeclaredEnvironment) -> dict[str, Given]:
    """What this link of the chain says, after what those before it say of the same field."""
    found: dict[str, Given] = {}
    for name, value in link.tree.items():
        before = base.written.get(name)
        said = (*(before.value if before and isinstance(before.value, tuple) else ()), value)
        found[name] = Given(said, reading.location(link.tree.entry_marks(name)[0]), link.name)
    return found


def _replaced(own: list[str] | None, inherited: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(own) if own is not None else inherited


def _freeze(document: EnvironmentDocument, inherited: tuple[Window, ...]) -> tuple[Window, ...]:
    if document.freeze is None:
        return inherited
    found = ((parse_moment(item.from_), parse_moment(item.to, through=True), item.because) for item in document.freeze)
    return tuple(Window(start, end, because) for start, end, because in found if start and end)


def _limits(document: EnvironmentDocument, base: Limits) -> Limits:
    own = document.limits
    if own is None:
        return base
    return Limits(
        _own(own.max_changes_percent, base.max_changes_percent),
        _own(own.max_removals, base.max_removals),
        own.catalog_writes if own.catalog_writes is not None else base.catalog_writes,
        _own(own.max_subscribers_affected, base.max_subscribers_affected),
        _own(own.max_bill_increase_percent, base.max_bill_increase_percent),
    )


def _own(own: int | None, inherited: int | None) -> int | None:
    return inherited if own is None else own


def _endpoint(reading: Reporting, link: Written) -> str | None:
    written = link.document.endpoint
    if written is None:
        return None
    for name, address in written.items() if isinstance(written, dict) else ():
        if reason := check_endpoint(address):
            reading.add([Issue("project.endpoint", reason, link.at("endpoint", name))])
    text = service_address(written) if isinstance(written, dict) else written
    if text is None:
        message = f"the map names no address of the catalogue; write `{SERVICES[0]}: ADDRESS`"
        reading.add([Issue("project.endpoint", message, link.at("endpoint"))])
        return None
    if not isinstance(written, dict) and (reason := check_endpoint(text)):
        reading.add([Issue("project.endpoint", reason, link.at("endpoint"))])
    return text.rstrip("/") if text.startswith("http") else text


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


def _check_transport(reading: Reporting, found: DeclaredEnvironment, own: Written) -> None:
    if not is_insecure(found.endpoint):
        return
    secret = found.token is not None or any(isinstance(value, SecretSource) for value in found.headers.values())
    mark = own.at("endpoint")
    if secret and not found.insecure:
        message = f"environment `{own.name}` would send its token over http://; use https://, or say `insecure: true`"
        reading.add([Issue("project.insecure", message, mark)])
    else:
        message = (
            f"environment `{own.name}` talks over http:// to another machine: anybody between can read and change it"
        )
        reading.add([Issue("project.http", message, mark)], "warning")
