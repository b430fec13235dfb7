"""Who gets in at the admin port, and how every answer of it looks."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from relay.config import Admin, AdminToken, Listen
from relay.errors import MalformedError
from relay.health import Health
from relay.metrics import Metrics
from relay.server import admin_gate
from relay.server.admin import build_admin_app
from relay.server.admin_gate import (
    HEADERS,
    MAX_CONNECTIONS,
    authority,
    find_token,
    host_name,
    refuse,
    watch_of,
)
from relay.spool.memory import MemorySpool
from tests.fakes import FakeClock

TOKEN = "a-long-token-for-ops"
NARROW = "a-long-token-for-dev"
SHORT = "fifteen-letters"
SECRET = "hunter2-hunter2"

Client = TestClient[web.Request, web.Application]


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


TOKENS = (
    AdminToken("ops", sha(TOKEN), frozenset({"metrics", "spool"})),
    AdminToken("dev", sha(NARROW), frozenset({"playground"})),
    AdminToken("short", sha(SHORT), frozenset({"metrics"})),
)


class Port:
    """An admin port: its client, its metrics, its time."""

    def __init__(self, admin: Admin) -> None:
        self.metrics = Metrics()
        self.clock = FakeClock()
        self.app = build_admin_app(
            metrics=self.metrics,
            health=Health(),
            spool=MemorySpool(self.clock),
            admin=admin,
            clock=self.clock,
        )
        self.client: Client

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        async with self.client.get(path, headers=headers) as answer:
            return answer.status, await answer.text()

    def counted(self, scope: str, outcome: str) -> int:
        return int(self.metrics.value("relay_admin_requests_total", scope=scope, outcome=outcome))


@asynccontextmanager
async def port(admin: Admin | None = None) -> AsyncIterator[Port]:
    """Serve one."""
    made = Port(admin or Admin())
    async with TestClient(TestServer(made.app)) as client:
        made.client = client
        yield made


# --- tokens --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("authorization", "status", "outcome"),
    [
        (f"Bearer {TOKEN}", 200, "done"),
        (f"bearer {TOKEN}", 200, "done"),
        (f"Bearer  {TOKEN} ", 200, "done"),
        ("Bearer another-long-token", 401, "unauthorized"),
        (f"Basic {TOKEN}", 401, "unauthorized"),
        (TOKEN, 401, "unauthorized"),
        (f"Bearer {sha(TOKEN)}", 401, "unauthorized"),
        (f"Bearer {TOKEN[:-1]}", 401, "unauthorized"),
        (f"Bearer {TOKEN} {TOKEN}", 401, "unauthorized"),
        (f"Bearer {SHORT}", 401, "unauthorized"),
        ("Bearer", 401, "unauthorized"),
        ("", 401, "unauthorized"),
        (None, 401, "unauthorized"),
        (f"Bearer {NARROW}", 403, "forbidden"),
    ],
)
async def test_tokens(authorization: str | None, status: int, outcome: str) -> None:
    """With tokens configured, metrics need one that has their scope; health never does."""
    headers = {} if authorization is None else {"Authorization": authorization}
    async with port(Admin(tokens=TOKENS)) as it:
        assert status == (await it.get("/metrics", **headers))[0]
        assert 1 == it.counted("metrics", outcome)
        assert 200 == (await it.get("/api/relay/healthcheck/ready/"))[0]


def test_a_header_that_stands_twice() -> None:
    """Which of the two would count nobody should have to know."""
    assert TOKENS[0] == find_token(TOKENS, [f"Bearer {TOKEN}"])
    assert find_token(TOKENS, [f"Bearer {TOKEN}", f"Bearer {TOKEN}"]) is None


@pytest.mark.parametrize(
    "given", [[], [""], ["Basic x"], [f"Bearer {TOKEN}"], ["Bearer \udcff"], ["x", "y"]]
)
def test_every_token_is_compared_each_time(
    given: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a hit, nor the form of what was given, ends the comparison early."""
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(admin_gate.hmac, "compare_digest", compare)
    find_token(TOKENS, given)
    assert [token.sha256.encode() for token in TOKENS] == [one for one, _ in compared]
    assert {64} == {len(other) for _, other in compared}


@pytest.mark.parametrize(
    ("admin", "metrics", "spool"),
    [
        (Admin(), 200, 401),
        (Admin(host="0.0.0.0"), 401, 401),
        (Admin(host="0.0.0.0", open=frozenset({"metrics"})), 200, 401),
        (Admin(host="0.0.0.0", open=frozenset({"metrics"}), tokens=TOKENS), 200, 401),
        (Admin(tokens=TOKENS), 401, 401),
    ],
)
async def test_what_is_open_without_a_token(admin: Admin, metrics: int, spool: int) -> None:
    """On the loopback, numbers; beyond it what is said to be; the spool never."""
    async with port(admin) as it:
        assert (metrics, spool) == ((await it.get("/metrics"))[0], (await it.get("/spool"))[0])


async def test_a_refusal_says_how_and_nothing_of_what_was_sent() -> None:
    """In JSON, with the challenge; whatever stands in the request is not in the answer."""
    async with port(Admin(tokens=TOKENS)) as it:
        headers = {"Authorization": f"Bearer {SECRET}-{SECRET}", "X-Secret": SECRET}
        async with it.client.get(f"/metrics?x={SECRET}", headers=headers) as answer:
            assert (401, "Bearer") == (answer.status, answer.headers["WWW-Authenticate"])
            text = await answer.text()
            assert SECRET not in text + str(answer.headers)
            assert {"detail", "causes"} == json.loads(text).keys()


@pytest.mark.parametrize("name", ["token", "ACCESS_TOKEN", "key", "authorization"])
async def test_a_token_in_the_url_is_refused(name: str) -> None:
    """Even beside a good one: URLs are kept by proxies and in histories."""
    async with port(Admin(tokens=TOKENS)) as it:
        status, text = await it.get(f"/metrics?{name}={TOKEN}", Authorization=f"Bearer {TOKEN}")
        assert (400, False) == (status, TOKEN in text)
        assert "Authorization" in text


# --- the audit log -------------------------------------------------------------------------------


async def test_refused_tokens_are_noted(tmp_path: Path) -> None:
    """With the name of a known one; neither token nor address, and a flood is one line."""
    file = tmp_path / "audit.log"
    async with port(Admin(tokens=TOKENS, audit=str(file))) as it:
        await it.get("/metrics")
        await it.get("/metrics", Authorization=f"Bearer {SECRET}-{SECRET}")
        await it.get("/spool", Authorization=f"Bearer {NARROW}")
        for _ in range(admin_gate.REFUSALS + 5):
            await it.get("/metrics")
        assert admin_gate.REFUSALS == len(file.read_text().splitlines())
        it.clock.advance(admin_gate.PERIOD)
        await it.get("/metrics")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [
        ("nobody", "metrics", "refused"),
        ("unknown", "metrics", "refused"),
        ("dev", "spool", "refused"),
    ] == [(line["who"], line["scope"], line["outcome"]) for line in lines[:3]]
    assert {"access"} == {line["action"] for line in lines}
    assert (1, 8 + 1) == (lines[-2]["count"], lines[-1]["count"])
    assert all(text not in file.read_text() for text in (SECRET, TOKEN, NARROW, "127.0.0.1"))


# --- hosts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:3001", 200),
        ("127.0.0.1", 200),
        ("localhost:3001", 200),
        ("LocalHost.", 200),
        ("[::1]:3001", 200),
        ("relay.internal", 200),
        ("evil.example:3001", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421),
        ("192.0.2.1", 421),
        ("", 421),
        ("[", 421),
    ],
)
async def test_another_hosts_name(host: str, status: int) -> None:
    """A page whose own name points to the loopback reads nothing (DNS rebinding)."""
    async with port(Admin(hosts=("relay.internal",))) as it:
        got, text = await it.get("/metrics", Host=host)
        assert status == got
        assert "evil" not in text
        assert (1 if status == 421 else 0) == it.counted("none", "misdirected") + it.counted(
            "metrics", "misdirected"
        )


@pytest.mark.parametrize(("hosts", "status"), [((), 200), (("relay.internal",), 421)])
async def test_hosts_beyond_the_loopback(hosts: tuple[str, ...], status: int) -> None:
    """There, names are known only where they are listed."""
    admin = Admin(host="0.0.0.0", open=frozenset({"metrics"}), hosts=hosts)
    async with port(admin) as it:
        assert status == (await it.get("/metrics", Host="10.0.0.7:3001"))[0]
        assert 200 == (await it.get("/metrics", Host="localhost"))[0]


async def test_a_host_that_stands_twice_or_not_at_all() -> None:
    """Neither is a request of a browser or of Prometheus."""
    async with port() as it:
        for hosts in ([], ["localhost", "localhost"]):
            reader, writer = await asyncio.open_connection("127.0.0.1", it.client.port)
            lines = ["GET /metrics HTTP/1.0", *(f"Host: {host}" for host in hosts), "", ""]
            writer.write("\r\n".join(lines).encode())
            status = (await reader.readline()).split()[1]
            assert status in (b"421", b"400")
            writer.close()
            await writer.wait_closed()


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        ("http://evil.example/metrics", "127.0.0.1", 421),
        ("http://evil.example:3001/metrics", "127.0.0.1:3001", 421),
        ("http://127.0.0.1/metrics", "evil.example", 421),
        ("http://127.0.0.1@evil.example/metrics", "127.0.0.1", 421),
        ("http://evil.example@127.0.0.1/metrics", "127.0.0.1", 421),
        ("http://localhost/metrics", "127.0.0.1", 421),
        ("http://127.0.0.1:1/metrics", "127.0.0.1:2", 421),
        ("http://127.0.0.1:3001/metrics", "127.0.0.1:3001", 200),
        ("http://LOCALHOST/metrics?a=b", "localhost", 200),
        ("http://[::1]:3001/metrics", "[::1]:3001", 200),
        ("http://evil.example/api/relay/healthcheck/live/", "127.0.0.1", 200),
    ],
)
async def test_a_target_that_names_a_host(target: str, host: str, status: int) -> None:
    """It means that one, whatever the header says; where they differ, somebody was misled."""
    async with port() as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.client.port)
        writer.write(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        assert str(status) == answer.split()[1].decode()
        assert b"evil" not in answer
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/metrics", None),
        ("//evil.example/metrics", None),
        ("http://a.b:1/x", "a.b:1"),
        ("HTTP://A.b", "a.b"),
        ("http://a?b/c", "a"),
        ("http://a#b@c/d", "a"),
        ("http://a@b:1/c", "a@b:1"),
        ("*", ""),
        ("a.b:1", ""),
        ("http:/a", ""),
    ],
)
def test_the_host_in_a_target(target: str, expected: str | None) -> None:
    """A target that is no path and names no host agrees with no header."""
    assert expected == authority(target)


def test_host_name() -> None:
    """The port is no part of it."""
    assert ["a.b", "a.b", "::1", "::1", "", ""] == [
        host_name(text) for text in ("A.b:1", " a.b. ", "[::1]:1", "[::1", "", ":1")
    ]


# --- every answer --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/metrics", 200),
        ("GET", "/api/relay/healthcheck/live/", 200),
        ("GET", "/spool", 401),
        ("GET", f"/{SECRET}", 404),
        ("POST", "/metrics", 405),
        ("OPTIONS", "/metrics", 405),
        ("PUT", "/spool/purge", 405),
        ("PROPFIND", "/metrics", 405),
        ("GET", "/spool/retry", 405),
    ],
)
async def test_every_answer_is_shut(method: str, path: str, status: int) -> None:
    """Not kept, not framed, not sniffed, for no other origin; errors are JSON without an echo."""
    async with port() as it:
        headers = {"Origin": "https://evil.example"}
        async with it.client.request(method, path, headers=headers) as answer:
            assert status == answer.status
            assert HEADERS.items() <= dict(answer.headers).items()
            assert not [name for name in answer.headers if name.lower().startswith("access-")]
            text = await answer.text()
            if status >= 400:
                assert {"detail", "causes"} == json.loads(text).keys()
                assert SECRET.lower() not in (text + str(answer.headers)).lower()
            if status == 405:
                assert answer.headers["Allow"]


async def test_a_mistake_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a 500 that says nothing."""

    def fail() -> bytes:
        raise ValueError(SECRET)

    async with port() as it:
        monkeypatch.setattr(it.metrics, "render", fail)
        status, text = await it.get("/metrics")
        assert (500, {"detail": "internal error", "causes": []}) == (status, json.loads(text))
        assert 1 == it.counted("metrics", "failed")


def test_what_is_no_request() -> None:
    """Bytes that are not HTTP are answered in the same form."""
    answer = refuse(None, MalformedError("bad request"))  # type: ignore[arg-type]
    assert HEADERS.items() <= dict(answer.headers).items()
    assert (400, b'{"detail":"bad request","causes":[]}') == (answer.status, answer.body)


async def test_health_is_not_counted() -> None:
    """It is asked for all the time."""
    async with port() as it:
        await it.get("/api/relay/healthcheck/live/")
        assert 0 == it.counted("none", "done")
        await it.get("/")
        assert 1 == it.counted("none", "done")


def test_few_connections() -> None:
    """What the system lets a process open is for clients; times are those of the ingest port."""
    listen = Listen(header_timeout=3.0)
    watch = watch_of(listen)
    assert (listen, True) == (watch.listen, 0 < watch._most <= MAX_CONNECTIONS)
