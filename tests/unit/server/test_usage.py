"""Usage events over HTTP: how a request is read and answered."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

import relay
from relay import jsonio
from relay.config import UsageApp
from relay.errors import SpoolFullError, SpoolUnavailableError
from relay.metrics import Metrics
from relay.scrub.scrubber import Scrubber
from relay.server.answers import Cors
from relay.server.usage import UsageIngest
from relay.usage.intake import UsageIntake
from relay.usage.pseudonyms import Keyring
from tests.fakes import FakeClock
from tests.unit.usage.events import CATALOGUE, NOW, policy, query
from tests.unit.usage.test_intake import Disk

PATH = "/suite/log/web/stable.log"
AGREED = "X-Suite-Consent"


class Port:
    """A port that takes usage events, and leaves the rest to others."""

    def __init__(self, scrubber: Scrubber, origins: tuple[str, ...] = ("*",)) -> None:
        self.disk = Disk(FakeClock(NOW))
        self.metrics = Metrics()
        intake = UsageIntake(
            policies={"suite": policy("required")},
            catalogue=CATALOGUE,
            scrubber=lambda: scrubber,
            keys=Keyring(b"k" * 16, 0.0).at,
            spool=self.disk,
            metrics=self.metrics,
            clock=FakeClock(NOW),
            repeat_window=600.0,
        )
        cors = Cors(origins, [AGREED])
        usage = UsageIngest(
            intake,
            [UsageApp("suite")],
            AGREED,
            cors=cors,
            metrics=self.metrics,
            clock=FakeClock(NOW),
        )
        app = web.Application()
        self.handle = usage.before(self.others)
        app.router.add_route("*", r"/{path:[\s\S]*}", self.asked)
        self.client = TestClient(TestServer(app))
        self.left: list[str] = []

    async def asked(self, request: web.Request) -> web.StreamResponse:
        return await self.handle(request)

    async def others(self, request: web.Request) -> web.StreamResponse:
        self.left.append(request.path)
        return web.Response(status=418)

    async def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes, dict[str, str]]:
        async with self.client.request(method, URL(path, encoded=True), headers=headers) as answer:
            return answer.status, await answer.read(), dict(answer.headers)


@pytest.fixture(scope="module")
def scrubber() -> Scrubber:
    return relay.load_scrubber(verify=False)


@pytest.fixture
async def port(scrubber: Scrubber) -> AsyncIterator[Port]:
    port = Port(scrubber)
    async with port.client:
        yield port


async def test_an_event_is_answered_with_204_and_nothing(port: Port) -> None:
    """After it is stored; no cache keeps that, and any page may see it."""
    status, body, headers = await port.ask("GET", f"{PATH}?{query(c_consent='true')}")
    assert (204, b"", 1) == (status, body, port.disk.puts)
    named = ("Access-Control-Allow-Origin", "Cache-Control", "Cross-Origin-Resource-Policy")
    assert ["*", "no-store", "cross-origin"] == [headers[name] for name in named]


async def test_consent_may_stand_in_the_header(port: Port) -> None:
    """A denial in one of several wins."""
    status, _, _ = await port.ask("GET", f"{PATH}?{query()}", {AGREED: "true"})
    denied, _, _ = await port.ask("GET", f"{PATH}?{query()}", {AGREED: "true, false"})
    assert (204, 403) == (status, denied)


@pytest.mark.parametrize(
    ("more", "status", "answer"),
    [
        ({}, 403, {"detail": "nothing says that the user agreed", "causes": ["consent_missing"]}),
        (
            {"c_consent": "no"},
            403,
            {"detail": "the user has not agreed to usage data", "causes": ["consent_denied"]},
        ),
        ({"c_commit": "PLANTED"}, 400, {"detail": "c_commit is malformed", "causes": []}),
    ],
)
async def test_what_is_refused_is_told_why(
    port: Port, more: dict[str, str], status: int, answer: dict[str, object]
) -> None:
    """In the form of all our errors, without a value of the request; nothing is stored."""
    found = await port.ask("GET", f"{PATH}?{query(**more)}")
    assert (status, answer, 0) == (found[0], jsonio.loads(found[1]), port.disk.puts)
    assert "no-store" == found[2]["Cache-Control"]


@pytest.mark.parametrize(
    ("error", "status"), [(SpoolFullError("full"), 429), (SpoolUnavailableError("away"), 503)]
)
async def test_a_client_is_told_when_to_come_again(
    port: Port, error: Exception, status: int
) -> None:
    """As it is for errors."""
    port.disk.error = error
    found = await port.ask("GET", f"{PATH}?{query(c_consent='true')}")
    assert (status, "30") == (found[0], found[2]["Retry-After"])


async def test_a_fault_of_ours_says_nothing(port: Port, caplog: pytest.LogCaptureFixture) -> None:
    """Neither to the client nor to the log."""
    port.disk.error = ValueError("PLANTED")
    status, body, _ = await port.ask("GET", f"{PATH}?{query(c_consent='true', note='PLANTED')}")
    assert (500, {"detail": "internal error", "causes": []}) == (status, jsonio.loads(body))
    assert "PLANTED" not in caplog.text + str([vars(record) for record in caplog.records])


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE"])
async def test_only_get_is_taken(port: Port, method: str) -> None:
    """A page that only looks whether something is there must not count as an event."""
    found = await port.ask(method, f"{PATH}?{query(c_consent='true')}")
    assert (405, "GET, OPTIONS", 0) == (found[0], found[2]["Allow"], port.disk.puts)


async def test_a_page_may_ask_first(port: Port) -> None:
    """A header of ours makes a browser do so."""
    asked = {"Origin": "https://suite.trezor.io", "Access-Control-Request-Headers": AGREED}
    status, body, headers = await port.ask("OPTIONS", f"{PATH}?{query()}", asked)
    assert (200, b"", "GET") == (status, body, headers["Access-Control-Allow-Methods"])
    assert AGREED.lower() in headers["Access-Control-Allow-Headers"]
    assert 0 == port.disk.puts


async def test_only_pages_that_are_allowed_may_read_the_answer(scrubber: Scrubber) -> None:
    """Others get it, and their browser does not show it to them."""
    port = Port(scrubber, ("https://suite.trezor.io",))
    async with port.client:
        shown = []
        for origin in ("https://suite.trezor.io", "https://other.example"):
            _, _, headers = await port.ask("GET", f"{PATH}?{query()}", {"Origin": origin})
            shown.append(headers.get("Access-Control-Allow-Origin"))
    assert ["https://suite.trezor.io", None] == shown


@pytest.mark.parametrize(
    "path", ["/", "/api/42/envelope/", "/other/log/stable.log", "/suite/log/none/stable.log"]
)
async def test_other_paths_are_for_others(port: Port, path: str) -> None:
    """Of an app, or an environment, that is not configured, too."""
    status, _, _ = await port.ask("GET", f"{path}?{query(c_consent='true')}")
    assert (418, [path], 0) == (status, port.left, port.disk.puts)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (f"http://relay.example{PATH}", 204),
        (f"https://relay.example:443{PATH}", 204),
        (f"http://relay.example/x{PATH}", 418),
        (f"/x://relay.example{PATH}", 418),
    ],
)
async def test_an_absolute_target_is_taken_by_its_path(
    port: Port, target: str, status: int
) -> None:
    """As some proxies write it; a path that only looks like one is none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port.client.port)
    head = f"GET {target}?{query(c_consent='true')} HTTP/1.1\r\nHost: relay.example\r\n"
    writer.write(f"{head}Connection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert f"HTTP/1.1 {status} ".encode() == answer[:13]


async def test_requests_are_counted_by_route_and_status(port: Port) -> None:
    """With nothing else of them."""
    await port.ask("GET", f"{PATH}?{query(c_consent='true', note='PLANTED')}")
    await port.ask("GET", f"{PATH}?PLANTED=%")
    found = {
        (labels["route"], labels["status"]): value
        for name, labels, value in port.metrics.samples()
        if name == "relay_requests_total"
    }
    assert {("usage", "204"): 1.0, ("usage", "400"): 1.0} == found
    assert b"PLANTED" not in port.metrics.render()
