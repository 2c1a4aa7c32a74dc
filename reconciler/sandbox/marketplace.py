"""The marketplace catalogue: the three kinds of app that can be installed (OpenMeter v1, listings)."""

from __future__ import annotations

from typing import Final

from reconciler.sandbox.jsontext import Doc

SANDBOX: Final = "sandbox"
CUSTOM_INVOICING: Final = "custom_invoicing"
STRIPE: Final = "stripe"

WITHOUT_CREDENTIALS: Final = "no_credentials_required"
WITH_API_KEY: Final = "with_api_key"

_CAPABILITIES: Final = (
    ("collectPayments", "collect_payment", "Payment", "Process payments"),
    ("calculateTax", "calculate_tax", "Calculate Tax", "Calculate tax for a payment"),
    ("invoiceCustomers", "invoice_customer", "Invoice Customer", "Invoice a customer"),
)


def _listing(app_type: str, name: str, description: str, install_method: str) -> Doc:
    return {
        "type": app_type,
        "name": name,
        "description": description,
        "capabilities": [
            {"type": kind, "key": f"{app_type}_{key}", "name": label, "description": about}
            for kind, key, label, about in _CAPABILITIES
        ],
        "installMethods": [install_method],
    }


LISTINGS: Final[dict[str, Doc]] = {
    SANDBOX: _listing(
        SANDBOX,
        "Sandbox",
        "Sandbox can be used to test OpenMeter without external connections.",
        WITHOUT_CREDENTIALS,
    ),
    CUSTOM_INVOICING: _listing(
        CUSTOM_INVOICING,
        "Custom Invoicing",
        "Custom Invoicing can be used to interface with third party invoicing and payment systems",
        WITHOUT_CREDENTIALS,
    ),
    STRIPE: _listing(STRIPE, "Stripe", "Send invoices, calculate tax and collect payments.", WITH_API_KEY),
}
