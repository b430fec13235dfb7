"""`relay rules list`: which rules there are, what each finds, where, and what it does."""

import argparse
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

from rich.table import Table

from relay.cli.listing import add_words, has_words, print_list
from relay.cli.options import add_json, add_rule_filter, add_rules, rule_files_of
from relay.cli.terminal import cell, tables
from relay.rules.loading import load_rules
from relay.rules.model import Rule, Status

_STYLES: Final = {Status.ENFORCE: "green", Status.SHADOW: "cyan", Status.OFF: "dim"}


def add_action(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the action."""
    parser = actions.add_parser(
        "list",
        help="list the rules",
        description="Lists the rules: what each finds, where, and what it does.",
    )
    add_words(parser, "rules")
    parser.add_argument("--status", choices=list(Status), help="only rules of this status")
    add_rule_filter(parser)
    add_rules(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Show the rules; 1 when none is left.

    Raises:
        ConfigError: the configuration has mistakes.
        RuleError: with all mistakes.
    """
    rules = load_rules(rule_files_of(options))
    shown = [rule for rule in rules if _is_meant(rule, options)]
    return print_list(options, shown, rules, "rules", as_json=_as_json, show=_show)


def _is_meant(rule: Rule, options: argparse.Namespace) -> bool:
    texts = (rule.id, rule.description, rule.why, *_where(rule), *rule.match.spelled)
    return (
        fnmatchcase(rule.id, options.rule)
        and options.status in (None, rule.status)
        and has_words(options, *texts)
    )


def _where(rule: Rule) -> Sequence[str]:
    return (
        *(selector.source for selector in rule.where),
        *(f"not {selector.source}" for selector in rule.excepts),
    )


def _show(rules: Sequence[Rule]) -> None:
    """Show a rule in a line or a few; the file stands in it too, where there is room."""
    console = tables()
    table = Table(box=None, pad_edge=False)
    wide = console.width >= _WIDE
    table.add_column("rule", overflow="fold", min_width=_ID)
    headings = ("status", "does", "where", "examples", *(("file",) if wide else ()), "finds")
    for heading in headings:
        right = heading == "examples"
        table.add_column("ex." if right else heading, overflow="fold",
                         justify="right" if right else "left")  # fmt: skip
    for rule in rules:
        where = _where(rule)
        place = "everywhere" if not where else where[0] if len(where) == 1 else ""
        row = [
            cell(rule.id),
            cell(rule.status, _STYLES[rule.status]),
            cell(rule.redaction.method),
            cell(place if 0 < len(place) <= _PLACE else f"{len(where)} selectors"),
            cell(str(len(rule.scrubs) + len(rule.leaves))),
            *((cell(f"{rule.file}:{rule.line}"),) if wide else ()),
            cell(rule.description),
        ]
        table.add_row(*row)
    console.print(table)


_WIDE: Final = 120
_ID: Final = 14
_PLACE: Final = 18


def _as_json(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "status": rule.status,
        "method": rule.redaction.method,
        "description": rule.description,
        "file": rule.file,
        "line": rule.line,
        "where": [selector.source for selector in rule.where],
        "except": [selector.source for selector in rule.excepts],
        "keys": list(rule.match.spelled),
        "scrubs": len(rule.scrubs),
        "leaves": len(rule.leaves),
    }
