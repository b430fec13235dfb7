"""`relay usage`: what becomes of usage events. Each action has a file of its own."""

import argparse
from typing import Final

from relay.cli import usage_export

_ACTIONS: Final = (usage_export,)
"""In the order in which they are shown."""


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands."""
    parser = commands.add_parser("usage", help="usage events: sets for analysis, and their end")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    for action in _ACTIONS:
        action.add_action(actions)
