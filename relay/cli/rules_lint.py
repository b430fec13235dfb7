"""`relay rules lint`: what is wrong with rules that no example shows."""

import argparse
import os
import secrets
import time
from collections import Counter
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from rich.text import Text

from relay.cli.options import add_json, add_rule_filter, add_rules, print_json, rule_files_of
from relay.cli.terminal import lines, say
from relay.config import load_settings
from relay.config.environment import CONFIG_VARIABLE
from relay.config.loading import DEFAULT_FILE
from relay.rules.loading import load_rules
from relay.rules.model import Rule
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber
from relay.workbench.corpus import documents
from relay.workbench.costing import Document, measure
from relay.workbench.linting.model import MEANINGS, Finding, Severity
from relay.workbench.linting.running import lint
from relay.workbench.trying import Kind

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
    add_rule_filter(parser)
    parser.add_argument("--strict", action="store_true", help="end with 1 on warnings too")
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Lint; 1 when there are errors, or with `--strict` warnings.

    Raises:
        ConfigError: the configuration has mistakes.
        RuleError: with all mistakes in rules, which come before lint.
    """
    files = rule_files_of(options)
    rules = load_rules(files)
    only = frozenset(rule.id for rule in rules if fnmatchcase(rule.id, options.rule))
    if not only:
        return _no_such(options)
    keys = HashKeys(secrets.token_bytes(32))

    def make(some: tuple[Rule, ...]) -> Scrubber:
        return Scrubber.from_rules(some, keys)

    corpus = [Document(Kind.EVENT, data) for data in documents()]
    costs = measure(make(rules), corpus, time.perf_counter_ns)
    rotates = _rotates(options)
    findings = lint(rules, files, make, only=only, rotates=rotates, shares=costs.shares_of_all())
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


def _rotates(options: argparse.Namespace) -> bool:
    """Return whether the key of pseudonyms changes, as far as a configuration is there to say."""
    named = any(n == CONFIG_VARIABLE or n.startswith("RELAY_HASH") for n in os.environ)
    if options.rules or not (named or Path(DEFAULT_FILE).is_file()):
        return True
    return load_settings(None, os.environ).hash.rotate > 0


def _no_such(options: argparse.Namespace) -> int:
    say(f"relay: no rule is like {options.rule}")
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
    console = lines()
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
