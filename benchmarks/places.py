"""Where identifiers stand: every place of an event that holds text.

Fields that Sentry needs intact (ids, times, release, sdk) are no places for identifiers: they are
held to shapes of their own, and tested as such elsewhere.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Event = dict[str, Any]
Put = Callable[[Event, Any, str], None]


@dataclass(frozen=True, slots=True)
class Place:
    """One place of an event: `put` writes a text there; `keyed` if the key is the caller's."""

    name: str
    put: Put
    keyed: bool = False

    @property
    def free(self) -> bool:
        """Whether it takes any value, not only text."""
        return self.keyed and self.name.startswith(_FREE)


_FREE = (
    "extra", "contexts.", "breadcrumbs.data", "frames.vars", "user.data", "request.data, map",
    "spans.data", "unknown", "exception.mechanism.data", "threads.frames.vars",
)  # fmt: skip
"""Beginnings of names of keyed places that SDKs fill with any value."""


def empty_event() -> Event:
    """Return an event with what every event has."""
    return {
        "event_id": "fc6d8c0c43fc4630ad850ee518f1b9d0",
        "timestamp": 1720000000,
        "platform": "javascript",
        "level": "error",
    }


def _at(path: str) -> Put:
    """Set a value at a path of keys; lists grow by one."""
    keys = path.split("/")

    def put(event: Event, text: Any, key: str) -> None:
        here: Any = event
        for name, following in pairwise(keys):
            here = _step(here, name, [] if following in ("+", "~") else {})
        last = keys[-1]
        if last == "+":
            here.append(text)
        elif last == "~":
            here.append([key, text])
        elif last == "<":
            here[text] = "set"
        else:
            here[key if last == "*" else last] = text

    return put


def _step(here: Any, name: str, fresh: Any) -> Any:
    if name == "+":
        here.append(fresh)
        return fresh
    return here.setdefault(name, fresh)


def _frame(**fields: str) -> Put:
    """Add a frame with a text in one of its fields: `a` names the field, `*` takes any key."""
    ((name, form),) = fields.items()

    def put(event: Event, text: Any, key: str) -> None:
        values: dict[str, Any] = {"text": text, "list": [text], "lines": ["{", text, "}"]}
        values |= {"map": {key: text}, "key": {str(text): "1"}, "deep": {"a": [{key: text}]}}
        frame = {"function": "run", "filename": "app.js", "lineno": 7, "in_app": True}
        exceptions = event.setdefault("exception", {}).setdefault("values", [])
        if not exceptions or "stacktrace" not in exceptions[0]:
            exceptions.insert(0, {"type": "Error", "stacktrace": {"frames": []}})
        exceptions[0]["stacktrace"]["frames"].append({**frame, name: values[form]})

    return put


def _cookie(event: Event, text: str, key: str) -> None:
    event.setdefault("request", {})["cookies"] = f"a=1; {key}={text}; b=2"


def _query(event: Event, text: str, key: str) -> None:
    event.setdefault("request", {})["query_string"] = f"a=1&{key}={text}"


def _tag(event: Event, text: Any, key: str) -> None:
    event.setdefault("tags", []).append({"key": key, "value": text})


def _body(event: Event, text: str, key: str) -> None:
    event.setdefault("request", {})["data"] = json.dumps({key: text})


_PATHS: dict[str, str] = {
    "message": "message",
    "logentry.message": "logentry/message",
    "logentry.formatted": "logentry/formatted",
    "logentry.params": "logentry/params/+",
    "logger": "logger",
    "transaction": "transaction",
    "culprit": "culprit",
    "environment": "environment",
    "server_name": "server_name",
    "fingerprint": "fingerprint/+",
    "modules": "modules/*",
    "user": "user/*",
    "user.id": "user/id",
    "user.email": "user/email",
    "user.ip_address": "user/ip_address",
    "user.geo": "user/geo/city",
    "user.username": "user/username",
    "user.name": "user/name",
    "user.data": "user/data/*",
    "request.url": "request/url",
    "request.headers": "request/headers/*",
    "request.env": "request/env/*",
    "request.fragment": "request/fragment",
    "request.other": "request/other/*",
    "exception.value": "exception/values/+/value",
    "exception.type": "exception/values/+/type",
    "exception.module": "exception/values/+/module",
    "exception.mechanism.description": "exception/values/+/mechanism/description",
    "exception.mechanism.data": "exception/values/+/mechanism/data/*",
    "threads.name": "threads/values/+/name",
    "threads.frames.vars": "threads/values/+/stacktrace/frames/+/vars/*",
    "threads.frames.filename": "threads/values/+/stacktrace/frames/+/filename",
    "breadcrumbs.message": "breadcrumbs/values/+/message",
    "breadcrumbs.category": "breadcrumbs/values/+/category",
    "breadcrumbs.type": "breadcrumbs/values/+/type",
    "breadcrumbs.data": "breadcrumbs/values/+/data/*",
    "breadcrumbs.data, deep": "breadcrumbs/values/+/data/arguments/+/*",
    "breadcrumbs.data, as key": "breadcrumbs/values/+/data/<",
    "extra": "extra/*",
    "extra, as key": "extra/<",
    "extra, as key inside": "extra/accounts/<",
    "extra, list": "extra/list/+",
    "extra, list of lists": "extra/lists/+/+",
    "extra, list of maps": "extra/maps/+/*",
    "extra, pairs": "extra/pairs/~",
    "extra, deep": "extra/a/b/c/d/e/f/*",
    "extra, __serialized__": "extra/__serialized__/*",
    "contexts": "contexts/state/*",
    "contexts, as key": "contexts/state/<",
    "contexts, as name": "contexts/<",
    "contexts.device.model": "contexts/device/model",
    "contexts.app": "contexts/app/*",
    "contexts.trace.data": "contexts/trace/data/*",
    "contexts.trace.description": "contexts/trace/description",
    "contexts.response.headers": "contexts/response/headers/*",
    "tags": "tags/*",
    "debug_meta.images.code_file": "debug_meta/images/+/code_file",
    "debug_meta.images.debug_file": "debug_meta/images/+/debug_file",
    "debug_meta.images.name": "debug_meta/images/+/name",
    "spans.description": "spans/+/description",
    "spans.op": "spans/+/op",
    "spans.status": "spans/+/status",
    "spans.origin": "spans/+/origin",
    "spans.data": "spans/+/data/*",
    "spans.data, as key": "spans/+/data/<",
    "spans.tags": "spans/+/tags/*",
    "_meta, value": "_meta/message//val",
    "_meta, remark": "_meta/extra/b//rem/+/+",
    "_meta, as key": "_meta/extra/<",
    "errors": "errors/+/value",
    "unknown field": "shop",
    "unknown field, deep": "shop_data/a/+/*",
}
_TAKES_KEY = ("*", "~")

PLACES: tuple[Place, ...] = (
    *(Place(name, _at(path), keyed=path.endswith(_TAKES_KEY)) for name, path in _PATHS.items()),
    *(
        Place(f"frames.{name}{', ' + form if form != 'text' else ''}", _frame(**{name: form}),
              keyed=form in ("map", "deep"))
        for name, form in (
            ("abs_path", "text"), ("filename", "text"), ("module", "text"), ("function", "text"),
            ("raw_function", "text"), ("package", "text"), ("context_line", "text"),
            ("pre_context", "lines"), ("post_context", "lines"), ("vars", "map"), ("vars", "key"),
            ("vars", "deep"), ("vars", "list"), ("data", "map"),
        )
    ),
    Place("request.cookies", _cookie, keyed=True),
    Place("request.query_string", _query, keyed=True),
    Place("request.data, text", _body, keyed=True),
)  # fmt: skip

PAIRS: tuple[Place, ...] = tuple(
    Place(f"{name}, pairs", _at(f"{path}/~"), keyed=True)
    for name, path in (
        ("tags", "tags"), ("request.headers", "request/headers"),
        ("request.query_string", "request/query_string"), ("request.cookies", "request/cookies"),
        ("request.data", "request/data"), ("request.env", "request/env"),
    )
)  # fmt: skip
MAPS: tuple[Place, ...] = (
    *(
        Place(f"{name}, map", _at(f"{path}/*"), keyed=True)
        for name, path in (
            ("request.query_string", "request/query_string"), ("request.data", "request/data"),
            ("request.cookies", "request/cookies"), ("logentry.params", "logentry/params"),
        )
    ),
    Place("tags, as key", _at("tags/<")),
    Place("request.headers, as key", _at("request/headers/<")),
    Place("request.data, as key", _at("request/data/<")),
    Place("request.data, list", _at("request/data/+")),
    Place("request.data, raw text", _at("request/data")),
    Place("tags, list of maps", _tag, keyed=True),
)  # fmt: skip
"""Fields that may have several forms: an event has one of them."""


def layouts() -> tuple[tuple[Place, ...], ...]:
    """Return sets of places that fit into one event each."""
    other = {"request.headers", "request.env", "tags", "request.cookies", "request.query_string",
             "request.data, text"}  # fmt: skip
    older = tuple(Place(name, _at(path), keyed=path.endswith(_TAKES_KEY)) for name, path in _OLDER)
    calm = tuple(place for place in PLACES if place.name not in other)
    free = tuple(place for place in calm if place.name != "logentry.params")
    maps = tuple(
        place for place in MAPS if not place.name.startswith(("request.data, ", "tags, l"))
    )
    return (
        older,
        PLACES,
        (*calm, *PAIRS),
        (*free, *maps),
        (*calm, *(place for place in MAPS if place.name.startswith("request.data, as")),
         *(place for place in PLACES if place.name in ("tags", "request.headers"))),
        (*calm, *(place for place in MAPS if place.name.endswith(("data, list", "tags, as key")))),
        (*calm, *(place for place in MAPS if place.name.endswith(("raw text", "list of maps")))),
    )  # fmt: skip


_OLDER = (
    ("exception, list", "exception/+/value"),
    ("exception, list, frames.vars", "exception/+/stacktrace/frames/+/vars/*"),
    ("breadcrumbs, list", "breadcrumbs/+/message"),
    ("breadcrumbs, list, data", "breadcrumbs/+/data/*"),
    ("threads, list", "threads/+/name"),
    ("stacktrace.frames", "stacktrace/frames/+/abs_path"),
    ("stacktrace.frames.vars", "stacktrace/frames/+/vars/*"),
    ("message, map", "message/message"),
    ("message, map, params", "message/params/+"),
    ("logentry, text", "logentry"),
    ("user, text", "user"),
    ("request, text", "request"),
    ("contexts, text", "contexts"),
    ("tags, text", "tags"),
    ("extra, text", "extra"),
    ("fingerprint, text", "fingerprint"),
    ("debug_meta, text", "debug_meta"),
    ("sentry.interfaces.Http", "sentry.interfaces.Http/url"),
    ("sentry.interfaces.Message", "sentry.interfaces.Message/message"),
)
"""Older spellings of fields, and text where there should have been a map."""
