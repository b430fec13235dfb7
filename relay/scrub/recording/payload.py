"""The bytes of a recording: its header line, and what is compressed behind it.

Law of this file: what goes out is compressed as it came in, and the header says the number of the
segment and nothing else.
"""

import zlib
from dataclasses import dataclass, field
from typing import Final

from relay import jsonio
from relay.errors import BodyError, ScrubError, TooLargeError
from relay.jsonio import JsonError
from relay.protocol.body import decode
from relay.scrub.protected import is_segment_id

_ZLIB: Final = 0x78
"""The first byte of zlib as every SDK writes it (RFC 1950: deflate, a window of 32 KiB). No JSON
begins with it."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A recording that is opened.

    Attributes:
        segment_id: its number in its replay.
        document: the JSON.
        compressed: whether it came in zlib.
    """

    segment_id: int
    document: bytes = field(repr=False)
    compressed: bool


def open_payload(payload: bytes, max_open: int) -> Opened:
    """Take a recording apart; a bomb ends early.

    Raises:
        JsonError: its header is none.
        ScrubError: it does not decompress, goes on behind its end, or is over `max_open` bytes.
    """
    line, _, body = payload.partition(b"\n")
    header = jsonio.loads(line)
    segment = header.get("segment_id") if isinstance(header, dict) else None
    if not isinstance(segment, int) or not is_segment_id(segment):
        raise JsonError("a recording without the number of its segment")
    compressed = body[:1] == bytes((_ZLIB,))
    try:
        document = decode(body, "deflate" if compressed else None, max_open)
    except (BodyError, TooLargeError):
        raise ScrubError("a recording does not open inside its bounds") from None
    return Opened(segment, document, compressed)


def close_payload(opened: Opened, document: bytes) -> bytes:
    """Return the payload with another document."""
    header = jsonio.dumps({"segment_id": opened.segment_id})
    return b"\n".join((header, zlib.compress(document) if opened.compressed else document))
