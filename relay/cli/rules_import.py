"""`relay rules import`: Sentry's PII configuration becomes rule files."""

import argparse
import secrets
import sys
from pathlib import Path

from relay import jsonio
from relay.cli.options import add_json, print_json, read_input
from relay.cli.terminal import say
from relay.rules.sentry_import import FOLDER, Imported, NotPiiConfigError, convert
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber

LOST = 1
MISUSED = 2


def add_action(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the action."""
    parser = actions.add_parser(
        "import",
        help="turn Sentry's PII configuration into rules",
        description="Turns Sentry's PII configuration, advanced data scrubbing or data scrubbing "
        "settings into rule files, and names what they do not hold. Ends with 1 if there is any.",
    )
    parser.add_argument("file", metavar="FILE", nargs="?", default="-", help="or - for stdin")
    parser.add_argument(
        "--out",
        metavar="DIR",
        help=f"rules folder to write into, below {FOLDER}/ (default: show on stdout)",
    )
    parser.add_argument("--force", action="store_true", help="write over files that are there")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Import; 1 when something could not be carried over, 2 when nothing is read or written."""
    try:
        data = read_input(options.file)
    except OSError as error:
        return _misused(options.file, error.strerror or "cannot be read")
    keys = HashKeys(secrets.token_bytes(32))
    try:
        document = jsonio.loads(data)
        imported = convert(document, lambda some: Scrubber.from_rules(some, keys))
    except jsonio.JsonError as error:
        line, column = jsonio.place_of_fault(data)
        return _misused(f"{options.file}:{line}:{column}", str(error))
    except NotPiiConfigError as error:
        return _misused(options.file, f"no PII configuration: {error}")
    if options.out is not None:
        status = _write(imported, Path(options.out), force=options.force)
        if status:
            return status
    _report(imported, options)
    return LOST if imported.losses else 0


def _misused(place: str, message: str) -> int:
    print(f"relay: {place}: {message}", file=sys.stderr)
    return MISUSED


def _write(imported: Imported, folder: Path, *, force: bool) -> int:
    """Write every file, or none when one would be lost that is not the same."""
    texts = {folder / rule.file: rule.text.encode() for rule in imported.rules}
    try:
        there = [p for p, text in texts.items() if p.is_file() and p.read_bytes() != text]
        if there and not force:
            for path in there:
                print(f"relay: {path}: is there and differs", file=sys.stderr)
            print("relay: nothing written; --force writes over them", file=sys.stderr)
            return MISUSED
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
    except OSError as error:
        return _misused(str(error.filename or folder), error.strerror or "cannot be written")
    return 0


def _report(imported: Imported, options: argparse.Namespace) -> None:
    """Tell what came out: data on stdout, what is lost and what is to be done on stderr."""
    unfinished = [rule for rule in imported.rules if not rule.finished]
    if options.json:
        rules = [
            {"id": rule.id, "file": rule.file, "finished": rule.finished, "text": rule.text}
            for rule in imported.rules
        ]
        losses = [{"path": loss.path, "reason": loss.reason} for loss in imported.losses]
        print_json({"rules": rules, "lost": losses})
        return
    if options.out is None:
        texts = (f"# {rule.file}\n{rule.text}" for rule in imported.rules)
        print("---\n".join(texts), end="")
    for loss in imported.losses:
        say(f"not carried over: {loss.path or '(document)'}: {loss.reason}")
    for rule in unfinished:
        file = rule.file if options.out is None else Path(options.out) / rule.file
        print(f"examples to fill in: {file}", file=sys.stderr)
    summary = (
        f"{len(imported.rules)} rules, {len(unfinished)} to fill in, "
        f"{len(imported.losses)} not carried over"
    )
    print(summary, file=sys.stderr if options.out is None else sys.stdout)
