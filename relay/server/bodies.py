"""Reading bodies: decompressed and counted as they come, so that each limit ends them early.

Law of this file: bytes only. Who sends them is asked of the caller, with the first line.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from aiohttp import hdrs, web

from relay.errors import BodyError, LateBodyError, OverloadedError
from relay.protocol.body import Decoder, make_decoder
from relay.protocol.limits import KIB, MIB, Limits, too_large

BODY_TIMEOUT: Final = 60.0
"""Seconds that a whole body may take."""

IN_FLIGHT: Final = 1024 * MIB
"""Bytes of bodies, decompressed, that may be under way in all."""

_LOOK_STEP: Final = 4 * KIB
"""Bytes of input that are opened at once while nobody is known to have sent them."""

_LF: Final = b"\n"

Count = Callable[[int], None]
"""Counts bytes of one body; raises OverloadedError where they are too many."""

Learn = Callable[[bytes], Limits]
"""Takes a body's first line, without LF; returns the limits for the rest, or raises."""


class Load:
    """Counts the bytes of all bodies under way, from their arrival to their answer."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bytes = 0

    @contextmanager
    def body(self) -> Iterator[Count]:
        """Yield a function that counts bytes of one body; at the end they are given back.

        The function raises OverloadedError where they are too many, unless no other is under way.
        """
        own = 0

        def count(size: int) -> None:
            nonlocal own
            if self._bytes + size > self._limit and self._bytes > own:
                raise OverloadedError("too many reports at one time")
            own += size
            self._bytes += size

        try:
            yield count
        finally:
            self._bytes -= own


async def read_body(
    request: web.Request, max_size: int, limits: Limits, count: Count, learn: Learn | None = None
) -> tuple[bytes, Limits]:
    """Read and decompress a body; return it, and the limits that held in the end.

    Args:
        request: whose body it is.
        max_size: bytes, decompressed, that are taken.
        limits: what holds at first.
        count: is told of all bytes, decompressed.
        learn: is asked as soon as the first line is there, before more is read.

    Raises:
        BodyError: it is broken, or ends too early; LateBodyError: it takes too long.
        TooLargeError: it is over a limit.
        UnsupportedEncodingError: its encoding is not known.
        OverloadedError: too many bytes are under way.
    """
    # A repeated header is a list (RFC 9110, 5.3), and a list of encodings is not taken.
    encoding = ",".join(request.headers.getall(hdrs.CONTENT_ENCODING, ()))
    decoder = make_decoder(encoding, max_size, limits.ratio)
    opening = _Opening(decoder, limits, learn)
    pieces: list[bytes] = []
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            # One by one: a chunk over a limit must end the reading.
            async for chunk in request.content.iter_any():
                for piece in opening.pieces(chunk):
                    count(len(piece))
                    pieces.append(piece)
    except TimeoutError:
        raise LateBodyError("the body did not arrive in time") from None
    except web.RequestPayloadError:
        raise BodyError("the body is not framed as HTTP has it") from None
    except ConnectionError:
        # The client went away; nobody reads the answer.
        raise BodyError("the body ended too early") from None
    pieces.append(decoder.finish())
    return b"".join(pieces), opening.limits


class _Opening:
    """Decompresses chunks, and stops at the first line to ask who sends them."""

    def __init__(self, decoder: Decoder, limits: Limits, learn: Learn | None) -> None:
        self.limits = limits
        self._decoder = decoder
        self._learn = learn
        self._head = bytearray()

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what a chunk decompresses to."""
        start = 0
        while start < len(chunk):
            step = len(chunk) if self._learn is None else _LOOK_STEP
            piece = self._decoder.feed(chunk[start : start + step])
            start += step
            yield piece
            if self._learn is not None:
                self._look(piece, self._learn)

    def _look(self, piece: bytes, learn: Learn) -> None:
        self._head += piece
        if _LF in piece:
            self.limits = learn(bytes(self._head).partition(_LF)[0])
            self._decoder.limit(self.limits.envelope, self.limits.ratio)
            self._learn = None
            self._head.clear()
        elif len(self._head) > self.limits.header:
            raise too_large("envelope")
