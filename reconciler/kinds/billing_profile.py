"""BillingProfile: how customers are invoiced, by whom and through which app. The key is ours.

Source of every rule: OpenMeter v1, billing profiles.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, BaseModel, Field, WrapValidator

from reconciler.kinds import markers as m
from reconciler.kinds.billing_workflow import WORKFLOW_RULES, Workflow, workflow_findings
from reconciler.kinds.fields import Description, Metadata, Name, problem
from reconciler.kinds.identifiers import to_id, to_key
from reconciler.kinds.kind import Binding, Catalogue, Finding, IdOf, KeyOf, Kind, Rule, Spec
from reconciler.kinds.lifecycles import SINGLETON_DEFAULT
from reconciler.model import ChangeClass, FieldChange, Tree

SANDBOX = "sandbox"


_COUNTRY = re.compile(r"[A-Z]{2}")


def _country(value: str) -> str:
    if not _COUNTRY.fullmatch(value):
        also = f"; write `{value.upper()}`" if _COUNTRY.fullmatch(value.upper()) else ""
        raise problem("value.country", f"`{value}` is not a country code of two capital letters{also}")
    return value


Country = Annotated[str, AfterValidator(_country), Field(json_schema_extra={"pattern": f"^{_COUNTRY.pattern}$"})]


class PostalAddress(Spec):
    """A postal address."""

    country: Country | None = None
    """Country, two capital letters (ISO 3166-1). The supplier's is required."""
    postal_code: str | None = None
    """Postal code."""
    state: str | None = None
    """State or province."""
    city: str | None = None
    """City."""
    line1: str | None = None
    """First line."""
    line2: str | None = None
    """Second line."""
    phone_number: str | None = None
    """Telephone number."""


class TaxId(Spec):
    """How the tax office knows a party."""

    code: Annotated[str, Field(min_length=1, max_length=32)] | None = None
    """Tax number, 1 to 32 characters."""


class Supplier(Spec):
    """Who issues the invoices."""

    name: str | None = None
    """Name on the invoice; required."""
    addresses: list[PostalAddress] | None = None
    """Exactly one address, with its country."""
    tax_id: TaxId | None = None
    """Tax number on the invoice."""
    id: str | None = None
    """Refused: OpenMeter drops it."""
    key: str | None = None
    """Refused: OpenMeter drops it."""


class InstalledApp(Spec):
    """An app of the marketplace, by its type and the name it was installed under."""

    type: Literal["stripe", "custom_invoicing"]
    """Type of the app."""
    name: Annotated[str, Field(min_length=1)]
    """Name under which it is installed."""


def _app(value: Any, _: Any) -> str | InstalledApp:  # noqa: ANN401 - whatever YAML held
    match value:
        case "sandbox" | InstalledApp():
            return cast("str | InstalledApp", value)
        case Mapping():
            return InstalledApp.model_validate(value)
        case _:
            raise problem("value.app", "write `sandbox`, or `{type: stripe, name: …}` with the name of the app")


App = Annotated[Literal["sandbox"] | InstalledApp, WrapValidator(_app)]


class BillingProfileSpec(Spec):
    """A billing profile: the terms of the customers it is given to, or of everybody as the default."""

    name: Name
    """Display name."""
    description: Description | None = None
    """What it is for, for people."""
    default: Annotated[bool, m.ServerDefault(False)] | None = None
    """Whether it holds for every customer without one of their own. Making it so ends that of another profile."""
    supplier: Supplier
    """Who issues the invoices."""
    workflow: Annotated[Workflow, m.Filled()] | None = None
    """When usage is collected, invoices are issued, taxed and paid."""
    app: Annotated[App, m.Immutable()]
    """Through which app invoices go: `sandbox`, or an installed app."""
    metadata: Metadata | None = None
    """Free key-value pairs of your own."""


_WRITE = "OpenMeter v1, billing profile create and update"

SUPPLIER_NAME = Rule("profile.supplier.name", "The server refuses a supplier without a name (400).", _WRITE)
SUPPLIER_ADDRESS = Rule("profile.supplier.address", "The server takes one address, with a country (400).", _WRITE)
SUPPLIER_DROPPED = Rule("ignored_by_server/supplier_field", "The server drops it and never shows it.", _WRITE)
ONE_DEFAULT = Rule("profile.default", "The server has one default profile; promoting one demotes the other.", _WRITE)


def _check(key: str, spec: BaseModel, catalogue: Catalogue) -> Iterator[Finding]:
    profile = cast("BillingProfileSpec", spec)
    yield from _supplier(profile.supplier)
    yield from workflow_findings(profile.workflow)
    first = _first_default(catalogue)
    if profile.default and first is not None and first != key:
        message = f"`{first}` is the default already; only one profile can have `default: true`"
        yield Finding(ONE_DEFAULT, ("default",), message)


def _first_default(catalogue: Catalogue) -> str | None:
    profiles = ((key, catalogue.spec("BillingProfile", key)) for key in sorted(catalogue.keys("BillingProfile")))
    return next((key for key, spec in profiles if isinstance(spec, BillingProfileSpec) and spec.default), None)


def _supplier(supplier: Supplier) -> Iterator[Finding]:
    addresses = supplier.addresses or []
    if not supplier.name:
        yield Finding(SUPPLIER_NAME, ("supplier",), "add the supplier's `name`")
    if not addresses:
        yield Finding(SUPPLIER_ADDRESS, ("supplier",), "add `addresses: [{country: US}]` with the supplier's country")
    elif not addresses[0].country:
        yield Finding(SUPPLIER_ADDRESS, ("supplier", "addresses", 0), "add the `country`, such as `US`")
    if len(addresses) > 1:
        yield Finding(SUPPLIER_ADDRESS, ("supplier", "addresses", 1), "a supplier has one address; remove this one")
    for name in ("id", "key"):
        if getattr(supplier, name) is not None:
            yield Finding(SUPPLIER_DROPPED, ("supplier", name), f"leave `{name}` out", at_key=True)


def _impact(fields: tuple[FieldChange, ...]) -> Iterable[ChangeClass]:
    for change in fields:
        cosmetic = change.path in ("name", "description") or change.path.startswith("metadata")
        yield ChangeClass.COSMETIC if cosmetic else ChangeClass.BILLING_BEHAVIOUR


def _to_wire(key: str, body: dict[str, Tree], ids: IdOf) -> dict[str, Tree]:
    """One app does all three jobs: the server refuses different ones."""
    del key
    app = to_id("App", _app_key(body.get("app")), ids)
    rest = {name: value for name, value in body.items() if name != "app"}
    return {**rest, "apps": {"tax": app, "invoicing": app, "payment": app}}


def _from_wire(wire: Mapping[str, Tree], keys: KeyOf) -> dict[str, Tree]:
    spec = {name: wire[name] for name in _FIELDS if wire.get(name) is not None}
    apps = wire.get("apps")
    if isinstance(apps, Mapping):
        spec["app"] = _app_tree(to_key("App", apps.get("invoicing"), keys))
    return spec


def _app_key(app: Tree) -> Tree:
    return f"{app.get('type')}:{app.get('name')}" if isinstance(app, Mapping) else app


def _app_tree(key: Tree) -> Tree:
    kind, colon, name = str(key).partition(":")
    return {"type": kind, "name": name} if colon and kind != "id" else key


_FIELDS = ("name", "description", "default", "supplier", "workflow", "metadata")

KIND = Kind(
    name="BillingProfile",
    group="openmeter.io/v1",
    order=70,
    spec=BillingProfileSpec,
    lifecycle=SINGLETON_DEFAULT,
    bindings={
        "v1": Binding(
            collection="/api/v1/billing/profiles",
            catalog_write=True,
            to_wire=_to_wire,
            from_wire=_from_wire,
            list_query={"orderBy": "createdAt", "order": "ASC"},
            create_only=frozenset({"apps"}),
        )
    },
    check=_check,
    rules=(SUPPLIER_NAME, SUPPLIER_ADDRESS, SUPPLIER_DROPPED, ONE_DEFAULT, *WORKFLOW_RULES),
    impact=_impact,
    summary="How customers are invoiced, by whom and through which app.",
    example="""\
apiVersion: openmeter.io/v1
kind: BillingProfile
key: main
spec:
  name: Main
  default: true
  supplier:
    name: ACME Inc.
    addresses:
      - {country: US, city: New York, line1: 1 Main Street}
    taxId: {code: "12-3456789"}
  workflow:
    invoicing:
      dueAfter: P14D
  app: sandbox
""",
    natural_key=False,
)
