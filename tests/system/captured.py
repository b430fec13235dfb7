"""The requests under tests/samples, and what the relay owes each of them.

Law of this file: what is expected is worked out here from the bytes of a sample, by a reader of its
own, and by nothing of the relay.
"""

import gzip
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import brotli

from tests.system.running import Headers

SAMPLES = Path(__file__).parents[1] / "samples"

MINDFUL = frozenset({
    "event", "transaction", "feedback", "check_in", "profile", "replay_event",
})  # fmt: skip
"""Kinds whose document has tags, and so can carry consent."""

OWN_ACT = frozenset({"feedback", "user_report"})
NOT_FORWARDED = frozenset({"replay_recording", "minidump"})
ATTACHED = {"event.minidump": "minidump", "event.view_hierarchy": "view_hierarchy"}
ABSENT = object()


@dataclass(frozen=True)
class Channels:
    """The names under which a project looks for consent, beside the tag allowReport.

    `scrubbed` are kinds that go on though they would be dropped by default.
    """

    header: str
    envelope_key: str
    query: str = "consent"
    flags: tuple[str, ...] = ()
    required: bool = True
    prefix: str = "consented"
    scrubbed: frozenset[str] = frozenset()

    def config(self) -> dict[str, Any]:
        """As it stands in relay.yaml, where the prefix cannot be chosen."""
        return {
            "header": self.header,
            "envelope_key": self.envelope_key,
            "query": self.query,
            "flags": list(self.flags),
            "required": self.required,
        }


@dataclass(frozen=True)
class Item:
    """One item: its header, its bytes, its document if it is JSON."""

    header: dict[str, Any]
    payload: bytes

    @cached_property
    def document(self) -> Any:
        try:
            return json.loads(self.payload)
        except ValueError:
            return None

    @property
    def text(self) -> bytes:
        """The payload, open: a recording of a replay is a line, and JSON that may be compressed."""
        if self.header["type"] != "replay_recording":
            return self.payload
        head, _, body = self.payload.partition(b"\n")
        return head + b"\n" + (body if body.startswith(b"[") else zlib.decompress(body))

    @property
    def kind(self) -> str:
        """As the relay counts it, by what an event says inside, and by an attachment's type."""
        kind = ATTACHED.get(self.header.get("attachment_type", ""), str(self.header["type"]))
        inner = self.document.get("type") if isinstance(self.document, dict) else None
        return inner if kind == "event" and inner in ("feedback", "transaction") else kind

    @property
    def is_text(self) -> bool:
        """Whether an attachment can be scrubbed as text."""
        media = str(self.header.get("content_type", ""))
        return not media.startswith("image/") and b"\0" not in self.payload and _utf8(self.payload)


@dataclass(frozen=True)
class Expected:
    """What a sample is owed: the answer's status, why, and one (kind, reason) an item."""

    status: int
    why: str
    items: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Sample:
    """One captured request; `body` is raw, as it came over the wire."""

    name: str
    method: str
    path: str
    headers: Headers
    body: bytes

    def __repr__(self) -> str:
        return self.name

    @property
    def lower(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers}

    @cached_property
    def decoded(self) -> bytes:
        match self.lower.get("content-encoding"):
            case "gzip":
                return gzip.decompress(self.body)
            case "br":
                return brotli.decompress(self.body)
            case _:
                return self.body

    @property
    def route(self) -> str:
        return urlsplit(self.path).path.rstrip("/").rpartition("/")[2]

    @property
    def is_envelope(self) -> bool:
        return self.route in ("envelope", "tunnel")

    @property
    def client(self) -> str:
        """What the SDK calls itself to the server: name and version, or nothing."""
        named = dict(parse_qsl(urlsplit(self.path).query)).get("sentry_client", "")
        return client_of(f"sentry_client={named}") or client_of(self.lower.get("x-sentry-auth", ""))

    @cached_property
    def head(self) -> dict[str, Any]:
        """The envelope's header; other routes have none."""
        if not self.is_envelope:
            return {}
        return json.loads(self.decoded.partition(b"\n")[0])

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """The items that it holds, or that other routes make of it."""
        match self.route:
            case "security":
                return (Item({"type": "raw_security"}, self.decoded),)
            case "minidump":
                return tuple(read_form(self.decoded))
            case _:
                return tuple(read_items(self.decoded))

    @property
    def event(self) -> dict[str, Any] | None:
        """The error event in it, if it has an id of its own."""
        events = (item.document for item in self.items if item.kind == "event")
        return next((event for event in events if "event_id" in event), None)

    def expected(self, channels: Channels) -> Expected:
        """Work out what it is owed where these channels are configured."""
        if not urlsplit(self.path).path.startswith(("/api/", "/tunnel", f"/{channels.prefix}/")):
            return Expected(404, "a path prefix that says nothing to the relay")
        if self.method == "OPTIONS":
            return Expected(200, "preflight")
        said = list(self.evidence(channels)) if channels.required else [("nobody asks", True)]
        denied = [source for source, granted in said if not granted]
        dropped = NOT_FORWARDED - channels.scrubbed
        reasons = tuple(
            (item.kind, self._reason(item, said, denied, dropped)) for item in self.items
        )
        refused = all(reason.startswith("consent_") for _, reason in reasons)
        status = 403 if reasons and refused else 200
        if denied:
            why = f"denied by {denied[0]}"
        elif said:
            why = f"granted by {said[0][0]}"
        else:
            why = "nothing speaks of consent" if status == 403 else "the user's own act"
        return Expected(status, why, reasons)

    def _reason(
        self, item: Item, said: list[tuple[str, bool]], denied: list[str], dropped: frozenset[str]
    ) -> str:
        if denied:
            return "consent_denied"
        if not said and item.kind not in OWN_ACT:
            return "consent_missing"
        if item.kind in dropped or (item.kind == "attachment" and not item.is_text):
            return "item_policy"
        return "accepted"

    def evidence(self, channels: Channels) -> Iterator[tuple[str, bool]]:
        """Yield what it says about consent: where, and whether it grants."""
        if urlsplit(self.path).path.startswith(f"/{channels.prefix}/"):
            yield "the path prefix", True
        if (header := self.lower.get(channels.header.lower())) is not None:
            yield "the HTTP header", header == "true"
        for name, value in parse_qsl(urlsplit(self.path).query):
            if name == channels.query:
                yield "the URL", value == "true"
        if (value := self.head.get(channels.envelope_key, ABSENT)) is not ABSENT:
            yield "the envelope header", value in (True, "true")
        for item in self.items:
            if item.kind in MINDFUL and isinstance(item.document, dict):
                tags = item.document.get("tags") or {}
                for flag in ("allowReport", *channels.flags):
                    if flag in tags:
                        yield "the tag", tags[flag] in (True, "true")


def client_of(auth: str) -> str:
    """The name and version of an SDK in credentials, or nothing; a relay's own is nothing."""
    found = re.search(r"sentry_client=(sentry[^,\s/]*/\d[^,\s]*)", auth)
    return found[1] if found else ""


def load(folder: Path) -> list[Sample]:
    """Read every sample, in the order of their names."""
    return [_load(path, folder) for path in sorted(folder.glob("*/*.json"))]


def _load(path: Path, folder: Path) -> Sample:
    facts = json.loads(path.read_text())
    return Sample(
        name=str(path.relative_to(folder).with_suffix("")),
        method=facts["method"],
        path=facts["path_qs"],
        headers=tuple((name, value) for name, value in facts["headers"] if name != "Host"),
        body=path.with_suffix(".bin").read_bytes(),
    )


def read_items(data: bytes) -> Iterator[Item]:
    """Read an envelope: with a length a payload has so many bytes, without it ends at the line."""
    at = _line_end(data, 0) + 1
    while at < len(data):
        end = _line_end(data, at)
        header = json.loads(data[at:end])
        at = end + 1
        end = at + header["length"] if "length" in header else _line_end(data, at)
        yield Item(header, data[at:end])
        at = end + 1


def read_form(data: bytes) -> Iterator[Item]:
    """Read a form with a minidump: its field `sentry` is an event, its files are attachments."""
    boundary, _, _ = data.partition(b"\r\n")
    for part in data.split(boundary)[1:-1]:
        head, _, content = part.removesuffix(b"\r\n").partition(b"\r\n\r\n")
        name = re.findall(rb'[ ;](?:file)?name="([^"]*)"', head)[-1].decode()
        if name == "sentry":
            yield Item({"type": "event"}, content)
        elif b"upload_file_minidump" in head:
            yield Item({"type": "attachment", "attachment_type": "event.minidump"}, content)
        elif b"filename=" in head:
            yield Item({"type": "attachment", "filename": name}, content)


def _line_end(data: bytes, start: int) -> int:
    end = data.find(b"\n", start)
    return len(data) if end < 0 else end


def _utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def debugging_facts(event: dict[str, Any]) -> dict[str, Any]:
    """What of an event somebody needs who looks for the mistake in the code."""
    return {
        "event_id": event.get("event_id"),
        "level": event.get("level"),
        "release": event.get("release"),
        "platform": event.get("platform"),
        "types": [one.get("type") for one in _exceptions(event)],
        "frames": [_frame(frame) for one in _exceptions(event) for frame in _frames(one)],
    }


def _exceptions(event: dict[str, Any]) -> list[dict[str, Any]]:
    found = event.get("exception") or []
    return found.get("values", []) if isinstance(found, dict) else found


def _frames(exception: dict[str, Any]) -> list[dict[str, Any]]:
    return (exception.get("stacktrace") or {}).get("frames") or []


def _frame(frame: dict[str, Any]) -> tuple[Any, ...]:
    name = frame.get("filename")
    base = re.split(r"[/\\]", name)[-1] if isinstance(name, str) else name
    return (
        frame.get("function"),
        frame.get("lineno"),
        frame.get("colno"),
        base,
        frame.get("in_app"),
    )


# Of the other kinds: what they are for. In a container the keys are those of each of its items.
ESSENTIALS = {
    "session": ("sid", "init", "seq", "status", "errors", "started", "timestamp", "duration"),
    "sessions": ("aggregates",),
    "check_in": ("check_in_id", "monitor_slug", "status", "duration", "monitor_config"),
    "client_report": ("timestamp", "discarded_events"),
    "transaction": ("event_id", "type", "start_timestamp", "timestamp", "transaction_info"),
    "span": ("trace_id", "span_id", "parent_span_id", "name", "start_timestamp", "status"),
    "log": ("timestamp", "trace_id", "level", "severity_number"),
    "trace_metric": ("timestamp", "trace_id", "name", "value", "type", "unit"),
    "profile": ("event_id", "version", "platform"),
    "profile_chunk": ("profiler_id", "chunk_id", "platform", "version"),
    "replay_event": ("replay_id", "segment_id", "replay_type", "replay_start_timestamp"),
    "feedback": ("event_id", "type", "level", "release"),
    "user_report": ("event_id",),
    "raw_security": ("effective-directive", "violated-directive", "disposition", "status-code"),
}


def essentials(item: Item) -> Iterator[tuple[str, str]]:
    """What of an item has to arrive as it was sent: its kind, and that part of it as JSON."""
    document = item.document
    if item.kind not in ESSENTIALS or not isinstance(document, dict):
        return
    for one in document.get("items", [document.get("csp-report", document)]):
        kept = {key: one[key] for key in ESSENTIALS[item.kind] if key in one}
        yield item.kind, json.dumps(kept, sort_keys=True)
    for frame in (document.get("profile") or {}).get("frames", []):
        yield item.kind, json.dumps([frame.get("function"), frame.get("lineno")])


def item_counts(expected: list[Expected]) -> Counter[tuple[str, ...]]:
    """How often each (kind, reason) is to be counted."""
    return Counter(pair for one in expected for pair in one.items)
