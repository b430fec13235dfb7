"""Every spool against a model: puts, claims, decisions, crashes and clock moves in any order."""

import asyncio
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from relay.delivery import Ack, Bury, Decision, RetryAt
from relay.errors import SpoolFullError
from relay.outcomes import Reason
from relay.ports import Claim, Spool
from relay.spool import Bounds, Dropped, MemorySpool, SqliteSpool
from tests.fakes import FakeClock, envelope

SIZE = len(envelope().body)
BOUNDS = Bounds(max_bytes=6 * SIZE, max_age=500, max_dead_age=900, repeat_window=50)
LANES = ("1", "2")
delays = st.integers(0, 60)


@dataclass
class Row:
    """What the model knows of one envelope; `letter` is its number as a dead letter."""

    number: int
    letter: int
    stored_at: float
    due_at: float
    attempts: int = 0
    state: str = "ready"

    @property
    def project(self) -> str:
        return LANES[self.number % 2]


class Machine(RuleBasedStateMachine):
    """The rules; a subclass opens the spool."""

    spool: Spool

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = self.runner.run(self.make_clock())
        self.dropped: list[Dropped] = []
        self.rows: list[Row] = []
        self.recent: dict[int, float] = {}
        self.lost = 0
        self.claims: list[tuple[Claim, Row, Spool]] = []
        self.puts = 0
        self.runner.run(self.start())

    async def make_clock(self) -> FakeClock:
        return FakeClock()

    async def start(self) -> None:
        raise NotImplementedError

    def teardown(self) -> None:
        self.runner.run(self.spool.close())
        self.runner.close()

    # --- the model ---

    def held(self) -> int:
        return len(self.rows)

    def dead(self) -> list[Row]:
        return sorted((r for r in self.rows if r.state == "dead"), key=lambda row: row.letter)

    def chosen(self, places: set[int] | None) -> list[Row]:
        return [row for place, row in enumerate(self.dead()) if places is None or place in places]

    def remove(self, row: Row) -> None:
        self.rows.remove(row)
        self.lost += 1

    def expire(self) -> None:
        now = self.clock.now()
        for row in list(self.rows):
            age = {"ready": BOUNDS.max_age, "dead": BOUNDS.max_dead_age}.get(row.state)
            if age is not None and row.stored_at <= now - age:
                self.remove(row)

    # --- the rules ---

    @rule(number=st.integers(0, 11))
    def put(self, number: int) -> None:
        now = self.clock.now()
        one = envelope(number, project=LANES[number % 2])
        if now - self.recent.get(number, -1e9) < BOUNDS.repeat_window:
            self.runner.run(self.spool.put(one))
            return
        if self.held() >= 6:
            self.expire()
        dead = self.dead()
        if self.held() >= 6 and not dead:
            try:
                self.runner.run(self.spool.put(one))
            except SpoolFullError:
                return
            raise AssertionError("a full spool took an envelope")
        self.runner.run(self.spool.put(one))
        if self.held() >= 6:
            self.remove(dead[0])
        self.puts += 1
        self.rows.append(Row(number, self.puts, now, 0.0))
        self.recent[number] = now

    @rule(limit=st.integers(1, 4), skip=st.sets(st.sampled_from(LANES)))
    def claim(self, limit: int, skip: set[str]) -> None:
        now = self.clock.now()
        self.expire()
        ready = (r for r in self.rows if r.state == "ready" and r.due_at <= now)
        expected = [row for row in ready if row.project not in skip][:limit]
        lanes = {(project, envelope().key) for project in skip}
        claims = self.runner.run(self.spool.claim(limit, lanes))
        assert [(row.number, row.attempts, row.stored_at) for row in expected] == [
            (int(c.envelope.envelope_id, 16), c.attempts, c.stored_at) for c in claims
        ]
        for row, claim in zip(expected, claims, strict=True):
            assert envelope(row.number, project=row.project) == claim.envelope
            row.state = "claimed"
            self.claims.append((claim, row, self.spool))

    @rule()
    def expires(self) -> None:
        before = len(self.rows)
        self.expire()
        gone = self.runner.run(self.spool.expire())
        assert before - len(self.rows) == gone.waiting + gone.dead

    def settle(self, index: int, decision: Decision) -> Row:
        claim, row, spool = self.claims.pop(index % len(self.claims))
        self.runner.run(spool.settle([(claim, decision)]))
        return row

    @precondition(lambda self: self.claims)
    @rule(index=st.integers(0, 9))
    def acknowledge(self, index: int) -> None:
        self.rows.remove(self.settle(index, Ack()))

    @precondition(lambda self: self.claims)
    @rule(index=st.integers(0, 9), delay=delays, tried=st.booleans())
    def retry(self, index: int, delay: int, tried: bool) -> None:
        at = self.clock.now() + delay
        row = self.settle(index, RetryAt(at, tried))
        row.state, row.due_at, row.attempts = "ready", at, row.attempts + tried

    @precondition(lambda self: self.claims)
    @rule(index=st.integers(0, 9))
    def bury(self, index: int) -> None:
        row = self.settle(index, Bury(Reason.REJECTED_UPSTREAM))
        row.state, row.attempts = "dead", row.attempts + 1

    @rule(places=st.none() | st.sets(st.integers(0, 3)))
    def retry_dead_letters(self, places: set[int] | None) -> None:
        # What was put in the same instant would have no order with what comes back in it.
        self.clock.advance(0.001)
        chosen = self.chosen(places)
        numbers = None if places is None else [row.letter for row in chosen]
        assert len(chosen) == self.runner.run(self.spool.dead.retry(numbers))
        for row in chosen:
            self.rows.remove(row)
            row.state, row.stored_at, row.due_at, row.attempts = "ready", self.clock.now(), 0, 0
            self.rows.append(row)

    @rule(places=st.none() | st.sets(st.integers(0, 3)))
    def purge_dead_letters(self, places: set[int] | None) -> None:
        chosen = self.chosen(places)
        numbers = None if places is None else [row.letter for row in chosen]
        assert len(chosen) == self.runner.run(self.spool.dead.purge(numbers))
        for row in chosen:
            self.rows.remove(row)

    @rule(seconds=st.sampled_from([1, 10, 49, 60, 300, 600]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds)

    # --- what always holds ---

    @invariant()
    def status_is_the_models(self) -> None:
        status = self.runner.run(self.spool.status())
        self.runner.run(asyncio.sleep(0))
        states = [row.state for row in self.rows]
        assert (
            states.count("ready"),
            states.count("claimed"),
            states.count("dead"),
            self.held() * SIZE,
        ) == (status.ready, status.claimed, status.buried, status.bytes)
        assert self.lost == len(self.dropped)
        letters = self.runner.run(self.spool.dead.list(100))
        assert [(row.letter, row.attempts) for row in self.dead()] == [
            (letter.number, letter.attempts) for letter in letters
        ]


class MemoryMachine(Machine):
    """The model against the spool in memory."""

    async def start(self) -> None:
        self.spool = MemorySpool(self.clock, BOUNDS, self.dropped.append)


class SqliteMachine(Machine):
    """The model against the spool on disk, which may crash or be closed at any time."""

    SLOTS = 1
    spool: SqliteSpool

    async def start(self) -> None:
        self.root = Path(tempfile.mkdtemp())
        self.path = self.root / "0" / "spool.db"
        self.spools = [await self.opened(slot) for slot in range(self.SLOTS)]
        self.spool = self.spools[0]

    async def opened(self, slot: int) -> SqliteSpool:
        path, clock = self.path, self.clock
        return await SqliteSpool.open(path, clock, BOUNDS, self.dropped.append, slot=slot)

    def released(self, spool: Spool) -> None:
        for _, row, claimer in self.claims:
            if claimer is spool:
                row.state = "ready"
        self.claims = [one for one in self.claims if one[2] is not spool]

    @rule()
    def restart(self) -> None:
        slot = self.spools.index(self.spool)
        self.released(self.spool)
        self.runner.run(self.spool.close())
        self.spool = self.spools[slot] = self.runner.run(self.opened(slot))

    @rule()
    def crash(self) -> None:
        """Go on from what the disk holds at this moment."""
        image = self.root / str(int(self.path.parent.name) + 1)
        image.mkdir()
        for file in self.path.parent.glob("spool.db*"):
            if file.name in ("spool.db", "spool.db-wal"):
                shutil.copy(file, image / file.name)
        for spool in self.spools:
            self.released(spool)
            self.runner.run(spool.close())
        self.path = image / "spool.db"
        self.spools = [self.runner.run(self.opened(slot)) for slot in range(self.SLOTS)]
        self.spool = self.spools[0]

    def teardown(self) -> None:
        for spool in self.spools:
            self.runner.run(spool.close())
        self.runner.close()
        shutil.rmtree(self.root)


class SharedMachine(SqliteMachine):
    """The model against two spools on one file; what one has claimed, only that one settles."""

    SLOTS = 2

    @rule(slot=st.integers(0, 1))
    def switch(self, slot: int) -> None:
        self.spool = self.spools[slot]


TestMemory = MemoryMachine.TestCase
TestMemory.settings = settings(deadline=None, max_examples=60, stateful_step_count=40)
TestSqlite = SqliteMachine.TestCase
TestSqlite.settings = settings(deadline=None, max_examples=25, stateful_step_count=40)
TestShared = SharedMachine.TestCase
TestShared.settings = settings(deadline=None, max_examples=25, stateful_step_count=40)
