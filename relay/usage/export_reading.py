"""Objects of a day into one table, each event once.

Law of this file: an object is read as a whole or not at all. Columns are as in the record lines;
who and which message are kept as 128 bits, by which they are compared and counted only.
"""

# ruff: noqa: S608 - what is put into statements are constants and names of ours

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

import zstandard

from relay.usage.export_columns import literal
from relay.usage.export_engine import Engine, UnreadableError
from relay.usage.model import Partition, Record
from relay.usage.objects import read_path
from relay.usage.store import Store

AT_ONCE: Final = 8
"""Objects that are fetched at one time."""

LARGEST: Final = 1_000_000_000
"""Bytes of an object when it is unpacked; a larger one is none of ours."""

LARGEST_PACKED: Final = 300_000_000
"""Bytes of an object as it is stored; a larger one is not even fetched. A batch has fewer
(`usage.batch.bytes`), and what cannot be packed grows by little."""

_PIECE: Final = 512
"""Packed bytes that are unpacked in one go: 16 MB at most, whatever they say."""

_EVENT: Final = {
    "type": "VARCHAR",
    "version": "VARCHAR",
    "commit": "VARCHAR",
    "channel": "VARCHAR",
    "instance": "VARCHAR",
    "session": "VARCHAR",
    "message": "VARCHAR",
    "time": "TIMESTAMP",
    "attributes": "JSON",
}
_OPT_OUT: Final = {"decision": "VARCHAR", "day": "VARCHAR", "app": "VARCHAR", "version": "VARCHAR"}

_TABLES: Final = """
CREATE TABLE objects (file VARCHAR, app VARCHAR, environment VARCHAR, hour BIGINT);
CREATE TABLE events (
    app VARCHAR, environment VARCHAR, hour BIGINT, type VARCHAR, version VARCHAR, "commit" VARCHAR,
    channel VARCHAR, person UUID, session UUID, message UUID, time TIMESTAMP,
    attributes VARCHAR
);
CREATE TABLE earlier (message UUID);
CREATE TABLE decisions (app VARCHAR, version VARCHAR);
"""

_NUMBER: Final = "CASE WHEN {0} <> '' THEN md5({0})::UUID END"
"""A pseudonym as 128 bits; an empty one is none, and so counts as nobody."""

Advance = Callable[[int, int], None]
"""Told how many objects are done, and of how many."""


class Into(StrEnum):
    """The tables that objects are read into."""

    EVENTS = "events"
    """Events of the day."""
    EARLIER = "earlier"
    """Messages of the hour before it: a client tries again after a second."""
    DECISIONS = "decisions"
    """Decisions to share nothing."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was read: objects, those that could not be, and repeats that were left out."""

    objects: int
    broken: int
    repeats: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """An object that is to be read, its size in bytes, and into which table."""

    path: str
    size: int
    partition: Partition
    into: Into


async def find_objects(store: Store, day: date) -> list[Wanted]:
    """Return the objects of a day and of the last hour of the day before, in order of path.

    Raises:
        StoreError: they cannot be listed.
    """
    today, before = day.isoformat(), (day - timedelta(days=1)).isoformat()
    found = []
    for record in Record:
        async for stored in store.list(record):
            named = read_path(stored.path)
            if named is None:
                continue
            into = _table_of(named.partition, today, before)
            if into is not None:
                found.append(Wanted(stored.path, stored.size, named.partition, into))
    return sorted(found, key=lambda wanted: wanted.path)


def _table_of(partition: Partition, today: str, before: str) -> Into | None:
    if partition.record is Record.OPT_OUTS:
        return Into.DECISIONS if partition.day == today else None
    if partition.day == today:
        return Into.EVENTS
    return Into.EARLIER if (partition.day, partition.hour) == (before, 23) else None


async def load(engine: Engine, store: Store, wanted: Sequence[Wanted], advance: Advance) -> Loaded:
    """Read objects into the tables `events` and `decisions`, and leave repeats out.

    Raises:
        StoreError: one cannot be fetched, though it may be there.
        EngineError: memory or disk are full.
    """
    engine.run(_TABLES)
    broken = done = 0
    async for fetched in _fetch(engine.folder, store, wanted):
        broken += sum(1 for _, file in fetched if file is None)
        there = [(one, file) for one, file in fetched if file is not None]
        for into in Into:
            broken += _insert_all(engine, into, [pair for pair in there if pair[0].into is into])
        for _, file in there:
            file.unlink()
        done += len(fetched)
        advance(done, len(wanted))
    return Loaded(done - broken, broken, _leave_out_repeats(engine))


async def _fetch(
    folder: Path, store: Store, wanted: Sequence[Wanted]
) -> AsyncIterator[list[tuple[Wanted, Path | None]]]:
    """Yield some objects at a time, each with the file that it is in; None if it is broken."""
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_fetch_one(folder / f"{start + n}.ndjson", store, one))
                for n, one in enumerate(some)
            ]
        yield [(one, task.result()) for one, task in zip(some, tasks, strict=True)]


async def _fetch_one(file: Path, store: Store, wanted: Wanted) -> Path | None:
    if wanted.size > LARGEST_PACKED:
        return None
    data = await store.get(wanted.path)
    return None if data is None else await asyncio.to_thread(_unpack, data, file)


def _unpack(data: bytes, file: Path) -> Path | None:
    """Write an object's lines into a file; None if it does not unpack, or is far too large."""
    unpacker = zstandard.ZstdDecompressor().decompressobj()
    size = 0
    try:
        with file.open("wb") as out:
            for start in range(0, len(data), _PIECE):
                piece = unpacker.decompress(data[start : start + _PIECE])
                size += len(piece)
                if size > LARGEST:
                    break
                out.write(piece)
    except zstandard.ZstdError:
        size = -1
    if 0 <= size <= LARGEST and unpacker.eof and not unpacker.unused_data:
        return file
    file.unlink()
    return None


def _insert_all(engine: Engine, into: Into, some: Sequence[tuple[Wanted, Path]]) -> int:
    """Insert the lines of some files; return how many files could not be read."""
    if not some:
        return 0
    try:
        _insert(engine, into, some)
    except UnreadableError:
        if len(some) == 1:
            return 1
        return sum(_insert_all(engine, into, [one]) for one in some)
    return 0


def _insert(engine: Engine, into: Into, some: Sequence[tuple[Wanted, Path]]) -> None:
    """Insert the lines of all of these files, or of none.

    Raises:
        UnreadableError: a line is no record.
    """
    engine.run("DELETE FROM objects")
    for one, file in some:
        place = one.partition
        engine.run(
            "INSERT INTO objects VALUES (?, ?, ?, ?)",
            [str(file), place.app, place.environment, place.hour],
        )
    columns = _OPT_OUT if into is Into.DECISIONS else _EVENT
    types = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in columns.items())
    files = ", ".join(literal(str(file)) for _, file in some)
    source = (
        f"read_json([{files}], format = 'newline_delimited', columns = {{{types}}}, "
        "filename = 'file') AS line JOIN objects USING (file)"
    )
    message = _NUMBER.format("line.message")
    match into:
        case Into.DECISIONS:
            engine.run(f"INSERT INTO decisions SELECT objects.app, line.version FROM {source}")
        case Into.EARLIER:
            engine.run(f"INSERT INTO earlier SELECT {message} FROM {source}")
            engine.run("DELETE FROM earlier WHERE message IS NULL")
        case Into.EVENTS:
            engine.run(
                "INSERT INTO events SELECT objects.app, objects.environment, objects.hour, "
                'line.type, line.version, line."commit", line.channel, '
                f"{_NUMBER.format('line.instance')}, {_NUMBER.format('line.session')}, "
                f"{message}, line.time, line.attributes::VARCHAR FROM {source}"
            )


def _leave_out_repeats(engine: Engine) -> int:
    """Leave of each message the first alone, and none that came the day before; return how many.

    Which of two is the first: by hour, then by what they say, so that the order in which objects
    are read changes nothing.
    """
    before = engine.one("SELECT count(*) FROM events")
    engine.run("DELETE FROM events WHERE message IN (SELECT message FROM earlier)")
    engine.run(
        "CREATE TEMP TABLE twice AS SELECT message FROM events WHERE message IS NOT NULL "
        "GROUP BY message HAVING count(*) > 1"
    )
    engine.run(
        "DELETE FROM events WHERE rowid IN (SELECT id FROM (SELECT e.rowid AS id, row_number() "
        "OVER (PARTITION BY message ORDER BY hour, app, environment, type, version, "
        '"commit", channel, person, session, time, attributes) AS nth '
        "FROM events AS e SEMI JOIN twice USING (message)) WHERE nth > 1)"
    )
    engine.run("DROP TABLE twice")
    return int(before - engine.one("SELECT count(*) FROM events"))
