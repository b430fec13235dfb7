"""Where a request ends: what two parsers could read in two ways is refused, and nothing follows.

Each case is sent with a good request behind it. The sources are RFC 9110 and 9112.
"""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.system.hardening import NEXT, attack, chunked, head, statuses, whole
from tests.system.running import Relay, Sentry, envelope, event, project, sentry_in_thread

BODY = envelope(event(1))
SIZE = f"Content-Length: {len(BODY)}"
CHUNKED = "Transfer-Encoding: chunked"
CHUNKS = chunked(BODY)
SECRET = "203.0.113.77"


def sized(*lines: str) -> bytes:
    """A request with its length, and further lines before it."""
    return head(*lines, SIZE) + BODY


def framed(*lines: str) -> bytes:
    """A request with lines that frame its chunks."""
    return head(*lines) + CHUNKS


def sent_in(chunks: bytes) -> bytes:
    """A request with chunks as they are."""
    return head(CHUNKED) + chunks


REFUSED = {
    "length and chunks": head(SIZE, CHUNKED) + CHUNKS,
    "chunks and length": head(CHUNKED, SIZE) + CHUNKS,
    "no length and chunks": head("Content-Length: 0", CHUNKED) + CHUNKS,
    "chunks twice": framed(CHUNKED, CHUNKED),
    "chunks behind identity": framed("Transfer-Encoding: identity", CHUNKED),
    "identity": sized("Transfer-Encoding: identity"),
    "no coding": sized("Transfer-Encoding:"),
    "a list of two": framed("Transfer-Encoding: chunked, chunked"),
    "packed in chunks": framed("Transfer-Encoding: gzip, chunked"),
    "chunks that are packed": framed("Transfer-Encoding: chunked, gzip"),
    "an empty coding": framed("Transfer-Encoding: ,chunked"),
    "a coding that ends so": framed("Transfer-Encoding: xchunked"),
    "a coding that begins so": framed("Transfer-Encoding: chunkedx"),
    "a coding in quotes": framed('Transfer-Encoding: "chunked"'),
    "a coding with a parameter": framed("Transfer-Encoding: chunked;q=1"),
    "a coding behind a tab": framed("Transfer-Encoding: \x0bchunked"),
    "a coding, folded": framed("Transfer-Encoding:\r\n chunked"),
    "a coding, spaced": framed("Transfer-Encoding : chunked"),
    "chunks in 1.0": framed(CHUNKED).replace(b"HTTP/1.1", b"HTTP/1.0"),
    "the same length twice": head(SIZE, SIZE) + BODY,
    "two lengths": head(SIZE, "content-length: 0") + BODY,
    "a list of lengths": head(f"{SIZE}, {len(BODY)}") + BODY,
    "a length with a sign": head(SIZE.replace(": ", ": +")) + BODY,
    "a length below zero": head("Content-Length: -1") + BODY,
    "a length in hex": head(f"Content-Length: {len(BODY):#x}") + BODY,
    "a length in two": head("Content-Length: 1 5") + BODY,
    "a length with a line in it": head("Content-Length: 1_5") + BODY,
    "a length in other digits": head("Content-Length: \u0661\u0662") + BODY,
    "an empty length": head("Content-Length:") + BODY,
    "a length beyond 64 bits": head("Content-Length: 18446744073709551616") + BODY,
    "a length, spaced": head(SIZE.replace(":", " :")) + BODY,
    "no length": head() + BODY,
    "bare ends of line": head(SIZE).replace(b"\r\n", b"\n") + BODY,
    "one bare end of line": head(SIZE, "X: a\nY: b") + BODY,
    "a bare return": head(SIZE, "X: a\rY: b") + BODY,
    "a return too many": head(SIZE, "X: a\r") + BODY,
    "a bare end of the header": head(SIZE)[:-2] + b"\n" + BODY,
    "a folded line": head(SIZE, "X: a", " b") + BODY,
    "a first line that is folded": head(SIZE).replace(b"\r\nHost", b"\r\n Host") + BODY,
    "a zero in a value": head(SIZE, "X: a\0b") + BODY,
    "a zero in a name": head(SIZE, "X\0: a") + BODY,
    "a control in a value": head(SIZE, "X: a\x01b") + BODY,
    "a space in a name": head(SIZE, "X Y: a") + BODY,
    "a bracket in a name": head(SIZE, "X(: a") + BODY,
    "a letter in a name": head(SIZE, "X\u00e9: a") + BODY,
    "no name": head(SIZE, ": a") + BODY,
    "no colon": head(SIZE, "X") + BODY,
    "a chunk beyond 64 bits": sent_in(b"10000000000000000\r\n" + BODY),
    "a chunk that wraps": sent_in(b"%x%016x\r\n" % (1, len(BODY)) + BODY + b"\r\n0\r\n\r\n"),
    "a chunk with a base": sent_in(CHUNKS.replace(b"%x" % len(BODY), b"0x%x" % len(BODY), 1)),
    "a chunk with a sign": sent_in(b"+" + CHUNKS),
    "a chunk below zero": sent_in(b"-1\r\n" + BODY),
    "a chunk behind a space": sent_in(b" " + CHUNKS),
    "a chunk before a space": sent_in(CHUNKS.replace(b"\r\n", b" \r\n", 1)),
    "a chunk without a size": sent_in(b"\r\n" + BODY),
    "a chunk with bare ends": sent_in(CHUNKS.replace(b"\r\n", b"\n")),
    "a chunk with a bare end": sent_in(CHUNKS.replace(b"\r\n0", b"\n0")),
    "a chunk that is longer": sent_in(CHUNKS.replace(b"\r\n0", b"xx0")),
    "an extension with an end of line": sent_in(CHUNKS.replace(b"\r\n", b';a="\n"\r\n', 1)),
    "an extension with a return": sent_in(CHUNKS.replace(b"\r\n", b";\rx\r\n", 1)),
    "a length behind the chunks": sent_in(CHUNKS[:-2] + b"Content-Length: 5\r\n\r\n"),
    "no field behind the chunks": sent_in(CHUNKS[:-2] + b"A B\r\n\r\n"),
    "fields without end": sent_in(CHUNKS[:-2] + b"A:\r\n" * 1_000 + b"\r\n"),
    "no host": sized().replace(b"Host: x\r\n", b""),
    "two hosts": sized("Host: y"),
    "two types": sized("Content-Type: a/b", "Content-Type: c/d"),
    "a line with a tab": sized().replace(b" HTTP", b"\tHTTP"),
    "a line with a bare end": sized().replace(b"HTTP/1.1\r\n", b"HTTP/1.1\n"),
    "small letters": sized().replace(b"HTTP/1.1", b"http/1.1"),
    "version 1.2": sized().replace(b"HTTP/1.1", b"HTTP/1.2"),
    "version 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no version": f"GET /{SECRET}\r\n".encode(),
    "a method that is none": f"FOO /{SECRET} HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
    "a path with a control": f"GET /{SECRET}\x01 HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
    "a path with a letter": f"GET /{SECRET}\u00e9 HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
    "a tunnel": f"CONNECT {SECRET}:443 HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
    "more behind the last": sized("Connection: close"),
}
"""What is refused with 400."""

LAST = {
    "another protocol": (404, head("Connection: upgrade", "Upgrade: h2c", path="/x", method="GET")),
    "a socket": (404, head("Connection: upgrade", "Upgrade: websocket", path="/x", method="GET")),
    "an expectation": (417, sized("Expect: 100-continue", f"Expect: {SECRET}")),
}
"""What is answered otherwise, and is the last request of its connection too."""

TAKEN = {
    "a length": sized(),
    "chunks": framed(CHUNKED),
    "chunks in capitals": framed("TRANSFER-ENCODING: CHUNKED"),
    "an extension": sent_in(CHUNKS.replace(b"\r\n", b";a=b\r\n", 1)),
    "a field that is like it": sized("Transfer_Encoding: chunked", "X-Content-Length: 0"),
    "an empty line before": b"\r\n" + sized(),
    "a whole address": sized().replace(b"POST ", b"POST http://x@evil.example:99"),
}
"""What everybody reads alike: it is taken, and so is what follows."""


@pytest.fixture(scope="module")
def sentry() -> Iterator[Sentry]:
    with sentry_in_thread() as one:
        yield one


@pytest.fixture(scope="module")
def relay(sentry: Sentry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    config = {"projects": [project(sentry.dsn())]}
    relay = Relay(tmp_path_factory.mktemp("framing") / "relay", config)
    with relay.running():
        yield relay


def answers(relay: Relay, cases: dict[str, bytes]) -> dict[str, bytes]:
    """Send each case with a good request behind it; return all that came back."""
    with ThreadPoolExecutor(8) as pool:
        came = {
            name: pool.submit(attack, relay.port, data + NEXT, 2) for name, data in cases.items()
        }
        return {name: future.result() for name, future in came.items()}


def test_what_can_be_read_in_two_ways_is_refused(relay: Relay) -> None:
    """It gets 400, once, and the connection ends: what is behind it is no request."""
    came = answers(relay, REFUSED)
    assert {name: [400] for name in REFUSED} == {n: statuses(got) for n, got in came.items()}


def test_a_refusal_has_no_part_of_what_was_sent(relay: Relay) -> None:
    """It is JSON of ours, which also ends the splitting of answers."""
    came = answers(relay, {**REFUSED, **{name: data for name, (_, data) in LAST.items()}})
    assert [] == [name for name, got in came.items() if SECRET.encode() in got]
    assert [] == [name for name, got in came.items() if b'"causes":[]}' != got[-12:]]


def test_the_last_request_of_a_connection(relay: Relay) -> None:
    """What may change how the rest is read is answered, and nothing behind it."""
    came = answers(relay, {name: data for name, (_, data) in LAST.items()})
    assert {n: [status] for n, (status, _) in LAST.items()} == {
        name: statuses(got) for name, got in came.items()
    }


def test_what_everybody_reads_alike_is_taken(relay: Relay) -> None:
    """With what follows it on the same connection."""
    came = answers(relay, TAKEN)
    assert {name: [200, 200] for name in TAKEN} == {n: statuses(got) for n, got in came.items()}


def test_a_host_in_the_line_changes_nothing(relay: Relay, sentry: Sentry) -> None:
    """Neither leads anywhere else: the relay is nobody's proxy, and sends to its upstream alone."""
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        there = f"127.0.0.1:{elsewhere.getsockname()[1]}".encode()
        asked = whole(envelope(event(3222))).replace(b"POST ", b"POST http://" + there)
        assert [200] == statuses(attack(relay.port, asked.replace(b"Host: x", b"Host: " + there)))
        assert "something broke" == sentry.arrival(f"{3222:032x}")["message"]
        elsewhere.setblocking(False)
        with pytest.raises(BlockingIOError):
            elsewhere.accept()


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PATCH"])
def test_no_method_shows_what_was_sent(relay: Relay, method: str) -> None:
    """TRACE, which should repeat a request, is not taken; nor are others."""
    got = attack(relay.port, head(f"X-Secret: {SECRET}", method=method))
    assert [405] == statuses(got)
    assert SECRET.encode() not in got


def test_a_request_of_1_0_is_the_last(relay: Relay) -> None:
    """It is answered, and the connection ends without being told to."""
    old = whole(BODY).replace(b"HTTP/1.1", b"HTTP/1.0")
    assert [200] == statuses(attack(relay.port, old, 2))


def test_tls_without_a_certificate_is_refused(relay: Relay) -> None:
    """A greeting of TLS to a port that speaks none is no request."""
    hello = b"\x16\x03\x01\x00\xf4\x01\x00\x00\xf0\x03\x03" + bytes(233)
    assert [400] == statuses(attack(relay.port, hello))
