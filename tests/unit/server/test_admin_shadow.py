"""Shadow rules on the admin port: numbers for who may see them, and a page without any."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from relay.audit import Audit
from relay.config import Admin, AdminToken
from relay.metrics import Metrics
from relay.server.admin_gate import Gate
from relay.server.admin_shadow import FILES, add_shadow_routes
from relay.server.shadow_post import ShadowPost
from relay.shadow_hits import ShadowMemory
from tests.fakes import FakeClock

Client = TestClient[web.Request, web.Application]
SECRET = "a-token-that-is-long-enough"


@asynccontextmanager
async def admin(*scopes: str) -> AsyncIterator[tuple[Client, ShadowPost]]:
    """Serve the routes for a token with scopes, or without tokens; give what tells of hits."""
    clock = FakeClock()
    digest = hashlib.sha256(SECRET.encode()).hexdigest()
    tokens = (AdminToken("t", digest, frozenset(scopes)),) if scopes else ()
    settings = Admin(tokens=tokens)
    gate = Gate(settings, Metrics(), Audit(None, clock), clock)
    app = web.Application(middlewares=[gate.middleware])
    memory = ShadowMemory(clock.now())
    add_shadow_routes(app, gate, memory, clock)

    def deliver(message: bytes) -> bool:
        memory.take(message, clock.now())
        return True

    async with TestClient(TestServer(app)) as client:
        yield client, ShadowPost(lambda: ("t/tried",), deliver, clock)


async def test_it_shows_what_was_told() -> None:
    """Rules by id, with their paths."""
    async with admin() as (client, post):
        post.note({("t/tried", "event/extra.a"): 3})
        post.send()
        told = await (await client.get("/rules/shadow")).json()
    (rule,) = told["rules"]
    assert ("t/tried", 3, 1, True) == tuple(
        rule[key] for key in ("id", "hits", "envelopes", "in_use")
    )
    assert ["event/extra.a"] == [path["path"] for path in rule["paths"]]
    assert 24 == len(told["hours"]) == len(rule["by_hour"])


@pytest.mark.parametrize(("scopes", "expected"), [(("playground",), 200), (("metrics",), 403)])
async def test_who_may_see_it(scopes: tuple[str, ...], expected: int) -> None:
    """Paths say what events are made of, so it wants the scope that the rules want."""
    async with admin(*scopes) as (client, _):
        assert 401 == (await client.get("/rules/shadow")).status
        headers = {"Authorization": f"Bearer {SECRET}"}
        assert expected == (await client.get("/rules/shadow", headers=headers)).status


async def test_it_asks_for_nothing_else() -> None:
    """A question that it does not know is none that it answers."""
    async with admin() as (client, _):
        assert 400 == (await client.get("/rules/shadow?hours=1")).status


@pytest.mark.parametrize("file", ["", *FILES])
async def test_the_page_wants_no_token(file: str) -> None:
    """It holds no number, and takes nothing from elsewhere."""
    async with admin("metrics") as (client, _):
        answer = await client.get(f"/shadow/{file}")
        text = await answer.text()
    assert 200 == answer.status
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert [] == [word for word in ("http://", "https://", "<style", "style=", "onclick=")
                  if word in text.replace("http://www.w3.org/2000/svg", "")]  # fmt: skip


async def test_only_its_own_files() -> None:
    """What else lies in the folder has its own place; without the slash it leads to it."""
    async with admin() as (client, _):
        assert 404 == (await client.get("/shadow/overview.js")).status
        moved = await client.get("/shadow", allow_redirects=False)
    assert (308, "/shadow/") == (moved.status, moved.headers["Location"])
