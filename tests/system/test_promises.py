"""What docs/promises.md says, tried out on the running relay: one short test for each promise.

They are meant to be read by strangers, and to be run alone: `make promises`. Deeper tests of the
same are named beside them in tests/promises/promises.yaml.
"""

import base64
import gzip
import http.client
import json
import os
import re
import socket
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import Answer
from tests.nats import nats_server
from tests.system.planted import Leak, Needles
from tests.system.running import (
    AUTH,
    DEADLINE,
    ENVELOPE,
    PROJECT,
    Client,
    Headers,
    Relay,
    Reply,
    Sentry,
    envelope,
    event,
    project,
    sentry_in_thread,
    until,
)

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("promises")]

WITH_KEY: Headers = (("X-Sentry-Auth", AUTH),)
YES: Headers = (("X-Suite-Consent", "true"),)
FOLDER = "7"
"""The project whose upstream is a folder."""

# Made up, or the published examples of their standards.
SECRETS: dict[str, dict[str, str]] = {
    "ip": {"IPv4": "203.0.113.77", "IPv6": "2001:db8:85a3::8a2e:370:7334"},
    "path": {"home": "/home/jane.roe/app/a.js", "profile": "C:\\Users\\jane.roe\\AppData\\a.log"},
    "address": {
        "Bitcoin": "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
        "SegWit": "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "Ethereum": "0x52908400098527886E0F7030069857D2E4169EE7",
        "Ripple": "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh",
        "Cardano": "stake1uyehkck0lajq8gr28t9uxnuvgcqrc6070x3k9r8048z8y5gh6ffgw",
    },
    "xpub": {
        "xpub": "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8"
        "YtGqsefD265TMg7usUDFdp6W1EGMcet8",
    },
    "key": {
        "xprv": "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6Ln"
        "F5kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
        "phrase": "legal winner thank year wave sausage worth useful legal winner thank yellow",
    },
    "device": {"id": "355C817510C0EABF2F147145"},
    "person": {"e-mail": "jane.roe@example.org"},
}
WHOLE = {name: value for group in SECRETS.values() for name, value in group.items()}
NAME = {"name": "jane.roe"}
numbers = count(0x9000)


@dataclass
class Setup:
    """A relay with debug logging on, its upstream, and all the places where something may lie."""

    relay: Relay
    sentry: Sentry
    client: Client

    def post(self, body: bytes, *headers: tuple[str, str], path: str = ENVELOPE) -> Reply:
        return self.client.send("POST", path, (*WITH_KEY, *headers), body)

    def leaks(self, needles: Needles) -> list[Leak]:
        """Look at all that left the relay: to the upstream, to files, its output, its metrics."""
        found = needles.find_in_folder(self.relay.folder)
        found += needles.find("/metrics", self.relay.metrics().encode())
        for one in self.sentry.mini.received:
            said = json.dumps([one.path, one.headers]).encode()
            found += needles.find("upstream, head", said) + needles.find("upstream", one.body)
        return found


@contextmanager
def anybody_may_read() -> Iterator[None]:
    """Make files that do not say otherwise readable and writable for everybody."""
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    """One relay for all tests here that need no other."""
    folder = tmp_path_factory.mktemp("promises") / "relay"
    (folder / "tmp").mkdir(parents=True)
    with sentry_in_thread() as sentry:
        config = {
            "projects": [project(sentry.dsn()), project("file:./inbox", id=FOLDER)],
            "client_reports": {"interval": "1s"},
        }
        relay = Relay(folder, config, arguments=["--debug"], TMPDIR=str(folder / "tmp"))
        try:
            with anybody_may_read():
                relay.start()
            client = Client(relay.port)
            yield Setup(relay, sentry, client)
            client.close()
        finally:
            if relay.runs:
                relay.stop()


def untold(**more: Any) -> dict[str, Any]:
    """An event that says nothing of permission, and no other test sends."""
    document = event(next(numbers))
    del document["tags"]
    return document | more


def told(**more: Any) -> dict[str, Any]:
    """The same, with the user's yes."""
    return untold(tags={"allowReport": True}) | more


def form(*fields: tuple[str, str]) -> tuple[tuple[str, str], bytes]:
    """A crash report of these fields: its Content-Type, and the body."""
    dump = b"MDMP" + bytes(60)
    parts = [(f'name="{name}"', text.encode()) for name, text in fields]
    parts.append(('name="upload_file_minidump"; filename="a.dmp"', dump))
    body = b"".join(
        b"--frontier\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (head.encode(), data)
        for head, data in parts
    )
    content_type = ("Content-Type", "multipart/form-data; boundary=frontier")
    return content_type, body + b"--frontier--\r\n"


# --- collected only with permission --------------------------------------------------------------

API = f"/api/{PROJECT}"
CRASH_TYPE, CRASH = form(("sentry[message]", "quagga-grazing"))
ROUTES: dict[str, tuple[str, Headers, bytes]] = {
    "envelope": (ENVELOPE, (), envelope(untold(message="quagga-grazing"))),
    "store": (f"{API}/store/", (), json.dumps(untold(message="quagga-grazing")).encode()),
    "crash report": (f"{API}/minidump/", (CRASH_TYPE,), CRASH),
    "attachment": (
        f"{API}/events/{'a' * 32}/attachments/",
        (CRASH_TYPE,),
        CRASH.replace(b"upload_file_minidump", b"quagga-grazing"),
    ),
    "browser's report": (
        f"{API}/csp-report/",
        (("Content-Type", "application/csp-report"),),
        b'{"csp-report": {"document-uri": "https://quagga-grazing/"}}',
    ),
    "check-in": (f"{API}/cron/quagga-grazing/?status=ok", (), b""),
}


@pytest.mark.parametrize("route", list(ROUTES))
def test_without_permission_nothing_is_kept(setup: Setup, route: str) -> None:
    """No word of permission is a refusal on every route, and leaves nothing of what was sent."""
    path, headers, body = ROUTES[route]
    assert "quagga-grazing" in path + body.decode()
    reply = setup.post(body, *headers, path=path)
    assert (403, ["consent_missing"]) == (reply.status, reply.json().get("causes"))
    assert [] == setup.leaks(Needles({"mark": "quagga-grazing"}))


def test_permission_is_what_lets_a_report_pass(setup: Setup) -> None:
    """The same report goes on once the user has said yes: else refusals would show nothing."""
    document = untold(message="okapi-resting")
    assert 403 == setup.post(envelope(document)).status
    assert 200 == setup.post(envelope(document), *YES).status
    assert "okapi-resting" == setup.sentry.arrival(document["event_id"])["message"]
    assert [] != setup.leaks(Needles({"mark": "okapi-resting"}))


NO_AMONG_YES: dict[str, tuple[Headers, str, dict[str, Any], dict[str, Any]]] = {
    "header": ((("X-Suite-Consent", "false"),), "", {"consent": True}, {"allowReport": True}),
    "query": (YES, "?consent=no", {"consent": True}, {"allowReport": True}),
    "envelope": (YES, "?consent=true", {"consent": False}, {"allowReport": True}),
    "tag": (YES, "?consent=true", {"consent": True}, {"allowReport": False}),
}


@pytest.mark.parametrize("place", list(NO_AMONG_YES))
def test_one_no_outweighs_every_yes(setup: Setup, place: str) -> None:
    """Wherever it stands, beside a yes in every other place."""
    headers, query, head, tags = NO_AMONG_YES[place]
    body = envelope(untold(message="tapir-hiding", tags=tags), **head)
    reply = setup.post(body, *headers, path=f"/consented{ENVELOPE}{query}")
    assert (403, ["consent_denied"]) == (reply.status, reply.json().get("causes"))
    assert [] == setup.leaks(Needles({"mark": "tapir-hiding"}))


DOUBTFUL: dict[str, str] = {
    "a word": '{"allowReport": "yes"}',
    "capitals": '{"allowReport": "TRUE"}',
    "a list": '{"allowReport": [true]}',
    "twice, no and yes": '{"allowReport": false, "allowReport": true}',
    "twice, behind an escape": '{"allowReport": false, "\\u0061llowReport": true}',
    "twice, as pairs": '[["allowReport", "false"], ["allowReport", "true"]]',
    "a pair of one": '[["allowReport"]]',
}


@pytest.mark.parametrize("tags", list(DOUBTFUL))
def test_a_doubtful_yes_is_a_no(setup: Setup, tags: str) -> None:
    """Another word, or the same key twice: nobody can say that this user agreed."""
    document = untold(message="zorilla-asleep")
    whole = json.dumps(document)[:-1] + f', "tags": {DOUBTFUL[tags]}}}'
    head = json.dumps({"event_id": document["event_id"]})
    reply = setup.post(f'{head}\n{{"type":"event"}}\n{whole}'.encode())
    assert (403, ["consent_denied"]) == (reply.status, reply.json().get("causes"))
    assert [] == setup.leaks(Needles({"mark": "zorilla-asleep"}))


FORMS: dict[str, tuple[tuple[str, str], ...]] = {
    "two fields": (
        ("sentry[tags][allowReport]", "true"),
        ("sentry[tags][allowReport]", "false"),
    ),
    "a field and a document": (
        ("sentry[tags][allowReport]", "true"),
        ("sentry", '{"tags": {"allowReport": false}}'),
    ),
    "a document in pieces": (
        ("sentry__1", '{"tags": {"allowReport": false, '),
        ("sentry__2", '"allowReport": true}}'),
    ),
}


@pytest.mark.parametrize("fields", list(FORMS))
def test_a_no_in_a_form_is_found(setup: Setup, fields: str) -> None:
    """A crash report's form cannot hide a no behind a yes."""
    content_type, body = form(*FORMS[fields], ("sentry[message]", "serval-waiting"))
    reply = setup.post(body, content_type, path=f"{API}/minidump/")
    assert reply.status in (400, 403)
    assert [] == setup.leaks(Needles({"mark": "serval-waiting"}))


# --- opting out ----------------------------------------------------------------------------------


def counters(page: str) -> dict[str, float]:
    """Counters of what was sent, by name and labels; what only hangs on time is left out."""
    lines = (line.rpartition(" ") for line in page.splitlines() if not line.startswith("#"))
    names = ("relay_consent_total", "relay_envelopes_total", "relay_items_total", "relay_requests")
    return {head: float(value) for head, _, value in lines if head.startswith(names)}


def counts(sentry: Sentry) -> dict[str, int]:
    """All that Sentry was told of denials: how many, by category. Nothing else stands there."""
    found: Counter[str] = Counter()
    for body in list(sentry.mini.delivered):
        if b'"client_report"' not in body:
            continue
        head, item, report, _ = body.split(b"\n")
        assert set() == json.loads(head).keys() - {"sent_at", "sdk"}
        assert {"type", "length"} == json.loads(item).keys()
        whole = json.loads(report)
        whole.pop("timestamp")
        for entry in (entry for entries in whole.values() for entry in entries):
            assert {"reason", "category", "quantity"} == entry.keys()
            if entry["reason"] == "consent_denied":
                found[entry["category"]] += entry["quantity"]
    return found


def test_a_no_leaves_a_number_and_nothing_else(setup: Setup) -> None:
    """Four counters go up by one, Sentry gets a count by category; no line is logged of it."""
    setup.relay.drain()
    before, log = counters(setup.relay.metrics()), setup.relay.errors()
    told_before = counts(setup.sentry)["error"]
    event_id = uuid.uuid4().hex
    document = untold(event_id=event_id, message="lechwe-leaving", tags={"allowReport": False})
    assert 403 == setup.post(envelope(document)).status
    after = counters(setup.relay.metrics())
    changed = {name: after[name] - before.get(name, 0) for name in after}
    name = f'relay_envelopes_total{{outcome="consent_denied",project="{PROJECT}"}}'
    assert {
        'relay_consent_total{verdict="denied"}': 1,
        name: 1,
        'relay_items_total{kind="event",reason="consent_denied"}': 1,
        'relay_requests_total{route="envelope",status="403"}': 1,
    } == {name: more for name, more in changed.items() if more}
    until(lambda: counts(setup.sentry)["error"] > told_before, "the count to arrive")
    needles = Needles({"id": event_id, "text": "lechwe-leaving"})
    assert [] == setup.leaks(needles)
    lines = setup.relay.errors()[len(log) :].splitlines()
    assert set() == {json.loads(line)["message"] for line in lines} - {"delivered"}


# --- what is not collected -----------------------------------------------------------------------


def everywhere(text: str, name: str) -> dict[str, Any]:
    """A text in the fields of an event where apps put such things, plain and in base64."""
    packed = base64.b64encode(f"<{text}>".encode()).decode()
    frame = {"function": "sync", "filename": "a.js", "lineno": 7, "vars": {"it": text}}
    fault = {"type": "Error", "value": f"no {text} here", "stacktrace": {"frames": [frame]}}
    return {
        "message": f"failed with {text}",
        "exception": {"values": [fault]},
        "breadcrumbs": [{"message": f"saw {text}", "data": {"seen": text}}],
        "extra": {name: {"deep": [text]}, text: "as a key", "json": json.dumps({"a": text})},
        "contexts": {"state": {"value": text, "packed": packed}},
        "tags": {"allowReport": True, "about": text},
    }


@pytest.mark.parametrize("kind", list(SECRETS))
def test_what_is_never_passed_on(setup: Setup, kind: str) -> None:
    """Planted in every field of an event, it is in nothing that leaves or stays; the event is."""
    needles = Needles(SECRETS[kind] | (NAME if kind == "path" else {}))
    for name, value in SECRETS[kind].items():
        document = told(**everywhere(value, name))
        body = envelope(document)
        assert [] != needles.find("sent", body)
        assert 200 == setup.post(body).status
        arrived = setup.sentry.arrival(document["event_id"])
        assert ("Error", "sync", 7) == place_of(arrived)
    assert [] == setup.leaks(needles)


def place_of(arrived: dict[str, Any]) -> tuple[str, str, int]:
    """Type, function and line of a failure."""
    [fault] = arrived["exception"]["values"]
    [frame] = fault["stacktrace"]["frames"]
    return fault["type"], frame["function"], frame["lineno"]


FORWARDED = ("X-Forwarded-For", "X-Real-Ip", "Forwarded", "CF-Connecting-IP", "True-Client-IP")


def test_the_clients_own_address_is_nowhere(setup: Setup) -> None:
    """Neither the address that a connection comes from, nor what proxies say that it was."""
    document = told(user={"ip_address": "{{auto}}"})
    origin = ("127.0.0.77", 0)
    address = ("127.0.0.1", setup.relay.port)
    with closing(http.client.HTTPConnection(*address, DEADLINE, origin)) as client:
        headers = dict(WITH_KEY) | dict.fromkeys(FORWARDED, "198.51.100.77")
        for body, status in ((envelope(document), 200), (b"nothing", 400)):
            client.request("POST", ENVELOPE, body, headers)
            reply = client.getresponse()
            reply.read()
            assert status == reply.status
    setup.sentry.arrival(document["event_id"])
    needles = Needles({"connection": "127.0.0.77", "said by a proxy": "198.51.100.77"})
    assert [] == setup.leaks(needles)


@pytest.mark.parametrize("wish", ["auto", "never", None])
def test_sentry_is_told_not_to_guess(setup: Setup, wish: str | None) -> None:
    """Sentry would write down the address of whoever connects: every event says never to."""
    sdk = {"name": "sentry.javascript.browser", "version": "11.12.0"}
    document = told(sdk={**sdk, "settings": {"infer_ip": wish}} if wish else sdk)
    assert 200 == setup.post(envelope(document)).status
    arrived = setup.sentry.arrival(document["event_id"])
    assert "never" == arrived["sdk"]["settings"]["infer_ip"]


def test_a_user_is_a_pseudonym(setup: Setup) -> None:
    """The same user counts as one, under a name that another secret would have made another."""
    ids = ["user-4711", "user-4711", "user-4712"]
    documents = [told(user={"id": one}) for one in ids]
    for document in documents:
        assert 200 == setup.post(envelope(document)).status
    names = [setup.sentry.arrival(one["event_id"])["user"]["id"] for one in documents]
    assert names[0] == names[1]
    assert names[0] != names[2]
    assert [] == setup.leaks(Needles({"id": "user-4711", "other": "user-4712"}))
    plain = sha256(b"user-4711").hexdigest()[:16]
    assert plain not in names[0]


# --- nothing goes around -------------------------------------------------------------------------


def test_every_route_leads_through_the_scrubber(setup: Setup) -> None:
    """Whichever way a report comes, packed or not, what is secret in it stays here."""
    text = " and ".join(WHOLE.values())
    needles = Needles({**WHOLE, **NAME})
    content_type, crash = form(("sentry[message]", text), ("comment", text))
    log = {"timestamp": 1.0, "level": "info", "body": text, "trace_id": "a" * 32}
    container = {
        "type": "log",
        "item_count": 1,
        "content_type": "application/vnd.sentry.items.log+json",
    }
    lines = ({}, container, {"items": [log]})
    ways: list[tuple[str, Headers, bytes]] = [
        (ENVELOPE, (), envelope(told(message=text))),
        (ENVELOPE, (("Content-Encoding", "gzip"),), gzip.compress(envelope(told(message=text)))),
        (ENVELOPE, (), b"\n".join(json.dumps(line).encode() for line in lines)),
        (ENVELOPE, (), b'{}\n{"type":"attachment","filename":"a.txt"}\n' + text.encode()),
        (f"{API}/store/", (), json.dumps(told(message=text)).encode()),
        (f"{API}/minidump/", (content_type,), crash),
        (
            f"{API}/csp-report/",
            (("Content-Type", "application/csp-report"),),
            json.dumps({"csp-report": {"document-uri": f"https://example.org/?{text}"}}).encode(),
        ),
    ]
    before = len(setup.sentry.mini.delivered)
    for path, headers, body in ways:
        assert 200 == setup.post(body, *headers, *YES, path=path).status
    setup.relay.drain()
    assert len(ways) <= len(setup.sentry.mini.delivered) - before
    assert [] == setup.leaks(needles)


NOT_UNDERSTOOD: dict[str, tuple[dict[str, Any], bytes]] = {
    "a kind of tomorrow": ({"type": "brand_new"}, b'{"a": "caracal-behind-the-tree"}'),
    "what is no JSON": ({"type": "check_in"}, b'{"a": "caracal-behind-the-tree"'),
    "too deep": (
        {"type": "user_report"},
        b'{"a":' * 300 + b'"caracal-behind-the-tree"' + b"}" * 300,
    ),
    "a picture": (
        {"type": "attachment", "filename": "a.png"},
        b"\x89PNG\0\xff caracal-behind-the-tree",
    ),
    "a recording": ({"type": "replay_recording"}, b'{}\n["caracal-behind-the-tree"]'),
    "memory of a crash": (
        {"type": "attachment", "attachment_type": "event.minidump"},
        b"MDMP\0\xff caracal-behind-the-tree",
    ),
}


@pytest.mark.parametrize("what", list(NOT_UNDERSTOOD))
def test_what_is_not_understood_is_dropped(setup: Setup, what: str) -> None:
    """It falls alone: the event beside it arrives, and nothing of it does."""
    header, payload = NOT_UNDERSTOOD[what]
    document = told()
    head = json.dumps({**header, "length": len(payload)}).encode()
    assert 200 == setup.post(envelope(document) + b"\n" + head + b"\n" + payload).status
    setup.sentry.arrival(document["event_id"])
    assert [] == setup.leaks(Needles({"mark": "caracal-behind-the-tree"}))


# --- what is written down ------------------------------------------------------------------------


def test_what_waits_on_the_disk_is_clean(setup: Setup) -> None:
    """While an upstream keeps it waiting a report lies in the spool without what was secret."""
    setup.relay.drain()
    setup.sentry.mini.script.append(Answer(hang=True))
    document = told(message=f"addax-in-the-dunes {' '.join(WHOLE.values())}")
    assert 200 == setup.post(envelope(document)).status
    try:
        there = Needles({"mark": "addax-in-the-dunes"}).find_in_folder(setup.relay.folder)
        assert any(leak.place.startswith("spool.db") for leak in there)
        assert [] == setup.leaks(Needles({**WHOLE, **NAME}))
    finally:
        setup.sentry.release()
        setup.relay.drain()


def test_what_is_put_into_a_folder_is_clean(setup: Setup) -> None:
    """An inbox holds readable reports, without what was secret in them."""
    document = told(message=f"eland-on-the-plain {' '.join(WHOLE.values())}")
    assert 200 == setup.post(envelope(document), path=f"/api/{FOLDER}/envelope/").status
    setup.relay.drain()
    inbox = setup.relay.folder / "inbox"
    assert [] != Needles({"mark": "eland-on-the-plain"}).find_in_folder(inbox)
    assert [] == Needles({**WHOLE, **NAME}).find_in_folder(inbox)


def test_what_waits_in_nats_is_clean(tmp_path: Path) -> None:
    """Relays that share a queue in NATS put only clean reports there."""
    with sentry_in_thread() as sentry, nats_server(tmp_path) as server:
        sentry.mini.script.append(Answer(hang=True))
        spool = {"backend": "jetstream", "servers": [server.url]}
        relay = Relay(tmp_path / "relay", {"projects": [project(sentry.dsn())], "spool": spool})
        with relay.running():
            document = told(message=f"kudu-at-the-water {' '.join(WHOLE.values())}")
            client = Client(relay.port)
            assert 200 == client.send("POST", ENVELOPE, WITH_KEY, envelope(document)).status
            client.close()
            until(
                lambda: Needles({"mark": "kudu-at-the-water"}).find_in_folder(server.folder),
                "the report to be in NATS' files",
            )
            assert [] == Needles({**WHOLE, **NAME}).find_in_folder(tmp_path)
            sentry.release()
            relay.drain()


def test_no_memory_is_left_on_a_disk(setup: Setup) -> None:
    """None of the relay's processes writes a core dump, which would hold what is not scrubbed."""
    waiting, everybody = [setup.relay.pid], set[int]()
    while waiting:
        pid = waiting.pop()
        everybody.add(pid)
        for task in Path(f"/proc/{pid}/task").iterdir():
            waiting += [int(one) for one in (task / "children").read_text().split()]
    for pid in everybody:
        limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
        (core,) = (line for line in limits if line.startswith("Max core file size"))
        assert core.split()[4] in ("0", "1")
    assert len(everybody) > 1


def test_no_error_repeats_what_was_sent(setup: Setup) -> None:
    """What is broken is refused in words of our own, and logged without a byte of it."""
    broken: dict[str, tuple[str, Headers, bytes]] = {
        "no envelope": (ENVELOPE, (), b"bongo-in-the-bush"),
        "no JSON": (ENVELOPE, (), b"{}\n{bongo-in-the-bush\n{}"),
        "a strange encoding": (ENVELOPE, (("Content-Encoding", "bongo-in-the-bush"),), b"x"),
        "an unknown path": ("/api/bongo-in-the-bush/envelope/", (), envelope(told())),
        "an unknown key": (f"{ENVELOPE}?sentry_key=bongo-in-the-bush", (), envelope(told())),
        "no gzip": (ENVELOPE, (("Content-Encoding", "gzip"),), b"bongo-in-the-bush"),
    }
    answers = {
        name: setup.post(body, *more, path=path) for name, (path, more, body) in broken.items()
    }
    assert [] == [name for name, reply in answers.items() if reply.status < 400]
    assert [] == [name for name, reply in answers.items() if "bongo" in repr(reply)]
    assert [] == setup.leaks(Needles({"mark": "bongo-in-the-bush"}))


# --- for how long, and for whom ------------------------------------------------------------------


RULE = """\
description: d
why: w
match: {pattern: 'okapi'}
redact: {method: replace, text: '[x]'}
examples:
  scrubs: [{in: 'okapi', out: '%s'}, {in: 'an okapi', out: 'an [x]'}]
  leaves: [nothing, oka]
"""


def one_relay(folder: Path, upstream: str, spool: dict[str, Any], proof: str = "[x]") -> Relay:
    """A relay with one rule, which is quick to start, and the proof that the rule brings."""
    (folder / "rules" / "own").mkdir(parents=True)
    (folder / "rules" / "own" / "word.yaml").write_text("id: own/word\n" + RULE % proof)
    config = {"projects": [project(upstream)], "spool": spool, "rules": [str(folder / "rules")]}
    return Relay(folder / "relay", config)


def send(relay: Relay, document: dict[str, Any]) -> None:
    client = Client(relay.port)
    assert 200 == client.send("POST", ENVELOPE, WITH_KEY, envelope(document)).status
    client.close()


def test_what_was_delivered_is_deleted(tmp_path: Path) -> None:
    """Once Sentry has a report nothing of it is left here, not even in unused parts of the file."""
    with sentry_in_thread() as sentry:
        relay = one_relay(tmp_path, sentry.dsn(), {"path": "spool.db"})
        with relay.running():
            document = told(message="sitatunga-swimming")
            send(relay, document)
            sentry.arrival(document["event_id"])
            relay.drain()
    assert (relay.folder / "spool.db").exists()
    assert [] == Needles({"text": "sitatunga-swimming"}).find_in_folder(relay.folder)


def test_what_waits_too_long_is_deleted(tmp_path: Path) -> None:
    """A report that no upstream takes is gone after `spool.max_age`, from the file too."""
    needles = Needles({"text": "gerenuk-standing"})
    with sentry_in_thread() as sentry:
        sentry.mini.script.extend([Answer(503)] * 1_000)
        relay = one_relay(tmp_path, sentry.dsn(), {"path": "spool.db", "max_age": "1s"})
        with relay.running():
            send(relay, told(message="gerenuk-standing"))
            assert [] != needles.find_in_folder(relay.folder)
            until(lambda: relay.count("relay_spool_dropped_total"), "it to be given up")
    assert [] == needles.find_in_folder(relay.folder)


def test_what_was_given_up_is_deleted_in_time(tmp_path: Path) -> None:
    """A report that Sentry refused for good is gone after `spool.max_dead_age`."""
    needles = Needles({"text": "gerenuk-standing"})
    with sentry_in_thread() as sentry:
        sentry.mini.script.append(Answer(400))
        relay = one_relay(tmp_path, sentry.dsn(), {"path": "spool.db", "max_dead_age": "1s"})
        with relay.running():
            send(relay, told(message="gerenuk-standing"))
            until(lambda: relay.count("relay_buried_total"), "it to be given up")
            assert [] != needles.find_in_folder(relay.folder)

            def gone() -> bool:
                send(relay, told())  # whoever looks for what is due deletes what is too old
                return relay.count("relay_spool_envelopes")["buried",] == 0

            until(gone, "it to be deleted")
    assert [] == needles.find_in_folder(relay.folder)


def test_files_are_for_the_relays_user_alone(setup: Setup) -> None:
    """What the relay makes nobody else may read, though nothing around it said so."""
    document = told()
    assert 200 == setup.post(envelope(document), path=f"/api/{FOLDER}/envelope/").status
    setup.relay.drain()
    ours = {setup.relay.folder / name for name in ("relay.yaml", "output", "tmp")}
    made = [path for path in setup.relay.folder.rglob("*") if not ours & {path, *path.parents}]
    open_to_others = {p.name: oct(p.stat().st_mode) for p in made if p.stat().st_mode & 0o077}
    assert {} == open_to_others
    assert {"spool.db", "inbox"} <= {path.name for path in made}


def test_ports_are_on_the_loopback(setup: Setup) -> None:
    """Unless told otherwise neither port can be reached from another machine."""
    listening = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{setup.relay.pid}/net/{table}").read_text().splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            address, _, port = local.partition(":")
            if state == "0A" and int(port, 16) in (setup.relay.port, setup.relay.admin_port):
                listening.add((address, int(port, 16)))
    loopback = "0100007F"
    assert {(loopback, setup.relay.port), (loopback, setup.relay.admin_port)} == listening


def test_only_the_configured_upstream_is_written_to(setup: Setup) -> None:
    """An upstream that sends a report elsewhere is not followed."""
    document = told()
    with sentry_in_thread() as elsewhere:
        place = f"http://127.0.0.1:{elsewhere.port}/api/1/envelope/"
        setup.sentry.mini.script.append(Answer(307, {"Location": place}))
        assert 200 == setup.post(envelope(document)).status
        until(
            lambda: any(r.answer.status == 307 for r in setup.sentry.mini.received), "the redirect"
        )
        setup.relay.drain()
        assert [] == elsewhere.mini.received


# --- what it is good for -------------------------------------------------------------------------


def test_a_report_without_secrets_arrives_as_it_was(setup: Setup) -> None:
    """What a developer needs is not touched: byte for byte, but for the word against guessing."""
    frames = [
        {"function": "onClick", "filename": "app:///main.js", "lineno": 10, "colno": 3},
        {
            "function": "signTransaction",
            "module": "suite.send",
            "filename": "app:///send/sign.ts",
            "lineno": 1042,
            "colno": 17,
            "in_app": True,
            "context_line": "  const fee = await estimate(inputs, outputs);",
            "pre_context": ["  if (!account) return;"],
        },
    ]
    fault = {
        "type": "TypeError",
        "value": "Cannot read properties of undefined (reading 'length')",
        "stacktrace": {"frames": frames},
        "mechanism": {"type": "onerror", "handled": False},
    }
    document = told(
        release="trezor-suite@24.11.1",
        environment="production",
        exception={"values": [fault]},
        breadcrumbs=[{"category": "ui.click", "message": "button#send", "level": "info"}],
        contexts={"os": {"name": "Linux", "version": "6.1"}, "runtime": {"name": "Electron"}},
        sdk={"name": "sentry.javascript.electron", "version": "4.24.0"},
    )
    assert 200 == setup.post(envelope(document)).status
    arrived = setup.sentry.arrival(document["event_id"])
    assert {"infer_ip": "never"} == arrived["sdk"].pop("settings")
    assert re.fullmatch("[0-9a-f]{12}", arrived["tags"].pop("relay.rules"))
    assert json.dumps(document) == json.dumps(arrived)


def test_one_request_stops_nobody_else(setup: Setup) -> None:
    """What unpacks to very much is refused early, and others are answered meanwhile."""
    bomb = gzip.compress(bytes(30 * 1024 * 1024), 9)
    assert 413 == setup.post(bomb, ("Content-Encoding", "gzip")).status
    assert 200 == setup.post(envelope(told())).status
    slow = socket.create_connection(("127.0.0.1", setup.relay.port), DEADLINE)
    with slow:
        slow.sendall(f"POST {ENVELOPE} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n".encode())
        assert 200 == setup.post(envelope(told())).status


def test_rules_that_fail_their_proof_are_not_used(tmp_path: Path) -> None:
    """Each rule brings examples, and a relay does not start with one that fails its own."""
    relay = one_relay(tmp_path, "file:./inbox", {}, proof="another")
    with pytest.raises(AssertionError, match="it did not start"), relay.running():
        pass
    assert "own/word" in relay.errors()
