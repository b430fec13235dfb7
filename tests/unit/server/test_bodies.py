"""Reading bodies: what a client leaves behind that goes away."""

import asyncio
import gc
import weakref
from collections.abc import Iterator
from unittest.mock import Mock

import pytest
from aiohttp import StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request

from relay.errors import BodyError
from relay.protocol.limits import Limits
from relay.server import bodies
from relay.server.bodies import read_body
from relay.server.room import Load
from relay.side.body import Body


class Seen(Body):
    """A body that can be watched."""

    __slots__ = ("__weakref__",)


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Nothing is freed but what nobody refers to."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("error", [ConnectionResetError, web.RequestPayloadError])
@pytest.mark.parametrize("ended", [True, False])
async def test_what_came_of_a_body_goes_with_its_client(
    error: type[Exception], ended: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No circle of an error, its frames and the stream keeps it until the garbage is collected."""
    made: list[weakref.ref[Seen]] = []

    def make() -> Seen:
        body = Seen()
        made.append(weakref.ref(body))
        return body

    monkeypatch.setattr(bodies, "Body", make)
    loop = asyncio.get_running_loop()
    content = StreamReader(Mock(BaseProtocol, _reading_paused=False), 2**16, loop=loop)
    request = make_mocked_request("POST", "/", payload=content)
    content.feed_data(b"x" * 100_000)
    load = Load(10**6)
    with load.body() as room:
        reading = asyncio.create_task(read_body(request, 10**6, Limits(), room, 30.0))
        while load.bytes < 100_000:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0)
        content.set_exception(error())
        if ended:
            content.feed_eof()
        with pytest.raises(BodyError):
            await reading
        del reading
    assert [None] == [one() for one in made]
