"""The export of a day's usage events: its time, and the most memory that it takes.

`python -m benchmarks usage-export` makes up a day (10 million events unless told otherwise) in a
folder, and has the command make the sets of it in a process of its own.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from relay import jsonio
from relay.rulefiles import read_events
from relay.usage.attributes import Attribute, EventType, Type, bucket_names
from relay.usage.catalogue import load_catalogue

DAY = "2026-11-22"
EVENTS = 10_000_000
AN_OBJECT = 50_000
PEOPLE = 250_000
VARIANTS = 400
"""Different lists of attributes of each type."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one export took; bytes and seconds."""

    events: int
    source: int
    seconds: float
    cpu: float
    peak: int
    sets: int
    told: dict[str, Any]


def main(arguments: Sequence[str]) -> int:
    """Measure, and print what came out."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks usage-export", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS, help="how many (default: 10 million)")
    parser.add_argument("--seed", type=int, default=8, help="draw as the run with this seed did")
    parser.add_argument("--folder", type=Path, help="keep the day and its sets there")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        begun = time.perf_counter()
        make_day(folder / "usage", options.events, options.seed)
        print(f"made up in {time.perf_counter() - begun:.0f} s")
        taken = measure(folder, options.events)
    print(f"{taken.events} events, {taken.source / 1e6:.0f} MB of objects")
    print(f"{taken.seconds:.0f} s, {taken.cpu:.0f} s of CPU")
    print(f"{taken.peak / 1e6:.0f} MB of memory at most")
    print(f"{sum(taken.told['tables'].values())} rows in {len(taken.told['tables'])} tables, "
          f"{taken.sets / 1e6:.0f} MB, repeats {taken.told['repeats']}")  # fmt: skip
    return 0


def measure(folder: Path, events: int) -> Taken:
    """Run the command on the day in a folder."""
    command = [sys.executable, "-m", "relay", "usage", "export", "--day", DAY, "--json"]
    environment = {**os.environ, "RELAY_USAGE__STORE__URL": "file:./usage"}
    begun = time.perf_counter()
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        printed = child.stdout.read()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - begun
    if child.returncode:
        raise SystemExit(f"the export ended with {child.returncode}")
    (told,) = jsonio.loads(printed)
    usage = folder / "usage"
    return Taken(
        events,
        _bytes(usage / "events"),
        seconds,
        used.ru_utime + used.ru_stime,
        used.ru_maxrss * 1024,
        _bytes(usage / "sets"),
        told,
    )


def make_day(folder: Path, events: int, seed: int, variants: int = VARIANTS) -> None:
    """Make up objects: some people do much, most do little; one event in 100 comes twice."""
    draw = random.Random(seed)
    types = list(load_catalogue(read_events(())).events.values())
    with duckdb.connect(config={"memory_limit": "1GB", "threads": 2}) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute("CREATE TABLE kinds (kind INTEGER, type VARCHAR)")
        connection.execute("CREATE TABLE variants (kind INTEGER, variant INTEGER, attributes JSON)")
        for nth, kind in enumerate(types):
            connection.execute("INSERT INTO kinds VALUES (?, ?)", [nth, kind.name])
            texts = [jsonio.dumps(_attributes(kind, draw)).decode() for _ in range(variants)]
            connection.execute(
                "INSERT INTO variants SELECT ?, i, list_extract(?::VARCHAR[], i + 1) "
                "FROM range(?) AS t(i)",
                [nth, texts, variants],
            )
        for nth, start in enumerate(range(0, events, AN_OBJECT)):
            app = "connect" if nth % 10 == 9 else "suite"
            environment = ("desktop", "web", "mobile")[nth % 3]
            hour = nth % 24
            place = f"events/app={app}/environment={environment}/dt={DAY}/hh={hour:02}"
            path = folder / place / f"{nth:032x}.ndjson.zst"
            path.parent.mkdir(parents=True, exist_ok=True)
            ends = (start, min(start + AN_OBJECT, events))
            lines = _LINES.format(
                *ends, seed=seed, variants=variants, kinds=len(types), day=DAY, hour=hour
            )
            connection.execute(f"COPY ({lines}) TO '{path}' (FORMAT json, COMPRESSION zstd)")


_LINES = f"""
WITH numbers AS (
    SELECT CASE WHEN hash(i, {{seed}}) % 100 = 0 THEN i - 1 ELSE i END AS i
    FROM range({{0}}, {{1}}) AS t(i)
), drawn AS (
    SELECT i, hash(i, 1) / 18446744073709551616 AS a, hash(i, 2) / 18446744073709551616 AS b,
        (hash(i, 3) % {{variants}})::INTEGER AS variant
    FROM numbers
), people AS (
    SELECT *, ({PEOPLE} * a * a)::INTEGER AS person, ({{kinds}} * b * b * b)::INTEGER AS kind
    FROM drawn
)
SELECT type, '26.' || (6 + person % 6) || '.' || person % 3 AS version,
    substr(md5('c' || person % 18), 1, 7) AS "commit",
    CASE WHEN person % 50 = 0 THEN 'develop' ELSE 'stable' END AS channel,
    md5('i' || person) AS instance, md5('s' || person || i % 4) AS session,
    md5('m{{seed}}' || i) AS message, '{{day}}T{{hour:02}}:00:00Z' AS time, attributes
FROM people JOIN kinds USING (kind) JOIN variants USING (kind, variant)
"""


def _attributes(kind: EventType, draw: random.Random) -> dict[str, Any]:
    """Draw what an event of a type says; the first words of a list are the common ones."""
    found = {}
    for name, attribute in kind.attributes.items():
        if draw.random() < 0.9:
            found[name] = _value(attribute, draw)
    return found


def _value(attribute: Attribute, draw: random.Random) -> bool | int | str | list[str]:
    words = sorted(attribute.values)
    match attribute.type:
        case Type.BOOLEAN:
            return draw.random() < 0.5
        case Type.INTEGER | Type.NUMBER if attribute.buckets:
            return draw.choice(bucket_names(attribute.type, attribute.buckets))
        case Type.INTEGER:
            return int(draw.random() ** 3 * (attribute.max + 1))
        case Type.WORD:
            return words[int(draw.random() ** 3 * len(words))]
        case Type.WORDS:
            return sorted({words[int(draw.random() ** 3 * len(words))] for _ in range(3)})
        case Type.VERSION:
            return f"2.{draw.randrange(9)}.{draw.randrange(3)}"
        case Type.LANGUAGE:
            return draw.choice(("en", "cs", "de", "es", "fr", "ja", "pt-BR"))
        case _:
            return f"text {draw.randrange(50)}"


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
