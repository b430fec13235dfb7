"""Content encodings: bodies packed as a header says, nearly so, and as it does not say.

Law of this file: the name of what was done is counted; a bomb here is a small one.
"""

import gzip
import zlib
from collections.abc import Callable
from random import Random
from typing import Final

import brotli
import zstandard

from tests.fuzz.tally import note


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, 1, mtime=0)


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


_PACKS: Final[dict[str, tuple[str, Callable[[bytes], bytes]]]] = {
    "gzip": ("gzip", _gzip), "x-gzip": ("x-gzip", _gzip),
    "deflate": ("deflate", zlib.compress), "raw deflate": ("deflate", _raw_deflate),
    "br": ("br", lambda data: brotli.compress(data, quality=1)),
    "zstd": ("zstd", zstandard.compress), "identity": ("identity", bytes),
    "GZIP": ("GZIP", _gzip), "empty": ("", bytes),
}  # fmt: skip
_WRONG: Final[dict[str, Callable[[Random, bytes], tuple[str, bytes]]]] = {
    "lies": lambda c, data: (c.choice(("gzip", "deflate", "br", "zstd")), data),
    "lies, packed": lambda c, data: ("br", _gzip(data)),
    "nested": lambda c, data: ("gzip, br", brotli.compress(_gzip(data), quality=1)),
    "not said": lambda c, data: ("identity", _gzip(data)),
    "cut": lambda c, data: ("gzip", _gzip(data)[: -c.randint(1, 12)]),
    "cut, zstd": lambda c, data: ("zstd", zstandard.compress(data)[: -c.randint(1, 5)]),
    "two members": lambda c, data: ("gzip", _gzip(data) + _gzip(data)),
    "something behind": lambda c, data: ("gzip", _gzip(data) + b"203.0.113.77"),
    "unknown": lambda c, data: (c.choice(("compress", "x", "gzip;q=1", "*")), data),
    "bomb": lambda c, data: ("gzip", _gzip(data + b"\n" * 400_000)),
    "checksum": lambda c, data: ("gzip", _gzip(data)[:-8] + b"\0" * 8),
}
CONTENT: Final = (*_PACKS, *_WRONG)
"""Names of what is done to a body."""


def encoded(chance: Random, body: bytes) -> tuple[bytes, str | None]:
    """Return a body in some encoding, and what its header says; None where there is none."""
    roll = chance.random()
    if roll < 0.55:
        return body, None
    if roll < 0.9:
        name = chance.choice(tuple(_PACKS))
        encoding, pack = _PACKS[name]
        packed = pack(body)
    else:
        name = chance.choice(tuple(_WRONG))
        encoding, packed = _WRONG[name](chance, body)
    note("content", name)
    return packed, encoding
