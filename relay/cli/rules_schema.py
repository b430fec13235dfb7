"""`relay rules schema`, and the same of `config` and `usage`: what editors check files by."""

import argparse
import sys
from collections.abc import Callable
from typing import Any

from relay import jsonio
from relay.config.schema import config_schema
from relay.rules.schema import rule_schema


def add_action(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]",
    make: Callable[[], dict[str, Any]] = rule_schema,
    what: str = "rule files",
) -> None:
    """Add the action.

    Args:
        actions: of a command, `rules`, `config` or `usage`.
        make: returns the schema.
        what: it is of.
    """
    parser = actions.add_parser(
        "schema",
        help=f"print the JSON Schema of {what}",
        description=f"Prints the JSON Schema (draft 2020-12) of {what}, for editors and CI.",
    )
    parser.set_defaults(run=run, make=make)


def add_config_action(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the action for the configuration."""
    add_action(actions, config_schema, "relay.yaml")


def run(options: argparse.Namespace) -> int:
    """Print the schema, indented, so that a difference between two versions is a line."""
    sys.stdout.write(jsonio.pretty(options.make()) + "\n")
    return 0
