"""Names of objects and their bytes."""

import pytest
import zstandard

from relay.usage.model import Partition, Record
from relay.usage.objects import (
    FENCE,
    Named,
    check_path,
    decode,
    encode,
    folder_of,
    path_of,
    read_path,
)

NAME = "0123456789abcdef0123456789abcdef"
EVENTS = Partition(Record.EVENTS, "suite", "web", "2026-11-22", 4)
OPT_OUTS = Partition(Record.OPT_OUTS, "suite", "", "2026-11-22", None)


def test_a_path_of_events_has_its_partition() -> None:
    """Readers find app, environment, day and hour in the names of folders."""
    expected = f"events/app=suite/environment=web/dt=2026-11-22/hh=04/{NAME}.ndjson.zst"
    assert expected == path_of(EVENTS, NAME)


def test_a_path_of_opt_outs_has_no_hour() -> None:
    """Of a decision to share nothing the day alone is kept."""
    assert f"opt_outs/app=suite/dt=2026-11-22/{NAME}.ndjson.zst" == path_of(OPT_OUTS, NAME)


@pytest.mark.parametrize("partition", [EVENTS, OPT_OUTS])
def test_a_path_is_read_as_it_was_made(partition: Partition) -> None:
    """What a path says is what it was made of."""
    assert Named(partition, NAME) == read_path(path_of(partition, NAME))


@pytest.mark.parametrize(
    "path",
    [
        "",
        NAME,
        f"{folder_of(EVENTS)}/{NAME}.ndjson",
        f"{folder_of(EVENTS)}/{NAME[:-1]}.ndjson.zst",
        f"x/{path_of(EVENTS, NAME)}",
        f"{path_of(EVENTS, NAME)}\n",
        path_of(EVENTS, NAME).replace("hh=04", "hh=4"),
        path_of(EVENTS, NAME).replace("app=suite", "app=a/b"),
        f"_pending/{NAME}.json",
        "sets/dt=2026-11-22/app.parquet",
    ],
)
def test_what_is_no_object_of_ours_is_none(path: str) -> None:
    """A path that was not made here says nothing."""
    assert read_path(path) is None


@pytest.mark.parametrize("path", ["", "/a", "a/", "a//b", "..", "a/../b", ".a", "a\\b", "a\nb"])
def test_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    """What a store is given stays below its prefix."""
    with pytest.raises(ValueError, match="no path in a store"):
        check_path(path)


@pytest.mark.parametrize("path", ["a", "_pending/a.json", path_of(EVENTS, NAME)])
def test_a_path_of_ours_is_taken(path: str) -> None:
    """Every name that we make may be used."""
    check_path(path)


def test_an_object_holds_its_lines() -> None:
    """What was encoded is decoded, and by any reader of Zstandard."""
    lines = [b'{"a":1}\n{"a":2}\n', b'{"a":3}\n']
    data = encode(lines)
    assert b"".join(lines) == decode(data)
    assert b"".join(lines) == zstandard.ZstdDecompressor().decompressobj().decompress(data)


def test_the_same_lines_are_the_same_bytes() -> None:
    """What is written again after a lost answer is what was written."""
    assert encode([b"one\n"] * 1_000) == encode([b"one\n"] * 1_000)


def test_a_fence_has_no_records() -> None:
    """It is an object as the others, without a line; and smaller than any that has one."""
    assert b"" == decode(FENCE)
    assert len(FENCE) < len(encode([b"{}\n"]))


@pytest.mark.parametrize("data", [b"", b"no frame", encode([b"line\n" * 1_000])[:-1]])
def test_a_damaged_object_is_none(data: bytes) -> None:
    """What is cut off, or is no frame, is not read as less than it was."""
    with pytest.raises(ValueError, match="no object of ours"):
        decode(data)
