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
    """What the model knows of one envelope."""

    number: int
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
        self.claims: list[tuple[Claim, Row]] = []
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
        dead = [row for row in self.rows if row.state == "dead"]
        if self.held() >= 6 and not dead:
            try:
                self.runner.run(self.spool.put(one))
            except SpoolFullError:
                return
            raise AssertionError("a full spool took an envelope")
        self.runner.run(self.spool.put(one))
        if self.held() >= 6:
            self.remove(dead[0])
        self.rows.append(Row(number, now, 0.0))
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
            self.claims.append((claim, row))

    def settle(self, index: int, decision: Decision) -> Row:
        claim, row = self.claims.pop(index % len(self.claims))
        self.runner.run(self.spool.settle([(claim, decision)]))
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
        self.settle(index, Bury(Reason.REJECTED_UPSTREAM)).state = "dead"

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


class MemoryMachine(Machine):
    """The model against the spool in memory."""

    async def start(self) -> None:
        self.spool = MemorySpool(self.clock, BOUNDS, self.dropped.append)


class SqliteMachine(Machine):
    """The model against the spool on disk, which may crash or be closed at any time."""

    async def start(self) -> None:
        self.root = Path(tempfile.mkdtemp())
        self.path = self.root / "0" / "spool.db"
        self.spool = await self.opened()

    async def opened(self) -> SqliteSpool:
        return await SqliteSpool.open(self.path, self.clock, BOUNDS, self.dropped.append)

    def all_released(self) -> None:
        self.claims.clear()
        for row in self.rows:
            if row.state == "claimed":
                row.state = "ready"

    @rule()
    def restart(self) -> None:
        self.runner.run(self.spool.close())
        self.spool = self.runner.run(self.opened())
        self.all_released()

    @rule()
    def crash(self) -> None:
        """Go on from what the disk holds at this moment."""
        image = self.root / str(int(self.path.parent.name) + 1)
        image.mkdir()
        for file in self.path.parent.glob("spool.db*"):
            if not file.name.endswith(("-shm", ".lock")):
                shutil.copy(file, image / file.name)
        self.runner.run(self.spool.close())
        self.path = image / "spool.db"
        self.spool = self.runner.run(self.opened())
        self.all_released()

    def teardown(self) -> None:
        super().teardown()
        shutil.rmtree(self.root)


TestMemory = MemoryMachine.TestCase
TestMemory.settings = settings(deadline=None, max_examples=60, stateful_step_count=40)
TestSqlite = SqliteMachine.TestCase
TestSqlite.settings = settings(deadline=None, max_examples=25, stateful_step_count=40)
