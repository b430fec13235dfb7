"""Ways for a request to go wrong, each with secrets in it: at the client, and on the way in.

Law of this file: a path sends secrets that no other path sends, and says which answers show that it
was taken. What happens behind the relay is in `canary_failures.py`.
"""

import base64
import gzip
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import brotli
import zstandard

from tests.system.canary_requests import Request, Writer, envelope, of_event, post
from tests.system.canary_rig import Rig
from tests.system.running import AUTH, ENVELOPE, KEY, PROJECT

Run = Callable[[Rig, Writer], None]


@dataclass(frozen=True)
class Path:
    """One way to go wrong: its name, what it does, and where it can be gone."""

    name: str
    run: Run
    backends: frozenset[str]
    workers: frozenset[int]


PATHS: list[Path] = []


def path(
    name: str,
    *,
    backends: Iterable[str] = ("sqlite", "memory", "jetstream"),
    workers: Iterable[int] = (1, 2),
) -> Callable[[Run], Run]:
    """Put a function into the table."""

    def put(run: Run) -> Run:
        PATHS.append(Path(name, run, frozenset(backends), frozenset(workers)))
        return run

    return put


def each(
    run: Rig, place: str, bodies: Iterable[bytes], allowed: set[int], *headers: tuple[str, str]
) -> None:
    """Send bodies, and hold the answers against those that show the error."""
    for body in bodies:
        answered(place, run.send(post(place, body, *headers)), allowed)


def answered(place: str, status: int, allowed: set[int]) -> None:
    assert (place, status, True) == (place, status, status in allowed)


def loaded(writer: Writer) -> bytes:
    """An event with a secret in each of its places, as JSON."""
    return json.dumps(writer.full_event()).encode()


def _framed(writer: Writer, payload: bytes, **item: Any) -> bytes:
    head = {"event_id": writer.ids[-1], "consent": True}
    lines = (json.dumps(head), json.dumps({"type": "event", **item}))
    return "\n".join(lines).encode() + b"\n" + payload


@path("bad JSON")
def bad_json(run: Rig, writer: Writer) -> None:
    cut = loaded(writer)
    each(run, "bad JSON", [_framed(writer, cut[:-40])], {200, 400, 403})
    surrogate = b'{"message":"\\ud800 %s","n":1e999,"d":%s}'
    texts = [writer.secret("bad JSON").encode("ascii", "ignore") for _ in range(5)]
    odd = [
        surrogate % (json.dumps(texts[0].decode())[1:-1].encode(), b"9" * 5000),
        b'{"a":NaN,"message":' + json.dumps(texts[1].decode()).encode() + b"}",
        b"[" * 3000 + json.dumps(texts[2].decode()).encode() + b"]" * 3000,
        b'{"a":1,"a":' + json.dumps(texts[3].decode()).encode() + b',"extra":{"k":"\xff\xfe"}}',
        texts[4],
    ]
    each(run, "bad JSON", [_framed(writer, one) for one in odd], {200, 400, 403})
    store = Request(
        "bad JSON", f"/api/{PROJECT}/store/", (("X-Sentry-Auth", AUTH),), loaded(writer)[:-9]
    )
    answered("bad JSON", run.send(store), {400, 403})


@path("broken framing")
def broken_framing(run: Rig, writer: Writer) -> None:
    whole = loaded(writer)
    bodies = [
        _framed(writer, whole, length=len(whole) + 99),
        _framed(writer, whole, length=10),
        _framed(writer, whole, length=-1),
        _framed(writer, whole, length=writer.secret("broken framing")),
        b"{" + loaded(writer),
        loaded(writer) + b"\n" + loaded(writer),
        json.dumps({"event_id": writer.secret("broken framing")}).encode() + b"\n",
        json.dumps(writer.secret("broken framing")).encode() + b"\n" + whole,
        b'{}\n{"type":' + json.dumps(writer.secret("broken framing")).encode() + b"\n" + whole,
    ]
    each(run, "broken framing", bodies, {200, 400, 403})


@path("bad compression")
def bad_compression(run: Rig, writer: Writer) -> None:
    packers = {
        "gzip": gzip.compress,
        "br": brotli.compress,
        "zstd": zstandard.ZstdCompressor().compress,
    }
    for name, pack in packers.items():
        plain = of_event(writer.full_event())
        whole = pack(plain)
        for wire in (whole[:-30], plain, whole[: len(whole) // 2] + b"\0" * 40):
            request = Request(
                "bad compression",
                ENVELOPE,
                (("X-Sentry-Auth", AUTH), ("Content-Encoding", name)),
                wire,
                plain,
            )
            answered("bad compression", run.send(request), {400})
    plain = of_event(writer.full_event())
    for name in (
        "snappy",
        "gzip, br",
        writer.secret("bad compression").encode("ascii", "ignore").decode().split("\n")[0],
    ):
        answered(
            "bad compression",
            run.send(post("bad compression", plain, ("Content-Encoding", name))),
            {400, 415},
        )


@path("too large")
def too_large(run: Rig, writer: Writer) -> None:
    place = "too large"
    grown = writer.full_event()
    grown["fill"] = "words and words " * 22_000
    each(run, place, [of_event(grown)], {200, 413})
    item = (
        {"type": "attachment", "filename": "a.txt"},
        writer.secret(place).encode() + b" word" * 450_000,
    )
    each(run, place, [envelope({"event_id": writer.id(), "consent": True}, [item])], {200, 413})
    each(run, place, [of_event(writer.full_event()) + b" word" * 700_000], {413})
    bomb = of_event(writer.event(message=writer.secret(place))) + b"\0" * 60_000_000
    request = Request(
        place,
        ENVELOPE,
        (("X-Sentry-Auth", AUTH), ("Content-Encoding", "gzip")),
        gzip.compress(bomb),
        bomb[:5000],
    )
    answered(place, run.send(request), {413, 400})
    many = [
        ({"type": "log"}, json.dumps({"items": [{"body": writer.secret(place)}]}).encode())
    ] * 600
    each(run, place, [envelope({"event_id": writer.id(), "consent": True}, many)], {413, 400})
    head = {"event_id": writer.id(), "note": writer.secret(place), "fill": "x" * 3_000_000}
    each(run, place, [envelope(head, [])], {413, 400})
    line = f"{writer.secret(place)} ".encode("ascii", "ignore").replace(b"\n", b" ") + b"x" * 80_000
    for wire in (
        b"POST /%s HTTP/1.1\r\nHost: a\r\n\r\n" % line.replace(b" ", b"_"),
        b"POST / HTTP/1.1\r\nX-Note: %s\r\n\r\n" % line,
        b"POST / HTTP/1.1\r\n"
        + b"".join(b"X-%d: %s\r\n" % (n, line[:60]) for n in range(4000))
        + b"\r\n",
    ):
        answered(place, run.exchange(wire, place=place), {400, 413, 0})


@path("not HTTP")
def not_http(run: Rig, writer: Writer) -> None:
    place = "not HTTP"

    def text() -> bytes:
        return " ".join(writer.secret(place).split()).encode("ascii", "ignore")

    body = of_event(writer.full_event())
    auth = f"X-Sentry-Auth: {AUTH}\r\n".encode()
    start = b"POST %s HTTP/1.1\r\nHost: a\r\n" % ENVELOPE.encode() + auth
    wires = [
        b"%s\r\n\r\n" % text(),
        b"POST %s HTTP/9.9\r\n\r\n" % text().replace(b" ", b"_"),
        b"POST / HTTP/1.1\r\n%s\r\n\r\n" % text(),
        b"POST / HTTP/1.1\r\nX: a\r\n %s\r\n\r\n" % text(),
        b"POST / HTTP/1.1\r\nX\0Y: %s\r\n\r\n" % text(),
        start + b"Content-Length: %s\r\n\r\n" % text() + body,
        start + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + body,
        start + b"Transfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n" + body,
        start + b"Transfer-Encoding: chunked\r\n\r\n%s\r\n" % text() + body,
        start + b"Transfer-Encoding: %s\r\n\r\n" % text() + body,
        start + b"Expect: %s\r\nContent-Length: 3\r\n\r\nabc" % text(),
        b"\x16\x03\x01" + text() + b"\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + text(),
    ]
    for wire in wires:
        run.exchange(wire, place=place)


@path("no consent")
def no_consent(run: Rig, writer: Writer) -> None:
    event = writer.full_event()
    tags = event["tags"]
    tags.pop("allowReport") if isinstance(tags, dict) else tags.pop()
    each(run, "no consent", [of_event(event)], {403})


@path("consent denied")
def consent_denied(run: Rig, writer: Writer) -> None:
    event = writer.full_event()
    event["tags"] = {"allowReport": writer.secret("consent denied")}
    each(run, "consent denied", [of_event(event)], {403})
    for header in ("denied", " ".join(writer.secret("consent denied").split())):
        value = header.encode("ascii", "ignore").decode()
        each(
            run,
            "consent denied",
            [of_event(writer.full_event())],
            {403},
            ("X-Suite-Consent", value),
        )
    head = {"event_id": writer.id(), "consent": {"note": writer.secret("consent denied")}}
    each(run, "consent denied", [envelope(head, [({"type": "event"}, loaded(writer))])], {403})


@path("unknown project or key")
def unknown_project(run: Rig, writer: Writer) -> None:
    place = "unknown project or key"
    other = f"Sentry sentry_key={'0' * 32}, sentry_version=7"
    for url, auth in ((ENVELOPE, other), ("/api/77/envelope/", AUTH), ("/api/77/store/", AUTH)):
        request = Request(place, url, (("X-Sentry-Auth", auth),), of_event(writer.full_event()))
        answered(place, run.send(request), {403})
    for dsn in (
        f"https://{'0' * 32}@a.example/7",
        f"https://{KEY}@{writer.secret(place)}/{PROJECT}",
        writer.secret(place),
        {"a": writer.secret(place)},
    ):
        head = {"event_id": writer.id(), "dsn": dsn}
        body = envelope(head, [({"type": "event"}, loaded(writer))])
        for url in (ENVELOPE, "/tunnel"):
            headers = (("X-Sentry-Auth", AUTH),) if url == ENVELOPE else ()
            answered(place, run.send(Request(place, url, headers, body)), {400, 403, 200})
    double = (("X-Sentry-Auth", AUTH), ("X-Sentry-Auth", f"Sentry sentry_key={KEY}"))
    answered(
        place, run.send(Request(place, ENVELOPE, double, of_event(writer.full_event()))), {401}
    )
    answered(place, run.send(Request(place, ENVELOPE, (), of_event(writer.full_event()))), {401})


@path("wrong media type")
def wrong_media(run: Rig, writer: Writer) -> None:
    place = "wrong media type"
    name = " ".join(writer.secret(place).split()).encode("ascii", "ignore").decode()
    for url in ("security", "nel", "minidump", "cron/nightly"):
        for media in (name, f"multipart/form-data; boundary={name}", "application/json"):
            full = f"/api/{PROJECT}/{url}/?consent=1"
            body = loaded(writer)
            run.send(post(place, body, ("Content-Type", media), path=full))


@path("disconnect in the middle")
def disconnect(run: Rig, writer: Writer) -> None:
    for share in (0.3, 0.9):
        for abort in (True, False):
            request = post("disconnect in the middle", of_event(writer.full_event()))
            cut = request.head + request.body[: int(len(request.body) * share)]
            run.note(cut)
            with run.connected() as connection:
                connection.sendall(cut)
                if abort:
                    reset(connection)


def reset(connection: Any) -> None:
    """Close with RST."""
    connection.setsockopt(1, 13, b"\x01\0\0\0\0\0\0\0")  # SOL_SOCKET, SO_LINGER: on, for 0 s


@path("timeout")
def timeout(run: Rig, writer: Writer) -> None:
    """Bodies and headers that stop: each is cut off."""
    requests = [post("timeout", of_event(writer.full_event())) for _ in range(2)]
    cuts = [request.wire[:-200] for request in requests]
    note = " ".join(writer.secret("timeout").split()).encode("utf-8")
    cuts.append(b"POST / HTTP/1.1\r\nHost: a\r\nX-Note: %s\r\nX-More: " % note)

    def slow(cut: bytes) -> None:
        with run.connected() as connection, suppress(OSError):
            connection.sendall(cut)
            run.read(connection, "timeout")

    for cut in cuts:
        run.note(cut)
    threads = [threading.Thread(target=slow, args=(cut,)) for cut in cuts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert 408 in {int(key.split()[-1]) for key in run.statuses if key.startswith("timeout")}


@path("slow document")
def slow_document(run: Rig, writer: Writer) -> None:
    """Text in text in text, and a long list of what looks like an address and is none.

    Its numbers are too great for one, or three of them could be those of a secret.
    """
    place = "slow document"
    text = writer.secret(place)
    for _ in range(3):
        text = base64.b64encode(json.dumps({"a": text, "b": [text]}).encode()).decode()
    event = writer.full_event()
    event["shop"] = {f"k{n}": text[n:] for n in range(3)}
    event["message"] = " ".join(f"{n}.{n % 256 + 300}.{n % 7 + 300}.x{n:x}" for n in range(10_000))
    each(run, place, [of_event(event)], {200})


@path("scrub that fails")
def failing_scrub(run: Rig, writer: Writer) -> None:
    """A document that is nested deeper than a rule can follow is dropped."""
    place = "scrub that fails"
    text = json.dumps(writer.secret(place)).encode()
    event = json.dumps(writer.full_event()).encode()
    deep = event[:-1] + b',"shop":' + b'{"a":' * 300 + text + b"}" * 300 + b"}"
    each(run, place, [_framed(writer, deep)], {200})
    assert 1 <= run.relay.count("relay_items_total")["event", "scrub_failed"]


def paths(backend: str, workers: int, of: Iterable[Path]) -> Iterator[Path]:
    """Yield those that can be gone here."""
    return (one for one in of if backend in one.backends and workers in one.workers)
