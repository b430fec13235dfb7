"""Opening and closing a port, with TLS or without; what is wrong with it is said in words."""

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from aiohttp import web

from relay.config import Tls
from relay.errors import ListenError
from relay.server.connection import Connection, Refuse, expecting, plain_refusal

SHUTDOWN_SECONDS: Final = 10.0
"""How long requests under way may take after a signal to stop."""

BACKLOG: Final = 128
"""Connections that may wait to be taken."""

SETTINGS: Final = {"admin": "admin.port", "ingest": "listen.port"}
"""By the name of a port: what sets its number."""


@asynccontextmanager
async def open_port(
    name: str,
    app: web.Application,
    host: str,
    port: int,
    *,
    tls: ssl.SSLContext | None = None,
    drained: Callable[[], Awaitable[None]] | None = None,
    refuse: Refuse = plain_refusal,
) -> AsyncIterator[int]:
    """Serve an app until the block ends; yield the port's number.

    Args:
        name: what it is called in an error.
        app: what answers.
        host: address or name to listen at.
        port: its number; 0 takes a free one.
        tls: from `tls_context`.
        drained: returns when no request is under way.
        refuse: answers what is no request.

    Raises:
        ListenError: it cannot be opened.
    """
    runner = web.AppRunner(app, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    server = runner.server
    assert server is not None
    server.request_handler = expecting(server.request_handler, refuse)
    try:
        listener = await _listen(server, refuse, f"{name} port {host}:{port}", host, port, tls)
        try:
            yield int(listener.sockets[0].getsockname()[1])
        finally:
            listener.close()
        if drained is not None:
            # The runner's own clean-up would stop reading bodies that are still arriving.
            with suppress(TimeoutError):
                async with asyncio.timeout(SHUTDOWN_SECONDS):
                    await drained()
    finally:
        await runner.cleanup()


def tls_context(tls: Tls | None) -> ssl.SSLContext | None:
    """Load certificate and key; None where none are configured.

    Raises:
        ListenError: a file cannot be read, or they are no pair in PEM.
    """
    if tls is None:
        return None
    for key, path in (("cert", tls.cert), ("key", tls.key)):
        try:
            Path(path).open("rb").close()  # OpenSSL does not say which of the two it misses
        except OSError as error:
            raise ListenError(f"listen.tls.{key}: {path}: {_words(error)}") from None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        # Without an answer OpenSSL would ask the terminal for the passphrase.
        context.load_cert_chain(tls.cert, tls.key, password="")
    except (ssl.SSLError, ValueError):
        pair = f"{tls.cert} and {tls.key}"
        raise ListenError(
            f"listen.tls: {pair} are no PEM certificate with its key, without passphrase"
        ) from None
    return context


async def _listen(
    server: web.Server, refuse: Refuse, name: str, host: str, port: int, tls: ssl.SSLContext | None
) -> asyncio.Server:
    """Listen as `web.TCPSite` does it, which would make aiohttp's own connections."""
    loop = asyncio.get_running_loop()
    try:
        return await loop.create_server(
            lambda: Connection(server, refuse, loop), host, port, ssl=tls, backlog=BACKLOG
        )
    except OSError as error:
        kind = name.partition(" ")[0]
        hint = _hint(kind) if error.errno == errno.EADDRINUSE else ""
        raise ListenError(f"cannot listen: {name}: {_words(error)}{hint}") from None


def _hint(kind: str) -> str:
    """Return what to set for a port of a kind, as a remark; nothing for a kind that is not ours."""
    setting = SETTINGS.get(kind, "")
    variable = "RELAY_" + setting.upper().replace(".", "__")
    return f" (set {setting}, or {variable})" if setting else ""


def _words(error: OSError) -> str:
    """Return the system's words for an error; those of the event loops differ."""
    if error.errno is None:
        # Newer event loops pass over an address that is not this machine's, and say so in the end.
        return error.strerror or os.strerror(errno.EADDRNOTAVAIL)
    if isinstance(error, socket.gaierror):
        return error.strerror or "unknown"
    return os.strerror(error.errno)
