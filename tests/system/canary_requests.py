"""Requests that carry a secret in each of their places: here events, envelopes and items.

Law of this file: each function writes requests as they go over the wire, and needs of them only
that they hold what was drawn. Which answer one gets is another matter.
"""

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.packings import Item, packings
from benchmarks.places import empty_event, layouts
from tests.minidumps import windows
from tests.system.canary_secrets import Draw
from tests.system.running import AUTH, ENVELOPE

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
                place.put(own, drawn.text, drawn.key or "note")
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
    yield {"type": "attachment", "attachment_type": "event.minidump"}, dump(text("minidump"))
    recording = json.dumps([{"type": 5, "timestamp": 1, "data": {"tag": text("recording")}}])
    for body in (recording.encode(), zlib.compress(recording.encode())):
        yield {"type": "replay_recording"}, b'{"segment_id":0}\n' + body


def dump(text: str) -> bytes:
    """A minidump with a secret behind its streams."""
    return windows() + text.encode() + b"\0" + text.encode("utf-16-le")
