"""Nobody looks at who sends: not at the other end's address, and not at what a proxy says of it."""

import ast
import asyncio
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from relay.config import parse
from relay.server.app import serve
from relay.server.connection import Connection
from relay.server.listening import bind, open_port
from relay.server.loaded import Loaded
from relay.server.running import Started
from tests.inline_rules import IP, scrubber

RELAY = Path(__file__).parents[3] / "relay"
SOURCES = sorted(RELAY.rglob("*.py"))
WORDS = {"detectors", "rules", "scrub"}
"""Folders that know words of what is in events, and no requests."""

ASKING = {"remote", "peername", "getpeername"}
"""Attributes that tell of the other end."""

FORWARDING = {
    "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip",
    "cf-connecting-ip", "true-client-ip", "x-client-ip",
}  # fmt: skip
"""`Via` is a word of ours too; that its header changes nothing is seen in the system tests."""


class Spy:
    """A transport that notes what is asked of it."""

    def __init__(self, transport: asyncio.BaseTransport, asked: list[str]) -> None:
        self._transport = transport
        self._asked = asked

    def get_extra_info(self, name: str, default: object = None) -> object:
        self._asked.append(name)
        assert name != "peername"
        return self._transport.get_extra_info(name, default)

    def __getattr__(self, name: str) -> object:
        return getattr(self._transport, name)


def asked(source: Path) -> Iterator[str]:
    """What a file asks of the other end, or reads of what a proxy says."""
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        match node:
            case ast.Attribute(attr=name) if name in ASKING:
                yield name
            case ast.Constant(value=str(text)) if text.lower() in FORWARDING:
                yield text


def test_no_line_asks() -> None:
    """No file that may see a request reads such an attribute, or names such a header."""
    files = [file for file in SOURCES if not WORDS & set(file.relative_to(RELAY).parts)]
    assert RELAY / "server" / "ingest.py" in files
    assert {} == {file.name: found for file in files if (found := list(asked(file)))}


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    """So that it cannot pass because it finds nothing at all."""
    file = tmp_path / "x.py"
    file.write_text("request.remote\nrequest.headers.get('X-Forwarded-For')\nprint('remote')\n")
    assert {"remote", "X-Forwarded-For"} == set(asked(file))


async def test_no_request_knows_who_sent_it() -> None:
    """What aiohttp would note of the other end with each request is not there."""

    async def tell(request: web.Request) -> web.Response:
        return web.Response(text=f"{request.remote} {request.protocol.transport is not None}")

    app = web.Application()
    app.router.add_get("/", tell)
    async with (
        open_port(app, bind("ingest", "127.0.0.1", 0)) as port,
        aiohttp.ClientSession() as client,
        client.get(f"http://127.0.0.1:{port}/") as answer,
    ):
        assert "None True" == await answer.text()


@pytest.mark.parametrize("onion", ["port: 0", "socket: onion.sock"])
async def test_no_transport_is_asked(
    onion: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the connection to its end nothing asks for the peer, whatever is sent, on any port."""
    wanted: list[str] = []
    original = Connection.connection_made

    def spied(self: Connection, transport: asyncio.BaseTransport) -> None:
        original(self, Spy(transport, wanted))  # type: ignore[arg-type]

    monkeypatch.setattr(Connection, "connection_made", spied)
    monkeypatch.chdir(tmp_path)
    text = f"listen: {{port: 0, onion: {{{onion}}}}}\nadmin: {{port: 0}}\n"
    settings = parse(f"{text}spool: {{backend: memory}}\n", "r.yaml", {})
    loaded = Loaded(settings, scrubber(IP), b"test" * 8, None)
    started: asyncio.Future[Started] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(serve(settings, loaded=loaded, on_start=started.set_result, stop=stop))
        ports = await started
        admin = f"{ports.admin_host}:{ports.admin_port}"
        for address in (f"{ports.host}:{ports.port}", ports.onion, admin):
            await _talk(address)
        stop.set()
    assert {"socket", "sslcontext", "sockname"} == set(wanted)


async def _talk(address: str) -> None:
    """Send what is accepted, what is refused, what is no HTTP, and nothing."""
    host, _, port = address.rpartition(":")
    unix = Path(port).name if host == "unix" else None  # the whole path may be too long for one
    path = f"/api/1/envelope/?sentry_key={'0' * 32}"
    body = '{}\n{"type":"event"}\n{"tags":{"allowReport":true}}\n'
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: "
    whole = f"{head}{len(body)}\r\n\r\n{body}"
    for text in (whole, f"{head}2\r\n\r\n{{}}", "GET / HTTP/1.0\r\n\r\n", "no HTTP\r\n\r\n", ""):
        reader, writer = await (
            asyncio.open_unix_connection(unix)
            if unix is not None
            else asyncio.open_connection(host, int(port))
        )
        writer.write(text.encode())
        if text:
            assert (await reader.read()).startswith(b"HTTP/1.")
        writer.close()
        await writer.wait_closed()
