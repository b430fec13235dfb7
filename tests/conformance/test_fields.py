"""Fields and headers: where personal data hides, what may go on, and what the upstream sees."""

import json
from typing import Any

import pytest

from tests.conformance.target import (
    AGREED,
    AUTH,
    KEY,
    NEEDLE,
    PROJECT,
    Target,
    event,
    event_envelope,
    new_id,
    path,
)
from tests.conformance.upstream import Arrival

rows = pytest.mark.rows
pytestmark = pytest.mark.ours

TEXT = f"at {NEEDLE} now"
PATH = "/home/jane/a.so"


def _exception(**more: Any) -> dict[str, Any]:
    return {"exception": {"values": [{"type": "Error", "value": "it broke", **more}]}}


def _frame(**more: Any) -> dict[str, Any]:
    frame = {"function": "f", "filename": "a.js", "lineno": 1, **more}
    return _exception(stacktrace={"frames": [frame]})


def _request(**more: Any) -> dict[str, Any]:
    return {"request": {"method": "GET", **more}}


def _image(**more: Any) -> dict[str, Any]:
    image = {"type": "elf", "debug_id": new_id(), "image_addr": "0x1000", **more}
    return {"debug_meta": {"images": [image]}}


def _crumb(**more: Any) -> dict[str, Any]:
    return {"breadcrumbs": [{"timestamp": 1.0, "type": "default", **more}]}


def _span(**more: Any) -> dict[str, Any]:
    times = {"start_timestamp": 1.0, "timestamp": 2.0}
    return {"spans": [{"span_id": "a" * 16, "trace_id": new_id(), **times, **more}]}


FIELDS: dict[str, dict[str, Any]] = {
    "user.ip_address": {"user": {"ip_address": NEEDLE}},
    "user.id": {"user": {"id": TEXT}},
    "user.email": {"user": {"email": f"jane@{NEEDLE}"}},
    "user.username": {"user": {"username": TEXT}},
    "user.name": {"user": {"name": TEXT}},
    "user.data": {"user": {"data": {"a": TEXT}}},
    "request.url": _request(url=f"http://{NEEDLE}/a"),
    "request.query_string, text": _request(query_string=f"a={NEEDLE}"),
    "request.query_string, pairs": _request(query_string=[["a", NEEDLE]]),
    "request.query_string, mapping": _request(query_string={"a": NEEDLE}),
    "request.headers, mapping": _request(headers={"X-Forwarded-For": NEEDLE}),
    "request.headers, pairs": _request(headers=[["X-Real-Ip", NEEDLE]]),
    "request.cookies, mapping": _request(cookies={"a": TEXT}),
    "request.cookies, text": _request(cookies=f"a={NEEDLE}"),
    "request.cookies, pairs": _request(cookies=[["a", NEEDLE]]),
    "request.data, mapping": _request(data={"a": TEXT}),
    "request.data, text": _request(data=TEXT),
    "request.data, pairs": _request(data=[["a", TEXT]]),
    "request.env": _request(env={"REMOTE_ADDR": NEEDLE}),
    "server_name": {"server_name": TEXT},
    "transaction": {"transaction": TEXT},
    "exception.type": _exception(type=TEXT),
    "exception.value": _exception(value=TEXT),
    "frame.abs_path": _frame(abs_path=f"/srv/{NEEDLE}/a.js"),
    "frame.filename": _frame(filename=f"http://{NEEDLE}/a.js"),
    "frame.module": _frame(module=TEXT),
    "frame.function": _frame(function=TEXT),
    "frame.context_line": _frame(context_line=TEXT),
    "frame.pre_context": _frame(pre_context=[TEXT]),
    "frame.post_context": _frame(post_context=[TEXT]),
    "frame.vars": _frame(vars={"a": TEXT}),
    "frame.vars, keys": _frame(vars={NEEDLE: "a"}),
    "frame.vars, deep": _frame(vars={"a": [{"b": {"c": TEXT}}]}),
    "breadcrumbs.message": _crumb(message=TEXT),
    "breadcrumbs.data": _crumb(data={"a": TEXT}),
    "breadcrumbs.category": _crumb(category=TEXT),
    "breadcrumbs.values": {"breadcrumbs": {"values": [{"message": TEXT}]}},
    "message": {"message": TEXT},
    "logentry.message": {"logentry": {"message": TEXT}},
    "logentry.formatted": {"logentry": {"message": "a %s", "formatted": TEXT}},
    "logentry.params": {"logentry": {"message": "a %s", "params": [NEEDLE]}},
    "extra": {"extra": {"a": TEXT}},
    "extra, keys": {"extra": {TEXT: "a"}},
    "extra, JSON in text": {"extra": {"a": json.dumps({"b": TEXT})}},
    "contexts": {"contexts": {"a": {"b": TEXT}}},
    "contexts.device.name": {"contexts": {"device": {"name": TEXT}}},
    "tags, mapping": {"tags": {"allowReport": True, "a": TEXT}},
    "tags, pairs": {"tags": [["allowReport", "true"], ["a", TEXT]]},
    "debug_meta.code_file": _image(code_file=f"/opt/{NEEDLE}/a.so"),
    "debug_meta.debug_file": _image(debug_file=f"/opt/{NEEDLE}/a.pdb"),
    "spans.description": _span(description=TEXT),
    "spans.data": _span(data={"a": TEXT}),
    "spans.tags": _span(tags={"a": TEXT}),
    "threads.name": {"threads": {"values": [{"id": 1, "name": TEXT}]}},
    "_meta": {"_meta": {"message": {"": {"val": TEXT}}}},
    "an unknown key": {"brand_new": {"a": [TEXT]}},
}


@rows("fields/event", "kinds/event")
@pytest.mark.parametrize("where", list(FIELDS))
def test_a_field_of_an_event(target: Target, where: str) -> None:
    """What is planted there is gone, and the event is there all the same."""
    document = event(**FIELDS[where])
    assert NEEDLE in json.dumps(document)
    if where.startswith("spans"):
        document |= {"type": "transaction", "start_timestamp": 1.0, "timestamp": 2.0}
        document["contexts"] = {"trace": {"trace_id": new_id(), "span_id": "a" * 16}}
    kind = document.get("type", "event")
    arrival = target.deliver({"event_id": document["event_id"]}, (kind, document))
    assert NEEDLE.encode() not in arrival.body
    assert document["level"] == arrival.one(kind).json()["level"]


@rows("fields/event")
@pytest.mark.parametrize(
    "where", ["abs_path", "filename", "code_file", "debug_file", "vars", "transaction"]
)
def test_a_persons_folder(target: Target, where: str) -> None:
    """The name of an account goes from a path, the name of the file stays."""
    places = {
        "code_file": _image(code_file=PATH),
        "debug_file": _image(debug_file=PATH),
        "transaction": {"transaction": PATH},
        "vars": _frame(vars={"a": PATH}),
    }
    document = event(**places.get(where, _frame(**{where: PATH})))
    arrival = target.deliver({"event_id": document["event_id"]}, ("event", document))
    assert (False, True) == (b"jane" in arrival.body, b"a.so" in arrival.body)


# --- headers of envelopes and items --------------------------------------------------------------


def _deliver(target: Target, **head: Any) -> Arrival:
    document = event()
    return target.deliver({"event_id": document["event_id"], **head}, ("event", document))


@rows("fields/envelope-header")
def test_the_trace_in_an_envelopes_header(target: Target) -> None:
    """Ids, release and sampling go on; user and segment do not; the transaction is scrubbed."""
    trace = {
        "trace_id": new_id(),
        "public_key": KEY,
        "release": "suite@24.11.1",
        "sample_rate": "0.5",
        "sampled": "true",
        "transaction": TEXT,
        "user_id": "jane",
        "user_segment": "jane",
        "user": {"id": "jane", "segment": "jane"},
    }
    arrival = _deliver(target, trace=trace)
    found = arrival.head["trace"]
    kept = ("trace_id", "release", "sample_rate", "sampled")
    assert {key: trace[key] for key in kept} == {key: found[key] for key in kept}
    assert (False, False) == (NEEDLE in found["transaction"], b"jane" in arrival.body)
    assert KEY.encode() not in arrival.body


@rows("fields/envelope-header")
def test_the_sdk_in_an_envelopes_header(target: Target) -> None:
    """Name and version go on as they are."""
    sdk = {"name": "sentry.javascript.electron", "version": "4.24.0", "settings": {"a": "jane"}}
    arrival = _deliver(target, sdk=sdk)
    found = arrival.head["sdk"]
    assert (sdk["name"], sdk["version"]) == (found["name"], found["version"])
    assert b"jane" not in arrival.body


@rows("fields/relay-header")
@pytest.mark.parametrize(
    "name",
    ["remote_addr", "forwarded_for", "user_agent", "origin", "client", "auth", "dsn", "brand_new"],
)
def test_what_is_not_on_the_list_of_headers(target: Target, name: str) -> None:
    """What a relay in between added, and what nobody knows, does not go on."""
    value = f"https://{KEY}@relay.example/{PROJECT}" if name == "dsn" else TEXT
    arrival = _deliver(target, **{name: value})
    assert name not in arrival.head
    assert (False, False) == (NEEDLE.encode() in arrival.body, b"relay.example" in arrival.body)


@rows("fields/item-header")
def test_headers_of_an_item(target: Target) -> None:
    """Those that say what it is go on; all others do not."""
    known = {
        "filename": "a.txt",
        "content_type": "text/plain",
        "attachment_type": "event.attachment",
    }
    more = {
        "remote_addr": NEEDLE,
        "forwarded_for": NEEDLE,
        "brand_new": "jane",
        "routing_hint": "jane",
    }
    item = ("attachment", b"some text", {**known, **more})
    arrival = target.deliver({"event_id": new_id()}, item)
    assert {"type": "attachment", "length": 9, **known} == arrival.one("attachment").header


# --- what the upstream sees ----------------------------------------------------------------------

FROM_A_CLIENT = {
    "X-Forwarded-For": NEEDLE,
    "X-Real-Ip": NEEDLE,
    "Forwarded": f"for={NEEDLE}",
    "Via": f"1.1 {NEEDLE}",
    "Cookie": "session=jane",
    "Referer": "https://suite.example/jane",
    "Origin": "https://suite.example",
    "User-Agent": "Mozilla/5.0 (of jane)",
    "Accept-Language": "cs-jane",
    "sentry-trace": f"{'a' * 32}-{'b' * 16}-1",
    "baggage": "sentry-user_id=jane",
    "X-Brand-New": "jane",
}


@rows("upstream/headers")
@pytest.mark.parametrize("name", list(FROM_A_CLIENT))
def test_a_header_of_a_client(target: Target, name: str) -> None:
    """None of them goes upstream."""
    event_id = new_id()
    body = event_envelope(event_id)
    assert 200 == target.post("envelope", body, (name, FROM_A_CLIENT[name])).status
    arrival = target.upstream.of(event_id)
    assert FROM_A_CLIENT[name] not in arrival.headers.values()
    wanted = {"user-agent"} if name == "User-Agent" else set()
    assert wanted == {name.lower()} & arrival.headers.keys()
    assert (False, False) == (NEEDLE in str(arrival.headers), "jane" in str(arrival.headers))


@rows("upstream/headers")
def test_the_consent_header_stays_here(target: Target) -> None:
    """It is between client and relay."""
    event_id = new_id()
    assert 200 == target.post("envelope", event_envelope(event_id)).status
    assert "x-suite-consent" not in target.upstream.of(event_id).headers


CLIENTS = {
    "sentry.javascript.electron/4.24.0": True,
    "sentry.python/2.75.0": True,
    f"{NEEDLE}/{NEEDLE}": False,
    "jane.doe/1.0": False,
    "a/355C817510C0EABF2F147145": False,
}


@rows("upstream/client")
@pytest.mark.parametrize("client", list(CLIENTS))
def test_the_clients_name(target: Target, client: str) -> None:
    """Name and version of an SDK go as sentry_client, under the upstream's own key."""
    event_id = new_id()
    auth = ("X-Sentry-Auth", AUTH.replace("sentry.test/1.0", client))
    body = event_envelope(event_id)
    assert 200 == target.send("POST", path("envelope"), auth, *AGREED, body=body).status
    arrival = target.upstream.of(event_id)
    sent = arrival.headers["x-sentry-auth"]
    assert CLIENTS[client] == (f"sentry_client={client}" in sent)
    assert client not in arrival.headers["user-agent"]
    assert (True, False) == ("sentry_key=aaaa" in sent, KEY in str(arrival.headers))


@rows("upstream/ip_address")
@pytest.mark.parametrize("value", [NEEDLE, "{{auto}}", "2001:db8::1", 7])
def test_the_address_of_a_user(target: Target, value: Any) -> None:
    """It is taken away, whatever it says."""
    document = event(user={"ip_address": value, "geo": {"country_code": "CZ"}})
    arrival = target.deliver({"event_id": document["event_id"]}, ("event", document))
    assert "ip_address" not in arrival.one("event").json().get("user", {})


@rows("upstream/infer_ip")
@pytest.mark.parametrize("settings", [None, {}, {"infer_ip": "auto"}, {"infer_ip": "never"}])
def test_addresses_are_not_to_be_inferred(target: Target, settings: Any) -> None:
    """`sdk.settings.infer_ip` is never, whatever the client said."""
    sdk = {"name": "sentry.javascript.browser", "version": "11.12.0"}
    more = {} if settings is None else {"sdk": {**sdk, "settings": settings}}
    document = event(**more)
    arrival = target.deliver({"event_id": document["event_id"]}, ("event", document))
    assert "never" == arrival.one("event").json()["sdk"]["settings"]["infer_ip"]
