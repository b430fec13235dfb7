"""Claims on a stream: what is handed out, and what becomes of it.

Law of this file: a message is held until the servers know what became of it; what cannot be sent
any more is dropped by the relay that holds it, which is the only one to count it.
"""

import asyncio
import logging
from collections.abc import Collection, Sequence
from typing import Final

from nats.aio.client import Client
from nats.errors import NoRespondersError

from relay import jsonio
from relay.delivery import Ack, Bury, Decision, RetryAt
from relay.errors import SpoolFullError, SpoolUnavailableError
from relay.outcomes import Reason
from relay.ports import Claim, Clock, Expired, Lane
from relay.spool.bounds import CLAIM_BYTES, Dropped, OnDrop
from relay.spool.jetstream_bodies import Bodies
from relay.spool.jetstream_dead import JetStreamDeadLetters
from relay.spool.jetstream_partition import BATCH, Pulled
from relay.spool.jetstream_pull import NAK, Puller
from relay.spool.jetstream_streams import ANSWER_SECONDS, unavailable

MAX_NOTED: Final = 10_000
"""So many lanes, and messages that were given back untried, are remembered."""

BODY_PAUSE: Final = 30.0
"""Seconds until a body is looked for again that the servers did not give in time."""

_log = logging.getLogger("relay.spool")
_Lost = tuple[Pulled, Reason]


class Claims:
    """Takes from what was pulled, and settles."""

    def __init__(
        self,
        client: Client,
        puller: Puller,
        bodies: Bodies,
        dead: JetStreamDeadLetters,
        *,
        clock: Clock,
        on_drop: OnDrop,
        max_age: float,
    ) -> None:
        self._client = client
        self._puller = puller
        self._bodies = bodies
        self._dead = dead
        self._clock = clock
        self._on_drop = on_drop
        self._max_age = max_age
        self._untried: dict[int, int] = {}
        self._takes = False

    async def take(
        self, limit: int, shut: Collection[str], skip: Collection[Lane]
    ) -> Sequence[Claim]:
        """Claim up to `limit`, but none of the partitions in `shut` or the lanes in `skip`.

        Raises:
            SpoolUnavailableError: no server answers; nothing was taken.
        """
        self._takes = True
        while True:
            await self._puller.fill(shut, skip, limit)
            picked, lost = self._pick(limit, self._puller.ready(shut, skip))
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

    async def expire(self, *, dry_run: bool = False) -> Expired:
        """Drop what is too old of all that is due, and return it; with `dry_run` only that.

        Raises:
            SpoolUnavailableError: no server answers; some may be left.
        """
        total = Expired()
        while True:
            await self._puller.fill((), (), BATCH)
            oldest = self._clock.now() - self._max_age
            old = [
                (one, one.letter.size)
                for one in self._puller.ready((), ())
                if one.letter is not None and one.letter.stored_at <= oldest
            ]
            total += Expired(waiting=len(old), bytes=sum(size for _, size in old))
            if dry_run or not old:
                if not (dry_run or self._takes):
                    await self._let_go()
                return total
            for pulled, _ in old:
                self._puller.take(pulled)
            try:
                for pulled, _ in old:
                    await self._give_up(pulled, Reason.EXPIRED)
            except BaseException:
                for pulled, _ in old:
                    self._puller.put_back(pulled)
                raise

    async def settle(self, settlements: Sequence[tuple[Claim, Decision]]) -> None:
        """Carry out decisions, those of claims that are not held left out.

        Raises:
            SpoolUnavailableError: no server answers; some may be settled, and are then left out.
        """
        left = 0

        async def settle_one(claim: Claim, decision: Decision) -> None:
            nonlocal left
            try:
                await self._settle(claim, decision)
            except (SpoolUnavailableError, SpoolFullError):
                left += 1  # the others are settled all the same

        async with asyncio.TaskGroup() as group:
            for claim, decision in settlements[1:]:
                group.create_task(settle_one(claim, decision))
            for claim, decision in settlements[:1]:  # most come alone, and need no task
                await settle_one(claim, decision)
        if left:
            raise SpoolUnavailableError("the spool cannot be reached")

    async def _let_go(self) -> None:
        """Give back what was only looked at, where nobody claims: other relays wait for it."""
        here = self._puller.ready((), ())
        for pulled in here:
            self._puller.take(pulled)
        try:
            for pulled in here:
                await self._answer(pulled, NAK)
                self.note_untried(pulled.seq)
        except SpoolUnavailableError:
            return  # it goes back when it has lain here too long
        finally:
            for pulled in here:
                self._puller.put_back(pulled)

    def _pick(self, limit: int, here: Sequence[Pulled]) -> tuple[list[Pulled], list[_Lost]]:
        """Hold the oldest of what is here; what cannot be sent any more stands apart."""
        oldest = self._clock.now() - self._max_age
        picked: list[Pulled] = []
        lost: list[_Lost] = []
        total = 0
        for pulled in here:
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
        """Make a claim; None where the body is not there, or does not come now."""
        letter = pulled.letter
        if letter is None:
            return None
        envelope = letter.envelope
        if letter.body_name:
            try:
                body = await self._bodies.get(letter.body_name)
            except SpoolUnavailableError:
                if not self._client.is_connected:
                    raise
                await self._postpone(pulled, BODY_PAUSE)  # it must not hold up all others
                return None
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
                await self._postpone(pulled, wait)
                if not tried:
                    self.note_untried(pulled.seq)
                if wait <= 0:
                    self._puller.stir(pulled.token)
            case Bury(reason):
                attempts = self._attempts(pulled) + 1
                await self._dead.bury(pulled.letter, pulled.seq, attempts, reason)
                await self._answer(pulled, b"")

    async def _postpone(self, pulled: Pulled, seconds: float) -> None:
        delay = jsonio.dumps({"delay": max(1, int(seconds * 1e9))})
        await self._answer(pulled, NAK + b" " + delay)

    async def _answer(self, pulled: Pulled, word: bytes) -> None:
        """Say what became of a message, and wait until the servers know."""
        with unavailable():
            try:
                await self._client.request(pulled.reply, word, timeout=ANSWER_SECONDS)
            except NoRespondersError:
                # Who would be told is not there any more: what is in the stream is given out anew.
                if not await self._puller.is_gone(pulled.token):
                    raise
            except TimeoutError:
                # Servers that were killed may have forgotten to whom they gave what, and never
                # answer. They give it out anew, but only to who asks; then they can be told again.
                await self._puller.ask_anew(pulled.token)
                raise
        self._puller.held.pop(pulled.seq, None)

    def note_untried(self, seq: int) -> None:
        """Note a delivery by the servers that was no attempt; other relays count it as one."""
        times = self._untried.pop(seq, 0)
        while len(self._untried) >= MAX_NOTED:
            del self._untried[next(iter(self._untried))]
        self._untried[seq] = times + 1
