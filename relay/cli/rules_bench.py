"""`relay rules bench`: what each rule costs on a corpus."""

import argparse
import dataclasses
import secrets
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from rich.table import Table

from relay import jsonio
from relay.cli.options import add_json, add_rules, print_json, rule_files_of
from relay.cli.terminal import say, tables
from relay.errors import EnvelopeError
from relay.protocol.envelope import parse
from relay.rules.loading import load_rules
from relay.rules.model import Status
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber
from relay.workbench.corpus import documents
from relay.workbench.costing import Costs, Document, RuleCost, measure
from relay.workbench.linting.variants import enforced
from relay.workbench.trying import Kind

_ROUNDS: Final = 5
_MISUSED: Final = 2


def add_action(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the action."""
    parser = actions.add_parser(
        "bench",
        help="measure what each rule costs on a corpus",
        description="Scrubs events, envelopes and texts, and says which rules took the time. "
        "Shadow rules are measured as if they were enforced. Figures are of this machine, now: "
        "compare them with each other only.",
    )
    parser.add_argument(
        "files",
        metavar="FILE|DIR",
        nargs="*",
        help="events (JSON), envelopes, texts, or folders of them (default: made-up events)",
    )
    add_rules(parser)
    parser.add_argument(
        "--rounds", metavar="N", type=int, default=_ROUNDS, help=f"how often (default: {_ROUNDS})"
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure; 2 for wrong use.

    Raises:
        ConfigError: the configuration has mistakes.
        RuleError: with all mistakes.
    """
    if options.rounds < 1:
        return _misused("--rounds must be 1 or more")
    try:
        corpus = tuple(_corpus(options.files))
    except OSError as error:
        return _misused(f"{error.filename}: {error.strerror or 'cannot be read'}")
    if not corpus:
        return _misused("no files in these folders")
    rules = load_rules(rule_files_of(options))
    # Whoever asks what a shadow rule costs wants to enforce it.
    rules = tuple(enforced(rule) if rule.status is Status.SHADOW else rule for rule in rules)
    scrubber = Scrubber.from_rules(rules, HashKeys(secrets.token_bytes(32)))
    costs = measure(scrubber, corpus, time.perf_counter_ns, options.rounds)
    if options.json:
        print_json(dataclasses.asdict(costs))
    else:
        _show(costs)
    return 0


def _misused(message: str) -> int:
    say(f"relay: {message}")
    return _MISUSED


def _corpus(names: Sequence[str]) -> Iterator[Document]:
    if not names:
        yield from (Document(Kind.EVENT, data) for data in documents())
    for name in names:
        path = Path(name)
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            data = file.read_bytes()
            yield Document(kind_of(data), data)


def kind_of(data: bytes) -> Kind:
    """Return what a file holds: a JSON document, an envelope, or else a text."""
    try:
        jsonio.loads(data)
    except jsonio.JsonError:
        pass
    else:
        return Kind.EVENT
    try:
        return Kind.ENVELOPE if parse(data).items else Kind.TEXT
    except EnvelopeError:
        return Kind.TEXT


def _show(costs: Costs) -> None:
    spent = [rule for rule in costs.rules if rule.searches or rule.hits]
    table = Table(box=None, pad_edge=False)
    table.add_column("rule")
    for heading in ("hits", "searches", "candidates", "checks", "µs an event", "share"):
        table.add_column(heading, justify="right")
    shares = costs.shares()
    for rule in spent:
        table.add_row(*_row(rule, costs.documents, shares[rule.rule]))
    tables().print(table)
    print(f"{len(costs.rules) - len(spent)} more rules were not looked for: the prefilter knew.")
    print(f"{costs.documents} documents, {costs.size} bytes, {costs.dropped} dropped")
    each = costs.micros / costs.documents
    for what, micros in (
        ("rules", costs.of_rules),
        ("prefilter", costs.prefilter),
        ("keys in texts", costs.keys),
    ):
        print(f"{what}: {micros / costs.documents:.0f} µs an event")
    megabyte = costs.micros / costs.size if costs.size else 0.0
    print(f"all, the walk and readings too: {each:.0f} µs an event, {megabyte:.2f} s a megabyte")


def _row(rule: RuleCost, documents: int, share: float) -> tuple[str, ...]:
    counts = (rule.hits, rule.searches, rule.candidates, rule.checks)
    return (rule.rule, *map(str, counts), f"{rule.micros / documents:.1f}", f"{share:.1%}")
