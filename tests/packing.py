"""Bodies as HTTP packs them, bombs among them, and what one costs whoever unpacks it."""

import gzip
import re
import zlib
from collections.abc import Callable
from pathlib import Path

import brotli
import zstandard

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "identity": bytes,
    "": bytes,
    "UTF-8": bytes,
    "utf-8": bytes,
}
"""By the word in `Content-Encoding`, those that change nothing included."""


def bomb(encoding: str, size: int) -> bytes:
    """Zeros, compressed as hard as it goes."""
    zeros = b"\0" * size
    match encoding:
        case "gzip":
            return gzip.compress(zeros, 9)
        case "deflate":
            return zlib.compress(zeros, 9)
        case "br":
            return brotli.compress(zeros, quality=5)
        case _:
            return zstandard.ZstdCompressor(level=19).compress(zeros)


def begin_peak(pid: int) -> int:
    """Let the peak of a process' memory start anew (proc(5)); return what it is now, in bytes."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return peak(pid)


def peak(pid: int) -> int:
    """The most memory that a process has had, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024
