"""Attacks on memory and time, each as one request: what it costs the running program is bounded.

The bounds are those of docs/hardening.md, in processor time of all processes and in memory at the
peak, with room for slow machines: what breaks a bound is ten times over, not a tenth.
"""

import base64
import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import brotli
import pytest
import zstandard

from tests.system.hardening import (
    CONSENTED,
    Cost,
    attack,
    chunked,
    cost,
    head,
    statuses,
    whole,
)
from tests.system.running import (
    PROJECT,
    Relay,
    envelope,
    event,
    project,
    sentry_in_thread,
)

MIB = 1024 * 1024
ZEROS = bytes(MIB)
FORM = "Content-Type: multipart/form-data; boundary=b"
MINIDUMP = f"/consented/api/{PROJECT}/minidump/"
STORE = f"/consented/api/{PROJECT}/store/"

SECONDS = 8.0
"""What a request without a large body may take: a side process of its own included."""

SMALL = 200
"""MiB that it may take: its body, what its document is in memory, a side process."""

Case = tuple[int, Callable[[], bytes]]
"""The status, and what makes the request."""


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    with sentry_in_thread() as sentry:
        anybody = project(f"http://127.0.0.1:{sentry.port}", id="*", key="*")
        config = {"projects": [project(sentry.dsn()), anybody]}
        relay = Relay(tmp_path_factory.mktemp("bounds") / "relay", config)
        with relay.running():
            assert [200] == statuses(attack(relay.port, whole(envelope(event(1)))))
            yield relay


def weigh(relay: Relay, cases: dict[str, Case]) -> dict[str, tuple[int, Cost]]:
    """Send one after the other; return the status and the cost of each."""
    found = {}
    for name, (_, make) in cases.items():
        data = make()
        with cost(relay) as weighed:
            (status,) = statuses(attack(relay.port, data))
        found[name] = (status, weighed)
    return found


def hold(found: dict[str, tuple[int, Cost]], cases: dict[str, Case], mib: int) -> None:
    """All answers are the expected ones, and nothing took more than it may."""
    assert {n: status for n, (status, _) in cases.items()} == {n: s for n, (s, _) in found.items()}
    over = {n: c for n, (_, c) in found.items() if c.seconds > SECONDS or c.mib > mib}
    assert {} == over


# --- what is packed -------------------------------------------------------------------------------


def bomb(encoding: str, mib: int) -> bytes:
    """So many MiB of zeros, in few bytes."""
    packer: Any = {
        "gzip": lambda: zlib.compressobj(9, wbits=31),
        "deflate": lambda: zlib.compressobj(9),
        "zstd": lambda: zstandard.ZstdCompressor().compressobj(),
        "br": lambda: brotli.Compressor(quality=1, lgwin=24),
    }[encoding]()
    put = packer.process if encoding == "br" else packer.compress
    end = packer.finish if encoding == "br" else packer.flush
    return b"".join([*(put(ZEROS) for _ in range(mib)), end()])


def packed(encoding: str, data: bytes) -> bytes:
    return whole(data, f"Content-Encoding: {encoding}")


def wide_zstd(bits: int) -> bytes:
    """A frame of few bytes that asks for a window of two to the so many."""
    parameters = zstandard.ZstdCompressionParameters(window_log=bits)
    stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return stream.compress(b"{}\n") + stream.flush()


SKIPPED = b"\x50\x2a\x4d\x18" + bytes(4)
"""A frame of zstd that holds nothing (RFC 8878, 3.1.2)."""

PACKED: dict[str, Case] = {
    **{
        f"a bomb of {name}": (413, lambda name=name: packed(name, bomb(name, 64)))
        for name in ("gzip", "deflate", "zstd", "br")
    },
    "a bomb in a bomb": (400, lambda: packed("gzip", gzip.compress(bomb("gzip", 200)))),
    "two encodings": (415, lambda: packed("gzip, gzip", gzip.compress(bomb("gzip", 10)))),
    "100,000 members of gzip": (400, lambda: packed("gzip", gzip.compress(b"") * 100_000)),
    "200,000 frames of zstd": (400, lambda: packed("zstd", SKIPPED * 200_000)),
    "a frame that announces 4 GiB": (
        400,
        lambda: packed("zstd", SKIPPED[:4] + b"\xff" * 4 + bytes(MIB)),
    ),
    "a window of 128 MiB": (400, lambda: packed("zstd", wide_zstd(27))),
    "blocks without content": (
        400,
        lambda: packed("deflate", zlib.compress(b"")[:2] + b"\0\0\0\xff\xff" * 1_000_000),
    ),
}


def test_what_is_packed_takes_little_memory(relay: Relay) -> None:
    """A bomb ends early, whatever it is packed with, and so does what has endless parts."""
    hold(weigh(relay, PACKED), PACKED, 80)


# --- lines, items, parts --------------------------------------------------------------------------

HEADED = b'{"type":"log","length":0,"x":[%s0]}\n\n' % (b"0," * 450_000)

MANY: dict[str, Case] = {
    "a million items": (413, lambda: whole(b"{}\n" + b"{}\n\n" * 1_000_000)),
    "200,000 typed items": (413, lambda: whole(b"{}\n" + b'{"type":"x","length":0}\n\n' * 200_000)),
    "items with headers of a megabyte": (413, lambda: whole(b"{}\n" + HEADED * 40)),
    "a header that never ends": (413, lambda: whole(b"a" * (20 * MIB))),
    "20 MiB of empty lines": (200, lambda: whole(b"{}\n" + b"\n" * (20 * MIB))),
    "a header of a megabyte": (200, lambda: whole(b'{"x":[' + b"[]," * 300_000 + b"0]}\n")),
    "100,000 chunks of a byte": (400, lambda: head("Transfer-Encoding: chunked") + ONES),
    "an extension of 10 MB": (
        400,
        lambda: (
            head("Transfer-Encoding: chunked") + b"1;" + b"a" * 10_000_000 + b"\r\na\r\n0\r\n\r\n"
        ),
    ),
    "fields behind chunks": (
        400,
        lambda: head("Transfer-Encoding: chunked") + b"3\r\n{}\n\r\n0\r\n" + b"A:\r\n" * 1_000_000,
    ),
    "a million header lines": (400, lambda: head()[:-2] + b"A:\r\n" * 1_000_000),
    "a header of 20 MB": (400, lambda: head()[:-2] + b"A: " + b"a" * 20_000_000),
    "a query of parts": (200, lambda: whole(b"{}\n", path=f"{CONSENTED}?{'a=b&' * 1_900}")),
    "a path of slashes": (404, lambda: head(path="/" * 8_000)),
    "a path of dots": (404, lambda: head(path="/.." * 2_600)),
    "cookies": (200, lambda: whole(b"{}\n", "Cookie: " + "a=b; " * 1_600)),
    "credentials of commas": (401, lambda: head("Content-Length: 0", auth="Sentry " + "," * 7_900)),
}
ONES = chunked(*(b"a" for _ in range(100_000)))


def form(*parts: tuple[str, bytes]) -> bytes:
    """A form with fields."""
    field = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    return b"".join([*(field % (name.encode(), value) for name, value in parts), b"--b--\r\n"])


FORMS: dict[str, Case] = {
    "50,000 fields": (413, lambda: posted(form(*((f"sentry[{n}]", b"1") for n in range(50_000))))),
    "a million parts": (413, lambda: posted(b"--b\r\n\r\n\r\n" * 1_000_000 + b"--b--\r\n")),
    "a million boundaries": (413, lambda: posted(b"--b\r\n" * 1_000_000)),
    "a part with a million headers": (400, lambda: posted(b"--b\r\n" + b"a: b\r\n" * 1_000_000)),
    "a header of 10 MB": (400, lambda: posted(b"--b\r\nA: " + b"a" * 10_000_000 + b"\r\n\r\n")),
    "a million parameters": (
        400,
        lambda: posted(b"--b\r\nContent-Disposition: form-data" + b"; a=b" * 1_000_000),
    ),
    "brackets in brackets": (400, lambda: posted(form(("sentry" + "[a" * 500_000, b"1")))),
    "almost a boundary": (400, lambda: posted(b"\r\n--a" * 2_000_000)),
    "a crash report that is a bomb": (413, lambda: posted(dumped(gzip.compress(bytes(32 * MIB))))),
    "an old event that is a bomb": (
        413,
        lambda: whole(base64.b64encode(zlib.compress(bytes(32 * MIB))), path=STORE),
    ),
}


def posted(body: bytes) -> bytes:
    """A form, to the route of crash reports."""
    return whole(body, FORM, path=MINIDUMP)


def dumped(data: bytes) -> bytes:
    """A form with a crash report."""
    first = (
        b'--b\r\nContent-Disposition: form-data; name="upload_file_minidump"; filename="a"\r\n\r\n'
    )
    return first + data + b"\r\n--b--\r\n"


def test_many_small_parts_take_little(relay: Relay) -> None:
    """Items, chunks, lines, parameters: their number is bounded, or each costs next to nothing."""
    hold(weigh(relay, MANY), MANY, SMALL)


def test_forms_take_little(relay: Relay) -> None:
    """The same for the parts of a form, and for what is packed in one."""
    hold(weigh(relay, FORMS), FORMS, SMALL)


# --- documents ------------------------------------------------------------------------------------


def said(extra: bytes) -> bytes:
    """An envelope with an event with something in it, as JSON."""
    return whole(b'{}\n{"type":"event"}\n{"extra":' + extra + b"}\n")


def text(value: object) -> bytes:
    return said(json.dumps(value).encode())


def folded(times: int, fold: Callable[[bytes], bytes], data: bytes, size: int = 600_000) -> str:
    """Data, packed again and again until it is large enough."""
    for _ in range(times):
        if len(data) < size:
            data = fold(data)
    return data.decode()


def in_json(data: bytes) -> bytes:
    return json.dumps({"a": data.decode()}).encode()


def zipped(data: bytes) -> bytes:
    return base64.b64encode(gzip.compress(data, 1))


WORD = b"at 203.0.113.77 "

DOCUMENTS: dict[str, Case] = {
    "lists, 400,000 deep": (200, lambda: said(b"[" * 400_000 + b"]" * 400_000)),
    "objects, 150,000 deep": (200, lambda: said(b'{"a":' * 150_000 + b"1" + b"}" * 150_000)),
    "lists, 250 deep, 1,500 times": (
        200,
        lambda: said(b"[" + b",".join([b"[" * 250 + b"]" * 250] * 1_500) + b"]"),
    ),
    "JSON in JSON": (200, lambda: text(folded(99, in_json, WORD, 100_000))),
    "base64 in base64": (200, lambda: text(folded(99, base64.b64encode, WORD * 9, 100_000))),
    "gzip in base64, again and again": (200, lambda: text(folded(30, zipped, WORD))),
    "a bomb in base64": (200, lambda: text(zipped(bytes(32 * MIB)).decode())),
    "100 bombs in base64": (200, lambda: text([zipped(ZEROS).decode()] * 100)),
    "a million digits": (200, lambda: said(b"7" * 1_000_000)),
    "numbers of 3,999 digits": (200, lambda: said(b"[" + b",".join([b"7" * 3_999] * 250) + b"]")),
    "a long fraction": (200, lambda: said(b"0." + b"7" * 1_000_000)),
    "a large exponent": (200, lambda: said(b"1e999999999")),
    "a megabyte of escapes": (200, lambda: said(b'"' + rb"\u0041" * 160_000 + b'"')),
    "a megabyte of half letters": (200, lambda: said(b'"' + rb"\ud800" * 160_000 + b'"')),
    "a megabyte of backslashes": (200, lambda: said(b'"' + rb"\\" * 490_000 + b'"')),
    "percents of percents": (200, lambda: text("%25" * 300_000)),
    "keys that are numbers": (
        200,
        lambda: text({str(n * (2**61 - 1)): 1 for n in range(8_000)}),
    ),
    "20,000 keys": (200, lambda: text({f"k{n:08d}": 1 for n in range(20_000)})),
    "one key, again and again": (200, lambda: said(b"{" + b'"a":1,' * 90_000 + b'"a":1}')),
    "20,000 hits of a rule": (200, lambda: text("203.0.113.7 " * 20_000)),
    "a long id": (200, lambda: whole(envelope(event(2, event_id="a" * 400_000)))),
    "a large profile": (
        200,
        lambda: whole(b'{}\n{"type":"profile"}\n{"a":[' + b"[]," * 1_400_000 + b"0]}\n"),
    ),
}


def test_documents_take_little(relay: Relay) -> None:
    """Depth, numbers, keys, encodings in encodings: what is refused and what is scrubbed."""
    hold(weigh(relay, DOCUMENTS), DOCUMENTS, 300)


def test_what_came_is_small_again_at_the_end(relay: Relay) -> None:
    """After a hundred large ones the relay has grown by less than two of them would take."""
    data = whole(envelope(event(3, extra={"a": ["b" * 99] * 1_500})))
    attack(relay.port, data)
    for _ in range(10):
        attack(relay.port, data)
    before = resident(relay.pid)
    for _ in range(100):
        assert [200] == statuses(attack(relay.port, data))
    assert resident(relay.pid) - before < 16 * MIB


def named_anew(number: int) -> list[bytes]:
    """Requests in which all that a client may name is new."""
    key, word = f"{number:032x}", f"word{number}"
    auth = f"Sentry sentry_key={key}, sentry_client=sentry.{word}/1.{number}"
    path = f"/consented/api/{10_000 + number}/envelope/"
    sdk = {"name": f"sentry.{word}", "version": f"{number}"}
    one = envelope(event(10_000 + number, type=word, sdk=sdk, platform=word, level=word), sdk=sdk)
    odd = b'{}\n{"type":"%s"}\n{}\n' % word.encode()
    return [
        *(head(f"Content-Length: {len(body)}", path=path, auth=auth) + body for body in (one, odd)),
        head(f"X-{word}: x", path=f"/{word}"),
        head(path=CONSENTED, method="GET" if number % 2 else "PUT"),
    ]


def test_new_names_make_no_new_series(relay: Relay) -> None:
    """Of what clients name nothing is a label of a metric: the page does not grow."""
    for number in range(10):
        for request in named_anew(number):
            attack(relay.port, request)
    relay.drain()
    before = names_of_series(relay)
    for number in range(10, 60):
        for request in named_anew(number):
            attack(relay.port, request)
    relay.drain()
    assert before == names_of_series(relay)


def names_of_series(relay: Relay) -> set[str]:
    """The series on the page of metrics."""
    return {line.rpartition(" ")[0] for line in relay.metrics().splitlines() if line[:1] != "#"}


def resident(pid: int) -> int:
    """The bytes of memory that a process has now."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
