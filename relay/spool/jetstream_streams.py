"""The connection to NATS, and what is kept there: names, streams, and what errors mean.

Law of this file: what a server holds is named and configured here and nowhere else. Sources: NATS'
pages on streams and consumers, and the error codes in its server's `errors.json`.
"""

import asyncio
import hashlib
import logging
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import APIError

from relay.config import SpoolSettings
from relay.errors import SpoolFullError, SpoolUnavailableError

CONNECT_SECONDS: Final = 20.0
"""So long a start waits for a server, and for the streams to be there."""

ACK_WAIT: Final = 20.0
"""What a relay has taken and is silent about for so long, another one gets."""

LIMIT_SECONDS: Final = 86_400.0
"""Shared limits are forgotten after a day."""

LIMIT_BYTES: Final = 16 * 1024 * 1024

MAX_ACK_PENDING: Final = 100_000
"""So many envelopes of one upstream may be under way or wait for another try."""

PUT_SECONDS: Final = 5.0
"""So long a put tries, as a cluster may elect a leader; then the client is asked to come again."""

ANSWER_SECONDS: Final = 2.0
"""For one answer of a server."""

RETRY_PAUSE: Final = 0.1
"""Between two tries of what may be repeated, in seconds."""

MESSAGE_ID: Final = "Nats-Msg-Id"
"""The header by which servers know a repeat."""

_IDLE_CONSUMER: Final = 86_400.0
_BACKSTOP: Final = 3_600.0
_NO_ROOM: Final = frozenset({10077, 10122})
_NEVER: Final = frozenset({10047, 10074})  # no storage; more copies than servers
_CODE_OTHER_CONFIG: Final = 10058
_CODE_IN_FLIGHT: Final = 10158
_MAX_SUBJECT: Final = 16

_log = logging.getLogger("relay.spool")
FAILURES: Final = (NatsError, OSError, TimeoutError, asyncio.TimeoutError)
"""What comes out of the library when a server is not there, or says no."""


class Names:
    """The names of everything that one spool has in NATS; all begin with that of the stream."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.envelopes = f"{stream}.envelopes."
        self.dead = f"{stream}-DEAD"
        self.dead_subject = f"{stream}.dead"
        self.bodies = f"{stream}-bodies"
        self.bodies_stream = f"OBJ_{self.bodies}"
        self.limits = f"{stream}-limits"
        self.limits_stream = f"KV_{self.limits}"
        self.limits_subject = f"$KV.{self.limits}.limit."
        self.check_key = "check"


def token_of(partition: str) -> str:
    """Return the word for a partition in subjects and names; it tells nothing of it."""
    return hashlib.sha256(partition.encode("utf-8", "replace")).hexdigest()[:_MAX_SUBJECT]


async def connect(client: Client, settings: SpoolSettings, on_connect: Callable[[], None]) -> None:
    """Connect, and reconnect for ever after; `on_connect` is called each time.

    Raises:
        SpoolUnavailableError: no server answers, or none lets us in.
    """

    async def lost() -> None:
        if not client.is_closed:
            _log.warning("spool_connection_lost")

    async def found() -> None:
        _log.info("spool_connection_restored")
        on_connect()

    refused = False

    async def failed(error: Exception) -> None:
        # The text of such an error may hold the URL of a server, and that a password.
        nonlocal refused
        refused = refused or "auth" in str(error).lower()
        _log.debug("spool_connection_failed", extra={"error": type(error).__name__})

    file = settings.credentials_file
    if file is not None and not await asyncio.to_thread(os.access, file, os.R_OK):
        raise SpoolUnavailableError("spool.credentials_file cannot be read")
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await client.connect(
                list(settings.servers),
                name="scrub-relay",
                error_cb=failed,
                disconnected_cb=lost,
                reconnected_cb=found,
                connect_timeout=2,
                reconnect_time_wait=1,
                max_reconnect_attempts=-1,
                ping_interval=5,
                max_outstanding_pings=2,
                user_credentials=file,
            )
    except ModuleNotFoundError:
        raise SpoolUnavailableError("credentials need: pip install 'nats-py[nkeys]'") from None
    except (*FAILURES, ValueError):
        message = "NATS refuses the credentials" if refused else "no NATS server can be reached"
        raise SpoolUnavailableError(message) from None


async def make_streams(
    js: JetStreamContext, names: Names, settings: SpoolSettings, *, change: bool = True
) -> None:
    """Make what is missing, and `change` what is configured differently; all may do so at once.

    Raises:
        SpoolUnavailableError: the servers refuse, or are not ready in time.
    """
    end = asyncio.get_running_loop().time() + CONNECT_SECONDS
    for config in _streams(names, settings):
        while True:
            try:
                await _make(js, config, change=change)
                break
            except FAILURES as error:
                if asyncio.get_running_loop().time() < end and not _is_refusal(error):
                    await asyncio.sleep(0.25)
                    continue
                code = getattr(error, "err_code", None) or 0
                message = f"NATS does not give the stream {config.name} (error {code})"
                raise SpoolUnavailableError(f"{message}: see docs/jetstream.md") from None


async def _make(js: JetStreamContext, config: StreamConfig, *, change: bool) -> None:
    try:
        await js.add_stream(config)
    except APIError as error:
        if error.err_code != _CODE_OTHER_CONFIG:
            raise
        if change:
            await js.update_stream(config)


def _is_refusal(error: BaseException) -> bool:
    """Whether asking again would be answered the same."""
    if not isinstance(error, APIError) or error.err_code == _CODE_IN_FLIGHT:
        return False
    return error.code == 400 or error.err_code in _NEVER


def _streams(names: Names, settings: SpoolSettings) -> list[StreamConfig]:
    age = 2 * settings.max_age + _BACKSTOP
    envelopes = StreamConfig(
        name=names.stream,
        subjects=[names.envelopes + "*"],
        retention=RetentionPolicy.WORK_QUEUE,
        discard=DiscardPolicy.NEW,
        max_bytes=settings.max_bytes,
        # We drop what is too old ourselves, and count it; this is for when no relay runs.
        max_age=age,
        duplicate_window=max(0.1, min(settings.repeat_window, settings.max_age)),
        storage=StorageType.FILE,
        num_replicas=settings.replicas,
    )
    bodies = StreamConfig(  # an object store, as the library lays it out
        name=names.bodies_stream,
        subjects=[f"$O.{names.bodies}.C.>", f"$O.{names.bodies}.M.>"],
        discard=DiscardPolicy.NEW,
        max_bytes=settings.max_bytes,
        max_age=age + settings.max_dead_age,
        allow_rollup_hdrs=True,
        storage=StorageType.FILE,
        num_replicas=settings.replicas,
    )
    dead = StreamConfig(
        name=names.dead,
        subjects=[names.dead_subject],
        discard=DiscardPolicy.OLD,
        max_bytes=settings.max_bytes,
        max_age=settings.max_dead_age,
        duplicate_window=min(120.0, settings.max_dead_age),
        storage=StorageType.FILE,
        num_replicas=settings.replicas,
    )
    limits = StreamConfig(  # a key-value bucket, as the library lays it out
        name=names.limits_stream,
        subjects=[f"$KV.{names.limits}.>"],
        discard=DiscardPolicy.NEW,
        max_bytes=LIMIT_BYTES,
        max_age=LIMIT_SECONDS,
        max_msgs_per_subject=1,
        allow_rollup_hdrs=True,
        deny_delete=True,
        storage=StorageType.FILE,
        num_replicas=settings.replicas,
    )
    return [envelopes, bodies, dead, limits]


def consumer_of(names: Names, token: str) -> ConsumerConfig:
    """Configure what gives out the envelopes of one partition; the same on every relay."""
    return ConsumerConfig(
        durable_name=token,
        filter_subject=names.envelopes + token,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ACK_WAIT,
        max_deliver=-1,
        max_ack_pending=MAX_ACK_PENDING,
        inactive_threshold=_IDLE_CONSUMER,
    )


def is_full(error: BaseException) -> bool:
    """Whether a server refused because a stream has reached its bound."""
    return isinstance(error, APIError) and (
        error.err_code in _NO_ROOM or "maximum bytes" in (error.description or "")
    )


def is_missing(error: BaseException) -> bool:
    """Whether a server said that there is no such message or object."""
    return isinstance(error, APIError) and error.code == 404


@contextmanager
def unavailable() -> Iterator[None]:
    """Turn failures of the library into ours, without their texts.

    Raises:
        SpoolFullError: a stream has reached its bound.
        SpoolUnavailableError: anything else.
    """
    try:
        yield
    except FAILURES as error:
        if is_full(error):
            raise SpoolFullError("the spool is full") from None
        if type(error) is not ConnectionError:  # that one is ours, and is told once when it is lost
            _log.warning("spool_unavailable", extra={"error": type(error).__name__})
        raise SpoolUnavailableError("the spool cannot be reached") from None


async def patiently(client: Client, act: Callable[[], Awaitable[None]], seconds: float) -> None:
    """Do something that may be repeated, again and again for so long, as a cluster may elect.

    Raises:
        SpoolFullError: a stream has reached its bound.
        SpoolUnavailableError: there was no answer in time.
    """
    end = asyncio.get_running_loop().time() + seconds
    while True:
        with unavailable():
            try:
                if not client.is_connected:
                    raise ConnectionError
                return await act()
            except FAILURES as error:
                late = asyncio.get_running_loop().time() + RETRY_PAUSE >= end
                if late or is_full(error) or _is_refusal(error):
                    raise
        await asyncio.sleep(RETRY_PAUSE)
