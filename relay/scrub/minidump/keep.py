"""Which numbers of memory and registers may stay: addresses of code and of stacks.

Law of this file: a word of a stack stays if it can be a return address or a frame pointer, and is
no part of a text.
"""

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from sys import byteorder
from typing import Final

from relay.errors import ScrubError
from relay.scrub.minidump.layout import HIGHEST, Architecture

MAX_IMAGES: Final = {4: 1 << 30, 8: 1 << 32}
"""By bytes of an address: the most that all modules may span. Such as fill the address space would
make an address of any text."""

_SMALL: Final = 0x10000
"""Below are numbers and null pointers, above addresses (the first 64 KiB are never mapped)."""

_SLICE: Final = 1 << 16
_CODES: Final = {4: "I", 8: "Q"}
_TEXT: Final = re.compile(  # noqa: TID251 - bounded repetition over bytes, never over user rules
    rb"(?:[\t\n\r\x20-\x7e]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}){6,}"
    rb"|(?:[\xc2-\xdf][\x80-\xbf]){3,}|(?:[\xe0-\xef][\x80-\xbf]{2}){2,}"
    rb"|[\t\n\r\x20-\x7e]{4,}\x00"
    rb"|(?:[\t\n\r\x20-\x7e]\x00){3,}|(?:\x00[\t\n\r\x20-\x7e]){3,}"
)
"""Text in UTF-8 and UTF-16. In words of 32 bits its bytes may happen to be addresses; words of 64
bits that are addresses have two zeros on top."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The ranges that an address may point into.

    Attributes:
        architecture: whose words.
        bounds: where ranges begin and end in turn, in their order, none touching another.
    """

    architecture: Architecture
    bounds: tuple[int, ...]

    def __contains__(self, value: int) -> bool:
        return bool(bisect_right(self.bounds, value) & 1)

    def register(self, value: int) -> int:
        """Return what stays of a general register, or of a field that may hold an address."""
        address = value & self.architecture.mask
        if address not in self:
            return 0
        if (self.architecture.word == 4 or address != value) and is_text(value):
            return 0
        return address

    def pointer(self, value: int) -> int:
        """Return what stays of an instruction or stack pointer or of the place of a fault.

        It says what happened even where it points into nothing; a text in its place does not.
        """
        if value in self:
            return value
        return 0 if value >= HIGHEST[self.architecture.word] or is_text(value) else value

    def parameter(self, value: int) -> int:
        """Return what stays of a parameter of an exception: an address or a small number."""
        return value if value < _SMALL else self.register(value)

    def stack(self, start: int, memory: memoryview, out: memoryview) -> None:
        """Write to `out` the words of a stack that stay.

        Args:
            start: the address of its first byte.
            memory: its bytes.
            out: as many zeros.
        """
        word = self.architecture.word
        head = -start % word
        past = head + max(0, len(memory) - head) // word * word
        for begin in range(head, past, _SLICE):
            end = min(begin + _SLICE, past)
            out[begin:end] = self._words(memory[begin:end])
        if word == 4:
            for run in _TEXT.finditer(memory):
                first = max(0, run.start() - (run.start() - head) % word)
                last = min(len(memory), run.end() + (head - run.end()) % word)
                out[first:last] = bytes(last - first)

    def _words(self, memory: memoryview) -> bytes:
        words = _array(self.architecture.word, memory)
        bounds, mask = self.bounds, self.architecture.mask
        kept = array(
            words.typecode,
            [
                address
                if word
                and bisect_right(bounds, address := word & mask) & 1
                and (address == word or not is_text(word))
                else 0
                for word in words
            ],
        )
        if byteorder == "big":
            kept.byteswap()
        return kept.tobytes()


def ranges(
    architecture: Architecture,
    modules: Iterable[tuple[int, int]],
    stacks: Iterable[tuple[int, int]],
) -> Addresses:
    """Return the addresses of modules and stacks, each given by start and size.

    Raises:
        ScrubError: modules are larger together than those of a program can be.
    """
    highest = HIGHEST[architecture.word]
    images = list(modules)
    if sum(size for _, size in images) > MAX_IMAGES[architecture.word]:
        raise ScrubError("a minidump whose modules are too large")
    bounds: list[int] = []
    for start, size in sorted(chain(images, stacks)):
        # A call that never returns may be the last instruction: its return address is the end.
        end = start + size + 1
        if size == 0 or start < _SMALL or end > highest + 1:
            continue
        if bounds and start <= bounds[-1]:
            bounds[-1] = max(bounds[-1], end)
        else:
            bounds += (start, end)
    return Addresses(architecture, tuple(bounds))


def is_text(value: int) -> bool:
    """Return whether the bytes of a number are letters, and zeros between them."""
    letters = [byte for byte in value.to_bytes(8, "little") if byte]
    return value >= _SMALL and len(letters) >= 3 and all(0x20 <= byte < 0x7F for byte in letters)


def number(value: int) -> int:
    """Return what stays of a field of 32 bits that says a version, an age or a code."""
    return 0 if is_text(value) else value


def _array(word: int, memory: memoryview) -> "array[int]":
    words = array(_CODES[word])
    words.frombytes(memory)
    if byteorder == "big":
        words.byteswap()
    return words
