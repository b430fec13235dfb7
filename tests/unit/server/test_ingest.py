"""The ingest port, over HTTP, with a spool in memory."""

import asyncio
import gzip
import json
import logging
import pickle
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer

from relay.config import Listen
from relay.consent import ConsentPolicy
from relay.errors import RelayError, SpoolFullError, SpoolUnavailableError
from relay.health import Health
from relay.intake import Intake, Rotation
from relay.metrics import Metrics
from relay.outcomes import Reason
from relay.pipeline import Processed, ProjectPolicy
from relay.protocol.limits import Limits
from relay.scrub.permit import ScrubbedEnvelope
from relay.server import bodies, room, routes
from relay.server.answers import Cors
from relay.server.ingest import PIXEL, Ingest, build_ingest_app
from relay.server.listening import bind, open_port
from relay.side.body import Body
from relay.side.process import Hold
from relay.side.work import Job, do
from relay.spool.memory import MemorySpool
from tests.fakes import FakeClock
from tests.inline_rules import IP, scrubber

KEY = "a" * 32
ID = "0123456789abcdef0123456789abcdef"
ADDRESS = "203.0.113.77"
AUTH = f"sentry_key={KEY}"
LISTEN = Listen()
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


class SlowSpool(MemorySpool):
    """A spool that says when it is asked, and waits to be told to go on."""

    def __init__(self) -> None:
        super().__init__(FakeClock())
        self.asked = asyncio.Event()
        self.go_on = asyncio.Event()

    async def put(self, envelope: ScrubbedEnvelope) -> None:
        """Wait, then store."""
        self.asked.set()
        await self.go_on.wait()
        await super().put(envelope)


def made(
    spool: MemorySpool | None,
    metrics: Metrics,
    listen: Listen,
    limits: Limits = LIMITS,
    own: Limits = LIMITS,
) -> Ingest:
    """Make what answers."""
    clock = FakeClock()
    policy = ProjectPolicy("1", ConsentPolicy(), limits=own)
    intake = Intake(
        find_project=lambda project, key: policy if (project, key) == ("1", KEY) else None,
        projects={"1": KEY},
        rotation=Rotation(scrubber(IP), b"s" * 32, 0, clock),
        spool=spool or MemorySpool(clock),
        metrics=metrics,
        timer=lambda: 0.0,
    )
    return Ingest(intake, metrics, Cors(["*"], ["X-Suite-Consent"]), limits, listen)


@asynccontextmanager
async def serving(
    spool: MemorySpool | None = None,
    metrics: Metrics | None = None,
    listen: Listen = LISTEN,
    limits: Limits = LIMITS,
) -> AsyncIterator[Client]:
    """Serve the ingest port."""
    ingest = made(spool, metrics or Metrics(), listen, limits)
    server = TestServer(build_ingest_app(ingest, Health({})))
    await server.start_server(auto_decompress=False)
    async with TestClient(server, auto_decompress=False) as client:
        yield client


def event(**more: Any) -> bytes:
    """Write an envelope with one event that carries consent."""
    document = {"event_id": ID, "message": ADDRESS, "tags": {"allowReport": True}, **more}
    return b'{}\n{"type":"event"}\n' + json.dumps(document).encode() + b"\n"


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
        ("/api/1/unreal/x/", b"203.0.113.77", 404, "not found"),
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


def named(project: str = "1", key: str = KEY, **more: str) -> bytes:
    """An envelope's header line that names a project and key."""
    return json.dumps({"dsn": f"http://{key}@relay.example/{project}", **more}).encode() + b"\n"


@pytest.mark.parametrize(
    ("path", "begun", "status"),
    [
        ("/tunnel", b"{}\n", 401),
        ("/tunnel", b'{"dsn":"nonsense"}\n', 400),
        ("/tunnel", b"nonsense\n", 400),
        ("/tunnel", named("2"), 403),
        ("/tunnel", named(key="b" * 32), 403),
        (f"/tunnel?{AUTH}", b"{}\n", 403),
        (f"/tunnel?{AUTH}", named(key="b" * 32), 400),
        ("/api/1/envelope/", b"{}\n", 401),
        ("/api/1/envelope/", named("2"), 400),
        ("/api/2/envelope/", named("2"), 403),
        ("/tunnel", b"{" * 4_000, 413),
        ("/tunnel", named(trace="x" * 4_000), 413),
        ("/tunnel", named() + b"x" * 21_000, 413),
        ("/api/1/store/", b"{", 401),
        ("/api/store/", b"{", 401),
        ("/api/store/?sentry_key=" + "b" * 32, b"{", 403),
        ("/api/jane.doe@example.com/envelope/", b"{", 403),
        ("/api/../envelope/", b"{", 403),
        ("/api/%2e%2e/envelope/", b"{", 403),
        ("/api/5%2F..%2Fx/envelope/", b"{", 404),
    ],
)
async def test_nobody_is_refused_before_the_rest_comes(
    path: str, begun: bytes, status: int
) -> None:
    """Where only the body can name the caller, its first line decides while the rest is awaited."""
    metrics = Metrics()
    limits = Limits(header=3_000)
    async with serving(metrics=metrics, limits=limits) as client, asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(client.host, client.port)
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n"
        writer.write(head.encode() + begun)
        answer = await reader.readline()
        writer.close()
        await writer.wait_closed()
    assert f"HTTP/1.1 {status} ".encode() == answer[:13]
    assert 1 == sum(ends(metrics).values())


async def test_the_project_that_the_first_line_names_sets_the_limits() -> None:
    """Also for a compressed body that comes in small pieces, with what any project may send."""
    wide = Limits(envelope=30_000, header=3_000)
    async with serving(limits=wide) as client:
        for size, status in ((10_000, 200), (22_000, 413)):
            body = gzip.compress(named() + event(extra={"much": "x" * size}).partition(b"\n")[2])

            async def pieces(body: bytes = body) -> AsyncIterator[bytes]:
                for start in range(0, len(body), 50):
                    yield body[start : start + 50]

            headers = {"Content-Encoding": "gzip"}
            response = await client.post("/tunnel", data=pieces(), headers=headers)
            assert status == response.status, size


async def test_a_bomb_of_nobody_costs_little() -> None:
    """Before its first line has ended, a body is opened only as far as such a line may be long."""
    metrics = Metrics()
    bomb = gzip.compress(b"{" * 50_000_000, 9)
    async with serving(metrics=metrics, limits=Limits(header=3_000)) as client:
        response = await client.post("/tunnel", data=bomb, headers={"Content-Encoding": "gzip"})
    assert (413, {("unknown", "too_large"): 1}) == (response.status, ends(metrics))


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
        (RelayError("odd"), 500, None),
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


@pytest.mark.parametrize(("stall", "seconds", "cut"), [(9.0, 0.05, "body"), (0.05, 9.0, "stall")])
async def test_a_body_that_does_not_come(
    stall: float, seconds: float, cut: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body that comes too slowly, or stands still, ends with its connection, and counts."""
    monkeypatch.setattr(bodies, "STALL", stall)
    metrics = Metrics()
    async with opened(made(None, metrics, Listen(body_timeout=seconds))) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST /api/1/envelope/?{AUTH} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n"
        writer.write(head.encode() + b"{}")
        answer = await reader.read()
        writer.close()
    assert b"HTTP/1.1 408 " == answer[:13]
    assert {("1", "invalid_body"): 1} == ends(metrics)
    assert 1 == metrics.value("relay_connections_cut_total", reason=cut)


async def test_a_body_that_drips(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then does not hold a place for as long as a body may take."""
    monkeypatch.setattr(bodies, "STALL", 0.5)
    metrics = Metrics()
    async with opened(made(None, metrics, LISTEN)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST /api/1/envelope/?{AUTH} HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n"
        writer.write(head.encode() + b"{}\n")
        answer = asyncio.create_task(reader.readline())
        while not answer.done():
            writer.write(b" ")
            await asyncio.wait([answer], timeout=0.05)
        writer.close()
    assert b"HTTP/1.1 408 " == answer.result()[:13]
    assert 1 == metrics.value("relay_connections_cut_total", reason="stall")


@asynccontextmanager
async def opened(ingest: Ingest) -> AsyncIterator[int]:
    """Serve on a port with a watch over it."""
    app = build_ingest_app(ingest, Health({}))
    sockets = bind("ingest", "127.0.0.1", 0)
    async with (
        asyncio.timeout(20),
        open_port(app, sockets, watch=ingest.watch, refuse=ingest.refuse) as port,
    ):
        yield port


async def test_a_client_that_breaks_off_is_counted() -> None:
    """A body that ends in the middle leaves its line too, though nobody reads the answer."""
    metrics = Metrics()
    ingest = made(None, metrics, LISTEN)
    reading = asyncio.Event()
    caller = ingest._caller

    def seen(*arguments: Any) -> Any:
        reading.set()
        return caller(*arguments)

    ingest._caller = seen  # type: ignore[method-assign]
    async with opened(ingest) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST /api/1/envelope/?{AUTH} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n"
        writer.write(head.encode() + b"{}")
        await reading.wait()
        writer.close()
    assert {("1", "invalid_body"): 1} == ends(metrics)


def ends(metrics: Metrics) -> dict[tuple[str, str], float]:
    """How many requests were counted, by project and word."""
    labels = [(project, reason.value) for project in ("1", "unknown") for reason in Reason]
    counted = {
        (project, reason): metrics.value("relay_envelopes_total", project=project, outcome=reason)
        for project, reason in labels
    }
    return {label: number for label, number in counted.items() if number}


GOOD = f"/api/1/envelope/?{AUTH}"


@pytest.mark.parametrize(
    ("method", "path", "body", "encoding", "project", "reason"),
    [
        ("POST", GOOD, event(), "", "1", "accepted"),
        ("POST", GOOD, b"{}", "", "1", "empty"),
        ("POST", GOOD, b'{}\n{"type":"new"}\n{}', "", "1", "consent_missing"),
        ("POST", f"{GOOD}&consent=1", b'{}\n{"type":"new"}\n{}', "", "1", "unknown_item"),
        ("POST", GOOD, event(tags={}), "", "1", "consent_missing"),
        ("POST", GOOD, event(tags={"allowReport": False}), "", "1", "consent_denied"),
        ("POST", GOOD, b"nonsense", "", "1", "invalid_envelope"),
        ("POST", GOOD, b"nonsense", "gzip", "1", "invalid_body"),
        ("POST", GOOD, b"nonsense", "rot13", "1", "unsupported_encoding"),
        ("POST", GOOD, b"x" * 30_000, "", "1", "too_large"),
        ("POST", "/api/1/envelope/", event(), "", "1", "auth"),
        ("POST", f"/api/2/envelope/?{AUTH}", event(), "", "unknown", "unknown_project"),
        ("PUT", GOOD, event(), "", "1", "unknown_route"),
        ("POST", "/api/1/unreal/x/", event(), "", "unknown", "unknown_route"),
        ("OPTIONS", "/nowhere", b"", "", "unknown", "unknown_route"),
        ("POST", "/no%0D%0Awhere", b"", "", "unknown", "unknown_route"),
        ("OPTIONS", GOOD, b"", "", "", ""),
        ("GET", "/api/relay/healthcheck/live/", b"", "", "", ""),
    ],
)
async def test_each_request_is_counted_once(
    method: str, path: str, body: bytes, encoding: str, project: str, reason: str
) -> None:
    """However a request ends, it counts under one word; preflights and health under none."""
    metrics = Metrics()
    headers = {"Content-Encoding": encoding} if encoding else {}
    async with serving(metrics=metrics) as client:
        await client.request(method, path, data=body, headers=headers)
    assert ({(project, reason): 1} if reason else {}) == ends(metrics)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (SpoolFullError("full"), "spool_full"),
        (SpoolUnavailableError("away"), "spool_unavailable"),
        (ValueError(ADDRESS), "internal"),
    ],
)
async def test_what_we_could_not_do_is_counted_once(error: Exception, reason: str) -> None:
    """An answer of 429, 503 or 500 counts under one word, too."""
    metrics = Metrics()
    async with serving(SickSpool(error), metrics) as client:
        await client.post(GOOD, data=event())
    assert {("1", reason): 1} == ends(metrics)


@pytest.mark.parametrize(
    ("name", "values", "status", "detail"),
    [
        ("X-Sentry-Auth", ["Sentry sentry_key=" + "b" * 32, f"Sentry {AUTH}"], 401, "multiple"),
        ("X-Sentry-Auth", [f"Sentry {AUTH}", f"Sentry {AUTH}"], 401, "multiple"),
        ("Authorization", [f"Sentry {AUTH}", "Sentry sentry_key=" + "b" * 32], 401, "multiple"),
        ("Authorization", ["Bearer x", f"Sentry {AUTH}"], 401, "multiple"),
        ("Content-Encoding", ["gzip", "identity"], 415, "the content encoding is not supported"),
        ("Content-Encoding", ["identity", "identity"], 415, "the content encoding is"),
    ],
)
async def test_repeated_headers(name: str, values: list[str], status: int, detail: str) -> None:
    """A header that may stand once is refused when it stands twice, whatever it says."""
    path = GOOD if name == "Content-Encoding" else "/api/1/envelope/"
    headers = [(name, value) for value in values]
    async with serving() as client:
        response = await client.post(path, data=event(), headers=headers)
        shown = await response.json()
    assert (status, True) == (response.status, shown["detail"].startswith(detail))


@pytest.mark.parametrize(("wait", "status"), [(20.0, 200), (0.05, 503)])
async def test_too_much_at_one_time(
    wait: float, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While as much is under way as may be, others wait; if it lasts, they are put off."""
    monkeypatch.setattr(room, "WAIT", wait)
    spool, metrics = SlowSpool(), Metrics()
    body = event()
    listen = Listen(in_flight=room.SMALL_PART * (len(body) + 10))
    async with serving(spool, metrics, listen) as client, asyncio.TaskGroup() as group:
        first = group.create_task(client.post(GOOD, data=body))
        await spool.asked.wait()
        second = group.create_task(client.post(GOOD, data=body))
        if status != 200:
            assert "30" == (await second).headers["Retry-After"]
        spool.go_on.set()
        assert 200 == (await first).status
        assert status == (await second).status
        assert 200 == (await client.post(GOOD, data=body)).status
    lost = {} if status == 200 else {("1", "overloaded"): 1}
    assert {("1", "accepted"): 3 - len(lost), **lost} == ends(metrics)


async def test_too_many_requests_at_one_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """However small they are, there is a bound; health is asked for beside it."""
    monkeypatch.setattr(room, "MAX_REQUESTS", 1)
    spool, metrics = SlowSpool(), Metrics()
    async with serving(spool, metrics) as client, asyncio.TaskGroup() as group:
        first = group.create_task(client.post(GOOD, data=event()))
        await spool.asked.wait()
        second = await client.post(GOOD, data=event())
        assert (503, "30") == (second.status, second.headers["Retry-After"])
        assert 200 == (await client.get("/api/relay/healthcheck/ready/")).status
        spool.go_on.set()
        assert 200 == (await first).status
    assert {("1", "accepted"): 1, ("1", "overloaded"): 1} == ends(metrics)


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


async def test_small_minidumps_are_opened_off_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small body may open to a large one, so other requests go on meanwhile."""
    threads: list[str] = []
    opened = routes.crash_envelope

    def open_here(*arguments: Any) -> bytes:
        threads.append(threading.current_thread().name)
        return opened(*arguments)

    monkeypatch.setattr(routes, "crash_envelope", open_here)
    headers = {"Content-Type": "application/x-dmp", "X-Suite-Consent": "true"}
    async with serving() as client:
        path = f"/api/1/minidump/?{AUTH}"
        answer = await client.post(path, data=gzip.compress(b"MDMP\0"), headers=headers)
    assert 200 == answer.status
    assert 1 == len(threads)
    assert threading.main_thread().name not in threads


async def test_all_that_goes_aside_can_be_pickled() -> None:
    """Facts, limits and what converts: of an envelope, of a tunnel's, of a form."""
    ingest = made(None, Metrics(), LISTEN, Limits(), Limits())
    jobs: list[Job] = []

    class Side:
        async def run(self, body: Body, job: Job, _: Hold) -> Processed:
            jobs.append(pickle.loads(pickle.dumps(job)))
            return do(body.whole(), jobs[-1], ingest._intake.find_project, scrubber(IP))

    ingest._intake._side = Side()  # type: ignore[assignment]
    large = {"extra": {"much": ["x" * 90] * 4_000}}
    async with opened(ingest) as port, ClientSession() as client:
        base = f"http://127.0.0.1:{port}"
        headers = {"Content-Type": "application/x-dmp", "X-Suite-Consent": "true"}
        for path, body, more in (
            (f"{GOOD}&consent=true", event(**large), {}),
            ("/tunnel", event(**large).replace(b"{}\n", named(), 1), {}),
            (f"/api/1/minidump/?{AUTH}", b"MDMP\0", headers),
        ):
            async with client.post(base + path, data=body, headers=more) as answer:
                assert 200 == answer.status, path
    assert [KEY] * 3 == [job.facts.credentials.key for job in jobs if job.facts.credentials]
    assert ["1"] * 3 == [job.facts.project for job in jobs]
    assert [False, False, True] == [job.convert is not None for job in jobs]


async def test_a_body_that_says_it_is_too_large_is_not_read() -> None:
    """It is refused while the rest is still to come."""
    async with serving() as client, asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(client.host, client.port)
        head = f"POST {GOOD} HTTP/1.1\r\nHost: x\r\nContent-Length: 30000\r\n\r\n"
        writer.write(head.encode())
        assert b"HTTP/1.1 413 " == (await reader.readline())[:13]
        writer.close()
