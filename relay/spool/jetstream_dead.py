"""Dead letters in a stream of their own.

Law of this file: whoever deletes a dead letter counts it, so that of two who do one does. Sent
again, it goes into the stream of envelopes before it goes from here.
"""

from collections.abc import AsyncIterator, Callable, Collection, Sequence

from nats.aio.client import Client
from nats.js import JetStreamContext

from relay.outcomes import Reason
from relay.ports import Clock, DeadLetter, Expired, Lane
from relay.scrub.permit import ScrubbedEnvelope
from relay.spool.bounds import Dropped, OnDrop
from relay.spool.jetstream_bodies import Bodies
from relay.spool.jetstream_letters import Letter, buried, pack, revived, unpack
from relay.spool.jetstream_streams import (
    ANSWER_SECONDS,
    MESSAGE_ID,
    PUT_SECONDS,
    Names,
    is_missing,
    patiently,
    unavailable,
)


class JetStreamDeadLetters:
    """The dead letters of a spool in JetStream; a number is a sequence of their stream."""

    def __init__(
        self,
        client: Client,
        js: JetStreamContext,
        names: Names,
        bodies: Bodies,
        *,
        clock: Clock,
        token: Callable[[Lane], str],
        on_put: Callable[[str, int], None],
    ) -> None:
        self._client = client
        self._js = js
        self._names = names
        self._bodies = bodies
        self._clock = clock
        self._token = token
        self._on_put = on_put

    async def list(self, limit: int, after: int = 0) -> Sequence[DeadLetter]:
        """Return some. See `ports.DeadLetters.list`."""
        letters: list[DeadLetter] = []
        async for number, letter in self._all(after):
            if len(letters) >= limit:
                break
            if letter is not None:
                letters.append(_told(number, letter))
        return letters

    async def read(self, number: int) -> ScrubbedEnvelope | None:
        """Return one's envelope. See `ports.DeadLetters.read`."""
        letter = await self._one(number)
        if letter is None or not letter.body_name:
            return None if letter is None else letter.envelope
        body = await self._bodies.get(letter.body_name)
        return None if body is None else letter.with_body(body)

    async def retry(self, numbers: Collection[int] | None = None) -> int:
        """Make some due. See `ports.DeadLetters.retry`."""
        count = 0
        async for number, letter in self._chosen(numbers):
            if letter is None:
                continue
            envelope = letter.envelope
            token = self._token((envelope.project, envelope.key))
            data = pack(revived(letter, self._clock.now()))
            # Not the fingerprint: as that of a repeat the servers would throw it away.
            headers = {MESSAGE_ID: f"{self._names.dead}-{number}"}
            with unavailable():
                subject = self._names.envelopes + token
                ack = await self._js.publish(subject, data, headers=headers)
                count += await self._delete(number)
            self._on_put(token, ack.seq)
        return count

    async def purge(self, numbers: Collection[int] | None = None) -> int:
        """Forget some. See `ports.DeadLetters.purge`."""
        count = 0
        async for number, letter in self._chosen(numbers):
            with unavailable():
                deleted = await self._delete(number)
            if deleted and letter is not None:
                await self._bodies.delete(letter.body_name)
            count += deleted
        return count

    async def expire(self, before: float, on_drop: OnDrop, *, dry_run: bool) -> Expired:
        """Forget those stored at a time or before it, and return them; `dry_run`: only that.

        Raises:
            SpoolUnavailableError: no server answers; some may be left.
        """
        total = Expired()
        async for number, letter in self._all(0):
            if letter is None or letter.stored_at > before:
                continue
            if not dry_run:
                with unavailable():
                    if not await self._delete(number):
                        continue
                await self._bodies.delete(letter.body_name)
                one = letter.envelope
                lane = (one.project, one.key, one.categories)
                on_drop(Dropped(*lane, letter.size, Reason.EXPIRED, buried=True))
            total += Expired(dead=1, bytes=letter.size)
        return total

    async def bury(self, letter: Letter, seq: int, attempts: int, reason: Reason) -> None:
        """Add the letter that has this sequence in the stream of envelopes; twice is once.

        Raises:
            SpoolUnavailableError: no server answers.
        """
        data = pack(buried(letter, attempts, reason))
        headers = {MESSAGE_ID: f"{seq}-{letter.stored_at}"}

        async def publish() -> None:
            await self._js.publish(
                self._names.dead_subject, data, timeout=ANSWER_SECONDS, headers=headers
            )

        await patiently(self._client, publish, PUT_SECONDS)

    async def _chosen(
        self, numbers: Collection[int] | None
    ) -> AsyncIterator[tuple[int, Letter | None]]:
        if numbers is None:
            async for found in self._all(0):
                yield found
            return
        for number in sorted(set(numbers)):
            letter = await self._one(number)
            if letter is not None:
                yield number, letter

    async def _all(self, after: int) -> AsyncIterator[tuple[int, Letter | None]]:
        """Go through those that are there now; None for what cannot be read.

        What is buried meanwhile is left out, or a retry of all that is refused would never end.
        """
        with unavailable():
            last = (await self._js.stream_info(self._names.dead)).state.last_seq
        while after < last:
            with unavailable():
                try:
                    message = await self._js.get_msg(
                        self._names.dead, seq=after + 1, subject=self._names.dead_subject, next=True
                    )
                except Exception as error:
                    if is_missing(error):
                        return
                    raise
            after = message.seq or after + 1
            if after > last:
                return
            yield after, unpack(message.data or b"")

    async def _one(self, number: int) -> Letter | None:
        if number < 1:
            return None
        with unavailable():
            try:
                message = await self._js.get_msg(self._names.dead, seq=number)
            except Exception as error:
                if is_missing(error):
                    return None
                raise
        return unpack(message.data or b"")

    async def _delete(self, number: int) -> bool:
        try:
            return await self._js.delete_msg(self._names.dead, number)
        except Exception as error:
            if is_missing(error) or getattr(error, "err_code", None) == _SEQUENCE_NOT_FOUND:
                return False
            raise


_SEQUENCE_NOT_FOUND = 10043


def _told(number: int, letter: Letter) -> DeadLetter:
    envelope = letter.envelope
    return DeadLetter(
        number,
        envelope.envelope_id,
        envelope.project,
        envelope.key,
        envelope.categories,
        letter.size,
        letter.stored_at,
        letter.attempts,
        letter.reason,
    )
