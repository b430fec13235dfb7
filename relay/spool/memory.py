"""The spool in memory: the same contract without a disk, for tests and for small uses."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from relay.delivery import Ack, Bury, Decision, RetryAt
from relay.errors import SpoolFullError, SpoolUnavailableError
from relay.limit_memory import KeyLimit
from relay.outcomes import Reason
from relay.ports import Claim, Clock, DeadLetter, Expired, Lane, SpoolStatus
from relay.scrub.permit import ScrubbedEnvelope
from relay.spool.bounds import CLAIM_BYTES, Bounds, Dropped, OnDrop, fingerprint, ignore_drop
from relay.spool.waiting import Waiters


class State(Enum):
    """What may be done with an entry."""

    READY = auto()
    CLAIMED = auto()
    DEAD = auto()


@dataclass(frozen=True, slots=True)
class _Entry:
    envelope: ScrubbedEnvelope
    stored_at: float
    due_at: float = 0.0
    attempts: int = 0
    state: State = State.READY
    reason: Reason | None = None


class MemorySpool:
    """A `ports.Spool` that lasts as long as its process."""

    def __init__(
        self, clock: Clock, bounds: Bounds | None = None, on_drop: OnDrop = ignore_drop
    ) -> None:
        self._clock = clock
        self._bounds = bounds or Bounds()
        self._on_drop = on_drop
        self._waiters = Waiters(clock)
        self._entries: dict[int, _Entry] = {}  # the oldest first
        self._recent: dict[bytes, float] = {}
        self._limits: dict[tuple[str, ...], KeyLimit] = {}
        self._bytes = 0
        self._last_id = 0
        self._closed = False

    @property
    def dead(self) -> "MemoryDeadLetters":
        """The dead letters. See `ports.DeadLetters`."""
        return MemoryDeadLetters(self)

    async def check(self) -> None:
        """Return if it is open; memory can always be written. See `ports.Spool.check`."""
        self._must_be_open()

    async def share_limits(self, learned: Sequence[KeyLimit]) -> Sequence[KeyLimit]:
        """Keep limits and return those in force. See `ports.Spool.share_limits`."""
        self._must_be_open()
        now = self._clock.now()
        for one in (*self._limits.values(), *learned):
            key = (*one.where, one.limit.category, one.limit.namespace)
            if one.limit.until >= self._limits.get(key, one).limit.until:
                self._limits[key] = one
        self._limits = {k: one for k, one in self._limits.items() if one.limit.until > now}
        return tuple(self._limits.values())

    async def put(self, envelope: ScrubbedEnvelope) -> bool:
        """Store an envelope. See `ports.Spool.put`."""
        self._must_be_open()
        now = self._clock.now()
        digest = fingerprint(envelope)
        self._forget_recent(now)
        if digest in self._recent:
            return False
        self._make_room(len(envelope.body), now)
        self._last_id += 1
        self._entries[self._last_id] = _Entry(envelope, now)
        self._recent[digest] = now
        self._bytes += len(envelope.body)
        self._waiters.wake()
        return True

    async def claim(self, limit: int, skip: Collection[Lane] = ()) -> Sequence[Claim]:
        """Take envelopes that are due, oldest first. See `ports.Spool.claim`."""
        self._must_be_open()
        now = self._clock.now()
        self._expire(now)
        claims: list[Claim] = []
        total = 0
        for number, entry in self._entries.items():
            if len(claims) >= limit:
                break
            if entry.state is not State.READY or entry.due_at > now or _lane(entry) in skip:
                continue
            total += len(entry.envelope.body)
            if claims and total > CLAIM_BYTES:
                break
            claims.append(Claim(number, entry.envelope, entry.attempts, entry.stored_at))
        for claim in claims:
            self._change(claim.claim_id, state=State.CLAIMED)
        return claims

    async def settle(self, settlements: Sequence[tuple[Claim, Decision]]) -> None:
        """Carry out decisions on claims. See `ports.Spool.settle`."""
        self._must_be_open()
        for claim, decision in settlements:
            number = claim.claim_id
            entry = self._entries.get(number)
            if entry is None or entry.state is not State.CLAIMED:
                continue
            match decision:
                case Ack():
                    self._remove(number)
                case RetryAt(at, tried):
                    attempts = entry.attempts + tried
                    self._change(number, state=State.READY, due_at=at, attempts=attempts)
                case Bury(reason):
                    self._entries[number] = replace(
                        entry, state=State.DEAD, attempts=entry.attempts + 1, reason=reason
                    )
        self._waiters.wake()

    async def wait(self, timeout: float, skip: Collection[Lane] = ()) -> None:  # noqa: ASYNC109
        """Return when something may be due. See `ports.Spool.wait`."""
        self._must_be_open()
        await self._waiters.wait(timeout, lambda: self._next_due(skip))

    async def expire(self, *, dry_run: bool = False) -> Expired:
        """Let go of what is too old. See `ports.Spool.expire`."""
        self._must_be_open()
        now = self._clock.now()
        if not dry_run:
            self._forget_recent(now)
            return self._expire(now)
        return sum((_expired(self._entries[number]) for number in self._old(now)), Expired())

    async def status(self) -> SpoolStatus:
        """Count what is held."""
        self._must_be_open()
        states = [entry.state for entry in self._entries.values()]
        living = [e.stored_at for e in self._entries.values() if e.state is not State.DEAD]
        return SpoolStatus(
            ready=states.count(State.READY),
            claimed=states.count(State.CLAIMED),
            buried=states.count(State.DEAD),
            bytes=self._bytes,
            oldest_age=max(0.0, self._clock.now() - min(living)) if living else 0.0,
        )

    async def close(self) -> None:
        """Take nothing more. May be repeated."""
        self._closed = True
        self._waiters.wake()

    # --- for its dead letters ---

    def buried(self, numbers: Collection[int] | None = None) -> dict[int, _Entry]:
        """Return these dead letters, or all, in the order of numbers."""
        self._must_be_open()
        dead = {n: e for n, e in sorted(self._entries.items()) if e.state is State.DEAD}
        return dead if numbers is None else {n: e for n, e in dead.items() if n in numbers}

    def revive(self, numbers: Collection[int] | None) -> int:
        """Make dead letters ready, as if just put; return how many."""
        chosen = self.buried(numbers)
        now = self._clock.now()
        for number, entry in chosen.items():
            del self._entries[number]
            self._entries[number] = _Entry(entry.envelope, now)
        self._waiters.wake()
        return len(chosen)

    def purge(self, numbers: Collection[int] | None) -> int:
        """Forget dead letters; return how many."""
        chosen = self.buried(numbers)
        for number in chosen:
            self._remove(number)
        return len(chosen)

    # --- the rest ---

    async def _next_due(self, skip: Collection[Lane]) -> float | None:
        ready = (e for e in self._entries.values() if e.state is State.READY)
        return min((e.due_at for e in ready if _lane(e) not in skip), default=None)

    def _must_be_open(self) -> None:
        if self._closed:
            raise SpoolUnavailableError("the spool is closed")

    def _make_room(self, size: int, now: float) -> None:
        limit = self._bounds.max_bytes
        if self._bytes + size > limit:
            self._expire(now)
        if self._bytes + size <= limit:
            return
        dead = list(self.buried())
        if self._bytes + size - sum(self._size(number) for number in dead) > limit:
            raise SpoolFullError("the spool is full")
        for number in dead:
            if self._bytes + size > limit:
                self._drop(number, Reason.SPOOL_FULL)

    def _forget_recent(self, now: float) -> None:
        window = self._bounds.repeat_window
        self._recent = {d: seen for d, seen in self._recent.items() if abs(now - seen) < window}

    def _old(self, now: float) -> list[int]:
        ages = {State.READY: self._bounds.max_age, State.DEAD: self._bounds.max_dead_age}
        return [
            number
            for number, entry in self._entries.items()
            if (age := ages.get(entry.state)) is not None and entry.stored_at <= now - age
        ]

    def _expire(self, now: float) -> Expired:
        gone = (self._drop(number, Reason.EXPIRED) for number in self._old(now))
        return sum(map(_expired, gone), Expired())

    def _drop(self, number: int, reason: Reason) -> _Entry:
        entry = self._remove(number)
        envelope = entry.envelope
        self._on_drop(
            Dropped(
                envelope.project,
                envelope.key,
                envelope.categories,
                len(envelope.body),
                reason,
                buried=entry.state is State.DEAD,
            )
        )
        return entry

    def _size(self, number: int) -> int:
        return len(self._entries[number].envelope.body)

    def _remove(self, number: int) -> _Entry:
        entry = self._entries.pop(number)
        self._bytes -= len(entry.envelope.body)
        return entry

    def _change(
        self,
        number: int,
        *,
        state: State,
        due_at: float | None = None,
        attempts: int | None = None,
    ) -> None:
        entry = self._entries[number]
        self._entries[number] = replace(
            entry,
            state=state,
            due_at=entry.due_at if due_at is None else due_at,
            attempts=entry.attempts if attempts is None else attempts,
        )


class MemoryDeadLetters:
    """The dead letters of a spool in memory."""

    def __init__(self, spool: MemorySpool) -> None:
        self._spool = spool

    async def list(self, limit: int, after: int = 0) -> Sequence[DeadLetter]:
        """Return some. See `ports.DeadLetters.list`."""
        letters = self._spool.buried().items()
        return [_letter(number, entry) for number, entry in letters if number > after][:limit]

    async def read(self, number: int) -> ScrubbedEnvelope | None:
        """Return one's envelope. See `ports.DeadLetters.read`."""
        entry = self._spool.buried().get(number)
        return None if entry is None else entry.envelope

    async def retry(self, numbers: Collection[int] | None = None) -> int:
        """Make some due. See `ports.DeadLetters.retry`."""
        return self._spool.revive(numbers)

    async def purge(self, numbers: Collection[int] | None = None) -> int:
        """Forget some. See `ports.DeadLetters.purge`."""
        return self._spool.purge(numbers)


def _letter(number: int, entry: _Entry) -> DeadLetter:
    envelope = entry.envelope
    return DeadLetter(
        number,
        envelope.envelope_id,
        envelope.project,
        envelope.key,
        envelope.categories,
        len(envelope.body),
        entry.stored_at,
        entry.attempts,
        entry.reason or Reason.INTERNAL,
    )


def _expired(entry: _Entry) -> Expired:
    dead = entry.state is State.DEAD
    return Expired(waiting=not dead, dead=dead, bytes=len(entry.envelope.body))


def _lane(entry: _Entry) -> Lane:
    return (entry.envelope.project, entry.envelope.key)
