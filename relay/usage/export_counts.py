"""The sets of counts: people by each value alone, and decisions to share nothing.

The more columns describe somebody, the more of them are lost in the table of a type. So how many
people there are by one column alone is a set of its own, made of all rows, in steps of the smallest
group.
"""

# ruff: noqa: S608 - what is put into statements are names of ours, quoted ones, and numbers

from collections.abc import Iterable
from typing import Final

from relay.usage.export_columns import APP, BY_VALUE, LIST, OPT_OUTS, VERSION, Column, literal
from relay.usage.export_engine import Engine
from relay.usage.export_parts import PART, Made, write_parts
from relay.usage.grouping import Grouping, Rest, by_distinct_values

_BY: Final = (APP.name, VERSION.name)
"""What decisions to share nothing are counted by."""


def prepare_by_value(engine: Engine) -> None:
    """Make room for people by value, which each table of a type adds to.

    Raises:
        EngineError: memory or disk are full.
    """
    engine.run(
        'CREATE TEMP TABLE by_value (event VARCHAR, "column" VARCHAR, value VARCHAR, people BIGINT)'
    )


def add_by_value(
    engine: Engine, event: str, columns: Iterable[tuple[Column, str]], least: int
) -> None:
    """Add people by each value of each column, of values that enough people have.

    Args:
        engine: with the table `typed`.
        event: the type that it is of.
        columns: those that are counted, each with what it is called there.
        least: people that a value has at least.

    Raises:
        EngineError: memory or disk are full.
    """
    for column, key in columns:
        value = f"unnest({key})" if column.type == LIST else key
        engine.run(
            f"INSERT INTO by_value SELECT {literal(event)}, {literal(column.name)}, "
            f"value::VARCHAR, count(*) - count(*) % {least} FROM (SELECT DISTINCT "
            f"{value} AS value, person FROM typed WHERE person IS NOT NULL) "
            f"WHERE value IS NOT NULL GROUP BY value HAVING count(*) >= {least}"
        )


def make_by_value(engine: Engine, part: int = PART) -> Made:
    """Make the set of people by each value of each column, when all types are made.

    Raises:
        EngineError: memory or disk are full.
    """
    engine.run("CREATE OR REPLACE TEMP TABLE finished AS SELECT * FROM by_value ORDER BY ALL")
    files = write_parts(engine, "people_by_value", part)
    return Made("people_by_value", None, BY_VALUE, files, 0, 0, {})


def make_opt_outs(engine: Engine, least: int, part: int = PART) -> Made:
    """Make the set of decisions: how many by app and version. Each counts as somebody.

    Args:
        engine: with the table `decisions`.
        least: decisions that a group has at least.
        part: rows of one file at most.

    Raises:
        EngineError: memory or disk are full.
    """
    engine.run(
        "CREATE OR REPLACE TEMP TABLE typed AS "
        "SELECT app, version, row_number() OVER () AS person FROM decisions"
    )
    grouping = Grouping("typed", *by_distinct_values(engine, "typed", _BY), least, Rest.SUPPRESS)
    grouping.place(engine, "cells")
    app, version = (f"c.{grouping.shown(name)}" for name in _BY)
    joined = f"typed AS t JOIN cells AS c ON {grouping.matches('t', 'c')}"
    engine.run(
        f"CREATE OR REPLACE TEMP TABLE finished AS SELECT {app} AS app, {version} AS version, "
        f"count(*)::BIGINT AS opt_outs FROM {joined} GROUP BY ALL ORDER BY ALL"
    )
    ((shown, apps, versions),) = engine.run(
        f"SELECT count(*), count(t.app) - count({app}), count(t.version) - count({version}) "
        f"FROM {joined}"
    )
    suppressed = engine.one("SELECT count(*) FROM typed") - shown
    files = write_parts(engine, "opt_outs", part)
    lost = {"app": apps, "version": versions}
    return Made("opt_outs", None, OPT_OUTS, files, shown, suppressed, lost)
