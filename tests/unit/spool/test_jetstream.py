"""The spool in JetStream against a real server: several relays, losses of every kind, bounds."""

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from relay.clock import SystemClock
from relay.config import SpoolSettings
from relay.delivery import Ack, Bury, RetryAt
from relay.errors import RelayError, SpoolFullError, SpoolUnavailableError
from relay.limit_memory import KeyLimit
from relay.outcomes import Reason
from relay.ports import Expired, Lane
from relay.protocol.enforcement import Limit
from relay.spool import Dropped, jetstream_pull, jetstream_spool, jetstream_streams
from relay.spool.jetstream import attach_jetstream, open_jetstream
from relay.spool.jetstream_bodies import MOST_INLINE
from relay.spool.jetstream_claims import MAX_NOTED, Claims
from relay.spool.jetstream_dead import JetStreamDeadLetters
from relay.spool.jetstream_limits import key_of
from relay.spool.jetstream_look import tokens_there
from relay.spool.jetstream_partition import BATCH
from relay.spool.jetstream_spool import JetStreamSpool, own_partition
from tests.fakes import KEY, envelope
from tests.nats import NatsServer, nats_server

BIG = bytes(3 * MOST_INLINE)
_streams = iter(range(1_000_000))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as running:
        yield running


class Moved(SystemClock):
    """The real clock, moved."""

    offset = 0.0

    def now(self) -> float:
        return super().now() + self.offset


class Relays:
    """Spools on one stream, as several relays have them."""

    def __init__(self, server: NatsServer) -> None:
        self.clock = Moved()
        self.dropped: list[Dropped] = []
        self.opened: list[JetStreamSpool] = []
        self.settings = SpoolSettings(
            backend="jetstream",
            servers=(server.url,),
            stream=f"UNIT{next(_streams)}",
            max_bytes=50_000_000,
        )

    async def open(self, partition: Callable[[Lane], str] = own_partition) -> JetStreamSpool:
        spool = await open_jetstream(self.settings, self.clock, self.dropped.append, partition)
        self.opened.append(spool)
        return spool


@pytest.fixture
async def relays(shared: NatsServer) -> AsyncIterator[Relays]:
    relays = Relays(shared)
    yield relays
    for spool in relays.opened:
        await spool.close()


@asynccontextmanager
async def own_server(folder: Path) -> AsyncIterator[tuple[NatsServer, Relays]]:
    with nats_server(folder) as server:
        relays = Relays(server)
        try:
            yield server, relays
        finally:
            for spool in relays.opened:
                await spool.close()


async def take(spool: JetStreamSpool, number: int) -> list[int]:
    """Claim until so many are there; return their numbers."""
    found: list[int] = []
    async with asyncio.timeout(30):
        while len(found) < number:
            claims = await spool.claim(number)
            found += [int(claim.envelope.envelope_id, 16) for claim in claims]
            if not claims:
                await spool.wait(0.5)
    return found


async def test_two_relays_share_one_stream(relays: Relays) -> None:
    """What one has put the other one can claim; a repeat given to the other is known."""
    one, two = await relays.open(), await relays.open()
    assert await one.put(envelope(1))
    assert not await two.put(envelope(1))
    assert [1] == await take(two, 1)
    assert [] == list(await one.claim(9))


async def test_relays_may_start_at_once(relays: Relays) -> None:
    """The streams are made once, whoever is first."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(relays.open()) for _ in range(4)]
    await tasks[0].result().put(envelope(1))
    await tasks[3].result()._find_partitions()
    assert [1] == await take(tasks[3].result(), 1)


async def test_bounds_can_be_changed(relays: Relays) -> None:
    """A start with another configuration changes the streams."""
    await relays.open()
    relays.settings = replace(relays.settings, max_bytes=5_000)
    spool = await relays.open()
    with pytest.raises(SpoolFullError):
        await spool.put(envelope(1, payload=bytes(6_000)))


async def test_a_tool_changes_nothing(relays: Relays) -> None:
    """It makes no stream and changes none, whatever its configuration; it sees what is there."""
    for _ in range(2):  # the second finds what the first would have made
        with pytest.raises(SpoolUnavailableError, match="there is no spool"):
            await attach_jetstream(relays.settings, relays.clock)
    spool = await relays.open()
    await spool.put(envelope(1))
    tool = await attach_jetstream(replace(relays.settings, max_bytes=5_000), relays.clock)
    relays.opened.append(tool)
    assert 1 == (await tool.status()).ready
    assert await spool.put(envelope(2, payload=bytes(6_000)))


async def test_more_copies_than_servers(relays: Relays) -> None:
    """A cluster that is too small is told as such, with the name of the stream."""
    relays.settings = replace(relays.settings, replicas=3)
    with pytest.raises(SpoolUnavailableError, match=f"{relays.settings.stream} .error 1"):
        await relays.open()


async def test_partitions_are_apart(relays: Relays) -> None:
    """Where one upstream is left alone nothing of it is pulled, also by another lane's name."""
    upstreams = {"1": "dead", "2": "dead", "3": "well"}
    spool = await relays.open(lambda lane: upstreams[lane[0]])
    for number, project in enumerate(("1", "2", "3"), start=1):
        await spool.put(envelope(number, project=project))
    assert [3] == [int(c.envelope.envelope_id, 16) for c in await spool.claim(9, {("1", KEY)})]
    assert [1, 2] == await take(spool, 2)


async def test_lanes_are_skipped_under_any_name(relays: Relays) -> None:
    """Where other settings named the partitions, skipped lanes stay, and nobody is kept busy."""
    one = await relays.open(lambda _lane: "all")
    for number in range(1, 31):
        await one.put(envelope(number, project="1"))
    await one.close()
    two = await relays.open(lambda lane: f"upstream of {lane[0]}")
    await two.put(envelope(99, project="2"))
    assert [99] == await take_beside(two, ("1", KEY))
    turns, began = 0, relays.clock.now()
    while relays.clock.now() - began < 1:
        assert [] == list(await two.claim(9, {("1", KEY)}))
        await two.wait(1, {("1", KEY)})
        turns += 1
    assert turns < 10
    (_, full) = sorted(len(one.buffer) for one in two._puller.partitions.values())
    assert full < 3 * BATCH
    assert set(range(1, 31)) == set(await take(two, 30))


async def take_beside(spool: JetStreamSpool, lane: Lane) -> list[int]:
    async with asyncio.timeout(10):
        while not (claims := await spool.claim(9, {lane})):
            await spool.wait(0.5, {lane})
    return [int(claim.envelope.envelope_id, 16) for claim in claims]


async def test_a_body_that_does_not_come_holds_up_no_other(
    relays: Relays, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a large body cannot be had, its envelope waits, and others go on."""
    spool = await relays.open()
    await spool.put(envelope(1, payload=BIG))
    await spool.put(envelope(2))

    async def fail(_name: str) -> bytes | None:
        raise SpoolUnavailableError("slow")

    monkeypatch.setattr(spool._bodies, "get", fail)
    assert [2] == await take(spool, 1)
    assert 1 == (await spool.status()).ready
    assert [] == relays.dropped


async def test_streams_that_were_lost_are_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a server came back with nothing, relays make what they need."""
    monkeypatch.setattr(jetstream_spool, "KEEP_SECONDS", 0.2)
    async with own_server(tmp_path) as (server, relays):
        spool = await relays.open()
        await spool.put(envelope(1))
        server.kill()
        shutil.rmtree(server.folder / "store")
        server.start()
        async with asyncio.timeout(30):
            while not await stored(spool, 2):  # noqa: ASYNC110 - the library tells nobody
                await asyncio.sleep(0.1)
        assert [2] == await take(spool, 1)


async def test_a_claim_of_a_lost_consumer_can_be_settled(relays: Relays) -> None:
    """What servers do not know any more to have given they give again; nobody holds it for ever."""
    spool = await relays.open()
    await spool.put(envelope(1))
    await spool.put(envelope(2))
    claims = await spool.claim(2)
    (token,) = spool._puller.partitions
    await spool._js.delete_consumer(spool._names.stream, token)
    decisions = (Ack(), RetryAt(relays.clock.now() + 9))
    await spool.settle(list(zip(claims, decisions, strict=True)))
    assert {} == spool._puller.held
    assert [1, 2] == await take(spool, 2)


async def test_claims_that_servers_forgot_can_be_settled(tmp_path: Path) -> None:
    """A killed server may not know to whom it gave what, and answers no settlement of it.

    It is told when it has given all of that to its holder again, though a try is cancelled before.
    """
    async with own_server(tmp_path) as (server, relays):
        spool = await relays.open()
        await spool.put(envelope(0))
        await spool.settle([(claim, Ack()) for claim in await spool.claim(1)])
        for number in range(1, 7):
            await spool.put(envelope(number))
        server.stop()
        before = tmp_path / "before"
        shutil.copytree(server.folder / "store", before)
        server.start()
        await until_reconnected(spool)
        claims = list(await spool.claim(6))
        server.kill()
        shutil.rmtree(server.folder / "store")
        before.rename(server.folder / "store")
        server.start()
        await until_reconnected(spool, 2)
        async with asyncio.timeout(20):
            while spool._puller.held:
                with suppress(SpoolUnavailableError, TimeoutError):
                    async with asyncio.timeout(2.5):
                        await spool.settle([(claim, Ack()) for claim in claims])
        status = await spool.status()
        assert 0 == status.ready + status.claimed


async def until_reconnected(spool: JetStreamSpool, times: int = 1) -> None:
    async with asyncio.timeout(20):
        while spool._client.stats["reconnects"] < times:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.05)


async def stored(spool: JetStreamSpool, number: int) -> bool:
    try:
        return await spool.put(envelope(number))
    except SpoolUnavailableError:
        return False


async def test_a_start_while_servers_elect(relays: Relays, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relay starts though nobody tells it yet what waits; it finds that out later."""
    first = await relays.open()
    await first.put(envelope(1))
    real, asked = jetstream_spool.tokens_there, asyncio.Event()

    async def late(*arguments: object) -> object:
        if not asked.is_set():
            asked.set()
            raise SpoolUnavailableError("the spool cannot be reached")
        return await real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(jetstream_spool, "tokens_there", late)
    monkeypatch.setattr(jetstream_spool, "KEEP_SECONDS", 0.05)
    second = await relays.open()
    assert asked.is_set()
    async with asyncio.timeout(20):
        while not (claims := await second.claim(1)):
            await second.wait(0.05)
    assert envelope(1) == claims[0].envelope


async def test_a_partition_of_others_is_found(relays: Relays) -> None:
    """Envelopes that a former relay has left are found by the stream's own subjects."""
    one = await relays.open()
    await one.put(envelope(1, project="77"))
    await one.close()
    two = await relays.open()
    assert 1 == len(await tokens_there(two._js, two._names))
    assert [1] == await take(two, 1)


async def test_closing_gives_everything_back(relays: Relays) -> None:
    """What a relay has claimed, or only pulled, another one gets at once, in order."""
    one, two = await relays.open(), await relays.open()
    for number in range(1, 6):
        await one.put(envelope(number))
    assert [1, 2] == await take(one, 2)
    await one.close()
    await two._find_partitions()
    assert {1, 2, 3, 4, 5} == set(await take(two, 5))


async def test_a_silent_relay_loses_its_claims(
    relays: Relays, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a relay holds and says nothing about, another gets; the first settlement stands."""
    monkeypatch.setattr(jetstream_streams, "ACK_WAIT", 1.0)
    one = await relays.open()
    await one.put(envelope(1))
    (claim,) = await one.claim(1)
    two = await relays.open()
    assert [1] == await take(two, 1)
    (again,) = two._puller.held.values()
    assert 2 == again.delivered
    (held,) = two._puller.held
    await one.settle([(claim, Ack())])
    await two.settle([(replace(claim, claim_id=held), Bury(Reason.REJECTED_UPSTREAM))])
    status = await two.status()
    assert (0, 0) == (status.ready, status.claimed)


async def test_a_long_send_is_kept(relays: Relays, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a relay says that it holds something nobody else gets it."""
    monkeypatch.setattr(jetstream_streams, "ACK_WAIT", 1.0)
    one, two = await relays.open(), await relays.open()
    await one.put(envelope(1))
    (claim,) = await one.claim(1)
    for _ in range(8):
        await one._puller.keep()
        await two._find_partitions()
        assert [] == list(await two.claim(1))
        await two.wait(0.25)
    await one.settle([(claim, Ack())])


async def test_a_redelivery_to_its_holder_is_one_claim(
    relays: Relays, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes again while it is held is not claimed twice, and can be settled."""
    monkeypatch.setattr(jetstream_streams, "ACK_WAIT", 0.5)
    spool = await relays.open()
    await spool.put(envelope(1))
    (claim,) = await spool.claim(1)
    await spool.wait(1.5)
    async with asyncio.timeout(10):
        while spool._puller.held[claim.claim_id].delivered < 2:
            await spool.claim(1)
            await spool.wait(0.3)
    assert [] == list(await spool.claim(1))
    await spool.settle([(claim, Ack())])
    status = await spool.status()
    assert (0, 0) == (status.ready, status.claimed)


async def test_what_nobody_asks_for_goes_back(
    relays: Relays, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was pulled along and lay too long another relay gets; it counts as no attempt."""
    monkeypatch.setattr(jetstream_pull, "BUFFER_SECONDS", -1.0)
    spool = await relays.open()
    await spool.put(envelope(1))
    await spool.put(envelope(2))
    assert [1] == await take(spool, 1)
    (old,) = await spool._puller.keep()
    spool._claims.note_untried(old.seq)
    async with asyncio.timeout(10):
        while not (claims := await spool.claim(1)):
            await spool.wait(1)
    assert [(old.seq, 0)] == [(claim.claim_id, claim.attempts) for claim in claims]


async def test_a_cancelled_claim_leaves_all_there(
    relays: Relays, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever goes while its claim is made gets nothing, and the next one gets it."""
    spool = await relays.open()
    await spool.put(envelope(1, payload=BIG))
    started = asyncio.Event()
    real = spool._bodies.get

    async def hang(_name: str) -> bytes | None:
        started.set()
        await asyncio.Event().wait()
        return None

    monkeypatch.setattr(spool._bodies, "get", hang)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(spool.claim(1))
        await started.wait()
        task.cancel()
    monkeypatch.setattr(spool._bodies, "get", real)
    assert {} == spool._puller.held
    assert [1] == await take(spool, 1)


async def test_a_large_body_comes_and_goes(relays: Relays) -> None:
    """A body that is too large for a message comes out whole; after that it is nowhere."""
    spool = await relays.open()
    big = envelope(1, payload=BIG)
    assert await spool.put(big)
    assert not await spool.put(big)
    (claim,) = await spool.claim(1)
    assert big == claim.envelope
    await spool.settle([(claim, Ack())])
    assert (await spool.status()).bytes < 2_000


async def test_a_large_body_is_bounded_too(relays: Relays) -> None:
    """Large bodies have the bound in bytes; what did not fit leaves nothing."""
    relays.settings = replace(relays.settings, max_bytes=2 * len(BIG) - 1_000)
    spool = await relays.open()
    await spool.put(envelope(1, payload=BIG))
    with pytest.raises(SpoolFullError):
        await spool.put(envelope(2, payload=BIG))
    (claim,) = await spool.claim(1)
    await spool.settle([(claim, Ack())])
    assert await spool.put(envelope(2, payload=BIG))


async def test_a_body_that_is_gone_is_counted(relays: Relays) -> None:
    """A letter whose body is not there any more is dropped, and counted."""
    spool = await relays.open()
    await spool.put(envelope(1, payload=BIG))
    await spool.put(envelope(2))
    await spool._js.purge_stream(spool._names.bodies_stream)
    assert [2] == await take(spool, 1)
    assert [Reason.INTERNAL] == [one.reason for one in relays.dropped]


async def test_what_others_wrote_is_never_forwarded(relays: Relays) -> None:
    """A message that we have not written is dropped and counted; those around it are not."""
    spool = await relays.open()
    await spool.put(envelope(1))
    (token,) = spool._puller.partitions
    await spool._js.publish(spool._names.envelopes + token, b"from somebody else")
    await spool.put(envelope(2))
    assert [1, 2] == await take(spool, 2)
    assert [(Reason.INTERNAL, "")] == [(one.reason, one.project) for one in relays.dropped]
    assert 2 == (await spool.status()).claimed


async def test_who_expires_and_never_claims_keeps_nothing(relays: Relays) -> None:
    """What it looked at and found young enough another relay can claim at once."""
    one = await relays.open()
    for number in range(3):
        await one.put(envelope(number))
    admin = await relays.open()
    assert Expired() == await admin.expire()
    assert ({}, []) == (admin._puller.held, admin._puller.ready((), ()))
    claims = await one.claim(9)
    assert [0, 1, 2] == [int(claim.envelope.envelope_id, 16) for claim in claims]


async def test_what_expires_is_counted_once(relays: Relays) -> None:
    """However many relays look, what is too old is dropped once."""
    one, two = await relays.open(), await relays.open()
    for number in range(40):
        await one.put(envelope(number))
    relays.clock.offset = 90_000
    await two._find_partitions()
    async with asyncio.timeout(30):
        while (await one.status()).ready:
            async with asyncio.TaskGroup() as group:
                group.create_task(one.claim(8))
                group.create_task(two.claim(8))
    assert [Reason.EXPIRED] * 40 == [dropped.reason for dropped in relays.dropped]


async def test_dead_letters(relays: Relays) -> None:
    """Dead letters are told, read, sent again by any relay though they were sent before."""
    one, two = await relays.open(), await relays.open()
    assert isinstance(one.dead, JetStreamDeadLetters)
    big = envelope(2, payload=BIG)
    await one.put(envelope(1))
    await one.put(big)
    claims = [*(await one.claim(1)), *(await one.claim(1))]
    await one.settle([(claim, Bury(Reason.REJECTED_UPSTREAM)) for claim in claims])
    first, second = await two.dead.list(9)
    assert (first,) == tuple(await two.dead.list(1))
    assert (second,) == tuple(await two.dead.list(9, after=first.number))
    assert {len(envelope(1).body), len(big.body)} == {first.size, second.size}
    number = first.number if first.size > 10_000 else second.number
    assert big == await two.dead.read(number)
    assert None is await two.dead.read(99)
    assert 1 == await two.dead.retry([number, 99])
    (claim,) = await two.claim(9)
    assert (big, 0) == (claim.envelope, claim.attempts)
    assert (1, 0) == (await two.dead.purge(), await one.dead.purge())


async def test_a_retry_of_all_ends(relays: Relays, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while what is retried is refused at once, and is a dead letter again."""
    spool = await relays.open()
    for number in range(2):
        await spool.put(envelope(number))
    claims = [(await spool.claim(1))[0] for _ in range(2)]
    await spool.settle([(claim, Bury(Reason.REJECTED_UPSTREAM)) for claim in claims])
    dead = spool.dead
    delete = dead._delete

    async def bury_again(number: int) -> bool:
        letter = await dead._one(number)
        assert letter is not None
        await dead.bury(letter, 1_000 + number, 1, Reason.REJECTED_UPSTREAM)
        return await delete(number)

    monkeypatch.setattr(dead, "_delete", bury_again)
    async with asyncio.timeout(10):
        assert 2 == await dead.retry()
    assert 2 == (await spool.status()).buried


async def test_burying_twice_is_once(relays: Relays) -> None:
    """A relay that ends between burying and acknowledging leaves one dead letter."""
    spool = await relays.open()
    await spool.put(envelope(1))
    (claim,) = await spool.claim(1)
    letter = spool._puller.held[claim.claim_id].letter
    assert letter is not None
    await spool.dead.bury(letter, claim.claim_id, 1, Reason.REJECTED_UPSTREAM)
    await spool.settle([(claim, Bury(Reason.REJECTED_UPSTREAM))])
    assert 1 == (await spool.status()).buried


async def test_limits_are_shared(relays: Relays) -> None:
    """What one relay learns all know; of two the longer one stays, whoever comes later."""
    one, two = await relays.open(), await relays.open()
    now = relays.clock.now()
    short, long = (KeyLimit(("up", KEY), Limit(now + s, "error")) for s in (50, 100))
    other = KeyLimit(("up", KEY), Limit(now + 10, "transaction"))
    assert [long] == list(await one.share_limits([long]))
    assert [long] == list(await two.share_limits([short]))
    assert {long, other} == set(await two.share_limits([other]))
    assert {long, other} == set(await one.share_limits([]))
    relays.clock.offset = 60
    assert [long] == list(await one.share_limits([]))
    assert KEY not in key_of(long)


def test_what_is_noted_is_bounded() -> None:
    """Of messages that were given back untried so many are remembered, the last ones."""
    claims = Claims.__new__(Claims)
    claims._untried = {}
    for number in range(MAX_NOTED + 5):
        claims.note_untried(number)
    assert (MAX_NOTED, True) == (len(claims._untried), MAX_NOTED + 4 in claims._untried)


async def test_a_check_writes(relays: Relays) -> None:
    """A check leaves something that the servers have acknowledged."""
    spool = await relays.open()
    before = (await spool._js.stream_info(spool._names.limits_stream)).state.last_seq
    await spool.check()
    assert before + 1 == (await spool._js.stream_info(spool._names.limits_stream)).state.last_seq


async def test_a_retry_that_was_not_tried_counts_none(relays: Relays) -> None:
    """What only waited for a limit to end has no attempt more."""
    spool = await relays.open()
    await spool.put(envelope(1))
    (claim,) = await spool.claim(1)
    await spool.settle([(claim, RetryAt(relays.clock.now() + 0.2, tried=False))])
    async with asyncio.timeout(10):
        while not (claims := await spool.claim(1)):
            await spool.wait(1)
    assert [0] == [claim.attempts for claim in claims]


async def test_no_server_is_told_soon(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """While no server is there everything says so soon; after it is back all goes on."""
    caplog.set_level(logging.DEBUG)
    async with own_server(tmp_path) as (server, relays):
        spool = await relays.open()
        await spool.put(envelope(1))
        (claim,) = await spool.claim(1)
        server.kill()
        async with asyncio.timeout(15):
            with pytest.raises(SpoolUnavailableError):
                await spool.put(envelope(2))
            with pytest.raises(SpoolUnavailableError):
                await spool.claim(1)
            with pytest.raises(SpoolUnavailableError):
                await spool.settle([(claim, Ack())])
            with pytest.raises(SpoolUnavailableError):
                await spool.check()
            with pytest.raises(SpoolUnavailableError):
                await spool.status()
        server.start()
        await until_reconnected(spool)
        await spool.settle([(claim, Ack())])
        await spool.put(envelope(2))
        assert [2] == await take(spool, 1)
    assert server.url not in caplog.text


async def test_a_start_without_a_server(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A start ends when no server answers; a password in a URL is nowhere."""
    monkeypatch.setattr(jetstream_streams, "CONNECT_SECONDS", 0.3)
    settings = SpoolSettings(servers=("nats://user:hidden@127.0.0.1:9",))
    with pytest.raises(SpoolUnavailableError, match="no NATS server") as caught:
        await open_jetstream(settings, SystemClock())
    assert "hidden" not in str(caught.value) + caplog.text


async def test_a_start_that_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Wrong credentials are told as such, and those that are no file; right ones let us in."""
    monkeypatch.setattr(jetstream_streams, "CONNECT_SECONDS", 3.0)
    with nats_server(tmp_path, users={"user": "right"}) as server:
        address = server.url.removeprefix("nats://")
        settings = SpoolSettings(servers=(f"nats://user:wrong!@{address}",))
        with pytest.raises(SpoolUnavailableError, match="NATS refuses the credentials"):
            await open_jetstream(settings, SystemClock())
        settings = SpoolSettings(servers=(f"nats://user:right@{address}",))
        await (await open_jetstream(settings, SystemClock())).close()
        settings = SpoolSettings(servers=(server.url,), credentials_file=str(tmp_path / "gone"))
        with pytest.raises(SpoolUnavailableError, match="credentials_file cannot be read"):
            await open_jetstream(settings, SystemClock())
    assert "wrong!" not in caplog.text


async def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the extra is not installed the message says how it is."""
    monkeypatch.setitem(__import__("sys").modules, "relay.spool.jetstream_spool", None)
    with pytest.raises(RelayError, match=r"pip install 'scrub-relay\[jetstream\]'"):
        await open_jetstream(SpoolSettings(servers=("nats://a",)), SystemClock())
