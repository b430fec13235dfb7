"""`relay usage export`: the sets for analysis of a day, as Parquet with a data dictionary."""

import argparse
import asyncio
import dataclasses
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from types import FrameType
from typing import Any, Final, NoReturn

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from relay.cli.options import add_config, add_json, print_json, read_day, settings_of
from relay.cli.terminal import lines, say
from relay.clock import SystemClock
from relay.config import Settings, UsageStore
from relay.config.usage_section import MAX_GROUP, SCHEMES
from relay.usage.cataloguefiles import read_catalogue
from relay.usage.dictionary import told
from relay.usage.export import Exported, Wish, export
from relay.usage.store import open_store

_MOST_DAYS: Final = 1_000
"""Days of one run at most; more is a slip of the pen."""

_TERMINATED: Final = 143
"""The exit status of who is ended by SIGTERM, as a shell tells it."""


def add_action(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the action."""
    parser = actions.add_parser(
        "export",
        help="make the sets for analysis of a day: Parquet by event type, and a data dictionary",
        description="Makes the sets for analysis of a day out of the store: a Parquet table for "
        "each type of event, and a data dictionary. Groups of few people lose what sets them "
        "apart, or are left out. A second run replaces the first.",
    )
    parser.add_argument(
        "--day",
        metavar="DAY",
        type=read_day,
        action="append",
        default=[],
        help="the day in UTC, as 2026-11-22; may be repeated",
    )
    parser.add_argument(
        "--days", metavar="FROM..TO", type=_days, default=(), help="all days from one to another"
    )
    parser.add_argument(
        "--to",
        metavar="FOLDER|URL",
        help="where the sets are put, below sets/ (default: the store that the events are in)",
    )
    parser.add_argument(
        "--min-group",
        metavar="K",
        type=_group,
        help="people that a group has at least; more than usage.min_group, never fewer",
    )
    add_config(parser)
    add_json(parser)
    parser.set_defaults(run=run, usage_error=parser.error)


def run(options: argparse.Namespace) -> int:
    """Make the sets; 1 when an object could not be read.

    Raises:
        ConfigError, RuleError: configuration or allow-list have mistakes.
        RelayError: the sets cannot be made, or not be put.
    """
    days = sorted({*options.day, *options.days})
    if not days:
        options.usage_error("say which --day")
    today = datetime.fromtimestamp(SystemClock().now(), UTC).date()
    if days[-1] > today:
        options.usage_error(f"{days[-1]} has not begun")
    settings = settings_of(options)
    least = settings.usage.min_group
    if options.min_group is not None and options.min_group < least:
        options.usage_error(f"--min-group may not be below usage.min_group, which is {least}")
    target = _target(options, settings.usage.store)
    if days[-1] == today:
        say(f"{today} is not over: make its sets again tomorrow")
    made = []
    with _ending_orderly():
        for day in days:
            wish = Wish(
                day, options.min_group or least, settings.usage.hash.rotate, complete=day < today
            )
            with _shown(day) as progress:
                found = asyncio.run(_export(settings, target, wish, progress))
            made.append(found)
            if not options.json:
                _show(found)
    if options.json:
        print_json([_as_json(found) for found in made])
    return 1 if any(found.facts.broken for found in made) else 0


async def _export(settings: Settings, target: UsageStore, wish: Wish, progress: Any) -> Exported:
    catalogue = read_catalogue(settings)
    source = open_store(settings.usage.store)
    return await export(source, open_store(target), catalogue, wish, progress)


def _target(options: argparse.Namespace, store: UsageStore) -> UsageStore:
    """Return where the sets are put."""
    to: str | None = options.to
    if to is None:
        return store
    if to.startswith(SCHEMES):
        return store_at(store, to)
    if "://" in to or not to:
        options.usage_error(f"--to must be a folder, or begin with one of {', '.join(SCHEMES)}")
    return store_at(store, f"file:{to}")


def store_at(store: UsageStore, url: str) -> UsageStore:
    """Return a store elsewhere: with the keys of the one configured if both are of one kind."""
    kind = url.partition(":")[0]
    if kind == store.url.partition(":")[0]:
        return dataclasses.replace(store, url=url)
    return UsageStore(url=url, allow_http=store.allow_http, timeout=store.timeout)


def _show(found: Exported) -> None:
    facts, least = found.facts, found.facts.least
    print(f"{facts.day}: {facts.objects} objects, {sum(found.tables.values())} rows")
    for name, rows in (found.tables | found.counts).items():
        print(f"  {name:<40} {rows:>12}")
    print(f"  {found.hidden} types of events have no rows: fewer than {least} people, or nobody")
    print(f"  repeats {told(facts.repeats, least)}, not in the allow-list "
          f"{told(facts.unknown, least)}")  # fmt: skip
    if facts.broken:
        say(f"relay: {facts.broken} objects could not be read")


def _as_json(found: Exported) -> dict[str, Any]:
    facts = found.facts
    return {
        "day": facts.day,
        "complete": facts.complete,
        "min_group": facts.min_group,
        "objects": facts.objects,
        "broken": facts.broken,
        "repeats": told(facts.repeats, facts.least),
        "unknown": told(facts.unknown, facts.least),
        "tables": found.tables,
        "without_rows": found.hidden,
        "counts": found.counts,
        "files": found.published.files,
        "bytes": found.published.bytes,
        "removed": found.published.removed,
    }


@contextmanager
def _shown(day: date) -> "Iterator[Any]":
    """Yield what shows how far it is: bars on a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=lines(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(f"{day} {what}", total=of)
            bars.update(tasks[what], completed=done, total=of)

        yield show


@contextmanager
def _ending_orderly() -> Iterator[None]:
    """Let SIGTERM end the run as an error does, so that the private folder goes with it."""

    def end(number: int, frame: FrameType | None) -> NoReturn:
        del number, frame
        sys.exit(_TERMINATED)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _days(text: str) -> Sequence[date]:
    first, between, last = text.partition("..")
    if not between:
        raise argparse.ArgumentTypeError(f"{text!r} is no FROM..TO, such as 2026-11-01..2026-11-22")
    start, end = read_day(first), read_day(last)
    if end < start:
        raise argparse.ArgumentTypeError(f"{text!r} ends before it begins")
    if end >= start + timedelta(days=_MOST_DAYS):
        raise argparse.ArgumentTypeError(f"{text!r} is more than {_MOST_DAYS} days")
    return [start + timedelta(days=nth) for nth in range((end - start).days + 1)]


def _group(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_GROUP):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)
