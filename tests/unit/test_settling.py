"""Claims until the spool knows what becomes of them."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import pytest

from relay.delivery import Ack, Bury, Decision, RetryAt
from relay.errors import SpoolUnavailableError
from relay.outcomes import Reason
from relay.ports import Claim
from relay.settling import Delivery, Settler, ignore_delivery
from relay.spool import MemorySpool
from tests.fakes import FakeClock, envelope


class Counting(MemorySpool):
    """A spool that counts what each call settles, and may fail."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.settled: list[int] = []
        self.decisions: list[Decision] = []
        self.broken = False

    async def settle(self, settlements: Sequence[tuple[Claim, Decision]]) -> None:
        if self.broken:
            raise SpoolUnavailableError("no")
        self.settled.append(len(settlements))
        self.decisions += [decision for _, decision in settlements]
        await super().settle(settlements)


async def filled(count: int) -> tuple[Counting, FakeClock, Sequence[Claim]]:
    clock = FakeClock()
    spool = Counting(clock)
    for number in range(count):
        await spool.put(envelope(number))
    return spool, clock, await spool.claim(count)


def settler_of(
    spool: MemorySpool, clock: FakeClock, calls: list[str], linger: float = 0.0
) -> Settler:
    return Settler(
        spool,
        clock,
        linger=linger,
        observe=ignore_delivery,
        on_settled=lambda: calls.append("settled"),
    )


async def test_what_is_decided_together_is_settled_in_one_call() -> None:
    """Thirty decisions cost the spool one transaction."""
    spool, clock, claims = await filled(30)
    calls: list[str] = []
    settler = settler_of(spool, clock, calls)
    for claim in claims:
        settler.hold(claim)
        settler.decide(Delivery(claim, Ack(), 200))
    await run_to_end(settler)
    assert ([30], ["settled"], 0) == (spool.settled, calls, (await spool.status()).bytes)


async def run_to_end(settler: Settler) -> None:
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(settler.run())
        await asyncio.sleep(0)
        settler.end()


async def test_a_decision_waits_for_company() -> None:
    """With a time to linger, what is decided in it is settled in one call; at the end, at once."""
    spool, clock, claims = await filled(3)
    settler = settler_of(spool, clock, [], linger=0.5)
    for claim in claims:
        settler.hold(claim)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(settler.run())
        settler.decide(Delivery(claims[0], Ack(), 200))
        await clock.until_sleeping()
        clock.advance(0.4)
        settler.decide(Delivery(claims[1], Ack(), 200))
        await asyncio.sleep(0)
        assert [] == spool.settled
        clock.advance(0.1)
        for _ in range(10):
            await asyncio.sleep(0)
        assert [2] == spool.settled
        settler.decide(Delivery(claims[2], Ack(), 200))
        settler.end()
    assert [2, 1] == spool.settled


async def test_an_end_that_comes_first_is_an_end() -> None:
    """A settler that is told to end before it has begun does not wait for what never comes."""
    spool, clock, _ = await filled(0)
    settler = settler_of(spool, clock, [])
    settler.end()
    async with asyncio.timeout(10):
        await settler.run()
    assert [] == spool.settled


async def test_a_settler_is_full_by_decisions(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the spool takes no settlement, what is held stays under a bound."""
    monkeypatch.setattr("relay.settling.UNSETTLED", 2)
    spool, clock, claims = await filled(3)
    settler = settler_of(spool, clock, [])
    full = []
    for claim in claims[:2]:
        settler.hold(claim)
        full.append(settler.full)
        settler.decide(Delivery(claim, Ack(), 200))
    assert ([False, False], True) == (full, settler.full)
    await run_to_end(settler)
    assert not settler.full


async def test_a_settler_is_full_by_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """So is what is held in bytes, until it is settled."""
    spool, clock, (other, claim) = await filled(2)
    monkeypatch.setattr("relay.settling.HELD_BYTES", 2 * len(claim.envelope.body))
    settler = settler_of(spool, clock, [])
    settler.hold(other)
    assert not settler.full
    settler.hold(claim)
    assert settler.full
    settler.decide(Delivery(claim, RetryAt(clock.now() + 1)))
    assert settler.full
    await run_to_end(settler)
    assert not settler.full


async def test_what_is_not_decided_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given back: decided claims as decided, the others due at once, with no attempt counted."""
    spool, clock, claims = await filled(2)
    monkeypatch.setattr("relay.settling.HELD_BYTES", 1)
    monkeypatch.setattr("relay.settling.UNSETTLED", 1)
    settler = settler_of(spool, clock, [])
    for claim in claims:
        settler.hold(claim)
    settler.decide(Delivery(claims[0], Ack(), 200))
    await settler.give_back()
    await settler.give_back()
    (left,) = await spool.claim(9)
    assert ([2], claims[1].envelope, 0) == (spool.settled, left.envelope, left.attempts)
    assert [Ack(), RetryAt(clock.now(), tried=False)] == spool.decisions
    assert not settler.full


async def test_a_spool_that_fails_keeps_what_goes_back() -> None:
    """It is told in the log, and is not an error: the next opening makes claims ready."""
    spool, clock, (claim,) = await filled(1)
    settler = settler_of(spool, clock, [])
    settler.hold(claim)
    spool.broken = True
    await settler.give_back()
    assert 1 == (await spool.status()).claimed


@pytest.mark.parametrize(
    ("decision", "status", "level", "event", "more"),
    [
        (Ack(), 200, "DEBUG", "delivered", {"status": 200}),
        (RetryAt(1.0), None, "INFO", "retry", {"status": None}),
        (RetryAt(1.0, tried=False), 429, "INFO", "retry", {"status": 429}),
        (
            Bury(Reason.REJECTED_UPSTREAM),
            400,
            "WARNING",
            "buried",
            {"status": 400, "reason": "rejected_upstream"},
        ),
    ],
)
async def test_each_decision_is_told(
    decision: Decision,
    status: int | None,
    level: str,
    event: str,
    more: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whoever counts hears of each send, and the log has its id and what became of it."""
    caplog.set_level(logging.DEBUG, "relay.forwarder")
    spool, clock, (claim,) = await filled(1)
    heard: list[Delivery] = []
    settler = Settler(spool, clock, linger=0.0, observe=heard.append, on_settled=lambda: None)
    settler.hold(claim)
    settler.decide(delivery := Delivery(claim, decision, status))
    await run_to_end(settler)
    (record,) = caplog.records
    fields = {"envelope_id": claim.envelope.envelope_id, "attempts": 0} | more
    assert ([delivery], level, event) == (heard, record.levelname, record.getMessage())
    assert fields == {name: getattr(record, name, "missing") for name in fields}


async def test_what_was_not_sent_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    """A claim that was only put back is no send."""
    caplog.set_level(logging.DEBUG, "relay.forwarder")
    spool, clock, (claim,) = await filled(1)
    heard: list[Delivery] = []
    settler = Settler(spool, clock, linger=0.0, observe=heard.append, on_settled=lambda: None)
    settler.hold(claim)
    settler.decide(Delivery(claim, RetryAt(1.0, tried=False)))
    await run_to_end(settler)
    assert ([], []) == (heard, caplog.records)


async def test_a_mistake_while_counting_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """With the kind of the error, and no more of it."""

    def broken(delivery: Delivery) -> None:
        raise ZeroDivisionError("secret")

    spool, clock, (claim,) = await filled(1)
    settler = Settler(spool, clock, linger=0.0, observe=broken, on_settled=lambda: None)
    settler.hold(claim)
    settler.decide(Delivery(claim, Ack(), 200))
    await run_to_end(settler)
    (record,) = caplog.records
    found = (record.getMessage(), record.__dict__["error"], record.__dict__["envelope_id"])
    assert ("observe_failed", "ZeroDivisionError", claim.envelope.envelope_id) == found
    assert "secret" not in caplog.text


async def test_claims_that_cannot_be_given_back_are_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The log says how many stay claimed."""
    spool, clock, claims = await filled(3)
    settler = settler_of(spool, clock, [])
    for claim in claims:
        settler.hold(claim)
    spool.broken = True
    await settler.give_back()
    (record,) = caplog.records
    assert ("left_claimed", 3) == (record.getMessage(), record.__dict__["count"])


async def test_a_pause_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """To whoever looks closely: the spool itself has said, once, that it fails."""
    caplog.set_level(logging.DEBUG, "relay.forwarder")
    spool, clock, _ = await filled(0)
    pause = asyncio.ensure_future(settler_of(spool, clock, []).pause())
    await clock.until_sleeping()
    clock.advance(1)
    await pause
    assert [("spool_unavailable", "DEBUG")] == [
        (record.getMessage(), record.levelname) for record in caplog.records
    ]


async def test_nothing_of_an_envelope_stands_in_a_delivery() -> None:
    """Whoever prints one sees what became of it."""
    _, _, (claim,) = await filled(1)
    delivery = Delivery(claim, Ack())
    assert ("Delivery(decision=Ack(), status=None, seconds=0.0)") == repr(delivery)
