"""What is told of a spool; the command line and the admin port say it."""

from relay.delivery import Bury
from relay.outcomes import Reason
from relay.spool.inspecting import all_facts, facts, find_dead, read_dead, tell_status
from relay.spool.memory import MemorySpool
from tests.fakes import FakeClock, envelope


async def filled() -> MemorySpool:
    """Dead letters 1 to 3, and two that wait."""
    spool = MemorySpool(FakeClock())
    for number in range(1, 6):
        await spool.put(envelope(number, project=str(number)))
    reasons = (Reason.UNROUTABLE, Reason.INTERNAL, Reason.UNROUTABLE)
    claims = await spool.claim(3)
    await spool.settle([(c, Bury(reason)) for c, reason in zip(claims, reasons, strict=True)])
    return spool


async def test_status() -> None:
    """The reason that most have stands first."""
    told = await tell_status(await filled(), 1_000_000)
    assert (2, 3, {"unroutable": 2, "internal": 1}) == (
        told["ready"], told["dead"], told["dead_by_reason"],
    )  # fmt: skip


async def test_find() -> None:
    """A filter goes over all of them; the limit is of those that are found."""
    spool = await filled()
    unroutable = await find_dead(spool, 1, after=1, reason=Reason.UNROUTABLE)
    assert [3] == [letter.number for letter in unroutable]
    assert [2] == [letter.number for letter in await find_dead(spool, 9, project="2")]
    assert [1, 2, 3] == [letter.number for letter in await find_dead(spool, 9)]


async def test_read() -> None:
    """One that is there, with its items; of one that waits, or is none, nothing."""
    spool = await filled()
    found = await read_dead(spool, 2)
    assert found is not None
    told = all_facts(*found)
    assert [{"kind": "event", "bytes": 47}] == told["items"]
    assert facts(found[0]).items() <= told.items()
    assert (None, None) == (await read_dead(spool, 4), await read_dead(spool, 9))
