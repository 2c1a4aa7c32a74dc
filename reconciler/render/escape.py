r"""Text that came from a server or a manifest, made harmless for a terminal.

An escape sequence in a plan's name could repaint the approval prompt, a bidirectional control could swap two prices:
both are shown as what they are (``\x1b``, ``\u202e``) and never sent.
"""

from __future__ import annotations

import re
import unicodedata

_PLAIN = re.compile(r"[\x20-\x7e]*")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
"""Unicode categories that print nothing or steer what is printed around them."""
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_COMMAND = re.compile(r"^([^\S\n]*)::", re.MULTILINE)
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def escape(text: str) -> str:
    """The text with control, format and bidirectional characters spelled out; everything else as it is."""
    if _PLAIN.fullmatch(text):
        return text
    return "".join(spelled(char) if unicodedata.category(char) in _HIDDEN else char for char in text)


def spelled(char: str) -> str:
    r"""One character as its escape: ``\n``, ``\x1b``, ``\u202e``."""
    code = ord(char)
    if char in _NAMED:
        return _NAMED[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def uncommanding(text: str) -> str:
    r"""Lines that a runner of GitHub Actions takes for no command, whatever names they begin or are wrapped with.

    It obeys ``::error::`` where a line begins with it, spaces before it or not, and ``##[error]`` anywhere; both are
    shown with one character spelled out.
    """
    if "::" not in text and "##[" not in text:
        return text
    return _COMMAND.sub(r"\1\\x3a:", text).replace("##[", "#\\x23[")


def columns(text: str) -> int:
    """How many terminal columns a text takes, colour codes not counted, wide characters twice."""
    bare = _ANSI.sub("", text)
    if bare.isascii():
        return len(bare)
    return sum(_columns(char) for char in bare)


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
