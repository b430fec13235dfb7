"""`relay usage export`: the sets for analysis of a day, as Parquet with a data dictionary."""

import argparse

from relay.cli.options import add_config, add_json
from relay.errors import RelayError


def add_action(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the action."""
    parser = actions.add_parser(
        "export",
        help="make the sets for analysis of a day: Parquet by event type, and a data dictionary",
    )
    parser.add_argument("--day", metavar="DAY", help="the day, as 2026-11-22 (UTC)")
    add_config(parser)
    add_json(parser)
    parser.set_defaults(run=run, usage_error=parser.error)


def run(options: argparse.Namespace) -> int:
    """Make the sets.

    Raises:
        RelayError: not yet.
    """
    if options.day is None:
        options.usage_error("say which --day")
    raise RelayError(f"the sets of {options.day} cannot be made yet")
