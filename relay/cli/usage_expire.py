"""`relay usage expire`: what is too old goes out of the store and out of both spools, now.

Works while a relay runs and while none does; it is what a relay does by itself every day.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from rich.table import Table

from relay.audit import Action, Audit, Entry, Outcome, Via, system_user
from relay.cli.options import add_config, add_json, print_json, read_day, settings_of
from relay.cli.terminal import cell, say, tables
from relay.clock import SystemClock
from relay.config import Settings, SpoolSettings
from relay.errors import RelayError
from relay.ports import Clock
from relay.spool.tools import open_tools
from relay.usage.leftovers import forget_leftovers
from relay.usage.retention import DAY, day_at, expire, expire_spool
from relay.usage.retention_report import Report, SpoolReport, Tally, as_json
from relay.usage.store import Store, open_store


def add_action(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the action."""
    parser = actions.add_parser(
        "expire",
        help="delete what is older than usage.keep, and tell what went",
        description="Deletes what is older than usage.keep: events, opt-outs and sets by their "
        "day, and what is too old in the spools, dead letters included. A relay does the same "
        "every day.",
    )
    parser.add_argument("--dry-run", action="store_true", help="delete nothing, tell what would go")
    parser.add_argument(
        "--today",
        metavar="DAY",
        type=read_day,
        help="count from another day, as 2026-11-22; one that is to come only with --dry-run",
    )
    add_config(parser)
    add_json(parser)
    parser.set_defaults(run=run, usage_error=parser.error)


def run(options: argparse.Namespace) -> int:
    """Delete it, if that can be noted; 1 when not all of it went.

    Raises:
        ConfigError: the configuration has mistakes.
        AuditError: it cannot be noted; nothing was deleted.
        RelayError: the library for the store is missing.
    """
    actual = day_at(SystemClock().now())
    today: date = options.today or actual
    dry_run: bool = options.dry_run
    if today > actual and not dry_run:
        options.usage_error(f"{today} is to come: only with --dry-run")
    settings = settings_of(options)
    store = open_store(settings.usage.store)
    clock = _ShiftedClock(today - actual)
    audit, who = Audit(settings.admin.audit, SystemClock()), system_user()
    if not dry_run:
        audit.note(Entry(Action.USAGE_EXPIRE, who, Via.COMMAND, Outcome.BEGUN))
    try:
        report, spools = asyncio.run(_expire(settings, store, clock, dry_run=dry_run))
    except BaseException:
        if not dry_run:
            audit.try_note(Entry(Action.USAGE_EXPIRE, who, Via.COMMAND, Outcome.FAILED))
        raise
    errors = [report.error] if report.error else []
    errors += [f"{_SPOOLS[one.name]}: {one.error}" for one in spools if one.error]
    if not dry_run:
        outcome = Outcome.FAILED if errors else Outcome.DONE
        count = report.objects + sum(_rows(one) for one in spools)
        audit.try_note(Entry(Action.USAGE_EXPIRE, who, Via.COMMAND, outcome, count=count))
    if options.json:
        print_json({**as_json(report), "spools": [_spool_as_json(one) for one in spools]})
    else:
        _show(report, spools)
    for error in errors:
        say(f"relay: {error}")
    return 1 if errors else 0


async def _expire(
    settings: Settings, store: Store, clock: Clock, *, dry_run: bool
) -> tuple[Report, list[SpoolReport]]:
    today = day_at(clock.now())
    report = await expire(store, settings.usage.keep, today, dry_run=dry_run)
    if not dry_run:
        with suppress(OSError):  # of no export of this user, or of this machine
            await asyncio.to_thread(forget_leftovers, clock.now())
    return report, [one async for one in _expire_spools(settings, clock, dry_run=dry_run)]


async def _expire_spools(
    settings: Settings, clock: Clock, *, dry_run: bool
) -> AsyncIterator[SpoolReport]:
    """Go through the spools that are there; one in a relay's memory sees to itself."""
    spools = {"usage": settings.usage.spool, "spool": settings.spool}
    for name, spool in spools.items():
        if not _is_there(spool, used=name == "spool" or settings.usage.enabled):
            continue
        try:
            async with open_tools(spool, clock) as opened:
                yield await expire_spool(name, opened, dry_run=dry_run)
        except RelayError as error:
            yield SpoolReport(name, error=error.detail)


def _is_there(spool: SpoolSettings, *, used: bool) -> bool:
    match spool.backend:
        case "memory":
            return False
        case "sqlite":
            return Path(spool.path).exists()
        case "jetstream":
            return used


class _ShiftedClock(SystemClock):
    """The time of another day."""

    def __init__(self, shift: timedelta) -> None:
        self._shift = shift.days * DAY

    def now(self) -> float:
        """Return seconds since the Unix epoch, so many days before or after."""
        return super().now() + self._shift


def _rows(report: SpoolReport) -> int:
    return report.gone.waiting + report.gone.dead + report.gone.damaged


def _spool_as_json(report: SpoolReport) -> dict[str, Any]:
    return {"name": report.name, **asdict(report.gone), "error": report.error or None}


def _show(report: Report, spools: list[SpoolReport]) -> None:
    table = Table(box=None, pad_edge=False)
    gone = "would go" if report.dry_run else "gone"
    for heading in ("set", "kept from", gone, "bytes", "days", "left", "days", "failed"):
        table.add_column(heading)
    for one in report.kinds:
        row = (one.kind.value, str(one.first), str(one.gone.objects), str(one.gone.bytes))
        more = (_span(one.gone), str(one.left.objects), _span(one.left), str(one.failed.objects))
        table.add_row(*map(cell, (*row, *more)))
    tables().print(table)
    for spool in spools:
        went = spool.gone
        print(f"{_SPOOLS[spool.name]}: {went.waiting} that waited, {went.dead} dead letters, "
              f"{went.damaged} damaged files, {went.bytes} bytes")  # fmt: skip
    if report.strangers.objects:
        print(f"not ours, left alone: {report.strangers.objects}")


_SPOOLS = {"usage": "spool of usage events", "spool": "spool of envelopes"}


def _span(tally: Tally) -> str:
    if tally.oldest is None or tally.oldest == tally.newest:
        return str(tally.oldest or "")
    return f"{tally.oldest} to {tally.newest}"
