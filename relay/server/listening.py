"""Opening and closing a port, with TLS or without; what is wrong with it is said in words."""

import os
import socket
import ssl
from asyncio import timeout
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from aiohttp import web

from relay.config import Tls
from relay.errors import ListenError

SHUTDOWN_SECONDS = 10.0
"""How long requests under way may take after a signal to stop."""


@asynccontextmanager
async def open_port(
    name: str,
    app: web.Application,
    host: str,
    port: int,
    *,
    tls: ssl.SSLContext | None = None,
    drained: Callable[[], Awaitable[None]] | None = None,
) -> AsyncIterator[int]:
    """Serve an app until the block ends; yield the port's number.

    Args:
        name: what it is called in an error.
        app: what answers.
        host: address or name to listen at.
        port: its number; 0 takes a free one.
        tls: from `tls_context`.
        drained: returns when no request is under way.

    Raises:
        ListenError: it cannot be opened.
    """
    # We decompress ourselves, counting; and no access log, for it would show addresses and keys.
    runner = web.AppRunner(
        app, access_log=None, auto_decompress=False, shutdown_timeout=SHUTDOWN_SECONDS
    )
    await runner.setup()
    site = web.TCPSite(runner, host, port, ssl_context=tls)
    try:
        await _start(site, f"{name} port {host}:{port}")
        yield int(runner.addresses[0][1])
        await site.stop()
        if drained is not None:
            # The runner's own clean-up would stop reading bodies that are still arriving.
            with suppress(TimeoutError):
                async with timeout(SHUTDOWN_SECONDS):
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


async def _start(site: web.TCPSite, name: str) -> None:
    try:
        await site.start()
    except OSError as error:
        raise ListenError(f"cannot listen: {name}: {_words(error)}") from None


def _words(error: OSError) -> str:
    """Return the system's words for an error; those of the event loops differ."""
    if isinstance(error, socket.gaierror) or error.errno is None:
        return error.strerror or "unknown"
    return os.strerror(error.errno)
