"""Limits on sizes and counts: what fits is taken, one byte or item more is 413."""

import json
import random
from collections.abc import Callable

import pytest

from tests.conformance.target import (
    Parts,
    Target,
    envelope,
    event,
    event_envelope,
    multipart,
    new_id,
    short,
)

rows = pytest.mark.rows
ours = pytest.mark.ours
KIB = 1024
MIB = 1024 * KIB

BLOCK = random.Random(7).randbytes(MIB // 2).hex().encode()
"""A mebibyte of text that hardly compresses; a few make a large body that is no bomb."""


def filled(document: dict[str, object], size: int) -> bytes:
    """A JSON document of exactly so many bytes: a list of numbers takes the rest."""
    empty = json.dumps({**document, "_": []}).encode()
    rest = size - len(empty)
    return empty[:-2] + b"1" + b",1" * ((rest - 1) // 2) + b" " * ((rest - 1) % 2) + b"]}"


def padded(document: dict[str, object], size: int) -> bytes:
    """The same with spaces, which cost nobody any work."""
    text = json.dumps(document).encode()
    return text[:-1] + b" " * (size - len(text)) + b"}"


def _event(kind: str) -> dict[str, object]:
    document = event()
    if kind == "transaction":
        document |= {"type": kind, "transaction": "/a", "start_timestamp": 1.0, "timestamp": 2.0}
        document |= {"contexts": {"trace": {"trace_id": new_id(), "span_id": "a" * 16}}}
    if kind == "feedback":
        document |= {"type": kind, "contexts": {"feedback": {"message": "it broke"}}}
    return document


SESSION = {
    "sid": "9c8ab5f4-3c5b-4b62-8c0f-30a7c4b6e3a5",
    "init": True,
    "started": "2026-11-26T10:00:00Z",
    "timestamp": "2026-11-26T10:00:00Z",
    "status": "ok",
    "attrs": {"release": "a@1"},
}
CHECK_IN = {"check_in_id": new_id(), "monitor_slug": "nightly", "status": "ok"}
REPORT = {"timestamp": 1.0, "discarded_events": []}
LOG = {"timestamp": 1.0, "trace_id": new_id(), "level": "info", "body": "it happened"}
SPAN = {
    "trace_id": new_id(), "span_id": "b" * 16, "name": "a", "status": "ok",
    "start_timestamp": 1.0, "end_timestamp": 2.0, "is_segment": True,
}  # fmt: skip
PROFILE = {
    "event_id": new_id(), "version": "1", "platform": "python", "release": "a@1",
    "profile": {"samples": [], "stacks": [], "frames": []},
}  # fmt: skip
REPLAY = {"replay_id": new_id(), "type": "replay_event", "segment_id": 0, "timestamp": 1.0}

LIMITS: dict[str, tuple[str, str, int, dict[str, object]]] = {
    "an event": ("limits/event", "event", MIB, event()),
    "a transaction": ("limits/event", "transaction", MIB, _event("transaction")),
    "a feedback": ("limits/event", "feedback", MIB, _event("feedback")),
    "a user report": ("limits/event", "user_report", MIB, {"event_id": new_id(), "comments": "a"}),
    "a client report": ("limits/client_report", "client_report", 100 * KIB, REPORT),
    "a check-in": ("limits/check_in", "check_in", 100 * KIB, CHECK_IN),
    "a session": ("limits/sessions", "session", 10 * MIB, SESSION),
    "a profile": ("limits/profile", "profile", 50 * MIB, PROFILE),
    "a span": ("limits/span", "span", 10 * MIB, SPAN),
    "a log": ("limits/log", "log", 2 * MIB, LOG),
    "a replay": ("limits/replay", "replay_event", 10 * MIB, REPLAY),
}


@rows(
    "limits/event", "limits/client_report", "limits/check_in", "limits/sessions",
    "limits/profile", "limits/span", "limits/log", "limits/replay", "limits/message",
    "answers/413",
)  # fmt: skip
@pytest.mark.parametrize("what", list(LIMITS))
def test_one_byte_over_is_413(target: Target, what: str) -> None:
    """The answer names the kind that is too large."""
    _, kind, limit, document = LIMITS[what]
    reply = target.post("envelope", envelope({}, (kind, padded(document, limit + 1))))
    assert 413 == reply.status
    assert f"envelope exceeded size limits for type '{kind}'" == reply.json()["detail"]


@rows(
    "limits/event", "limits/client_report", "limits/check_in", "limits/sessions",
    "limits/span", "limits/log",
)  # fmt: skip
@pytest.mark.parametrize("what", [name for name, row in LIMITS.items() if row[2] <= 10 * MIB])
def test_what_fits_exactly_is_taken(target: Target, what: str) -> None:
    """A payload of as many bytes as are allowed."""
    _, kind, limit, document = LIMITS[what]
    if "event_id" in document:
        document = {**document, "event_id": new_id()}
    reply = target.post("envelope", envelope({}, (kind, padded(document, limit))))
    assert (200, b"") == (reply.status, reply.body if reply.status != 200 else b"")


def _container(size: int) -> Parts:
    header = {"item_count": 1, "content_type": "application/vnd.sentry.items.log+json"}
    return ("log", padded({"items": [LOG]}, size), header)


@rows("limits/container")
def test_a_container(target: Target) -> None:
    """A container of many takes 12 MiB, where one log takes 2."""
    sizes = {12 * MIB + 1: 413, 3 * MIB: 200}
    found = {size: target.post("envelope", envelope({}, _container(size))).status for size in sizes}
    assert sizes == found


COUNTS: dict[str, tuple[int, Callable[[int], Parts]]] = {
    "items": (500, lambda _: ("unheard_of", b"a")),
    "attachments": (30, lambda i: ("attachment", b"text", {"filename": f"{i}.txt"})),
    "client reports": (100, lambda _: ("client_report", REPORT)),
    "sessions": (100, lambda _: ("session", {**SESSION, "sid": new_id()})),
}


@rows("limits/items", "limits/attachments", "limits/client_report", "limits/sessions")
@pytest.mark.parametrize("what", list(COUNTS))
def test_one_item_over_is_413(target: Target, what: str) -> None:
    """As many as are allowed are taken, and one more is not."""
    limit, make = COUNTS[what]
    statuses = [
        target.post("envelope", envelope({}, *(make(i) for i in range(count)))).status
        for count in (limit, limit + 1)
    ]
    assert [200, 413] == statuses


@rows("limits/attachments", "limits/envelope", "answers/413")
def test_attachments_over_200_mib_together(target: Target) -> None:
    """Two that fit by themselves do not fit together; nor does the envelope that holds them."""
    half = BLOCK * 101
    files = (("attachment", half, {"filename": name}) for name in ("a.txt", "b.txt"))
    body = envelope({}, *files)
    reply = target.post("envelope", body)
    target.client.close()  # what was left unread ends the connection
    assert 413 == reply.status


@rows("limits/one-event", "answers/400")
@pytest.mark.parametrize("other", ["event", "transaction", "feedback"])
def test_two_events_in_an_envelope(target: Target, other: str) -> None:
    """One of them an envelope; two are 400."""
    body = envelope({}, ("event", event()), (other, _event(other)))
    assert 400 == target.post("envelope", body).status


ROUTES = {
    "store": (MIB, "application/json"),
    "security": (MIB, "application/json"),
    "csp-report": (MIB, "application/csp-report"),
    "cron/nightly": (MIB, "application/json"),
    "nel": (12 * MIB, "application/json"),
}


@rows("limits/routes", "answers/413")
@pytest.mark.parametrize("route", list(ROUTES), ids=short)
def test_the_limit_of_a_route(target: Target, route: str) -> None:
    """One byte more than a route takes is 413, whatever it says."""
    limit, media = ROUTES[route]
    body = padded({"status": "ok", "message": "a"}, limit + 1)
    assert 413 == target.post(route, body, ("Content-Type", media)).status


@rows("limits/routes")
@pytest.mark.parametrize("route", ["minidump", "events/{id}/attachments"], ids=short)
def test_forms_take_many_mebibytes(target: Target, route: str) -> None:
    """Where files come they may be larger than an event: 3 MiB pass."""
    content = b"MDMP" + BLOCK * 3 if route == "minidump" else BLOCK * 3
    header, body = multipart([("upload_file_minidump", "a.dmp", content)])
    assert target.post(route.format(id=new_id()), body, header).status in (200, 201)


@rows("limits/routes", "limits/attachments", "answers/413")
@pytest.mark.parametrize("route", ["minidump", "events/{id}/attachments"], ids=short)
def test_a_file_over_200_mib_is_413(target: Target, route: str) -> None:
    """A file may have 200 MiB."""
    header, body = multipart([("upload_file_minidump", "a.dmp", b"MDMP" + BLOCK * 200)])
    reply = target.post(route.format(id=new_id()), body, header)
    target.client.close()
    assert 413 == reply.status


@rows("limits/event")
def test_an_event_of_the_full_size_arrives(target: Target) -> None:
    """1 MiB that is no padding is scrubbed in time, and goes on whole."""
    event_id = new_id()
    document = filled(event(event_id, extra={}), MIB)
    assert MIB == len(document)
    body = envelope({"event_id": event_id}, ("event", document))
    assert 200 == target.post("envelope", body).status
    arrived = target.upstream.of(event_id).one("event").json()
    assert json.loads(document)["_"] == arrived["_"]


@rows("limits/envelope")
def test_an_ordinary_envelope_after_all_that(target: Target) -> None:
    """Nothing that was refused is in the way."""
    event_id = new_id()
    assert 200 == target.post("envelope", event_envelope(event_id)).status
    target.upstream.of(event_id)
