"""More requests with secrets: HTTP headers, URLs, other routes, forms, encodings, spellings."""

import base64
import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import quote

import brotli
import zstandard

from tests.system.canary_requests import (
    Request,
    Writer,
    dump,
    envelope,
    events,
    items,
    of_event,
    post,
    protected,
)
from tests.system.running import AUTH, ENVELOPE, KEY, PROJECT

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
    crash = (
        f'name="upload_file_minidump"; filename="{_name(text("multipart filename"))}"',
        dump(text("minidump")),
    )
    other = (
        f'name="log"; filename="{_name(text("multipart filename"))}"',
        text("multipart file").encode(),
    )
    for parts in ((*fields, crash, other), fields, (other,)):
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
        dump(text("minidump")),
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
"""All that is well formed, or nearly."""


def all_of(writer: Writer) -> Iterator[Request]:
    """Yield them all, with a fresh secret for each place."""
    for make in WELL:
        yield from make(writer)
