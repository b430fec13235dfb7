"""Options that several commands share, and what they all need: rules, configuration."""

import argparse
import dataclasses
import os
import sys
from collections.abc import Sequence
from datetime import date
from typing import IO, Any

from relay import jsonio, rulefiles
from relay.config import Settings, load_settings
from relay.config.environment import CONFIG_VARIABLE
from relay.config.loading import DEFAULT_FILE
from relay.errors import Mistake
from relay.rules.loading import RuleText


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add `--config`."""
    parser.add_argument(
        "--config",
        metavar="FILE",
        help="configuration (default: $RELAY_CONFIG, else ./relay.yaml if it is there)",
    )


def add_rules(parser: argparse.ArgumentParser) -> None:
    """Add `--rules`."""
    parser.add_argument(
        "--rules",
        metavar="DIR",
        action="append",
        default=[],
        help="rule file or folder; may be repeated (default: those of relay.yaml, which "
        "$RELAY_CONFIG may name, else the rules that ship)",
    )


def add_rule_filter(parser: argparse.ArgumentParser) -> None:
    """Add `--rule`, which all rules are like unless it is given."""
    parser.add_argument(
        "--rule", metavar="GLOB", default="*", help="only rules whose id is like this (wallet/*)"
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help="print JSON for scripts")


def missing_path(options: argparse.Namespace) -> str | None:
    """Return the first path on the command line that does not exist; None if all are there.

    That is wrong use, whatever the command. A path from the environment or a file is not looked at.
    """
    config, rules = getattr(options, "config", None), getattr(options, "rules", [])
    for path in filter(None, (config, *rules)):
        if not os.path.lexists(path):
            return str(path)
    return None


def as_json(mistakes: Sequence[Mistake]) -> list[dict[str, str | int]]:
    """Return mistakes as plain data, for JSON."""
    return [dataclasses.asdict(mistake) for mistake in mistakes]


def print_json(value: Any) -> None:
    """Print one line of JSON for a script."""
    print(jsonio.dumps(value).decode())


def settings_of(options: argparse.Namespace, **given: str | int | None) -> Settings:
    """Load the configuration.

    Raises:
        ConfigError: with every mistake.
    """
    host, port, workers = given.get("host"), given.get("port"), given.get("workers")
    return load_settings(
        options.config,
        os.environ,
        host=host if isinstance(host, str) else None,
        port=port if isinstance(port, int) else None,
        workers=workers if isinstance(workers, int) else None,
    )


def rules_of(options: argparse.Namespace) -> tuple[str, ...]:
    """Return the rule files and folders to use; none means the rules that ship.

    They are those of `--rules`, else those that `relay serve` would use here. Where those
    are not the ones that ship, standard error says which they are.

    Raises:
        ConfigError: the configuration has mistakes.
    """
    if options.rules:
        return tuple(options.rules)
    named = any(n == CONFIG_VARIABLE or n.startswith("RELAY_RULES") for n in os.environ)
    if not named and not os.path.isfile(DEFAULT_FILE):  # noqa: PTH113 - a name, not a path
        return ()
    settings = load_settings(None, os.environ)
    if settings.rules:
        source, _ = settings.places.get("rules", (settings.source, 1))
        print(f"rules: {', '.join(settings.rules)} (from {source})", file=sys.stderr)
    return settings.rules


def rule_files_of(options: argparse.Namespace) -> tuple[RuleText, ...]:
    """Read the rule files to use, as `rules_of` has it.

    Raises:
        ConfigError: the configuration has mistakes.
        RuleError: with every path that is missing, and every file that cannot be read.
    """
    paths = rules_of(options)
    return rulefiles.read(paths) if paths else rulefiles.shipped()


def read_day(text: str) -> date:
    """Read a day on the command line, such as 2026-11-22.

    Raises:
        ArgumentTypeError: it is none, or one that nobody means.
    """
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    # Weeks are ISO 8601 too, and mean another day than somebody thinks.
    if found is None or not 1970 <= found.year < 3000 or text != found.isoformat():
        raise argparse.ArgumentTypeError(f"{text!r} is no day, such as 2026-11-22")
    return found


def read_input(name: str) -> bytes:
    """Read a file, or standard input for `-`.

    Raises:
        OSError: it cannot be read.
    """
    if name == "-":
        return sys.stdin.buffer.read()
    with open(name, "rb") as file:  # noqa: PTH123 - a name from the command line
        return file.read()


def binary_stdout() -> IO[bytes]:
    """Return standard output for bytes."""
    return sys.stdout.buffer
