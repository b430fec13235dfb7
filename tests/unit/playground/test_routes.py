"""The playground on the admin port: what it gives to whom, and what it takes."""

import hashlib
import io
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from relay.audit import Audit
from relay.config import Admin, AdminToken
from relay.metrics import Metrics
from relay.playground.routes import FILES, MAX_BODY, SAMPLES, add_playground_routes
from relay.rulefiles import read, shipped
from relay.rules.loading import load_rules
from relay.scrub.hashing import HashKeys
from relay.server.admin_gate import Gate
from relay.workbench.trying import Desk, Kind, Sample, scrub_sample
from tests.fakes import FakeClock
from tests.unit.playground.test_work import trial

ROOT = Path(__file__).parents[3]
RULES = read([ROOT / "rules" / "network" / "mac-address.yaml"])
TOKEN = "a-long-token-for-dev"
Client = TestClient[web.Request, web.Application]


@asynccontextmanager
async def port(admin: Admin | None = None, metrics: Metrics | None = None) -> AsyncIterator[Client]:
    """Serve the playground behind the gate of the admin port."""
    clock = FakeClock()
    gate = Gate(admin or Admin(), metrics or Metrics(), Audit(None, clock), clock)
    app = web.Application(middlewares=[gate.middleware])
    add_playground_routes(app, gate.guarded, lambda: RULES)
    async with TestClient(TestServer(app)) as client:
        yield client


def locked(*scopes: str) -> Admin:
    """A port that wants a token."""
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    return Admin(tokens=(AdminToken("dev", digest, frozenset(scopes)),))


async def test_the_page_comes_from_here_and_may_load_nothing_else() -> None:
    """Each of its files has a policy that names this origin alone; nothing stands inline."""
    async with port() as client:
        for name in FILES:
            answer = await client.get(f"/playground/{name}")
            assert 200 == answer.status
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
            assert ("unsafe" in policy, "http" in policy) == (False, False)
            assert "no-store" == answer.headers["Cache-Control"]
            text = await answer.text()
            assert [] == re.findall(r"https?://|//[a-z]+\.|\sstyle=|\son[a-z]+=\"", text)
        assert 404 == (await client.get("/playground/nothing.js")).status
        page = await client.get("/playground", allow_redirects=False)
        assert (308, "/playground/") == (page.status, page.headers["Location"])
        assert "text/html" == (await client.get("/playground/")).content_type


async def test_a_trial_is_counted_and_no_more() -> None:
    """The answer comes from the process; the metric knows the scope."""
    metrics = Metrics()
    async with port(metrics=metrics) as client:
        answer = await client.post("/playground/try", json=trial())
        assert (200, []) == (answer.status, (await answer.json())["mistakes"])
        answer = await client.post("/playground/suggest", json={})
        assert 400 == answer.status
        rules = await (await client.get("/playground/rules")).json()
        assert ["network/mac-address"] == [rule["id"] for rule in rules["rules"]]
    assert 2 == metrics.value("relay_admin_requests_total", scope="playground", outcome="done")


async def test_samples_are_at_hand_and_rules_find_something_in_each() -> None:
    """Their kinds are those that can be tried; the rules that ship find a lot in them."""
    async with port() as client:
        samples = await (await client.get("/playground/samples")).json()
    assert [(name, kind) for name, kind, _ in SAMPLES] == [(s["name"], s["kind"]) for s in samples]
    desk = Desk(load_rules(shipped()), HashKeys(b"k" * 32))
    scrubber = desk.prepare((), with_loaded=True).scrubber
    for sample in samples:
        result = scrub_sample(scrubber, Sample(Kind(sample["kind"]), sample["text"]))
        assert ("", True) == (result.problem, len(result.redactions) > 5)


@pytest.mark.parametrize(
    ("headers", "data", "status"),
    [
        ({"Content-Type": "text/plain"}, b"{}", 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"{}", 415),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, b"{}", 415),
        ({"Content-Type": "application/json"}, b" " * (MAX_BODY + 1), 413),
    ],
)
async def test_what_is_no_json_or_too_large_is_refused(
    headers: dict[str, str], data: bytes, status: int
) -> None:
    """A form of another origin can send none; what is refused starts no process."""
    async with port() as client:
        answer = await client.post("/playground/try", headers=headers, data=io.BytesIO(data))
        assert status == answer.status
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_a_body_without_a_length_has_the_same_bound() -> None:
    """It is counted as it comes."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY // 65_536 + 2):
            yield b" " * 65_536

    async with port() as client:
        headers = {"Content-Type": "application/json"}
        answer = await client.post("/playground/try", data=pieces(), headers=headers)
        assert 413 == answer.status


@pytest.mark.parametrize(
    ("scope", "given", "status"),
    [("playground", TOKEN, 200), ("playground", "", 401), ("metrics", TOKEN, 403)],
)
async def test_with_tokens_only_the_page_itself_is_open(
    scope: str, given: str, status: int
) -> None:
    """Rules and trials want a token with the scope; the page, which asks for it, does not."""
    headers = {"Authorization": f"Bearer {given}"} if given else {}
    async with port(locked(scope)) as client:
        assert 200 == (await client.get("/playground/")).status
        assert status == (await client.get("/playground/samples", headers=headers)).status
        answer = await client.post("/playground/try", json={}, headers=headers)
        assert (400 if status == 200 else status) == answer.status
        assert json.loads(await answer.text())["detail"]
