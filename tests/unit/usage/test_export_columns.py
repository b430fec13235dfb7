"""Columns of the sets."""

from relay.usage.catalogue import Type
from relay.usage.export_columns import attribute_columns, file_name, structures
from tests.usage_sets import READY, attribute, event_type


def named(*names: str) -> list[str]:
    made = event_type("x", *(attribute(name, Type.BOOLEAN) for name in names))
    return [column.name for column in attribute_columns(made)]


def test_names_are_those_of_attributes() -> None:
    """In order."""
    assert ["a", "b-c", "d"] == named("d", "a", "b-c")


def test_names_that_are_taken() -> None:
    """An attribute called like a column of every table, or of the path, gets another name."""
    assert ["attribute_Time", "attribute_dt", "attribute_version"] == named("version", "Time", "dt")


def test_names_that_differ_in_capitals() -> None:
    """Of two that databases do not tell apart, the second gets another name."""
    assert ["lockTime", "locktime_2", "locktime_2_2"] == named("locktime", "lockTime", "locktime_2")


def test_structures() -> None:
    """What differs in capitals only is read apart."""
    made = event_type("x", *(attribute(name, Type.BOOLEAN) for name in ("aB", "ab", "c")))
    parts = structures(attribute_columns(made))
    assert [["aB", "c"], ["ab_2"]] == [[column.name for column in part] for part in parts]


def test_types() -> None:
    """Numbers that are kept are numbers, several words a list, buckets texts."""
    found = {column.name: column.type for column in attribute_columns(READY)}
    assert {
        "accounts": "VARCHAR",
        "attribute_version": "VARCHAR",
        "devices": "BIGINT",
        "language": "VARCHAR",
        "networks": "VARCHAR[]",
        "theme": "VARCHAR",
    } == found


def test_folders() -> None:
    """A type's table has a folder of its own."""
    assert "settings.analytics" == file_name("settings/analytics")
