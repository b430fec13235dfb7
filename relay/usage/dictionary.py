"""The data dictionary of a day's sets: every table and column, what it means, and what is missing.

Law of this file: pure, and no count in it gives a small group away. What anybody may count in the
sets is told as it is; all else in steps of k, so that nothing follows from a difference.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from relay.usage.attributes import Attribute, Type, bucket_names
from relay.usage.export_columns import Column
from relay.usage.export_parts import Made


@dataclass(frozen=True, slots=True)
class Facts:
    """What is said of a day's sets as a whole.

    Attributes:
        day: as `2026-11-22`.
        complete: whether the day was over when they were made.
        min_group: people that a group has at least, as configured.
        pseudonyms: that one person may have on that day; a group has so many times `min_group`.
        catalogue: the digest of the allow-list.
        objects: that were read.
        broken: objects that could not be read.
        repeats: events that were there more than once.
        unknown: events of types that the allow-list does not know today.
    """

    day: str
    complete: bool
    min_group: int
    pseudonyms: int
    catalogue: str
    objects: int
    broken: int
    repeats: int
    unknown: int

    @property
    def least(self) -> int:
        """Pseudonyms that a group has at least."""
        return self.min_group * self.pseudonyms


def told(count: int, least: int) -> str:
    """Return a count in steps: `<10` (none, too), `10+`, `20+`, …"""  # noqa: D415
    return f"<{least}" if count < least else f"{count - count % least}+"


def describe(facts: Facts, tables: Iterable[Made]) -> dict[str, Any]:
    """Return the dictionary as plain data."""
    least = facts.least
    return {
        "day": facts.day,
        "complete": facts.complete,
        "min_group": facts.min_group,
        "pseudonyms_a_person": facts.pseudonyms,
        "catalogue": facts.catalogue,
        "objects": {"read": facts.objects, "broken": facts.broken},
        "repeats": told(facts.repeats, least),
        "unknown": told(facts.unknown, least),
        "tables": [_table(table, least) for table in tables],
    }


def _table(table: Made, least: int) -> dict[str, Any]:
    event = table.event
    return {
        "name": table.name,
        "event": None if event is None else event.name,
        "description": _COUNTS[table.name] if event is None else event.description,
        "rows": table.rows,
        "people": told(table.people, least),
        "suppressed": told(table.suppressed, least),
        "columns": [_column(column, table.lost, least) for column in table.columns],
    }


_COUNTS: Final = {
    "opt_outs": "Decisions to share nothing, counted.",
    "people_by_value": "How many people there are by one column alone, out of all rows of a type.",
}


def _column(column: Column, lost: Mapping[str, int], least: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": column.name,
        "type": column.type,
        "description": column.description,
        "describes": column.describes,
    }
    attribute = column.attribute
    if attribute is not None:
        found |= {"attribute": attribute.name, "kind": str(attribute.type)}
        found |= _allowed(attribute)
    if column.name in lost:
        found["suppressed"] = told(lost[column.name], least)
    return found


def _allowed(attribute: Attribute) -> dict[str, Any]:
    """Return which values an attribute may have."""
    if attribute.buckets:
        names = bucket_names(attribute.type, attribute.buckets)
        return {"bounds": list(attribute.buckets), "values": list(names)}
    if attribute.values:
        return {"values": sorted(attribute.values)}
    if attribute.type is Type.INTEGER:
        return {"max": attribute.max}
    return {"max_length": attribute.max_length} if attribute.type is Type.TEXT else {}


def to_markdown(dictionary: Mapping[str, Any]) -> str:
    """Return the dictionary as a page."""
    return "\n".join(_lines(dictionary)) + "\n"


def _lines(dictionary: Mapping[str, Any]) -> Iterator[str]:
    objects = dictionary["objects"]
    yield f"# Usage on {dictionary['day']}"
    yield ""
    if not dictionary["complete"]:
        yield "**The day was not over when this was made.**"
        yield ""
    yield "| | |"
    yield "| --- | --- |"
    yield f"| people in a group, at least | {dictionary['min_group']} |"
    yield f"| pseudonyms that one may have | {dictionary['pseudonyms_a_person']} |"
    yield f"| allow-list (SHA-256) | `{dictionary['catalogue']}` |"
    yield f"| objects read | {objects['read']} |"
    yield f"| objects that could not be read | {objects['broken']} |"
    yield f"| repeats left out | {dictionary['repeats']} |"
    yield f"| events that the allow-list does not know | {dictionary['unknown']} |"
    for table in dictionary["tables"]:
        yield from _table_lines(table)


def _table_lines(table: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield f"## {table['name']}"
    yield ""
    yield _plain(table["description"])
    yield ""
    kinds = (("rows", "rows"), ("people", "people"), ("rows left out", "suppressed"))
    yield ", ".join(f"{name}: {table[key]}" for name, key in kinds) + "."
    yield ""
    yield "| column | type | groups people | values left out | what it is |"
    yield "| --- | --- | --- | --- | --- |"
    for column in table["columns"]:
        cells = (
            f"`{column['name']}`",
            column["type"],
            "yes" if column["describes"] else "",
            column.get("suppressed", ""),
            _plain(" ".join(filter(None, (column["description"], _values(column))))),
        )
        yield f"| {' | '.join(cells)} |"


def _values(column: Mapping[str, Any]) -> str:
    if "values" in column:
        return f"One of: {', '.join(column['values'])}."
    return f"At most {column['max']}." if "max" in column else ""


def _plain(text: str) -> str:
    """Return text for a cell of a table: in one line, without bars."""
    return " ".join(text.replace("|", "\\|").split())
