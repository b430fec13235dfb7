"""Items: for each kind of relay's table what its payload looks like, and its headers.

Law of this file: a kind without a builder here fails a test. Payloads are valid; what is wrong with
an input is done to it afterwards (`grammar_wrong.py`).
"""

import gzip
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any, Final

from relay.protocol.item_kinds import KINDS
from tests import minidumps
from tests.fuzz.grammar_events import event, feedback, mapped, report, span, tags, transaction
from tests.fuzz.grammar_values import (
    identity,
    key,
    mapping,
    number,
    scalar,
    span_id,
    text,
    time,
    value,
    version,
    word,
    write,
)
from tests.fuzz.planted import hidden
from tests.fuzz.tally import note

TRUE: Final = object()
"""A length that is what the payload has."""


@dataclass(slots=True)
class Part:
    """One item before it is written: `length` may lie, or be absent (None)."""

    headers: dict[str, Any]
    payload: bytes
    document: Any = None
    length: Any = field(default=TRUE)


Build = Callable[[Random], Any]
"""Draws a payload: bytes, or the document that is written as JSON."""


def _user_report(chance: Random) -> Any:
    made = {"event_id": identity(chance), "name": text(chance), "email": text(chance),
            "comments": text(chance)}  # fmt: skip
    return made | ({"tags": tags(chance)} if chance.random() < 0.3 else {})


def _session(chance: Random) -> Any:
    attributes = {"release": version(chance), "environment": text(chance),
                  "ip_address": "203.0.113.77", "user_agent": text(chance)}  # fmt: skip
    return {"sid": identity(chance), "did": scalar(chance), "init": True, "status": text(chance),
            "started": time(chance), "duration": number(chance), "attrs": attributes}  # fmt: skip


def _sessions(chance: Random) -> Any:
    sums = [{"started": time(chance), "exited": number(chance), "did": scalar(chance)}
            for _ in range(chance.randint(0, 2))]  # fmt: skip
    return {"aggregates": sums, "attrs": {"release": version(chance), "user_agent": text(chance)}}


def _check_in(chance: Random) -> Any:
    return {"check_in_id": identity(chance), "monitor_slug": text(chance), "status": "ok",
            "environment": text(chance), "duration": number(chance), "tags": tags(chance),
            "contexts": mapping(chance), "monitor_config": value(chance)}  # fmt: skip


def _client_report(chance: Random) -> Any:
    lost = {"reason": text(chance), "category": text(chance), "quantity": number(chance)}
    return {"timestamp": time(chance), "discarded_events": [lost]}


def _attributes(chance: Random) -> Any:
    made: dict[str, Any] = {}
    for _ in range(chance.randint(0, 3)):
        kind = chance.choice(("string", "integer", "boolean", "array"))
        made[key(chance)] = {"value": scalar(chance), "type": kind}
    if chance.random() < 0.1:
        made["sentry.release"] = {"value": version(chance), "type": "string"}
    return made


def _log(chance: Random) -> Any:
    return {"timestamp": time(chance), "trace_id": identity(chance), "level": "info",
            "body": text(chance), "attributes": _attributes(chance)}  # fmt: skip


def _metric(chance: Random) -> Any:
    return {"timestamp": time(chance), "trace_id": identity(chance), "name": text(chance),
            "value": number(chance), "type": "counter", "unit": text(chance),
            "attributes": _attributes(chance)}  # fmt: skip


def _span_v2(chance: Random) -> Any:
    return {"trace_id": identity(chance), "span_id": span_id(chance), "name": text(chance),
            "attributes": _attributes(chance), "links": value(chance, 1)}  # fmt: skip


def _container(one: Build, alone: Build) -> Build:
    def draw(chance: Random) -> Any:
        if chance.random() < 0.25:
            return alone(chance)
        made = {"items": [one(chance) for _ in range(chance.randint(0, 3))]}
        if chance.random() < 0.3:
            made |= {"version": number(chance), "ingest_settings": value(chance, 1)}
        return made

    return draw


def _bucket(chance: Random) -> Any:
    return {"timestamp": time(chance), "name": text(chance), "type": "c", "value": scalar(chance),
            "width": 10, "tags": mapping(chance, 1)}  # fmt: skip


def _buckets(chance: Random) -> Any:
    return [_bucket(chance) for _ in range(chance.randint(0, 2))]


def _profile(chance: Random) -> Any:
    frames = [{"function": text(chance), "abs_path": text(chance), "lineno": 1}
              for _ in range(chance.randint(0, 2))]  # fmt: skip
    made = {"event_id": identity(chance), "version": "2", "platform": "node", "tags": tags(chance),
            "profile": {"frames": frames, "samples": [], "thread_metadata": mapped(chance)},
            "transaction": {"name": text(chance), "trace_id": identity(chance)}}  # fmt: skip
    return made | ({"sampled_profile": "AAAA"} if chance.random() < 0.05 else {})


def _profile_chunk(chance: Random) -> Any:
    return {**_profile(chance), "profiler_id": identity(chance), "chunk_id": identity(chance)}


def _replay_event(chance: Random) -> Any:
    return event(chance, 2, type="replay_event", urls=[text(chance)], replay_id=identity(chance),
                 segment_id=chance.randint(0, 9), error_ids=[identity(chance)])  # fmt: skip


_TAGS: Final = ("div", "p", "input", "textarea", "img", "a", "style", "canvas", "svg", "script")


def _node(chance: Random, levels: int) -> Any:
    if levels == 0 or chance.random() < 0.3:
        return {"type": 3, "id": chance.randint(1, 99), "textContent": text(chance)}
    below = [_node(chance, levels - 1) for _ in range(chance.randint(0, 2))]
    about = {chance.choice(("value", "src", "href", "class", "title")): text(chance)}
    return {"type": 2, "id": chance.randint(1, 99), "tagName": chance.choice(_TAGS),
            "attributes": about, "childNodes": below}  # fmt: skip


def _rrweb(chance: Random) -> Any:
    """Draw one event of a recording; types and sources are rrweb's."""
    now = 1720000000000 + chance.randint(0, 10**5)
    match chance.randint(0, 7):
        case 0:
            return {"type": 4, "data": {"href": text(chance), "width": 9}, "timestamp": now}
        case 1:
            tree = {"type": 0, "id": 1, "childNodes": [_node(chance, 3)]}
            return {"type": 2, "data": {"node": tree}, "timestamp": now}
        case 2:
            adds = [{"parentId": 1, "nextId": None, "node": _node(chance, 1)}]
            texts = [{"id": chance.randint(1, 99), "value": text(chance)}]
            changed = [{"id": 2, "attributes": {"value": text(chance), "style": text(chance)}}]
            data = {"source": 0, "adds": adds, "texts": texts, "attributes": changed, "removes": []}
            return {"type": 3, "data": data, "timestamp": now}
        case 3:
            data = {"source": 5, "id": chance.randint(1, 99), "text": text(chance)}
            return {"type": 3, "data": data, "timestamp": now}
        case 4:
            payload = {"category": "console", "message": text(chance), "data": value(chance)}
            return {"type": 5, "data": {"tag": "breadcrumb", "payload": payload}, "timestamp": now}
        case 5:
            data = {"source": 9, "id": 3, "commands": [{"property": "fillText",
                    "args": [text(chance), 1]}]}  # fmt: skip
            return {"type": 3, "data": data, "timestamp": now}
        case 6:
            return {"type": 3, "data": {"source": 2, "type": 2, "id": 4, "x": 1}, "timestamp": now}
        case _:
            return {"type": 6, "data": {"plugin": "x", "payload": value(chance)}, "timestamp": now}


def _recording(chance: Random) -> bytes:
    document = write(chance, [_rrweb(chance) for _ in range(chance.randint(1, 3))])
    head = json.dumps({"segment_id": chance.randint(0, 9)}).encode()
    return head + b"\n" + (zlib.compress(document) if chance.random() < 0.5 else document)


def _video(chance: Random) -> bytes:
    return b"\x83\xa7" + hidden(chance).encode() + chance.randbytes(20)


# --- attachments ----------------------------------------------------------------------------------

ENCODINGS: Final = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-32")


def _lines(chance: Random) -> str:
    roll = chance.random()
    if roll < 0.4:
        return "\n".join(f"12:00 INFO {text(chance)}" for _ in range(chance.randint(1, 4)))
    if roll < 0.6:
        note("attachment", "json lines")
        return "\n".join(json.dumps(mapping(chance)) for _ in range(chance.randint(1, 3)))
    if roll < 0.8:
        note("attachment", "json")
        return json.dumps(value(chance, 3))
    return f"a,b\r\n{text(chance)},{number(chance)}\r\n"


def attachment(chance: Random) -> bytes:
    """Draw a text, a document or a document a line, in some encoding; or what is no text."""
    if chance.random() < 0.06:
        note("attachment", "binary")
        return b"\x89PNG\r\n\x1a\n" + hidden(chance).encode() + chance.randbytes(30)
    encoding = "utf-8" if chance.random() < 0.5 else chance.choice(ENCODINGS)
    note("encoding", encoding)
    return _lines(chance).encode(encoding, "replace")


def _hierarchy(chance: Random) -> Any:
    window = {"type": text(chance), "identifier": text(chance), "x": number(chance)}
    return {"rendering_system": "x", "windows": [{**window, "children": [mapping(chance)]}]}


@cache
def _dumps() -> tuple[bytes, ...]:
    return tuple(
        minidumps.windows(architecture, whole=whole)
        for architecture in (minidumps.AMD64, minidumps.X86, minidumps.ARM64)
        for whole in (False, True)
    )


def minidump(chance: Random) -> bytes:
    """Draw a small minidump with a secret over a part of it: on its stack, or at its end."""
    made = bytearray(chance.choice(_dumps()))
    form = chance.choice(("utf-8", "utf-16-le"))
    secret = hidden(chance).encode(form, "replace")[:64]
    at = chance.choice((32, len(made) - len(secret)))
    made[at : at + len(secret)] = secret[: len(made) - at]
    return bytes(made)


def _apple(chance: Random) -> bytes:
    return f"Incident Identifier: {identity(chance)}\nPath: {text(chance)}\n".encode(
        "utf-8", "replace"
    )


def _form_data(chance: Random) -> Any:
    return {"guid": text(chance), "prod": text(chance)}


def _statsd(chance: Random) -> bytes:
    return f"{word(chance)}@none:1|c|#a:{text(chance)}|T1720000000".encode("utf-8", "replace")


BUILDERS: Final[dict[str, Build]] = {
    "event": event, "transaction": transaction, "feedback": feedback,
    "security": lambda chance: event(chance, 1, csp=report(chance)), "raw_security": report,
    "nel": report, "user_report": _user_report, "session": _session, "sessions": _sessions,
    "check_in": _check_in, "client_report": _client_report, "metric_buckets": _buckets,
    "span": _container(_span_v2, span), "log": _container(_log, _log),
    "trace_metric": _container(_metric, _metric), "profile": _profile,
    "profile_chunk": _profile_chunk, "replay_event": _replay_event, "replay_recording": _recording,
    "replay_video": _video, "attachment": attachment, "view_hierarchy": _hierarchy,
    "minidump": minidump, "apple_crash_report": _apple, "form_data": _form_data,
    "unreal_report": lambda chance: gzip.compress(hidden(chance).encode(), mtime=0),
    "statsd": _statsd,
}  # fmt: skip
"""By kind: what draws a payload."""

_WEIGHTS: Final = {"event": 12, "attachment": 5, "transaction": 3, "log": 3, "minidump": 0.4}
_KINDS: Final = tuple(BUILDERS)
_SHARES: Final = [_WEIGHTS.get(kind, 1.0) for kind in _KINDS]


def part(chance: Random, *, exclusive: bool = True) -> Part:
    """Draw an item of any kind; `exclusive` where it may be one that stands alone."""
    (kind,) = chance.choices(_KINDS, _SHARES)
    while not exclusive and KINDS[kind].exclusive:
        (kind,) = chance.choices(_KINDS, _SHARES)
    return part_of(chance, kind)


def part_of(chance: Random, kind: str) -> Part:
    """Draw an item of a kind."""
    note("kind", kind)
    row = KINDS.get(kind)
    made = BUILDERS[kind](chance)
    document, payload = (None, made) if isinstance(made, bytes) else (made, write(chance, made))
    headers: dict[str, Any] = {"type": row.type or kind if row is not None else kind}
    if row is not None and row.mark is not None:
        headers[row.mark[0]] = row.mark[1]
    if chance.random() < 0.4:
        headers |= _more_headers(chance, headers)
    length = TRUE if chance.random() < 0.8 or b"\n" in payload else None
    return Part(headers, payload, document, length)


def _more_headers(chance: Random, taken: dict[str, Any]) -> dict[str, Any]:
    drawn = {
        "filename": text(chance),
        "content_type": chance.choice(
            ("application/json", "text/plain", "text/plain; charset=utf-16", "image/png", "x")
        ),
        "attachment_type": chance.choice(("event.attachment", "event.payload", "unreal.logs")),
        "item_count": chance.choice((0, 1, 3, -1, "2")),
        "platform": chance.choice(("javascript", "x y", text(chance))),
        "sentry_release": version(chance),
        "sentry_environment": text(chance),
        key(chance): scalar(chance),
    }
    names = chance.sample(list(drawn), k=chance.randint(1, 3))
    return {name: drawn[name] for name in names if name not in taken and name != "length"}
