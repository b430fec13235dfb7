"""How inputs are changed that a blind change would only break: opened, changed, closed again.

Law of this file: pure; the blind change and all chance are handed in.
"""

import re
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from random import Random
from typing import Final

from tests.fuzz.target import Target

Mutate = Callable[[bytes, int], bytes]
"""Changes bytes blindly; takes the most bytes that may come out."""

_LENGTH: Final = re.compile(rb'("length":\s*)(\d+)')
_MOST_OPEN: Final = 1 << 20


def mutated(target: Target, data: bytes, most: int, random: Random, blind: Mutate) -> bytes:
    """Return an input of at most `most` bytes: changed, spliced with another, or drawn afresh."""
    match random.randrange(10):
        case 0:
            return target.generate(random)[:most]
        case 1:
            other = target.generate(random)
            start, end = sorted(random.randrange(len(other) + 1) for _ in range(2))
            at = random.randrange(len(data) + 1)
            skip = random.choice((0, end - start))
            return (data[:at] + other[start:end] + data[at + skip :])[:most]
        case 2 | 3 | 4 if target.name in _INSIDE:
            return _INSIDE[target.name](data, most, random, blind)[:most]
        case 5 if target.tokens:
            at = random.randrange(len(data) + 1)
            return (data[:at] + random.choice(target.tokens) + data[at:])[:most]
        case _:
            return blind(data, most)


def _with_lengths(data: bytes, most: int, random: Random, blind: Mutate) -> bytes:
    """Change an envelope, then let item headers say how long their payloads are."""
    lines = blind(data, most).split(b"\n")
    for at in range(1, len(lines) - 1):
        if b'"type"' in lines[at]:
            length = b"%d" % len(lines[at + 1])
            lines[at] = _LENGTH.sub(lambda found, n=length: found[1] + n, lines[at])
    return b"\n".join(lines)


def _recording(data: bytes, most: int, random: Random, blind: Mutate) -> bytes:
    head, _, body = data.partition(b"\n")
    return head + b"\n" + _in_zlib(body, random, blind, always=random.random() < 0.3)


def _body(data: bytes, most: int, random: Random, blind: Mutate) -> bytes:
    return data[:1] + _in_zlib(data[1:], random, blind, always=False)


def _in_zlib(body: bytes, random: Random, blind: Mutate, *, always: bool) -> bytes:
    """Change what is inside of zlib, if it is zlib; else the bytes, packed where `always`."""
    with suppress(zlib.error):
        opened = zlib.decompressobj().decompress(body, _MOST_OPEN)
        return zlib.compress(blind(opened, len(opened) + 256), 1)
    changed = blind(body, len(body) + 256)
    return zlib.compress(changed, 1) if always else changed


_INSIDE: Final[Mapping[str, Callable[[bytes, int, Random, Mutate], bytes]]] = {
    "envelope": _with_lengths,
    "recording": _recording,
    "body": _body,
}
