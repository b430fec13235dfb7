"""What comes over a connection: requests one behind the other, and HTTP that is none.

Law of this file: what stands in a request is `grammar_requests.py`'s; here its framing is spoilt.
"""

from collections.abc import Callable
from random import Random
from typing import Final

from tests.fuzz.grammar import KEY
from tests.fuzz.grammar_requests import request
from tests.fuzz.grammar_wrong import broken
from tests.fuzz.planted import hidden
from tests.fuzz.tally import note

_EVENT: Final = b'{}\n{"type":"event"}\n{"message":"203.0.113.77","tags":{"allowReport":true}}\n'
_PATH: Final = f"/api/1/envelope/?sentry_key={KEY}".encode()
_HOST: Final = b"Host: x\r\n"


def _plain(head: bytes = b"", body: bytes = _EVENT, line: bytes = b"POST %s HTTP/1.1") -> bytes:
    first = line % _PATH if b"%s" in line else line
    return first + b"\r\n" + _HOST + head + b"\r\n" + body


def _length(body: bytes, change: int = 0) -> bytes:
    return b"Content-Length: %d\r\n" % (len(body) + change)


def _chunked(chance: Random, body: bytes) -> bytes:
    made, at = b"", 0
    while at < len(body):
        piece = body[at : at + chance.randint(1, 60)]
        at += len(piece)
        made += b"%x\r\n" % len(piece) + piece + b"\r\n"
    return made + b"0\r\n\r\n"


_TE: Final = b"Transfer-Encoding: chunked\r\n"
Spoil = Callable[[Random], bytes]


def _bad_chunks(chance: Random) -> bytes:
    body = chance.choice((
        b"zz\r\n", b"5\r\nab\r\n0\r\n\r\n", b"-1\r\n\r\n", b"f" * 40 + b"\r\n", b"0x5\r\nhello\r\n",
        b"5;" + b"x" * 9000 + b"\r\nhello\r\n0\r\n\r\n", b"5\nhello\n0\n\n", b"0\r\nX: 1\r\n\r\n",
        b"5\r\nhelloX\r\n0\r\n\r\n", b" 5\r\nhello\r\n0\r\n\r\n", b"0\r\n" + b"X: y\r\n" * 500,
    ))  # fmt: skip
    return _plain(_TE, body)


_TARGETS: Final = (
    b"GET http://x.example/", b"CONNECT x:1", b"OPTIONS *", b"GET ", b"GET /%zz%00%0d%0a",
    b"GET \xff", b"GET /../../etc/passwd", b"G\0T /", b"GET x", b"get /", b"GET /\t/", b"GET //x/y",
)  # fmt: skip

WIRE: Final[dict[str, Spoil]] = {
    "garbage": lambda c: c.randbytes(c.randint(1, 200)),
    "a text": lambda c: hidden(c).encode() + b"\r\n\r\n",
    "half a request": lambda c: request(c)[: c.randint(1, 200)],
    "length too small": lambda c: _plain(_length(_EVENT, -c.randint(1, 20))),
    "length too large": lambda c: _plain(_length(_EVENT, c.randint(1, 20))),
    "length is no number": lambda c: _plain(
        b"Content-Length: %s\r\n" % c.choice((b"-1", b"+5", b"5_0", b"1e1", b"", b"0x5", b"9" * 40))
    ),
    "two lengths": lambda c: _plain(_length(_EVENT) + _length(_EVENT, c.choice((0, 5)))),
    "length and chunks": lambda c: _plain(_length(_EVENT) + _TE, _chunked(c, _EVENT)),
    "chunks": lambda c: _plain(_TE, _chunked(c, _EVENT)),
    "bad chunks": _bad_chunks,
    "unknown transfer": lambda c: _plain(
        b"Transfer-Encoding: " + c.choice((b"gzip", b"chunked, gzip", b"x", b"chunked, chunked"))
        + b"\r\n"
    ),
    "no length": lambda c: _plain(),
    "line without a colon": lambda c: _plain(b"Nothing\r\n" + _length(_EVENT)),
    "space before the colon": lambda c: _plain(b"Content-Length : 5\r\n" + _length(_EVENT)),
    "folded line": lambda c: _plain(b"X-A: b\r\n c\r\n" + _length(_EVENT)),
    "NUL in a header": lambda c: _plain(b"X-A: b\0c\r\n" + _length(_EVENT)),
    "bare CR": lambda c: _plain(b"X-A: b\rX-B: c\r\n" + _length(_EVENT)),
    "bare LF": lambda c: _plain(_length(_EVENT)).replace(b"\r\n", b"\n"),
    "large header": lambda c: _plain(b"X-A: " + b"b" * c.choice((7_000, 9_000, 70_000)) + b"\r\n"),
    "many headers": lambda c: _plain(b"X-A: b\r\n" * c.choice((90, 900, 3_000)) + _length(_EVENT)),
    "long path": lambda c: _plain(line=b"GET /" + b"a" * c.choice((7_000, 70_000)) + b" HTTP/1.1"),
    "another version": lambda c: _plain(
        _length(_EVENT),
        line=b"POST %s " + c.choice((b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"X/1", b"")),
    ),
    "another target": lambda c: _plain(
        line=c.choice(_TARGETS) + b" HTTP/1.1", body=b""
    ),
    "HTTP/2": lambda c: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + c.randbytes(40),
    "TLS": lambda c: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + c.randbytes(100),
    "upgrade": lambda c: _plain(
        b"Upgrade: %s\r\nConnection: Upgrade\r\n" % c.choice((b"websocket", b"h2c"))
        + _length(_EVENT)
    ),
    "expect": lambda c: _plain(
        b"Expect: " + c.choice((b"100-continue", b"x", b"")) + b"\r\n" + _length(_EVENT)
    ),
    "no host": lambda c: _plain(_length(_EVENT)).replace(_HOST, b""),
    "empty lines before": lambda c: b"\r\n" * c.randint(1, 9) + _plain(_length(_EVENT)),
    "encoding twice": lambda c: _plain(b"Content-Encoding: gzip\r\n" * 2 + _length(_EVENT)),
}  # fmt: skip
"""What is wrong on the wire, by name."""


def connection(chance: Random) -> bytes:
    """Draw all that comes over one connection."""
    made = b""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        roll = chance.random()
        if roll < 0.3:
            made += request(chance)
        elif roll < 0.4:
            made += _plain(_length(_EVENT))
        else:
            name = chance.choice(tuple(WIRE))
            note("wrong", name)
            made += WIRE[name](chance)
    return broken(chance, made) if chance.random() < 0.15 else made
