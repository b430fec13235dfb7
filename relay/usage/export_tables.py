"""One table a type of event, out of the events of a day.

What a table says of people together is shown by groups (`relay.usage.grouping`): first all columns
that describe somebody, then, within a group, when something was done, then each other attribute
for itself, over the whole table.

Installations and sessions get names that are made anew for each group of each table of each day.
Sets of several days or types joined by them would be one set in which nobody counted (Sweeney 2002,
section 4: complementary release, temporal inference).
"""

# ruff: noqa: S608 - what is put into statements are names of ours, quoted ones, and numbers

from collections.abc import Iterable, Mapping
from typing import Final

from relay.usage.attributes import EventType
from relay.usage.export_columns import (
    DESCRIBING,
    FIXED,
    HOUR,
    INSTANCE,
    SESSION,
    TIME,
    Column,
    attribute_columns,
    expression,
    file_name,
    literal,
    quoted,
    structure,
    structures,
)
from relay.usage.export_counts import add_by_value
from relay.usage.export_engine import Engine
from relay.usage.export_parts import PART, Made, write_parts
from relay.usage.grouping import Grouping, Rest, by_distinct_values

_PEOPLE: Final = "SELECT count(*) FROM (SELECT DISTINCT person FROM {} WHERE person IS NOT NULL)"


def make_events(engine: Engine, event: EventType, day: str, least: int, part: int = PART) -> Made:
    """Make the table of a type.

    Args:
        engine: with the table `events`.
        event: the type.
        day: as `2026-11-22`.
        least: people that a group has at least.
        part: rows of one file at most.

    Raises:
        EngineError: memory or disk are full.
    """
    return _Making(engine, event, day, least).make(part)


class _Making:
    """Makes the table of one type. Meanwhile columns have names of ours: `k0`, `k1`.

    Temporary tables, which wait for no disk, come and go: `typed` (the rows as the allow-list reads
    them), `cells` (the groups that are shown), `grouped` (the rows in them), `times` and
    `values_0`, … (what is shown of the rest), `finished` (the rows as they are written).
    """

    def __init__(self, engine: Engine, event: EventType, day: str, least: int) -> None:
        self._engine = engine
        self._event = event
        self._day = day
        self._least = least
        self._attributes = attribute_columns(event)
        self._columns = (*FIXED, *self._attributes)
        self._keys = {column.name: f"k{nth}" for nth, column in enumerate(self._columns)}
        self._describing = [column for column in self._columns if column.describes]
        self._others = [column for column in self._attributes if not column.describes]

    def make(self, part: int) -> Made:
        """Make it; leave nothing but its files."""
        run, one = self._engine.run, self._engine.one
        self._read()
        name = file_name(self._event.name)
        before = one("SELECT count(*) FROM typed")
        if one(_PEOPLE.format("typed")) < self._least:
            run("DROP TABLE typed")
            return Made(name, self._event, self._columns, (), 0, before, {})
        counted = [(c, self._key(c)) for c in (*self._describing, *self._others)]
        add_by_value(self._engine, self._event.name, counted, self._least)
        was = self._group()
        was |= self._counts("grouped", {c.name: self._keys[c.name] for c in self._rest})
        suppressed = before - one("SELECT count(*) FROM grouped")
        people = one(_PEOPLE.format("grouped"))
        run("DROP TABLE typed")
        self._times.place(self._engine, "times")
        for nth, column in enumerate(self._others):
            grouping = Grouping("grouped", (), (self._key(column),), self._least, Rest.MERGE)
            grouping.place(self._engine, f"values_{nth}")
        self._finish()
        now = self._counts("finished", {name: quoted(name) for name in was})
        files = write_parts(self._engine, name, part)
        _drop(self._engine, "grouped", "times", "finished")
        lost = {name: was[name] - now[name] for name in was}
        return Made(name, self._event, self._columns, files, people, suppressed, lost)

    @property
    def _rest(self) -> list[Column]:
        """Columns that describe nobody, and name nobody."""
        return [HOUR, TIME, *self._others]

    @property
    def _times(self) -> Grouping:
        """When something was done: shown within a group, if enough people of it did it then."""
        lose = (self._key(TIME), self._key(HOUR))
        return Grouping("grouped", ("cell",), lose, self._least, Rest.MERGE)

    def _key(self, column: Column) -> str:
        return self._keys[column.name]

    def _read(self) -> None:
        """Make `typed`."""
        event = self._event
        parts = [f"{quoted(c.name)} AS {self._key(c)}" for c in (*DESCRIBING, HOUR, TIME)]
        reads = ["*"]
        for nth, some in enumerate(structures(self._attributes)):
            reads.append(f"json_transform(attributes, {literal(structure(some))}) AS a{nth}")
            parts += [f"{expression(c, f'a{nth}')} AS {self._key(c)}" for c in some]
        apps = f"AND app IN ({_list(map(literal, sorted(event.apps)))})" if event.apps else ""
        self._engine.run(
            f"CREATE OR REPLACE TEMP TABLE typed AS SELECT person, session, {_list(parts)} "
            f"FROM (SELECT {_list(reads)} FROM events "
            f"WHERE type = {literal(event.name)} {apps})"
        )

    def _group(self) -> dict[str, int]:
        """Make `cells` and `grouped`.

        Returns:
            How many values the rows had, by column that describes somebody.
        """
        run = self._engine.run
        keys = [self._key(column) for column in self._describing]
        order = by_distinct_values(self._engine, "typed", keys)
        grouping = Grouping("typed", *order, self._least, Rest.SUPPRESS)
        grouping.place(self._engine, "placed")
        now = {key: grouping.shown(key) for key in keys}
        # Names within a group are made of the day, the table, and what the group has in common.
        texts = _list(f"{key}::VARCHAR" for key in keys)
        place = f"{literal(self._day)}, {literal(self._event.name)}"
        run(
            f"CREATE OR REPLACE TEMP TABLE cells AS SELECT row_number() OVER () AS cell, "
            f"to_json([{place}, {texts}])::VARCHAR AS seed, * FROM "
            f"(SELECT DISTINCT {_list(f'{now[key]} AS {key}' for key in keys)} FROM placed)"
        )
        alike = " AND ".join(f"p.{now[key]} IS NOT DISTINCT FROM c.{key}" for key in keys)
        run(
            "CREATE OR REPLACE TEMP TABLE cell_of AS "
            f"SELECT c.cell, p.* FROM placed p JOIN cells c ON {alike}"
        )
        joined = f"typed AS t JOIN cell_of AS c ON {grouping.matches('t', 'c')}"
        kept = _list(f"t.{self._key(column)}" for column in self._rest)
        run(
            "CREATE OR REPLACE TEMP TABLE grouped AS "
            f"SELECT c.cell, t.person, t.session, {kept} FROM {joined}"
        )
        names = {column.name: f"t.{self._key(column)}" for column in self._describing}
        return self._counts(joined, names)

    def _finish(self) -> None:
        """Make `finished`, in an order that tells nothing of when rows came."""
        parts = {column.name: f"c.{self._key(column)}" for column in self._describing}
        parts |= {TIME.name: "t.now_0", HOUR.name: "t.now_1"}
        parts |= {INSTANCE.name: _name("g.person"), SESSION.name: _name("g.session")}
        joins = ["JOIN cells AS c USING (cell)"]
        joins.append(f"JOIN times AS t ON {self._times.matches('g', 't')}")
        for nth, column in enumerate(self._others):
            parts[column.name] = f"v{nth}.now_0"
            joins.append(
                f"LEFT JOIN (SELECT * FROM values_{nth} WHERE now_0 IS NOT NULL) AS v{nth} "
                f"ON g.{self._key(column)} = v{nth}.was_0"
            )
        shown = _list(f"{parts[c.name]} AS {quoted(c.name)}" for c in self._columns)
        self._engine.run(
            f"CREATE OR REPLACE TEMP TABLE finished AS SELECT {shown} "
            f"FROM grouped AS g {' '.join(joins)} ORDER BY ALL"
        )

    def _counts(self, table: str, names: Mapping[str, str]) -> dict[str, int]:
        """Return by column how many rows say something; `names` are the columns in SQL."""
        counts = _list(f"count({name})" for name in names.values())
        (row,) = self._engine.run(f"SELECT {counts} FROM {table}")
        return dict(zip(names, row, strict=True))


def _name(number: str) -> str:
    """Return the SQL of the name of an installation or a session within its group."""
    name = f"substr(sha256(concat_ws(chr(10), c.seed, {number}::VARCHAR)), 1, 16)"
    return f"CASE WHEN {number} IS NOT NULL THEN {name} END"


def _drop(engine: Engine, *tables: str) -> None:
    for table in tables:
        engine.run(f"DROP TABLE {table}")


def _list(parts: Iterable[str]) -> str:
    return ", ".join(parts)
