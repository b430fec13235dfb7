"""`relay config check | show`: is the configuration right, and what does it come to."""

import argparse
import json
import sys

import relay
from relay.cli.options import add_config, add_json, settings_of
from relay.config import masked, read_secret, show


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands."""
    parser = commands.add_parser("config", help="check and show the configuration")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    check = actions.add_parser("check", help="report every mistake, in the rules too")
    show_ = actions.add_parser("show", help="print what holds, secrets masked")
    add_config(check)
    add_config(show_)
    add_json(show_)
    check.set_defaults(run=run_check)
    show_.set_defaults(run=run_show)


def run_check(options: argparse.Namespace) -> int:
    """Load everything that `serve` loads; mistakes come out as errors."""
    settings = settings_of(options)
    read_secret(settings.hash)
    scrubber = relay.load_scrubber(*settings.rules)
    where = settings.source or "defaults (no file)"
    rules = len(scrubber.compiled.rules)
    print(f"{where}: {len(settings.projects)} project(s), {rules} rules: fine")
    return 0


def run_show(options: argparse.Namespace) -> int:
    """Print every setting."""
    settings = settings_of(options)
    if options.json:
        print(json.dumps(masked(settings), ensure_ascii=False))
    else:
        sys.stdout.write(show(settings))
    return 0
