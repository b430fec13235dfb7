"""Sending a clean envelope to another Sentry, over HTTP.

Law of this file: what goes out is the body, the project's key and the SDK's name and version. No
header of the client is passed on, and nothing of the answer is kept but its status and two headers.
"""

import asyncio
import contextlib
import io
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from string import ascii_letters, digits
from typing import Final, Literal
from urllib.parse import quote

import aiohttp
import zstandard
from isal import igzip
from multidict import CIMultiDict
from yarl import URL

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
"""Bodies from this size on are compressed in a thread: gzip takes half a millisecond for them."""

_GZIP_LEVEL: Final = 2
"""ISA-L's: about 35 us for an event of 20 kB, 4 times smaller; zlib takes 310 us for the same."""
_ZSTD_LEVEL: Final = 1
"""32 us for the same, and 3.8 times smaller."""

_IDLE_SECONDS: Final = 75.0
"""A connection that was not used for so long is closed; servers often close theirs about then."""
_DNS_SECONDS: Final = 60
"""How long an address is used before the name is asked for again."""
_BYTES_A_SECOND: Final = 1_000_000
"""A send may take a second more for each so many bytes."""
_VARIANTS: Final = 1_024
"""So many pairs of a key and a client's name, and so many projects, have their headers ready."""


_HEADERS: Final = {
    "Content-Type": "application/x-sentry-envelope",
    "User-Agent": AGENT,
    "Accept": "*/*",
    "Accept-Encoding": "identity",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """How to send.

    Attributes:
        timeout: seconds for one send, all in all; large bodies get more, by their size.
        connections: open at one time to this upstream.
        compress: how bodies are compressed. Every Sentry takes gzip; Sentry's own takes zstd too.
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
        self._base = url.rstrip("/")
        self._key = key
        self._fixed = URL(url) if key is not None else None
        self._options = options or HttpOptions()
        self._session: aiohttp.ClientSession | None = None
        self._answered = False
        self._zstd = zstandard.ZstdCompressor(level=_ZSTD_LEVEL)
        # What is the same for many envelopes is made once: a third of a send's time otherwise.
        self._target = lru_cache(_VARIANTS)(self._make_target)
        self._headers = lru_cache(_VARIANTS)(self._make_headers)

    async def send(self, envelope: ScrubbedEnvelope) -> UpstreamResponse:
        """Deliver one envelope once; redirects are not followed. See `ports.Upstream.send`."""
        body, encoding = await self._encode(envelope.body)
        target = self._fixed or self._target(envelope.project)
        headers = self._headers(self._key or envelope.key, envelope.client, encoding)
        session = self._open()
        seconds = self._options.timeout + len(body) / _BYTES_A_SECOND
        timeout = aiohttp.ClientTimeout(total=seconds)
        again = self._answered
        while True:
            try:
                answer = await _post(session, target, body, headers, timeout)
            except (aiohttp.ClientError, OSError) as error:  # a TimeoutError is an OSError
                if not again or not _is_broken(error):
                    raise UpstreamError("the upstream could not be reached") from None
                # A connection that was kept may have been closed by the other end just now. That
                # is no failure of the upstream: a new one is tried at once. Should the first have
                # been read after all, both have one event_id, by which Sentry knows a repeat; the
                # later try that there would be otherwise could double it as well.
                again = self._answered = False
            else:
                self._answered = True
                return answer

    async def close(self) -> None:
        """Close connections. May be repeated."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._options.connections,
                    keepalive_timeout=_IDLE_SECONDS,
                    ttl_dns_cache=_DNS_SECONDS,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            )
        return self._session

    def _make_target(self, project: str) -> URL:
        return URL(f"{self._base}/api/{quote(project, safe='')}/envelope/")

    def _make_headers(self, key: str, client: str, encoding: str) -> CIMultiDict[str]:
        auth = f"Sentry sentry_key={key}, sentry_version=7, sentry_client={_client(client)}"
        headers = CIMultiDict(_HEADERS)
        headers["X-Sentry-Auth"] = auth
        if encoding:
            headers["Content-Encoding"] = encoding
        return headers

    async def _encode(self, body: bytes) -> tuple[bytes, str]:
        """Compress when it helps; return bytes and Content-Encoding, which is empty for none."""
        how = self._options.compress
        if how == "none" or len(body) < self._options.compress_from:
            return body, ""
        if len(body) >= _OFF_LOOP:
            packed = await asyncio.to_thread(_compress_anew, body, how)
        elif how == "zstd":
            packed = self._zstd.compress(body)
        else:
            packed = igzip.compress(body, _GZIP_LEVEL, mtime=0)
        return (packed, how) if len(packed) < len(body) else (body, "")


def _compress_anew(body: bytes, how: Literal["gzip", "zstd"]) -> bytes:
    """Compress in a thread: a zstd compressor must not be used by two at one time."""
    if how == "gzip":
        return igzip.compress(body, _GZIP_LEVEL, mtime=0)
    return zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(body)


async def _post(
    session: aiohttp.ClientSession,
    target: URL,
    body: bytes,
    headers: CIMultiDict[str],
    timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - what aiohttp calls so
) -> UpstreamResponse:
    # Large bodies go in pieces, so that the loop does other things in between.
    data = body if len(body) < _OFF_LOOP else io.BytesIO(body)
    async with session.post(
        target, data=data, headers=headers, allow_redirects=False, timeout=timeout
    ) as response:
        if not response.content.is_eof():
            await _discard(response)
        return UpstreamResponse(response.status, _kept(response))


def _is_broken(error: Exception) -> bool:
    """Whether a connection broke before an answer; not whether one could not be made."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return False
    return isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError)


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
    """Read a short body away, so that the connection can be used again.

    A connection on which an answer was not read whole is closed when the answer is let go. The
    status has been read: whatever breaks now does not change what the upstream decided.
    """
    with contextlib.suppress(aiohttp.ClientError, OSError):
        left = ANSWER_BYTES
        while left > 0 and (chunk := await response.content.read(left)):
            left -= len(chunk)
