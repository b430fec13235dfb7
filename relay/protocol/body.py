"""Streaming decompression of request bodies, with limits that hold while the bytes come in.

Encodings: gzip (RFC 1952, several members), deflate (RFC 1950, and bare RFC 1951 as some send it),
br (RFC 7932), zstd (RFC 8878, several frames; the window bound of RFC 9659). Every step makes a
bounded amount of output, so a bomb ends early and with little memory.
"""

import sys
import zlib
from collections.abc import Iterator
from typing import Final, Protocol

import brotli
import zstandard

from relay.errors import BodyError, TooLargeError, UnsupportedEncodingError
from relay.protocol.limits import DEFAULT, MIB, too_large

_STEP: Final = 64 * 1024
"""Bytes of output a step, where the library can bound it."""

_INPUT_STEP: Final = 4 * 1024
"""Bytes of input a step: the ratio is looked at after each, so a bomb costs little more than it."""

_ZSTD_STEP: Final = 128
"""The same for zstd, which bounds no output: 4 bytes may become 128 KiB, so a step 4 MiB."""

_ZSTD_WINDOW: Final = 8 * MIB
"""RFC 9659: the window of a zstd content coding is at most 8 MiB."""

_MAX_MEMBERS: Final = 10_000
"""Gzip members or zstd frames in a body: each costs time, however few bytes it has."""

_RATIO_FLOOR: Final = MIB
"""Output up to here is never called a bomb."""

_TRUNCATED: Final = "the compressed body ends too early"
_TRAILING: Final = "bytes follow after the end of the compressed body"


class _Codec(Protocol):
    input_step: int
    """Bytes of input that are handed over at once."""

    def pieces(self, data: memoryview) -> Iterator[bytes]:
        """Take input, yield output in bounded pieces."""

    def close(self) -> None:
        """Raise BodyError where the input has ended too early."""


class Decoder:
    """Decompresses a body that comes in chunks. Made by `make_decoder`; one body each."""

    __slots__ = ("_codec", "_max_ratio", "_max_size", "_received", "_written")

    def __init__(self, codec: _Codec, max_size: int, max_ratio: int) -> None:
        self._codec = codec
        self._max_size = max_size
        self._max_ratio = max_ratio
        self._received = 0
        self._written = 0

    def feed(self, chunk: bytes) -> bytes:
        """Take the next chunk of the body and return what it decompresses to, perhaps nothing.

        Raises:
            BodyError: the bytes are not of the encoding, or go on after its end.
            TooLargeError: the output is over the size or the ratio; nothing more may be fed.
        """
        pieces = []
        view = memoryview(chunk)
        for start in range(0, len(chunk), self._codec.input_step):
            part = view[start : start + self._codec.input_step]
            self._received += len(part)
            for piece in self._codec.pieces(part):
                self._count(len(piece))
                pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def finish(self) -> bytes:
        """Say that the body has ended; return the rest of the output.

        Raises:
            BodyError: it has ended too early.
        """
        self._codec.close()
        return b""

    def limit(self, max_size: int, max_ratio: int) -> None:
        """Hold these limits from now on; see `make_decoder`.

        Raises:
            TooLargeError: what has come is over them already.
        """
        self._max_size = max_size
        self._max_ratio = max_ratio
        self._count(0)

    def _count(self, size: int) -> None:
        self._written += size
        if self._written > self._max_size:
            raise too_large("envelope")
        if self._written > max(_RATIO_FLOOR, self._received * self._max_ratio):
            raise TooLargeError(f"the body decompresses to over {self._max_ratio} times its size")


def make_decoder(
    content_encoding: str | None, max_size: int, max_ratio: int = DEFAULT.ratio
) -> Decoder:
    """Make the decoder for a request.

    Args:
        content_encoding: the header's value; None, empty, `identity` and `UTF-8` (which some old
            SDKs send) mean that the body is not compressed.
        max_size: bytes of decompressed body that are taken.
        max_ratio: decompressed bytes a compressed byte, looked at from 1 MiB of output on.

    Raises:
        UnsupportedEncodingError: any other encoding, or several of them.
    """
    codec: _Codec
    match (content_encoding or "").strip().lower():
        case "" | "identity" | "utf-8":
            codec = _Identity()
        case "gzip" | "x-gzip":  # RFC 9110, 8.4.1.3
            codec = _Gzip()
        case "deflate":
            codec = _Deflate()
        case "br":
            codec = _Brotli()
        case "zstd":
            codec = _Zstd()
        case _:
            raise UnsupportedEncodingError("the content encoding is not supported")
    return Decoder(codec, max_size, max_ratio)


def decode(
    data: bytes, content_encoding: str | None, max_size: int, max_ratio: int = DEFAULT.ratio
) -> bytes:
    """Decompress a whole body; arguments and errors as of `make_decoder` and `Decoder`."""
    decoder = make_decoder(content_encoding, max_size, max_ratio)
    head = decoder.feed(data)
    return head + decoder.finish()


class _Identity:
    input_step = sys.maxsize

    def pieces(self, data: memoryview) -> Iterator[bytes]:
        # The chunk itself where it is whole: no copy.
        yield data.obj if isinstance(data.obj, bytes) else bytes(data)

    def close(self) -> None:
        pass


class _Gzip:
    input_step = _INPUT_STEP

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=31)
        self._members = 1

    def pieces(self, data: memoryview) -> Iterator[bytes]:
        rest: memoryview | bytes = data
        while rest:
            if self._stream.eof:
                self._members = _one_more(self._members)
                self._stream = zlib.decompressobj(wbits=31)
            yield from _inflate(self._stream, rest)
            rest = self._stream.unused_data

    def close(self) -> None:
        if not self._stream.eof:
            raise BodyError(_TRUNCATED)


class _Deflate:
    input_step = _INPUT_STEP

    def __init__(self) -> None:
        self._head = b""
        self._stream = zlib.decompressobj()
        self._started = False

    def pieces(self, data: memoryview) -> Iterator[bytes]:
        if not self._started:
            # A zlib header cannot begin a bare stream that an encoder writes: it would be a stored
            # block with padding that is not zero.
            missing = 2 - len(self._head)
            self._head += bytes(data[:missing])
            data = data[missing:]
            if len(self._head) < 2:
                return
            self._started = True
            if not _is_zlib_header(self._head):
                self._stream = zlib.decompressobj(wbits=-15)
            yield from self._step(memoryview(self._head))
        yield from self._step(data)

    def _step(self, data: memoryview) -> Iterator[bytes]:
        if data and self._stream.eof:
            raise BodyError(_TRAILING)
        yield from _inflate(self._stream, data)
        if self._stream.unused_data:
            raise BodyError(_TRAILING)

    def close(self) -> None:
        if not self._stream.eof:
            raise BodyError(_TRUNCATED)


class _Brotli:
    input_step = _INPUT_STEP

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    def pieces(self, data: memoryview) -> Iterator[bytes]:
        piece: memoryview | bytes = data
        while True:
            try:
                out: bytes = self._stream.process(piece, output_buffer_limit=_STEP)
            except brotli.error:
                raise BodyError("the body is not br") from None
            if out:
                yield out
            # A full step may have left output inside of the stream, even with no input left.
            if self._stream.can_accept_more_data() and len(out) < _STEP:
                return
            piece = b""

    def close(self) -> None:
        if not self._stream.is_finished():
            raise BodyError(_TRUNCATED)


class _Zstd:
    input_step = _ZSTD_STEP

    def __init__(self) -> None:
        self._context = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        self._stream = self._context.decompressobj()
        self._frames = 1

    def pieces(self, data: memoryview) -> Iterator[bytes]:
        rest: memoryview | bytes = data
        while rest:
            if self._stream.eof:
                self._frames = _one_more(self._frames)
                self._stream = self._context.decompressobj()
            try:
                out = self._stream.decompress(rest)
            except zstandard.ZstdError:
                raise BodyError("the body is not zstd") from None
            if out:
                yield out
            rest = self._stream.unused_data

    def close(self) -> None:
        if not self._stream.eof:
            raise BodyError(_TRUNCATED)


def _inflate(stream: "zlib._Decompress", data: memoryview | bytes) -> Iterator[bytes]:
    """Yield what comes of this input, in steps; `stream.unused_data` then holds what is beyond."""
    try:
        while True:
            out = stream.decompress(data, _STEP)
            if out:
                yield out
            data = stream.unconsumed_tail
            # A full step may have left output inside of the stream, even with no input left.
            if stream.eof or (not data and len(out) < _STEP):
                return
    except zlib.error:
        raise BodyError("the body is not gzip or deflate") from None


def _one_more(members: int) -> int:
    if members == _MAX_MEMBERS:
        raise BodyError("the compressed body has too many parts")
    return members + 1


def _is_zlib_header(head: bytes) -> bool:
    """RFC 1950, 2.2: method 8, window up to 32 KiB, and a checksum over both bytes."""
    return head[0] & 0x0F == 8 and head[0] >> 4 <= 7 and int.from_bytes(head) % 31 == 0
