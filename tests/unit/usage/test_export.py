"""From objects to sets: each event once, few people hidden, the same bytes again."""

from datetime import date
from pathlib import Path

import pytest

from relay.config.usage_section import MAX_BATCH
from relay.errors import RelayError
from relay.usage.catalogue import EMPTY
from relay.usage.export import pseudonyms_a_day
from relay.usage.export_reading import LARGEST, LARGEST_PACKED
from relay.usage.folder import FolderStore
from tests.usage_sets import (
    CLICK,
    DAY,
    READY,
    catalogue,
    dictionary,
    event_type,
    pseudonym,
    put,
    record,
    rows,
    run,
    sets,
    snapshot,
)

KNOWN = catalogue(READY, CLICK)


def click(person: str, message: str = "", **more: object) -> dict[str, object]:
    return record(person, "click", message=pseudonym(message) if message else None, **more)


def test_repeats(tmp_path: Path) -> None:
    """A message that is there again, in the same hour or another, is one event; others are not."""
    put(tmp_path, [click("a", "m1"), click("a", "m1"), click("b", "m2"), click("c"), click("c")])
    put(tmp_path, [click("a", "m1"), click("b", "m3")], hour=15)
    exported = run(tmp_path, KNOWN)
    assert [14, 14, 14, 14, 15] == [row["hour"] for row in rows(tmp_path, "click")]
    assert 2 == exported.facts.repeats


def test_repeats_across_midnight(tmp_path: Path) -> None:
    """What came in the last hour of the day before is not there again; what came earlier may be."""
    put(tmp_path, [click("a", "m1")], day="2026-11-21", hour=23)
    put(tmp_path, [click("a", "m2")], day="2026-11-21", hour=22)
    put(tmp_path, [click("a", "m1"), click("a", "m2"), click("a")], hour=0)
    put(tmp_path, [click("a", "m4")], day="2026-11-23", hour=0)
    assert 2 == run(tmp_path, KNOWN).tables["click"]
    assert 2 == run(tmp_path, KNOWN, day=date(2026, 11, 21)).tables["click"]


def test_the_same_objects_give_the_same_bytes(tmp_path: Path) -> None:
    """Again, elsewhere, and with as many threads as there are or one."""
    for nth in range(3):
        lines = [click(f"p{i * 7 % 100}", f"m{i}", session=i) for i in range(nth, 3_000, 3)]
        put(tmp_path, lines, hour=nth)
    run(tmp_path, KNOWN, min_group=5, part=1_000)
    first = snapshot(sets(tmp_path))
    run(tmp_path, KNOWN, min_group=5, part=1_000)
    run(tmp_path, KNOWN, tmp_path / "other", min_group=5, part=1_000, threads=1)
    assert first == snapshot(sets(tmp_path)) == snapshot(sets(tmp_path / "other"))
    found = [tuple(row.values()) for row in rows(tmp_path, "click")]
    assert 3_000 == len(found)
    assert [row[5] for row in found] == sorted(row[5] for row in found)
    assert 3 == len(list((sets(tmp_path) / "click").iterdir()))


def test_few_people(tmp_path: Path) -> None:
    """A type with fewer people than k has no rows, however many events they made."""
    put(tmp_path, [click(f"p{i % 9}") for i in range(90)])
    put(tmp_path, [record(f"p{i}") for i in range(10)])
    exported = run(tmp_path, KNOWN, min_group=10)
    assert ({"suite.ready": 10}, 1) == (exported.tables, exported.hidden)
    assert not (sets(tmp_path) / "click").exists()
    tables = {table["name"]: table for table in dictionary(tmp_path)["tables"]}
    assert ["click", "suite.ready", "people_by_value", "opt_outs"] == list(tables)
    assert (0, "<10", "90+") == tuple(tables["click"][n] for n in ("rows", "people", "suppressed"))


def test_a_set_with_fewer_types(tmp_path: Path) -> None:
    """A table that would have no rows any more goes."""
    put(tmp_path, [click(f"p{i}") for i in range(9)])
    run(tmp_path, KNOWN, min_group=9)
    assert (sets(tmp_path) / "click").exists()
    # Its people by value go, too.
    assert 2 == run(tmp_path, KNOWN, min_group=10).published.removed
    assert not (sets(tmp_path) / "click").exists()


def test_names_do_not_join(tmp_path: Path) -> None:
    """An instance has another name in each table, in each group, and on each day."""
    for day in ("2026-11-22", "2026-11-23"):
        lines = [record("ann"), record("ann", version="26.11.2"), click("ann"), click("ann")]
        put(tmp_path, lines, day=day)
    run(tmp_path, KNOWN)
    run(tmp_path, KNOWN, day=date(2026, 11, 23))
    names = [
        row["instance"]
        for table, day in (("suite.ready", "22"), ("click", "22"), ("click", "23"))
        for row in rows(tmp_path, table, f"2026-11-{day}")
    ]
    assert 6 == len(names)
    assert 4 == len(set(names))
    assert names[2] == names[3]


def test_nobody(tmp_path: Path) -> None:
    """A record without an instance counts as nobody, and has no name."""
    put(tmp_path, [click("a"), click("b"), click("") | {"instance": None, "session": ""}])
    assert 3 == run(tmp_path, KNOWN, min_group=2).tables["click"]
    assert 1 == sum(row["instance"] is None for row in rows(tmp_path, "click"))
    assert {} == run(tmp_path, KNOWN, min_group=3).tables


@pytest.mark.parametrize(
    "data",
    [
        b"no zstd",
        bytes.fromhex("28b52ffd"),
        None,
    ],
)
def test_a_broken_object(data: bytes | None, tmp_path: Path) -> None:
    """It is passed over as a whole, and counted; all others are read."""
    good = put(tmp_path, [click("a")])
    broken = put(tmp_path, [click("b"), click("c"), {"type": "click", "time": "planted"}])
    if data is not None:
        broken.write_bytes(data)
    cut = put(tmp_path, [click("d", f"m{i}") for i in range(99)], hour=15)
    cut.write_bytes(cut.read_bytes()[:-5])
    exported = run(tmp_path, KNOWN)
    assert good != broken
    assert (1, 2, {"click": 1}) == (
        exported.facts.objects, exported.facts.broken, exported.tables,
    )  # fmt: skip
    assert {"read": 1, "broken": 2} == dictionary(tmp_path)["objects"]


def test_an_object_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What unpacks to more than any object of ours is not read."""
    assert LARGEST > 100_000_000
    monkeypatch.setattr("relay.usage.export_reading.LARGEST", 1_000)
    put(tmp_path, [click("a", f"m{i}") for i in range(99)])
    assert 1 == run(tmp_path, KNOWN).facts.broken


def test_an_object_that_is_too_large_to_be_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What no batch can be is not taken into memory to see what it is."""
    assert LARGEST_PACKED > MAX_BATCH
    strange = put(tmp_path, [click("a")])
    put(tmp_path, [click("b")], hour=15)
    size = LARGEST_PACKED + 1
    with strange.open("wb") as file:
        file.truncate(size)
    fetched: list[str] = []
    get = FolderStore.get

    async def note(store: FolderStore, path: str) -> bytes | None:
        fetched.append(path)
        return await get(store, path)

    monkeypatch.setattr(FolderStore, "get", note)
    assert 1 == run(tmp_path, KNOWN).facts.broken
    assert 1 == len(fetched)


def test_an_empty_day(tmp_path: Path) -> None:
    """There is a dictionary, and no table."""
    exported = run(tmp_path, EMPTY)
    assert ({}, 0) == (exported.tables, exported.facts.objects)
    assert {"dictionary.json", "dictionary.md", "manifest.json"} == set(snapshot(sets(tmp_path)))


@pytest.mark.parametrize("names", [("a/b", "a.b"), ("a", "A"), ("opt_outs",), ("People_by_value",)])
def test_types_that_would_be_one_table(names: tuple[str, ...], tmp_path: Path) -> None:
    """Nothing is made where two tables would have the same folder."""
    with pytest.raises(RelayError, match="two sets would be called"):
        run(tmp_path, catalogue(*map(event_type, names)))


@pytest.mark.parametrize(
    ("rotate", "pseudonyms"),
    [(0, 1), (30 * 86_400, 1), (86_400, 1), (43_200, 2), (3_600, 24), (90_000, 2)],
)
def test_pseudonyms_a_day(rotate: float, pseudonyms: int) -> None:
    """So many keys hold on a day, and so many names may one person have."""
    assert pseudonyms == pseudonyms_a_day(DAY, rotate)


def test_a_key_that_changes_within_the_day(tmp_path: Path) -> None:
    """Where a person may have two names, a group must have twice as many."""
    put(tmp_path, [click(f"p{i}") for i in range(5)])
    assert {} == run(tmp_path, KNOWN, min_group=3, rotate=43_200).tables
    assert {"click": 5} == run(tmp_path, KNOWN, min_group=3, rotate=86_400).tables
