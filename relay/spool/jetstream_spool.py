"""The spool in NATS JetStream: many relays share it, any of them sends what another accepted.

Law of this file: `put` returns after the servers have acknowledged, never before; a message leaves
the stream by an acknowledgement, which is waited for. Times in letters are by our clock; those of
redelivery are by the servers'.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Final

from nats.aio.client import Client
from nats.js import JetStreamContext

from relay.config import SpoolSettings
from relay.delivery import Decision
from relay.errors import RelayError, SpoolFullError, SpoolUnavailableError
from relay.limit_memory import KeyLimit
from relay.ports import Claim, Clock, Expired, Lane, SpoolStatus
from relay.scrub.permit import ScrubbedEnvelope
from relay.spool.bounds import OnDrop, fingerprint, ignore_drop
from relay.spool.jetstream_bodies import MOST_INLINE, OVERHEAD, Bodies
from relay.spool.jetstream_claims import MAX_NOTED, Claims
from relay.spool.jetstream_dead import JetStreamDeadLetters
from relay.spool.jetstream_letters import letter_of, pack
from relay.spool.jetstream_limits import Limits
from relay.spool.jetstream_look import look, must_be_there, tokens_there
from relay.spool.jetstream_pull import KEEP_SECONDS, Puller
from relay.spool.jetstream_streams import (
    ANSWER_SECONDS,
    FAILURES,
    MESSAGE_ID,
    PUT_SECONDS,
    Names,
    connect,
    make_streams,
    patiently,
    token_of,
    unavailable,
)
from relay.spool.waiting import Waiters

_BIG: Final = 1024 * 1024
_log = logging.getLogger("relay.spool")

PartitionOf = Callable[[Lane], str]
"""Tells what shares a fate: the upstream of a project and key."""


def own_partition(lane: Lane) -> str:
    """Make each project and key a partition of its own."""
    return " ".join(lane)


class JetStreamSpool:
    """A `ports.Spool` that many relays share. `connect` and `attach` open it."""

    def __init__(
        self,
        client: Client,
        settings: SpoolSettings,
        clock: Clock,
        on_drop: OnDrop,
        partition: PartitionOf,
    ) -> None:
        self._client = client
        self._js: JetStreamContext = client.jetstream(timeout=5)
        self._names = names = Names(settings.stream)
        self._settings = settings
        self._clock = clock
        self._on_drop = on_drop
        self._token = lru_cache(MAX_NOTED)(lambda lane: token_of(partition(lane)))
        self._waiters = Waiters(clock)
        self._puller = Puller(client, self._js, names, self._waiters.wake)
        self._bodies = Bodies(self._js, names)
        self._limits = Limits(self._js, names)
        self._dead = JetStreamDeadLetters(
            client, self._js, names, self._bodies, clock=clock, token=self._token, on_put=self._stir
        )
        self._claims = Claims(
            client,
            self._puller,
            self._bodies,
            self._dead,
            clock=clock,
            on_drop=on_drop,
            max_age=settings.max_age,
        )
        self._keeping: asyncio.Task[None] | None = None
        self._again = False
        self._closed = False

    @classmethod
    async def connect(
        cls,
        settings: SpoolSettings,
        clock: Clock,
        on_drop: OnDrop = ignore_drop,
        partition: PartitionOf = own_partition,
    ) -> "JetStreamSpool":
        """Connect to the servers, and make the streams that are missing.

        Args:
            settings: servers, names and bounds.
            clock: the time.
            on_drop: called on the event loop for every envelope that this relay gives up.
            partition: tells the upstream of a project and key; the same on all relays.

        Raises:
            SpoolUnavailableError: no server answers, or they refuse the streams.
        """
        spool = cls(Client(), settings, clock, on_drop, partition)
        await connect(spool._client, settings, spool._restart)
        try:
            await make_streams(spool._js, spool._names, settings)
            with unavailable():
                await spool._puller.start()
            with suppress(SpoolUnavailableError):  # a leader may be missing; `_keep` looks again
                await spool._find_partitions()
        except BaseException:
            await spool.close()
            raise
        # It lives as long as the spool, which has no block to stand in, and ends with `close`.
        spool._keeping = asyncio.get_running_loop().create_task(spool._keep())
        return spool

    @classmethod
    async def attach(cls, settings: SpoolSettings, clock: Clock) -> "JetStreamSpool":
        """Connect for a tool: nothing is made or changed, and it must not claim.

        Raises:
            SpoolUnavailableError: no server answers, or there is no such spool.
        """
        spool = cls(Client(), settings, clock, ignore_drop, own_partition)
        await connect(spool._client, settings, spool._restart)
        try:
            await must_be_there(spool._js, spool._names)
        except BaseException:
            await spool.close()
            raise
        return spool

    @property
    def dead(self) -> JetStreamDeadLetters:
        """The dead letters. See `ports.DeadLetters`."""
        return self._dead

    async def check(self) -> None:
        """Write something that the servers acknowledge. See `ports.Spool.check`."""
        self._must_be_connected()
        await self._limits.check()

    async def share_limits(self, learned: Sequence[KeyLimit]) -> Sequence[KeyLimit]:
        """Tell limits to all relays; return those in force. See `ports.Spool.share_limits`."""
        self._must_be_connected()
        return await self._limits.share(learned, self._clock.now())

    async def put(self, envelope: ScrubbedEnvelope) -> bool:
        """Store an envelope; return after the acknowledgement. See `ports.Spool.put`."""
        self._must_be_open()
        large = len(envelope.body) > _BIG
        name = await asyncio.to_thread(fingerprint, envelope) if large else fingerprint(envelope)
        body_name = ""
        if len(envelope.body) > min(MOST_INLINE, self._client.max_payload) - OVERHEAD:
            self._must_be_connected()
            body_name = await self._bodies.put(envelope.body)
        data = pack(letter_of(envelope, self._clock.now(), body_name))
        token = self._token((envelope.project, envelope.key))
        stored: list[bool] = []  # an entry for each try
        seq = 0

        async def publish() -> None:
            nonlocal seq
            stored.append(True)
            ack = await self._js.publish(
                self._names.envelopes + token,
                data,
                timeout=ANSWER_SECONDS,
                headers={MESSAGE_ID: name.hex()},
            )
            # A repeat of what this very put tried, and heard no answer to, is no repeat.
            stored[-1] = len(stored) > 1 or not ack.duplicate
            seq = 0 if ack.duplicate else ack.seq

        try:
            await patiently(self._client, publish, PUT_SECONDS)
        except SpoolFullError:
            await self._bodies.delete(body_name)
            raise
        if not stored[-1]:
            await self._bodies.delete(body_name)
            return False
        self._stir(token, seq)
        return True

    async def claim(self, limit: int, skip: Collection[Lane] = ()) -> Sequence[Claim]:
        """Take envelopes that are due, oldest first in each partition. See `ports.Spool.claim`."""
        self._must_be_connected()
        return await self._claims.take(limit, {self._token(lane) for lane in skip}, skip)

    async def settle(self, settlements: Sequence[tuple[Claim, Decision]]) -> None:
        """Carry out decisions on claims. See `ports.Spool.settle`.

        The servers know no "all or none": what was settled before a failure is left alone when the
        same settlements come again.
        """
        self._must_be_connected()
        await self._claims.settle(settlements)
        self._waiters.wake()

    async def wait(self, timeout: float, skip: Collection[Lane] = ()) -> None:  # noqa: ASYNC109
        """Return when something may be due. See `ports.Spool.wait`."""
        self._must_be_connected()
        shut = {self._token(lane) for lane in skip}

        async def due() -> float | None:
            return self._clock.now() if await self._puller.poll(shut, skip) else None

        await self._waiters.wait(timeout, due)

    async def expire(self, *, dry_run: bool = False) -> Expired:
        """Let go of what is too old. See `ports.Spool.expire`.

        Of what waits, that which is due and no other relay has; a tool leaves it to the relays.
        Whatever happens, the servers forget it when it is as old as the streams are told.
        """
        self._must_be_connected()
        waiting = Expired() if self._keeping is None else await self._claims.expire(dry_run=dry_run)
        before = self._clock.now() - self._settings.max_dead_age
        return waiting + await self._dead.expire(before, self._on_drop, dry_run=dry_run)

    async def status(self) -> SpoolStatus:
        """Count what all relays hold together, but as claimed only what this one has."""
        self._must_be_connected()
        return await look(self._client, self._names, len(self._puller.held), self._clock.now())

    async def close(self) -> None:
        """Give back what is not settled, and disconnect. May be repeated."""
        if self._closed:
            return
        self._closed = True
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        with suppress(*FAILURES):
            async with asyncio.timeout(ANSWER_SECONDS):
                if self._client.is_connected:
                    await self._puller.release()
                    await self._client.flush()
        with suppress(*FAILURES):
            await self._client.close()
        self._waiters.wake()

    # --- the rest ---

    def _restart(self) -> None:
        """Begin anew on a new connection: the servers may have lost what they had."""
        self._again = True
        self._limits.forget()
        self._puller.restart()

    def _stir(self, token: str, seq: int = 0) -> None:
        self._puller.stir(token, seq)
        self._waiters.wake()

    async def _find_partitions(self) -> None:
        """Note what other relays, or this one before, have put."""
        for token in await tokens_there(self._js, self._names):
            if token not in self._puller.partitions:
                self._stir(token)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(KEEP_SECONDS)  # the servers' time, not the clock's
            if not self._client.is_connected:
                continue
            try:
                for pulled in await self._puller.keep():
                    self._claims.note_untried(pulled.seq)
                if self._again:
                    await make_streams(self._js, self._names, self._settings, change=False)
                    self._again = False
                await self._find_partitions()
            except (*FAILURES, RelayError):
                continue
            except Exception as error:  # noqa: BLE001 - without it all that is held would be lost
                _log.error("keep_failed", extra={"error": type(error).__name__})

    def _must_be_open(self) -> None:
        if self._closed:
            raise SpoolUnavailableError("the spool is closed")

    def _must_be_connected(self) -> None:
        self._must_be_open()
        if not self._client.is_connected:
            raise SpoolUnavailableError("no NATS server is connected")
