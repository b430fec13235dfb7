"""The `relay` command: arguments in, an exit status out.

0 is fine, 1 found something wrong, 2 wrong use; to name a path that does not exist is wrong use.

Law of this package: errors go to stderr, data to stdout; colour only on a terminal.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from relay import __version__
from relay.cli.options import as_json, missing_path, print_json
from relay.cli.terminal import say
from relay.errors import MistakesError, RelayError
from relay.side.nursery import forbid_core_dumps

WRONG = 1
MISUSED = 2

COMMANDS: Final = ("serve", "scrub", "rules", "config", "spool", "usage", "healthcheck")
"""In the order in which they are shown. Each is a module of this package."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status."""
    forbid_core_dumps()  # most commands hold what is not scrubbed yet, or a secret
    words = sys.argv[1:] if arguments is None else arguments
    options = build_parser(words[:1]).parse_args(words)
    missing = missing_path(options)
    if missing is not None:
        say(f"relay: {missing}: no such file or folder")
        return MISUSED
    try:
        return int(options.run(options))
    except MistakesError as error:
        if getattr(options, "json", False):
            print_json({"mistakes": as_json(error.mistakes)})
        count = len(error.mistakes)
        for mistake in error.mistakes:
            say(mistake)
        print(f"{count} mistake{'' if count == 1 else 's'}", file=sys.stderr)
        return WRONG
    except RelayError as error:
        say(f"relay: {error.detail}")
        return WRONG
    except BrokenPipeError:
        # The reader of our output has gone; say nothing more, at exit neither.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return WRONG
    except KeyboardInterrupt:
        return 130


def build_parser(words: Sequence[str] = ()) -> argparse.ArgumentParser:
    """Make the parser, with every command.

    Args:
        words: what is asked for. If it begins with a command, this one alone is there: to load all
            takes longer than most of them.
    """
    parser = argparse.ArgumentParser(
        prog="relay",
        description="Checks consent, scrubs Sentry envelopes, forwards only what is clean.",
    )
    parser.add_argument("--version", action="version", version=f"scrub-relay {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in set(words[:1]).intersection(COMMANDS) or COMMANDS:
        import_module(f"relay.cli.{name}").add_command(commands)
    return parser
