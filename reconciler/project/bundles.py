"""A bundle: one catalogue, neutral of every environment, under a digest that says what is in it.

It holds the manifests as they are before overlays and variables, and the declarations of the variables. A bundle with
the variables and overlays of an environment makes what that environment declares: the same bundle in two environments
differs only where one of these says so. Approvals are no part of it: consent is given in the files of today.

The digest is over what the documents say (order, comments, file names and anchors do not matter), the texts are kept
so that a plan can point at lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from typing import Any, cast

from reconciler.errors import BundleError, ProjectError
from reconciler.kinds.durations import plain
from reconciler.project.values import Value, Variable, VariableType
from reconciler.project.variables import convert
from reconciler.reading.tree import Map
from reconciler.reading.yaml import Reader

PREFIX = "sha256:"
FORMAT_VERSION = "1.0"
SHORT = 12
"""How many characters of a digest are printed."""
FEWEST = 8
"""How many characters of a digest have to be given to name a bundle."""
_REFERENCE = re.compile(rf"{PREFIX}(?P<digest>[0-9a-f]{{64}})(?:@(?P<revision>[0-9a-f]{{7,64}}))?")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_NEVER_IN_IT = "Approval"


@dataclass(frozen=True, slots=True)
class BundleReference:
    """Names one bundle: its digest in hex and, where git keeps it, the commit that it is of."""

    digest: str
    revision: str | None = None

    @classmethod
    def parse(cls, text: str) -> BundleReference | None:
        """Read ``sha256:DIGEST`` or ``sha256:DIGEST@COMMIT``; None for anything else."""
        match = _REFERENCE.fullmatch(text)
        return cls(match["digest"], match["revision"]) if match else None

    def __str__(self) -> str:
        return f"{PREFIX}{self.digest}" + (f"@{self.revision}" if self.revision else "")


@dataclass(frozen=True, slots=True)
class Bundle:
    """A catalogue without its environments. ``files`` are the texts of its manifests, by path from the project file.

    ``digest`` is in hex. ``commit`` is where it was made, ``dirty`` whether something was uncommitted then, both None
    where nobody knows; ``origin`` stands before its places (``COMMIT:catalog/plans.yaml:3``), nothing where the places
    are those of the files at hand.
    """

    project: str
    files: Mapping[str, str] = field(repr=False)
    variables: Mapping[str, Variable]
    digest: str
    commit: str | None = None
    dirty: bool | None = None
    origin: str = ""

    @property
    def short(self) -> str:
        """The beginning of the digest, for people."""
        return self.digest[:SHORT]

    @property
    def file_name(self) -> str:
        """What a file with this bundle is called: a name that says what is in it."""
        return f"sha256-{self.digest}.json"


def make_bundle(
    project: str,
    files: Mapping[str, bytes],
    variables: Mapping[str, Variable],
    *,
    commit: str | None = None,
    dirty: bool | None = None,
    origin: str = "",
) -> Bundle:
    """The bundle of these manifests and variables. Raises ``ProjectError`` where a file cannot be read as YAML."""
    reader = Reader()
    texts, documents = {}, []
    for name in sorted(files):
        found, texts[name] = reader.read(
            f"{origin}:{name}" if origin else name, files[name], json=name.endswith(".json")
        )
        documents += [document.root for document in found]
    if reader.problems:
        raise ProjectError(reader.problems)
    return Bundle(project, texts, dict(variables), _digest(project, documents, variables), commit, dirty, origin)


def _digest(project: str, documents: list[Any], variables: Mapping[str, Variable]) -> str:
    encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_exact)
    said = sorted(encoder.encode(document) for document in _declaring(documents))
    declared = {name: _variable(variable) for name, variable in variables.items()}
    text = encoder.encode([FORMAT_VERSION, project, declared]) + "\n" + "\n".join(said)
    return sha256(text.encode("ascii")).hexdigest()


def _declaring(documents: list[Any]) -> Iterator[Any]:
    """What declares something: no empty documents, no approvals, nothing that only holds anchors."""
    for document in documents:
        if isinstance(document, Map):
            if document.get("kind") != _NEVER_IN_IT:
                yield {name: value for name, value in document.items() if not name.startswith("x-")}
        elif document is not None:
            yield document


def _exact(value: object) -> str:
    """Called for what JSON does not know: an exact number, as its text."""
    if isinstance(value, Decimal):
        return plain(value)
    raise TypeError(f"{type(value).__name__} is no value of a manifest")


def _variable(variable: Variable) -> dict[str, Any]:
    """A declaration, with every value as text."""
    bounds = {"default": variable.default, "min": variable.minimum, "max": variable.maximum}
    found: dict[str, Any] = {"type": variable.type}
    found |= {name: _text(value) for name, value in bounds.items() if value is not None}
    return found | ({"enum": [_text(value) for value in variable.choices]} if variable.choices else {})


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return plain(value) if isinstance(value, Decimal) else str(value)


def dumps(bundle: Bundle) -> str:
    """A bundle as a file: canonical JSON, sorted keys, two spaces, one newline at the end."""
    tree = {
        "apiVersion": "reconciler/v1",
        "kind": "Bundle",
        "formatVersion": FORMAT_VERSION,
        "project": bundle.project,
        "digest": f"{PREFIX}{bundle.digest}",
        "source": {"commit": bundle.commit, "dirty": bundle.dirty},
        "variables": {name: _variable(variable) for name, variable in bundle.variables.items()},
        "files": dict(bundle.files),
    }
    return json.dumps(tree, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def loads(text: str, name: str) -> Bundle:
    """Read a bundle; ``name`` is what the file is called in messages.

    Raises ``BundleError`` for what is no bundle, for a newer format, and where the content is not what the digest says.
    """
    try:
        tree = json.loads(text)
        stated, version = tree["digest"], tree["formatVersion"]
        if str(version).partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
            raise BundleError(f"the bundle {name} has format {version}; this reconciler reads {FORMAT_VERSION}")
        variables = {key: _read_variable(key, value) for key, value in tree["variables"].items()}
        files = {key: value.encode("utf-8") for key, value in tree["files"].items()}
        source, project = tree["source"], str(tree["project"])
        commit, dirty = source["commit"], source["dirty"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BundleError(f"{name} is not a bundle ({type(error).__name__})") from None
    try:
        found = make_bundle(project, files, variables, commit=commit, dirty=dirty, origin=_origin(commit, stated))
    except ProjectError:
        raise BundleError(f"the bundle {name} was changed after it was made: its manifests cannot be read") from None
    if stated != f"{PREFIX}{found.digest}":
        raise BundleError(
            f"the bundle {name} was changed after it was made: it says {stated[: len(PREFIX) + SHORT]}…, its content "
            f"is {PREFIX}{found.short}…"
        )
    return found


def _origin(commit: object, digest: object) -> str:
    if isinstance(commit, str) and _COMMIT.fullmatch(commit):
        return commit[:10]
    return str(digest)[: len(PREFIX) + SHORT]


def _read_variable(name: str, tree: Mapping[str, Any]) -> Variable:
    kind = cast("VariableType", tree["type"])
    bare, bound = Variable(name, kind), Variable(name, "decimal")
    low, high = (_read(bound, tree[key]) if key in tree else None for key in ("min", "max"))
    return Variable(
        name,
        kind,
        default=_read(bare, tree["default"]) if "default" in tree else None,
        minimum=low if isinstance(low, Decimal) else None,
        maximum=high if isinstance(high, Decimal) else None,
        choices=tuple(_read(bare, item) for item in tree.get("enum", ())),
    )


def _read(variable: Variable, text: object) -> Value:
    found, reason = convert(variable, text, text=True)
    if found is None:
        raise ValueError(reason)
    return found
