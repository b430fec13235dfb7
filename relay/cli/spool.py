"""`relay spool status | list | show | retry | purge`: what waits, and what could not be delivered.

Works while a relay runs on the spool and while none does.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from relay.audit import Action, Audit, Entry, Outcome, Via, system_user
from relay.cli.options import add_config, add_json, binary_stdout, print_json, settings_of
from relay.clock import SystemClock
from relay.config import Settings, SpoolSettings
from relay.errors import AuditError, RelayError
from relay.outcomes import Reason
from relay.ports import Spool
from relay.spool.inspecting import all_facts, facts, find_dead, read_dead, tell_status
from relay.spool.tools import open_tools

T = TypeVar("T")


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands."""
    parser = commands.add_parser("spool", help="look at the spool; send dead letters again")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    status = actions.add_parser("status", help="how much waits, and how many dead letters")
    list_ = actions.add_parser("list", help="list dead letters, the oldest numbers first")
    list_.add_argument(
        "--limit", metavar="N", type=_number, default=50, help="at most (default 50)"
    )
    list_.add_argument("--reason", metavar="R", type=_reason, help="only those buried for it")
    list_.add_argument("--project", metavar="P", help="only those of a project")
    show = actions.add_parser("show", help="show a dead letter")
    show.add_argument("number", metavar="NUMBER", type=_number, nargs="?")
    show.add_argument("--body", action="store_true", help="write its envelope, nothing else")
    retry = actions.add_parser("retry", help="make dead letters due, as if they had just come")
    purge = actions.add_parser("purge", help="delete dead letters")
    purge.add_argument("--yes", action="store_true", help="with --all: yes, delete all of them")
    for action in (retry, purge):
        action.add_argument("numbers", metavar="NUMBER", type=_number, nargs="*")
        action.add_argument("--all", action="store_true", help="all there are")
    runs = ((status, run_status), (list_, run_list), (show, run_show))
    for action, run in (*runs, (retry, run_retry), (purge, run_purge)):
        add_config(action)
        add_json(action)
        action.add_argument("--usage", action="store_true", help="of usage events")
        action.set_defaults(run=run, usage_error=action.error)


def run_status(options: argparse.Namespace) -> int:
    """Tell how much is held."""
    settings = settings_of(options)
    max_bytes = _chosen_spool(options, settings).max_bytes
    told = _looked(
        options, settings, Action.SPOOL_STATUS, lambda spool: tell_status(spool, max_bytes)
    )
    if options.json:
        print_json(told)
        return 0
    print(f"waiting        {told['ready']}")
    print(f"on its way     {told['claimed']}")
    print(f"oldest         {told['oldest_seconds']:.0f} s")
    print(f"bytes          {told['bytes']} ({told['share']:.1%} of {told['max_bytes']})")
    print(f"dead letters   {told['dead']}")
    for reason, count in told["dead_by_reason"].items():
        print(f"  {reason:<20} {count}")
    return 0


def run_list(options: argparse.Namespace) -> int:
    """List dead letters."""
    letters = _looked(
        options,
        settings_of(options),
        Action.SPOOL_LIST,
        lambda spool: find_dead(
            spool, options.limit, reason=options.reason, project=options.project
        ),
    )
    if options.json:
        print_json([facts(letter) for letter in letters])
        return 0
    table = Table(box=None, pad_edge=False)
    for heading in ("number", "stored", "project", "categories", "bytes", "tries", "reason"):
        table.add_column(heading, overflow="fold")
    for letter in letters:
        table.add_row(
            str(letter.number),
            _time(letter.stored_at),
            escape(letter.project),
            escape(", ".join(letter.categories)),
            str(letter.size),
            str(letter.attempts),
            letter.reason.value,
        )
    Console(width=None if sys.stdout.isatty() else 160).print(table)
    return 0


def run_show(options: argparse.Namespace) -> int:
    """Show a dead letter, or write its envelope."""
    if options.number is None:
        options.usage_error("say which NUMBER")
    number: int = options.number
    found = _looked(
        options,
        settings_of(options),
        Action.SPOOL_SHOW,
        lambda spool: read_dead(spool, number),
        number,
    )
    if found is None:
        raise RelayError(f"there is no dead letter {number}")
    letter, envelope = found
    if options.body:
        stdout = binary_stdout()
        stdout.write(envelope.body)
        stdout.flush()
        return 0
    told = all_facts(letter, envelope)
    if options.usage:  # its lines are records, and no items
        told = {**facts(letter), "records": max(0, envelope.body.count(b"\n") - 1)}
    if options.json:
        print_json(told)
        return 0
    for name, value in told.items():
        if name != "items":
            shown = _time(letter.stored_at) if name == "stored_at" else value
            print(f"{name:<12} {', '.join(shown) if isinstance(shown, list) else shown}")
    for item in told.get("items", ()):
        print(f"item         {item['kind']}, {item['bytes']} bytes")
    return 0


def run_retry(options: argparse.Namespace) -> int:
    """Make dead letters due."""
    numbers = _chosen(options)
    return _change(
        options, Action.SPOOL_RETRY, "retried", numbers, lambda spool: spool.dead.retry(numbers)
    )


def run_purge(options: argparse.Namespace) -> int:
    """Delete dead letters."""
    numbers = _chosen(options)
    if numbers is None and not options.yes:
        options.usage_error("--all deletes every dead letter: say --yes too")
    return _change(
        options, Action.SPOOL_PURGE, "purged", numbers, lambda spool: spool.dead.purge(numbers)
    )


def _looked(
    options: argparse.Namespace,
    settings: Settings,
    action: Action,
    ask: Callable[[Spool], Awaitable[T]],
    number: int | None = None,
) -> T:
    """Look at the spool, and note that."""
    answer = _with_spool(_chosen_spool(options, settings), ask)
    scope = _scope(options)
    entry = Entry(action, system_user(), Via.COMMAND, Outcome.DONE, scope=scope, number=number)
    try:
        Audit(settings.admin.audit, SystemClock()).note(entry)
    except AuditError as error:  # nothing was changed
        print(f"relay: {error.detail}", file=sys.stderr)
    return answer


def _change(
    options: argparse.Namespace,
    action: Action,
    what: str,
    numbers: Collection[int] | None,
    change: Callable[[Spool], Awaitable[int]],
) -> int:
    """Change the spool, if that can be noted; say how many it was.

    Returns:
        1 if some were asked for that are no dead letters.

    Raises:
        AuditError: it cannot be noted; nothing was changed.
    """
    settings = settings_of(options)
    audit = Audit(settings.admin.audit, SystemClock())
    asked = None if numbers is None else len(numbers)
    entry = Entry(action, system_user(), Via.COMMAND, Outcome.BEGUN, _scope(options), count=asked)
    audit.note(entry)
    try:
        count = _with_spool(_chosen_spool(options, settings), change)
    except RelayError:
        audit.try_note(replace(entry, outcome=Outcome.FAILED, count=None))
        raise
    missing = 0 if asked is None else asked - count
    audit.try_note(replace(entry, outcome=Outcome.DONE, count=count, missing=missing))
    if options.json:
        print_json({what: count, "missing": missing})
    else:
        print(f"{what}: {count}")
    if missing:
        print(f"relay: {missing} of {count + missing} are no dead letters", file=sys.stderr)
    return 1 if missing else 0


def _chosen_spool(options: argparse.Namespace, settings: Settings) -> SpoolSettings:
    """Return the spool that is asked for: of envelopes, or of usage events.

    Raises:
        RelayError: no app sends usage events.
    """
    if not options.usage:
        return settings.spool
    if not settings.usage.enabled:
        raise RelayError("usage.apps names no app, so there is no spool of usage events")
    return settings.usage.spool


def _scope(options: argparse.Namespace) -> str | None:
    """Return what the audit log says of which spool it is: nothing of that of envelopes."""
    return "usage" if options.usage else None


def _with_spool(settings: SpoolSettings, ask: Callable[[Spool], Awaitable[T]]) -> T:
    """Open the spool, ask, close it."""

    async def run() -> T:
        async with open_tools(settings, SystemClock()) as spool:
            return await ask(spool)

    return asyncio.run(run())


def _chosen(options: argparse.Namespace) -> Collection[int] | None:
    """Return the numbers of the command line; None for all."""
    if bool(options.numbers) is options.all:
        options.usage_error("say NUMBER, one or more, or --all")
    return None if options.all else frozenset(options.numbers)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def _reason(text: str) -> Reason:
    try:
        return Reason(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no reason; `relay spool status` lists those there are"
        ) from None
