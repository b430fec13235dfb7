"""Groups that are too small lose what sets them apart, or are left out."""

from collections.abc import Iterator

import pytest

from relay.usage.export_engine import Engine, open_engine
from relay.usage.grouping import Grouping, Rest, by_distinct_values


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """One database for all tests here."""
    with open_engine(100_000_000, 1) as opened:
        yield opened


def placed(engine: Engine, rows: list[tuple[object, ...]], grouping: Grouping) -> set[object]:
    """What becomes of rows of two columns and a person: each with what is shown instead."""
    engine.run("CREATE OR REPLACE TABLE rows (a VARCHAR, b VARCHAR, person INTEGER)")
    for row in rows:
        engine.run("INSERT INTO rows VALUES (?, ?, ?)", row)
    grouping.place(engine, "placed")
    found = set(engine.run("SELECT * FROM placed"))
    engine.run("DROP TABLE placed")
    return found


BOTH = Grouping("rows", (), ("a", "b"), 2, Rest.SUPPRESS)


def test_large_groups_stay(engine: Engine) -> None:
    """What enough people have in common is shown as it is, null too."""
    rows = [("x", "y", 1), ("x", "y", 2), (None, "y", 3), (None, "y", 4)]
    assert {("x", "y", "x", "y"), (None, "y", None, "y")} == placed(engine, rows, BOTH)


def test_people_count_and_rows_do_not(engine: Engine) -> None:
    """One person in many rows is one person; who has no name is nobody."""
    rows = [("x", "y", 1)] * 5 + [("x", "y", None)] * 5
    assert set() == placed(engine, rows, BOTH)


def test_the_first_column_goes_first(engine: Engine) -> None:
    """Two who differ in the first column are a group without it."""
    rows = [("x", "y", 1), ("z", "y", 2)]
    assert {("x", "y", None, "y"), ("z", "y", None, "y")} == placed(engine, rows, BOTH)


def test_all_columns_may_go(engine: Engine) -> None:
    """Two who have nothing in common are a group without any column."""
    rows = [("x", "y", 1), ("z", "w", 2)]
    assert {("x", "y", None, None), ("z", "w", None, None)} == placed(engine, rows, BOTH)


def test_a_group_that_is_shown_takes_in_who_is_alike(engine: Engine) -> None:
    """One alone loses no more than it takes to be like others that are shown."""
    rows = [(None, "y", 1), (None, "y", 2), ("x", "y", 3)]
    assert {(None, "y", None, "y"), ("x", "y", None, "y")} == placed(engine, rows, BOTH)


def test_the_rest_is_suppressed(engine: Engine) -> None:
    """Who is left alone after all columns is not shown."""
    rows = [("x", "y", 1), ("x", "y", 2), ("z", "w", 3)]
    assert {("x", "y", "x", "y")} == placed(engine, rows, BOTH)


def test_the_rest_takes_the_smallest_along(engine: Engine) -> None:
    """Where nothing is suppressed, the smallest group is hidden with who is left."""
    rows: list[tuple[object, ...]] = [("x", "y", n) for n in range(3)]
    rows += [("z", "y", 10), ("z", "y", 11), ("w", "y", 20)]
    grouping = Grouping("rows", ("b",), ("a",), 2, Rest.MERGE)
    assert {("y", "x", "x"), ("y", "z", None), ("y", "w", None)} == placed(engine, rows, grouping)


def test_few_without_a_value_are_hidden_too(engine: Engine) -> None:
    """Null is a value: one who has none is among those who lost theirs."""
    rows: list[tuple[object, ...]] = [("x", "y", n) for n in range(3)]
    rows += [("z", "y", 10), ("z", "y", 11), (None, "y", 20)]
    grouping = Grouping("rows", (), ("a",), 2, Rest.MERGE)
    assert {("x", "x"), ("z", None), (None, None)} == placed(engine, rows, grouping)


def test_fixed_columns_part(engine: Engine) -> None:
    """Each group within a fixed column is looked at for itself."""
    rows = [("x", "p", 1), ("x", "p", 2), ("x", "q", 3), ("z", "q", 4)]
    grouping = Grouping("rows", ("b",), ("a",), 2, Rest.MERGE)
    expected = {("p", "x", "x"), ("q", "x", None), ("q", "z", None)}
    assert expected == placed(engine, rows, grouping)


def test_the_order_in_which_columns_go(engine: Engine) -> None:
    """The column with the most distinct values goes first; of two alike the later one."""
    engine.run(
        "CREATE OR REPLACE TABLE rows AS SELECT 1 AS a, i AS b, i AS c, "
        "CASE i WHEN 1 THEN 1 END AS d, 2 AS e FROM range(3) t(i)"
    )
    expected = (["a", "e"], ["c", "b", "d"])
    assert expected == by_distinct_values(engine, "rows", ["a", "b", "c", "d", "e"])


def test_what_is_shown_of_a_column() -> None:
    """A fixed column is shown under its name, another under a number."""
    grouping = Grouping("rows", ("b",), ("a",), 2, Rest.MERGE)
    assert ['"b"', "now_0"] == [grouping.shown(name) for name in ("b", "a")]
