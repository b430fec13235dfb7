"""One suite for every upstream: what `relay.ports.Upstream` promises."""

import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from relay.delivery import UpstreamResponse
from relay.errors import UpstreamError
from relay.ports import Upstream
from relay.sinks import FileSink
from relay.upstream import SentryUpstream
from tests.fakes import FakeClock, MiniSentry, envelope


@dataclass(frozen=True)
class World:
    """An upstream, what has reached it, and another one of its kind that cannot be reached."""

    upstream: Upstream
    unreachable: Upstream
    sentry: MiniSentry
    folder: Path

    def arrived(self) -> list[bytes]:
        files = sorted(self.folder.glob("*.envelope")) if self.folder.is_dir() else []
        return [*self.sentry.delivered, *(file.read_bytes() for file in files)]


@pytest.fixture(params=["folder", "sentry"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    folder = tmp_path / "inbox"
    (tmp_path / "file").write_bytes(b"")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there, and nobody else gets it
        async with MiniSentry().serve() as sentry:
            upstream: Upstream
            unreachable: Upstream
            if request.param == "folder":
                upstream = FileSink(folder, FakeClock())
                unreachable = FileSink(tmp_path / "file" / "inbox", FakeClock())
            else:
                upstream = SentryUpstream(sentry.base)
                unreachable = SentryUpstream(f"http://127.0.0.1:{taken.getsockname()[1]}")
            yield World(upstream, unreachable, sentry, folder)
            await upstream.close()
            await unreachable.close()


async def test_send_answers_and_delivers(world: World) -> None:
    """What is sent arrives once, to the byte, and the answer says so."""
    one, two = envelope(1), envelope(2)
    assert [UpstreamResponse(200)] * 2 == [
        await world.upstream.send(one),
        await world.upstream.send(two),
    ]
    assert [one.body, two.body] == world.arrived()


async def test_what_is_not_reached_is_an_upstream_error(world: World) -> None:
    """Where nobody takes it `UpstreamError` is raised, which is worth another try."""
    with pytest.raises(UpstreamError) as caught:
        await world.unreachable.send(envelope())
    assert (None, True) == (caught.value.__cause__, caught.value.__suppress_context__)
    assert [] == world.arrived()


async def test_close_may_be_repeated(world: World) -> None:
    """Closing before the first send, twice, and after a failure is no fault."""
    await world.upstream.close()
    await world.upstream.send(envelope())
    await world.upstream.close()
    await world.upstream.close()
    with pytest.raises(UpstreamError):
        await world.unreachable.send(envelope())
    await world.unreachable.close()
    await world.unreachable.close()
