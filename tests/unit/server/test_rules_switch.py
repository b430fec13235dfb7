"""Other rules are taken up in one step, and what cannot be taken up changes nothing."""

import asyncio
import contextlib

import pytest

from relay.rulefiles import pack
from relay.rules.loading import RuleText
from relay.scrub.scrubber import Scrubber
from relay.server.rules_sheet import Sheet
from relay.server.rules_switch import LOOK, RETRY, TURN, RuleSwitch
from relay.side.body import Body
from relay.side.process import GoneError, SideProcess
from tests.fakes import FakeClock
from tests.inline_rules import IP, NUMBER, rule_text, scrubber
from tests.side_jobs import find, job

SECRET = b"s" * 32


def packed(*bodies: str) -> bytes:
    return pack(RuleText(f"r{i}", f"r{i}.yaml", rule_text(body)) for i, body in enumerate(bodies))


class Setup:
    """A switch with what is around it."""

    def __init__(self, side: SideProcess | None = None, before: int = 0) -> None:
        self.sheet = Sheet(100_000)
        self.clock = FakeClock()
        self.used: list[Scrubber] = []
        self.reported: list[tuple[int, str]] = []
        self.before = before
        self.switch = RuleSwitch(
            self.sheet,
            0,
            secret=SECRET,
            apply=self.used.append,
            report=lambda number, digest: self.reported.append((number, digest)),
            clock=self.clock,
            side=side,
            before=lambda _: self.before,
        )

    def texts(self) -> list[str]:
        """What each set of rules that was taken up makes of a text."""
        return [used.scrub_text("1234 at 203.0.113.7") for used in self.used]


async def test_what_is_accepted_is_taken_up() -> None:
    """Once each, and it is reported with its number and digest."""
    setup = Setup()
    running = asyncio.create_task(setup.switch.run())
    for rules in (IP, NUMBER):
        number = setup.sheet.write(packed(rules))
        while not setup.reported or setup.reported[-1][0] != number:
            await setup.clock.until_sleeping()
            setup.clock.advance(LOOK)
    for _ in range(3):
        await setup.clock.until_sleeping()
        setup.clock.advance(LOOK)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert ["1234 at [ip]", "[n] at 203.0.113.7"] == setup.texts()
    assert [(1, scrubber(IP).digest), (2, scrubber(NUMBER).digest)] == setup.reported


async def test_nothing_on_the_sheet() -> None:
    """Nothing is done."""
    setup = Setup()
    assert (True, []) == (await setup.switch.follow(), setup.used)


@pytest.mark.parametrize("text", [b"nonsense", b"[[1,2]]", packed("id: t/bad\nmatch: 1")])
async def test_what_does_not_load_changes_nothing(
    text: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """It was verified before, so that is a fault; it is said, and tried again later."""
    setup = Setup()
    setup.sheet.write(text)
    running = asyncio.create_task(setup.switch.run())
    for seconds in (LOOK, RETRY - 1, 1, LOOK, 0):
        await setup.clock.until_sleeping()
        setup.clock.advance(seconds)
        await asyncio.sleep(0.05)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert ([], [], 2) == (setup.used, setup.reported, caplog.messages.count("rules_not_taken_up"))


async def test_large_bodies_get_the_same_rules() -> None:
    """From the same step on."""
    side = SideProcess.start(find, scrubber(IP), SECRET)
    assert side is not None
    setup = Setup(side)
    setup.sheet.write(packed(NUMBER))
    assert await setup.switch.follow()
    body = Body(b'{}\n{"type":"event"}\n{"message":"1234 at 203.0.113.7"}\n')
    done = await side.run(body, job(), lambda _: None)
    side.close()
    assert done.envelope is not None
    assert b"[n] at 203.0.113.7" in done.envelope.body


async def test_without_side_processes_for_new_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """None goes on with the old ones; whoever has a large body sees that there is none."""

    async def prepare(_: bytes) -> None:
        raise GoneError("no")

    side = SideProcess.start(find, scrubber(IP), SECRET)
    assert side is not None
    monkeypatch.setattr(side, "prepare", prepare)
    setup = Setup(side)
    setup.sheet.write(packed(NUMBER))
    assert await setup.switch.follow()
    with pytest.raises(GoneError):
        await side.run(Body(b""), job(), lambda _: None)
    side.close()
    assert 1 == len(setup.used)


@pytest.mark.parametrize(("done_after", "looks"), [(2, 2), (1_000, round(2 * TURN / LOOK))])
async def test_one_after_the_other(done_after: int, looks: int) -> None:
    """It waits for those before it, but not for ever: each has its time."""
    setup = Setup(before=2)
    setup.sheet.write(packed(IP))
    running = asyncio.create_task(setup.switch.run())
    await setup.clock.until_sleeping()
    setup.clock.advance(LOOK)
    for look in range(looks):
        await setup.clock.until_sleeping()
        assert [] == setup.used
        setup.before = 0 if look + 1 >= done_after else setup.before
        setup.clock.advance(LOOK)
    async with asyncio.timeout(10):
        while not setup.reported:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
    running.cancel()
    assert ["1234 at [ip]"] == setup.texts()
