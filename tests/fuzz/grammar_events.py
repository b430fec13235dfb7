"""Events as SDKs send them: each field in the forms that it has, small, secrets here and there.

Source: https://develop.sentry.dev/sdk/data-model/event-payloads/.
"""

from collections.abc import Callable
from random import Random
from typing import Any, Final

from benchmarks.places import MAPS, PAIRS, PLACES
from tests.fuzz.grammar_values import (
    identity,
    key,
    mapping,
    number,
    pairs,
    scalar,
    some,
    span_id,
    text,
    time,
    value,
    version,
    word,
)
from tests.fuzz.planted import hidden
from tests.fuzz.tally import note

Field = Callable[[Random], Any]


def _of(*choices: Any) -> Field:
    return lambda chance: chance.choice(choices)


def _many(one: Field, most: int = 2) -> Field:
    return lambda chance: [one(chance) for _ in range(chance.randint(0, most))]


def _values(one: Field) -> Field:
    """Draw a list in `values`, as now, or the bare list of old."""

    def draw(chance: Random) -> Any:
        listed = [one(chance) for _ in range(chance.randint(1, 2))]
        return {"values": listed} if chance.random() < 0.85 else listed

    return draw


def _fields(fields: dict[str, Field], most: int = 4) -> Field:
    return lambda chance: some(chance, fields, most)


def mapped(chance: Random) -> Any:
    """Draw what SDKs send as a map, as pairs, or as text."""
    roll = chance.random()
    if roll < 0.6:
        return mapping(chance)
    return pairs(chance) if roll < 0.9 else text(chance)


def _modules(chance: Random) -> Any:
    """Draw packages with their versions; their names are no keys of secrets."""
    return {word(chance): text(chance) for _ in range(chance.randint(0, 3))}


def tags(chance: Random) -> Any:
    """Draw tags: a map, pairs, or maps of key and value; mostly they grant."""
    named = [(key(chance), scalar(chance)) for _ in range(chance.randint(0, 2))]
    roll = chance.random()
    if roll < 0.85:
        named.append(("allowReport", chance.choice((True, "true", 1, "1", "granted"))))
    elif roll < 0.93:
        named.append(("allowReport", chance.choice((False, "false", 0, None, [], "TRUE", 2))))
    chance.shuffle(named)
    note("consent", "granted" if roll < 0.85 else "denied" if roll < 0.93 else "not said")
    form = chance.random()
    if form < 0.6:
        return dict(named)
    return (
        [[name, said] for name, said in named]
        if form < 0.85
        else [{"key": name, "value": said} for name, said in named]
    )


_FRAME: Final[dict[str, Field]] = {
    "filename": text, "abs_path": text, "function": text, "module": text, "lineno": number,
    "colno": number, "in_app": _of(True, False), "context_line": text, "pre_context": _many(text),
    "post_context": _many(text), "vars": mapped, "package": text, "raw_function": text,
    "instruction_addr": _of("0x7fff5fbff000", "0x1", 4096, "203.0.113.77"), "data": mapping,
    "addr_mode": _of("rel:0", "abs"), "platform": _of("native", "javascript"),
}  # fmt: skip
_stack: Final = _fields({"frames": _many(_fields(_FRAME)), "registers": mapping})
_MECHANISM: Final[dict[str, Field]] = {
    "type": _of("generic", "onerror"),
    "handled": _of(True, False),
    "data": mapping,
    "description": text,
    "help_link": text,
    "meta": value,
}
_EXCEPTION: Final[dict[str, Field]] = {
    "type": text,
    "value": text,
    "module": text,
    "stacktrace": _stack,
    "thread_id": scalar,
    "mechanism": _fields(_MECHANISM),
    "raw_stacktrace": _stack,
}
_CRUMB: Final[dict[str, Field]] = {
    "message": text,
    "category": text,
    "type": _of("default", "http", "navigation"),
    "level": _of("info", "error"),
    "timestamp": time,
    "data": mapped,
}
_REQUEST: Final[dict[str, Field]] = {
    "url": text,
    "method": _of("GET", "POST"),
    "headers": mapped,
    "cookies": mapped,
    "query_string": mapped,
    "data": value,
    "env": mapping,
    "fragment": text,
}
_USER: Final[dict[str, Field]] = {
    "id": scalar,
    "email": text,
    "ip_address": _of("203.0.113.77", "{{auto}}", None),
    "username": text,
    "name": text,
    "data": mapping,
    "geo": mapping,
    "segment": text,
}
_CONTEXTS: Final[dict[str, Field]] = {
    "trace": _fields({"trace_id": identity, "span_id": span_id, "op": text, "data": mapping}),
    "device": mapping, "os": _fields({"name": text, "version": version, "build": text}),
    "app": mapping, "response": _fields({"headers": mapped, "cookies": mapped, "data": value}),
    "feedback": _fields({"message": text, "contact_email": text, "name": text, "url": text}),
    "state": lambda chance: {"state": {"type": "redux", "value": value(chance, 4)}},
    "profile": _fields({"profile_id": identity}), "replay": _fields({"replay_id": identity}),
    "unreal": mapping,
}  # fmt: skip
_SPAN: Final[dict[str, Field]] = {
    "trace_id": identity, "span_id": span_id, "parent_span_id": span_id, "op": text,
    "description": text, "start_timestamp": time, "timestamp": time, "data": mapping,
    "tags": mapping, "status": text, "origin": text, "measurements": mapping,
}  # fmt: skip
span: Final = _fields(_SPAN, 6)
_IMAGE: Final[dict[str, Field]] = {
    "type": _of("pe", "macho", "sourcemap"), "code_file": text, "debug_file": text,
    "debug_id": identity, "code_id": _of("5dd3a1b2c3d4", "x", "355C817510C0EABF2F147145"),
    "image_addr": _of("0x7fff0000", 4096, "x"), "image_size": number, "arch": _of("x86_64"),
}  # fmt: skip
_SDK: Final[dict[str, Field]] = {
    "name": _of("sentry.javascript.electron", "sentry.python"), "version": version,
    "integrations": _many(text), "settings": mapping,
    "packages": _many(_fields({"name": text, "version": version})),
}  # fmt: skip
sdk: Final = _fields(_SDK)
_META: Final[dict[str, Field]] = {
    "": lambda chance: {
        "rem": [[text(chance), "s", 0, number(chance)]], "len": number(chance),
        "err": [text(chance)], "val": value(chance, 1),
    },
    "message": lambda chance: {"": {"rem": [["@ip", "s", 0, 4]], "len": 12}},
    "extra": mapping,
}  # fmt: skip
_LOGENTRY: Final[dict[str, Field]] = {"message": text, "formatted": text, "params": mapped}

FIELDS: Final[dict[str, Field]] = {
    "timestamp": time, "platform": _of("javascript", "native", "other"), "logger": text,
    "level": _of("error", "info", "fatal"), "transaction": text, "server_name": text,
    "release": version, "dist": version, "environment": text, "message": text,
    "logentry": _fields(_LOGENTRY), "fingerprint": _many(text), "user": _fields(_USER),
    "request": _fields(_REQUEST), "contexts": _fields(_CONTEXTS, 2), "extra": mapped,
    "breadcrumbs": _values(_fields(_CRUMB)), "exception": _values(_fields(_EXCEPTION)),
    "threads": _values(_fields({"id": scalar, "name": text, "stacktrace": _stack})),
    "stacktrace": _stack, "modules": _modules, "sdk": sdk, "culprit": text,
    "debug_meta": _fields({"images": _many(_fields(_IMAGE)), "sdk_info": mapping}),
    "spans": _many(span), "errors": _many(mapping), "_meta": _fields(_META),
    "measurements": mapping, "start_timestamp": time, "type": _of("error", "default", "csp"),
    "sentry.interfaces.Http": _fields(_REQUEST), "sentry.interfaces.User": _fields(_USER),
    "template": mapping, "unheard_of": value, "site": text, "received": time,
    "transaction_info": mapping, "debug_info": value, "checksum": text, "key_id": scalar,
}  # fmt: skip
"""Every field that an event may have."""

_ANYWHERE: Final = (*PLACES, *PAIRS, *MAPS)


def event(chance: Random, most: int = 4, **more: Any) -> dict[str, Any]:
    """Draw an event of a few fields, with tags that mostly grant."""
    made: dict[str, Any] = {"event_id": identity(chance)}
    if chance.random() < 0.25:
        _plant(chance, made)
    else:
        made |= some(chance, FIELDS, most)
    for name in made:
        note("field", name)
    made |= more
    if chance.random() < 0.95:
        given = made.get("tags")
        own = tags(chance)
        if given and isinstance(given, dict) and isinstance(own, dict):
            own = {**given, **own}
        made["tags"] = own
        note("field", "tags")
    return made


def _plant(chance: Random, made: dict[str, Any]) -> None:
    """Put a secret at one or two of all places that an event has."""
    for _ in range(chance.randint(1, 2)):
        place = chance.choice(_ANYWHERE)
        note("place", place.name)
        try:
            place.put(made, hidden(chance), word(chance))
        except (TypeError, AttributeError, KeyError, ValueError):
            continue  # two places of one field that has several forms


def feedback(chance: Random) -> dict[str, Any]:
    """Draw a feedback: the user's own act."""
    said = {"message": text(chance), "contact_email": text(chance), "url": text(chance)}
    made = event(chance, 1, contexts={"feedback": said})
    if chance.random() < 0.5:
        made.pop("tags", None)
    return made


def transaction(chance: Random) -> dict[str, Any]:
    """Draw a transaction with spans."""
    spans = [span(chance) for _ in range(chance.randint(0, 2))]
    return event(chance, 2, type="transaction", transaction=text(chance), spans=spans)


def report(chance: Random) -> Any:
    """Draw a browser's report, in the form of old or of the Reporting API."""
    body = {
        "document-uri": text(chance), "blocked-uri": text(chance), "source-file": text(chance),
        "user-agent": text(chance), "script-sample": text(chance), "server_ip": "203.0.113.77",
    }  # fmt: skip
    roll = chance.random()
    if roll < 0.5:
        return {"csp-report": body}
    one = {"type": "csp-violation", "url": text(chance), "user_agent": text(chance), "body": body}
    return one if roll < 0.75 else [one]
