"""Damages texts and trees on purpose: the same seed, the same damage. Nothing it makes is kept in a file."""

import itertools
import json
import random
from collections.abc import Iterator, Sequence

LONG = "x" * 5_000_000
VALUES = (
    "null", "~", "1", "-1", "0", "true", "yes", '""', "[]", "{}", "[[[]]]", "{a: {b: {c: 1}}}", "1e999",
    "-.inf", ".nan",
    "9" * 400, "0." + "0" * 300 + "1", "1_000", "0x10", "1:30", "2026-11-31", "2026-01-01T00:00:00Z", "P1M", "PT0S",
    "P9999999999Y", '"\\0"', '"\\uD800"', '"\\u202Eevil"', "'{{ vars.nothing }}'", "'{{ 1 / 0 }}'", "'{{ (((1'",
    "'{% for a in b %}'", "'{{ 9 ** 9 ** 9 }}'", "'{{ \"a\" * 999999999 }}'", "'{{ range(10**12) }}'",
    "!!python/object:os.system x", "!!binary aGk=", "!!set {a, b}", "*gone", "&a [*a]", "|", ">-", "@", "`", "%", "- 1",
    "{? [a] : b}", "{<<: {a: 1}}", "{env: NOWHERE}", "{file: /dev/zero}", "{command: [x]}", "\u00e9\u4e2d\U0001f600",
    "e\u0301", "\u202e\u200b", "\x85", "\u2028", "a: b: c", "'unclosed", '"unclosed', "[1, 2", "{a: 1", "Plan", "$.x",
)  # fmt: skip
LINES = (
    "---", "...", "\t", "  \tname: x", "%YAML 9.9", "%TAG ! x", "apiVersion: openmeter.io/v9", "kind: Nothing",
    "key: A B", "key: " + "k" * 300, "spec:", "spec: null", "spec: []", "patch: {}", "patch: {spec: 1}", "lifecycle: 1",
    "lifecycle: {state: unknown, manage: x}", "<<: *nothing", "<<: [1, 2]", "? {a: b}\n: c", "- a", "  - b", "a",
    "reconciler:allow", "# reconciler: allow nothing", "  rateCards: 1", "  phases: {a: b}", "  tiers: [null]",
)  # fmt: skip
BYTES = (
    b"\x00", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xfe\xff", b"\xef\xbb\xbf", b"\r", b"\x07", b"\x1b[2J",
    b"\xe2\x80\xa8", b"\xc2\x85", b"\xf4\x90\x80\x80",
)  # fmt: skip
TREES = (
    None, True, 0, -1, 1.5, 10**40, "", "x", "\x00\x1b[2J\u202e", "2026-13-99T99:99:99Z", "P1X", [], {}, [None], [[]],
    {"a": None}, ["x"], {"": {}}, "unknown_value",
)  # fmt: skip


def texts(sources: Sequence[str], seed: int) -> Iterator[bytes]:
    """Endlessly many damaged texts: one to three faults each."""
    chance = random.Random(seed)
    while True:
        text = chance.choice(sources)
        for _ in range(chance.randint(1, 3)):
            text = chance.choice(_EDITS)(text, chance)
        yield chance.choice(_ENCODINGS)(text, chance)


def extremes(text: str) -> Iterator[tuple[str, bytes]]:
    """What is big, deep or circular: each with a name."""
    first = text.split("spec:", 1)[0]
    yield "a string of 5 MB", (text + f"  description: {LONG}\n").encode()
    yield "a quoted string of 5 MB", (text + f'  description: "{LONG}"\n').encode()
    yield "a template of 5 MB", f"{first}spec: {{name: '{{{{ {LONG} }}}}'}}\n".encode()
    yield "a key of 5 MB", (text + f"  {LONG}: 1\n").encode()
    yield "a number of 5 MB", f"{first}spec: {{amount: {'9' * 5_000_000}}}\n".encode()
    yield "an exponent of 5 MB", f"{first}spec: {{amount: 1e{'9' * 100}}}\n".encode()
    yield "lists in lists", f"{first}spec: {'[' * 20_000}\n".encode()
    yield "closed lists in lists", f"{first}spec: {'[' * 20_000}{']' * 20_000}\n".encode()
    yield "maps in maps", f"{first}spec: {'{a: ' * 20_000}1{'}' * 20_000}\n".encode()
    yield "blocks in blocks", (first + "".join(f"{' ' * n}a:\n" for n in range(2_000))).encode()
    yield "parentheses in a template", f"{first}spec: {{name: '{{{{ {'(' * 5_000}1{')' * 5_000} }}}}'}}\n".encode()
    yield "operators in a template", f"{first}spec: {{name: '{{{{ {'not ' * 5_000}1 }}}}'}}\n".encode()
    yield "aliases of aliases", (_laughs() + text).encode()
    yield "a list in itself", f"{first}spec: &a {{phases: [*a]}}\n".encode()
    yield "a map that merges itself", f"{first}spec: &a {{<<: *a}}\n".encode()
    yield "ten thousand documents", (text + "---\n").encode() * 10 + b"---\n" * 10_000
    yield "ten thousand equal keys", (text + "  name: a\n" * 10_000).encode()
    yield "ten thousand keys", (text + "".join(f"  k{n}: a\n" for n in range(10_000))).encode()
    yield "nothing but NUL", b"\0" * 1_000_000
    yield "nothing but tabs", b"\t" * 1_000_000
    yield "UTF-16", text.encode("utf-16")
    yield "UTF-16 without a mark", text.encode("utf-16-le")
    yield "UTF-32", text.encode("utf-32")
    yield "Latin-1", (text + "  description: \u00e9\u00e8\n").encode("latin-1")
    yield "two encodings", text.encode() + text.encode("utf-16-be")
    yield "line ends of three systems", text.replace("\n", "\r", 2).replace("\n", "\r\n", 2).encode()


def trees(tree: object, seed: int) -> Iterator[object]:
    """Endlessly many damaged copies of a JSON tree: one field removed or replaced each."""
    chance, places = random.Random(seed), list(_places(tree))
    while True:
        copy = json.loads(json.dumps(tree))
        place = chance.choice(places)
        if not place:
            yield chance.choice(TREES)
            continue
        here = copy
        for part in place[:-1]:
            here = here[part]
        if chance.random() < 0.25:
            del here[place[-1]]
        else:
            here[place[-1]] = chance.choice(TREES)
        yield copy


def _places(tree: object, at: tuple = ()) -> Iterator[tuple]:
    yield at
    children = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for name, child in children:
        yield from _places(child, (*at, name))


def _laughs() -> str:
    """Nine levels of nine aliases each: 9⁹ nodes if anybody unfolds them."""
    names = "abcdefghij"
    lines = ["a: &a [lol]"]
    lines += [f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]" for old, new in itertools.pairwise(names)]
    return "\n".join(lines) + "\n"


def _cut(text: str, chance: random.Random) -> str:
    return text[: chance.randrange(len(text) + 1)]


def _line(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, chance.choice(LINES))
        case 2:
            lines.insert(at, lines[at])
        case 3:
            lines[at] = lines[at].replace("  ", "\t", 1)
        case _:
            lines[at] = " " * chance.randrange(5) + lines[at]
    return "\n".join(lines)


def _value(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    places = [number for number, line in enumerate(lines) if ": " in line]
    if places:
        at = chance.choice(places)
        lines[at] = lines[at].split(": ", 1)[0] + ": " + chance.choice(VALUES)
    return "\n".join(lines)


def _name(text: str, chance: random.Random) -> str:
    """A field under the name of another one: unknown here, or there twice."""
    lines = text.split("\n")
    places = [number for number, line in enumerate(lines) if ":" in line]
    if len(places) > 1:
        one, other = chance.sample(places, 2)
        indent = lines[one][: len(lines[one]) - len(lines[one].lstrip(" -"))]
        lines[one] = indent + lines[other].lstrip(" -").split(":")[0] + ":" + lines[one].split(":", 1)[1]
    return "\n".join(lines)


def _character(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(":-[]{}#&*!|>'\"%@`,?\t\n\\{}") + text[at + chance.randrange(2) :]


_EDITS = (_cut, _line, _line, _value, _value, _value, _name, _name, _character)


def _plain(text: str, chance: random.Random) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _noisy(text: str, chance: random.Random) -> bytes:
    data = _plain(text, chance)
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(BYTES) + data[at:]


_ENCODINGS = (*[_plain] * 6, _noisy)
