"""The ingest port, over HTTP, with a spool in memory."""

import asyncio
import gzip
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from relay.consent import ConsentPolicy
from relay.errors import RelayError, SpoolFullError, SpoolUnavailableError
from relay.health import Health
from relay.intake import Intake, Rotation
from relay.metrics import Metrics
from relay.pipeline import ProjectPolicy
from relay.protocol.limits import Limits
from relay.scrub.permit import ScrubbedEnvelope
from relay.server import ingest as ingest_module
from relay.server.answers import Cors
from relay.server.ingest import PIXEL, Ingest, Target, build_ingest_app, find_target
from relay.spool.memory import MemorySpool
from tests.fakes import FakeClock
from tests.inline_rules import IP, scrubber

KEY = "a" * 32
ID = "0123456789abcdef0123456789abcdef"
ADDRESS = "203.0.113.77"
AUTH = f"sentry_key={KEY}"
LIMITS = Limits(envelope=20_000, body=10_000)

Client = TestClient[web.Request, web.Application]


class SickSpool(MemorySpool):
    """A spool that fails in one way."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(FakeClock())
        self.error = error

    async def put(self, envelope: ScrubbedEnvelope) -> None:
        """Fail."""
        raise self.error


@asynccontextmanager
async def serving(
    spool: MemorySpool | None = None, metrics: Metrics | None = None
) -> AsyncIterator[Client]:
    """Serve the ingest port."""
    clock = FakeClock()
    metrics = metrics or Metrics()
    policy = ProjectPolicy("1", ConsentPolicy(), limits=LIMITS)
    intake = Intake(
        find_project=lambda project, key: policy if (project, key) == ("1", KEY) else None,
        projects={"1": KEY},
        rotation=Rotation(scrubber(IP), b"s" * 32, 0, clock),
        spool=spool or MemorySpool(clock),
        metrics=metrics,
        timer=lambda: 0.0,
    )
    app = build_ingest_app(
        Ingest(intake, metrics, Cors(["*"], ["X-Suite-Consent"]), LIMITS), Health({})
    )
    server = TestServer(app)
    await server.start_server(auto_decompress=False)
    async with TestClient(server, auto_decompress=False) as client:
        yield client


def event(**more: Any) -> bytes:
    """Write an envelope with one event that carries consent."""
    document = {"event_id": ID, "message": ADDRESS, "tags": {"allowReport": True}, **more}
    return b'{}\n{"type":"event"}\n' + json.dumps(document).encode() + b"\n"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/1/envelope/", Target("envelope", "1", prefixed=False)),
        ("/api/1/envelope", Target("envelope", "1", prefixed=False)),
        ("//api//1//store//", Target("store", "1", prefixed=False)),
        ("/consented/api/1/envelope/", Target("envelope", "1", prefixed=True)),
        ("/api/store/", Target("store", None, prefixed=False)),
        ("/tunnel", Target("tunnel", None, prefixed=False)),
        ("/consented/tunnel/", Target("tunnel", None, prefixed=True)),
        ("/", None),
        ("/api/1/minidump/", None),
        ("/api/1/envelope/x", None),
        ("/x/api/1/envelope/", None),
        ("/consented/consented/tunnel", None),
    ],
)
def test_find_target(path: str, expected: Target | None) -> None:
    """Paths lead to their route; slashes do not matter, anything else is nothing."""
    assert expected == find_target(path)


async def test_an_event_is_taken() -> None:
    """An event is answered with its id when it is in the spool, clean."""
    spool = MemorySpool(FakeClock())
    async with serving(spool) as client:
        response = await client.post(f"/api/1/envelope/?{AUTH}", data=event())
        assert (200, {"id": ID}) == (response.status, await response.json())
        assert "*" == response.headers["Access-Control-Allow-Origin"]
    (claim,) = await spool.claim(1)
    assert ADDRESS.encode() not in claim.envelope.body


@pytest.mark.parametrize(
    ("path", "body", "status", "detail"),
    [
        (f"/api/1/envelope/?{AUTH}", event(tags={}), 403, "nothing says that the user agreed"),
        (
            f"/api/1/envelope/?{AUTH}",
            event(tags={"allowReport": False}),
            403,
            "the user has not agreed",
        ),
        (f"/api/2/envelope/?{AUTH}", event(), 403, "unknown project or key"),
        ("/api/1/envelope/?sentry_key=" + "b" * 32, event(), 403, "unknown project or key"),
        ("/api/1/envelope/?sentry_key=x", event(), 401, "bad sentry_key"),
        ("/api/1/envelope/", event(), 401, "missing authorization information"),
        (f"/api/1/envelope/?{AUTH}", b"", 400, "the body is empty"),
        (f"/api/1/envelope/?{AUTH}", b"203.0.113.77", 400, "the envelope header is not JSON"),
        (f"/api/1/envelope/?{AUTH}", b"x" * 30_000, 413, ""),
        (f"/api/1/store/?{AUTH}", b"{}" + b" " * 20_000, 413, ""),
        ("/api/1/minidump/", b"203.0.113.77", 404, "not found"),
        ("/203.0.113.77", b"", 404, "not found"),
    ],
)
async def test_refusals(path: str, body: bytes, status: int, detail: str) -> None:
    """Each refusal has its status and words, never a payload's, and nothing is kept."""
    spool = MemorySpool(FakeClock())
    async with serving(spool) as client:
        response = await client.post(path, data=body)
        shown = await response.json()
    assert (status, True) == (response.status, shown["detail"].startswith(detail))
    assert ADDRESS not in str(shown) + str(response.headers)
    assert [] == list(await spool.claim(1))


async def test_encoded_bodies() -> None:
    """A compressed body is read; one that is broken or of no known encoding is refused."""
    async with serving() as client:
        url = f"/api/1/envelope/?{AUTH}"
        for encoding, body, status in (
            ("gzip", gzip.compress(event()), 200),
            ("gzip", b"nonsense", 400),
            ("gzip", gzip.compress(event())[:-9], 400),
            ("gzip", gzip.compress(b"x" * 1_000_000), 413),
            ("rot13", event(), 415),
        ):
            response = await client.post(url, data=body, headers={"Content-Encoding": encoding})
            assert status == response.status, (encoding, status)


async def test_store() -> None:
    """A bare event is taken by POST, and by GET with a pixel for an answer."""
    document = json.dumps({"event_id": ID, "tags": {"allowReport": "true"}})
    spool = MemorySpool(FakeClock())
    async with serving(spool) as client:
        for path in ("/api/1/store/", "/api/store/"):
            response = await client.post(f"{path}?{AUTH}", data=document)
            assert (200, {"id": ID}) == (response.status, await response.json())
        response = await client.get(f"/api/1/store/?{AUTH}", params={"sentry_data": document})
        assert (200, PIXEL) == (response.status, await response.read())
    # The same event each time, and so the same envelope.
    assert 1 <= len(await spool.claim(9)) <= 3


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (f"/api/1/envelope/?{AUTH}&consent=true", {}),
        (f"/api/1/envelope/?{AUTH}", {"X-Suite-Consent": "true"}),
        (f"/consented/api/1/envelope/?{AUTH}", {}),
    ],
)
async def test_consent_by_request(path: str, headers: dict[str, str]) -> None:
    """The URL, a header and the path's prefix carry consent for what holds none."""
    async with serving() as client:
        body = b'{}\n{"type":"session"}\n{}\n'
        response = await client.post(path, data=body, headers=headers)
        assert (200, {}) == (response.status, await response.json())


async def test_the_tunnel() -> None:
    """A tunnel's project and key stand in the envelope's DSN."""
    body = event().replace(b"{}", b'{"dsn":"http://%s@relay.example/1"}' % KEY.encode(), 1)
    async with serving() as client:
        assert 200 == (await client.post("/tunnel", data=body)).status
        assert 401 == (await client.post("/tunnel", data=event())).status


async def test_methods() -> None:
    """Only the route's methods are taken; a preflight is answered with them."""
    async with serving() as client:
        response = await client.put(f"/api/1/envelope/?{AUTH}", data=event())
        assert (405, "POST, OPTIONS") == (response.status, response.headers["Allow"])
        response = await client.options("/api/1/store/")
        assert (200, "POST, GET") == (
            response.status,
            response.headers["Access-Control-Allow-Methods"],
        )


@pytest.mark.parametrize(
    ("error", "status", "retry"),
    [
        (SpoolFullError("full"), 429, "30"),
        (SpoolUnavailableError("away"), 503, "30"),
        (RelayError(f"odd {0}"), 500, None),
        (ValueError(ADDRESS), 500, None),
    ],
)
async def test_a_sick_spool(
    error: Exception, status: int, retry: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is acknowledged that is not durable, and a mistake of ours tells nothing."""
    caplog.set_level(logging.DEBUG, "relay")
    async with serving(SickSpool(error)) as client:
        response = await client.post(f"/api/1/envelope/?{AUTH}", data=event())
        shown = await response.text()
    assert (status, retry) == (response.status, response.headers.get("Retry-After"))
    assert ADDRESS not in shown + caplog.text


async def test_a_body_that_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that stands still is given up."""
    monkeypatch.setattr(ingest_module, "BODY_TIMEOUT", 0.05)

    async with serving() as client:
        reader, writer = await asyncio.open_connection(client.host, client.port)
        head = f"POST /api/1/envelope/?{AUTH} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n"
        writer.write(head.encode() + b"{}")
        status = await asyncio.wait_for(reader.readline(), 10)
        writer.close()
    assert b" 408 " in status


async def test_health_and_counting() -> None:
    """Health is answered here too, and each request is counted by route and status, no path."""
    metrics = Metrics()
    async with serving(metrics=metrics) as client:
        assert 200 == (await client.get("/api/relay/healthcheck/live/")).status
        await client.post(f"/{ADDRESS}")
        await client.post(f"/api/1/envelope/?{AUTH}", data=event())
    assert 1 == metrics.value("relay_requests_total", route="unknown", status="404")
    assert 1 == metrics.value("relay_requests_total", route="envelope", status="200")
    assert ADDRESS.encode() not in metrics.render()
