"""Streaming decompression: every encoding, every way to cut it, every way to break it."""

import gzip
import random
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard

from relay.errors import BodyError, TooLargeError, UnsupportedEncodingError
from relay.protocol.body import decode, make_decoder

TEXT = b"".join(b'{"line":%d,"hash":%d}' % (i, i * 2654435761 % 2**32) for i in range(8_000))
LIMIT = 64 * 2**20

EARLY = "^the compressed body ends too early$"
WRONG = {
    "gzip": "^(the body is not gzip or deflate|the compressed body ends too early)$",
    "deflate": "^bytes follow after the end of the compressed body$",
    "br": "^the body is not br$",
    "zstd": "^the body is not zstd$",
}
"""What is said of bytes that follow after the end."""


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


COMPRESS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "identity": ("identity", bytes),
    "gzip": ("gzip", gzip.compress),
    "gzip-members": ("gzip", lambda data: gzip.compress(data[:99]) + gzip.compress(data[99:])),
    "deflate": ("deflate", zlib.compress),
    "deflate-raw": ("deflate", raw_deflate),
    "br": ("br", lambda data: brotli.compress(data, quality=4)),
    "zstd": ("zstd", zstandard.compress),
    "zstd-frames": (
        "zstd",
        lambda data: zstandard.compress(data[:99]) + zstandard.compress(data[99:]),
    ),
}
compressed = pytest.mark.parametrize(("encoding", "compress"), COMPRESS.values(), ids=COMPRESS)
really_compressed = pytest.mark.parametrize(
    ("encoding", "compress"), list(COMPRESS.values())[1:], ids=list(COMPRESS)[1:]
)


def in_chunks(data: bytes, encoding: str, sizes: list[int]) -> bytes:
    decoder = make_decoder(encoding, LIMIT)
    out, start = [], 0
    for size in sizes:
        out.append(decoder.feed(data[start : start + size]))
        start += size
    out.append(decoder.feed(data[start:]))
    return b"".join([*out, decoder.finish()])


@compressed
def test_whole(encoding: str, compress: Callable[[bytes], bytes]) -> None:
    """A body that comes in one chunk comes out as it was."""
    assert decode(compress(TEXT), encoding, LIMIT) == TEXT


@compressed
def test_byte_by_byte(encoding: str, compress: Callable[[bytes], bytes]) -> None:
    """A body that comes byte by byte comes out as it was."""
    text = TEXT[:3_000]
    body = compress(text)
    assert in_chunks(body, encoding, [1] * len(body)) == text


@compressed
def test_random_chunks(encoding: str, compress: Callable[[bytes], bytes]) -> None:
    """A body that is cut anywhere, empty chunks included, comes out as it was."""
    rng = random.Random(7)
    body = compress(TEXT)
    for _ in range(5):
        sizes = [rng.choice([0, 1, 17, 1_000, 30_000]) for _ in range(60)]
        assert in_chunks(body, encoding, sizes) == TEXT


@really_compressed
def test_well_compressed_output_is_complete(
    encoding: str, compress: Callable[[bytes], bytes]
) -> None:
    """Output that a step leaves inside of the library is not lost at the end."""
    text = b"0123456789" * 60_000
    assert decode(compress(text), encoding, LIMIT, max_ratio=10**6) == text


@really_compressed
def test_empty_body_of_zero_bytes(encoding: str, compress: Callable[[bytes], bytes]) -> None:
    """Nothing, compressed, is nothing; but no bytes at all are not a compressed body."""
    assert decode(compress(b""), encoding, LIMIT) == b""
    with pytest.raises(BodyError, match=EARLY):
        decode(b"", encoding, LIMIT)


@really_compressed
@pytest.mark.parametrize("cut", [1, 2, 9])
def test_truncated(encoding: str, compress: Callable[[bytes], bytes], cut: int) -> None:
    """A body that ends too early is an error, never a shorter body."""
    with pytest.raises(BodyError, match=EARLY):
        decode(compress(TEXT)[:-cut], encoding, LIMIT)


@really_compressed
@pytest.mark.parametrize("garbage", [b"x", b"\0\0\0\0", b"garbage" * 1_000])
def test_trailing_garbage(
    encoding: str, compress: Callable[[bytes], bytes], garbage: bytes
) -> None:
    """Bytes after the end are an error, in the same chunk and in a later one."""
    body = compress(TEXT)
    with pytest.raises(BodyError, match=WRONG[encoding]):
        decode(body + garbage, encoding, LIMIT)
    with pytest.raises(BodyError, match=WRONG[encoding]):
        in_chunks(body + garbage, encoding, [len(body)])


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_not_compressed_at_all(encoding: str) -> None:
    """Plain JSON under a false header is a broken body."""
    with pytest.raises(BodyError) as caught:
        decode(b'{"event_id":"secret"}', encoding, LIMIT)
    name = "gzip or deflate" if encoding in {"gzip", "deflate"} else encoding
    assert f"the body is not {name}" == caught.value.detail
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("name", [None, "", " ", "identity", "UTF-8", "utf-8", "Identity"])
def test_names_of_no_encoding(name: str | None) -> None:
    """Nothing, and what old SDKs send by mistake, mean a plain body."""
    assert decode(b"x", name, LIMIT) == b"x"


@pytest.mark.parametrize("name", ["GZIP", " gzip ", "x-gzip"])
def test_names_of_gzip(name: str) -> None:
    """Case and spaces in the name do not matter."""
    assert decode(gzip.compress(b"x"), name, LIMIT) == b"x"


@pytest.mark.parametrize("name", ["compress", "gzip, br", "gzip,gzip", "identity, gzip", "lzma"])
def test_unknown_or_stacked_encodings(name: str) -> None:
    """Other encodings, and several of them, are refused before a byte is read."""
    with pytest.raises(UnsupportedEncodingError, match=r"^the content encoding is not supported$"):
        make_decoder(name, LIMIT)


@compressed
def test_size_limit(encoding: str, compress: Callable[[bytes], bytes]) -> None:
    """The limit counts decompressed bytes and is itself allowed."""
    body = compress(TEXT)
    assert decode(body, encoding, len(TEXT)) == TEXT
    with pytest.raises(TooLargeError, match=r"size limits for type 'envelope'$"):
        decode(body, encoding, len(TEXT) - 1)


def test_limits_that_come_later() -> None:
    """Other limits hold for what has come as for what comes."""
    decoder = make_decoder("identity", 100)
    decoder.feed(b"x" * 50)
    decoder.limit(60, 1)
    decoder.feed(b"x" * 10)
    with pytest.raises(TooLargeError):
        decoder.feed(b"x")
    with pytest.raises(TooLargeError):
        decoder.limit(59, 1)


def gibibyte(encoding: str) -> bytes:
    """A GiB of zeros, made in steps."""
    streams = {
        "gzip": zlib.compressobj(9, wbits=31),
        "zstd": zstandard.ZstdCompressor(level=1).compressobj(),
    }
    zeros = b"\0" * 2**20
    if encoding == "br":
        stream = brotli.Compressor(quality=1)
        return b"".join([stream.process(zeros) for _ in range(1024)]) + stream.finish()
    other = streams[encoding]
    # zlib needs 3 s for all of it; 64 MiB prove the same.
    count = 64 if encoding == "gzip" else 1024
    return b"".join([other.compress(zeros) for _ in range(count)]) + other.flush()


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
@pytest.mark.parametrize("chunk", [2**30, 1_000])
def test_bomb_ends_early_with_little_memory(encoding: str, chunk: int) -> None:
    """A bomb is refused after a few megabytes of output, whatever the size limit."""
    body = gibibyte(encoding)
    decoder = make_decoder(encoding, 2**40)
    tracemalloc.start()
    try:
        with pytest.raises(
            TooLargeError, match=r"^the body decompresses to over 500 times its size$"
        ):
            [decoder.feed(body[start : start + chunk]) for start in range(0, len(body), chunk)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * 2**20


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
def test_size_limit_ends_a_bomb_too(encoding: str) -> None:
    """Without a ratio, the size alone bounds what a bomb can take."""
    body = gibibyte(encoding)
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError):
            decode(body, encoding, 4 * 2**20, max_ratio=10**9)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * 2**20


def test_zstd_window_is_bounded() -> None:
    """A frame that asks for more than 8 MiB of window is refused (RFC 9659)."""
    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=25)
    stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    with pytest.raises(BodyError, match=WRONG["zstd"]):
        decode(stream.compress(TEXT) + stream.flush(), "zstd", LIMIT)


@pytest.mark.parametrize(
    ("encoding", "part"),
    [("gzip", gzip.compress(b"", mtime=0)), ("zstd", zstandard.compress(b""))],
)
def test_number_of_parts_is_bounded(encoding: str, part: bytes) -> None:
    """Empty members or frames cannot keep a worker busy without end."""
    assert decode(part * 10_000, encoding, LIMIT) == b""
    with pytest.raises(BodyError, match=r"^the compressed body has too many parts$"):
        decode(part * 10_001, encoding, LIMIT)


def test_the_ratio_is_looked_at_from_a_mebibyte_on() -> None:
    """A mebibyte of zeros passes, whatever it came from; a byte more does not."""
    for extra, refused in ((0, False), (1, True)):
        body = zlib.compress(b"\0" * (2**20 + extra), 9)
        try:
            assert 2**20 == len(decode(body, "deflate", LIMIT, max_ratio=1))
        except TooLargeError:
            assert refused
        else:
            assert not refused


def test_a_plain_chunk_is_not_copied() -> None:
    """What is not compressed comes out as the very bytes that went in."""
    chunk = b"x" * 100_000
    assert make_decoder(None, LIMIT).feed(chunk) is chunk


@pytest.mark.parametrize("head", [b"\x78\x02", b"\x88\x1c", b"\x79\x9c"])
def test_what_is_no_zlib_header_is_a_bare_stream(head: bytes) -> None:
    """Checksum, window and method tell a header (RFC 1950, 2.2); without one it is RFC 1951."""
    with pytest.raises(BodyError, match="not gzip or deflate"):
        decode(head + zlib.compress(b"x" * 99)[2:], "deflate", LIMIT)


def test_the_ratio_is_that_of_the_whole_body() -> None:
    """What came before counts: a large body that is hardly compressed is no bomb at its end."""
    data = random.Random(7).randbytes(2**21)
    assert data == decode(gzip.compress(data, 1), "gzip", LIMIT, max_ratio=2)


def test_a_zlib_stream_is_no_gzip() -> None:
    """Each name means its own format."""
    with pytest.raises(BodyError, match="not gzip or deflate"):
        decode(zlib.compress(TEXT), "gzip", LIMIT)


def test_bare_streams_of_any_beginning() -> None:
    """No first two bytes of a bare stream are taken for a header."""
    texts = [b"%d" % (number * 7919) for number in range(500)]
    assert texts == [decode(raw_deflate(text), "deflate", LIMIT) for text in texts]


def test_what_comes_out_is_bytes() -> None:
    """Whatever kind of buffer went in."""
    assert bytes is type(make_decoder(None, LIMIT).feed(bytearray(b"x")))
