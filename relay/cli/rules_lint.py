"""`relay rules lint`: what is wrong with rules that no example shows."""

import argparse
import secrets
import sys
from collections import Counter
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Final

from rich.console import Console
from rich.text import Text

from relay import rulefiles
from relay.cli.options import add_json, add_rules, print_json, rules_of
from relay.rules.loading import load_rules
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber
from relay.workbench.linting.model import MEANINGS, Finding, Severity
from relay.workbench.linting.running import lint

_STYLES: Final = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def add_action(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the action."""
    parser = actions.add_parser(
        "lint",
        help="find rules that do nothing, do too much, or prove too little",
        description="Finds what examples do not show: rules that others shadow, patterns that "
        "match almost anything, parts that no example needs. Ends with 1 if there are errors.",
    )
    add_rules(parser)
    parser.add_argument(
        "--rule", metavar="GLOB", default="*", help="only rules whose id is like this (wallet/*)"
    )
    parser.add_argument("--strict", action="store_true", help="end with 1 on warnings too")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Lint; 1 when there are errors, or with `--strict` warnings.

    Raises:
        ConfigError: the configuration has mistakes.
        RuleError: with all mistakes in rules, which come before lint.
    """
    paths = rules_of(options)
    files = rulefiles.read(paths) if paths else rulefiles.shipped()
    rules = load_rules(files)
    only = frozenset(rule.id for rule in rules if fnmatchcase(rule.id, options.rule))
    if not only:
        return _no_such(options)
    keys = HashKeys(secrets.token_bytes(32))
    findings = lint(rules, files, lambda some: Scrubber.from_rules(some, keys), only=only)
    counts = Counter(finding.severity for finding in findings)
    if options.json:
        print_json({
            "rules": len(only),
            "findings": [_as_json(finding) for finding in findings],
        })  # fmt: skip
    else:
        _show(findings)
        told = ", ".join(f"{counts[severity]} {severity}s" for severity in Severity)
        print(f"{len(only)} rules, {told}")
    wrong = counts[Severity.ERROR] + (counts[Severity.WARNING] if options.strict else 0)
    return 1 if wrong else 0


def _no_such(options: argparse.Namespace) -> int:
    print(f"relay: no rule is like {options.rule}", file=sys.stderr)
    return 2


def _as_json(finding: Finding) -> dict[str, str | int]:
    return {
        "rule": finding.rule,
        "file": finding.file,
        "line": finding.line,
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "other": finding.other,
    }


def _show(findings: Sequence[Finding]) -> None:
    """Show each in a line, and once a word what to do about it."""
    console = Console(soft_wrap=True, highlight=False)
    for finding in findings:
        line = Text.assemble(
            f"{finding.file}:{finding.line}: ",
            (str(finding.severity), _STYLES[finding.severity]),
            " ",
            (str(finding.code), "bold"),
            f": {finding.rule}: {finding.message}",
        )
        console.print(line)
    for code in dict.fromkeys(finding.code for finding in findings):
        console.print(Text.assemble((str(code), "bold"), f": {MEANINGS[code].remedy}"))
