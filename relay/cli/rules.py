"""`relay rules test | list | import | new`: hold rules against examples, show what there is."""

import argparse
import secrets
import sys
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from relay import jsonio, rulefiles
from relay.cli import rules_bench, rules_import, rules_lint, rules_new, rules_schema
from relay.cli.options import add_json, add_rules, print_json, rules_of
from relay.rules.examples import ExampleResult, run_examples
from relay.rules.loading import RuleText, load_rules
from relay.rules.model import Rule
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands."""
    parser = commands.add_parser("rules", help="test, list, import and draft rules")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    test = actions.add_parser("test", help="run every rule's own examples")
    list_ = actions.add_parser("list", help="list the rules")
    for command, run in ((test, run_test), (list_, run_list)):
        add_rules(command)
        add_json(command)
        command.set_defaults(run=run)
    rules_import.add_action(actions)
    rules_new.add_action(actions)
    rules_lint.add_action(actions)
    rules_bench.add_action(actions)
    rules_schema.add_action(actions)


def load(options: argparse.Namespace) -> tuple[Rule, ...]:
    """Load the rules that the options, or else the configuration, name.

    Raises:
        ConfigError: the configuration has mistakes.
        RuleError: with all mistakes.
    """
    paths = rules_of(options)
    files = rulefiles.read(paths) if paths else rulefiles.shipped()
    return load_rules(RuleText(file.name, file.file, file.text) for file in files)


def run_test(options: argparse.Namespace) -> int:
    """Run the examples; 1 when one fails."""
    rules = load(options)
    keys = HashKeys(secrets.token_bytes(32))
    results = list(run_examples(rules, lambda some: Scrubber.from_rules(some, keys)))
    failed = [result for result in results if not result.passed]
    if options.json:
        shown = {
            "rules": len(rules),
            "examples": len(results),
            "failed": [_as_json(result) for result in failed],
        }
        print_json(shown)
    else:
        for result in failed:
            _show(result)
        print(f"{len(rules)} rules, {len(results)} examples, {len(failed)} failed")
    return 1 if failed else 0


def _as_json(result: ExampleResult) -> dict[str, Any]:
    return {
        "rule": result.rule.id,
        "file": result.rule.file,
        "line": result.example.line,
        "problem": result.problem,
        "wanted": result.wanted,
        "got": result.got,
    }


def _show(result: ExampleResult) -> None:
    rule, example = result.rule, result.example
    print(f"{rule.file}:{example.line}: {rule.id}: {result.problem}", file=sys.stderr)
    print(f"    wanted  {_text(result.wanted)}", file=sys.stderr)
    print(f"    got     {_text(result.got)}", file=sys.stderr)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else jsonio.dumps(value).decode()


def run_list(options: argparse.Namespace) -> int:
    """Show every rule in a line."""
    rules = load(options)
    if options.json:
        print_json([_summary(rule) for rule in rules])
        return 0
    table = Table(box=None, pad_edge=False)
    for heading in ("rule", "status", "does", "finds"):
        table.add_column(heading, overflow="fold")
    for rule in rules:
        table.add_row(rule.id, rule.status, rule.redaction.method, escape(rule.description))
    Console(width=None if sys.stdout.isatty() else 160).print(table)
    return 0


def _summary(rule: Rule) -> dict[str, str]:
    return {
        "id": rule.id,
        "status": rule.status,
        "method": rule.redaction.method,
        "description": rule.description,
        "file": rule.file,
    }
