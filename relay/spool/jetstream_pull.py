"""What a relay has pulled from the stream: by partition, in order, each in one place only.

Law of this file: a message is in a buffer or held, never both; what comes in again is noted where
it is. A pull asks for more; whatever it brings, and whenever, lands in the buffer. Source: NATS'
pages on pull consumers, and its server's statuses (404 nothing there, 408 time is up, 409, 503).
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.errors import APIError

from relay import jsonio
from relay.errors import SpoolUnavailableError
from relay.ports import Lane
from relay.spool.jetstream_letters import unpack
from relay.spool.jetstream_partition import BATCH, Partition, Probe, Pulled
from relay.spool.jetstream_streams import ACK_WAIT, Names, consumer_of, is_missing, unavailable

PULL_BYTES: Final = 8 * 1024 * 1024
"""A pull brings no more bytes than this; no message is so large."""

POLL_SECONDS: Final = 5.0
"""A pull that waits ends after this time; the next one follows."""

PROBE_SECONDS: Final = 3.0
"""A pull that does not wait must be answered in this time."""

LAG_SECONDS: Final = 0.05
"""So long a server may take from the acknowledgement of a put until it gives it out."""

KEEP_SECONDS: Final = ACK_WAIT / 4
"""So often the servers are told that what is held is still held."""

BUFFER_SECONDS: Final = 30.0
"""What nobody has asked for after this time goes back."""

PROGRESS: Final = b"+WPI"
NAK: Final = b"-NAK"


class Puller:
    """Pulls, and keeps what came. Used on one event loop."""

    def __init__(
        self, client: Client, js: JetStreamContext, names: Names, on_arrival: Callable[[], None]
    ) -> None:
        self._client = client
        self._js = js
        self._names = names
        self._on_arrival = on_arrival
        self._loop = asyncio.get_running_loop()
        self._inbox = client.new_inbox()
        self._asked = 0
        self._arrived = asyncio.Event()
        self.partitions: dict[str, Partition] = {}
        self.held: dict[int, Pulled] = {}

    async def start(self) -> None:
        """Listen for what pulls bring."""
        await self._client.subscribe(
            f"{self._inbox}.>", cb=self._on_message, pending_bytes_limit=64 * PULL_BYTES
        )

    def know(self, token: str) -> Partition:
        """Return a partition; note it, where it is new."""
        if token not in self.partitions:
            self.partitions[token] = Partition(token)
        return self.partitions[token]

    def stir(self, token: str, seq: int = 0) -> None:
        """Note that a partition has something new, with its number where that is known."""
        partition = self.know(token)
        partition.put = max(partition.put, seq)
        partition.quiet = False
        partition.puts += 1

    def restart(self) -> None:
        """Forget what was asked for: the connection is a new one."""
        for partition in self.partitions.values():
            partition.quiet = partition.made = False
            partition.poll_left = 0
            self._answered(partition, good=False)
        self._on_arrival()

    def open(self, shut: Collection[str]) -> list[Partition]:
        """Return the partitions that are not shut."""
        return [p for token, p in self.partitions.items() if token not in shut]

    def ready(self, shut: Collection[str], skip: Collection[Lane]) -> list[Pulled]:
        """Return what may be taken, oldest first.

        A partition may hold lanes of `skip` though it is not shut: it was named by other settings.
        """
        here = [pulled for p in self.open(shut) for pulled in p.buffer.values()]
        return sorted((one for one in here if one.lane not in skip), key=lambda one: one.seq)

    async def fill(self, shut: Collection[str], skip: Collection[Lane], wanted: int) -> None:
        """Look whether there is more, where fewer are here than wanted, and it is not known.

        Who claims need not `poll`: what a stream has said holds only as long as a pull waits.

        Raises:
            SpoolUnavailableError: no server answers, and nothing is here.
        """
        now = self._loop.time()
        partitions = self.open(shut)
        counts = Counter(pulled.token for pulled in self.ready(shut, skip))
        thin = [p for p in partitions if counts[p.token] < wanted and p.is_thin(now)]
        for partition in thin:
            if partition.probe is None:
                await self._probe(partition, max(wanted, BATCH))
        probes = [p.probe.answered for p in thin if p.probe is not None]
        if not probes:
            return
        await asyncio.wait(probes, timeout=PROBE_SECONDS)
        for partition in thin:
            partition.probe = None  # what was not answered is asked anew the next time
        answered = any(probe.done() and probe.result() for probe in probes)
        await self._overtake(thin, wanted)
        if not answered and not any(p.buffer for p in partitions):
            raise SpoolUnavailableError("the spool cannot be reached")

    async def _overtake(self, partitions: Sequence[Partition], wanted: int) -> None:
        """Wait a moment for what this relay has put: a stream acknowledges before it gives out.

        What does not come by then, another relay has got.
        """
        end = self._loop.time() + LAG_SECONDS
        while owed := [p for p in partitions if p.put > p.seen and len(p.buffer) < wanted]:
            self._arrived.clear()
            for partition in owed:
                await self._poll(partition)
            try:
                async with asyncio.timeout_at(end):
                    await self._arrived.wait()
            except TimeoutError:
                for partition in owed:
                    partition.seen = partition.put

    async def refill(self, partition: Partition) -> None:
        """Ask for more where little is left, and do not wait for it."""
        if partition.probe is None and not partition.quiet and len(partition.buffer) < BATCH // 2:
            with suppress(SpoolUnavailableError):
                await self._probe(partition, BATCH)

    async def poll(self, shut: Collection[str], skip: Collection[Lane]) -> bool:
        """Ask to be sent what comes; return whether something may be there already.

        Raises:
            SpoolUnavailableError: there is no connection.
        """
        partitions = self.open(shut)
        if self.ready(shut, skip) or any(p.is_thin() for p in partitions):
            return True
        for partition in partitions:
            if len(partition.buffer) < BATCH:
                await self._poll(partition)
        return False

    async def ask_anew(self, token: str) -> None:
        """Ask to be sent again what the servers of a partition may have forgotten to have given.

        Raises:
            SpoolUnavailableError: there is no connection.
        """
        partition = self.know(token)
        held = sum(one.token == token for one in self.held.values())
        await self._poll(partition, max(BATCH, held + len(partition.buffer)))

    def take(self, pulled: Pulled) -> None:
        """Hold a message of a buffer."""
        del self.partitions[pulled.token].buffer[pulled.seq]
        self.held[pulled.seq] = pulled

    def put_back(self, pulled: Pulled) -> None:
        """Hold a message no longer; it is the first of its buffer again, or in its place."""
        if self.held.pop(pulled.seq, None) is not None:
            self.know(pulled.token).buffer[pulled.seq] = pulled

    async def keep(self) -> list[Pulled]:
        """Tell the servers what is still held; return what lay here too long and went back."""
        now = self._loop.time()
        buffers = [p.buffer for p in self.partitions.values()]
        old = [p for b in buffers for p in b.values() if now - p.at > BUFFER_SECONDS]
        for pulled in old:
            del self.partitions[pulled.token].buffer[pulled.seq]
            self.partitions[pulled.token].quiet = False
        kept = [*self.held.values(), *(p for b in buffers for p in b.values())]
        await self._tell(kept, PROGRESS)
        await self._tell(old, NAK)
        return old

    async def is_gone(self, token: str) -> bool:
        """Whether the servers do not know a partition's consumer any more, as after a loss."""
        try:
            await self._js.consumer_info(self._names.stream, token)
        except APIError as error:
            if not is_missing(error):
                raise
            self.know(token).made = self.know(token).quiet = False
            return True
        return False

    async def release(self) -> None:
        """Give everything back."""
        buffers = [p.buffer for p in self.partitions.values()]
        mine = [*self.held.values(), *(p for b in buffers for p in b.values())]
        self.held.clear()
        for buffer in buffers:
            buffer.clear()
        await self._tell(mine, NAK)

    async def _tell(self, messages: Iterable[Pulled], word: bytes) -> None:
        for pulled in list(messages):
            await self._client.publish(pulled.reply, word)

    async def _poll(self, partition: Partition, batch: int = BATCH) -> None:
        now = self._loop.time()
        if not partition.is_polled(now):
            partition.poll_left, partition.poll_ends = batch, now + POLL_SECONDS + 1
            wait = {"expires": int(POLL_SECONDS * 1e9)}
            try:
                partition.poll = await self._ask(partition, batch, wait)
            except BaseException:
                partition.poll_left = 0  # none waits
                raise

    async def _probe(self, partition: Partition, batch: int) -> None:
        puts = partition.puts
        probe = partition.probe = Probe(0, batch, puts, self._loop.create_future())
        try:
            probe.number = await self._ask(partition, batch, {"no_wait": True})
        except BaseException:
            if partition.probe is probe:
                partition.probe = None
            raise

    async def _ask(self, partition: Partition, batch: int, how: Mapping[str, object]) -> int:
        """Send a pull; return its number."""
        with unavailable():
            if not self._client.is_connected:
                raise ConnectionError
            if not partition.made:
                await self._js.add_consumer(
                    self._names.stream, consumer_of(self._names, partition.token)
                )
                partition.made = True
            self._asked += 1
            number = self._asked
            request = {"batch": batch, "max_bytes": PULL_BYTES, **how}
            await self._client.publish(
                f"$JS.API.CONSUMER.MSG.NEXT.{self._names.stream}.{partition.token}",
                jsonio.dumps(request),
                reply=f"{self._inbox}.{partition.token}.{number}",
            )
        return number

    async def _on_message(self, message: Msg) -> None:
        if message.subject.startswith(self._inbox):
            self._on_status(message)
        else:
            self._on_envelope(message)

    def _on_envelope(self, message: Msg) -> None:
        told = message.metadata
        pulled = Pulled(
            told.sequence.stream,
            told.consumer,
            unpack(message.data),
            len(message.data),
            message.reply,
            told.num_delivered,
            self._loop.time(),
        )
        partition = self.know(pulled.token)
        partition.seen = max(partition.seen, pulled.seq)
        self._arrived.set()
        held = self.held.get(pulled.seq)
        if held is None:
            partition.buffer[pulled.seq] = pulled
        else:  # the servers took us for dead; it is ours anew
            held.reply, held.delivered = pulled.reply, pulled.delivered
        if partition.poll_left > 0:
            partition.poll_left -= 1
            if not partition.poll_left:  # it has brought all that it was asked for
                partition.quiet = False
        if partition.probe is not None:
            partition.probe.left -= 1
            if partition.probe.left < 1:
                self._answered(partition, good=True)
        self._on_arrival()

    def _on_status(self, message: Msg) -> None:
        token, number = message.subject.split(".")[-2:]
        partition = self.know(token)
        status = (message.headers or {}).get("Status", "")
        if status == _HEARTBEAT:
            return
        if status not in _NOTHING_THERE:
            partition.made = partition.quiet = False
        probe = partition.probe
        if probe is not None and int(number) == probe.number:
            partition.quiet = status in _NOTHING_THERE and probe.puts == partition.puts
            self._answered(partition, good=status != _NOBODY)
        elif int(number) == partition.poll:
            partition.poll_left = 0
            self._on_arrival()

    def _answered(self, partition: Partition, *, good: bool) -> None:
        probe, partition.probe = partition.probe, None
        if probe is not None and not probe.answered.done():
            probe.answered.set_result(good)


_HEARTBEAT: Final = "100"
_NOBODY: Final = "503"
_NOTHING_THERE: Final = frozenset({"404", "408"})
