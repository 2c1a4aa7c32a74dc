"""What is checked in ``reconciler.yaml``, environments and variables, for ``explain --rules``."""

from __future__ import annotations

from reconciler.kinds.kind import Rule

_SOURCE = "reconciler.yaml"

KEY = Rule("project.name", "The name goes into the marker of every object we own.", _SOURCE)
RESERVED = Rule("project.not_supported", "Reserved for a later version; ignoring it would be worse.", _SOURCE)
ENDPOINT = Rule("project.endpoint", "An endpoint is an http(s) address without credentials, or `sandbox:`.", _SOURCE)
INSECURE = Rule("project.insecure", "Over http:// everybody on the way can read the token.", _SOURCE)
INSECURE_WARNING = Rule("project.http", "Over http:// everybody on the way can read the catalogue.", _SOURCE, "warning")
EXTENDS = Rule("project.extends", "An environment extends one that exists, and never itself.", _SOURCE)
SECRET = Rule(
    "project.secret", "Credentials come from a source, never as text in a file under version control.", _SOURCE
)
HEADER = Rule("project.header", "A header has a name that HTTP allows, and is given once.", _SOURCE)
VARIABLE = Rule("project.variable", "Variables are declared with a type, and every value has that type.", _SOURCE)
ADOPT = Rule("project.adopt", "Only kinds without a key of their own are told apart by id.", _SOURCE)
DURATION = Rule("project.duration", "A plan is valid for a fixed time: weeks, days, hours, minutes.", _SOURCE)
UNPROVEN = Rule("project.unproven", "What is promoted is proven before it is live where it counts.", _SOURCE, "warning")
BUNDLE = Rule("project.bundle", "A bundle is named by all of its digest, so that it can be no other.", _SOURCE)
FREEZE = Rule(
    "project.freeze", "A freeze begins and ends at known instants: dates are in UTC, times have a zone.", _SOURCE
)
POLICY = Rule("project.policy", "A policy that is misread would let through what it is there to stop.", _SOURCE)
API = Rule("project.api", "An environment speaks one API that this version knows.", _SOURCE)
FILE = Rule("project.file", "Every file that the project names has to be readable.", _SOURCE)
ENVIRONMENT = Rule("project.environment", "An environment that is named somewhere has to exist.", _SOURCE)
PROTECT = Rule("project.protect", "A pattern that matches nothing would protect nothing.", _SOURCE)
TRUST = Rule(
    "project.untrusted", "What a pull request says of the rules that judge it does not count.", _SOURCE, "warning"
)
UNLISTED = Rule(
    "project.unlisted_secret",
    "Who may name any secret may have any of them sent.",
    _SOURCE,
    "warning",
)
DUPLICATE = Rule("project.duplicate_environment", "An environment is declared in one place.", _SOURCE)

RULES: tuple[Rule, ...] = (
    KEY, RESERVED, ENDPOINT, INSECURE, INSECURE_WARNING, EXTENDS, SECRET, HEADER, VARIABLE, ADOPT, DURATION, FREEZE,
    POLICY, TRUST, UNLISTED, BUNDLE, UNPROVEN, API, FILE, DUPLICATE, ENVIRONMENT, PROTECT,
)  # fmt: skip
