"""Reading bodies: decompressed and counted as they come, so that each limit ends them early.

Law of this file: bytes only. Who sends them is asked of the caller, with the first line.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Final

from aiohttp import StreamReader, hdrs, web

from relay.errors import BodyError, LateBodyError, StalledBodyError
from relay.protocol.body import Decoder, make_decoder
from relay.protocol.limits import KIB, Limits, too_large
from relay.server.room import Room
from relay.side.body import Body

STALL: Final = 10.0
"""Seconds after which a body of which nothing comes is given up."""

PACE: Final = KIB
"""Bytes a second that a body brings on average once it has taken longer than `STALL`: a slower one
would hold the place of others."""

_STEP: Final = 4 * KIB
"""Bytes of compressed input that are opened at once; so many too while nobody is known to have sent
them."""

_TURN: Final = 256 * KIB
"""Bytes of output after which others have their turn."""

_LF: Final = b"\n"

Learn = Callable[[bytes], Limits]
"""Takes a body's first line, without LF; returns the limits for the rest, or raises."""


async def read_body(
    request: web.Request,
    max_size: int,
    limits: Limits,
    room: Room,
    timeout: float,  # noqa: ASYNC109 - waiting for room does not count
    learn: Learn | None = None,
) -> tuple[Body, Limits]:
    """Read and decompress a body; return it, and the limits that held in the end.

    Args:
        request: whose body it is.
        max_size: bytes, decompressed, that are taken.
        limits: what holds at first.
        room: where it is held.
        timeout: seconds that it may take to come.
        learn: is asked as soon as the first line is there, before more is read.

    Raises:
        BodyError: it is broken, or ends too early.
        LateBodyError: it takes too long; StalledBodyError: nothing comes any more.
        TooLargeError: it is over a limit.
        UnsupportedEncodingError: its encoding is not known.
        OverloadedError: too much is under way.
    """
    # A repeated header is a list (RFC 9110, 5.3), and a list of encodings is not taken.
    encoding = ",".join(request.headers.getall(hdrs.CONTENT_ENCODING, ()))
    opening = _Opening(make_decoder(encoding, max_size, limits.ratio), limits, learn, encoding)
    announced = request.content_length
    if announced is not None and not opening.packed and learn is None:
        if announced > max_size:
            raise too_large("envelope")
        await room.reserve(announced)
    try:
        return await _read(request.content, opening, room, timeout), opening.limits
    except web.RequestPayloadError as error:
        _forget_frames(error)
        raise BodyError("the body is not framed as HTTP has it") from None
    except ConnectionError as error:
        # The client went away; nobody reads the answer.
        _forget_frames(error)
        raise BodyError("the body ended too early") from None


def _forget_frames(error: BaseException) -> None:
    """Let go of a body now, not when the garbage is collected: that counts objects, not bytes.

    The stream keeps its error, the error the frames that it was raised in, and one of those the
    stream and all that has been read.
    """
    error.__traceback__ = None


async def _read(content: StreamReader, opening: "_Opening", room: Room, seconds: float) -> Body:
    loop = asyncio.get_running_loop()
    body = Body()
    began = loop.time()
    end = began + seconds
    since_turn = received = 0
    while not content.at_eof():
        if content.is_eof():
            chunk = await content.readany()
        else:
            taken = loop.time() - began
            if taken > STALL and received < PACE * taken:
                raise StalledBodyError("the body comes too slowly")
            chunk = await _next(content, end)
        received += len(chunk)
        # One by one: a piece over a limit must end the reading.
        for piece in opening.pieces(chunk):
            if not room.has(len(piece)):
                asked = loop.time()
                await room.take(len(piece))
                waited = loop.time() - asked
                began, end = began + waited, end + waited
            body.add(piece)
            since_turn += len(piece)
            if since_turn > _TURN and opening.packed:
                since_turn = 0
                await asyncio.sleep(0)
    error = content.exception()
    if error is not None:
        raise error
    opening.close()
    return body


async def _next(content: StreamReader, end: float) -> bytes:
    """Wait for the next bytes of a body that should be here by `end`."""
    now = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout_at(min(end, now + STALL)):
            return await content.readany()
    except TimeoutError:
        if now + STALL < end:
            raise StalledBodyError("the body stands still") from None
        raise LateBodyError("the body did not arrive in time") from None


class _Opening:
    """Decompresses chunks, and stops at the first line to ask who sends them."""

    def __init__(
        self, decoder: Decoder, limits: Limits, learn: Learn | None, encoding: str
    ) -> None:
        self.limits = limits
        self.packed = encoding.strip().lower() not in ("", "identity", "utf-8")
        self._decoder = decoder
        self._learn = learn
        self._head = bytearray()

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what a chunk decompresses to."""
        start = 0
        while start < len(chunk):
            step = _STEP if self.packed or self._learn is not None else len(chunk)
            piece = self._decoder.feed(chunk[start : start + step])
            start += step
            yield piece
            if self._learn is not None:
                self._look(piece, self._learn)

    def close(self) -> None:
        """Say that the body has ended; raises BodyError where that is too early."""
        self._decoder.finish()

    def _look(self, piece: bytes, learn: Learn) -> None:
        self._head += piece
        if _LF in piece:
            self.limits = learn(bytes(self._head).partition(_LF)[0])
            self._decoder.limit(self.limits.envelope, self.limits.ratio)
            self._learn = None
            self._head.clear()
        elif len(self._head) > self.limits.header:
            raise too_large("envelope")
