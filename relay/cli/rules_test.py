"""`relay rules test`: hold rules against their own examples, and show where one differs."""

import argparse
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from relay.cli.options import add_json, add_rule_filter, add_rules, print_json, rule_files_of
from relay.cli.terminal import PlainConsole, cell, lines, say
from relay.rules.examples import ExampleResult, run_examples
from relay.rules.loading import read_rules
from relay.rules.model import Rule, Scrubs
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber
from relay.scrub.verified import scrubber_of
from relay.workbench.differing import Difference, Piece, difference

_LINE_STYLES: Final = {"-": "green", "+": "red"}


def add_action(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the action."""
    parser = actions.add_parser(
        "test",
        help="run every rule's own examples",
        description="Runs every rule's own examples, and shows where one differs. Ends with 1 "
        "if one fails.",
    )
    add_rule_filter(parser)
    parser.add_argument("-v", "--verbose", action="store_true", help="show each example that holds")
    add_rules(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the examples; 1 when one fails, 2 when no rule is meant.

    Raises:
        ConfigError: the configuration has mistakes.
        RuleError: with all mistakes.
    """
    files = rule_files_of(options)
    keys = HashKeys(secrets.token_bytes(32))
    rules, mistakes = read_rules(files)
    if mistakes:
        scrubber_of(files, keys, verify=True)  # which tells of examples too, as at a start
    only = frozenset(rule.id for rule in rules if fnmatchcase(rule.id, options.rule))
    if not only:
        say(f"relay: no rule is like {options.rule}")
        return 2
    results = list(run_examples(rules, lambda some: Scrubber.from_rules(some, keys), only))
    failed = [result for result in results if not result.passed]
    everything = Scrubber.from_rules(rules, keys) if failed else None
    differences = [(r, difference(r, everything)) for r in failed if everything is not None]
    if options.json:
        print_json({
            "rules": len(only),
            "examples": len(results),
            "failed": [_as_json(result, shown) for result, shown in differences],
        })  # fmt: skip
        return 1 if failed else 0
    if options.verbose:
        _show_passed(results)
    errors = lines(stderr=True)
    for result, shown in differences:
        _show(errors, result, shown)
    if options.verbose or len(failed) > 1:
        out = lines() if options.verbose else errors
        out.print(_summary(rules, results, everything=options.verbose))
    print(f"{len(only)} rules, {len(results)} examples, {len(failed)} failed")
    return 1 if failed else 0


def _as_json(result: ExampleResult, shown: Difference) -> dict[str, Any]:
    return {
        "rule": result.rule.id,
        "file": result.rule.file,
        "line": result.example.line,
        "problem": result.problem,
        "wanted": result.wanted,
        "got": result.got,
        "diff": list(shown.lines) if shown.lines else [f"-{_joined(shown.wanted)}",
                                                       f"+{_joined(shown.got)}"],
        "others": list(shown.others),
    }  # fmt: skip


def _joined(pieces: Iterable[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def _show(console: PlainConsole, result: ExampleResult, shown: Difference) -> None:
    """Show one failure: what differs in colour, documents line by line."""
    rule, example = result.rule, result.example
    console.print(Text.assemble(
        f"{rule.file}:{example.line}: ", (rule.id, "bold"), f": {result.problem}"
    ))  # fmt: skip
    console.print(_coloured("    wanted  ", shown.wanted, "black on green"))
    console.print(_coloured("    got     ", shown.got, "black on red"))
    for line in shown.lines:
        console.print(cell(f"        {line}", _LINE_STYLES.get(line[:1], "")))
    if shown.others:
        console.print(cell(f"    changed by  {', '.join(shown.others)}", "yellow"))


def _coloured(heading: str, pieces: Iterable[Piece], style: str) -> Text:
    return Text.assemble(heading, *((p.text, style if p.differs else "") for p in pieces))


def _show_passed(results: Sequence[ExampleResult]) -> None:
    console = lines()
    for result in results:
        if result.passed:
            does = "scrubs" if isinstance(result.example, Scrubs) else "leaves"
            place = f" {result.rule.file}:{result.example.line}: {result.rule.id}: {does}"
            console.print(Text.assemble(("ok", "green"), place))


def _summary(rules: Sequence[Rule], results: Sequence[ExampleResult], *, everything: bool) -> Table:
    """Count by rule; of all rules that ran, or of those that fail."""
    ran = Counter(result.rule.id for result in results)
    failed = Counter(result.rule.id for result in results if not result.passed)
    table = Table(box=None, pad_edge=False)
    table.add_column("rule")
    for heading in ("examples", "failed"):
        table.add_column(heading, justify="right")
    for rule in rules:
        if rule.id in (ran if everything else failed):
            wrong = failed[rule.id]
            shown = cell(str(wrong), "red" if wrong else "green")
            table.add_row(cell(rule.id), str(ran[rule.id]), shown)
    return table
