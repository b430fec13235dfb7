"""The sets for analysis of a day: out of the store, through DuckDB, and into a store again.

The same objects give the same bytes. Nothing is put anywhere before all of it is made.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from relay.errors import RelayError
from relay.usage.catalogue import Catalogue
from relay.usage.dictionary import Facts, describe
from relay.usage.event_fields import COUNTS
from relay.usage.export_columns import file_name
from relay.usage.export_counts import make_by_value, make_opt_outs, prepare_by_value
from relay.usage.export_engine import MEMORY, THREADS, Engine, open_engine
from relay.usage.export_parts import PART, Made
from relay.usage.export_publishing import Published, publish
from relay.usage.export_reading import find_objects, load
from relay.usage.export_tables import make_events
from relay.usage.store import Store

DAY: Final = 86_400

Progress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be made.

    Attributes:
        day: of the objects, by their paths.
        min_group: people that a group has at least.
        rotate: seconds for which a person has the same pseudonym; 0 is for ever.
        complete: whether the day is over.
        memory: bytes that DuckDB may use.
        threads: that it may use at most.
        part: rows of one file at most.
    """

    day: date
    min_group: int
    rotate: float
    complete: bool = True
    memory: int = MEMORY
    threads: int = THREADS
    part: int = PART


@dataclass(frozen=True, slots=True)
class Exported:
    """What was made.

    Attributes:
        facts: of the day as a whole.
        tables: rows by name, of types of events that have any.
        hidden: types of events with too few people.
        counts: rows by name, of sets of counts.
        published: what is in the store now.
    """

    facts: Facts
    tables: dict[str, int]
    hidden: int
    counts: dict[str, int]
    published: Published


async def export(
    source: Store, target: Store, catalogue: Catalogue, wish: Wish, progress: Progress
) -> Exported:
    """Make the sets of a day.

    Args:
        source: where the objects are.
        target: where the sets are put; may be the same.
        catalogue: the allow-list, from which tables and columns come.
        wish: which day, and how.
        progress: told how far it is.

    Raises:
        RelayError: DuckDB is missing, or two types of events would be one table.
        StoreError: objects cannot be read, or sets cannot be put.
        EngineError: memory or disk are full.
    """
    _check_names(catalogue)
    day = wish.day.isoformat()
    wanted = await find_objects(source, wish.day)
    with open_engine(wish.memory, wish.threads) as engine:
        loaded = await load(engine, source, wanted, _told(progress, "objects"))
        pseudonyms = pseudonyms_a_day(wish.day, wish.rotate)
        least = wish.min_group * pseudonyms
        tables = _make(engine, catalogue, day, least, wish.part, progress)
        known = sum(table.rows + table.suppressed for table in tables if table.event is not None)
        facts = Facts(
            day=day,
            complete=wish.complete,
            min_group=wish.min_group,
            pseudonyms=pseudonyms,
            catalogue=catalogue.digest,
            objects=loaded.objects,
            broken=loaded.broken,
            repeats=loaded.repeats,
            unknown=engine.one("SELECT count(*) FROM events") - known,
        )
        published = await publish(target, describe(facts, tables), tables, _told(progress, "files"))
    rows = {table.name: table.rows for table in tables if table.event is not None and table.files}
    counts = {table.name: table.rows for table in tables if table.event is None}
    return Exported(facts, rows, len(catalogue.events) - len(rows), counts, published)


def pseudonyms_a_day(day: date, rotate: float) -> int:
    """Return how many pseudonyms one person may have on a day, by when the key changes.

    It changes at multiples of `rotate` since the Unix epoch. Who has two would be counted as two,
    so a group must have twice as many.
    """
    if rotate <= 0:
        return 1
    start = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
    return int((start + DAY - 1) // rotate) - int(start // rotate) + 1


def _make(
    engine: Engine, catalogue: Catalogue, day: str, least: int, part: int, progress: Progress
) -> list[Made]:
    prepare_by_value(engine)
    tables = []
    events = sorted(catalogue.events.values(), key=lambda event: event.name)
    for done, event in enumerate(events):
        progress("tables", done, len(events) + 1)
        tables.append(make_events(engine, event, day, least, part))
    progress("tables", len(events), len(events) + 1)
    tables += [make_by_value(engine, part), make_opt_outs(engine, least, part)]
    progress("tables", len(events) + 1, len(events) + 1)
    return tables


def _told(progress: Progress, what: str) -> Callable[[int, int], None]:
    return lambda done, of: progress(what, done, of)


def _check_names(catalogue: Catalogue) -> None:
    """Check that each type has a folder of its own, also where names know no capitals."""
    taken = set(COUNTS)
    for name in catalogue.events:
        folder = file_name(name).casefold()
        if folder in taken:
            raise RelayError(f"two sets would be called {folder}: rename a type of the allow-list")
        taken.add(folder)
