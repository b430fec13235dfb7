"""Names that a dump points to: read once, cleaned, and written back at their place.

Law of this file: names are written last, so that everything before can be looked through for texts
that are no names.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from relay.errors import ScrubError
from relay.scrub.minidump.copying import Copying
from relay.scrub.minidump.keep import is_text
from relay.scrub.minidump.layout import (
    CODEVIEW_ELF,
    CODEVIEW_PDB_20,
    CODEVIEW_PDB_20_NAME,
    CODEVIEW_PDB_70,
    CODEVIEW_PDB_70_NAME,
)
from relay.scrub.minidump.strings import MAX_STRING, Texts, base_name, decode, runs

MAX_BUILD_ID: Final = 32
"""Bytes of a build id of ELF; linkers write 8 to 32."""

_WORDY: Final = re.compile(  # noqa: TID251 - bounded repetition over bytes, never over user rules
    rb"[\x20-\x7e]{12}|(?:[\x20-\x7e]\x00){4}|(?:\x00[\x20-\x7e]){4}"
)
"""What no id holds by chance, in one of 20,000: twelve letters, four wide ones."""


@dataclass(slots=True)
class Names:
    """The names of a dump that is being copied."""

    copying: Copying
    texts: Texts
    _waiting: list[tuple[int, bytes]] = field(init=False, repr=False, default_factory=list)

    def wide(self, rva: int) -> int:
        """Take a MINIDUMP_STRING (its bytes, then UTF-16) and return where it stands.

        Raises:
            ScrubError: it is outside of the dump, or no such string.
        """
        if rva == 0:
            return 0
        self.copying.within(rva, 4)
        size = int.from_bytes(self.copying.data[rva : rva + 4], "little")
        if size % 2 or size > MAX_STRING:
            raise ScrubError("a text of a minidump that is too long")
        if self.copying.claim(rva, 4 + size, "name"):
            path = decode(self.copying.data[rva + 4 : rva + 4 + size], "utf-16-le")
            name = self._clean(base_name(path), "utf-16-le")
            self._waiting += ((rva, len(name).to_bytes(4, "little")), (rva + 4, name))
        return rva

    def debug_record(self, size: int, rva: int) -> tuple[int, int]:
        """Take a CodeView record and return its size and place; both 0 if it is of no known kind.

        Raises:
            ScrubError: it is outside of the dump.
        """
        self.copying.within(rva, size)
        record = self.copying.data[rva : rva + min(size, MAX_STRING + 1)]
        match record[:4]:
            case kind if kind == CODEVIEW_PDB_70:
                head = CODEVIEW_PDB_70_NAME
            case kind if kind == CODEVIEW_PDB_20:
                head = CODEVIEW_PDB_20_NAME
            case kind if kind == CODEVIEW_ELF and 4 < size <= 4 + MAX_BUILD_ID:
                head = size
            case _:
                return 0, 0
        if size >= head and _is_wordy(record[:head]):
            return 0, 0
        if size < head:
            raise ScrubError("a debug record of a minidump that is cut off")
        name = b""
        if head < size:
            name = self._clean(base_name(decode(record[head:], "utf-8")), "utf-8") + b"\0"
        if self.copying.claim(rva, size, "debug record"):
            self.copying.write(rva, record[:head])
            # A name that was not closed by a NUL has no room for one.
            self._waiting.append((rva + head, name[: size - head]))
        return min(size, head + len(name)), rva

    def _clean(self, name: str, encoding: str) -> bytes:
        """Return a name without what rules find, in whatever encoding its bytes are read."""
        text = self.texts.scrub(name)
        content = text.encode(encoding)
        if any(map(self.texts.changes, runs(content))):
            return ("*" * len(text)).encode(encoding)
        return content

    def write(self) -> None:
        """Write all names to their places."""
        for rva, content in self._waiting:
            self.copying.write(rva, content)


def _is_wordy(head: bytes) -> bool:
    """Return whether an id, or the numbers beside it, are a text."""
    if head.startswith(CODEVIEW_ELF):
        return _WORDY.search(head, 4) is not None
    numbers = head[4:] if head.startswith(CODEVIEW_PDB_20) else head[20:]
    words = (int.from_bytes(numbers[at : at + 4], "little") for at in (0, 8) if at < len(numbers))
    return _WORDY.search(head, 4) is not None or any(map(is_text, words))
