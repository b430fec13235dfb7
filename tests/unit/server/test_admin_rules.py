"""The rules on the admin port: what holds, what was refused, and a change at once."""

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from relay.audit import Audit
from relay.config import Admin, AdminToken
from relay.metrics import Metrics
from relay.server.admin_gate import Gate
from relay.server.admin_rules import add_rules_routes
from relay.server.board import SeatState
from tests.unit.scrub.test_verified import PROVEN
from tests.unit.server.test_rules_reloading import BAD, TWO, Setup

OPS, READER = "ops-token-of-16-or-more", "reader-token-of-16-or-more"
JSON = {"Content-Type": "application/json"}


def token(name: str, secret: str, *scopes: str) -> AdminToken:
    return AdminToken(name, hashlib.sha256(secret.encode()).hexdigest(), frozenset(scopes))


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return Setup(tmp_path)


@asynccontextmanager
async def port(setup: Setup, *tokens: AdminToken) -> AsyncIterator[TestClient[Any, Any]]:
    admin = Admin(tokens=tokens)
    gate = Gate(admin, Metrics(), Audit(None, setup.clock), setup.clock)
    app = web.Application(middlewares=[gate.middleware])
    add_rules_routes(app, gate, setup.reloader, setup.board)
    async with TestClient(TestServer(app)) as client:
        yield client


def bearer(secret: str) -> dict[str, str]:
    return {**JSON, "Authorization": f"Bearer {secret}"}


async def test_what_holds(setup: Setup) -> None:
    """Digest, number, files, and which worker uses which; no text of a rule."""
    setup.board.set_state(1, SeatState.READY)
    setup.board.set_rules(1, 0, "f" * 64)
    async with port(setup) as client:
        shown = await (await client.get("/rules")).json()
    file = str(setup.folder / "ticket.yaml")
    assert {
        "state": "current",
        "digest": "f" * 64,
        "rules": 1,
        "generation": 0,
        "since": "1970-01-01T00:00:00.000+00:00",
        "files": [file],
        "workers": [{"worker": 1, "generation": 0, "digest": "f" * 12}],
        "last": None,
        "mistakes": [],
    } == shown
    keys = list(shown)  # what matters first: the list of files is long
    assert (["state", "mistakes"], "files") == (keys[:2], keys[-1])


async def test_a_change_at_once(setup: Setup) -> None:
    """Taken up, unchanged, or refused with all mistakes; the answer says what holds after it."""
    seen = []
    async with port(setup, token("ops", OPS, "rules")) as client:
        for text in (TWO, TWO, BAD, PROVEN):
            setup.write(text)
            answer = await client.post("/rules/reload", data=b"{}", headers=bearer(OPS))
            told = await answer.json()
            lines = [mistake["line"] for mistake in told["mistakes"]]
            seen.append((answer.status, told["outcome"], told["state"], told["generation"], lines))
            assert {"outcome": told["outcome"], "via": "http"}.items() <= told["last"].items()
            assert "secret9" not in json.dumps(told)
    assert [
        (200, "accepted", "current", 1, []),
        (200, "unchanged", "current", 1, []),
        (422, "refused", "refused", 1, [8]),
        (200, "accepted", "current", 2, []),
    ] == seen
    assert {("ops", "http")} == {line[:2] for line in setup.noted()}


async def test_who_may(setup: Setup) -> None:
    """To see them is one scope, to change them another, which is never open."""
    setup.write(TWO)
    async with port(setup) as client:
        answers = [await client.get("/rules"), await client.post("/rules/reload", headers=JSON)]
        assert [200, 401] == [answer.status for answer in answers]
    reader = token("reader", READER, "playground")
    async with port(setup, reader, token("ops", OPS, "rules")) as client:
        seen = {
            who: (
                (await client.get("/rules", headers=bearer(secret))).status,
                (await client.post("/rules/reload", headers=bearer(secret), data=b"1")).status,
            )
            for who, secret in {"reader": READER, "ops": OPS, "nobody": "x" * 16}.items()
        }
    assert {"reader": (200, 403), "ops": (403, 400), "nobody": (401, 401)} == seen
    assert [] == setup.on_sheet()


async def test_requests_of_another_form(setup: Setup) -> None:
    """What no form of another origin can send is asked for, and nothing that is not known."""
    async with port(setup, token("ops", OPS, "rules", "playground")) as client:
        statuses = [
            (await client.post("/rules/reload", headers={**bearer(OPS), **more}, data=data)).status
            for more, data in (
                ({"Content-Type": "text/plain"}, b"{}"),
                ({}, b'{"force": true}'),
                ({}, b""),
            )
        ]
        statuses.append((await client.get("/rules?all=1", headers=bearer(OPS))).status)
    assert [415, 400, 400, 400] == statuses


async def test_what_cannot_be_noted(setup: Setup) -> None:
    """It is not done, and answered so."""
    setup.write(TWO)
    setup.log.mkdir()
    async with port(setup, token("ops", OPS, "rules")) as client:
        answer = await client.post("/rules/reload", headers=bearer(OPS), data=b"{}")
    assert (503, []) == (answer.status, setup.on_sheet())
