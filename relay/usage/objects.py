"""Objects in the store: their names, which Hive, Athena, DuckDB and Spark read, and their bytes.

Law of this file: a name is made of words from the configuration, days, hours and digests of ours.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import zstandard

from relay.usage.model import Partition, Record

SUFFIX: Final = ".ndjson.zst"

PENDING: Final = "_pending"
"""Where it is noted what is about to be written; readers of the sets pass over such names."""

SETS: Final = "sets"
"""Where the sets for analysis are, by day: `sets/dt=2026-11-22/<event type>/part-….parquet`."""

PART: Final = r"[A-Za-z0-9][A-Za-z0-9_.-]*/part-[0-9]{4}-[0-9a-f]{12}\.parquet"
"""The pattern of what is in the sets of a day. Nothing stranger, for `check_path` has to let it
pass: a folder that anybody made, called `a\\b`, must not keep others from being deleted."""

LEVEL: Final = 3
"""How hard objects are compressed: the library's default, some 100 MB a second."""

FENCE: Final = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(b"")
"""An object without a record, which keeps what was noted from being written late."""

_EVENTS: Final = re.compile(  # noqa: TID251 - our own names, not a payload
    r"events/app=(?P<app>[\w-]+)/environment=(?P<environment>[\w-]+)"
    r"/dt=(?P<day>\d{4}-\d\d-\d\d)/hh=(?P<hour>\d\d)/(?P<name>[0-9a-f]{32})\.ndjson\.zst"
)
_OPT_OUTS: Final = re.compile(  # noqa: TID251 - as above
    r"opt_outs/app=(?P<app>[\w-]+)/dt=(?P<day>\d{4}-\d\d-\d\d)/(?P<name>[0-9a-f]{32})\.ndjson\.zst"
)


@dataclass(frozen=True, slots=True)
class Named:
    """An object of ours: where its records belong, and its own name, 32 hex digits."""

    partition: Partition
    name: str


def folder_of(partition: Partition) -> str:
    """Return the folder of a partition, without a slash at its end."""
    if partition.record is Record.OPT_OUTS:
        return f"{partition.record}/app={partition.app}/dt={partition.day}"
    hour = partition.hour or 0
    place = f"app={partition.app}/environment={partition.environment}"
    return f"{partition.record}/{place}/dt={partition.day}/hh={hour:02}"


def path_of(partition: Partition, name: str) -> str:
    """Return the path of an object: `events/app=…/environment=…/dt=…/hh=…/<name>.ndjson.zst`."""
    return f"{folder_of(partition)}/{name}{SUFFIX}"


def read_path(path: str) -> Named | None:
    """Return what a path says; None if it is no object of ours."""
    found = _EVENTS.fullmatch(path)
    if found is not None:
        partition = Partition(
            Record.EVENTS, found["app"], found["environment"], found["day"], int(found["hour"])
        )
        return Named(partition, found["name"])
    found = _OPT_OUTS.fullmatch(path)
    if found is not None:
        return Named(
            Partition(Record.OPT_OUTS, found["app"], "", found["day"], None), found["name"]
        )
    return None


def check_path(path: str) -> None:
    """Let a path pass that stays below the prefix of a store: words joined by `/`.

    Raises:
        ValueError: it is empty, absolute or leads elsewhere, or a word begins with a dot.
    """
    for word in path.split("/"):
        if not word or word.startswith(".") or "\\" in word or not word.isprintable():
            raise ValueError("no path in a store")


def encode(bodies: Iterable[bytes]) -> bytes:
    """Return the bytes of an object: NDJSON, one frame of Zstandard with a checksum.

    Args:
        bodies: whole lines, each with its end.
    """
    packer = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compressobj()
    parts = [packer.compress(body) for body in bodies]
    return b"".join((*parts, packer.flush()))


def decode(data: bytes) -> bytes:
    """Return the lines of an object, each with its end.

    Raises:
        ValueError: it is damaged.
    """
    unpacker = zstandard.ZstdDecompressor().decompressobj()
    try:
        lines = unpacker.decompress(data)
    except zstandard.ZstdError:
        raise ValueError("no object of ours") from None
    if not unpacker.eof:
        raise ValueError("no object of ours")
    return lines
