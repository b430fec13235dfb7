"""`relay healthcheck`."""

import asyncio
import socket

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from relay.cli.main import main
from relay.health import Health
from relay.server.admin import add_health_routes


async def ask(port: int, *more: str) -> int:
    """Run the command in a thread, while this loop answers."""
    return await asyncio.to_thread(
        main, ["healthcheck", "--host", "127.0.0.1", "--port", str(port), *more]
    )


async def test_a_healthy_relay(capsys: pytest.CaptureFixture[str]) -> None:
    """A relay that is ready gives 0."""
    app = web.Application()
    add_health_routes(app, Health({}))
    async with TestServer(app) as server:
        assert 0 == await ask(server.port or 0)
        assert 0 == await ask(server.port or 0, "--json")
    assert 'healthy\n{"healthy":true,"status":200}\n' == capsys.readouterr().out


async def test_a_relay_that_is_not_ready(capsys: pytest.CaptureFixture[str]) -> None:
    """A relay that is not ready gives 1, though it lives."""

    async def sick() -> bool:
        return False

    app = web.Application()
    add_health_routes(app, Health({"spool": sick}))
    async with TestServer(app) as server:
        assert 1 == await ask(server.port or 0)
        assert 0 == await ask(server.port or 0, "--live")
        assert 1 == await ask(server.port or 0, "--json")
    assert 'not healthy\nhealthy\n{"healthy":false,"status":503}\n' == capsys.readouterr().out


async def test_nobody_there(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody answers the status is 1."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    assert 1 == await ask(port)
    assert ("", f"relay: no answer from 127.0.0.1:{port}\n") == capsys.readouterr()
    assert 1 == await ask(port, "--json")
    assert '{"healthy":false,"status":null}\n' == capsys.readouterr().out


async def test_a_relay_that_listens_everywhere() -> None:
    """An address that stands for all of them cannot be asked; one of them is."""
    app = web.Application()
    add_health_routes(app, Health({}))
    async with TestServer(app) as server:
        for host in ("0.0.0.0", ""):
            port = str(server.port)
            command = ["healthcheck", "--host", host, "--port", port]
            assert 0 == await asyncio.to_thread(main, command)
