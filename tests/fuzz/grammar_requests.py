"""Requests: every route, in HTTP as it stands on the wire, with bodies in every encoding.

Law of this file: what is drawn is bytes. The head says what it should, or nearly; what is broken in
the framing itself is for `grammar_wire.py`.
"""

import base64
import gzip
import json
import lzma
import zlib
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgpack
import zstandard

from tests.fuzz.grammar import KEY, envelope
from tests.fuzz.grammar_content import encoded
from tests.fuzz.grammar_events import event, report, tags
from tests.fuzz.grammar_items import attachment, minidump
from tests.fuzz.grammar_values import identity, number, scalar, text, value, word, write
from tests.fuzz.grammar_wrong import broken
from tests.fuzz.planted import hidden
from tests.fuzz.tally import note

Pairs = list[tuple[str, str]]
Body = tuple[bytes, str]
"""A body and its Content-Type."""

PROJECTS: Final = ("1", "2", "3", "4")
"""Known projects; their policies are the target's. Project 9 is nobody's."""

BOUNDARY: Final = "----fuzz0123456789"


# --- bodies ---------------------------------------------------------------------------------------


def _envelope(chance: Random) -> Body:
    return envelope(chance), chance.choice(("application/x-sentry-envelope", "text/plain", ""))


def _store(chance: Random) -> Body:
    document = write(chance, event(chance))
    form = chance.randint(0, 5)
    note("store", str(form))
    match form:
        case 0:
            return base64.b64encode(document), "application/octet-stream"
        case 1:
            return base64.b64encode(zlib.compress(document)), "application/octet-stream"
        case 2:
            field = base64.b64encode(document).decode()
            return urlencode({"sentry_data": field}).encode(), "application/x-www-form-urlencoded"
        case 3:
            pair = urlencode(
                [("sentry_data", document), ("sentry_data", "{}")][: number_of(chance)]
            )
            return pair.encode(), "application/x-www-form-urlencoded"
        case _:
            return document, "application/json"


def number_of(chance: Random) -> int:
    """Draw 1 or 2."""
    return chance.randint(1, 2)


def _security(chance: Random) -> Body:
    document = [report(chance) for _ in range(chance.randint(0, 3))]
    made = document if chance.random() < 0.4 else report(chance)
    media = ("application/csp-report", "application/json", "application/reports+json", "text/html")
    return write(chance, made), chance.choice(media)


def _nel(chance: Random) -> Body:
    return write(chance, report(chance)), "application/reports+json"


def _cron(chance: Random) -> Body:
    document = {"status": chance.choice(("ok", "error", "x", 5)), "duration": number(chance),
                "environment": text(chance), "check_in_id": identity(chance), "tags": tags(chance),
                "monitor_config": value(chance)}  # fmt: skip
    return (write(chance, document), "application/json") if chance.random() < 0.6 else (b"", "")


def _part(name: str, data: bytes, filename: str | None = None, media: str = "") -> bytes:
    shown = f'; filename="{filename}"' if filename is not None else ""
    head = f'Content-Disposition: form-data; name="{name}"{shown}\r\n'
    if media:
        head += f"Content-Type: {media}\r\n"
    return head.encode("utf-8", "replace") + b"\r\n" + data


def _form(chance: Random, parts: Sequence[bytes]) -> Body:
    mark = f"--{BOUNDARY}".encode()
    body = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"
    if chance.random() < 0.1:
        note("wrong", "multipart")
        body = chance.choice((
            body[: chance.randint(0, len(body))], body.replace(b"\r\n", b"\n"), mark + body,
            body.replace(mark, b"--other"), body.replace(b"name=", b"name"),
        ))  # fmt: skip
    media = chance.choice((
        f"multipart/form-data; boundary={BOUNDARY}", f'multipart/form-data; boundary="{BOUNDARY}"',
        f"Multipart/Form-Data; charset=utf-8; boundary={BOUNDARY}",
    ))  # fmt: skip
    return body, media if chance.random() < 0.95 else "multipart/form-data"


def _quoted(chance: Random) -> str:
    return text(chance).replace('"', "%22").replace("\r", "").replace("\n", " ")


def form_field(chance: Random) -> bytes:
    """Draw a field of a crash report's form; its name is Sentry's, in one of its forms, or not."""
    roll = chance.randint(0, 5)
    note("field of a form", str(roll))
    match roll:
        case 0:
            return _part("sentry", write(chance, event(chance, 2)))
        case 1:
            document = write(chance, event(chance, 1))
            half = len(document) // 2
            return _part("sentry__1", document[:half]) + (
                f"\r\n--{BOUNDARY}\r\n".encode() + _part("sentry__2", document[half:])
            )
        case 2:
            return _part("sentry[tags][allowReport]", chance.choice((b"true", b"false", b"1")))
        case 3:
            path = chance.choice(("sentry[user][email]", "sentry[extra][a][b]", "sentry[release]",
                                  "sentry[[]", "sentry[contexts][state][x]"))  # fmt: skip
            return _part(path, text(chance).encode("utf-8", "replace"))
        case 4:
            return _part(_quoted(chance), text(chance).encode("utf-16", "replace"))
        case _:
            return _part(word(chance), text(chance).encode("utf-8", "replace"))


def form_file(chance: Random) -> bytes:
    """Draw a file of a form: text, an event in msgpack, breadcrumbs, a picture of the views."""
    match chance.randint(0, 4):
        case 0:
            made = event(chance, 2)
            data = msgpack.packb(_packable(made), unicode_errors="replace")
            return _part("__sentry-event", data, "__sentry-event")
        case 1:
            crumbs = [{"message": text(chance), "timestamp": "2024-07-03T12:00:00Z"}]
            data = b"".join(msgpack.packb(one, unicode_errors="replace") for one in crumbs)
            return _part("__sentry-breadcrumb1", data, "__sentry-breadcrumb1")
        case 2:
            data = write(chance, {"windows": [{"type": text(chance)}]})
            return _part("view-hierarchy.json", data, "view-hierarchy.json", "application/json")
        case _:
            return _part(word(chance), attachment(chance), _quoted(chance), "text/plain")


def _packable(document: Any) -> Any:
    return json.loads(json.dumps(document), parse_int=lambda digits: min(int(digits), 2**63))


def _crash(chance: Random) -> Body:
    if chance.random() < 0.15:
        return _packed(chance, minidump(chance)), "application/octet-stream"
    parts = [form_field(chance) for _ in range(chance.randint(0, 2))]
    if chance.random() < 0.85:
        parts.append(_part("sentry[tags][allowReport]", b"true"))
    if chance.random() < 0.8:
        dump = _packed(chance, minidump(chance))
        parts.append(_part("upload_file_minidump", dump, "a.dmp", "application/octet-stream"))
    parts += [form_file(chance) for _ in range(chance.randint(0, 1))]
    chance.shuffle(parts)
    return _form(chance, parts)


def _packed(chance: Random, data: bytes) -> bytes:
    return chance.choice((bytes, bytes, _gzip, _xz, zstandard.compress))(data)


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, 1, mtime=0)


def _xz(data: bytes) -> bytes:
    return lzma.compress(data, preset=0)


def _attachments(chance: Random) -> Body:
    return _form(chance, [form_file(chance) for _ in range(chance.randint(0, 2))])


# --- routes ---------------------------------------------------------------------------------------

ROUTES: Final[dict[str, tuple[str, str, Callable[[Random], Body]]]] = {
    "envelope": ("POST", "/api/{p}/envelope/", _envelope),
    "tunnel": ("POST", "/tunnel/", _envelope),
    "store": ("POST", "/api/{p}/store/", _store),
    "store of old": ("POST", "/api/store/", _store),
    "store by GET": ("GET", "/api/{p}/store/", lambda chance: (b"", "")),
    "security": ("POST", "/api/{p}/security/", _security),
    "csp-report": ("POST", "/api/{p}/csp-report/", _security),
    "nel": ("POST", "/api/{p}/nel/", _nel),
    "minidump": ("POST", "/api/{p}/minidump/", _crash),
    "attachments": ("POST", "/api/{p}/events/{e}/attachments/", _attachments),
    "cron": ("POST", "/api/{p}/cron/{s}/", _cron),
    "cron with a key": ("GET", "/api/{p}/cron/{s}/{k}/", _cron),
    "health": ("GET", "/api/relay/healthcheck/live/", lambda chance: (b"", "")),
    "nowhere": ("POST", "/{s}/{s}", _envelope),
}
_SHARES: Final = (5, 1, 2, 0.5, 1, 1, 0.5, 1, 2, 2, 1.5, 1, 0.2, 0.5)


def request(chance: Random) -> bytes:
    """Draw a request."""
    (name,) = chance.choices(tuple(ROUTES), _SHARES)
    note("route", name)
    method, path, make = ROUTES[name]
    body, media = make(chance)
    if chance.random() < 0.08:
        body = broken(chance, body)
    if chance.random() < 0.04:
        method = chance.choice(("GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH", "X"))
    query = _query(chance, name)
    headers: Pairs = [("Host", chance.choice(("relay.example", "127.0.0.1:3000", "x")))]
    if media and chance.random() < 0.97:
        headers.append(("Content-Type", media))
    headers += _auth(chance, query)
    headers += _more(chance)
    body, encoding = encoded(chance, body)
    if encoding is not None:
        headers.append(("Content-Encoding", encoding))
    if method != "GET" or body:
        headers.append(("Content-Length", str(len(body))))
    return written(method, _target(chance, path, query), headers, body)


def written(method: str, target: str, headers: Pairs, body: bytes) -> bytes:
    """Write a request as HTTP/1.1 has it."""
    head = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join(head).encode("utf-8", "replace") + b"\r\n\r\n" + body


def _target(chance: Random, path: str, query: Pairs) -> str:
    project = chance.choice(PROJECTS) if chance.random() < 0.95 else chance.choice(
        ("9", "0", "x", "1" * 30, "203.0.113.77", "%31", "..", ""))  # fmt: skip
    event_id = f"{chance.getrandbits(128):032x}" if chance.random() < 0.9 else word(chance)
    slug = (
        quote(text(chance), safe="", errors="replace")[:300] if chance.random() < 0.5 else "nightly"
    )
    made = path.format(p=project, e=event_id, s=slug or "x", k=KEY)
    roll = chance.random()
    if roll < 0.15:
        made = "/consented" + made
    elif roll < 0.2:
        made = chance.choice((made.rstrip("/"), made + "/", made.replace("/", "//"), made + "%0a",
                              made.replace("api", "%61pi"), made + "..", made.upper()))  # fmt: skip
    return made + ("?" + urlencode(query, errors="replace") if query else "")


def _query(chance: Random, route: str) -> Pairs:
    query: Pairs = []
    if chance.random() < 0.15:
        query.append(("consent", chance.choice(("true", "1", "false", "", "TRUE"))))
    if route == "store by GET":
        query.append(("sentry_data", _store(chance)[0].decode("latin-1")))
    if route.startswith("cron") and chance.random() < 0.7:
        query += [
            ("status", "ok"),
            ("duration", str(scalar(chance))),
            ("environment", text(chance)),
        ]
    if route in ("security", "csp-report"):
        query += [
            ("sentry_release", text(chance, version=True)),
            ("sentry_environment", text(chance)),
        ]
    if chance.random() < 0.1:
        query.append((word(chance), text(chance)))
    return query


def _auth(chance: Random, query: Pairs) -> Pairs:
    """Say who calls: in the query, in a header, in both, or nowhere."""
    roll = chance.random()
    key = KEY if chance.random() < 0.96 else chance.choice(("b" * 32, "x", "", hidden(chance)))
    client = "sentry.python/2.0" if chance.random() < 0.8 else _one_line(hidden(chance))
    if roll < 0.5:
        query.append(("sentry_key", key))
        if chance.random() < 0.4:
            query += [("sentry_version", "7"), ("sentry_client", client)]
        return []
    said = f"Sentry sentry_key={key}, sentry_version=7, sentry_client={client}"
    if roll < 0.94:
        return [("X-Sentry-Auth", said)]
    if roll < 0.96:
        return [("Authorization", said)]
    return [("X-Sentry-Auth", said), ("X-Sentry-Auth", said)] if roll < 0.98 else []


def _one_line(given: str) -> str:
    return " ".join(given.split()) or "x"


def _more(chance: Random) -> Pairs:
    drawn = (
        ("User-Agent", text(chance)), ("X-Forwarded-For", "203.0.113.77"), ("Cookie", text(chance)),
        ("Origin", text(chance)), ("Referer", text(chance)), ("X-Suite-Consent", "true"),
        ("X-Suite-Consent", chance.choice(("false", "true,false", "", " true"))),
        ("Forwarded", "for=203.0.113.77"), ("Accept-Encoding", "gzip"), ("X-" + word(chance), "1"),
    )  # fmt: skip
    return [
        (name, _one_line(value)) for name, value in chance.sample(drawn, k=chance.randint(0, 3))
    ]
