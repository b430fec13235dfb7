"""Opening and closing a port, with TLS or without; what is wrong with it is said in words."""

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, Final

from aiohttp import web

from relay.config import MAX_KEY, Tls, read_file
from relay.errors import ListenError
from relay.server.connection import Connection, Handler, Refuse, plain_refusal, strict
from relay.server.handover import Receiver
from relay.server.watch import Watch

SHUTDOWN_SECONDS: Final = 10.0
"""How long requests under way may take after a signal to stop."""

CUT_SECONDS: Final = 0.1
"""How long a request may take to end that has had its time: aiohttp waits twice for so long."""

HANDSHAKE_SECONDS: Final = 1.0
"""How long TLS handshakes under way may take after a signal to stop."""

BACKLOG: Final = 1_024
"""Connections that may wait to be taken."""

FIRST: Final[web.AppKey[Callable[[Handler], Handler]]] = web.AppKey("first")
"""In an app: what sees its requests before its routes do, given what they would be answered by."""

SETTINGS: Final = {
    "admin": "admin.port",
    "ingest": "listen.port",
    "onion": "listen.onion.port",
    "onion socket": "listen.onion.socket",
}
"""By the name of a port: what sets its number, or its path."""


def bind(name: str, host: str, port: int) -> list[socket.socket]:
    """Open the sockets of a port, one for each address of its host, and listen.

    Args:
        name: what the port is called in an error.
        host: address or name to listen at.
        port: its number; 0 takes a free one, the same for all addresses.

    Raises:
        ListenError: it cannot be opened.
    """
    opened: list[socket.socket] = []
    try:
        for family, address in _addresses(host, port):
            if opened:
                address = (address[0], opened[0].getsockname()[1], *address[2:])  # noqa: PLW2901
            opened.append(_bound(family, address))
    except OSError as error:
        for one in opened:
            one.close()
        hint = remedy(name) if error.errno == errno.EADDRINUSE else ""
        where = f"{name} port {host}:{port}"
        raise ListenError(f"cannot listen: {where}: {words(error)}{hint}") from None
    return opened


def port_of(sockets: Sequence[socket.socket]) -> int:
    """Return the number of an open port."""
    return int(sockets[0].getsockname()[1])


@asynccontextmanager
async def open_port(
    app: web.Application,
    sockets: Sequence[socket.socket],
    *,
    tls: ssl.SSLContext | None = None,
    watch: Watch | None = None,
    refuse: Refuse = plain_refusal,
    seconds: float = SHUTDOWN_SECONDS,
    onion: tuple[web.Application, Sequence[socket.socket]] | None = None,
) -> AsyncIterator[int]:
    """Serve an app on sockets that listen, until the block ends; yield the port's number.

    Args:
        app: what answers.
        sockets: from `bind`.
        tls: from `tls_context`.
        watch: over its connections; None for nobody.
        refuse: answers what is no request.
        seconds: that requests under way may take after the end of the block.
        onion: what answers on the listener for an onion service, and its sockets; never with TLS.
    """
    loop = asyncio.get_running_loop()
    apps = (app,) if onion is None else (app, onion[0])
    async with _serving(apps, watch, refuse, seconds) as (connection, *through_tor):
        listeners = [
            await loop.create_server(connection, sock=one, backlog=BACKLOG, **_tls(tls, watch))
            for one in sockets
        ]
        for one in onion[1] if onion is not None else ():
            unix = one.family == socket.AF_UNIX
            create = loop.create_unix_server if unix else loop.create_server
            listeners.append(await create(through_tor[0], sock=one, backlog=BACKLOG))
        try:
            yield port_of(sockets)
        finally:
            for listener in listeners:
                listener.close()


@asynccontextmanager
async def take_over(
    app: web.Application,
    onion: web.Application,
    receiver: Receiver,
    *,
    closed: Callable[[], None],
    orphaned: Callable[[], None],
    tls: ssl.SSLContext | None,
    watch: Watch,
    refuse: Refuse,
    seconds: float,
) -> AsyncIterator[None]:
    """Serve an app on connections that another process accepts, until the block ends.

    Args:
        app: what answers.
        onion: what answers who came by the listener for an onion service; never with TLS.
        receiver: brings the connections.
        closed: called once for each of them, when it has ended.
        orphaned: called when the other process is gone.
        tls: as for `open_port`, and so are the others.
        watch: over its connections.
        refuse: answers what is no request.
        seconds: that requests under way may take after the end of the block.
    """
    loop = asyncio.get_running_loop()
    async with (
        _serving((app, onion), watch, refuse, seconds, closed) as (connection, through_tor),
        asyncio.TaskGroup() as group,
    ):
        beginning: set[asyncio.Task[None]] = set()

        async def begin(accepted: socket.socket, by_onion: bool) -> None:
            protocol, wrapped = (through_tor, None) if by_onion else (connection, tls)
            try:
                await loop.connect_accepted_socket(protocol, accepted, **_tls(wrapped, watch))
            except (OSError, asyncio.CancelledError):  # it has gone again, or is no TLS
                accepted.close()
                closed()

        def take(accepted: socket.socket | None, by_onion: bool) -> None:
            if accepted is None:
                closed()
                return
            accepted.setblocking(False)
            task = group.create_task(begin(accepted, by_onion))
            beginning.add(task)
            task.add_done_callback(beginning.discard)

        receiver.start(loop, take, orphaned)
        try:
            yield
        finally:
            receiver.stop(loop, take)
            if beginning:  # a handshake that is not done now is not waited for
                await asyncio.wait(beginning, timeout=HANDSHAKE_SECONDS)
            for task in beginning:
                task.cancel()


@asynccontextmanager
async def _serving(
    apps: Sequence[web.Application],
    watch: Watch | None,
    refuse: Refuse,
    seconds: float,
    closed: Callable[[], None] | None = None,
) -> AsyncIterator[Sequence[Callable[[], Connection]]]:
    """Run servers; yield what makes the connections of each app, as `web.TCPSite` would do it."""
    # Where a watch waits for the requests, all of their time is over when the runner cleans up.
    left = seconds if watch is None else CUT_SECONDS
    runners = [web.AppRunner(app, shutdown_timeout=left) for app in apps]
    makers: list[Callable[[], Connection]] = []
    loop = asyncio.get_running_loop()
    for runner in runners:
        await runner.setup()
        server = runner.server
        assert server is not None
        handle = server.request_handler
        first = runner.app.get(FIRST)
        server.request_handler = strict(handle if first is None else first(handle), refuse)
        makers.append(partial(Connection, server, refuse, loop, closed, watch))
    try:
        if watch is not None:
            watch.start()
        yield makers
        if watch is not None:
            # The runner's own clean-up would stop reading bodies that are still arriving.
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await watch.drained()
    finally:
        if watch is not None:
            watch.close()
        for runner in runners:
            await runner.cleanup()


def _tls(tls: ssl.SSLContext | None, watch: Watch | None) -> dict[str, Any]:
    """Return what is said to the loop about TLS: a handshake takes no longer than a header may."""
    if tls is None or watch is None:
        return {"ssl": tls}
    return {"ssl": tls, "ssl_handshake_timeout": watch.listen.header_timeout}


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[Any, ...]]]:
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


def _bound(family: socket.AddressFamily, address: tuple[Any, ...]) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.setblocking(False)
        one.bind(address)
        one.listen(BACKLOG)
    except OSError:
        one.close()
        raise
    return one


def tls_context(tls: Tls | None) -> ssl.SSLContext | None:
    """Load certificate and key; None where none are configured.

    Raises:
        ListenError: a file cannot be read, or they are no pair in PEM.
    """
    if tls is None:
        return None
    for key, path in (("cert", tls.cert), ("key", tls.key)):
        try:
            read_file(path, MAX_KEY)  # OpenSSL does not say which of the two it misses
        except OSError as error:
            raise ListenError(f"listen.tls.{key}: {path}: {error.strerror}") from None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    # Said here, so that no system's own configuration of OpenSSL makes it less.
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    try:
        # Without an answer OpenSSL would ask the terminal for the passphrase.
        context.load_cert_chain(tls.cert, tls.key, password="")
    except (ssl.SSLError, ValueError):
        pair = f"{tls.cert} and {tls.key}"
        raise ListenError(
            f"listen.tls: {pair} are no PEM certificate with its key, without passphrase"
        ) from None
    return context


def remedy(kind: str) -> str:
    """Return what to set for a port of a kind, as a remark; nothing for a kind that is not ours."""
    setting = SETTINGS.get(kind, "")
    variable = "RELAY_" + setting.upper().replace(".", "__")
    return f" (set {setting}, or {variable})" if setting else ""


def words(error: OSError) -> str:
    """Return the system's words for an error; those of the event loops differ."""
    if isinstance(error, socket.gaierror):
        return error.strerror or "unknown"
    return os.strerror(error.errno or errno.EADDRNOTAVAIL)
