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

from relay import jsonio
from relay.config import SpoolSettings
from relay.delivery import Ack, Bury, Decision, RetryAt
from relay.errors import RelayError, SpoolFullError, SpoolUnavailableError
from relay.limit_memory import KeyLimit
from relay.outcomes import Reason
from relay.ports import Claim, Clock, Lane, SpoolStatus
from relay.scrub.permit import ScrubbedEnvelope
from relay.spool.bounds import CLAIM_BYTES, Dropped, OnDrop, fingerprint, ignore_drop
from relay.spool.jetstream_bodies import MOST_INLINE, OVERHEAD, Bodies
from relay.spool.jetstream_dead import JetStreamDeadLetters
from relay.spool.jetstream_letters import letter_of, pack
from relay.spool.jetstream_limits import Limits
from relay.spool.jetstream_look import look, tokens_there
from relay.spool.jetstream_pull import KEEP_SECONDS, NAK, Pulled, Puller
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

MAX_NOTED: Final = 10_000
"""So many lanes, and messages that were given back untried, are remembered."""

_BIG: Final = 1024 * 1024
_log = logging.getLogger("relay.spool")

PartitionOf = Callable[[Lane], str]
"""Tells what shares a fate: the upstream of a project and key."""

_Lost = tuple[Pulled, Reason]


def own_partition(lane: Lane) -> str:
    """Make each project and key a partition of its own."""
    return " ".join(lane)


class JetStreamSpool:
    """A `ports.Spool` that many relays share. Open it with `JetStreamSpool.connect`."""

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
        self._max_age = settings.max_age
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
        self._untried: dict[int, int] = {}
        self._keeping: asyncio.Task[None] | None = None
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
        await connect(spool._client, settings, spool._puller.restart)
        try:
            await make_streams(spool._js, spool._names, settings)
            with unavailable():
                await spool._puller.start()
            await spool._find_partitions()
        except BaseException:
            await spool.close()
            raise
        # It lives as long as the spool, which has no block to stand in, and ends with `close`.
        spool._keeping = asyncio.get_running_loop().create_task(spool._keep())
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
        shut = {self._token(lane) for lane in skip}
        while True:
            await self._puller.fill(shut, limit)
            picked, lost = self._pick(limit, shut)
            try:
                for pulled, reason in lost:
                    await self._give_up(pulled, reason)
                claims = [claim for one in picked if (claim := await self._claim_of(one))]
                for token in {pulled.token for pulled in picked}:
                    await self._puller.refill(self._puller.know(token))
            except BaseException:
                for pulled in (*picked, *(one for one, _ in lost)):
                    self._puller.put_back(pulled)
                raise
            if claims or not (picked or lost):
                return claims

    async def settle(self, settlements: Sequence[tuple[Claim, Decision]]) -> None:
        """Carry out decisions on claims. See `ports.Spool.settle`.

        The servers know no "all or none": what was settled before a failure is left alone when the
        same settlements come again.
        """
        self._must_be_connected()
        try:
            async with asyncio.TaskGroup() as group:
                for claim, decision in settlements[1:]:
                    group.create_task(self._settle(claim, decision))
                for claim, decision in settlements[:1]:  # most come alone, and need no task
                    await self._settle(claim, decision)
        except* (SpoolUnavailableError, SpoolFullError):
            raise SpoolUnavailableError("the spool cannot be reached") from None
        self._waiters.wake()

    async def wait(self, timeout: float, skip: Collection[Lane] = ()) -> None:  # noqa: ASYNC109
        """Return when something may be due. See `ports.Spool.wait`."""
        self._must_be_connected()
        shut = {self._token(lane) for lane in skip}

        async def due() -> float | None:
            return self._clock.now() if await self._puller.poll(shut) else None

        await self._waiters.wait(timeout, due)

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

    # --- taking ---

    def _pick(self, limit: int, shut: Collection[str]) -> tuple[list[Pulled], list[_Lost]]:
        """Hold the oldest of what is here; what cannot be sent any more stands apart."""
        oldest = self._clock.now() - self._max_age
        here = [pulled for p in self._puller.open(shut) for pulled in p.buffer.values()]
        picked: list[Pulled] = []
        lost: list[_Lost] = []
        total = 0
        for pulled in sorted(here, key=lambda one: one.seq):
            if len(picked) >= limit:
                break
            if pulled.letter is None:
                lost.append((pulled, Reason.INTERNAL))
            elif pulled.letter.stored_at <= oldest:
                lost.append((pulled, Reason.EXPIRED))
            else:
                total += pulled.letter.size
                if picked and total > CLAIM_BYTES:
                    break
                picked.append(pulled)
            self._puller.take(pulled)
        return picked, lost

    async def _claim_of(self, pulled: Pulled) -> Claim | None:
        """Make a claim; None where the body is not there, which is then given up."""
        letter = pulled.letter
        if letter is None:
            return None
        envelope = letter.envelope
        if letter.body_name:
            body = await self._bodies.get(letter.body_name)
            if body is None or len(body) != letter.size:
                await self._give_up(pulled, Reason.INTERNAL)
                return None
            envelope = letter.with_body(body)
        return Claim(pulled.seq, envelope, self._attempts(pulled), letter.stored_at)

    async def _give_up(self, pulled: Pulled, reason: Reason) -> None:
        """Drop for good; who has the message is the only one who counts it."""
        await self._answer(pulled, b"")
        letter = pulled.letter
        if letter is None:
            _log.error("letter_unreadable", extra={"bytes": pulled.size})
            self._on_drop(Dropped("", "", (), pulled.size, reason, buried=False))
            return
        await self._bodies.delete(letter.body_name)
        one = letter.envelope
        self._on_drop(
            Dropped(one.project, one.key, one.categories, letter.size, reason, buried=False)
        )

    def _attempts(self, pulled: Pulled) -> int:
        return max(0, pulled.delivered - 1 - self._untried.get(pulled.seq, 0))

    # --- settling ---

    async def _settle(self, claim: Claim, decision: Decision) -> None:
        pulled = self._puller.held.get(claim.claim_id)
        if pulled is None or pulled.letter is None:
            return
        match decision:
            case Ack():
                await self._answer(pulled, b"")
                await self._bodies.delete(pulled.letter.body_name)
            case RetryAt(at, tried):
                wait = at - self._clock.now()
                if not tried and wait <= 0:
                    self._puller.put_back(pulled)
                    return
                delay = jsonio.dumps({"delay": max(1, int(wait * 1e9))})
                await self._answer(pulled, NAK + b" " + delay)
                if not tried:
                    self._note_untried(pulled.seq)
                if wait <= 0:
                    self._stir(pulled.token)
            case Bury(reason):
                attempts = self._attempts(pulled) + 1
                await self._dead.bury(pulled.letter, pulled.seq, attempts, reason)
                await self._answer(pulled, b"")

    async def _answer(self, pulled: Pulled, word: bytes) -> None:
        """Say what became of a message, and wait until the servers know."""
        with unavailable():
            await self._client.request(pulled.reply, word, timeout=ANSWER_SECONDS)
        self._puller.held.pop(pulled.seq, None)

    def _note_untried(self, seq: int) -> None:
        """Note a delivery by the servers that was no attempt; other relays count it as one."""
        times = self._untried.pop(seq, 0)
        while len(self._untried) >= MAX_NOTED:
            del self._untried[next(iter(self._untried))]
        self._untried[seq] = times + 1

    # --- the rest ---

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
                    self._note_untried(pulled.seq)
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
