"""No group in the sets for analysis is smaller than k, counted in another way than they are made.

The test knows everybody: names of instances are worked out again from what a row says, as the page
about the sets states it, so each row is a person's, and people are counted by hand.
"""

import hashlib
import json
import shutil
import tempfile
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.usage.catalogue import EventType, Type
from tests.usage_sets import attribute, catalogue, event_type, pseudonym, put, record, rows, run

WORDS = frozenset("abcd")
ATTRIBUTES = (
    attribute("language", Type.LANGUAGE, describes=True),
    attribute("networks", Type.WORDS, values=WORDS, describes=True),
    attribute("theme", Type.WORD, values=WORDS),
    attribute("devices", Type.INTEGER, max=9),
    attribute("tor", Type.BOOLEAN),
)
TYPES = [event_type(f"t{nth}/x", *ATTRIBUTES) for nth in range(3)]
DESCRIBING = ("app", "environment", "channel", "version", "commit", "language", "networks")
OTHERS = ("theme", "devices", "tor")

events = st.fixed_dictionaries(
    {
        "person": st.integers(0, 14),
        "hour": st.sampled_from([13, 14, 14, 14]),
        "environment": st.sampled_from(["desktop", "web"]),
        "channel": st.sampled_from(["stable", "stable", "develop"]),
        "version": st.sampled_from(["1.0", "1.0", "1.1", None]),
        "time": st.sampled_from(["2026-11-22T14:00:00Z", "2026-11-22T13:00:00Z", None]),
        "attributes": st.fixed_dictionaries(
            {},
            optional={
                "language": st.sampled_from(["en", "cs", "de"]),
                "networks": st.sampled_from([["a"], ["a", "b"], []]),
                "theme": st.sampled_from(sorted(WORDS)),
                "devices": st.integers(0, 3),
                "tor": st.booleans(),
            },
        ),
    }
)
populations = st.lists(
    st.lists(events, max_size=40), min_size=len(TYPES), max_size=len(TYPES)
)  # fmt: skip


@contextmanager
def scratch() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def name_of(person: int, kind: EventType, row: Mapping[str, Any]) -> str:
    """The name of a person in the group of a row, as docs/usage-analysis.md says."""
    said = [row[name] for name in DESCRIBING]
    texts = [f"[{', '.join(one)}]" if isinstance(one, list) else one for one in said]
    place = json.dumps(["2026-11-22", kind.name, *texts], separators=(",", ":"))
    number = uuid.UUID(hashlib.md5(pseudonym(f"p{person}").encode()).hexdigest())
    return hashlib.sha256(f"{place}\n{number}".encode()).hexdigest()[:16]


def put_all(folder: Path, given: Sequence[Sequence[Mapping[str, Any]]]) -> None:
    for kind, population in zip(TYPES, given, strict=True):
        for hour in {event["hour"] for event in population}:
            for environment in ("desktop", "web"):
                lines = [
                    record(
                        f"p{event['person']}",
                        kind.name,
                        channel=event["channel"],
                        version=event["version"],
                        time=event["time"],
                        attributes=event["attributes"],
                    )
                    for event in population
                    if (event["hour"], event["environment"]) == (hour, environment)
                ]
                if lines:
                    put(folder, lines, hour=hour, environment=environment)


def people_of(
    kind: EventType, population: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]]
) -> list[int]:
    """Whose each row is; it must be somebody's, and what it says must be what they said."""
    people = []
    for row in found:
        (person,) = [p for p in range(15) if name_of(p, kind, row) == row["instance"]]
        said = [event for event in population if event["person"] == person]
        assert any(agrees(row, event) for event in said)
        people.append(person)
    return people


def agrees(row: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether all that a row says is in an event."""
    time = None if row["time"] is None else f"{row['time']:%Y-%m-%dT%H:%M:%SZ}"
    shown = {**row, "time": time}
    there = {**event, **event["attributes"], "app": "suite", "commit": "0123abc"}
    names = (*DESCRIBING, *OTHERS, "hour", "time")
    return all(shown[name] is None or shown[name] == there.get(name) for name in names)


def too_small(
    found: Sequence[Mapping[str, Any]], people: Sequence[int], names: Sequence[str], least: int
) -> list[object]:
    """Groups by these columns, null too, of fewer people."""
    groups: dict[str, set[int]] = defaultdict(set)
    for row, person in zip(found, people, strict=True):
        groups[repr([row[name] for name in names])].add(person)
    return [group for group, members in groups.items() if len(members) < least]


def check(given: Sequence[Sequence[Mapping[str, Any]]], least: int) -> int:
    """Make sets, and count in them; return how many rows there are."""
    shown = 0
    with scratch() as folder:
        put_all(folder, given)
        run(folder, catalogue(*TYPES), min_group=least)
        for kind, population in zip(TYPES, given, strict=True):
            found = rows(folder, kind.name.replace("/", "."))
            people = people_of(kind, population, found)
            by = (DESCRIBING, (*DESCRIBING, "hour", "time"), *((name,) for name in OTHERS))
            assert [] == [small for names in by for small in too_small(found, people, names, least)]
            assert len(found) <= len(population)
            assert least > 1 or len(found) == len(population)
            shown += len(found)
    return shown


@settings(max_examples=3)
@given(populations, st.integers(1, 5))
def test_no_small_group(given: list[list[dict[str, Any]]], least: int) -> None:
    """Whoever did whatever: each group has k people or more, and each row is true."""
    check(given, least)


@pytest.mark.long
@settings(max_examples=100)
@given(populations, st.integers(1, 6))
def test_no_small_group_at_length(given: list[list[dict[str, Any]]], least: int) -> None:
    """The same, for longer."""
    check(given, least)


def test_the_check_can_fail() -> None:
    """Rows that nothing was hidden of have groups that are too small, and it is noticed."""
    event = {"person": 1, "hour": 14, "version": "1.0"}
    found = [{**event, "version": version} for version in ("1.0", "1.0", "1.1")]
    assert ["['1.1']"] == too_small(found, [1, 2, 3], ("version",), 2)


def test_much_is_shown() -> None:
    """Where people are many and alike, nothing is lost."""
    event = {
        "hour": 14,
        "environment": "web",
        "channel": "stable",
        "version": "1.0",
        "time": "2026-11-22T14:00:00Z",
        "attributes": {"language": "en", "theme": "a"},
    }
    alike = [{"person": person, **event} for person in range(15)]
    assert 15 * len(TYPES) == check([alike] * len(TYPES), 10)
