"""Routes: paths, methods, what a success looks like, connections."""

import base64
import bz2
import gzip
import json
import lzma
import re
import socket
import zlib
from collections.abc import Callable
from pathlib import Path
from random import randrange, sample
from urllib.parse import quote

import pytest
import zstandard

from tests.conformance import conftest
from tests.conformance.target import (
    AGREED,
    AUTH,
    KEY,
    NEEDLE,
    PROJECT,
    WITH_KEY,
    Target,
    envelope,
    event,
    event_envelope,
    multipart,
    new_id,
    path,
    short,
)
from tests.system.running import DEADLINE, Client

rows = pytest.mark.rows
ours = pytest.mark.ours


# --- envelope and tunnel -------------------------------------------------------------------------


@rows("routes/envelope")
def test_an_envelope_is_answered_with_its_event_id(target: Target) -> None:
    """200, JSON, the event's id; and the event arrives."""
    event_id = new_id()
    reply = target.post("envelope", event_envelope(event_id))
    assert (200, {"id": event_id}) == (reply.status, reply.json())
    assert "application/json" == reply.headers["content-type"].partition(";")[0]
    assert "something broke" in str(target.upstream.of(event_id).one("event").json())


@rows("routes/envelope")
def test_an_id_with_hyphens_is_the_same_id(target: Target) -> None:
    """An id is 32 hex digits in the answer, however it is written in the envelope."""
    event_id = new_id()
    hyphens = "-".join((event_id[:8], event_id[8:12], event_id[12:16], event_id[16:20]))
    document = event(f"{hyphens}-{event_id[20:]}")
    body = envelope({"event_id": document["event_id"]}, ("event", document))
    assert {"id": event_id} == target.post("envelope", body).json()


@rows("routes/envelope")
def test_an_envelope_without_an_event_is_answered_with_nothing(target: Target) -> None:
    """200 and an empty object where there is no event id."""
    session = {"sid": new_id(), "init": True, "started": "2026-11-26T10:00:00Z", "status": "ok"}
    session |= {"timestamp": "2026-11-26T10:00:00Z", "attrs": {"release": "a@1"}}
    reply = target.post("envelope", envelope({}, ("session", session)))
    assert (200, {}) == (reply.status, reply.json())


TYPES = [
    None,
    "application/x-sentry-envelope",
    "text/plain;charset=UTF-8",
    "application/json",
    "application/octet-stream",
    "nonsense",
]


@rows("clients/content-type", "routes/envelope")
@pytest.mark.parametrize("media", TYPES)
def test_the_type_of_an_envelope_does_not_matter(target: Target, media: str | None) -> None:
    """A page sends text, so that no preflight is needed; Node's SDK says nothing at all."""
    event_id = new_id()
    headers = () if media is None else (("Content-Type", media),)
    assert 200 == target.post("envelope", event_envelope(event_id), *headers).status
    target.upstream.of(event_id)


@ours
@rows("routes/tunnel")
@pytest.mark.parametrize("where", ["/tunnel/", "/tunnel", "/tunnel?consent=granted"])
def test_tunnel(target: Target, where: str) -> None:
    """The tunnel takes project and key from the envelope's dsn, which does not go on."""
    document = event()
    dsn = f"https://{KEY}@relay.example/{PROJECT}"
    body = envelope({"event_id": document["event_id"], "dsn": dsn}, ("event", document))
    reply = target.send("POST", where, body=body)
    assert (200, {"id": document["event_id"]}) == (reply.status, reply.json())
    arrival = target.upstream.of(document["event_id"])
    assert (PROJECT, False) == (arrival.project, b"relay.example" in arrival.body)


@ours
@rows("routes/tunnel")
def test_a_tunnel_without_a_dsn_leads_nowhere(target: Target) -> None:
    """401, as for any envelope that names nobody."""
    assert 401 == target.send("POST", "/tunnel/", body=event_envelope()).status


CONSENTED = {
    "envelope": (event_envelope, ()),
    "store": (lambda: json.dumps(event()).encode(), ()),
    "security": (lambda: json.dumps(CSP).encode(), (("Content-Type", "application/csp-report"),)),
    "csp-report": (lambda: json.dumps(CSP).encode(), (("Content-Type", "application/json"),)),
    "nel": (lambda: json.dumps([NEL]).encode(), (("Content-Type", "application/reports+json"),)),
    "minidump": (lambda: DUMP, (("Content-Type", "application/x-dmp"),)),
}


@ours
@rows("routes/consented")
@pytest.mark.parametrize("route", list(CONSENTED))
def test_the_prefix_says_that_the_user_agreed(target: Target, route: str) -> None:
    """Each route is there with the prefix too, and needs no other word of consent."""
    make, headers = CONSENTED[route]
    body = make().replace(b'"allowReport"', b'"otherReport"')
    without = target.send("POST", path(route), *WITH_KEY, *headers, body=body)
    assert 403 == without.status
    reply = target.send("POST", path(route, prefix="/consented"), *WITH_KEY, *headers, body=body)
    assert 200 == reply.status


@ours
@rows("routes/consented", "routes/cron", "routes/attachments")
def test_the_prefix_before_routes_with_more_segments(target: Target) -> None:
    """Attachments and check-ins too."""
    header, form = multipart([("file", "a.txt", b"text")])
    where = path(f"events/{new_id()}/attachments")
    assert 403 == target.send("POST", where, *WITH_KEY, header, body=form).status
    assert 201 == target.send("POST", f"/consented{where}", *WITH_KEY, header, body=form).status
    where = f"{path('cron/nightly')}?sentry_key={KEY}&status=ok"
    assert 202 == target.send("GET", f"/consented{where}").status


# --- store ---------------------------------------------------------------------------------------

STORE_FORMS: dict[str, Callable[[bytes], bytes]] = {
    "JSON": bytes,
    "base64(JSON)": base64.b64encode,
    "base64(zlib(JSON))": lambda data: base64.b64encode(zlib.compress(data)),
}


@rows("routes/store")
@pytest.mark.parametrize("where", ["/api/{project}/store/", "/api/store/"])
@pytest.mark.parametrize("form", list(STORE_FORMS))
def test_store(target: Target, form: str, where: str) -> None:
    """An event in each form is answered with its id, and goes on as an envelope."""
    document = event()
    body = STORE_FORMS[form](json.dumps(document).encode())
    where = where.format(project=PROJECT)
    reply = target.send("POST", where, *WITH_KEY, *AGREED, body=body)
    assert (200, {"id": document["event_id"]}) == (reply.status, reply.json())
    arrival = target.upstream.of(document["event_id"])
    assert document["message"] in str(arrival.one("event").json())


@rows("routes/store")
def test_store_takes_a_compressed_body(target: Target) -> None:
    """Content-Encoding holds for store as for envelopes."""
    document = event()
    body = gzip.compress(json.dumps(document).encode())
    assert 200 == target.post("store", body, ("Content-Encoding", "gzip")).status
    target.upstream.of(document["event_id"])


@rows("routes/store")
@pytest.mark.parametrize("body", [b"", b"nonsense", b"[1]", b'"text"'])
def test_store_refuses_what_is_no_event(target: Target, body: bytes) -> None:
    """400 for what is no JSON object in any form."""
    assert 400 == target.post("store", body).status


@rows("routes/store-pixel")
def test_the_pixel(target: Target) -> None:
    """GET with the event in the query answers a GIF of one pixel, and the event arrives."""
    document = event()
    data = base64.b64encode(zlib.compress(json.dumps(document).encode())).decode()
    query = f"?sentry_key={KEY}&sentry_version=7&sentry_data={quote(data, safe='')}"
    reply = target.send("GET", path("store") + query, *AGREED)
    assert (200, "image/gif") == (reply.status, reply.headers["content-type"])
    width, height = reply.body[6:8], reply.body[8:10]
    assert (b"GIF89a", b"\x01\0", b"\x01\0") == (reply.body[:6], width, height)
    target.upstream.of(document["event_id"])


# --- browsers' reports ---------------------------------------------------------------------------

CSP = {
    "csp-report": {
        "document-uri": "https://suite.example/accounts",
        "violated-directive": "img-src 'self'",
        "effective-directive": "img-src",
        "original-policy": "default-src 'none'",
        "blocked-uri": "https://evil.example/a.png",
    }
}
NEL = {
    "age": 10,
    "type": "network-error",
    "url": "https://suite.example/",
    "body": {"elapsed_time": 1, "phase": "dns", "type": "dns.name_not_resolved", "method": "GET"},
}


@rows("routes/security")
@pytest.mark.parametrize("route", ["security", "csp-report"])
@pytest.mark.parametrize(
    "media",
    [
        "application/json",
        "application/csp-report",
        "application/reports+json",
        "application/json; charset=utf-8",
    ],
)
def test_a_security_report(target: Target, route: str, media: str) -> None:
    """200 with an empty body for each of the three types; the report goes on."""
    body = {**CSP["csp-report"], "line-number": randrange(10**6)}
    report = json.dumps({"csp-report": body}).encode()
    before = len(target.upstream.envelopes())
    reply = target.post(route, report, ("Content-Type", media))
    assert (200, b"") == (reply.status, reply.body)
    target.settle()
    kinds = [[item.kind for item in one.items] for one in target.upstream.envelopes()[before:]]
    assert ["raw_security"] in kinds


@rows("routes/security", "answers/415")
@pytest.mark.parametrize("route", ["security", "csp-report", "nel"])
@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "text/json"])
def test_another_type_of_report_is_415(target: Target, route: str, media: str) -> None:
    """What is not one of the types of a report is not looked at."""
    body = json.dumps(CSP).encode()
    assert 415 == target.post(route, body, ("Content-Type", media)).status


@rows("routes/security")
def test_a_report_without_a_body_is_400(target: Target) -> None:
    """There is nothing in it."""
    assert 400 == target.post("security", b"", ("Content-Type", "application/json")).status


@rows("routes/security")
def test_release_and_environment_of_a_report(target: Target) -> None:
    """A report has no room for them, so they come in the query, and go on in the item's header."""
    before = len(target.upstream.envelopes())
    query = f"?sentry_key={KEY}&sentry_release=suite%4024.11.1&sentry_environment=production"
    headers = (("Content-Type", "application/csp-report"), *AGREED)
    where = path("security") + query
    report = json.dumps({"csp-report": {**CSP["csp-report"], "line-number": randrange(10**6)}})
    assert 200 == target.send("POST", where, *headers, body=report.encode()).status
    target.settle()
    arrived = [item for one in target.upstream.envelopes()[before:] for item in one.items]
    [report] = [item for item in arrived if item.kind == "raw_security"]
    found = report.header.get("sentry_release"), report.header.get("sentry_environment")
    assert ("suite@24.11.1", "production") == found


@rows("routes/security-array")
def test_an_array_of_reports(target: Target) -> None:
    """Each element goes on in an envelope of its own."""
    before = len(target.upstream.envelopes())
    reports = [
        {"type": "csp-violation", "url": "https://suite.example/", "body": {"lineNumber": number}}
        for number in sample(range(10**6), 3)
    ]
    media = ("Content-Type", "application/reports+json")
    assert 200 == target.post("security", json.dumps(reports).encode(), media).status
    target.settle()
    kinds = [[item.kind for item in one.items] for one in target.upstream.envelopes()[before:]]
    assert 3 == kinds.count(["raw_security"])


@rows("routes/nel")
@pytest.mark.parametrize("media", ["application/json", "application/reports+json"])
def test_a_network_error_report(target: Target, media: str) -> None:
    """200, and it goes on."""
    before = len(target.upstream.envelopes())
    report = {**NEL, "age": randrange(10**6)}
    reply = target.post("nel", json.dumps([report]).encode(), ("Content-Type", media))
    assert 200 == reply.status
    target.settle()
    arrived = target.upstream.envelopes()[before:]
    assert any(b"dns.name_not_resolved" in one.body for one in arrived)


# --- minidumps -----------------------------------------------------------------------------------

DUMP = b"MDMP" + bytes(60)


def _is_uuid(body: bytes) -> bool:
    return bool(re.fullmatch(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", body.strip()))


@rows("routes/minidump")
@pytest.mark.parametrize("media", ["application/octet-stream", "application/x-dmp"])
@pytest.mark.parametrize("magic", [b"MDMP", b"PMDM"])
def test_a_minidump_as_it_is(target: Target, media: str, magic: bytes) -> None:
    """200, text/plain, a UUID with hyphens."""
    reply = target.post("minidump", magic + bytes(60), ("Content-Type", media))
    assert (200, "text/plain") == (reply.status, reply.headers["content-type"].partition(";")[0])
    assert _is_uuid(reply.body)


@rows("routes/minidump")
def test_a_minidump_in_a_form(target: Target) -> None:
    """The form's field upload_file_minidump; the answer is the same."""
    header, body = multipart([("upload_file_minidump", "a.dmp", DUMP)])
    reply = target.post("minidump", body, header)
    assert (200, True) == (reply.status, _is_uuid(reply.body))


@rows("routes/minidump")
def test_a_compressed_form_in_chunks(target: Target) -> None:
    """As crashpad sends it: gzip, Transfer-Encoding chunked, the key in the query."""
    header, body = multipart([("upload_file_minidump", "a.dmp", DUMP)])
    headers = (header, ("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked"), *AGREED)
    where = f"{path('minidump')}?sentry_key={KEY}"
    assert 200 == target.send("POST", where, *headers, body=gzip.compress(body)).status


@rows("routes/minidump-magic")
@pytest.mark.parametrize("content", [b"", b"MDM", b"not a minidump", b"\x7fELF"])
def test_what_is_no_minidump_is_400(target: Target, content: bytes) -> None:
    """As it is, and in a form."""
    media = ("Content-Type", "application/octet-stream")
    header, form = multipart([("upload_file_minidump", "a.dmp", content)])
    replies = [target.post("minidump", content, media), target.post("minidump", form, header)]
    assert [400, 400] == [reply.status for reply in replies]


@rows("routes/minidump-magic")
def test_a_form_without_a_minidump_is_400(target: Target) -> None:
    """The other fields alone are nothing."""
    header, form = multipart([("release", None, b"suite@1"), ("file", "a.dmp", DUMP)])
    assert 400 == target.post("minidump", form, header).status


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


@rows("routes/minidump-containers")
@pytest.mark.parametrize("container", ["gzip", "bz2", "xz", "zstd"])
@pytest.mark.parametrize("form", [False, True])
def test_a_minidump_in_a_container(target: Target, container: str, form: bool) -> None:
    """A file that is compressed in itself is opened before it is judged."""
    for content, status in ((DUMP, 200), (b"no dump at all", 400)):
        packed = PACKERS[container](content)
        header = ("Content-Type", "application/octet-stream")
        if form:
            header, packed = multipart([("upload_file_minidump", "a.dmp.gz", packed)])
        assert (content, status) == (content, target.post("minidump", packed, header).status)


@rows("routes/minidump-nested")
def test_a_form_in_a_form(target: Target) -> None:
    """Old Electron wraps the whole form in a field of its name."""
    _, inner = multipart([("upload_file_minidump", "a.dmp", DUMP)])
    inner = inner.replace(b"----conformance7d1", b"----within")
    header, body = multipart([("upload_file_minidump", "a.dmp", inner)])
    assert 200 == target.post("minidump", body, header).status


FIELDS = {
    "sentry as JSON": [("sentry", b'{"release":"suite@24.11.1","tags":{"allowReport":"true"}}')],
    "sentry[…]": [("sentry[release]", b"suite@24.11.1"), ("sentry[tags][allowReport]", b"true")],
    "sentry in parts": [
        ("sentry__1", b'{"release":"suite@24.'),
        ("sentry__2", b'11.1","tags":{"allowReport":"true"}}'),
    ],
}


@ours
@rows("routes/minidump-fields")
@pytest.mark.parametrize("form", list(FIELDS))
def test_other_fields_are_event_data(target: Target, form: str) -> None:
    """The event arrives with what the form's fields say, and a tag in them is consent."""
    fields = [(name, None, value) for name, value in FIELDS[form]]
    header, body = multipart([*fields, ("upload_file_minidump", "a.dmp", DUMP)])
    reply = target.send("POST", path("minidump"), *WITH_KEY, header, body=body)
    assert 200 == reply.status
    arrival = target.upstream.of(reply.body.decode().strip().replace("-", ""))
    assert "suite@24.11.1" == arrival.one("event").json()["release"]


@ours
@rows("routes/minidump-fields")
def test_fields_of_a_form_are_scrubbed(target: Target) -> None:
    """What the form says beside the dump is searched as any event is."""
    fields = [
        ("sentry", None, json.dumps(event(message=f"from {NEEDLE}")).encode()),
        ("comment", None, f"it broke at {NEEDLE}".encode()),
        ("upload_file_minidump", "a.dmp", DUMP),
    ]
    header, body = multipart(fields)
    reply = target.post("minidump", body, header)
    assert 200 == reply.status
    arrival = target.upstream.of(reply.body.decode().strip().replace("-", ""))
    assert b"from [ip]" in arrival.body
    assert NEEDLE.encode() not in arrival.body


# --- attachments and check-ins -------------------------------------------------------------------


@rows("routes/attachments")
def test_attachments_of_an_event(target: Target) -> None:
    """201; the files go on under the event's id."""
    event_id = new_id()
    files = [("first", "a.txt", b"some text"), ("second", "b.json", b'{"a": "b"}')]
    header, body = multipart(files)
    reply = target.post(f"events/{event_id}/attachments", body, header)
    assert 201 == reply.status
    arrival = target.upstream.of(event_id)
    assert [("attachment", "a.txt"), ("attachment", "b.json")] == [
        (item.kind, item.header["filename"]) for item in arrival.items
    ]
    assert b"some text" == arrival.items[0].payload


@rows("routes/attachments")
def test_attachments_come_in_a_form(target: Target) -> None:
    """400 or 415 for a body that is none, and for an event id that is none."""
    where = f"events/{new_id()}/attachments"
    reply = target.post(where, b"text", ("Content-Type", "application/octet-stream"))
    assert reply.status in (400, 415)
    header, body = multipart([("file", "a.txt", b"text")])
    assert target.post("events/nonsense/attachments", body, header).status in (400, 404)


CRON = {
    "GET, the key in the query": ("GET", f"cron/nightly/?sentry_key={KEY}&status=ok"),
    "GET, the key in the path": ("GET", f"cron/nightly/{KEY}/?status=ok"),
    "GET, the key in the path, no slash": ("GET", f"cron/nightly/{KEY}?status=ok"),
    "POST, the key in the query": ("POST", f"cron/nightly/?sentry_key={KEY}&status=ok"),
    "POST, the key in the path": ("POST", f"cron/nightly/{KEY}/?status=ok"),
}


@rows("routes/cron", "auth/path")
@pytest.mark.parametrize("form", list(CRON))
def test_a_check_in_by_its_url(target: Target, form: str) -> None:
    """202, and a check_in goes on."""
    method, where = CRON[form]
    own_id = new_id()
    query = f"&check_in_id={own_id}&environment=production&duration=1.5"
    before = len(target.upstream.envelopes())
    reply = target.send(method, f"/api/{PROJECT}/{where}{query}", *AGREED)
    assert 202 == reply.status
    target.settle()
    arrived = [item for one in target.upstream.envelopes()[before:] for item in one.items]
    [item] = [item for item in arrived if item.kind == "check_in"]
    sent = {"monitor_slug": "nightly", "status": "ok", "duration": 1.5, "check_in_id": own_id}
    sent["environment"] = "production"
    assert sent == {key: item.json()[key] for key in sent}


@rows("routes/cron")
def test_a_check_in_in_a_body(target: Target) -> None:
    """A JSON body says the same, and may bring the monitor's configuration."""
    config = {"schedule": {"type": "crontab", "value": "0 * * * *"}}
    body = json.dumps({"status": "in_progress", "monitor_config": config}).encode()
    before = len(target.upstream.envelopes())
    where = path(f"cron/nightly/{KEY}")
    reply = target.send("POST", where, ("Content-Type", "application/json"), *AGREED, body=body)
    assert 202 == reply.status
    target.settle()
    arrived = [item for one in target.upstream.envelopes()[before:] for item in one.items]
    [item] = [item for item in arrived if item.kind == "check_in"]
    found = item.json()
    assert ("nightly", "in_progress") == (found["monitor_slug"], found["status"])
    assert config["schedule"] == found["monitor_config"]["schedule"]


@rows("routes/cron")
@pytest.mark.parametrize("query", ["", "&status=splendid"])
def test_a_check_in_without_a_status_is_400(target: Target, query: str) -> None:
    """A status is one of the four words."""
    assert 400 == target.send("GET", path("cron/a") + f"?sentry_key={KEY}{query}", *AGREED).status


# --- what is not taken ---------------------------------------------------------------------------

NOT_TAKEN = {
    "integration/otlp/v1/traces": "routes/otlp",
    "integration/otlp/v1/logs": "routes/otlp",
    f"unreal/{KEY}": "routes/not-taken",
    "upload": "routes/not-taken",
    "playstation": "routes/any-other",
    "": "routes/any-other",
    "envelope/more": "routes/any-other",
    "0/projects": "routes/any-other",
}


@ours
@rows("routes/otlp", "routes/not-taken", "routes/any-other", "answers/404")
@pytest.mark.parametrize("route", list(NOT_TAKEN))
def test_what_is_not_taken_is_404_and_counted(target: Target, route: str) -> None:
    """404 in the one form, one more in the metrics, and nothing goes on."""
    before = target.own.count("relay_requests_total") if target.own is not None else None
    mark = new_id().encode()
    reply = target.post(route, mark, ("Content-Type", "application/json"))
    assert (404, {"detail": "not found", "causes": []}) == (reply.status, reply.json())
    if target.own is not None and before is not None:
        after = target.own.count("relay_requests_total")
        assert 1 == sum((after - before).values())
    target.settle()
    assert not target.upstream.holds(mark)


@ours
@rows("routes/any-other")
@pytest.mark.parametrize("where", ["/", "/api/", "/metrics", "/api/0/relays/register/challenge/"])
def test_paths_outside_of_projects_are_404(target: Target, where: str) -> None:
    """Nothing of the admin port, and nothing that relays say to each other."""
    assert 404 == target.send("POST", where, *WITH_KEY, body=b"x").status


METHODS = {
    "envelope": {"POST"},
    "store": {"POST", "GET"},
    "security": {"POST"},
    "csp-report": {"POST"},
    "nel": {"POST"},
    "minidump": {"POST"},
    "events/0123456789abcdef0123456789abcdef/attachments": {"POST"},
    f"cron/nightly/{KEY}": {"POST", "GET"},
}


@rows("routes/methods", "answers/405")
@pytest.mark.parametrize("route", list(METHODS), ids=short)
def test_another_method_is_405(target: Target, route: str) -> None:
    """Each method but the route's own is refused, and `Allow` says which are taken."""
    refused = {"GET", "PUT", "DELETE", "PATCH"} - METHODS[route]
    replies = {method: target.send(method, path(route), *WITH_KEY) for method in refused}
    assert dict.fromkeys(refused, 405) == {m: reply.status for m, reply in replies.items()}
    for reply in replies.values():
        assert METHODS[route] <= set(re.split(r",\s*", reply.headers["allow"]))


@rows("routes/health")
@pytest.mark.parametrize("kind", ["live", "ready"])
@pytest.mark.parametrize("slash", ["/", ""])
def test_health(target: Target, kind: str, slash: str) -> None:
    """200 and is_healthy true."""
    reply = target.send("GET", f"/api/relay/healthcheck/{kind}{slash}")
    assert (200, {"is_healthy": True}) == (reply.status, reply.json())


@ours
@rows("routes/health")
def test_health_while_it_stops(target: Target, tmp_path: Path) -> None:
    """A relay that ends what is under way is not ready, 503, but alive."""
    with conftest.ours(tmp_path / "relay", target.upstream, {PROJECT: {}}) as own:
        assert own.own is not None
        where = "/api/relay/healthcheck"
        ready, live = Client(own.port), Client(own.port)  # no new one is taken then
        assert 200 == live.send("GET", f"{where}/live/").status
        assert 200 == ready.send("GET", f"{where}/ready/").status
        head = f"POST {path('envelope')} HTTP/1.1\r\nHost: x\r\nX-Sentry-Auth: {AUTH}\r\n"
        with socket.create_connection(("127.0.0.1", own.port), DEADLINE) as waiting:
            waiting.sendall(f"{head}Content-Length: 100\r\nExpect: 100-continue\r\n\r\n".encode())
            assert waiting.recv(25, socket.MSG_WAITALL).startswith(b"HTTP/1.1 100 ")
            own.own.terminate()
            while (reply := ready.once("GET", f"{where}/ready/")).status == 200:
                pass
            assert (503, {"is_healthy": False}) == (reply.status, reply.json())
            reply = live.once("GET", f"{where}/live/")
            assert (200, {"is_healthy": True}) == (reply.status, reply.json())
            assert "close" == reply.headers["connection"]
        ready.close()
        live.close()


# --- connections ---------------------------------------------------------------------------------

SLASHES = ["//api/{p}/envelope/", "/api//{p}//envelope//", "/api/{p}/envelope", "///api/{p}/store"]


@rows("routes/slashes")
@pytest.mark.parametrize("where", SLASHES)
def test_slashes_do_not_matter(target: Target, where: str) -> None:
    """Duplicate ones are folded, the last may be missing."""
    document = event()
    store = where.endswith("store")
    body = json.dumps(document).encode() if store else event_envelope(document["event_id"])
    reply = target.send("POST", where.format(p=PROJECT), *WITH_KEY, *AGREED, body=body)
    assert 200 == reply.status
    target.upstream.of(document["event_id"])


@rows("routes/keep-alive")
def test_a_connection_carries_many_requests(target: Target) -> None:
    """Also after an error, as long as the request was whole."""
    bodies = [event_envelope(), b"nonsense", event_envelope(), event_envelope()]
    ends = ["keep-alive", "keep-alive", "keep-alive", "close"]
    request = b"".join(
        f"POST {path('envelope')} HTTP/1.1\r\nHost: x\r\nX-Sentry-Auth: {AUTH}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: {end}\r\n\r\n".encode()
        + body
        for body, end in zip(bodies, ends, strict=True)
    )
    answer = target.raw(request)
    assert [b"200", b"400", b"200", b"200"] == re.findall(rb"HTTP/1\.1 (\d+)", answer)


@rows("routes/early-close")
def test_a_client_that_leaves_is_served(target: Target) -> None:
    """A body that came whole is taken, though nobody waits for the answer."""
    event_id = new_id()
    body = event_envelope(event_id)
    head = f"POST {path('envelope')} HTTP/1.1\r\nHost: x\r\nX-Sentry-Auth: {AUTH}\r\n"
    head += f"Content-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", target.port), DEADLINE) as connection:
        connection.sendall(head.encode() + body)
    target.upstream.of(event_id)


@rows("routes/small-answers")
def test_small_answers_are_not_compressed(target: Target) -> None:
    """A client that could read any encoding gets the few bytes as they are."""
    accept = ("Accept-Encoding", "gzip, deflate, br, zstd")
    event_id = new_id()
    for reply in (
        target.post("envelope", event_envelope(event_id), accept),
        target.send("GET", "/api/relay/healthcheck/live/", accept),
    ):
        assert (200, True) == (reply.status, len(reply.body) < 128)
        assert "content-encoding" not in reply.headers
