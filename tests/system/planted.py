"""What must never come through, in every spelling that it could take.

Law of this file: a leak that only changed its clothes is still a leak. Each value is looked for as
it is, percent-encoded, escaped as JSON, in base64 and hex, in UTF-16, and without regard to case.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

LONG = 32
"""From this length on a value's first and last half are looked for by themselves."""


@dataclass(frozen=True)
class Leak:
    """A value that was found: its name, how it was spelt, where, and what stands around it."""

    name: str
    spelling: str
    place: str
    around: str


class Needles:
    """Finds planted values in bytes."""

    def __init__(self, values: dict[str, str]) -> None:
        self._folded: dict[bytes, tuple[str, str]] = {}
        self._exact: dict[bytes, tuple[str, str]] = {}
        for name, value in values.items():
            parts = {"": value}
            if len(value) >= LONG:
                half = len(value) // 2
                parts |= {", first half": value[:half], ", last half": value[half:]}
            for part, text in parts.items():
                for spelling, needle in _spellings(text):
                    self._folded.setdefault(needle.lower(), (name, spelling + part))
            for needle in _base64(value):
                self._exact.setdefault(needle, (name, "base64"))

    def find(self, place: str, data: bytes) -> list[Leak]:
        """Return every value that stands in these bytes, each spelling once."""
        lower = data.lower()
        found = []
        for needles, where in ((self._folded, lower), (self._exact, data)):
            for needle, (name, spelling) in needles.items():
                at = where.find(needle)
                if at >= 0:
                    around = data[max(0, at - 60) : at + len(needle) + 20]
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


def _spellings(text: str) -> Iterator[tuple[str, bytes]]:
    yield "plain", text.encode()
    yield "JSON", json.dumps(text)[1:-1].encode()
    yield "JSON in JSON", json.dumps(json.dumps(text)[1:-1])[1:-1].encode()
    yield "percent", quote(text, safe="").encode()
    yield "percent, twice", quote(quote(text, safe=""), safe="").encode()
    yield "percent, each byte", "".join(f"%{byte:02x}" for byte in text.encode()).encode()
    yield "unicode escapes", "".join(f"\\u{ord(c):04x}" for c in text).encode()
    yield "hex", text.encode().hex().encode()
    yield "UTF-16", text.encode("utf-16-le")
    yield "backslashes doubled", text.replace("\\", "\\\\").encode()


def _base64(text: str) -> Iterable[bytes]:
    """The part of it that is the same whatever stands around, at each of three alignments."""
    data = text.encode()
    for shift in range(3):
        start = (3 - shift) % 3
        whole = data[start : start + (len(data) - start) // 3 * 3]
        if len(whole) >= 9:  # fewer bytes would be found by chance
            yield base64.b64encode(whole)
            yield base64.urlsafe_b64encode(whole)
