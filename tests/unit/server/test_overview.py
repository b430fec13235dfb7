"""The overview's routes: numbers by the metrics, a page that holds none, and who may see them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from relay.config import Admin, AdminToken
from relay.health import Health
from relay.metrics import Metrics
from relay.server.admin import OVERVIEW, build_admin_app
from relay.server.history import STEP
from relay.server.overview import FILES, Overview, looking
from relay.spool.memory import MemorySpool
from tests.fakes import FakeClock, envelope

Client = TestClient[web.Request, web.Application]
SECRET = "a-token-that-is-long-enough"
SHA256 = "8d2a30ae0c1b1e3a4e6d8a0c7c6fb86d6d2c7aa1a8a2b0c9a1f8e7d6c5b4a392"


@asynccontextmanager
async def admin(
    metrics: Metrics, spool: MemorySpool | None = None, settings: Admin | None = None
) -> AsyncIterator[tuple[Client, Overview]]:
    """Serve an admin port, which looks when it is told to."""
    clock = FakeClock()
    app = build_admin_app(
        metrics=metrics,
        health=Health(),
        spool=spool or MemorySpool(clock),
        admin=settings,
        clock=clock,
    )
    async with TestClient(TestServer(app)) as client:
        yield client, app[OVERVIEW]


def plot(told: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the lines of a plot, by label."""
    found = next(one for one in told["plots"] if one["id"] == name)
    return {one["label"]: one for one in found["series"]}


async def test_it_shows_what_was_counted_between_two_looks() -> None:
    metrics = Metrics()
    async with admin(metrics) as (client, overview):
        await overview.look()
        metrics.count("relay_envelopes_total", project="1", outcome="accepted")
        metrics.count("relay_envelopes_total", project="1", outcome="consent_missing")
        metrics.count("relay_consent_total", verdict="missing")
        metrics.count("relay_redactions_total", 3, rule="network/ip-address")
        metrics.observe("relay_scrub_seconds", 0.004)
        await overview.look()
        told = await (await client.get("/overview/data")).json()
    assert {"accepted", "consent_missing"} == set(plot(told, "envelopes"))
    assert [None, 1] == plot(told, "envelopes")["accepted"]["points"]
    assert 1 == plot(told, "consent")["missing"]["total"]
    assert 3 == plot(told, "redactions")["network/ip-address"]["total"]
    assert 0.005 == plot(told, "scrubbing")["half"]["total"]
    assert (2, STEP) == (told["steps"], told["step"])


async def test_the_spool_is_looked_at_without_a_scrape() -> None:
    spool = MemorySpool(FakeClock())
    await spool.put(envelope())
    async with admin(Metrics(), spool) as (client, overview):
        await overview.look()
        told = await (await client.get("/overview/data")).json()
    assert 1 == plot(told, "spool")["ready"]["total"]
    assert 0 < plot(told, "spool_bytes")[""]["total"]


async def test_facts_are_those_of_the_gauges() -> None:
    metrics = Metrics()
    metrics.gauge("relay_rules_loaded", 113)
    metrics.gauge("relay_rules_stale", 1)
    metrics.gauge("relay_rules_workers", 2, digest="0123456789ab")
    metrics.gauge("relay_rules_workers", 0, digest="ba9876543210")
    async with admin(metrics) as (client, overview):
        await overview.look()
        told = await (await client.get("/overview/data")).json()
    assert (113, 1, ["0123456789ab"]) == (told["rules"], told["stale"], told["digests"])
    assert {"serving": True} == told["ready"]


async def test_a_day_is_asked_for_by_its_name() -> None:
    async with admin(Metrics()) as (client, overview):
        await overview.look()
        answer = await client.get("/overview/data?range=24h")
        assert ("24h", 300) == ((told := await answer.json())["range"], told["step"])
        assert 400 == (await client.get("/overview/data?range=1y")).status


async def test_the_page_is_there_for_all_and_the_numbers_are_not() -> None:
    """The page holds nothing; what it asks for wants the token that metrics want."""
    token = AdminToken("scraper", SHA256, frozenset({"metrics"}))
    async with admin(Metrics(), settings=Admin(tokens=(token,))) as (client, _):
        assert 401 == (await client.get("/overview/data")).status
        wrong = {"Authorization": f"Bearer {SECRET}"}
        assert 401 == (await client.get("/overview/data", headers=wrong)).status
        for name in FILES:
            answer = await client.get(f"/overview/{name}")
            assert 200 == answer.status
            assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


async def test_browsers_get_links_and_scripts_get_text() -> None:
    async with admin(Metrics()) as (client, _):
        page = await client.get("/", headers={"Accept": "text/html,*/*"})
        assert ("text/html", True) == (page.content_type, 'href="/overview/"' in await page.text())
        text = await client.get("/")
        assert ("text/plain", True) == (text.content_type, "/overview/" in await text.text())


async def test_it_looks_inside_the_block_and_no_longer() -> None:
    metrics, clock = Metrics(), FakeClock()
    looks = 0

    async def refresh() -> None:
        nonlocal looks
        looks += 1

    overview = Overview(metrics, health=Health(), clock=clock, refresh=refresh)
    async with looking(overview):
        for _ in range(3):
            await clock.until_sleeping()
            clock.advance(STEP)
        await clock.until_sleeping()
    assert 4 == looks
    clock.advance(STEP)
    await asyncio.sleep(0)
    assert 4 == looks


async def test_a_look_that_cannot_read_leaves_a_step_out(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = Metrics()

    def gone() -> None:
        raise FileNotFoundError

    async with admin(metrics) as (client, overview):
        await overview.look()
        monkeypatch.setattr(metrics, "samples", gone)
        await overview.look()
        told = await (await client.get("/overview/data")).json()
    assert 1 == told["steps"]


async def test_usage_events_are_shown_where_there_are_any() -> None:
    """A relay that takes none shows no plot of them."""
    metrics = Metrics()
    async with admin(metrics) as (client, overview):
        await overview.look()
        told = await (await client.get("/overview/data")).json()
        assert [] == [one["id"] for one in told["plots"] if one["id"].startswith("usage")]
        metrics.count("relay_usage_events_total", app="suite", outcome="accepted")
        metrics.count("relay_usage_events_total", app="suite", outcome="consent_missing")
        metrics.count("relay_usage_consent_total", verdict="missing")
        metrics.count("relay_usage_store_failures_total")
        metrics.gauge("relay_usage_spool_envelopes", 2, state="ready")
        metrics.gauge("relay_usage_oldest_seconds", 90)
        await overview.look()
        told = await (await client.get("/overview/data")).json()
    assert {"accepted", "consent_missing"} == set(plot(told, "usage"))
    assert 1 == plot(told, "usage_consent")["missing"]["total"]
    assert 1 == plot(told, "usage_failures")[""]["total"]
    assert 2 == plot(told, "usage_spool")["ready"]["total"]
    assert 90 == plot(told, "usage_oldest")[""]["total"]
    assert "seconds" == next(one for one in told["plots"] if one["id"] == "usage_oldest")["unit"]
