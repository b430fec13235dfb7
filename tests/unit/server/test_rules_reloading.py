"""A change of the rules: taken up as a whole or refused with all its mistakes, and seen by all."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from relay import jsonio
from relay.audit import Audit, Via
from relay.errors import AuditError, Mistake, RuleError
from relay.metrics import Metrics
from relay.rulefiles import read, unpack
from relay.server.board import Board, SeatState
from relay.server.rules_reloading import FOLLOW_SECONDS, TICK, Reloaded, Reloader, RuleSet
from relay.server.rules_sheet import Sheet, Sheets
from relay.server.rules_verifier import verdict_of
from relay.server.rules_verifying import Verdict
from tests.fakes import FakeClock
from tests.unit.scrub.test_verified import PROVEN

TWO = PROVEN.replace("[ticket]", "[two]")
BAD = PROVEN.replace("'tkt-1'", "'TKT-secret9'").replace("TKT-[0-9]+", "TKT-[a-z0-9]+")


class Setup:
    """A reloader with what is around it."""

    def __init__(self, folder: Path, every: float = 2.0) -> None:
        self.folder = folder / "rules"
        self.folder.mkdir()
        self.write(PROVEN)
        self.log = folder / "audit.log"
        self.board = Board()
        self.sheets = Sheets(Sheet(20_000), Sheet(1_000))
        self.metrics = Metrics()
        self.clock = FakeClock()
        self.said: list[Mistake] = []
        self.verified = 0
        self.reloader = Reloader(
            RuleSet(read([self.folder]), "f" * 64, 1, 0, 0.0),
            (str(self.folder),),
            board=self.board,
            sheets=self.sheets,
            audit=Audit(str(self.log), self.clock),
            metrics=self.metrics,
            clock=self.clock,
            every=every,
            say=self.say,
            verify=self.verify,
        )

    async def verify(self, packed: bytes, hint: str) -> Verdict:
        """Verify here, as the process does that is tested by itself."""
        self.verified += 1
        told = json.loads(verdict_of(packed, hint))
        if told["mistakes"]:
            return Verdict(tuple(Mistake(*parts) for parts in told["mistakes"]))
        return Verdict((), told["digest"], tuple(told["rules"]))

    def say(self, error: RuleError) -> None:
        self.said += error.mistakes

    def write(self, text: str, name: str = "ticket") -> None:
        (self.folder / f"{name}.yaml").write_text(text)

    def on_sheet(self) -> list[str]:
        """The texts that were handed to all processes last."""
        found = self.sheets.rules.read()
        return [] if found is None else [file.text for file in unpack(found[1])]

    def counted(self) -> dict[str, float]:
        words = [word.value for word in Reloaded]
        values = {w: self.metrics.value("relay_rules_reloads_total", outcome=w) for w in words}
        return {word: value for word, value in values.items() if value}

    def stale(self) -> tuple[bool, float]:
        return self.board.stale, self.metrics.value("relay_rules_stale")

    def noted(self) -> list[tuple[str, str, str]]:
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [(line["who"], line["via"], line["outcome"]) for line in lines]

    async def looks(self, number: int = 2) -> None:
        for _ in range(number):
            await self.reloader.look()


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return Setup(tmp_path)


async def test_a_good_set(setup: Setup) -> None:
    """It is handed to all processes, and shown as the one that holds."""
    setup.write(TWO)
    setup.clock.advance(5)
    attempt = await setup.reloader.reload("ops", Via.HTTP)
    assert (Reloaded.ACCEPTED, ()) == (attempt.outcome, attempt.mistakes)
    assert [TWO] == setup.on_sheet()
    current = setup.reloader.current
    assert (1, 1, setup.clock.now()) == (current.number, current.rules, current.since)
    assert current.digest != "f" * 64
    assert [TWO] == [file.text for file in current.files]
    assert {"accepted": 1} == setup.counted()
    assert (False, 0) == setup.stale()
    assert [("ops", "http", "begun"), ("ops", "http", "done")] == setup.noted()
    assert current.digest[:12] == json.loads(setup.log.read_text().splitlines()[1])["digest"]


async def test_a_bad_set(setup: Setup, caplog: pytest.LogCaptureFixture) -> None:
    """All of its mistakes are told, no text of an example is, and nothing else changes."""
    setup.write(BAD)
    setup.write("id: other\nmach: 1\n", "other")
    setup.write(TWO.replace("t/ticket", "t/two"), "two")
    before = setup.reloader.current
    attempt = await setup.reloader.reload("ops", Via.HTTP)
    assert Reloaded.REFUSED is attempt.outcome
    assert attempt is setup.reloader.refused is setup.reloader.last
    told = {Path(mistake.file).name for mistake in attempt.mistakes}
    assert {"other.yaml", "ticket.yaml"} == told
    (setup.folder / "other.yaml").unlink()
    attempt = await setup.reloader.reload("ops", Via.HTTP)
    assert [(str(setup.folder / "ticket.yaml"), 8)] == [(m.file, m.line) for m in attempt.mistakes]
    assert (before, []) == (setup.reloader.current, setup.on_sheet())
    assert {"refused": 2} == setup.counted()
    assert (True, 1) == setup.stale()
    assert [("ops", "http", "begun"), ("ops", "http", "refused")] * 2 == setup.noted()
    assert attempt.mistakes[0] == setup.said[-1]
    assert ["rules_refused", "rules_mistake"] == caplog.messages[-2:]
    assert not any("secret9" in str(told) for told in (caplog.records, setup.said, caplog.text))


@pytest.mark.parametrize("change", ["empty", "gone", "large", "binary"])
async def test_a_set_that_is_none(change: str, setup: Setup) -> None:
    """A folder that is empty or gone, and files that are too much or no text, are refused too."""
    file = setup.folder / "ticket.yaml"
    if change == "large":
        setup.write(f"# {'x' * 20_000}\n{PROVEN}")
    elif change == "binary":
        file.write_bytes(b"\xff")
    else:
        file.unlink()
        if change == "gone":
            setup.folder.rmdir()
    await setup.looks()
    refused = setup.reloader.refused
    assert refused is not None
    words = {
        "empty": "no rule files",
        "gone": "no such file or folder",
        "large": "the rule files are larger than 20000 bytes together",
        "binary": "not UTF-8",
    }
    assert [words[change]] == [mistake.message for mistake in refused.mistakes]
    assert ([], (True, 1), 0) == (setup.on_sheet(), setup.stale(), setup.verified)


async def test_back_to_what_holds(setup: Setup) -> None:
    """To put the files of before in their place ends the refusal, without a change."""
    setup.write(BAD)
    await setup.looks()
    assert (True, 1) == setup.stale()
    setup.write(PROVEN)
    await setup.looks()
    assert (None, (False, 0)) == (setup.reloader.refused, setup.stale())
    assert ({"refused": 1, "unchanged": 1}, []) == (setup.counted(), setup.on_sheet())


async def test_back_to_a_set_of_before(setup: Setup) -> None:
    """It is verified and handed over like any other."""
    digests = []
    for text in (TWO, PROVEN, TWO):
        setup.write(text)
        await setup.looks()
        assert [text] == setup.on_sheet()
        digests.append(setup.reloader.current.digest)
    assert digests[0] == digests[2] != digests[1]
    assert (3, 3) == (setup.reloader.current.number, setup.verified)


async def test_a_folder_in_which_nothing_changes(setup: Setup) -> None:
    """Nothing is read twice, verified, counted or noted; also where a file was only touched."""
    await setup.looks(3)
    (setup.folder / "ticket.yaml").touch()
    (setup.folder / "README.md").write_text("")
    await setup.looks(3)
    assert (0, {}, False) == (setup.verified, setup.counted(), setup.log.exists())


async def test_a_refusal_is_told_once(setup: Setup) -> None:
    """However often the folder is looked at."""
    setup.write(BAD)
    await setup.looks(6)
    assert ({"refused": 1}, 1) == (setup.counted(), setup.verified)
    assert [("unknown", "folder", "begun"), ("unknown", "folder", "refused")] == setup.noted()


async def test_told_to_look_where_nothing_has_changed(setup: Setup) -> None:
    """That is noted, for somebody did something."""
    attempt = await setup.reloader.reload("ops", Via.HTTP)
    assert Reloaded.UNCHANGED is attempt.outcome
    assert ({"unchanged": 1}, 0) == (setup.counted(), setup.verified)
    assert [("ops", "http", "begun"), ("ops", "http", "done")] == setup.noted()


async def test_what_cannot_be_noted_is_refused(setup: Setup) -> None:
    """By whomever it was asked for; it is tried again when somebody asks or something changes."""
    setup.log.mkdir()
    setup.write(TWO)
    with pytest.raises(AuditError):
        await setup.reloader.reload("ops", Via.HTTP)
    await setup.looks()
    assert ([], {"refused": 2}, (True, 1)) == (setup.on_sheet(), setup.counted(), setup.stale())
    setup.log.rmdir()
    await setup.reloader.reload("ops", Via.HTTP)
    assert ([TWO], (False, 0)) == (setup.on_sheet(), setup.stale())


async def test_it_waits_for_all_workers(setup: Setup) -> None:
    """Those that are ready; a reload that is over is over everywhere."""
    setup.board.set_state(1, SeatState.READY)
    setup.board.set_state(2, SeatState.READY)
    setup.board.set_state(3, SeatState.STARTING)
    setup.write(TWO)
    reload = asyncio.create_task(setup.reloader.reload("ops", Via.HTTP))
    await setup.clock.until_sleeping()
    setup.board.set_rules(1, 1, "a" * 64)
    setup.clock.advance(TICK)
    await setup.clock.until_sleeping()
    assert not reload.done()
    setup.board.set_rules(2, 1, "a" * 64)
    setup.clock.advance(TICK)
    assert Reloaded.ACCEPTED is (await reload).outcome


async def test_a_worker_that_does_not_follow(
    setup: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    """It is not waited for for ever, and that is said."""
    setup.board.set_state(1, SeatState.READY)
    setup.write(TWO)
    reload = asyncio.create_task(setup.reloader.reload("ops", Via.HTTP))
    caplog.set_level("INFO", "relay")
    await setup.clock.until_sleeping()
    setup.clock.advance(FOLLOW_SECONDS)
    assert Reloaded.ACCEPTED is (await reload).outcome
    assert "rules_not_everywhere" in caplog.messages


# --- who asks -------------------------------------------------------------------------------------


@contextlib.contextmanager
def running(setup: Setup) -> Iterator[Callable[[float], Awaitable[None]]]:
    """Run it inside the block, which gets a function that lets so many seconds pass."""
    task = asyncio.create_task(setup.reloader.run())

    async def passes(seconds: float) -> None:
        for _ in range(round(seconds / TICK)):
            await setup.clock.until_sleeping()
            setup.clock.advance(TICK)
        await setup.clock.until_sleeping()

    try:
        yield passes
    finally:
        task.cancel()


async def test_the_folder_is_looked_at_again_and_again(setup: Setup) -> None:
    """A change is taken up after two looks that saw it."""
    with running(setup) as passes:
        await passes(4.5)
        setup.write(TWO)
        await passes(2.0)
        assert [] == setup.on_sheet()
        await passes(2.0)
        assert [TWO] == setup.on_sheet()


async def test_a_folder_that_is_not_watched(tmp_path: Path) -> None:
    """Nobody looks unless told to."""
    setup = Setup(tmp_path, every=0.0)
    setup.write(TWO)
    with running(setup) as passes:
        await passes(20)
        assert [] == setup.on_sheet()
        setup.sheets.paths.write(jsonio.dumps([str(setup.folder)]))
        await passes(2 * TICK)
        assert ([TWO], (1, True)) == (setup.on_sheet(), setup.board.answer)


async def test_another_process_asks_with_other_paths(setup: Setup, tmp_path: Path) -> None:
    """They hold from then on if they are good; each question has its answer."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.yaml").write_text(BAD)
    with running(setup) as passes:
        setup.sheets.paths.write(jsonio.dumps([str(other)]))
        await passes(2 * TICK)
        assert ((1, False), (True, 1)) == (setup.board.answer, setup.stale())
        (other / "a.yaml").write_text(TWO)
        setup.sheets.paths.write(jsonio.dumps([str(other)]))
        await passes(2 * TICK)
        assert ((2, True), [TWO]) == (setup.board.answer, setup.on_sheet())
        (other / "a.yaml").write_text(PROVEN)
        await passes(8)
        assert [PROVEN] == setup.on_sheet()
    assert [("unknown", "signal")] * 4 == [line[:2] for line in setup.noted()[:4]]


async def test_a_fault_of_ours_does_not_end_it(
    setup: Setup, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said, and the next look goes on."""

    def fail() -> bool:
        raise ValueError("a fault")

    with running(setup) as passes:
        with monkeypatch.context() as patched:
            patched.setattr(setup.reloader._watch, "look", fail)
            await passes(2.1)
        setup.write(TWO)
        await passes(4.2)
    assert ("rules_watch_failed" in caplog.messages, [TWO]) == (True, setup.on_sheet())
