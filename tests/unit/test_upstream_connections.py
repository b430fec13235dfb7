"""How many connections are made to an upstream, how long they are kept, and what is remembered."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from isal import igzip

from relay.config.model import ForwardSettings
from relay.delivery import UpstreamResponse
from relay.errors import UpstreamError
from relay.upstream import HttpOptions, SentryUpstream
from tests.fakes import Answer, MiniSentry, envelope

REAL_KEY = "a" * 32
CLOSE = Answer(headers={"Connection": "close"})


@pytest.fixture
async def sentry() -> AsyncIterator[MiniSentry]:
    async with MiniSentry().serve() as mini:
        yield mini


@pytest.fixture
async def upstream(sentry: MiniSentry) -> AsyncIterator[SentryUpstream]:
    upstream = SentryUpstream(f"{sentry.base}/api/99/envelope/", REAL_KEY)
    yield upstream
    await upstream.close()


class Watch:
    """The time by which aiohttp measures how old connections and addresses are."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr("aiohttp.connector.monotonic", watch)
    return watch


class Names:
    """A resolver that knows one address for every name, until it is `gone`."""

    def __init__(self) -> None:
        self.asked = 0
        self.gone = False

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[dict[str, Any]]:
        self.asked += 1
        if self.gone:
            raise OSError("no such name")
        found = {"hostname": host, "host": "127.0.0.1", "port": port, "proto": 0, "flags": 0}
        return [found | {"family": socket.AF_INET}]

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    names = Names()
    monkeypatch.setattr("aiohttp.connector.DefaultResolver", lambda **_: names)
    return names


@pytest.fixture
async def named(sentry: MiniSentry, names: Names) -> AsyncIterator[SentryUpstream]:
    """An upstream that is known by its name."""
    upstream = SentryUpstream(f"http://sentry.example:{sentry.port}/api/1/envelope/", REAL_KEY)
    yield upstream
    await upstream.close()


async def test_no_more_connections_than_allowed(sentry: MiniSentry) -> None:
    """The rest of the sends waits for one that becomes free."""
    sentry.script.extend([Answer(hang=True)] * 2)
    upstream = SentryUpstream(
        f"{sentry.base}/api/1/envelope/", REAL_KEY, HttpOptions(connections=2)
    )
    async with asyncio.TaskGroup() as group:
        sends = [group.create_task(upstream.send(envelope(number))) for number in range(8)]
        await sentry.arrival()
        await sentry.arrival()
        for _ in range(50):
            await asyncio.sleep(0)
        assert 2 == len(sentry.received)
        sentry.release()
    await upstream.close()
    assert [UpstreamResponse(200)] * 8 == [send.result() for send in sends]
    assert 2 == len({r.peer for r in sentry.received})


async def test_a_connection_is_kept_while_servers_keep_theirs(
    sentry: MiniSentry, upstream: SentryUpstream, watch: Watch
) -> None:
    """For 75 seconds without a send, and no longer."""
    for pause in (0, 74.5, 75.5):
        watch.now += pause
        await upstream.send(envelope())
    first, second, third = (r.peer for r in sentry.received)
    assert (True, False) == (first == second, second == third)


async def test_an_upstream_that_moves_is_found_within_a_minute(
    sentry: MiniSentry, named: SentryUpstream, names: Names, watch: Watch
) -> None:
    """A name is not asked for at each connection, but again after 60 seconds."""
    sentry.script.extend([CLOSE] * 3)
    asked = []
    for pause in (0, 59.5, 1.0):
        watch.now += pause
        await named.send(envelope())
        asked.append(names.asked)
    assert [1, 1, 2] == asked


async def test_where_no_connection_is_made_one_try_is_enough(
    sentry: MiniSentry, named: SentryUpstream, names: Names, watch: Watch
) -> None:
    """Only a connection that broke is worth a second one at once, not a name that is gone."""
    sentry.script.append(CLOSE)
    await named.send(envelope())
    watch.now += 61
    names.gone = True
    with pytest.raises(UpstreamError):
        await named.send(envelope())
    assert 2 == names.asked


async def test_cookies_are_not_kept(sentry: MiniSentry, named: SentryUpstream) -> None:
    """Not those of a host with a name either, which could be sent back."""
    sentry.script.append(Answer(headers={"Set-Cookie": "sid=1; Path=/"}))
    await named.send(envelope(1))
    await named.send(envelope(2))
    assert ["cookie" in r.headers for r in sentry.received] == [False, False]


async def test_a_large_body_has_its_end_too(
    sentry: MiniSentry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More time is not all the time."""
    monkeypatch.setattr("relay.upstream._BYTES_A_SECOND", 10_000)
    sentry.script.append(Answer(hang=True))
    upstream = SentryUpstream(
        f"{sentry.base}/api/1/envelope/", REAL_KEY, HttpOptions(timeout=0.05, compress="none")
    )
    async with asyncio.timeout(5):
        with pytest.raises(UpstreamError):
            await upstream.send(envelope(payload=b"x" * 1_000))
    await upstream.close()


async def test_large_bodies_are_compressed_beside_the_loop(
    upstream: SentryUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small ones where they are: to go to a thread takes longer."""
    threads = []

    def compress(*args: Any, **options: Any) -> bytes:
        threads.append(threading.current_thread() is threading.main_thread())
        return compressed(*args, **options)

    compressed = igzip.compress
    monkeypatch.setattr(igzip, "compress", compress)
    for size in (5_000, 300_000):
        await upstream.send(envelope(payload=b"x" * size))
    assert [True, False] == threads


async def test_what_strangers_send_takes_bounded_room(
    sentry: MiniSentry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Projects, keys and clients come from outside: of many only the last ones are remembered."""
    monkeypatch.setattr("relay.upstream._VARIANTS", 2)
    upstream = SentryUpstream(sentry.base)
    for number in range(4):
        await upstream.send(envelope(project=f"{number}", client=f"x/{number}"))
    await upstream.close()
    assert 2 == upstream._headers.cache_info().currsize
    assert 2 == upstream._target.cache_info().currsize


def test_defaults_are_those_of_the_configuration() -> None:
    """A send of which nothing is said is like one of which the configuration says nothing."""
    default, options = ForwardSettings(), HttpOptions()
    assert (default.timeout, default.compress) == (options.timeout, options.compress)
