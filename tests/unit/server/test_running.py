"""How a process runs and ends."""

import asyncio
from pathlib import Path

import pytest

from relay.config import Listen, parse
from relay.errors import SpoolDamagedError
from relay.forwarder import Forwarder
from relay.server import parts
from relay.server.app import serve
from relay.server.running import Started, drain_seconds, sending_seconds
from relay.spool.sqlite import SqliteSpool


def test_the_parts_of_the_time_to_end() -> None:
    """Requests get half of it, sends a quarter; the rest is for closing."""
    listen = Listen(shutdown=20)
    assert (10, 5) == (drain_seconds(listen), sending_seconds(listen))


def test_what_is_logged_of_the_start() -> None:
    """A listener for an onion service stands there only if there is one."""
    ports = {"host": "::", "port": 1, "admin_host": "::1", "admin_port": 2}
    assert ports == Started("::", 1, "::1", 2).fields()
    assert {**ports, "onion": "unix:/x"} == Started("::", 1, "::1", 2, "unix:/x").fields()


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[SqliteSpool]:
    """The spools that a process opens, in a folder of its own."""
    spools: list[SqliteSpool] = []
    original = parts.open_spool

    async def kept(*arguments: object, **named: object) -> SqliteSpool:
        spool = await original(*arguments, **named)  # type: ignore[arg-type]
        assert isinstance(spool, SqliteSpool)
        spools.append(spool)
        return spool

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(parts, "open_spool", kept)
    return spools


async def test_a_spool_that_breaks_ends_the_process(opened: list[SqliteSpool]) -> None:
    """So that the next start can set the file aside."""
    settings = parse("listen: {port: 0}\nadmin: {port: 0}\n", "r.yaml", {})
    async with asyncio.timeout(30):
        with pytest.raises(BaseExceptionGroup) as caught:
            await serve(settings, on_start=lambda _: opened[0].broken.set(), stop=asyncio.Event())
    assert caught.group_contains(SpoolDamagedError)


async def test_a_spool_that_breaks_at_the_end_is_not_waited_for(
    opened: list[SqliteSpool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is on its way out cannot be settled: others wait for this process, to begin anew."""
    settings = parse("listen: {port: 0, shutdown: 5m}\nadmin: {port: 0}\n", "r.yaml", {})
    stop, never = asyncio.Event(), asyncio.Event()
    monkeypatch.setattr(Forwarder, "run", lambda _: never.wait())
    monkeypatch.setattr(Forwarder, "stop", lambda _: opened[0].broken.set())
    async with asyncio.timeout(30):
        with pytest.raises(BaseExceptionGroup) as caught:
            await serve(settings, on_start=lambda _: stop.set(), stop=stop)
    assert caught.group_contains(SpoolDamagedError)
