"""`relay usage`: what becomes of usage events. Each action has a file of its own."""

import argparse
from typing import Final

from relay.cli import (
    rules_schema,
    usage_check,
    usage_events,
    usage_expire,
    usage_export,
    usage_lifecycle,
)
from relay.usage.schema import events_schema

_ACTIONS: Final = (usage_events, usage_check, usage_export, usage_expire, usage_lifecycle)
"""In the order in which they are shown."""


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands."""
    parser = commands.add_parser("usage", help="usage events: sets for analysis, and their end")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    for action in _ACTIONS:
        action.add_action(actions)
    rules_schema.add_action(actions, events_schema, "files of the allow-list")
