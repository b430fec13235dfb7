"""`relay usage events`: which types of events there are, and what is kept of each."""

import argparse
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from relay.cli.listing import add_words, has_words, print_list
from relay.cli.options import add_config, add_json, settings_of
from relay.cli.terminal import cell, tables
from relay.usage.attributes import Attribute, EventType, bucket_names
from relay.usage.cataloguefiles import read_catalogue


def add_action(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the action."""
    parser = actions.add_parser(
        "events",
        help="list the types of events, and what is kept of each",
        description="Lists the allow-list: types of events, the apps that send them, and the "
        "attributes that are kept, each with its type. What is not listed is dropped.",
    )
    add_words(parser, "types")
    parser.add_argument("--app", metavar="NAME", help="only types that this app may send")
    add_config(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Show the types; 1 when none is left.

    Raises:
        ConfigError: the configuration has mistakes.
        RuleError: the allow-list has.
    """
    catalogue = read_catalogue(settings_of(options))
    every = catalogue.events.values()
    shown = [event for event in every if _is_meant(event, options)]
    return print_list(options, shown, every, "types", as_json=_as_json, show=_show)


def _is_meant(event: EventType, options: argparse.Namespace) -> bool:
    sent = options.app is None or not event.apps or options.app in event.apps
    return sent and has_words(options, event.name, event.description, *event.attributes)


def _show(events: Sequence[EventType]) -> None:
    console = tables()
    table = Table(box=None, pad_edge=False)
    table.add_column("type", overflow="fold")
    table.add_column("apps", overflow="fold")
    table.add_column("attributes", overflow="fold", ratio=1)
    for event in events:
        attributes = ", ".join(f"{one.name}: {one.type}" for one in event.attributes.values())
        apps = ", ".join(sorted(event.apps)) or "any"
        table.add_row(
            cell(event.name), cell(apps), cell(attributes or "none", "" if attributes else "dim")
        )
    console.print(table)


def _as_json(event: EventType) -> dict[str, Any]:
    return {
        "type": event.name,
        "description": event.description,
        "apps": sorted(event.apps),
        "attributes": [_described(one) for one in event.attributes.values()],
        "file": event.file,
        "line": event.line,
    }


def _described(attribute: Attribute) -> dict[str, Any]:
    """Return an attribute with what belongs to its type."""
    shown: dict[str, Any] = {
        "name": attribute.name,
        "type": attribute.type,
        "description": attribute.description,
        "describes": attribute.describes,
    }
    if attribute.values:
        shown["values"] = sorted(attribute.values)
    if attribute.buckets:
        shown["buckets"] = bucket_names(attribute.type, attribute.buckets)
    if attribute.max:
        shown["max"] = attribute.max
    return shown
