"""A small item of every kind, with what is personal planted where its kind keeps such things."""

import base64
import json
import zlib
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.target import NEEDLE, event, new_id

FOLDER = "/home/jane/wallet"
PERSONAL = (NEEDLE.encode(), b"jane")
"""What must not arrive of any item here."""


@dataclass(frozen=True)
class Sample:
    """An item.

    `row` is the row of the protocol that it belongs to, `stays` what has to arrive of it as it was.
    """

    row: str
    kind: str
    payload: bytes
    stays: tuple[bytes, ...] = ()
    header: dict[str, Any] = field(default_factory=dict)
    event_id: str = field(default_factory=new_id)


def _json(row: str, kind: str, document: Any, *stays: str, **header: Any) -> Sample:
    event_id = document.get("event_id") if isinstance(document, dict) else None
    payload = json.dumps(document, separators=(",", ":")).encode()
    kept = tuple(text.encode() for text in stays)
    return Sample(f"kinds/{row}", kind, payload, kept, header, event_id or new_id())


def _event(**more: Any) -> dict[str, Any]:
    return event(message=f"no answer from {NEEDLE}", extra={"folder": FOLDER}, **more)


def _trace() -> dict[str, Any]:
    return {"trace": {"trace_id": new_id(), "span_id": "a" * 16, "op": "http.server"}}


def _container(item: dict[str, Any]) -> dict[str, Any]:
    return {"items": [item]}


def _attributes() -> dict[str, Any]:
    return {
        "client.address": {"type": "string", "value": NEEDLE},
        "code.file.path": {"type": "string", "value": f"{FOLDER}/app.js"},
        "http.response.status_code": {"type": "integer", "value": 503},
    }


_TIMES = {"started": "2026-11-26T10:00:00Z", "timestamp": "2026-11-26T10:00:01Z"}
_SESSION_ATTRS = {"release": "suite@24.11.1", "ip_address": NEEDLE, "user_agent": "Mozilla/5.0"}
_FRAME = {"function": "syncAll", "filename": f"{FOLDER}/app.py", "lineno": 7}
_LOGS = "application/vnd.sentry.items.log+json"
_SPANS = "application/vnd.sentry.items.span.v2+json"
_METRICS = "application/vnd.sentry.items.trace-metric+json"

_SESSION = {
    "sid": new_id(),
    "did": f"jane@{NEEDLE}",
    "init": True,
    "status": "ok",
    "errors": 0,
    "attrs": _SESSION_ATTRS,
    **_TIMES,
}
_AGGREGATE = {"started": _TIMES["started"], "did": f"jane@{NEEDLE}", "exited": 3}
_CHECK_IN = {
    "check_in_id": new_id(),
    "monitor_slug": "nightly-sync",
    "status": "error",
    "contexts": {"a": {"folder": FOLDER, "address": NEEDLE}},
}
_CLIENT_REPORT = {
    "timestamp": 1_790_000_000.0,
    "discarded_events": [
        {"reason": "queue_overflow", "category": "error", "quantity": 23},
        {"reason": f"at {NEEDLE}", "category": "error", "quantity": 1},
    ],
}
_BUCKET = {
    "timestamp": 1_790_000_000,
    "width": 10,
    "name": "d:custom/loads@millisecond",
    "type": "d",
    "value": [36.0, 49.0],
    "tags": {"route": f"{FOLDER}/x", "host": NEEDLE},
}
_SPAN = {
    "trace_id": new_id(),
    "span_id": "b" * 16,
    "name": f"GET http://{NEEDLE}/a",
    "status": "ok",
    "start_timestamp": 1.0,
    "end_timestamp": 2.0,
    "is_segment": True,
    "attributes": _attributes(),
}
_LOG = {
    "timestamp": 1_790_000_000.0,
    "trace_id": new_id(),
    "level": "warn",
    "severity_number": 13,
    "body": f"could not open {FOLDER} of {NEEDLE}",
    "attributes": _attributes(),
}
_METRIC = {
    "timestamp": 1_790_000_000.0,
    "trace_id": new_id(),
    "name": "sync.duration",
    "type": "distribution",
    "value": 187.5,
    "unit": "millisecond",
    "attributes": _attributes(),
}
_PROFILE = {
    "event_id": new_id(),
    "version": "1",
    "platform": "python",
    "release": "suite@24.11.1",
    "device": {"architecture": "x86_64", "model": f"at {NEEDLE}"},
    "transaction": {"name": f"{FOLDER}/index", "trace_id": new_id(), "id": new_id()},
    "profile": {
        "samples": [{"stack_id": 0, "thread_id": "1", "elapsed_since_start_ns": 10}],
        "stacks": [[0]],
        "frames": [_FRAME],
    },
}
_CHUNK = {
    "profiler_id": new_id(),
    "chunk_id": new_id(),
    "version": "2",
    "platform": "python",
    "release": "suite@24.11.1",
    "profile": {
        "samples": [{"stack_id": 0, "thread_id": "1", "timestamp": 1.5}],
        "stacks": [[0]],
        "frames": [{**_FRAME, "abs_path": f"{FOLDER}/app.py", "module": f"at {NEEDLE}"}],
    },
}
_REPLAY_ID = new_id()
_REPLAY = {
    "type": "replay_event",
    "replay_id": _REPLAY_ID,
    "event_id": _REPLAY_ID,
    "replay_type": "session",
    "segment_id": 0,
    "timestamp": 1_790_000_000.0,
    "urls": [f"https://suite.example/?at={NEEDLE}", f"file://{FOLDER}/index.html"],
    "tags": {"allowReport": True},
    "user": {"ip_address": NEEDLE},
}
_HIERARCHY = {
    "rendering_system": "UIKIT",
    "windows": [{"type": "UIWindow", "identifier": f"at {NEEDLE}", "children": []}],
}
_CSP = {
    "csp-report": {
        "document-uri": f"http://{NEEDLE}/accounts",
        "effective-directive": "img-src",
        "original-policy": "default-src 'none'",
        "blocked-uri": f"file://{FOLDER}/a.png",
    }
}

ARRIVING: dict[str, Sample] = {
    "event": _json("event", "event", _event(), "no answer from"),
    "transaction": _json(
        "event",
        "transaction",
        _event(
            type="transaction",
            transaction=f"GET {FOLDER}",
            start_timestamp=1.5,
            timestamp=2.5,
            contexts=_trace(),
            spans=[
                {
                    "span_id": "b" * 16,
                    "trace_id": new_id(),
                    "description": f"http://{NEEDLE}/",
                    "start_timestamp": 1.5,
                    "timestamp": 2.5,
                    "data": {"folder": FOLDER},
                }
            ],
        ),
        "http.server",
    ),
    "feedback": _json(
        "event",
        "feedback",
        _event(
            type="feedback",
            contexts={"feedback": {"message": f"it hangs at {NEEDLE}", "name": "jane"}},
        ),
        "it hangs at",
    ),
    "security": _json("security", "security", _event(type="csp", csp={"a": NEEDLE})),
    "raw_security": _json("security", "raw_security", _CSP, "img-src"),
    "user_report": _json(
        "user_report",
        "user_report",
        {
            "event_id": new_id(),
            "name": "jane",
            "email": "jane@example.com",
            "comments": f"it hangs at {NEEDLE}",
        },
        "it hangs at",
    ),
    "session": _json("session", "session", _SESSION, str(_SESSION["sid"]), "suite@24.11.1"),
    "sessions": _json(
        "session",
        "sessions",
        {"aggregates": [_AGGREGATE], "attrs": _SESSION_ATTRS},
        _TIMES["started"],
        "suite@24.11.1",
    ),
    "check_in": _json("check_in", "check_in", _CHECK_IN, "nightly-sync", "error"),
    "client_report": _json("check_in", "client_report", _CLIENT_REPORT, "queue_overflow", "23"),
    "metric_buckets": _json("check_in", "metric_buckets", [_BUCKET], "49.0", "d:custom/loads"),
    "span": _json("container", "span", _container(_SPAN), "503", item_count=1, content_type=_SPANS),
    "log": _json(
        "container",
        "log",
        _container(_LOG),
        "could not open",
        "503",
        item_count=1,
        content_type=_LOGS,
    ),
    "trace_metric": _json(
        "container",
        "trace_metric",
        _container(_METRIC),
        "sync.duration",
        "187.5",
        item_count=1,
        content_type=_METRICS,
    ),
    "profile": _json("profile", "profile", _PROFILE, "syncAll", "app.py"),
    "profile_chunk": _json(
        "profile", "profile_chunk", _CHUNK, "syncAll", "app.py", platform="python"
    ),
    "replay_event": _json("replay_event", "replay_event", _REPLAY, "session"),
    "attachment, text": Sample(
        "kinds/attachment",
        "attachment",
        f"started\nconnect {NEEDLE} failed in {FOLDER}\n".encode(),
        (b"started\nconnect ", b" failed in "),
        {"filename": "a.log", "content_type": "text/plain"},
    ),
    "attachment, UTF-16 with a mark": Sample(
        "kinds/attachment",
        "attachment",
        f"started; connect {NEEDLE}".encode("utf-16"),
        ("started; connect ".encode("utf-16"),),
        {"filename": "a.log"},
    ),
    "attachment, UTF-16 without a mark": Sample(
        "kinds/attachment",
        "attachment",
        f"started; connect {NEEDLE}".encode("utf-16-le"),
        ("started; connect ".encode("utf-16-le"),),
        {"filename": "a.log"},
    ),
    "attachment, JSON": _json(
        "attachment",
        "attachment",
        {"host": NEEDLE, "folder": FOLDER, "answer": 42},
        "42",
        filename="state.bin",
        content_type="application/octet-stream",
    ),
    "attachment, view hierarchy": _json(
        "view_hierarchy",
        "attachment",
        _HIERARCHY,
        "UIWindow",
        filename="view-hierarchy.json",
        attachment_type="event.view_hierarchy",
        content_type="application/json",
    ),
}
"""Kinds that go on by default, each with what of it has to arrive."""

_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
_RECORDING = b'{"segment_id":0}\n' + zlib.compress(json.dumps([{"type": 4, "data": {}}]).encode())

DROPPED: dict[str, Sample] = {
    "replay_recording": Sample("kinds/replay_recording", "replay_recording", _RECORDING),
    "replay_video": Sample("kinds/replay_video", "replay_video", b"\x82\xa1a\x01\xa1b\x02"),
    "attachment, minidump": Sample(
        "kinds/minidump",
        "attachment",
        b"MDMP" + bytes(60),
        (),
        {"filename": "a.dmp", "attachment_type": "event.minidump"},
    ),
    "attachment, Apple's crash report": Sample(
        "kinds/minidump",
        "attachment",
        b"Incident Identifier: 1\nPath: /Users/jane/a\n",
        (),
        {"filename": "a.crash", "attachment_type": "event.applecrashreport"},
    ),
    "attachment, a picture": Sample(
        "kinds/attachment-other", "attachment", _PNG, (), {"filename": "screenshot.png"}
    ),
    "attachment, a picture that says it is text": Sample(
        "kinds/attachment-other",
        "attachment",
        _PNG,
        (),
        {"filename": "a.txt", "content_type": "text/plain"},
    ),
    "attachment, an archive": Sample(
        "kinds/attachment-other",
        "attachment",
        b"PK\x03\x04" + bytes(26) + zlib.compress(b"text" * 20),
        (),
        {"filename": "logs.zip"},
    ),
    "form_data": Sample("kinds/form_data", "form_data", b'[["a","b"]]'),
    "unreal_report": Sample("kinds/form_data", "unreal_report", b"CR1" + bytes(20)),
    "statsd": Sample("kinds/unknown", "statsd", b"a@none:1|c|#host:1\n"),
    "an unknown kind": Sample("kinds/unknown", "brand_new", b'{"a":1}'),
    "no kind": Sample("kinds/unknown", "", b'{"a":1}'),
}
"""Kinds that do not go on by default."""
