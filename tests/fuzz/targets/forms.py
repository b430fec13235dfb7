"""Forms: multipart bodies, the crash report in one, and the event of sentry-native in msgpack."""

import gzip
import json
import logging
from random import Random
from typing import Any

import msgpack
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from relay import jsonio
from relay.errors import BodyError, RequestError, TooLargeError, UnsupportedMediaError
from relay.protocol import envelope
from relay.protocol.form_event import BREADCRUMB_FILES, EVENT_FILE, form_event
from relay.protocol.limits import Limits
from relay.protocol.minidump import FIELD, crash_envelope, files_envelope
from relay.protocol.multipart import Part, _Collected, _header, read_parts
from tests.fuzz.target import Target
from tests.fuzz.targets.drawing import (
    CANARY,
    SAMPLES,
    Reader,
    broken,
    bytes_of,
    number,
    packed,
    raw,
    says_nothing,
    some,
    text_of,
    word,
)

LIMITS = Limits(event=64 * 1024, attachment=256 * 1024, items=20)
ID = "ab" * 16
BOUNDARY = "xYzZY"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"

# A line for each broken form; relay.logs turns it off as well.
logging.getLogger("python_multipart").setLevel(logging.CRITICAL + 1)

# --- multipart -----------------------------------------------------------------------------------


def run_multipart(data: bytes) -> None:
    """A content type and a body: the parts, cut anywhere the same; written again, they are read."""
    kind, _, body = data.partition(b"\n")
    try:
        parts = read_parts(body, text_of(kind), LIMITS)
    except (BodyError, TooLargeError, UnsupportedMediaError) as error:
        says_nothing(error)
        return
    boundary = _boundary(text_of(kind))
    for size in {1 + len(data) % 5, 1 + sum(data[:16]) % 97, len(body) // 2 or 1}:
        if len(body) // size < 3_000:
            assert parts == _in_chunks(body, boundary, size)
    assert len(parts) <= LIMITS.items
    again = [part for part in parts if _is_plain(part)]
    assert again == list(read_parts(form(again, b"other-boundary"), _TYPE_OF_OTHER, LIMITS))


_TYPE_OF_OTHER = "multipart/form-data; boundary=other-boundary"


def _boundary(kind: str) -> bytes:
    return _header(kind)[1][b"boundary"]


def _in_chunks(body: bytes, boundary: bytes, size: int) -> list[Part] | None:
    """Read a body chunk by chunk, as `split` reads it whole; None where it is refused."""
    collected = _Collected(LIMITS)
    parser = MultipartParser(boundary, {
        "on_part_begin": collected.begin, "on_part_data": collected.data,
        "on_part_end": collected.end,
        "on_header_field": collected.header_name, "on_header_value": collected.header_value,
        "on_header_end": collected.header_end, "on_end": collected.finish,
    })  # fmt: skip
    try:
        for at in range(0, len(body), size):
            parser.write(body[at : at + size])
        parser.finalize()
    except FormParserError:
        return None
    return collected.parts if collected.finished else None


def _is_plain(part: Part) -> bool:
    """Whether its names can be written without escapes."""
    names = (part.name, part.filename or "", part.content_type)
    return all(n.isascii() and n.isprintable() and not set(n) & set("\"\\%;=' ") for n in names)


def form(parts: list[Part], boundary: bytes = BOUNDARY.encode()) -> bytes:
    """Write a body."""
    lines: list[bytes] = []
    for part in parts:
        file = "" if part.filename is None else f'; filename="{part.filename}"'
        lines += [
            b"--" + boundary,
            b"Content-Disposition: form-data; " + bytes_of(f'name="{part.name}"{file}'),
        ]
        lines += [b"Content-Type: " + bytes_of(part.content_type)] if part.content_type else []
        lines += [b"", part.data]
    return b"\r\n".join([*lines, b"--" + boundary + b"--", b""])


def _draw_parts(random: Random) -> list[Part]:
    def one(random: Random) -> Part:
        name = random.choice((
            "sentry", "sentry__1", "sentry__2", "sentry[release]", "sentry[tags][allowReport]",
            FIELD,
            EVENT_FILE, *BREADCRUMB_FILES, "sentry[a][b][c]", "guid", "view-hierarchy.json",
            word(random),
        ))  # fmt: skip
        filename = random.choice((None, None, "a.dmp", "b.dmp.gz", "c.log", "", word(random)))
        data = random.choice((
            json.dumps(_draw_document(random)).encode("utf-8", "replace"), raw(random, 100),
            CANARY.encode(),
            msgpack.packb(_draw_document(random), unicode_errors="surrogatepass"),
            b"MDMP" + bytes(60),
            gzip.compress(b"MDMP" + bytes(60), mtime=0), b"--" + BOUNDARY.encode(), b"true",
            b"\r\n--",
        ))  # fmt: skip
        return Part(name, filename, random.choice(("", "", "text/plain", word(random))), data)

    return some(random, one, random.choice((4, 4, 25)))


def _draw_document(random: Random, levels: int = 3) -> Any:
    document: dict[str, Any] = {
        "release": word(random), "tags": random.choice(({"allowReport": "true"}, [["a", "b"]],
        None, [])),
        "timestamp": random.choice((1.5, "2024-01-01T00:00:00Z", None)), word(random): CANARY,
    }  # fmt: skip
    if levels:
        document["extra"] = [_draw_document(random, levels - 1)] if random.random() < 0.5 else {}
    return document


def draw_multipart(random: Random) -> bytes:
    kind = random.choice(
        (TYPE, TYPE, TYPE, TYPE.upper(), "multipart/form-data", "text/plain", word(random))
    )
    pad = random.choice((b"", b"", b"preamble\r\n", b" " * 90))
    body = pad + form(_draw_parts(random))
    return (
        bytes_of(kind) + b"\n" + (broken(body, random, _TOKENS) if random.random() < 0.6 else body)
    )


# --- crash reports -------------------------------------------------------------------------------


def run_crash(data: bytes) -> None:
    """A content type and a body: an envelope that parses, under our id, or refused."""
    kind, _, body = data.partition(b"\n")
    for make in (crash_envelope, files_envelope):
        try:
            made = make(body, text_of(kind), ID, LIMITS)
        except RequestError as error:
            says_nothing(error, BodyError, TooLargeError, UnsupportedMediaError)
            continue
        whole = envelope.parse(made, LIMITS)
        assert ID == whole.headers["event_id"]
        for item in whole.items:
            assert item.kind in ("event", "attachment")
            if item.kind == "event":
                assert ID == jsonio.loads(item.payload)["event_id"]
            elif item.headers["attachment_type"] == "event.minidump":
                assert item.payload[:4] in (b"MDMP", b"PMDM")
        assert make is files_envelope or any(item.kind == "attachment" for item in whole.items)


def draw_crash(random: Random) -> bytes:
    dump = random.choice(
        (b"MDMP" + bytes(60), gzip.compress(b"MDMP" + bytes(600_000), mtime=0), b"x")
    )
    if random.random() < 0.3:
        inner = [Part(FIELD, "a.dmp", "", dump)]
        dump = random.choice((form(inner, b"inner"), form(inner, b"inner")[:-2], dump))
    given = Part(FIELD, random.choice(("a.dmp", "a.dmp.gz", None)), "", dump)
    body = form([*_draw_parts(random), given]) if random.random() < 0.8 else dump
    kind = random.choice(
        (TYPE, TYPE, TYPE, "application/octet-stream", "application/x-dmp", word(random))
    )
    return (
        bytes_of(kind) + b"\n" + (broken(body, random, _TOKENS) if random.random() < 0.4 else body)
    )


# --- msgpack -------------------------------------------------------------------------------------


def run_form_event(data: bytes) -> None:
    """Three files in msgpack, then fields by name and text: an event that JSON can hold."""
    reader = Reader(data)
    parts = [
        Part(
            name,
            "x",
            "",
            reader.block() if reader.below(2) else reader.take(reader.below(256) * 16),
        )
        for name in (EVENT_FILE, *BREADCRUMB_FILES)
    ]
    while reader:
        parts.append(
            Part(
                text_of(reader.block()).encode("utf-8", "replace").decode(),
                None,
                "",
                reader.block(),
            )
        )
    try:
        event = form_event(parts, LIMITS)
    except (BodyError, TooLargeError) as error:
        says_nothing(error)
        return
    if _depth(event) < 200:
        written = jsonio.dumps(event)
        assert written == jsonio.dumps(jsonio.loads(written))
    crumbs = event.get("breadcrumbs")
    assert crumbs is None or isinstance(crumbs, dict | list | str | int | float)


def _depth(value: Any) -> int:
    """Return how deep a document is, by no recursion."""
    level, depth = [value], 0
    while level:
        depth += 1
        inner = (one for one in level if isinstance(one, dict | list))
        level = [part for one in inner for part in (one.values() if isinstance(one, dict) else one)]
    return depth


def draw_form_event(random: Random) -> bytes:
    def file() -> bytes:
        documents = [
            random.choice((
                _draw_document(random), {"timestamp": word(random)}, {"a": b"bytes"}, {1: 2}, [],
                1, "x",
                {"x": 2**64 - 1, "y": -(2**63), "z": 1.5}, msgpack.ExtType(1, b"x"), None,
            ))
            for _ in range(random.randrange(3))
        ]  # fmt: skip
        data = b"".join(msgpack.packb(one, unicode_errors="surrogatepass") for one in documents)
        if random.random() < 0.1:
            data = b"\x81\xa1a" * number(random) + b"\1"
        data = broken(data, random) if random.random() < 0.5 else data
        return (
            b"\1" + packed(data)
            if len(data) < 256
            else b"\0" + bytes((255,)) + data[: 255 * 16].ljust(255 * 16, b"\xc1")
        )

    names = (
        "sentry",
        "sentry___x",
        "sentry__1",
        "sentry__1",
        "sentry[tags][a]",
        "sentry[a][b]",
        "x",
        "sentry[",
    )
    fields = [
        packed(
            random.choice(names).encode(),
            json.dumps(_draw_document(random, 1)).encode("utf-8", "replace"),
        )
        for _ in range(random.randrange(4))
    ]
    return b"".join([file() for _ in range(3)] + fields)


def _seeds() -> list[bytes]:
    seeds: list[bytes] = []
    for path in sorted((SAMPLES / "crashpad").glob("*.bin")):
        told = json.loads(path.with_suffix(".json").read_text())
        body = path.read_bytes()
        body = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        seeds.append(_content_type(told).encode() + b"\n" + body)
    return seeds


def _event_seeds() -> list[bytes]:
    event = {"release": "1", "tags": {"allowReport": "true"}, "level": "fatal"}
    crumbs = [{"timestamp": "2024-01-01T00:00:00Z", "message": "a"}, {"timestamp": "2024"}]
    files = (msgpack.packb(event), b"".join(map(msgpack.packb, crumbs)), msgpack.packb(crumbs[0]))
    fields = packed(b"sentry", b'{"tags": [["a", "b"]]}') + packed(b"sentry[tags][c]", b"d")
    return [b"".join(b"\1" + packed(file) for file in files) + fields]


def _content_type(told: Any) -> str:
    headers = told["headers"]
    pairs = headers.items() if isinstance(headers, dict) else headers
    return next(str(value) for name, value in pairs if name.lower() == "content-type")


_TOKENS = (
    b"\r\n", b"--", b"\r\n--" + BOUNDARY.encode(), b"--" + BOUNDARY.encode() + b"--\r\n",
    b"\r\n\r\n",
    b'Content-Disposition: form-data; name="', b'; filename="', b"filename*=utf-8''",
    b"Content-Type: ",
    b"multipart/form-data; boundary=", BOUNDARY.encode(), FIELD.encode(), b"sentry", b"sentry__1",
    b"sentry[a][b]",
    EVENT_FILE.encode(), b"__sentry-breadcrumb1", b"MDMP", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0",
    b"\x28\xb5\x2f\xfd", b'{"tags": {"a": 1}}', CANARY.encode(), b"view-hierarchy.json",
)  # fmt: skip
_MSGPACK = (b"\x81\xa1a", b"\xc1", b"\xc7\1\1", b"\xde\xff\xff", b"\xdd\xff\xff\xff\xff",
b"\xcf" + b"\xff" * 8,
            b"\xa4tags", b"\xa9timestamp", b"\x93", b"\xc0", b"sentry", b"sentry[tags][a]",
            b"\xcb\x7f\xf0\0\0\0\0\0\0")  # fmt: skip

TARGETS = (
    Target("multipart", run_multipart, draw_multipart, _seeds, _TOKENS),
    Target("crash", run_crash, draw_crash, _seeds, _TOKENS),
    Target("form_event", run_form_event, draw_form_event, _event_seeds, _MSGPACK),
)
