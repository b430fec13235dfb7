"""`relay config check | show | schema`: is the configuration right, and what does it come to."""

import argparse
import os
import sys

import relay
from relay.cli.options import add_config, add_json, print_json, settings_of
from relay.cli.rules_schema import add_config_action
from relay.config import UsageSettings, check_runnable, exposed_secrets, masked, show
from relay.rulefiles import shipped_left_out
from relay.usage.catalogue import EMPTY, Catalogue
from relay.usage.cataloguefiles import read_catalogue
from relay.usage.store import open_store

_MADE = (
    "usage.hash.secret_file is not set: pseudonyms, and what is known of repeats, "
    "end with the process"
)


_ALL_SHOWN = "usage.min_group is 1: the sets for analysis hide nobody"


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands."""
    parser = commands.add_parser("config", help="check and show the configuration")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    check = actions.add_parser("check", help="report every mistake, in the rules too")
    show_ = actions.add_parser("show", help="print what holds, secrets masked")
    add_config(check)
    add_config(show_)
    add_json(check)
    add_json(show_)
    add_config_action(actions)
    check.set_defaults(run=run_check)
    show_.set_defaults(run=run_show)


def run_check(options: argparse.Namespace) -> int:
    """Look at everything that `serve` looks at before it starts; mistakes come out as errors."""
    settings = settings_of(options)
    check_runnable(settings)
    if settings.usage.enabled:
        open_store(settings.usage.store)  # asks no server, but the environment for an account
    scrubber = relay.load_scrubber(*settings.rules)
    rules = len(scrubber.compiled.rules)
    left_out = shipped_left_out(rule.id for rule in scrubber.compiled.rules)
    catalogue = read_catalogue(settings) if settings.usage.enabled else EMPTY
    events = len(catalogue.events)
    warnings = list(exposed_secrets(settings, os.environ))
    if settings.usage.enabled:
        warnings += _usage_warnings(settings.usage, catalogue)
    if options.json:
        file, projects = settings.source or None, len(settings.projects)
        counts = {"rules": rules, "shipped_rules_left_out": left_out, "usage_events": events}
        found = {"mistakes": [], "warnings": warnings}
        print_json({"file": file, "projects": projects, **counts, **found})
        return 0
    where = settings.source or "defaults (no file)"
    usage = f", {events} types of usage events" if settings.usage.enabled else ""
    print(f"{where}: {len(settings.projects)} project(s), {rules} rules{usage}: fine")
    if left_out:
        print(f"relay: {left_out} of the rules that ship are not among them", file=sys.stderr)
    for warning in warnings:
        print(f"relay: {warning}", file=sys.stderr)
    return 0


def _usage_warnings(usage: UsageSettings, catalogue: Catalogue) -> list[str]:
    """Return what is no mistake, and hardly meant."""
    warnings = [_MADE] if usage.hash.made else []
    if usage.min_group == 1:
        warnings.append(_ALL_SHOWN)
    if usage.events:  # the list that ships is for more apps than one has
        named = {app for event in catalogue.events.values() for app in event.apps}
        warnings += [
            f"the allow-list names the app {app}, which is not in usage.apps"
            for app in sorted(named.difference(app.name for app in usage.apps))
        ]
    return warnings


def run_show(options: argparse.Namespace) -> int:
    """Print every setting."""
    settings = settings_of(options)
    if options.json:
        print_json(masked(settings))
    else:
        sys.stdout.write(show(settings))
    return 0
