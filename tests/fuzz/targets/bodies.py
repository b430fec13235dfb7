"""Bodies of the small routes: content encodings, the store endpoint, check-ins, reports."""

import base64
import gzip
import json
import zlib
from contextlib import suppress
from random import Random
from urllib.parse import parse_qsl, quote

import brotli
import zstandard

from relay import jsonio
from relay.errors import BodyError, RequestError, TooLargeError, UnsupportedMediaError
from relay.protocol import envelope
from relay.protocol.body import make_decoder
from relay.protocol.check_ins import check_in_envelope
from relay.protocol.limits import Limits
from relay.protocol.reports import SECURITY_TYPES, check_media, nel_envelope, security_envelopes
from relay.protocol.store import as_envelope, decode_store
from tests.fuzz.target import Target
from tests.fuzz.targets.drawing import (
    CANARY,
    broken,
    bytes_of,
    raw,
    says_nothing,
    some,
    text_of,
    word,
)

ENCODINGS = ("", "identity", "gzip", "deflate", "br", "zstd")
MOST = 256 * 1024
LIMITS = Limits(event=MOST, body=MOST, items=8)

# --- content encodings ---------------------------------------------------------------------------


def run_body(data: bytes) -> None:
    """A byte that names the encoding, then a body: the same result in chunks of any size."""
    encoding, body = ENCODINGS[(data or b"\0")[0] % len(ENCODINGS)], data[1:]
    whole = _decoded(encoding, body, len(body) or 1)
    for size in {1 + len(data) % 7, 1 + sum(data[:8]) % 4099, len(body) // 2 or 1}:
        if len(body) // size < 4_000:
            pieces = _decoded(encoding, body, size)
            # That a frame of nothing is broken libzstd sees by the size of the pieces.
            nothing = encoding == "zstd" and not whole and not pieces
            assert nothing or whole == pieces
    if whole is None:
        return
    assert len(whole) <= MOST
    match encoding:
        case "" | "identity":
            assert body == whole
        case "gzip":
            assert gzip.decompress(body) == whole
        case "deflate":
            with suppress(zlib.error):
                assert zlib.decompress(body) == whole
        case "br":
            assert brotli.decompress(body) == whole
        case _:
            with zstandard.ZstdDecompressor().stream_reader(body, read_across_frames=True) as read:
                assert read.read() == whole


def _decoded(encoding: str, body: bytes, size: int) -> bytes | None:
    """Decompress in chunks; None where it is refused."""
    try:
        decoder = make_decoder(encoding or None, MOST)
        parts = [decoder.feed(body[at : at + size]) for at in range(0, len(body), size)]
        return b"".join(parts) + decoder.finish()
    except (BodyError, TooLargeError) as error:
        says_nothing(error)
        return None


def draw_body(random: Random) -> bytes:
    plain = random.choice((raw(random, 200), b'{"a": 1}' * 50, bytes(300_000), b"", b"ab" * 40_000))
    which = random.randrange(len(ENCODINGS))
    level = random.choice((1, 5, 9))
    match ENCODINGS[which]:
        case "gzip":
            members = random.choice((1, 1, 2, 3))
            body = b"".join(gzip.compress(plain, level, mtime=0) for _ in range(members))
        case "deflate":
            packer = zlib.compressobj(level, wbits=random.choice((15, -15, 9, 31)))
            body = packer.compress(plain) + packer.flush()
        case "br":
            body = brotli.compress(plain, quality=level)
        case "zstd":
            body = zstandard.ZstdCompressor(level=level).compress(plain) * random.choice((1, 2))
        case _:
            body = plain
    return bytes((which,)) + broken(body, random)


# --- the store endpoint --------------------------------------------------------------------------


def run_store(data: bytes) -> None:
    """Any body is an event in JSON, or refused; the event is the same in each dress."""
    try:
        event = decode_store(data, LIMITS)
    except (BodyError, TooLargeError) as error:
        says_nothing(error)
        return
    document = jsonio.loads(event)
    assert isinstance(document, dict)
    (item,) = envelope.parse(as_envelope(event)).items
    assert event == item.payload
    packed = base64.b64encode(zlib.compress(event))
    assert event == decode_store(packed, LIMITS)
    if len(event) < MOST // 4:
        assert event == decode_store(b"sentry_data=" + quote(packed).encode(), LIMITS)


def draw_store(random: Random) -> bytes:
    document = {word(random).encode("utf-8", "replace").decode(): CANARY for _ in range(3)}
    event = random.choice((json.dumps(document).encode(), b"[]", b"{", raw(random)))
    packed = random.choice((
        event, zlib.compress(event), base64.b64encode(event),
        base64.b64encode(zlib.compress(event)),
        base64.urlsafe_b64encode(zlib.compress(event)).rstrip(b"="),
    ))  # fmt: skip
    forms = (packed, b"sentry_data=" + quote(packed).encode(), b"a=1&sentry_data=" + packed)
    body = random.choice(forms)
    return broken(random.choice((body, body + b"&sentry_data=" + packed, b" " + body)), random)


# --- check-ins -----------------------------------------------------------------------------------


def run_check_in(data: bytes) -> None:
    """A content type, a query, and a body: an envelope with one check-in, or refused."""
    kind, _, rest = data.partition(b"\n")
    query, _, body = rest.partition(b"\n")
    pairs = dict(parse_qsl(text_of(query).encode("utf-8", "replace").decode()))
    try:
        made = check_in_envelope("nightly", body, text_of(kind), pairs)
    except BodyError as error:
        says_nothing(error)
        return
    (item,) = envelope.parse(made).items
    check_in = jsonio.loads(item.payload)
    assert "check_in" == item.headers["type"]
    assert check_in["status"] in ("ok", "error", "in_progress", "timeout", "missed")
    assert "nightly" == check_in["monitor_slug"]
    assert 32 == len(bytes.fromhex(check_in["check_in_id"])) * 2


def draw_check_in(random: Random) -> bytes:
    status = random.choice(("ok", "error", "in_progress", word(random)))
    given = {
        "status": status,
        "check_in_id": random.choice(("a" * 32, "83b8c1f6-6a3e-4b4e-9d7c-5f0c2d2f1a11", CANARY)),
        "duration": random.choice(("1.5", "-1", "nan", "inf", "1e999", "１", word(random))),
        "environment": word(random),
    }
    some_of = {key: given[key] for key in given if random.random() < 0.7}
    query = "&".join(
        f"{key}={quote(str(one), safe='', errors='replace')}" for key, one in some_of.items()
    )
    kind = random.choice(("application/json", "Application/JSON; charset=utf-8", "", "text/plain"))
    tags = random.choice(("", ', "tags": {"a": 1, "a": 2}', ', "tags": [["a", "b"]]'))
    document = json.dumps(some_of | {"duration": 1})[:-1] + tags + "}"
    body = document if random.random() < 0.8 else word(random)
    return broken(bytes_of(f"{kind}\n{query}\n{body}"), random)


# --- reports of browsers -------------------------------------------------------------------------


def run_reports(data: bytes) -> None:
    """A content type, a query and a body: envelopes that parse, or refused."""
    kind, _, rest = data.partition(b"\n")
    query, _, body = rest.partition(b"\n")
    pairs = dict(parse_qsl(text_of(query).encode("utf-8", "replace").decode()))
    try:
        check_media(text_of(kind), SECURITY_TYPES)
    except UnsupportedMediaError as error:
        says_nothing(error)
    for made in (lambda: security_envelopes(body, pairs, LIMITS), lambda: [nel_envelope(body)]):
        try:
            envelopes = made()
        except RequestError as error:
            says_nothing(error, BodyError, TooLargeError)
            continue
        for one in envelopes:
            (item,) = envelope.parse(one).items
            assert item.headers["type"] in ("raw_security", "integration")
            assert jsonio.loads(item.payload) is not jsonio


def draw_reports(random: Random) -> bytes:
    report = {
        "csp-report": {"document-uri": f"https://{CANARY}.example", "blocked-uri": word(random)},
        "type": random.choice(("csp-violation", "network-error")),
        "body": {"sampling_fraction": 1.0, "server_ip": "203.0.113.42"},
    }
    document = random.choice((report, [report], [report] * 9, [1, None, "a"], {}, [], "x"))
    kind = random.choice((*SECURITY_TYPES, "application/csp-report; charset=utf-8", word(random)))
    query = f"sentry_release={quote(word(random), errors='replace')}&sentry_environment=%00"
    body = json.dumps(document)
    return broken(bytes_of("\n".join((kind, query, body, *some(random, word, 1)))), random)


_JSON = (b"{", b"}", b"[", b"]", b'"', b":", b",", b"null", b"true", b"1e309", b"\\u0000")

TARGETS = (
    Target(
        "body", run_body, draw_body,
        lambda: [b"\2" + gzip.compress(b"abc", mtime=0), b"\3" + zlib.compress(b"abc"),
                 b"\4" + brotli.compress(b"abc"), b"\5" + zstandard.compress(b"abc")],
        (b"\x1f\x8b\x08\x00", b"\x78\x9c", b"\x28\xb5\x2f\xfd", b"\x00\x00\xff\xff", b"\3\0"),
    ),
    Target(
        "store", run_store, draw_store,
        lambda: [b'{"a": 1}', base64.b64encode(zlib.compress(b'{"a": 1}')),
        b"sentry_data=eyJhIjox"],
        (b"sentry_data=", b"&", b"%2B", b"eyJ", b"eJ", b"=", *_JSON, CANARY.encode()),
    ),
    Target(
        "check_in", run_check_in, draw_check_in,
        lambda: [b"\nstatus=ok&duration=1.5\n", b'application/json\n\n{"status": "ok"}'],
        (b"status=", b"check_in_id=", b"duration=", b"environment=", b"application/json",
        b"in_progress",
         b'"status"', b'"check_in_id"', b'"tags"', *_JSON),
    ),
    Target(
        "reports", run_reports, draw_reports,
        lambda: [b'application/csp-report\nsentry_release=1\n{"csp-report": {}}'],
        (*(kind.encode() for kind in SECURITY_TYPES), b'"csp-report"', b"sentry_release=", *_JSON),
    ),
)  # fmt: skip
