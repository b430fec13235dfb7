"""Where identifiers stand in envelopes: headers, items of each kind, attachments."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

Item = tuple[dict[str, Any], bytes]
Packed = tuple[dict[str, Any], list[Item]]
Wrap = Callable[[Any, str], Packed]


@dataclass(frozen=True, slots=True)
class Packing:
    """One place of an envelope: (text, key) -> more headers, and items."""

    name: str
    wrap: Wrap
    keyed: bool = False
    block: str = ""
    """The block that a text counts in, whatever its spelling, if the place itself hides it."""

    @property
    def free(self) -> bool:
        """Whether it takes any value, not only text."""
        return self.name == "attachment, json"


TEXT, KEY = "<text>", "<key>"


def _filled(template: Any, text: Any, key: str) -> Any:
    """Return a template with the text and its key put in."""
    if isinstance(template, dict):
        return {
            _filled(name, text, key): _filled(value, text, key)
            for name, value in template.items()
        }  # fmt: skip
    if isinstance(template, list):
        return [_filled(value, text, key) for value in template]
    return {TEXT: text, KEY: key}.get(template, template) if isinstance(template, str) else template


def _item(headers: dict[str, Any], template: Any, text: Any, key: str) -> Packed:
    payload = json.dumps(_filled(template, text, key)).encode()
    return {}, [(_filled(headers, text, key), payload)]


def _header(template: dict[str, Any], text: str, key: str) -> Packed:
    return _filled(template, text, key), []


def _attachment(encoding: str, text: str, _key: str) -> Packed:
    body = f"start\n{text}\nend".encode(encoding)
    return {}, [({"type": "attachment", "filename": "app.log"}, body)]


_SESSION = "7c7b6585-f901-4351-bf8d-02711b721929"
_VALUE = {"value": TEXT, "type": "string"}
_ITEMS: dict[str, tuple[str, Any]] = {
    "user_report.comments": ("user_report", {"event_id": "a" * 32, "comments": TEXT}),
    "user_report.name": ("user_report", {"name": TEXT, "comments": "ok"}),
    "feedback.message": ("feedback", {"contexts": {"feedback": {"message": TEXT}}}),
    "feedback.url": ("feedback", {"contexts": {"feedback": {"url": TEXT}}}),
    "session.user_agent": ("session", {"sid": _SESSION, "attrs": {"user_agent": TEXT}}),
    "session.ip_address": ("session", {"attrs": {"ip_address": TEXT}}),
    "log.body": ("log", {"items": [{"timestamp": 1.0, "body": TEXT}]}),
    "log.attributes": ("log", {"items": [{"attributes": {KEY: _VALUE}}]}),
    "log.attributes, as key": ("log", {"items": [{"attributes": {TEXT: {"value": "x"}}}]}),
    "span.name": ("span", {"items": [{"name": TEXT}]}),
    "span.attributes": ("span", {"items": [{"attributes": {KEY: _VALUE}}]}),
    "trace_metric.attributes": ("trace_metric", {"items": [{"attributes": {KEY: _VALUE}}]}),
    "profile.frames": ("profile", {"profile": {"frames": [{"abs_path": TEXT}]}}),
    "profile.transaction": ("profile", {"transaction": {"name": TEXT}}),
    "transaction.spans": ("transaction", {"transaction": "t", "spans": [{"description": TEXT}]}),
    "check_in.environment": ("check_in", {"status": "ok", "environment": TEXT}),
    "replay_event.urls": ("replay_event", {"type": "replay_event", "urls": [TEXT]}),
    "client_report.reason": ("client_report", {"discarded_events": [{"reason": TEXT}]}),
    "security.document-uri": ("security", {"csp-report": {"document-uri": TEXT}}),
    "raw_security.source-file": ("raw_security", {"body": {"sourceFile": TEXT}}),
}
_HEADERS: dict[str, dict[str, Any]] = {
    "trace.transaction": {"trace": {"transaction": TEXT}},
    "trace.environment": {"trace": {"environment": TEXT}},
    "trace.user_id": {"trace": {"user_id": TEXT}},
    "trace.user_segment": {"trace": {"user_segment": TEXT}},
    "forwarded_for": {"forwarded_for": TEXT},
    "user_agent": {"user_agent": TEXT},
    "remote_addr": {"remote_addr": TEXT},
    "sdk.name": {"sdk": {"name": TEXT, "version": "9.0.0"}},
    "unknown": {"shop": {"a": [TEXT]}},
}

PACKINGS: tuple[Packing, ...] = (
    *(
        Packing(f"item {name}", partial(_item, {"type": kind}, body), keyed=name.endswith("utes"))
        for name, (kind, body) in _ITEMS.items()
    ),
    *(Packing(f"envelope header {name}", partial(_header, one)) for name, one in _HEADERS.items()),
    *(
        Packing(f"item header {name}", partial(_item, {"type": "attachment", name: TEXT}, "ok"))
        for name in ("filename", "content_type")
    ),
    Packing("attachment, text", partial(_attachment, "utf-8")),
    *(
        Packing(f"attachment, {encoding}", partial(_attachment, encoding), block="second")
        for encoding in ("utf-16", "utf-16-le", "utf-16-be")
    ),
    Packing(
        "attachment, json",
        partial(_item, {"type": "attachment", "filename": "a.json"}, {KEY: TEXT}),
        keyed=True,
    ),
    Packing(
        "attachment, view hierarchy",
        partial(
            _item,
            {"type": "attachment", "attachment_type": "event.view_hierarchy", "filename": "v"},
            {"windows": [{"label": "x", "type": TEXT}]},
        ),
    ),
)
_ONE_OF = ("user_report", "feedback", "transaction", "security", "raw_security")
"""Kinds of which an envelope holds one item at most."""


def packings() -> tuple[tuple[Packing, ...], ...]:
    """Return sets of places that fit into one envelope each."""
    single = [p for p in PACKINGS if p.name.startswith(tuple(f"item {kind}." for kind in _ONE_OF))]
    common = tuple(packing for packing in PACKINGS if packing not in single)
    return tuple((*common, packing) for packing in single)
