"""Requests that carry a secret in each of their places: fields, headers, URLs, names, bodies.

Law of this file: each function writes requests as they go over the wire, and needs of them only
that they hold what was drawn. Which answer one gets is another matter.
"""

import base64
import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import brotli
import zstandard

from benchmarks.packings import Item, packings
from benchmarks.places import empty_event, layouts
from tests.minidumps import windows
from tests.system.canary_secrets import Draw, Secret
from tests.system.running import AUTH, ENVELOPE, KEY, PROJECT

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Request:
    """One request.

    Attributes:
        place: where its secrets are, in a few words.
        path, headers: of the request; Content-Length and Host come by themselves.
        body: as it goes over the wire.
        plain: the body before it was packed; where a search finds what was sent.
        method: of HTTP.
    """

    place: str
    path: str
    headers: Pairs
    body: bytes
    plain: bytes = b""
    method: str = "POST"

    @property
    def head(self) -> bytes:
        """The request's line and header."""
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: relay.example"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if not any(
            name.lower() in ("content-length", "transfer-encoding") for name, _ in self.headers
        ):
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join((*lines, "Connection: close", "", "")).encode("utf-8", "surrogateescape")

    @property
    def wire(self) -> bytes:
        """All of it."""
        return self.head + self.body

    @property
    def sent(self) -> bytes:
        """All of it, in the open."""
        return self.head + (self.plain or self.body)


@dataclass
class Writer:
    """Writes requests; each event has an id of its own."""

    draw: Draw
    layout: int = 1
    """Of events that only have to be full of secrets; the first layout is a short one."""
    number: int = 0
    ids: list[str] = field(default_factory=list)

    def id(self) -> str:
        self.number += 1
        self.ids.append(f"{self.number:032x}")
        return self.ids[-1]

    def secret(self, place: str, *, keyed: bool = False) -> str:
        """Return a text with a secret, or an empty one where there can be none."""
        drawn = self.draw(place, keyed)
        return "" if drawn is None else drawn.text

    def event(self, **more: Any) -> dict[str, Any]:
        """An event with consent and nothing else."""
        return {**empty_event(), "event_id": self.id(), "tags": {"allowReport": True}, **more}

    def full_event(self, layout: int | None = None) -> dict[str, Any]:
        """An event with a secret in each place of a layout."""
        layout = self.layout if layout is None else layout
        own = empty_event() | {"event_id": self.id()}
        for place in _layouts()[layout]:
            drawn = self.draw(f"event, {place.name}", place.keyed)
            if drawn is not None:
                place.put(own, _said(drawn), drawn.key or "note")
        tags = own.setdefault("tags", {})
        if isinstance(tags, dict):
            tags["allowReport"] = True
        elif isinstance(tags, list):
            one = {"key": "allowReport", "value": True}
            tags.append(one if tags and isinstance(tags[0], dict) else ["allowReport", True])
        return own


def _layouts() -> tuple[tuple[Any, ...], ...]:
    """The sets of places that fit into one event, without text in place of the tags: no consent."""
    return tuple(
        tuple(place for place in layout if place.name != "tags, text") for layout in layouts()
    )


LAYOUTS = len(layouts())


def _said(secret: Secret) -> str:
    return secret.text


def envelope(head: dict[str, Any], items: Sequence[Item]) -> bytes:
    """An envelope of these items."""
    lines = [json.dumps(head).encode()]
    for headers, payload in items:
        lines += [json.dumps({**headers, "length": len(payload)}).encode(), payload]
    return b"\n".join(lines) + b"\n"


def of_event(event: dict[str, Any], kind: str = "event") -> bytes:
    """An envelope with one event."""
    return envelope({"event_id": event["event_id"]}, [({"type": kind}, json.dumps(event).encode())])


def post(place: str, body: bytes, *headers: tuple[str, str], path: str = ENVELOPE) -> Request:
    """An envelope, or what else a path takes, with credentials."""
    return Request(place, path, (("X-Sentry-Auth", AUTH), *headers), body)


# --- what is well formed --------------------------------------------------------------------------


def events(writer: Writer) -> Iterator[Request]:
    """Yield an event of each layout: every place of an event that holds text."""
    for layout in range(LAYOUTS):
        yield post("event", of_event(writer.full_event(layout)))


def protected(writer: Writer) -> Iterator[Request]:
    """Yield events with a secret in a field with a form of its own, which no rule looks at."""
    fields = (
        "event_id", "timestamp", "level", "platform", "dist", "type", "version", "received",
        "project", "start_timestamp", "span_id", "trace_id",
    )  # fmt: skip
    for name in fields:
        event = writer.event(message="broke")
        event[name] = writer.secret(f"event, {name}")
        event_id = writer.ids[-1]
        payload = json.dumps(event).encode()
        yield post(
            "event, protected field",
            envelope({"event_id": event_id}, [({"type": "event"}, payload)]),
        )
    deep = {
        "contexts.trace": lambda s: {"contexts": {"trace": {"trace_id": s, "span_id": s}}},
        "debug_meta": lambda s: {"debug_meta": {"images": [{"debug_id": s, "image_addr": s}]}},
        "contexts.replay": lambda s: {"contexts": {"replay": {"replay_id": s}}},
        "frames.instruction_addr": lambda s: {
            "exception": {"values": [{"stacktrace": {"frames": [{"instruction_addr": s}]}}]}
        },
        "sdk": lambda s: {"sdk": {"name": s, "packages": [{"name": s, "version": s}]}},
        "spans": lambda s: {"type": "transaction", "spans": [{"span_id": s, "trace_id": s}]},
    }
    for name, put in deep.items():
        yield post(
            "event, protected field", of_event(writer.event(**put(writer.secret(f"event, {name}"))))
        )


def items(writer: Writer) -> Iterator[Request]:
    """Yield envelopes with a secret in each header of theirs, and in items of each kind."""
    for some in packings():
        head: dict[str, Any] = {"event_id": writer.id(), "consent": True}
        packed: list[Item] = []
        for place in some:
            drawn = writer.draw(f"envelope, {place.name}", place.keyed)
            if drawn is None:
                continue
            more, own = place.wrap(drawn.text, drawn.key or "note")
            for name, value in more.items():
                held = head.setdefault(name, value)
                if isinstance(held, dict):
                    held |= value
            packed += own
        yield post("envelope", envelope(head, packed))
    for kind, payload in _other_items(writer):
        yield post(
            f"item, {kind['type']}",
            envelope({"event_id": writer.id(), "consent": True}, [(kind, payload)]),
        )


_ANY_KIND = (
    "sessions", "metric_buckets", "profile_chunk", "statsd", "form_data", "unreal_report",
    "replay_video", "integration", "event", "made_up",
)  # fmt: skip


def _other_items(writer: Writer) -> Iterator[tuple[dict[str, Any], bytes]]:
    def text(kind: str) -> str:
        return writer.secret(f"item, {kind}")

    for kind in _ANY_KIND:
        own = {"release": "a@1.0", "attrs": {"user_agent": text(kind)}, "note": [text(kind)]}
        yield {"type": kind, "platform": "javascript"}, json.dumps(own).encode()
    yield {"type": text("type")}, text("type").encode()
    for name in ("attachment_type", "content_type", "platform", "sentry_release", "made_up", "dsn"):
        headers = {"type": "attachment", "filename": "a.txt", name: text(f"header {name}")}
        yield headers, b"nothing"
    report = text("user report").encode()
    yield {"type": "attachment", "attachment_type": "event.applecrashreport"}, report
    yield {"type": "attachment", "filename": "shot.png"}, b"\x89PNG\0" + text("image").encode()
    yield {"type": "attachment", "attachment_type": "event.minidump"}, _dump(text("minidump"))
    recording = json.dumps([{"type": 5, "timestamp": 1, "data": {"tag": text("recording")}}])
    for body in (recording.encode(), zlib.compress(recording.encode())):
        yield {"type": "replay_recording"}, b'{"segment_id":0}\n' + body


def _dump(text: str) -> bytes:
    """A minidump with a secret behind its streams."""
    return windows() + text.encode() + b"\0" + text.encode("utf-16-le")


HEADERS = (
    "User-Agent", "Referer", "Cookie", "X-Forwarded-For", "Forwarded", "X-Real-IP",
    "True-Client-IP",
    "CF-Connecting-IP", "X-Client-IP", "Via", "From", "Origin", "Authorization", "Content-Type",
    "Accept", "Accept-Language", "X-Request-Id", "X-Suite-Device", "X-Made-Up", "Sentry-Trace",
    "Baggage", "Traceparent", "X-Forwarded-Host", "X-Original-URL", "If-None-Match", "Expect",
    "Upgrade", "Content-Encoding", "Transfer-Encoding", "Access-Control-Request-Headers",
    "Content-Language", "Range", "Proxy-Authorization", "TE", "Trailer", "Content-Disposition",
    "X-Suite-Consent", "Host",
)  # fmt: skip
"""Each gets a secret; some of them make the request one that is refused."""


def http_headers(writer: Writer) -> Iterator[Request]:
    """Yield requests with a secret in a header each, in a header's name, and in credentials."""
    for name in HEADERS:
        value = _one_line(writer.secret(f"HTTP header {name}"))
        event = of_event(writer.event(message="broke"))
        yield post("HTTP header", event, (name, value))
    name = "".join(c for c in writer.secret("HTTP header's name") if c.isalnum() or c in "-._")
    yield post("HTTP header", of_event(writer.event()), (f"X-{name}", "1"))
    for form in (
        "Sentry sentry_key={key}, sentry_client={}", "Sentry sentry_key={}",
        "Sentry sentry_key={key}, sentry_version={}", "Sentry {}", "{}",
        "Sentry sentry_key={key}, {}=1",
        "Sentry sentry_key={key}, sentry_secret={}, sentry_timestamp={}",
    ):  # fmt: skip
        text = _one_line(writer.secret("HTTP header X-Sentry-Auth"))
        value = form.replace("{key}", KEY).replace("{}", text)
        yield Request(
            "HTTP header", ENVELOPE, (("X-Sentry-Auth", value),), of_event(writer.event())
        )
        basic = base64.b64encode(f"{KEY}:{text}".encode()).decode()
        yield Request(
            "HTTP header",
            ENVELOPE,
            (("Authorization", f"Basic {basic}"),),
            of_event(writer.event()),
            text.encode(),
        )


def _one_line(text: str) -> str:
    """A header's value has no end of line; a phrase may."""
    return " ".join(text.encode("latin-1", "ignore").decode("latin-1").split())


def urls(writer: Writer) -> Iterator[Request]:
    """Yield requests with a secret in the path, its parameters, and the query: names and values."""
    event = of_event(writer.event(message="broke"))

    def text(place: str) -> str:
        return quote(writer.secret(f"URL, {place}"), safe="")

    for path in (
        "/api/{}/envelope/", "/api/{project}/{}/", "/{}", "/api/{project}/envelope/{}",
        "/tunnel/{}",
        "/consented/{}/api/{project}/envelope/",
        "/api/{project}/cron/{}/?sentry_key={key}&status=ok&consent=1",
        "/api/{project}/cron/nightly/{}/", "/api/{project}/events/{}/attachments/",
    ):  # fmt: skip
        full = path.replace("{project}", PROJECT).replace("{key}", KEY).replace("{}", text("path"))
        yield post("URL path", event, path=full)
    for query in (
        "note={}",
        "{}=1",
        "sentry_client={}",
        "sentry_key={}",
        "consent={}",
        "a={}#b",
        "{}",
    ):
        yield post("URL query", event, path=f"{ENVELOPE}?{query.replace('{}', text('query'))}")
    for key in ("sentry_client", "sentry_release", "sentry_environment"):
        yield Request(
            "URL query",
            f"/api/{PROJECT}/security/?sentry_key={KEY}&consent=1&{key}={text(key)}",
            (("Content-Type", "application/csp-report"),),
            b'{"csp-report":{"document-uri":"https://a.example/"}}',
        )
    data = quote(json.dumps(writer.event(message=writer.secret("URL, sentry_data"))), safe="")
    yield Request(
        "URL query",
        f"/api/{PROJECT}/store/?sentry_key={KEY}&sentry_data={data}",
        (),
        b"",
        method="GET",
    )
    for method in ("GET", "PUT", "OPTIONS", "DELETE", "TRACE"):
        yield Request("URL path", f"/{text('path')}?{text('query')}", (), b"", method=method)


def routes(writer: Writer) -> Iterator[Request]:
    """Yield what the other routes take: old events, browsers' reports, forms, crash reports."""

    def text(place: str) -> str:
        return writer.secret(place)

    store = f"/api/{PROJECT}/store/"
    packed = json.dumps(writer.full_event()).encode()
    yield post("store", packed, path=store)
    for squeeze in (zlib.compress, gzip.compress):
        yield Request(
            "store, base64",
            store,
            (("X-Sentry-Auth", AUTH),),
            base64.b64encode(squeeze(packed)),
            packed,
        )
    granted = (("X-Suite-Consent", "granted"),)
    report = {
        "csp-report": {
            "document-uri": text("security"),
            "referrer": text("security"),
            text("security"): "1",
        }
    }
    yield post(
        "security",
        json.dumps(report).encode(),
        *granted,
        ("Content-Type", "application/csp-report"),
        path=f"/api/{PROJECT}/security/",
    )
    nel = [
        {
            "type": "network-error",
            "url": text("nel"),
            "user_agent": text("nel"),
            "body": {"server_ip": text("nel"), "phase": "dns"},
        }
    ]
    yield post(
        "nel",
        json.dumps(nel).encode(),
        *granted,
        ("Content-Type", "application/reports+json"),
        path=f"/api/{PROJECT}/nel/",
    )
    status = {"status": "ok", "environment": text("cron"), "monitor_slug": text("cron")}
    yield post(
        "cron",
        json.dumps(status).encode(),
        *granted,
        ("Content-Type", "application/json"),
        path=f"/api/{PROJECT}/cron/nightly/",
    )
    form = ("multipart/form-data; boundary=XX",)
    fields = [
        ('name="sentry[tags][note]"', text("form field").encode()),
        (f'name="{_name(text("form, name"))}"', b"1"),
        ('name="sentry"', json.dumps(writer.full_event()).encode()),
    ]
    dump = (
        f'name="upload_file_minidump"; filename="{_name(text("multipart filename"))}"',
        _dump(text("minidump")),
    )
    other = (
        f'name="log"; filename="{_name(text("multipart filename"))}"',
        text("multipart file").encode(),
    )
    for parts in ((*fields, dump, other), fields, (other,)):
        yield post(
            "multipart",
            multipart(parts),
            *granted,
            ("Content-Type", form[0]),
            path=f"/api/{PROJECT}/minidump/",
        )
    yield post(
        "attachments",
        multipart((other,)),
        *granted,
        ("Content-Type", form[0]),
        path=f"/api/{PROJECT}/events/{'a' * 32}/attachments/",
    )
    yield post(
        "minidump, bare",
        _dump(text("minidump")),
        *granted,
        ("Content-Type", "application/x-dmp"),
        path=f"/api/{PROJECT}/minidump/",
    )
    dsn = {"event_id": writer.id(), "dsn": f"https://{KEY}@relay.example/{PROJECT}"}
    yield Request(
        "tunnel",
        "/tunnel",
        (),
        envelope(dsn, [({"type": "event"}, json.dumps(writer.full_event()).encode())]),
    )


def _name(text: str) -> str:
    return quote(text, safe=" /\\:.@")


def multipart(parts: Sequence[tuple[str, bytes]]) -> bytes:
    """A form with the boundary XX."""
    body = b"".join(
        b"--XX\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (head.encode(), payload)
        for head, payload in parts
    )
    return body + b"--XX--\r\n"


ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


def chunked(body: bytes, size: int = 1000) -> bytes:
    """A body in pieces (RFC 9112, section 7.1)."""
    pieces = (body[at : at + size] for at in range(0, len(body), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def packed(writer: Writer) -> Iterator[Request]:
    """Yield an event in each encoding of a body, and in pieces."""
    for name, pack in ENCODINGS.items():
        body = of_event(writer.full_event())
        yield Request(
            f"Content-Encoding {name}",
            ENVELOPE,
            (("X-Sentry-Auth", AUTH), ("Content-Encoding", name)),
            pack(body),
            body,
        )
    body = of_event(writer.full_event())
    yield Request(
        "Transfer-Encoding chunked",
        ENVELOPE,
        (("X-Sentry-Auth", AUTH), ("Transfer-Encoding", "chunked")),
        chunked(body),
        body,
    )


SPELLINGS: dict[str, Callable[[str], str]] = {
    "percent": lambda text: quote(text, safe=""),
    "percent, twice": lambda text: quote(quote(text, safe=""), safe=""),
    "base64": lambda text: base64.b64encode(f"state {text} end".encode()).decode(),
    "hex": lambda text: f"state {text} end".encode().hex(),
    "JSON in JSON": lambda text: json.dumps({"note": text}),
    "JSON in JSON in JSON": lambda text: json.dumps({"a": json.dumps({"note": text})}),
    "full width": lambda text: "".join(
        chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text
    ),
    "escapes": lambda text: "".join(f"\\u{ord(c):04x}" for c in text),
    "gzip in base64": lambda text: base64.b64encode(gzip.compress(f"a {text} b".encode())).decode(),
    "zlib in base64": lambda text: base64.b64encode(zlib.compress(f"a {text} b".encode())).decode(),
}
"""How a text may hide in a value."""


def spelt(writer: Writer) -> Iterator[Request]:
    """Yield events with a secret in each spelling, and texts in UTF-16."""
    for name, write in SPELLINGS.items():
        secrets = [writer.secret(f"spelt, {name}") for _ in range(2)]
        first, second = (write(one) if one else "" for one in secrets)
        event = writer.event(message=f"broke: {first}", extra={"state": second, "list": [second]})
        yield Request(
            "spelling",
            ENVELOPE,
            (("X-Sentry-Auth", AUTH),),
            of_event(event),
            "\n".join(secrets).encode(),
        )
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        text = f"start\n{writer.secret('spelt, ' + encoding)}\nend"
        headers = {"type": "attachment", "filename": "a.log"}
        body = envelope(
            {"event_id": writer.id(), "consent": True}, [(headers, text.encode(encoding))]
        )
        yield Request("spelling", ENVELOPE, (("X-Sentry-Auth", AUTH),), body, text.encode())


WELL = (events, protected, items, http_headers, urls, routes, packed, spelt)
"""All of the above."""


def all_of(writer: Writer) -> Iterator[Request]:
    """Yield every request of this file, one secret for each place."""
    for make in WELL:
        yield from make(writer)
