"""The reporter: what was lost becomes a client report in the spool."""

import asyncio
import json
import logging
from contextlib import suppress
from typing import Any

import pytest

from relay.errors import SpoolFullError, SpoolUnavailableError
from relay.losses import LossCounter
from relay.metrics import Metrics
from relay.outcomes import Reason
from relay.protocol.envelope import parse
from relay.reporting import Reporter
from relay.scrub.permit import ScrubbedEnvelope
from relay.spool.memory import MemorySpool
from tests.fakes import FakeClock

KEY = "a" * 32
LANE = ("1", KEY)


class Moody(MemorySpool):
    """A spool that takes nothing while it is `sick`."""

    sick: Exception | None = None

    async def put(self, envelope: ScrubbedEnvelope) -> None:
        """Store, or fail."""
        if self.sick is not None:
            raise self.sick
        await super().put(envelope)


class Setup:
    """A reporter with what is around it; reports are wanted for all projects but 9."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.spool = Moody(self.clock)
        self.losses = LossCounter()
        self.metrics = Metrics()
        self.reporter = Reporter(
            self.losses,
            spool=self.spool,
            clock=self.clock,
            wanted=lambda project, _: project != "9",
            metrics=self.metrics,
        )

    async def reports(self) -> list[tuple[ScrubbedEnvelope, dict[str, Any]]]:
        """Take the reports out of the spool."""
        claims = await self.spool.claim(10)
        found = []
        for claim in claims:
            (item,) = parse(claim.envelope.body).items
            assert {"type", "length"} == item.headers.keys()
            assert "client_report" == item.kind
            found.append((claim.envelope, json.loads(item.payload)))
        return found


async def test_one_report_for_each_project_and_key() -> None:
    """With its sums, under the client's project and key, in a category that no limit stops."""
    setup = Setup()
    setup.losses.add(LANE, Reason.INVALID, (("error", 1),))
    setup.losses.add(LANE, Reason.INVALID, (("error", 2),))
    setup.losses.add(("2", KEY), Reason.RATE_LIMITED, (("session", 4),))
    setup.losses.add(("9", KEY), Reason.INVALID, (("error", 1),))
    await setup.reporter.flush()
    (first, one), (second, two) = sorted(await setup.reports(), key=lambda r: r[0].project)
    assert ("1", KEY, ("internal",), "") == (
        first.project, first.key, first.categories, first.client,
    )  # fmt: skip
    assert {
        "timestamp": setup.clock.now(),
        "discarded_events": [{"reason": "invalid", "category": "error", "quantity": 3}],
    } == one
    assert "2" == second.project
    assert [{"reason": "rate_limited", "category": "session", "quantity": 4}] == two[
        "rate_limited_events"
    ]
    assert 2 == setup.metrics.value("relay_client_reports_total", outcome="accepted")


async def test_without_losses_there_is_no_report() -> None:
    """Nothing is said where nothing was lost."""
    setup = Setup()
    await setup.reporter.flush()
    assert [] == await setup.reports()


@pytest.mark.parametrize("error", [SpoolFullError("full"), SpoolUnavailableError("away")])
async def test_what_finds_no_room_is_reported_later(
    error: SpoolFullError, caplog: pytest.LogCaptureFixture
) -> None:
    """The sums are kept for the next report, which counts each loss once; the log says why."""
    caplog.set_level(logging.INFO)
    setup = Setup()
    setup.losses.add(LANE, Reason.INVALID, (("error", 1),))
    setup.spool.sick = error
    await setup.reporter.flush()
    setup.losses.add(LANE, Reason.INVALID, (("error", 1),))
    setup.spool.sick = None
    await setup.reporter.flush()
    await setup.reporter.flush()
    ((_, report),) = await setup.reports()
    assert [{"reason": "invalid", "category": "error", "quantity": 2}] == report["discarded_events"]
    assert 1 == setup.metrics.value("relay_client_reports_total", outcome=error.reason)
    assert [("relay.reporting", "report_put_off", error.reason)] == [
        (record.name, record.getMessage(), vars(record).get("reason")) for record in caplog.records
    ]


async def test_what_was_not_put_when_it_ends_is_not_lost() -> None:
    """A cancelled report is finished by the next one, each project once."""
    setup = Setup()
    for project in ("1", "2", "3"):
        setup.losses.add((project, KEY), Reason.INVALID, (("error", 1),))
    entered, put = asyncio.Event(), setup.spool.put

    async def slow(envelope: ScrubbedEnvelope) -> None:
        await put(envelope)
        entered.set()
        await asyncio.Event().wait()

    setup.spool.put = slow  # type: ignore[method-assign]
    task = asyncio.ensure_future(setup.reporter.flush())
    await entered.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    setup.spool.put = put  # type: ignore[method-assign]
    await setup.reporter.flush()
    reports = await setup.reports()
    assert ["1", "2", "3"] == sorted(envelope.project for envelope, _ in reports)


async def test_reports_come_in_their_time() -> None:
    """One a minute, until it is cancelled; equal ones are not taken for repeats."""
    setup = Setup()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(setup.reporter.run())
        for expected in (1, 1):
            await setup.clock.until_sleeping()
            setup.losses.add(LANE, Reason.INVALID, (("error", 1),))
            setup.clock.advance(59)
            for _ in range(10):
                await asyncio.sleep(0)
            assert [] == await setup.reports()
            setup.clock.advance(1)
            await setup.clock.until_sleeping()
            assert expected == len(await setup.reports())
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
