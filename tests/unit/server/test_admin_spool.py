"""The spool on the admin port."""

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from relay.config import Admin, AdminToken
from relay.delivery import Bury
from relay.errors import SpoolUnavailableError
from relay.health import Health
from relay.metrics import Metrics
from relay.outcomes import Reason
from relay.server.admin import build_admin_app
from relay.server.admin_requests import MAX_BODY
from relay.server.admin_spool import MAX_NUMBERS
from relay.spool.memory import MemorySpool
from tests.fakes import FakeClock, envelope

TOKEN = "a-long-token-for-ops"
AUTH = {"Authorization": f"Bearer {TOKEN}"}
TOKENS = (AdminToken("ops", hashlib.sha256(TOKEN.encode()).hexdigest(), frozenset({"spool"})),)
REASONS = (Reason.REJECTED_UPSTREAM, Reason.REJECTED_UPSTREAM, Reason.UNROUTABLE)
SIZE = len(envelope().body)
JSON = {"Content-Type": "application/json", **AUTH}


class Port:
    """An admin port, over a spool with two that wait and dead letters 1 to 3."""

    def __init__(self, file: Path, client: TestClient[web.Request, web.Application]) -> None:
        self.file = file
        self.client = client

    async def get(self, path: str, status: int = 200) -> Any:
        async with self.client.get(path, headers=AUTH) as answer:
            assert status == answer.status
            return await answer.json()

    async def post(self, path: str, body: Any, status: int = 200) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.client.post(path, data=data, headers=JSON) as answer:
            assert status == answer.status
            return await answer.json()

    def noted(self) -> list[tuple[str, str, int | None]]:
        lines = [json.loads(line) for line in self.file.read_text().splitlines()]
        assert {("ops", "http", "spool")} == {(x["who"], x["via"], x["scope"]) for x in lines}
        return [(line["action"], line["outcome"], line.get("count")) for line in lines]


@pytest.fixture
async def spool() -> MemorySpool:
    made = MemorySpool(FakeClock())
    for number in range(1, 6):
        await made.put(envelope(number, project=str(number)))
    claims = await made.claim(3)
    await made.settle([(c, Bury(reason)) for c, reason in zip(claims, REASONS, strict=True)])
    return made


@pytest.fixture
async def port(spool: MemorySpool, tmp_path: Path) -> AsyncIterator[Port]:
    file = tmp_path / "audit.log"
    app = build_admin_app(
        metrics=Metrics(),
        health=Health(),
        spool=spool,
        max_bytes=10 * SIZE,
        admin=Admin(tokens=TOKENS, audit=str(file)),
        clock=FakeClock(),
    )
    async with TestClient(TestServer(app)) as client:
        yield Port(file, client)


async def test_status(port: Port) -> None:
    """It says what `relay spool status` says."""
    assert {
        "ready": 2,
        "claimed": 0,
        "dead": 3,
        "dead_by_reason": {"rejected_upstream": 2, "unroutable": 1},
        "bytes": 5 * SIZE,
        "max_bytes": 10 * SIZE,
        "share": 0.5,
        "oldest_seconds": 0.0,
    } == await port.get("/spool")
    assert [("spool_status", "done", None)] == port.noted()


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [1, 2, 3]),
        ("?limit=2", [1, 2]),
        ("?after=1&limit=1", [2]),
        ("?reason=unroutable", [3]),
        ("?project=2", [2]),
        ("?project=2&reason=unroutable", []),
    ],
)
async def test_list(port: Port, query: str, numbers: list[int]) -> None:
    """Some, or all; nothing of a payload."""
    told = await port.get(f"/spool/dead{query}")
    assert numbers == [letter["number"] for letter in told]
    keys = {
        "number", "envelope_id", "project", "key", "categories", "bytes", "stored_at",
        "attempts", "reason",
    }  # fmt: skip
    assert all(keys == letter.keys() for letter in told)
    assert [("spool_list", "done", len(numbers))] == port.noted()


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=x",
        "limit=-1",
        "after=-1",
        "reason=x",
        "x=1",
        "limit=1&limit=2",
    ],
)
async def test_a_query_that_is_wrong(port: Port, query: str) -> None:
    """It is told what it may say."""
    assert "detail" in await port.get(f"/spool/dead?{query}", 400)
    assert not port.file.exists()


async def test_show(port: Port) -> None:
    """The facts, and kinds and sizes of items; the envelope itself by a route of its own."""
    one = envelope(3, project="3")
    told = await port.get("/spool/dead/3")
    assert (3, "3", "unroutable", one.client, [{"kind": "event", "bytes": 47}]) == (
        told["number"], told["project"], told["reason"], told["client"], told["items"],
    )  # fmt: skip
    async with port.client.get("/spool/dead/3/envelope", headers=AUTH) as answer:
        assert (200, one.body) == (answer.status, await answer.read())
        assert "application/x-sentry-envelope" == answer.content_type
        assert 'attachment; filename="3.envelope"' == answer.headers["Content-Disposition"]
    assert [3, 3] == [json.loads(line)["number"] for line in port.file.read_text().splitlines()]


@pytest.mark.parametrize("number", ["4", "99", "0", "-1", "x", "9" * 16, "9" * 30, "%201"])
async def test_show_what_is_not_there(port: Port, number: str) -> None:
    """Also of an envelope that waits, and of what is no number."""
    assert {"detail": "not found", "causes": []} == await port.get(f"/spool/dead/{number}", 404)


async def test_retry(port: Port) -> None:
    """Those named are due again; it is noted before, and after with how many."""
    assert {"retried": 1, "missing": 1} == await port.post("/spool/retry", {"numbers": [1, 99]})
    assert {"retried": 2, "missing": 0} == await port.post("/spool/retry", {"all": True})
    assert [
        ("spool_retry", "begun", 2),
        ("spool_retry", "done", 1),
        ("spool_retry", "begun", None),
        ("spool_retry", "done", 2),
    ] == port.noted()
    assert 5 == (await port.get("/spool"))["ready"]


async def test_purge(port: Port) -> None:
    """Those named are gone; to delete all takes a yes."""
    assert {"purged": 2, "missing": 0} == await port.post("/spool/purge", {"numbers": [1, 3]})
    await port.post("/spool/purge", {"all": True}, 400)
    await port.post("/spool/purge", {"all": True, "yes": 1}, 400)
    assert 1 == (await port.get("/spool"))["dead"]
    told = await port.post("/spool/purge", {"all": True, "yes": True})
    assert {"purged": 1, "missing": 0} == told
    assert 0 == (await port.get("/spool"))["dead"]


@pytest.mark.parametrize("path", ["/spool/retry", "/spool/purge"])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        ([], 400),
        ({}, 400),
        (b'{"all": false, "all": true, "yes": true}', 400),
        (b'{"\\u0061ll": false, "all": true}', 400),
        ({"numbers": []}, 400),
        ({"numbers": [0]}, 400),
        ({"numbers": [True]}, 400),
        ({"numbers": ["1"]}, 400),
        ({"numbers": [1.5]}, 400),
        ({"numbers": 1}, 400),
        ({"numbers": [2**53]}, 400),
        ({"numbers": [1], "all": True}, 400),
        ({"all": False}, 400),
        ({"all": "true"}, 400),
        ({"number": [1]}, 400),
        ({"numbers": list(range(1, MAX_NUMBERS + 2))}, 400),
        (b" " * (MAX_BODY + 1), 413),
    ],
)
async def test_a_body_that_is_wrong(
    port: Port, spool: MemorySpool, path: str, body: Any, status: int
) -> None:
    """It changes nothing, and nothing of it is noted."""
    await port.post(path, body, status)
    assert (3, False) == ((await spool.status()).buried, port.file.exists())


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
async def test_what_a_page_could_send_by_itself(
    port: Port, spool: MemorySpool, headers: dict[str, str]
) -> None:
    """A form of another origin is refused, even where a browser would add credentials."""
    async with port.client.post(
        "/spool/purge", data=b'{"all":true,"yes":true}', headers={**AUTH, **headers}
    ) as answer:
        assert 415 == answer.status
    assert 3 == (await spool.status()).buried


async def test_without_a_token(port: Port, spool: MemorySpool) -> None:
    """Nothing is read or changed; the token is asked for before the body."""
    for path in ("/spool/retry", "/spool/purge"):
        async with port.client.post(path, json={"all": True, "yes": True}) as answer:
            assert 401 == answer.status
    assert 3 == (await spool.status()).buried


async def test_an_audit_log_that_cannot_be_written(port: Port, spool: MemorySpool) -> None:
    """What would change something is not done; to look goes on."""
    port.file.mkdir()
    told = await port.post("/spool/purge", {"numbers": [1]}, 503)
    assert {"detail": "the audit log cannot be written", "causes": []} == told
    await port.post("/spool/retry", {"all": True}, 503)
    assert 3 == (await spool.status()).buried
    assert 3 == (await port.get("/spool"))["dead"]


async def test_a_spool_that_is_away(
    port: Port, spool: MemorySpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said, and noted that it did not work."""

    async def fail(*_: Any) -> int:
        raise SpoolUnavailableError("the spool cannot be written")

    monkeypatch.setattr(type(spool.dead), "retry", fail)
    told = await port.post("/spool/retry", {"all": True}, 503)
    assert "the spool cannot be written" == told["detail"]
    assert [("spool_retry", "begun", None), ("spool_retry", "failed", None)] == port.noted()
