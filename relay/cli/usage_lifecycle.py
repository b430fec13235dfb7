"""`relay usage lifecycle`: rules for a bucket that deletes by itself what is too old."""

import argparse

from relay import jsonio
from relay.cli.options import add_config, settings_of
from relay.usage.lifecycle import Provider, lifecycle, place_of


def add_action(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the action."""
    parser = actions.add_parser(
        "lifecycle",
        help="print lifecycle rules for the bucket, made of usage.keep",
        description="Prints lifecycle rules for the bucket of usage.store, by which the provider "
        "deletes what is older than usage.keep, as JSON that its own tools take.",
    )
    parser.add_argument(
        "--format",
        choices=[one.value for one in Provider],
        help="whose rules (default: by the URL of usage.store)",
    )
    add_config(parser)
    parser.set_defaults(run=run, usage_error=parser.error)


def run(options: argparse.Namespace) -> int:
    """Print them.

    Raises:
        ConfigError: the configuration has mistakes.
    """
    settings = settings_of(options).usage
    place = place_of(settings.store.url)
    if place is None:
        options.usage_error("usage.store is a folder, which has no rules: see relay usage expire")
        raise AssertionError("unreachable")
    provider = None if options.format is None else Provider(options.format)
    print(jsonio.pretty(lifecycle(place, settings.keep, provider)))
    return 0
