"""The `relay` command: arguments in, an exit status out.

0 is fine, 1 found something wrong, 2 wrong use; to name a path that does not exist is wrong use.

Law of this package: errors go to stderr, data to stdout; colour only on a terminal.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from relay import __version__
from relay.cli import config, healthcheck, rules, scrub, serve, spool, usage
from relay.cli.options import as_json, missing_path, print_json
from relay.cli.terminal import say
from relay.errors import MistakesError, RelayError
from relay.side.nursery import forbid_core_dumps

WRONG = 1
MISUSED = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status."""
    forbid_core_dumps()  # most commands hold what is not scrubbed yet, or a secret
    parser = build_parser()
    options = parser.parse_args(arguments)
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


def build_parser() -> argparse.ArgumentParser:
    """Make the parser, with every command."""
    parser = argparse.ArgumentParser(
        prog="relay",
        description="Checks consent, scrubs Sentry envelopes, forwards only what is clean.",
    )
    parser.add_argument("--version", action="version", version=f"scrub-relay {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for module in (serve, scrub, rules, config, spool, usage, healthcheck):
        module.add_command(commands)
    return parser
