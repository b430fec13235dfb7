"""`relay spool status | list | show | retry | purge`: what waits, and what could not be delivered.

Works while a relay runs on the spool and while none does.
"""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from relay.cli.options import add_config, add_json, binary_stdout, print_json, settings_of
from relay.clock import SystemClock
from relay.config import Settings
from relay.errors import RelayError
from relay.outcomes import Reason
from relay.ports import DeadLetter, Spool, SpoolStatus
from relay.protocol.envelope import parse
from relay.protocol.item_kinds import KINDS
from relay.scrub.permit import ScrubbedEnvelope
from relay.spool.tools import open_tools

PAGE: Final = 1_000
"""So many dead letters are read at one time."""

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
        action.set_defaults(run=run, usage_error=action.error)


def run_status(options: argparse.Namespace) -> int:
    """Tell how much is held."""
    settings = settings_of(options)

    async def ask(spool: Spool) -> tuple[SpoolStatus, Counter[Reason]]:
        status = await spool.status()
        reasons: Counter[Reason] = Counter()
        after = 0
        while letters := await spool.dead.list(PAGE, after):
            reasons.update(letter.reason for letter in letters)
            after = letters[-1].number
        return status, reasons

    status, reasons = _with_spool(settings, ask)
    share = status.bytes / settings.spool.max_bytes
    if options.json:
        print_json(
            {
                "ready": status.ready,
                "claimed": status.claimed,
                "dead": status.buried,
                "dead_by_reason": {reason.value: count for reason, count in reasons.items()},
                "bytes": status.bytes,
                "max_bytes": settings.spool.max_bytes,
                "share": round(share, 4),
                "oldest_seconds": round(status.oldest_age, 3),
            }
        )
        return 0
    print(f"waiting        {status.ready}")
    print(f"on its way     {status.claimed}")
    print(f"oldest         {status.oldest_age:.0f} s")
    print(f"bytes          {status.bytes} ({share:.1%} of {settings.spool.max_bytes})")
    print(f"dead letters   {status.buried}")
    for reason, count in reasons.most_common():
        print(f"  {reason.value:<20} {count}")
    return 0


def run_list(options: argparse.Namespace) -> int:
    """List dead letters."""

    async def ask(spool: Spool) -> list[DeadLetter]:
        found: list[DeadLetter] = []
        after = 0
        while len(found) < options.limit and (letters := await spool.dead.list(PAGE, after)):
            found += [one for one in letters if _is_asked_for(one, options)]
            after = letters[-1].number
        return found[: options.limit]

    letters = _with_spool(settings_of(options), ask)
    if options.json:
        print_json([_facts(letter) for letter in letters])
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

    async def ask(spool: Spool) -> tuple[DeadLetter, ScrubbedEnvelope]:
        letters = await spool.dead.list(1, number - 1)
        envelope = await spool.dead.read(number)
        if envelope is None or not letters or letters[0].number != number:
            raise RelayError(f"there is no dead letter {number}")
        return letters[0], envelope

    letter, envelope = _with_spool(settings_of(options), ask)
    if options.body:
        stdout = binary_stdout()
        stdout.write(envelope.body)
        stdout.flush()
        return 0
    facts = {**_facts(letter), "client": envelope.client, "items": _items(envelope.body)}
    if options.json:
        print_json(facts)
        return 0
    for name, value in facts.items():
        if name != "items":
            shown = _time(letter.stored_at) if name == "stored_at" else value
            print(f"{name:<12} {', '.join(shown) if isinstance(shown, list) else shown}")
    for item in facts["items"]:
        print(f"item         {item['kind']}, {item['bytes']} bytes")
    return 0


def run_retry(options: argparse.Namespace) -> int:
    """Make dead letters due."""
    numbers = _chosen(options)
    count = _with_spool(settings_of(options), lambda spool: spool.dead.retry(numbers))
    return _tell(options, "retried", count, numbers)


def run_purge(options: argparse.Namespace) -> int:
    """Delete dead letters."""
    numbers = _chosen(options)
    if numbers is None and not options.yes:
        options.usage_error("--all deletes every dead letter: say --yes too")
    count = _with_spool(settings_of(options), lambda spool: spool.dead.purge(numbers))
    return _tell(options, "purged", count, numbers)


def _with_spool(settings: Settings, ask: Callable[[Spool], Awaitable[T]]) -> T:
    """Open the spool, ask, close it."""

    async def run() -> T:
        async with open_tools(settings.spool, SystemClock()) as spool:
            return await ask(spool)

    return asyncio.run(run())


def _chosen(options: argparse.Namespace) -> Collection[int] | None:
    """Return the numbers of the command line; None for all."""
    if bool(options.numbers) is options.all:
        options.usage_error("say NUMBER, one or more, or --all")
    return None if options.all else frozenset(options.numbers)


def _tell(
    options: argparse.Namespace, what: str, count: int, numbers: Collection[int] | None
) -> int:
    """Say how many it was; 1 if some were asked for that are no dead letters."""
    missing = 0 if numbers is None else len(numbers) - count
    if options.json:
        print_json({what: count, "missing": missing})
    else:
        print(f"{what}: {count}")
    if missing:
        print(f"relay: {missing} of {count + missing} are no dead letters", file=sys.stderr)
    return 1 if missing else 0


def _is_asked_for(letter: DeadLetter, options: argparse.Namespace) -> bool:
    return options.reason in (None, letter.reason) and options.project in (None, letter.project)


def _facts(letter: DeadLetter) -> dict[str, Any]:
    return {
        "number": letter.number,
        "envelope_id": letter.envelope_id,
        "project": letter.project,
        "key": letter.key,
        "categories": list(letter.categories),
        "bytes": letter.size,
        "stored_at": letter.stored_at,
        "attempts": letter.attempts,
        "reason": letter.reason.value,
    }


def _items(body: bytes) -> list[dict[str, Any]]:
    """Return kind and size of each item; nothing else of it is shown."""
    try:
        items = parse(body).items
    except RelayError:
        return []
    return [
        {"kind": item.kind if item.kind in KINDS else "unknown", "bytes": len(item.payload)}
        for item in items
    ]


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
