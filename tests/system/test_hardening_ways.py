"""Where envelopes go: to the upstreams of the configuration, by no word of a client or an upstream.

What DNS answers for a configured name is out of scope: whoever can change that is the upstream.
"""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote

import pytest

from tests.fakes import Answer, Received
from tests.system.hardening import attack, head, statuses, whole
from tests.system.running import (
    AUTH,
    ENVELOPE,
    KEY,
    PROJECT,
    Relay,
    Sentry,
    envelope,
    event,
    project,
    sentry_in_thread,
    until,
)

LIMITED = "42"
BREAK = "\r\nX-Injected: yes"


class Trap:
    """Listens, and notes each connection."""

    def __init__(self) -> None:
        self.caught: list[bytes] = []
        self._wire = socket.create_server(("127.0.0.1", 0))
        self.port = self._wire.getsockname()[1]
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                wire, _ = self._wire.accept()
            except OSError:
                return
            with wire:
                wire.settimeout(5)
                self.caught.append(wire.recv(1_000))
                wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def close(self) -> None:
        self._wire.shutdown(socket.SHUT_RDWR)
        self._wire.close()
        self._thread.join()


@contextmanager
def trap() -> Iterator[Trap]:
    """Set one up inside a `with`."""
    one = Trap()
    try:
        yield one
    finally:
        one.close()


@dataclass
class House:
    """A relay in bad surroundings, its upstream, and a trap that all of them name."""

    relay: Relay
    sentry: Sentry
    trap: Trap
    seen: int = 0

    def post(self, data: bytes) -> int:
        """Send a request; return the status of the answer."""
        (status,) = statuses(attack(self.relay.port, data))
        return status

    def received(self) -> list[Received]:
        """What has come to the upstream since this was asked last, when all has gone out."""
        self.relay.drain()
        new = self.sentry.mini.received[self.seen :]
        self.seen += len(new)
        return new


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("ways")
    (folder / ".netrc").write_text("machine 127.0.0.1 login jane password secret\n")
    (folder / ".netrc").chmod(0o600)
    with sentry_in_thread() as sentry, trap() as one:
        names = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        surroundings = {
            **dict.fromkeys(names, f"http://127.0.0.1:{one.port}"),
            **dict.fromkeys(("no_proxy", "NO_PROXY"), ""),
            "HOME": str(folder),
            "NETRC": str(folder / ".netrc"),
        }
        projects = [
            project(sentry.dsn()),
            project(sentry.dsn(), id=LIMITED),
            project(f"http://127.0.0.1:{sentry.port}", id="*", key="*"),
        ]
        config = {"projects": projects, "client_reports": {"enabled": False}}
        relay = Relay(folder / "relay", config, **surroundings)
        with relay.running():
            yield House(relay, sentry, one)
        assert [] == one.caught


def test_a_trap_is_one() -> None:
    """Whoever comes to it is caught: else that nobody is would say nothing."""
    with trap() as one:
        assert [200] == statuses(attack(one.port, head()))
        assert 1 == len(one.caught)


# --- upstreams that lead elsewhere ----------------------------------------------------------------


def test_redirects_are_not_followed(house: House) -> None:
    """Each is an answer as any other: the envelope is buried, and nobody else hears of it."""
    there = f"127.0.0.1:{house.trap.port}"
    places = (
        f"http://{there}/", f"//{there}/", f"http:{there}", "http://169.254.169.254/latest/",
        "file:///etc/passwd", "/elsewhere/",
    )  # fmt: skip
    answers = [
        Answer(code, {"Location": place, "Refresh": f"0; url={place}"})
        for code in (301, 302, 303, 307, 308)
        for place in places
    ]
    house.sentry.mini.script.extend(answers)
    for number in range(len(answers)):
        assert 200 == house.post(whole(envelope(event(number + 1))))
    came = house.received()
    assert [answer.status for answer in answers] == [one.answer.status for one in came]
    assert {ENVELOPE} == {one.path for one in came}
    assert len(answers) == house.relay.count("relay_buried_total")["rejected_upstream",]
    assert [] == house.trap.caught


def test_nothing_of_the_surroundings_leads_elsewhere(house: House) -> None:
    """No proxy of the environment, no password of a .netrc, and no cookie of an earlier answer."""
    cookie = Answer(200, {"Set-Cookie": "id=jane; Path=/", "Alt-Svc": 'h2="evil.example:443"'})
    house.sentry.mini.script.append(cookie)
    for number in (1_001, 1_002):
        assert 200 == house.post(whole(envelope(event(number))))
        house.relay.drain()
    came = house.received()
    assert [cookie.headers, {}] == [one.answer.headers for one in came]
    sent = {name for one in came for name in one.headers}
    assert set() == {"cookie", "authorization", "proxy-authorization"} & sent
    assert [] == house.trap.caught


# --- clients that lead elsewhere ------------------------------------------------------------------

STRANGE = (
    "..", ".", "%2e%2e", "%2f", "1%2f..%2f2", "1@evil.example", "1:80", "\\", "%5c", "1%00",
    "1%0d%0aX-Injected: yes", "\u0661", "\uff11", "1?x", "1#x", "-1", "+1", "1e3", "0x1", " 1",
    "1;x", "99999999999999999999999999",
)  # fmt: skip


def test_no_client_chooses_the_upstream_by_a_header(house: House) -> None:
    """The configured host gets it, whatever a request says of hosts."""
    there = f"127.0.0.1:{house.trap.port}"
    lines = (
        f"X-Forwarded-Host: {there}", f"Forwarded: host={there}", f"X-Original-URL: http://{there}/",
        f"Origin: http://{there}", f"Referer: http://{there}/", f"X-Sentry-Upstream: {there}",
        f"Destination: http://{there}/", f"Via: 1.1 {there}", f"X-Rewrite-URL: http://{there}/",
    )  # fmt: skip
    requests = [whole(envelope(event(2_000 + n)), line) for n, line in enumerate(lines)]
    requests.append(whole(envelope(event(2_100))).replace(b"Host: x", f"Host: {there}".encode()))
    assert [200] * len(requests) == [house.post(one) for one in requests]
    came = house.received()
    assert len(requests) == len(came)
    assert {(ENVELOPE, f"127.0.0.1:{house.sentry.port}")} == ways(came)
    assert [] == house.trap.caught


def test_no_client_chooses_the_upstream_by_a_dsn(house: House) -> None:
    """Of a `dsn` only project and key count: neither its host nor its scheme."""
    there = f"127.0.0.1:{house.trap.port}"
    for number, scheme in enumerate(("http", "https")):
        body = envelope(event(3_000 + number), dsn=f"{scheme}://{KEY}@{there}/{PROJECT}")
        assert 200 == house.post(tunnel(body))
    came = house.received()
    assert 2 == len(came)
    assert {(ENVELOPE, f"127.0.0.1:{house.sentry.port}")} == ways(came)
    assert [] == house.trap.caught


def test_a_strange_project_leads_nowhere(house: House) -> None:
    """Where any project is taken, one that is no plain number is refused, in a path and a `dsn`."""
    there = f"127.0.0.1:{house.trap.port}"
    for odd in STRANGE:
        path = f"/consented/api/{quote(odd, safe='%')}/envelope/"
        assert (odd, True) == (odd, house.post(whole(envelope(event()), path=path)) >= 400)
    for odd in STRANGE:
        if odd[1:] in ("?x", "#x"):  # these are no part of a path
            continue
        body = envelope(event(), dsn=f"http://{KEY}@{there}/{odd}")
        assert (odd, True) == (odd, house.post(tunnel(body)) >= 400)
    assert [] == house.received()
    assert [] == house.trap.caught


def ways(came: list[Received]) -> set[tuple[str, str]]:
    """Where each was sent: path and host."""
    return {(one.path, one.headers["host"]) for one in came}


def tunnel(body: bytes) -> bytes:
    """A request that names its project in the envelope alone."""
    first = f"POST /consented/tunnel HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    return first.encode() + body


# --- headers --------------------------------------------------------------------------------------


def test_no_header_of_ours_can_be_written_from_outside(house: House) -> None:
    """A line break in any value that is near a header makes none: upstream, nor in an answer."""
    escaped = quote(BREAK)
    known = f"/consented{ENVELOPE}?sentry_key={KEY}"
    ends = ("\n", "\r", "\u2028", "\u0085", "\x0b", "\x0c", "%0d%0a")
    named = {"name": f"sentry.test/1.0{BREAK}", "version": BREAK}
    requests = [
        # In the query, escaped: the client's name, its key, the version, what has no meaning.
        bare(f"{known}&sentry_client={quote(named['name'])}"),
        bare(f"{known}{escaped}"),
        bare(f"{known}&sentry_version=7{escaped}"),
        bare(f"{known}&x{escaped}=1"),
        bare(f"/consented/api/{PROJECT}{escaped}/envelope/?sentry_key={KEY}"),
        bare(f"/consented/api/{PROJECT}/cron/a{escaped}/{KEY}/?status=ok"),
        bare(f"/{escaped}"),
        # In the envelope: its id, its `dsn`, names of the SDK and of a file, an item's type.
        whole(envelope(event(4_001), sdk=named)),
        whole(envelope(event(4_002, sdk=named))),
        whole(envelope(event(4_003, event_id=f"{3:032x}{BREAK}"))),
        whole(envelope(event(4_004), dsn=f"http://{KEY}{BREAK}@x/{PROJECT}")),
        whole(envelope(event(4_005), trace={"public_key": f"{KEY}{BREAK}", "trace_id": BREAK})),
        whole(envelope(event(4_006)) + b"\n" + attached(BREAK)),
        whole(
            b"\n".join(json.dumps(one).encode() for one in ({"event_id": BREAK}, {"type": BREAK}))
        ),
        # In headers: with what some parser may take for the end of a line.
        *(bare(ENVELOPE, f"X-Sentry-Auth: {AUTH}{end}X-Injected: yes") for end in ends),
        whole(envelope(event(4_020)), f"Origin: http://x{escaped}"),
        whole(envelope(event(4_021)), f"Access-Control-Request-Headers: x{escaped}"),
    ]
    answered = [attack(house.relay.port, request) for request in requests]
    heads = [got.partition(b"\r\n\r\n")[0].lower() for got in answered]
    assert [] == [one for one in heads if b"injected" in one]
    assert [1] * len(requests) == [len(statuses(got)) for got in answered]
    came = house.received()
    assert len(came) > 5
    assert {(ENVELOPE, f"127.0.0.1:{house.sentry.port}")} == ways(came)
    names = {"x-sentry-auth", "host", "content-type", "user-agent", "accept", "accept-encoding"}
    assert set() == {name for one in came for name in one.headers} - names - MAYBE
    clients = {one.headers["x-sentry-auth"].partition("sentry_client=")[2] for one in came}
    assert set() == {one for one in clients if not one.startswith(OURS)}
    assert set() == {one for one in clients if "injected" in one.lower()}


OURS = ("sentry.test/", "scrub-relay/", "relay-http")
"""How clients are named to the upstream here."""

MAYBE = {"content-length", "content-encoding", "transfer-encoding", "connection"}
"""How a body is framed."""


def bare(path: str, *lines: str) -> bytes:
    """A request with few headers, and an event."""
    body = envelope(event(4_099))
    more = "".join(f"{line}\r\n" for line in lines)
    first = f"POST {path} HTTP/1.1\r\nHost: x\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    return first.encode() + body


def attached(name: str) -> bytes:
    """A text with a file name and a type."""
    head = {
        "type": "attachment",
        "filename": name,
        "content_type": f"text/plain{name}",
        "length": 1,
    }
    return json.dumps(head).encode() + b"\nx\n"


def test_an_upstream_writes_no_header_of_our_answers(house: House) -> None:
    """Limits that it sets are told in words and numbers that are known; the rest is not told."""
    limits = '60:error:key:"quota\\", <b>;x: y, 60::organization, 1e9:error:key'
    answer = Answer(429, {"X-Sentry-Rate-Limits": limits, "Retry-After": "7\tx"})
    house.sentry.mini.script.append(answer)
    path = f"/consented/api/{LIMITED}/envelope/"
    house.post(whole(envelope(event(5_001)), path=path))
    said: list[bytes] = []

    def limited() -> bool:
        said.append(attack(house.relay.port, whole(envelope(event(5_002)), path=path)))
        return statuses(said[-1]) == [429]

    until(limited, "the limit to hold")
    header = said[-1].partition(b"\r\n\r\n")[0].lower()
    assert b"x-sentry-rate-limits: " in header
    assert [] == [word for word in (b"<b>", b"x: y", b"quota\\") if word in header]
