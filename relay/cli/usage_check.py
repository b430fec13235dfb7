"""`relay usage check`: what would become of one request, and why."""

import argparse
import secrets
import sys
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qsl

import relay
from relay import jsonio
from relay.cli.options import add_config, add_json, print_json, read_input, settings_of
from relay.cli.terminal import lines, printable, say
from relay.clock import SystemClock
from relay.config import UsageApp, UsageSettings
from relay.outcomes import Reason
from relay.usage.admitting import UsagePolicy
from relay.usage.catalogue import Catalogue
from relay.usage.cataloguefiles import read_catalogue
from relay.usage.checking import Checked, check
from relay.usage.model import Channel
from relay.usage.pseudonyms import UsageKeys
from relay.yamlio import nearest

_PSEUDONYMS: Final = ("instance", "session", "message")


def add_action(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the action."""
    parser = actions.add_parser(
        "check",
        help="say what would become of a request, what is kept of it, and why not the rest",
        description="Says what a request would be answered, shows the record that is kept of it, "
        "and why each other parameter is dropped. Nothing is sent or stored. Pseudonyms are made "
        "with a key of this run. Ends with 1 if nothing is kept.",
    )
    parser.add_argument(
        "url", metavar="URL", nargs="?", default="-", help="of the request, in quotes; - for stdin"
    )
    parser.add_argument(
        "--consent",
        metavar="VALUE",
        action="append",
        default=[],
        help="the value of the header that carries consent",
    )
    add_config(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Show what becomes of it; 1 if nothing is kept.

    Raises:
        ConfigError: the configuration has mistakes.
        RuleError: the rules or the allow-list have.
    """
    url = options.url
    if url == "-":
        url = read_input("-").decode("utf-8", "replace").strip()
    settings = settings_of(options)
    catalogue = read_catalogue(settings)
    scrubber = relay.load_scrubber(*settings.rules, verify=False)
    keys = UsageKeys.of(secrets.token_bytes(32), 0)
    policies = UsagePolicy.of(settings.usage)
    if not policies:
        policies = UsagePolicy.of(_assumed(url))
        say("relay: no app is configured; this is for one with nothing but defaults")
    now = SystemClock().now()
    done = check(url, tuple(options.consent), policies, catalogue, scrubber, keys, now)
    if options.json:
        dropped = [{"name": one.name, "why": one.why} for one in done.dropped]
        print_json(
            {
                "status": int(done.status),
                "reason": str(done.reason),
                "detail": done.detail,
                "record": done.record,
                "dropped": dropped,
            }
        )
    else:
        _show(done)
        match done.reason:
            case Reason.UNKNOWN_ITEM:
                hint = _hint(url, catalogue)
            case Reason.UNKNOWN_ROUTE:
                hint = _paths(policies.values())
            case _:
                hint = ""
        if hint:
            say(f"relay: {hint}")
    return 0 if done.record is not None else 1


def _assumed(url: str) -> UsageSettings:
    """Return settings for the app that a URL names, whichever that is."""
    path = url.partition("?")[0].partition("://")[2].partition("/")[2] or url.lstrip("/")
    return UsageSettings(apps=(UsageApp(path.partition("/")[0]),))


def _hint(url: str, catalogue: Catalogue) -> str:
    """Return why the list has no such type: it is another app's, or it is spelled otherwise."""
    kind = dict(parse_qsl(url.partition("?")[2])).get("c_type", "")
    found = catalogue.events.get(kind)
    if found is not None:
        return f"the list has it for {', '.join(sorted(found.apps))}"
    return nearest(kind, catalogue.events)


def _paths(policies: Iterable[UsagePolicy]) -> str:
    """Return which paths are taken, as they are configured."""
    shown = []
    for policy in policies:
        middle = "|".join(policy.app.environments)
        folder = f"/{{{middle}}}" if middle else ""
        shown.append(f"/{policy.app.name}/log{folder}/{{{'|'.join(Channel)}}}.log")
    return f"configured is {', '.join(shown)}"


def _show(done: Checked) -> None:
    console = lines()
    if done.record is None:
        console.print(printable(f"{int(done.status)} {done.reason}: {done.detail}"))
        return
    console.print(f"{int(done.status)}, and this is kept:")
    sys.stdout.write(jsonio.pretty(done.record) + "\n")
    made = [name for name in _PSEUDONYMS if done.record.get(name)]
    if made:
        console.print(f"pseudonyms, made with a key of this run: {', '.join(made)}")
    if done.dropped:
        console.print("dropped:")
    for one in done.dropped:
        console.print(printable(f"  {one.name}: {one.why}"), markup=False)
