"""The admin port: what it shows, and to whom."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from relay.errors import SpoolUnavailableError
from relay.health import Health, flag_check, spool_check
from relay.metrics import Metrics
from relay.ports import SpoolStatus
from relay.server.admin import add_health_routes, build_admin_app
from relay.spool.memory import MemorySpool
from tests.fakes import FakeClock, envelope

Client = TestClient[web.Request, web.Application]


class SickSpool(MemorySpool):
    """A spool that cannot say how it is."""

    async def status(self) -> SpoolStatus:
        """Fail."""
        raise SpoolUnavailableError("the spool cannot be read")

    async def check(self) -> None:
        """Fail."""
        raise SpoolUnavailableError("the spool cannot be written")


@asynccontextmanager
async def admin(*, spool: MemorySpool | None = None) -> AsyncIterator[Client]:
    """Serve an admin port."""
    spool = spool or MemorySpool(FakeClock())
    health = Health({"spool": spool_check(spool, FakeClock())})
    app = build_admin_app(metrics=Metrics(), health=health, spool=spool)
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_metrics_show_the_spool_as_it_is() -> None:
    """The spool's gauges are read at each scrape."""
    spool = MemorySpool(FakeClock())
    async with admin(spool=spool) as client:
        await spool.put(envelope())
        response = await client.get("/metrics")
        text = await response.text()
    assert response.headers["Content-Type"].startswith("text/plain")
    assert 'relay_spool_envelopes{state="ready"} 1.0' in text


async def test_a_sick_spool_leaves_metrics_and_ends_readiness() -> None:
    """When the spool does not answer, metrics are still served, and the process is not ready."""
    async with admin(spool=SickSpool(FakeClock())) as client:
        assert 200 == (await client.get("/metrics")).status
        response = await client.get("/api/relay/healthcheck/ready/")
        assert (503, {"is_healthy": False}) == (response.status, await response.json())
        response = await client.get("/api/relay/healthcheck/live/")
        assert (200, {"is_healthy": True}) == (response.status, await response.json())


@pytest.mark.parametrize("path", ["live", "live/", "ready", "ready/"])
async def test_health_routes_stand_on_any_app(path: str) -> None:
    """The health routes can be mounted on the ingest port, with and without the final slash."""
    app = web.Application()
    add_health_routes(app, Health())
    async with TestClient(TestServer(app)) as client:
        response = await client.get(f"/api/relay/healthcheck/{path}")
        assert (200, b'{"is_healthy":true}') == (response.status, await response.read())
        assert "application/json" == response.headers["Content-Type"]


@pytest.mark.parametrize("well", [True, False])
async def test_refused_rules_are_said_and_change_no_health(well: bool) -> None:
    """The last good ones go on, so it is as ready as it is."""
    health = Health({"part": flag_check(lambda: well)}, stale=lambda: True)
    app = web.Application()
    add_health_routes(app, health)
    async with TestClient(TestServer(app)) as client:
        response = await client.get("/api/relay/healthcheck/ready/")
        told = {"is_healthy": well, "rules": "refused"}
        assert (200 if well else 503, told) == (response.status, await response.json())


async def test_the_index_names_every_route() -> None:
    """The page at / names what the port serves."""
    async with admin() as client:
        text = await (await client.get("/")).text()
    app = build_admin_app(metrics=Metrics(), health=Health(), spool=MemorySpool(FakeClock()))
    for resource in app.router.resources():
        assert resource.canonical in text
