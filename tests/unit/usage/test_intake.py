"""Intake of usage events: many together into the spool, each answered after the commit."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

import relay
from relay import jsonio
from relay.errors import (
    ConsentError,
    OverloadedError,
    RelayError,
    RequestError,
    SpoolFullError,
    SpoolUnavailableError,
)
from relay.metrics import Metrics
from relay.scrub.permit import ScrubbedEnvelope
from relay.scrub.scrubber import Scrubber
from relay.spool.memory import MemorySpool
from relay.usage import intake as module
from relay.usage.batches import unpack
from relay.usage.intake import UsageIntake
from relay.usage.model import Record
from relay.usage.pseudonyms import Keyring
from tests.fakes import FakeClock
from tests.unit.usage.events import CATALOGUE, NOW, TARGET, policy, query

SECRET = b"a secret of 16 bytes or more"


class Disk(MemorySpool):
    """A spool in memory whose commits can be held up, and can fail."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.go = asyncio.Event()
        self.go.set()
        self.putting = asyncio.Event()
        self.error: Exception | None = None
        self.puts = 0

    async def put(self, envelope: ScrubbedEnvelope) -> bool:
        self.puts += 1
        self.putting.set()
        await self.go.wait()
        if self.error is not None:
            raise self.error
        return await super().put(envelope)

    async def batches(self) -> list[tuple[Record, list[Any]]]:
        found = []
        for claim in await self.claim(100):
            partition, lines = unpack(claim.envelope.body)
            found.append((partition.record, [jsonio.loads(line) for line in lines]))
        return found


class Rig:
    """An intake with a disk, and a clock that stands still."""

    def __init__(self, scrubber: Scrubber, consent: str) -> None:
        self.clock = FakeClock(NOW)
        self.disk = Disk(self.clock)
        self.metrics = Metrics()
        self.scrubber = scrubber
        self.intake = UsageIntake(
            policies={"suite": policy(consent)},
            catalogue=CATALOGUE,
            scrubber=lambda: self.scrubber,
            keys=Keyring(SECRET, 86_400.0).at,
            spool=self.disk,
            metrics=self.metrics,
            clock=self.clock,
            repeat_window=600.0,
        )

    async def take(self, **more: str | None) -> None:
        await self.intake.take(TARGET, query(**more))

    async def take_all(self, events: Sequence[dict[str, str | None]]) -> list[Any]:
        """Take all at once; return what each raised."""
        tasks = [asyncio.ensure_future(self.take(**one)) for one in events]
        await asyncio.wait(tasks)
        return [task.exception() for task in tasks]

    def outcomes(self) -> dict[str, float]:
        return {
            labels["outcome"]: value
            for name, labels, value in self.metrics.samples()
            if name == "relay_usage_events_total"
        }

    def repeats(self) -> float:
        return self.metrics.value("relay_usage_repeats_total")


@pytest.fixture(scope="module")
def scrubber() -> Scrubber:
    return relay.load_scrubber(verify=False)


@pytest.fixture
async def rig(scrubber: Scrubber) -> Rig:
    return Rig(scrubber, "implied")


def ids(*numbers: int) -> list[dict[str, str | None]]:
    return [{"c_message_id": f"message-{number}", "count": f"{number % 10}"} for number in numbers]


async def test_events_of_the_same_time_share_a_row(rig: Rig) -> None:
    """One put for all of them, in the order in which they came."""
    assert [None] * 20 == await rig.take_all(ids(*range(20)))
    ((record, lines),) = await rig.disk.batches()
    assert (Record.EVENTS, 1) == (record, rig.disk.puts)
    assert [number % 10 for number in range(20)] == [one["attributes"]["count"] for one in lines]
    assert ({"accepted": 20.0}, 0.0) == (rig.outcomes(), rig.repeats())


async def test_an_answer_waits_for_the_commit(rig: Rig) -> None:
    """As long as that takes."""
    rig.disk.go.clear()
    task = asyncio.ensure_future(rig.take())
    await rig.disk.putting.wait()
    assert (False, {}) == (task.done(), rig.outcomes())
    rig.disk.go.set()
    await task
    assert {"accepted": 1.0} == rig.outcomes()


@pytest.mark.parametrize("error", [SpoolFullError("full"), SpoolUnavailableError("away")])
async def test_what_is_not_stored_is_an_error_for_each(rig: Rig, error: RelayError) -> None:
    """Each has its own, so that no trace of another hangs on it; sent again, it is taken."""
    rig.disk.error = error
    found = await rig.take_all(ids(1, 2))
    assert [(type(error), error.detail)] * 2 == [(type(one), one.detail) for one in found]
    assert found[0] is not found[1]
    assert {error.reason: 2.0} == rig.outcomes()
    rig.disk.error = None
    assert [None, None] == await rig.take_all(ids(1, 2))
    assert ({error.reason: 2.0, "accepted": 2.0}, 0.0) == (rig.outcomes(), rig.repeats())


async def test_a_fault_of_ours_is_told_without_its_text(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """The client may come again; the log has its class."""
    rig.disk.error = ValueError("PLANTED")
    (found,) = await rig.take_all(ids(1))
    assert (RelayError, "internal error") == (type(found), found.detail)
    assert (["usage_not_stored"], {"internal": 1.0}) == (caplog.messages, rig.outcomes())
    assert "PLANTED" not in caplog.text


async def test_a_repeat_is_stored_once(rig: Rig) -> None:
    """Within the window; after it, it is as good as new."""
    await rig.take()
    rig.clock.advance(600.0)
    await rig.take()
    assert (1, 1.0, {"accepted": 1.0}) == (rig.disk.puts, rig.repeats(), rig.outcomes())
    rig.clock.advance(1.0)
    await rig.take()
    assert 2 == rig.disk.puts


async def test_a_repeat_of_one_on_its_way_waits_for_it(rig: Rig) -> None:
    """In the same row, or while that is being written; both are answered after the commit."""
    rig.disk.go.clear()
    first = [asyncio.ensure_future(rig.take()) for _ in range(2)]
    await rig.disk.putting.wait()
    late = asyncio.ensure_future(rig.take())
    await asyncio.sleep(0)
    assert [False] * 3 == [task.done() for task in (*first, late)]
    rig.disk.go.set()
    await asyncio.wait([*first, late])
    assert (1, 2.0, {"accepted": 1.0}) == (rig.disk.puts, rig.repeats(), rig.outcomes())


async def test_a_repeat_of_one_that_fails_fails_too(rig: Rig) -> None:
    """It was not stored."""
    rig.disk.error = SpoolFullError("full")
    found = await rig.take_all([{}, {}])
    assert [SpoolFullError] * 2 == [type(one) for one in found]


async def test_a_client_that_goes_takes_no_repeat_along(rig: Rig) -> None:
    """The event is stored all the same."""
    rig.disk.go.clear()
    gone, stays = (asyncio.ensure_future(rig.take()) for _ in range(2))
    await rig.disk.putting.wait()
    gone.cancel()
    rig.disk.go.set()
    await stays
    assert (True, 1, {"accepted": 1.0}) == (gone.cancelled(), rig.disk.puts, rig.outcomes())


async def test_a_decision_is_a_row_of_its_own_that_the_spool_knows(rig: Rig) -> None:
    """Its repeats are known to the spool, by whichever process they are taken."""
    decision = {"c_type": "settings/analytics", "value": "false"}
    await rig.take_all([decision, {"c_message_id": "other"}])
    other = Rig(rig.scrubber, "required")
    other.intake._spool = rig.disk
    await other.take(**decision)
    batches = dict(await rig.disk.batches())
    assert {Record.OPT_OUTS, Record.EVENTS} == set(batches)
    assert ["opt_out"] == [one["decision"] for one in batches[Record.OPT_OUTS]]
    assert {} == other.outcomes()
    assert (1.0, 1.0) == (
        rig.metrics.value("relay_usage_opt_outs_total", app="suite"),
        other.repeats(),
    )


async def test_no_event_takes_the_place_of_a_decision(rig: Rig) -> None:
    """A client that uses an id again loses an event to another at most, never what it decided."""
    decision = {"c_type": "settings/analytics", "value": "false"}
    await rig.take()
    await rig.take(**decision)
    await rig.take(**decision)
    assert {Record.OPT_OUTS, Record.EVENTS} == set(dict(await rig.disk.batches()))
    assert ({"accepted": 2.0}, 1.0) == (rig.outcomes(), rig.repeats())


async def test_decisions_without_a_message_id_are_all_counted(rig: Rig) -> None:
    """Nobody can tell two of them apart from one that was sent twice."""
    decision = {"c_type": "settings/analytics", "value": "false", "c_message_id": None}
    await rig.take_all([decision, decision])
    assert 2 == len(await rig.disk.batches())


async def test_what_is_refused_is_counted_and_not_kept(scrubber: Scrubber) -> None:
    """Nonsense, no consent, a type that nobody knows: one word each."""
    rig = Rig(scrubber, "required")
    found = await rig.take_all(
        [
            {"c_commit": "x"},
            {},
            {"c_consent": "false"},
            {"c_consent": "true", "c_type": "no/such"},
        ]
    )
    assert [RequestError, ConsentError] == [type(one) for one in found[:2]]
    assert ["consent_denied", None] == [getattr(one, "reason", None) for one in found[2:]]
    expected = ["invalid", "consent_missing", "consent_denied", "unknown_item"]
    assert (dict.fromkeys(expected, 1.0), 0) == (rig.outcomes(), rig.disk.puts)


async def test_attributes_that_are_left_out_are_counted(rig: Rig) -> None:
    """By the type of the event and why."""
    await rig.take(count="99", unknown="1", mode="PLANTED")
    found = {
        (labels["type"], labels["reason"]): value
        for name, labels, value in rig.metrics.samples()
        if name == "relay_usage_attributes_dropped_total"
    }
    assert {("suite/ready", "invalid"): 2.0, ("suite/ready", "unknown_item"): 1.0} == found
    assert b"PLANTED" not in rig.metrics.render()


async def test_verdicts_and_redactions_are_counted(rig: Rig) -> None:
    """As they are for errors."""
    await rig.take_all([{"note": "at 10.0.0.1"}, {"c_message_id": "b", "c_consent": "true"}])
    found = [
        rig.metrics.value("relay_usage_consent_total", verdict="not_required"),
        rig.metrics.value("relay_usage_consent_total", verdict="granted"),
        rig.metrics.value("relay_redactions_total", rule="network/ip-address"),
    ]
    assert [1.0, 1.0, 1.0] == found


async def test_there_is_a_bound(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes when too many are on their way is told to come later."""
    monkeypatch.setattr(module, "MAX_WAITING", 3)
    found = await rig.take_all(ids(*range(5)))
    assert [None] * 3 == found[:3]
    assert [OverloadedError] * 2 == [type(one) for one in found[3:]]
    assert {"accepted": 3.0, "overloaded": 2.0} == rig.outcomes()
    assert [None] == await rig.take_all(ids(9))


async def test_a_crowd_does_not_wait(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as are scrubbed together go at once."""
    monkeypatch.setattr(module, "LINGER", 1_000.0)
    monkeypatch.setattr(module, "MOST", 4)
    assert [None] * 8 == await rig.take_all(ids(*range(8)))
    assert 2 == rig.disk.puts


async def test_what_waits_is_stored_at_the_end(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody who is to be answered is forgotten."""
    monkeypatch.setattr(module, "LINGER", 1_000.0)
    tasks = [asyncio.ensure_future(rig.take(**one)) for one in ids(1, 2)]
    await asyncio.sleep(0)
    await rig.intake.close()
    assert [True, True] == [task.done() or bool(await asyncio.wait([task])) for task in tasks]
    assert {"accepted": 2.0} == rig.outcomes()
    await rig.intake.close()


async def test_other_rules_hold_for_what_waits(rig: Rig) -> None:
    """An event is scrubbed by the rules that hold when it is written, whatever others had seen."""
    await rig.take_all(ids(1, 2))
    task = asyncio.ensure_future(rig.take(note="at 10.0.0.1"))
    await asyncio.sleep(0)
    rig.scrubber = relay.load_scrubber(verify=False)
    await task
    noted = [
        line["attributes"].get("note") for _, lines in await rig.disk.batches() for line in lines
    ]
    assert ["at [ip]"] == [one for one in noted if one is not None]
