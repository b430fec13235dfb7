"""The columns of the sets for analysis: what each is called, of what type it is, how it is read.

Law of this file: no I/O. What the allow-list does not know today is not in a set, whatever the
objects hold.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final, assert_never

from relay import jsonio
from relay.usage.attributes import Attribute, EventType, Type, bucket_names

LIST: Final = "VARCHAR[]"
"""The type of several words."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        name: in the table.
        type: in DuckDB's words, as Parquet and Athena know it too.
        description: for the data dictionary.
        describes: whether people are grouped by it.
        attribute: that it holds; None for what every event has.
    """

    name: str
    type: str
    description: str
    describes: bool = False
    attribute: Attribute | None = None


APP: Final = Column("app", "VARCHAR", "The app, as in the path of its requests.", describes=True)
VERSION: Final = Column("version", "VARCHAR", "The version of the app.", describes=True)

DESCRIBING: Final = (
    APP,
    Column("environment", "VARCHAR", "Where the app runs, as in the path.", describes=True),
    Column("channel", "VARCHAR", "Which builds: stable or develop.", describes=True),
    VERSION,
    Column("commit", "VARCHAR", "The commit that the app was built from.", describes=True),
)
"""What every event says of the one who sent it."""

HOUR: Final = Column("hour", "BIGINT", "The hour of the day when the event was taken, UTC.")
TIME: Final = Column(
    "time", "TIMESTAMP", "When it happened, by the client's clock, rounded down, UTC."
)
INSTANCE: Final = Column(
    "instance",
    "VARCHAR",
    "Stands for one installation, in its group of this table and day; joins with nothing else.",
)
SESSION: Final = Column(
    "session", "VARCHAR", "Stands for one session, as far as the one of instances does."
)
FIXED: Final = (*DESCRIBING, HOUR, TIME, INSTANCE, SESSION)
"""What every event has."""

PARTITION: Final = "dt"
"""The column that readers make of the path: the day."""

OPT_OUTS: Final = (
    APP,
    VERSION,
    Column("opt_outs", "BIGINT", "How many decided that day to share nothing."),
)
"""The columns of the set of decisions to share nothing."""


BY_VALUE: Final = (
    Column("event", "VARCHAR", "The type of event."),
    Column("column", "VARCHAR", "A column of its table."),
    Column("value", "VARCHAR", "What it says, as text; of several words each for itself."),
    Column(
        "people",
        "BIGINT",
        "How many installations said so, rounded down to a multiple of the smallest group.",
    ),
)
"""The columns of the set of people by each value of each column, one column at a time."""


def attribute_columns(event: EventType) -> tuple[Column, ...]:
    """Return a column for each attribute, by name.

    One that is called like a column that every table has is `attribute_…`; of two that differ in
    capitals only, which databases do not tell apart, the second is `…_2`.
    """
    fixed = {column.name for column in FIXED} | {PARTITION}
    taken = set(fixed)
    columns: list[Column] = []
    for name in sorted(event.attributes):
        attribute = event.attributes[name]
        shown = f"attribute_{name}" if name.lower() in fixed else name
        free = shown
        for nth in count(2):
            if free.lower() not in taken:
                break
            free = f"{shown}_{nth}"
        taken.add(free.lower())
        columns.append(
            Column(free, _type(attribute), attribute.description, attribute.describes, attribute)
        )
    return tuple(columns)


def structures(columns: Sequence[Column]) -> list[list[Column]]:
    """Return columns of attributes parted so that in no part two differ in capitals only.

    Each part is read as one structure, in which DuckDB does not tell such names apart.
    """
    parts: list[dict[str, Column]] = []
    for column in columns:
        name = _attribute(column).name.lower()
        part = next((part for part in parts if name not in part), None)
        if part is None:
            part = {}
            parts.append(part)
        part[name] = column
    return [list(part.values()) for part in parts]


def structure(columns: Sequence[Column]) -> str:
    """Return what DuckDB's `json_transform` wants: names of attributes with their types."""
    types = {
        _attribute(column).name: ["VARCHAR"] if column.type == LIST else column.type
        for column in columns
    }
    return jsonio.dumps(types).decode()


def expression(column: Column, source: str) -> str:
    """Return the SQL that reads an attribute: null for what the allow-list does not allow today.

    Args:
        column: of an attribute.
        source: the SQL of the structure that holds it.
    """
    attribute = _attribute(column)
    found = f"{source}.{quoted(attribute.name)}"
    match attribute.type:
        case Type.INTEGER if not attribute.buckets:
            return f"CASE WHEN {found} BETWEEN 0 AND {int(attribute.max)} THEN {found} END"
        case Type.INTEGER | Type.NUMBER:
            return _one_of(found, bucket_names(attribute.type, attribute.buckets))
        case Type.WORD:
            return _one_of(found, sorted(attribute.values))
        case Type.WORDS:
            words = _list(sorted(attribute.values))
            return f"list_sort(list_intersect({found}, {words}))"
        case Type.TEXT:
            return f"CASE WHEN length({found}) <= {int(attribute.max_length)} THEN {found} END"
        case Type.BOOLEAN | Type.VERSION | Type.LANGUAGE:
            return found
    assert_never(attribute.type)


def quoted(name: str) -> str:
    """Return a name as SQL wants it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as SQL wants it."""
    return "'" + text.replace("'", "''") + "'"


def file_name(event: str) -> str:
    """Return the name of the folder that an event type's table is in."""
    return event.replace("/", ".")


def _attribute(column: Column) -> Attribute:
    if column.attribute is None:
        raise ValueError(column.name)
    return column.attribute


def _type(attribute: Attribute) -> str:
    match attribute.type:
        case Type.BOOLEAN:
            return "BOOLEAN"
        case Type.INTEGER if not attribute.buckets:
            return "BIGINT"
        case Type.WORDS:
            return LIST
        case Type.INTEGER | Type.NUMBER | Type.WORD | Type.VERSION | Type.LANGUAGE | Type.TEXT:
            return "VARCHAR"
    assert_never(attribute.type)


def _one_of(found: str, words: Sequence[str]) -> str:
    return f"CASE WHEN list_contains({_list(words)}, {found}) THEN {found} END"


def _list(words: Sequence[str]) -> str:
    return f"[{', '.join(map(literal, words))}]::VARCHAR[]"
