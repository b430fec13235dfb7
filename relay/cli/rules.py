"""`relay rules`: the workbench. Each action has a file of its own."""

import argparse
from typing import Final

from relay.cli import (
    rules_bench,
    rules_explain,
    rules_import,
    rules_lint,
    rules_list,
    rules_new,
    rules_schema,
    rules_test,
)

_ACTIONS: Final = (
    rules_new,
    rules_test,
    rules_explain,
    rules_lint,
    rules_bench,
    rules_list,
    rules_schema,
    rules_import,
)
"""In the order in which they are shown."""


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands."""
    parser = commands.add_parser("rules", help="draft, test, explain, check and list rules")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    for action in _ACTIONS:
        action.add_action(actions)
