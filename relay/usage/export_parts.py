"""A table that was made, and the Parquet files that it is in."""

# ruff: noqa: S608 - what is put into statements are names of ours, quoted ones, and numbers

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from relay.usage.attributes import EventType
from relay.usage.export_columns import Column, literal
from relay.usage.export_engine import Engine

PART: Final = 1_000_000
"""Rows of one file at most: a file is held in memory while it is put into the store."""

_GROUP: Final = 122_880
"""Rows of a row group, DuckDB's own default; stated, for the bytes depend on it."""


@dataclass(frozen=True, slots=True)
class Made:
    """A table that was made.

    Attributes:
        name: of the folder that it is in.
        event: its type; None for a set of counts.
        columns: in their order.
        files: its parts, in order, each with its rows; none if nobody may be shown.
        people: installations in it, or decisions; 0 where that is not counted.
        suppressed: rows that were left out.
        lost: by column, values that are null though they were there.
    """

    name: str
    event: EventType | None
    columns: tuple[Column, ...]
    files: tuple[tuple[Path, int], ...]
    people: int
    suppressed: int
    lost: dict[str, int]

    @property
    def rows(self) -> int:
        """Rows in all parts."""
        return sum(rows for _, rows in self.files)


def write_parts(engine: Engine, name: str, part: int) -> tuple[tuple[Path, int], ...]:
    """Write `finished` as Parquet; return its parts with their rows.

    Args:
        engine: with the table `finished`.
        name: what the files begin with.
        part: rows of one file at most.

    Raises:
        EngineError: memory or disk are full.
    """
    rows = engine.one("SELECT count(*) FROM finished")
    files = []
    for nth, start in enumerate(range(0, rows, part)):
        file = engine.folder / f"{name}-{nth:04}.parquet"
        engine.run(
            f"COPY (SELECT * FROM finished WHERE rowid BETWEEN {start} AND {start + part - 1} "
            f"ORDER BY rowid) TO {literal(str(file))} (FORMAT parquet, COMPRESSION zstd, "
            f"ROW_GROUP_SIZE {_GROUP})"
        )
        files.append((file, min(part, rows - start)))
    return tuple(files)
