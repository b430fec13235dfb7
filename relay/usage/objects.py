"""The names of objects in the store: partitions as Hive, Athena, DuckDB and Spark read them.

Law of this file: a name is made of words from the configuration, days, hours and digests of ours.
"""

import re
from dataclasses import dataclass
from typing import Final

from relay.usage.model import Partition, Record

SUFFIX: Final = ".ndjson.zst"

PENDING: Final = "_pending"
"""Where it is noted what is about to be written; readers of the sets pass over such names."""

SETS: Final = "sets"
"""Where the sets for analysis are, by day: `sets/dt=2026-11-22/<event type>.parquet`."""

_EVENTS: Final = re.compile(  # noqa: TID251 - our own names, not a payload
    r"events/app=(?P<app>[\w-]+)/environment=(?P<environment>[\w-]+)"
    r"/dt=(?P<day>\d{4}-\d\d-\d\d)/hh=(?P<hour>\d\d)/(?P<name>[0-9a-f]{32})\.ndjson\.zst"
)
_OPT_OUTS: Final = re.compile(  # noqa: TID251 - as above
    r"opt_outs/app=(?P<app>[\w-]+)/dt=(?P<day>\d{4}-\d\d-\d\d)/(?P<name>[0-9a-f]{32})\.ndjson\.zst"
)
_DAY: Final = re.compile(r"(?:^|/)dt=(\d{4}-\d\d-\d\d)(?:/|$)")  # noqa: TID251 - as above


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


def day_of(path: str) -> str | None:
    """Return the day in a path, whatever it is of; None if it has none."""
    found = _DAY.search(path)
    return None if found is None else found[1]
