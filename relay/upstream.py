"""Sending a clean envelope to another Sentry, over HTTP.

Law of this file: what goes out is the body, the project's key and the SDK's name and version. No
header of the client is passed on, and nothing of the answer is kept but its status and two headers.
"""

import asyncio
import contextlib
import gzip
from dataclasses import dataclass
from importlib.metadata import version
from string import ascii_letters, digits
from typing import Final, Literal
from urllib.parse import quote

import aiohttp
import zstandard

from relay.delivery import UpstreamResponse
from relay.errors import UpstreamError
from relay.protocol.rate_limits import HEADER, RETRY_AFTER
from relay.scrub.permit import ScrubbedEnvelope

AGENT: Final = f"scrub-relay/{version('scrub-relay')}"
ANSWER_BYTES: Final = 8 * 1024
"""So much of an answer's body is read, for the connection's sake, and thrown away."""

_CLIENT_CHARS: Final = frozenset(ascii_letters + digits + "._+-/@")
_CLIENT_LENGTH: Final = 100
_OFF_LOOP: Final = 256 * 1024
"""Bodies from this size on are compressed in a thread: gzip takes about 2 ms for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """How to send.

    Attributes:
        timeout: seconds for one send, all in all.
        connections: open at one time to this upstream.
        compress: how bodies are compressed. Every Sentry takes gzip.
        compress_from: bytes from which on they are.
    """

    timeout: float = 30.0
    connections: int = 16
    compress: Literal["gzip", "zstd", "none"] = "gzip"
    compress_from: int = 1_024


class SentryUpstream:
    """A `ports.Upstream` that speaks Sentry's ingest protocol.

    Source: develop.sentry.dev, "Envelopes" (endpoint) and "Authentication" (X-Sentry-Auth).
    """

    def __init__(
        self, url: str, key: str | None = None, options: HttpOptions | None = None
    ) -> None:
        """Set up; connections are made by the first send.

        Args:
            url: with a key, the whole URL of the envelope endpoint. Without one, where a Sentry
                lives (scheme, host, maybe a path): then project and key come from each envelope.
            key: public key, 32 hex digits.
            options: how to send.
        """
        self._url = url
        self._key = key
        self._options = options or HttpOptions()
        self._session: aiohttp.ClientSession | None = None

    async def send(self, envelope: ScrubbedEnvelope) -> UpstreamResponse:
        """Deliver one envelope once; redirects are not followed. See `ports.Upstream.send`."""
        body, encoding = await self._encode(envelope.body)
        headers = {
            "Content-Type": "application/x-sentry-envelope",
            "X-Sentry-Auth": self._auth(envelope),
            "User-Agent": AGENT,
            "Accept": "*/*",
            "Accept-Encoding": "identity",
        }
        if encoding:
            headers["Content-Encoding"] = encoding
        try:
            async with self._open().post(
                self._target(envelope), data=body, headers=headers, allow_redirects=False
            ) as response:
                await _discard(response)
                return UpstreamResponse(response.status, _kept(response))
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise UpstreamError("the upstream could not be reached") from None

    async def close(self) -> None:
        """Close connections. May be repeated."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._options.connections),
                timeout=aiohttp.ClientTimeout(total=self._options.timeout),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            )
        return self._session

    def _target(self, envelope: ScrubbedEnvelope) -> str:
        if self._key is not None:
            return self._url
        return f"{self._url.rstrip('/')}/api/{quote(envelope.project, safe='')}/envelope/"

    def _auth(self, envelope: ScrubbedEnvelope) -> str:
        key = envelope.key if self._key is None else self._key
        client = _client(envelope.client)
        return f"Sentry sentry_key={key}, sentry_version=7, sentry_client={client}"

    async def _encode(self, body: bytes) -> tuple[bytes, str]:
        """Compress when it helps; return bytes and Content-Encoding, which is empty for none."""
        how = self._options.compress
        if how == "none" or len(body) < self._options.compress_from:
            return body, ""
        if len(body) < _OFF_LOOP:
            packed = _compress(body, how)
        else:
            packed = await asyncio.to_thread(_compress, body, how)
        return (packed, how) if len(packed) < len(body) else (body, "")


def _compress(body: bytes, how: Literal["gzip", "zstd"]) -> bytes:
    if how == "gzip":
        return gzip.compress(body, compresslevel=6, mtime=0)
    return zstandard.ZstdCompressor(level=3).compress(body)


def _client(client: str) -> str:
    """Return the SDK's name and version; ours when it is not of the shape `name/version`."""
    if 0 < len(client) <= _CLIENT_LENGTH and _CLIENT_CHARS.issuperset(client):
        return client
    return AGENT


def _kept(response: aiohttp.ClientResponse) -> dict[str, str]:
    """Return what is kept of the headers; limits may stand in several of one name."""
    kept: dict[str, str] = {}
    if (first := response.headers.get(RETRY_AFTER)) is not None:
        kept[RETRY_AFTER] = first
    if limits := response.headers.getall(HEADER, ()):
        kept[HEADER] = ", ".join(limits)
    return kept


async def _discard(response: aiohttp.ClientResponse) -> None:
    """Read a short body away, so that the connection can be used again; else close it.

    The status has been read: whatever breaks now does not change what the upstream decided.
    """
    with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
        left = ANSWER_BYTES
        while left > 0:
            chunk = await response.content.read(left)
            if not chunk:
                return
            left -= len(chunk)
    response.close()
