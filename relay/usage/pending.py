"""Notes in the store of what is about to be written, so that nothing is written twice.

Who writes objects first notes which rows will be in them, then looks for notes of others with the
same rows: of two who hold one row at least one sees the other. What another had noted is then
decided for good: either its object is there, and the row is done; or a fence is created in its
place, and the object can never be written, however late the other comes.

Law of this file: nothing is created but where nothing is, by the store's own word; and of clocks
only the store's decides.
"""

import logging
import re
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from relay import jsonio
from relay.errors import StoreError
from relay.usage.objects import FENCE, PENDING, read_path
from relay.usage.planning import Draft
from relay.usage.store import Store

PROBE: Final = f"{PENDING}/probe"
"""An object that tells whether the store keeps what is there from being created again."""

NOTE: Final = re.compile(PENDING + r"/([0-9a-f]{32})\.json")  # noqa: TID251 - names of ours

MARGIN: Final = 3_600.0
"""A note stays for so long after its rows can have no place in a spool any more, in seconds."""

LONGEST_AGE: Final = 1e12
"""Seconds that a note may say at most; with more nobody could reckon."""

LARGEST: Final = 100_000_000
"""Bytes of a note at most, some three million rows; a larger one is not fetched."""

KEPT_BYTES: Final = 32_000_000
"""So much of notes is remembered; the rest is read again in each round."""

_TRIES: Final = 3

log = logging.getLogger("relay.usage")


@dataclass(frozen=True, slots=True)
class Noted:
    """One object that somebody meant to write: its path, its size in bytes, the rows in it."""

    path: str
    size: int
    rows: frozenset[str]


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody meant to write in one round; `max_age` is that of the rows, in seconds."""

    name: str
    objects: tuple[Noted, ...]
    max_age: float

    @property
    def rows(self) -> frozenset[str]:
        """The rows of all its objects."""
        return frozenset().union(*(one.rows for one in self.objects))


class Pending:
    """The notes in a store. One object for each who writes."""

    def __init__(self, store: Store, max_age: float) -> None:
        """Set up.

        Args:
            store: holds notes and objects.
            max_age: seconds after which no spool gives a row any more.
        """
        self._store = store
        self._max_age = max_age
        self._known: OrderedDict[str, bytes] = OrderedDict()
        self._unreadable: set[str] = set()
        self._checked = False
        self._going: set[str] = set()
        self._left: dict[str, frozenset[str]] = {}

    async def check(self, *, again: bool = False) -> None:
        """Look, once, whether the store can tell who was first; all of this rests on it.

        Args:
            again: look at least whether it can be reached.

        Raises:
            StoreError: it cannot, or it cannot be reached.
        """
        if self._checked:
            if again:
                await self._store.size(PROBE)
            return
        new = await self._store.create(PROBE, FENCE)
        if new and await self._store.create(PROBE, FENCE):
            raise StoreError("the store has no conditional writes (If-None-Match)")
        self._checked = True

    async def note(self, name: str, drafts: Sequence[Draft]) -> Note:
        """Note what is about to be written; return the note.

        Raises:
            StoreError: nobody knows whether it is noted.
        """
        noted = tuple(Noted(one.path, len(one.data), one.rows) for one in drafts)
        note = Note(name, noted, self._max_age)
        objects = [
            {"path": one.path, "size": one.size, "rows": sorted(one.rows)} for one in note.objects
        ]
        data = jsonio.dumps({"max_age": self._max_age, "objects": objects})
        self._remember(name, data)
        await self._store.put(_path_of(name), data)
        return note

    async def others(self, name: str, rows: Collection[str]) -> list[Note]:
        """Return all notes but one that have any of some rows; delete those that are too old.

        Raises:
            StoreError: they cannot be read, or the note of that name is not told among them.
        """
        # What has no name of ours was put there by somebody else, and is not looked at.
        listed = {
            ours[1]: one
            async for one in self._store.list(PENDING)
            if (ours := NOTE.fullmatch(one.path)) is not None
        }
        if name not in listed:
            raise StoreError("the store does not list what was written to it")
        now = listed.pop(name).modified
        for gone in self._known.keys() - listed.keys() - {name}:
            del self._known[gone]
        found: list[Note] = []
        for other in listed.keys() - self._going:
            note = await self._read(other, listed[other].size)
            # Who has another spool, and shares the store, may keep rows for longer.
            if (
                now - listed[other].modified
                > (self._max_age if note is None else note.max_age) + MARGIN
            ):
                self.forget(other)
            elif note is not None and not note.rows.isdisjoint(rows):
                found.append(note)
        await self.sweep()
        return found

    async def decide(self, noted: Noted) -> bool:
        """Return whether an object was written; if not, it cannot be from now on.

        Raises:
            StoreError: nobody knows.
        """
        for _ in range(_TRIES):
            size = await self._store.size(noted.path)
            if size == noted.size:
                return True
            if size == len(FENCE):
                return False
            if size is not None:  # not what was noted: half of it, from a store that is broken
                log.error("usage_object_damaged", extra={"bytes": size})
                await self._store.put(noted.path, FENCE)
                return False
            if await self._store.create(noted.path, FENCE):
                return False
        raise StoreError("the store contradicts itself")

    async def write(self, draft: Draft) -> bool:
        """Write an object that is noted; return False if somebody has decided that it is not.

        May be repeated: where an earlier try arrived, its object is found, and that is all.

        Raises:
            StoreError: nobody knows whether it is written.
        """
        if await self._store.create(draft.path, draft.data):
            return True
        return await self.decide(Noted(draft.path, len(draft.data), draft.rows))

    def count_off(self, note: Note, done: Collection[str]) -> bool:
        """Note that rows are settled; return whether none of a note's are left.

        One whose other rows are settled by others, or were before, stays until it is too old.
        """
        left = self._left.pop(note.name, note.rows).difference(done)
        if left:
            self._left[note.name] = left
        return not left

    def forget(self, name: str) -> None:
        """Let a note go, with the next `sweep`: all that it speaks of is settled, or never done."""
        self._going.add(name)

    async def sweep(self) -> None:
        """Delete notes that are to go.

        Raises:
            StoreError: some are left; the next call tries again.
        """
        going = frozenset(self._going)
        await self._store.delete([_path_of(name) for name in going])
        self._going -= going
        for name in going:
            self._known.pop(name, None)
            self._left.pop(name, None)

    async def _read(self, name: str, size: int) -> Note | None:
        data = self._known.get(name)
        if data is None and size > LARGEST:
            data = b""
        elif data is None:
            data = await self._store.get(_path_of(name))
            if data is None:  # its writer has just finished with it
                return None
            self._remember(name, data)
        try:
            return read_note(name, data)
        except ValueError:
            if name not in self._unreadable:  # left alone, until it is too old
                self._unreadable.add(name)
                log.error("usage_note_unreadable", extra={"bytes": size})  # noqa: TRY400
            return None

    def _remember(self, name: str, data: bytes) -> None:
        self._known[name] = data
        while sum(map(len, self._known.values())) > KEPT_BYTES:
            self._known.popitem(last=False)


def read_note(name: str, data: bytes) -> Note:
    """Read a note.

    Raises:
        ValueError: it is none of ours, or of a version that is not known.
    """
    told = jsonio.loads(data)
    if type(told) is not dict or told.keys() != {"max_age", "objects"}:
        raise ValueError("no note")
    max_age, objects = told["max_age"], told["objects"]
    if type(max_age) not in (int, float) or type(objects) is not list:
        raise ValueError("no note")
    if not 0 <= max_age <= LONGEST_AGE:  # nor a number that no float can be
        raise ValueError("no note")
    return Note(name, tuple(_read_noted(one) for one in objects), max_age)


def _read_noted(told: Any) -> Noted:
    if type(told) is not dict or told.keys() != {"path", "size", "rows"}:
        raise ValueError("no note")
    path, size, rows = told["path"], told["size"], told["rows"]
    if type(path) is not str or read_path(path) is None or type(size) is not int:
        raise ValueError("no note")
    if size <= len(FENCE) or type(rows) is not list or not all(type(r) is str for r in rows):
        raise ValueError("no note")
    return Noted(path, size, frozenset(rows))


def _path_of(name: str) -> str:
    return f"{PENDING}/{name}.json"
