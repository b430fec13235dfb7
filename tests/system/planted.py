"""What must never come through, in every spelling that it could take.

Law of this file: a leak that only changed its clothes is still a leak. Each value is looked for as
it is, percent-encoded, escaped as JSON, in base64, base32 and hex, in UTF-16, in full width, and
without regard to case.
"""

import base64
import json
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

LONG = 32
"""From this length on a value's first and last half are looked for by themselves."""

GRAM = 5
"""Bytes that are looked up at once. Wherever a needle of nine bytes or more stands, one of its
first five pieces of this length begins at a multiple of five: so data is cut into fives, and a
needle is compared only where one of them is known."""


@dataclass(frozen=True)
class Leak:
    """A value that was found: its name, how it was spelt, where, and what stands around it."""

    name: str
    spelling: str
    place: str
    around: str


class _Index:
    """Needles by their pieces: thousands of them cost no more than one to look for."""

    def __init__(self) -> None:
        self._short: dict[bytes, tuple[str, str]] = {}
        self._long: dict[bytes, tuple[str, str]] = {}
        self._grams: dict[bytes, list[tuple[bytes, int]]] = {}

    def add(self, needle: bytes, name: str, spelling: str) -> None:
        if len(needle) < 2 * GRAM - 1:
            self._short.setdefault(needle, (name, spelling))
        elif needle not in self._long:
            self._long[needle] = (name, spelling)
            for start in range(GRAM):
                gram = needle[start : start + GRAM]
                self._grams.setdefault(gram, []).append((needle, start))

    def find(self, data: bytes) -> Iterator[tuple[str, str, int, int]]:
        """Yield name, spelling, place and length of each needle in the data, once."""
        whole = memoryview(data)[: len(data) // GRAM * GRAM]
        fives = {five for (five,) in struct.iter_unpack(f"{GRAM}s", whole)}
        near = {
            needle
            for five in fives & self._grams.keys()
            for needle, start in self._grams[five]
            if all(needle[at : at + GRAM] in fives for at in range(start, len(needle) - 4, GRAM))
        }
        for known, needles in ((self._short, self._short), (self._long, near)):
            for needle in sorted(needles):
                at = data.find(needle)
                if at >= 0:
                    yield *known[needle], at, len(needle)


class Needles:
    """Finds planted values in bytes."""

    def __init__(self, values: Mapping[str, str] = {}) -> None:
        self._folded, self._exact = _Index(), _Index()
        for name, value in values.items():
            self.add(name, value)

    def add(self, name: str, value: str) -> None:
        """Look for one more value, in all its spellings."""
        parts = {"": value}
        if len(value) >= LONG:
            half = len(value) // 2
            parts |= {", first half": value[:half], ", last half": value[half:]}
        for part, text in parts.items():
            for spelling, needle in spellings(text):
                self._folded.add(needle.lower(), name, spelling + part)
        for needle in in_base64(value):
            self._exact.add(needle, name, "base64")

    def find(self, place: str, data: bytes) -> list[Leak]:
        """Return every value that stands in these bytes, each spelling once."""
        found = []
        for needles, where in ((self._folded, data.lower()), (self._exact, data)):
            for name, spelling, at, size in needles.find(where):
                around = data[max(0, at - 60) : at + size + 20]
                found.append(Leak(name, spelling, place, around.decode("utf-8", "replace")))
        return found

    def find_in_folder(self, folder: Path) -> list[Leak]:
        """Look into the name and the bytes of every file under a folder."""
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return [
            leak
            for path in files
            for data in (str(path.relative_to(folder)).encode(), path.read_bytes())
            for leak in self.find(path.name, data)
        ]


def load(samples: Path) -> Needles:
    """Return the needles for the values that the samples hold."""
    return Needles(json.loads((samples / "planted.json").read_text()))


def spellings(text: str) -> Iterator[tuple[str, bytes]]:
    """Yield the names of spellings, and a value in each."""
    yield "plain", text.encode()
    yield "JSON", json.dumps(text)[1:-1].encode()
    yield "JSON in JSON", json.dumps(json.dumps(text)[1:-1])[1:-1].encode()
    yield "percent", quote(text, safe="").encode()
    yield "percent, twice", quote(quote(text, safe=""), safe="").encode()
    yield "percent, each byte", "".join(f"%{byte:02x}" for byte in text.encode()).encode()
    yield "unicode escapes", "".join(f"\\u{ord(c):04x}" for c in text).encode()
    yield "hex", text.encode().hex().encode()
    yield "UTF-16", text.encode("utf-16-le")
    if len(text) >= 10:
        whole = text.encode()[: len(text.encode()) // 5 * 5]
        yield "base32", base64.b32encode(whole)
    yield "full width", _full_width(text).encode()
    yield "backslashes doubled", text.replace("\\", "\\\\").encode()


def _full_width(text: str) -> str:
    """The printable characters of ASCII in their full-width form (Unicode, FF01 to FF5E)."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def in_base64(text: str) -> Iterable[bytes]:
    """The part of it that is the same whatever stands around, at each of three alignments."""
    data = text.encode()
    for shift in range(3):
        start = (3 - shift) % 3
        whole = data[start : start + (len(data) - start) // 3 * 3]
        if len(whole) >= 9:  # fewer bytes would be found by chance
            yield base64.b64encode(whole)
            yield base64.urlsafe_b64encode(whole)
