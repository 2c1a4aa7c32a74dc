"""The schema of a kind for people: what a field means, takes and defaults to, read from the kind's own markers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from reconciler.errors import UsageError
from reconciler.kinds import markers as m
from reconciler.kinds import ratecard_rules
from reconciler.kinds.kind import Kind, Rule
from reconciler.kinds.plan import Phase
from reconciler.kinds.registry import KINDS
from reconciler.kinds.shape import Field, ListOf, MapOf, Object, OneOf, Scalar, Shape, shape_of
from reconciler.manifest import RULES, approvals
from reconciler.manifest.documents import TOOL_GROUP
from reconciler.manifest.lifecycle import LifecycleDocument
from reconciler.manifest.scenarios import SCENARIO
from reconciler.manifest.shared import SHARED
from reconciler.project import rules as project_rules
from reconciler.reading.suggest import did_you_mean
from reconciler.render.explain_facts import FieldFacts, named_in_expressions
from reconciler.render.explain_project import PROJECT_KINDS, ProjectKind

_FORMS = {
    "text": "text",
    "bool": "true or false",
    "int": "whole number",
    "decimal-text": "exact decimal",
    "decimal-number": "exact decimal",
    "duration": "ISO-8601 duration, such as P1M",
    "instant": "RFC 3339 instant, such as 2027-01-01T00:00:00Z",
    "json": "JSON document, or a map",
    "any": "any value",
}


@dataclass(frozen=True, slots=True)
class ToolKind:
    """A document of the tool itself: it is never sent, so it has no states and no lifecycle."""

    name: str
    group: str
    summary: str
    shape: Shape
    rules: tuple[Rule, ...]
    example: str


TOOL_KINDS = {
    approvals.KIND: ToolKind(
        approvals.KIND,
        TOOL_GROUP,
        "Consent to an open guard, committed and reviewed with the change that needs it.",
        shape_of(approvals.ApprovalSpec),
        tuple(rule for rule in RULES if rule.id.startswith("approval.")),
        approvals.EXAMPLE,
    ),
    SHARED.name: ToolKind(
        SHARED.name,
        TOOL_GROUP,
        SHARED.summary,
        SHARED.shape,
        (*(rule for rule in RULES if rule.id.startswith("reuse.")), *ratecard_rules.RULES),
        SHARED.example,
    ),
    SCENARIO.name: ToolKind(
        SCENARIO.name, TOOL_GROUP, SCENARIO.summary, SCENARIO.shape, SCENARIO.rules, SCENARIO.example
    ),
}


AnyKind = Kind | ToolKind | ProjectKind


@dataclass(frozen=True, slots=True)
class KindFacts:
    """One kind, or a part of it (``field``): its summary, fields, rules and example."""

    kind: AnyKind
    fields: tuple[FieldFacts, ...]
    field: FieldFacts | None = None

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules beyond the schema."""
        return self.kind.rules

    @property
    def states(self) -> tuple[str, ...]:
        """What it can be, none where it has no lifecycle."""
        return self.kind.lifecycle.states if isinstance(self.kind, Kind) else ()


def explain(path: str) -> KindFacts:
    """The facts of ``KIND`` or ``KIND.field.field``; raises ``UsageError`` with the nearest name there is."""
    name, *parts = [part for part in path.replace("[", ".").replace("]", "").split(".") if part and not part.isdigit()]
    known: dict[str, AnyKind] = {**KINDS, **TOOL_KINDS, **PROJECT_KINDS}
    kind = next((known[one] for one in known if one.lower() == name.lower()), None)
    if kind is None:
        raise UsageError(f"there is no kind `{name}`{did_you_mean(name, known)}", tip=f"kinds: {', '.join(known)}")
    fields = facts(kind.shape, "")
    if parts and parts[0] == "spec" and not isinstance(kind, ProjectKind):
        parts = parts[1:]
    elif parts:
        fields = (*fields, *(one for one in _BESIDE if one.name in beside(kind)))
    return KindFacts(kind, fields, _field_at(kind, fields, parts))


def every_rule() -> tuple[Rule, ...]:
    """Every rule there is: those of YAML and manifests, of the project file, of every kind, and of the tool's own."""
    kinds: tuple[AnyKind, ...] = (*KINDS.values(), *TOOL_KINDS.values(), *PROJECT_KINDS.values())
    return (*RULES, *project_rules.RULES, *(rule for kind in kinds for rule in kind.rules))


def beside(kind: AnyKind) -> tuple[str, ...]:
    """What a document of the kind may have beside ``spec``."""
    if isinstance(kind, Kind):
        return ("extends", "abstract", "lifecycle")
    return {SHARED.name: ("extends",), SCENARIO.name: ("extends", "abstract")}.get(kind.name, ())


def _field_at(kind: AnyKind, fields: tuple[FieldFacts, ...], parts: list[str]) -> FieldFacts | None:
    found: FieldFacts | None = None
    for part in parts:
        below = found.children if found else fields
        match = next((one for one in below if one.name == part), None)
        if match is None:
            where = f"{kind.name}.{found.path}" if found else kind.name
            known = [one.name for one in below]
            raise UsageError(
                f"{where} has no field `{part}`{did_you_mean(part, known)}",
                tip=f"fields: {', '.join(known)}" if known else None,
            )
        found = match
    return found


def facts(shape: Shape, prefix: str) -> tuple[FieldFacts, ...]:
    """The fields below a shape; those of variants carry the values of the tag that they belong to."""
    match shape:
        case Object():
            own = tuple(_facts(field, shape, prefix) for field in shape.fields.values())
            return (*own, *_words(_PHASE_WORDS, prefix)) if shape.model is Phase else own
        case OneOf():
            own = tuple(_merged(shape, prefix))
            return (*own, *_words(_CARD_WORDS, prefix)) if prefix and shape.variants == _CARDS else own
        case ListOf():
            return facts(shape.item, prefix)
        case MapOf():
            return facts(shape.value, prefix)
        case _:
            return ()


def _words(words: Iterable[FieldFacts], prefix: str) -> Iterator[FieldFacts]:
    """Words of the manifest language, which the API does not have."""
    return (replace(word, path=f"{prefix}.{word.name}") for word in words)


def _merged(shape: OneOf, prefix: str) -> Iterator[FieldFacts]:
    """Each field of the variants once, by name, with what is true of it where."""
    found: dict[str, dict[str, FieldFacts]] = {}
    for tag, variant in shape.variants.items():
        for field in variant.fields.values():
            found.setdefault(field.name, {})[tag] = _facts(field, variant, prefix)
    for name, by_tag in found.items():
        if name == shape.tag:
            yield _tag(by_tag)
        else:
            yield _one_of_several(shape, by_tag)


def _tag(by_tag: dict[str, FieldFacts]) -> FieldFacts:
    """The field that tells the variants apart: each value with what it means."""
    first = next(iter(by_tag.values()))
    meanings = tuple(f"{tag}: {facts.description}" for tag, facts in by_tag.items() if facts.description)
    return replace(first, description="", choices=tuple(by_tag), notes=meanings)


def _one_of_several(shape: OneOf, by_tag: dict[str, FieldFacts]) -> FieldFacts:
    """A field that several variants have: described by the richest; where they differ, each is said."""
    richest = max(by_tag.values(), key=lambda facts: len(facts.children))
    notes = list(richest.notes)
    if len({facts.description for facts in by_tag.values()}) > 1:
        notes += [f"{shape.tag} {tag}: {facts.description}" for tag, facts in by_tag.items()]
    required = [tag for tag, facts in by_tag.items() if facts.required]
    everywhere = len(by_tag) == len(shape.variants)
    if not everywhere:
        must = ", and must be given there" if len(required) == len(by_tag) else ""
        notes.insert(0, f"only where {shape.tag} is {_either(by_tag)}{must}")
    if required and len(required) < len(by_tag):
        notes.append(f"must be given where {shape.tag} is {_either(required)}")
    same = len({facts.description for facts in by_tag.values()}) == 1
    return replace(
        richest,
        description=richest.description if same else "",
        required=everywhere and len(required) == len(by_tag),
        notes=tuple(dict.fromkeys(notes)),
    )


def _facts(field: Field, owner: Object, prefix: str) -> FieldFacts:
    path = f"{prefix}.{field.name}" if prefix else field.name
    info = _info(owner, field.name)
    below = facts(field.shape, path)
    either = () if below else _below(field, info, path)
    return FieldFacts(
        path=path,
        name=field.name,
        type="a word, or an object" if either and field.shape == Scalar("any") else type_of(field.shape, field),
        required=field.required,
        description=" ".join(field.description.split()),
        notes=tuple(_notes(field, info)),
        choices=_choices(info.annotation if info else None),
        children=below or either,
    )


def _below(field: Field, info: FieldInfo | None, path: str) -> tuple[FieldFacts, ...]:
    """What stands below a value that may be a map: its fields; below an expression: what it can name."""
    if field.name == "when":
        return named_in_expressions(path)
    model = _model(info.annotation) if info and isinstance(field.shape, Scalar) else None
    return facts(shape_of(model), path) if model else ()


def _model(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - annotations are any object
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model(inner))), None)


def _info(owner: Object, name: str) -> FieldInfo | None:
    for field, info in owner.model.model_fields.items():
        if name in (info.serialization_alias, info.alias, field):
            return info
    return None


def type_of(shape: Shape, field: Field | None = None) -> str:
    """A type in a few words."""
    ref = field.get(m.Ref) if field else None
    if ref is not None:
        return f"list of {ref.kind} keys" if isinstance(shape, ListOf) else f"{ref.kind} key"
    match shape:
        case Scalar():
            return "money" if shape.money else _FORMS[shape.form]
        case ListOf():
            return f"list of {_plural(type_of(shape.item))}"
        case MapOf():
            return f"map of name to {type_of(shape.value)}"
        case OneOf():
            return f"object, by `{shape.tag}`"
        case _:
            return "object"


def _plural(words: str) -> str:
    return "objects" + words[6:] if words.startswith("object") else words


def _notes(field: Field, info: FieldInfo | None) -> Iterator[str]:
    for mark in field.markers:
        match mark:
            case m.ServerDefault(value=value):
                yield f"default: {str(value).lower() if isinstance(value, bool) else value}"
            case m.Immutable(because=because):
                yield f"immutable: a change forces replacement ({because})"
            case m.CannotUpdate():
                yield "cannot be updated: a difference is a warning, unless `lifecycle.replaceOn` names it"
            case m.NotClearable():
                yield "once set it can be changed, not removed"
            case m.Secret():
                yield "secret: written as a source ({env: NAME}, {file: PATH} or {command: [...]}), never shown"
            case m.Keyed(by=by, ordered=ordered):
                yield f"items are told apart by `{by}`{'; their order has a meaning' if ordered else ''}"
            case m.Unordered():
                yield "the order means nothing"
            case m.ServerChosen():
                yield "left out, the server chooses a value, which is no difference"
            case _:
                continue
    if info is not None:
        yield from _limits(info)


def _limits(info: FieldInfo) -> Iterator[str]:
    low = next((found for item in info.metadata if (found := getattr(item, "min_length", None))), None)
    high = next((found for item in info.metadata if (found := getattr(item, "max_length", None))), None)
    if low and high:
        yield f"{low} to {high} long"
    elif high:
        yield f"at most {high} long"
    elif low and low > 1:
        yield f"at least {low} long"


def _choices(annotation: Any) -> tuple[str, ...]:  # noqa: ANN401 - annotations are any object
    """The values of an enumeration, also inside a list or an optional."""
    if get_origin(annotation) is Literal:
        return tuple(str(value) for value in get_args(annotation))
    for inner in get_args(annotation):
        found = _choices(inner)
        if found:
            return found
    return ()


def _either(words: Iterable[str]) -> str:
    *head, last = words
    return f"{', '.join(head)} or {last}" if head else last


def _word(name: str, kind: str, *said: str) -> FieldFacts:
    return FieldFacts(name, name, kind, required=False, description=said[0], notes=said[1:])


_CARDS = SHARED.shape.variants if isinstance(SHARED.shape, OneOf) else {}
_CARD_WORDS = (
    _word(
        "use", "RateCard key", "Start from a shared card (`kind: RateCard`); what stands beside it differs.",
        "maps merge, `null` takes away, other lists than keyed ones are replaced whole",
        "in a patch or beside `extends` it takes the place of the card with the same key, as a whole",
    ),
)  # fmt: skip
_PHASE_WORDS = (
    _word(
        "from", "phase key", "Copy the cards of another phase of the plan, as they are in the end.",
        "`rateCards` beside it change the copies: by key, with `$remove` and `$before`",
    ),
    _word("price", "null", "Beside `from`, `null`: the copied cards are free, and without discounts."),
)  # fmt: skip
_BESIDE = (
    _word(
        "extends", "key of the same kind, beside `spec`", "Start from that object; `spec` says what differs.",
        "maps merge, `null` takes away, keyed lists merge by key (`$before: KEY` places, `$remove: true` removes), "
        "other lists are replaced whole",
        "overlays of the base come first, those of the object last; `lifecycle` is not passed on",
    ),
    _word("abstract", "true or false, beside `spec`", "Only there to be extended: never sent, never counted.",
          "may leave out what the objects that extend it say"),
    FieldFacts(
        path="lifecycle",
        name="lifecycle",
        type="object, beside `spec`",
        required=False,
        description="How far an object is ours to change, and what becomes of it.",
        children=facts(shape_of(LifecycleDocument), "lifecycle"),
    ),
)  # fmt: skip
"""The parts of a document that the kinds share."""
