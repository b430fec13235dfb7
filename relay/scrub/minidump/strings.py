"""Texts of a dump: names without their folders, and what rules find overwritten, as long as before.

Law of this file: what a text becomes does not depend on where it stands, and scrubbing it again
changes nothing.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from relay.errors import ScrubError

MAX_STRING: Final = 1 << 16
"""Bytes of one name. A path of Windows has up to 32,767 characters of two bytes."""

_ROUNDS: Final = 3
_WORD: Final = re.compile(r"\w")  # noqa: TID251 - one character
_RUNS: Final = (
    (re.compile(rb"[\x20-\x7e]{6,}"), "ascii"),  # noqa: TID251 - ours
    (re.compile(rb"(?:[\x20-\x7e]\x00){6,}"), "utf-16-le"),  # noqa: TID251 - ours
    (re.compile(rb"(?:\x00[\x20-\x7e]){6,}"), "utf-16-be"),  # noqa: TID251 - ours
)


@dataclass(frozen=True, slots=True)
class Texts:
    """Scrubs texts by rules; each different one once."""

    scrub_text: Callable[[str], str] = field(repr=False)
    _known: dict[str, str] = field(init=False, repr=False, default_factory=dict)

    def changes(self, text: str) -> bool:
        """Return whether a rule finds something."""
        return self.scrub(text) != text

    def scrub(self, text: str) -> str:
        """Return the text with `*` for what rules find, never longer."""
        clean = self._known.get(text)
        if clean is None:
            clean = self._known[text] = self._settle(text)
        return clean

    def _settle(self, text: str) -> str:
        for _ in range(_ROUNDS):
            scrubbed = self.scrub_text(text)
            if scrubbed == text:
                return text
            text = _overwrite(text, scrubbed)
        return "*" * len(text)


def base_name(path: str) -> str:
    """Return the last part of a path of any system, up to a NUL."""
    name, _, _ = path.partition("\0")
    return name[max(name.rfind("/"), name.rfind("\\")) + 1 :]


def decode(content: bytes, encoding: str) -> str:
    """Return a text up to its NUL; what is no text becomes a `?`.

    Raises:
        ScrubError: it is absurdly long.
    """
    if len(content) > MAX_STRING:
        raise ScrubError("a text of a minidump that is too long")
    text, _, _ = content.decode(encoding, "replace").partition("\0")
    return text.replace("\ufffd", "?")


def runs(content: bytes | bytearray) -> Iterator[str]:
    """Yield everything in bytes that can be read as a text of six characters or more."""
    for pattern, encoding in _RUNS:
        for run in pattern.finditer(content):
            yield run[0].decode(encoding)


def _overwrite(text: str, scrubbed: str) -> str:
    """Put `*` over what differs, and over the words that it begins and ends in."""
    first = _alike(text, scrubbed)
    last = len(text) - _alike(text[first:][::-1], scrubbed[first:][::-1])
    while first > 0 and _WORD.match(text[first - 1]):
        first -= 1
    while last < len(text) and _WORD.match(text[last]):
        last += 1
    first, last = (first, last) if first < last else (0, len(text))
    return text[:first] + "*" * (last - first) + text[last:]


def _alike(one: str, other: str) -> int:
    """Return how many characters are the same at the beginning of both."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
