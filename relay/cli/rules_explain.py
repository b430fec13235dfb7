"""`relay rules explain`: what was redacted in a sample, by which rule; why a rule did nothing."""

import argparse
import secrets
import sys
from collections import Counter
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from relay.cli.options import add_json, add_rules, print_json, read_input, rule_files_of
from relay.cli.scrub import KINDS, guessed
from relay.cli.terminal import PlainConsole, cell, say, tables
from relay.rules.loading import load_rules
from relay.rules.model import Rule
from relay.rules.selectors import Selector, SelectorError, parse_selector
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber
from relay.workbench.explaining import (
    WITHOUT_RULE,
    Explanation,
    Part,
    Redaction,
    as_plain,
    explain,
)
from relay.workbench.reasons import MEANINGS, Answer, Cause, Why, why_not
from relay.workbench.trying import Kind
from relay.workbench.watching import Span, Target

WRONG: Final = 1
MISUSED: Final = 2

_STYLES: Final = {Cause.FIRED: "green", Cause.SHADOW: "cyan", Cause.TAKEN: "yellow"}

Answers = Sequence[tuple[Part, Answer]]


def add_action(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the action."""
    parser = actions.add_parser(
        "explain",
        help="say what is redacted in an event, by which rule, and why something is not",
        description="Says of each redaction in a file its rule, path and span, and for a given "
        "path why each rule did nothing there. Shows no value. Ends with 1 if the path is not "
        "there, or the sample or an item of it is broken.",
    )
    parser.add_argument("file", metavar="FILE", nargs="?", default="-", help="or - for stdin")
    parser.add_argument("--kind", choices=KINDS, help="what it is (default: seen from its start)")
    parser.add_argument(
        "--path", metavar="SELECTOR", help="say for each rule why it did nothing at this place"
    )
    parser.add_argument(
        "--rule", metavar="GLOB", help="only rules whose id is like this (wallet/*)"
    )
    parser.add_argument(
        "--reveal", action="store_true", help="show what was redacted; on a terminal only"
    )
    add_rules(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Explain; 1 when the path is not there or something is broken, 2 when called wrongly.

    Raises:
        ConfigError: the configuration has mistakes.
        RuleError: with all mistakes in rules.
    """
    if options.reveal and (options.json or not sys.stdout.isatty()):
        return _misused("--reveal shows what must not be kept: on a terminal only, without --json")
    try:
        selector = None if options.path is None else parse_selector(options.path)
    except SelectorError as error:
        return _misused(f"--path: {str(error).rpartition(' of ')[0]}")
    try:
        data = read_input(options.file)
    except OSError as error:
        return _misused(f"{options.file}: {error.strerror or 'cannot be read'}")
    rules = load_rules(rule_files_of(options))
    only = _only(rules, options.rule)
    if only is not None and not only:
        return _misused(f"no rule is like {options.rule}")
    scrubber = Scrubber.from_rules(rules, HashKeys(secrets.token_bytes(32)))
    explanation = explain(scrubber, data, Kind(options.kind or guessed(data)))
    answers = None if selector is None else _ask(rules, scrubber, explanation, selector, only)
    if options.json:
        print_json(_as_json(explanation, answers))
    else:
        _show(explanation, answers, only, reveal=options.reveal)
    lost = answers is not None and not any(answer.places for _, answer in answers)
    return WRONG if lost or explanation.broken else 0


def _misused(message: str) -> int:
    say(f"relay: {message}")
    return MISUSED


def _only(rules: Sequence[Rule], glob: str | None) -> frozenset[str] | None:
    if glob is None:
        return None
    ids = (*(rule.id for rule in rules), *WITHOUT_RULE)
    return frozenset(name for name in ids if fnmatchcase(name, glob))


def _ask(
    rules: Sequence[Rule],
    scrubber: Scrubber,
    explanation: Explanation,
    selector: Selector,
    only: frozenset[str] | None,
) -> Answers:
    return [
        (part, why_not(rules, scrubber, document, selector, only))
        for part in explanation.parts
        for document in part.documents
    ]


# --- for scripts ---------------------------------------------------------------------------------


def _as_json(explanation: Explanation, answers: Answers | None) -> dict[str, Any]:
    shown = as_plain(explanation)
    if answers is None:
        return shown
    whys = [
        {
            "part": part.title,
            "path": why.path,
            "rule": why.rule,
            "cause": why.cause,
            "meaning": MEANINGS[why.cause],
            "detail": why.detail,
        }
        for part, answer in answers
        for why in answer.whys
    ]
    places = sum(answer.places for _, answer in answers)
    return {**shown, "places": places, "nearest": _nearest(answers), "why": whys}


def _nearest(answers: Answers) -> str:
    return next((answer.nearest for _, answer in answers if answer.nearest), "")


# --- for people ----------------------------------------------------------------------------------


def _show(
    explanation: Explanation,
    answers: Answers | None,
    only: frozenset[str] | None,
    *,
    reveal: bool,
) -> None:
    console = tables()
    if explanation.problem:
        say(f"relay: {explanation.problem}")
        return
    if explanation.from_sentry:
        console.print("An event as Sentry's API shows it: read as the event that it was.")
    if answers is not None:
        _show_answers(console, answers, only)
        return
    for part in explanation.parts:
        _show_part(console, part, only, reveal=reveal)
    redactions = [r for part in explanation.parts for r in part.redactions]
    dropped = sum(part.dropped is not None for part in explanation.parts)
    rules = len({redaction.rule for redaction in redactions})
    console.print(f"{len(redactions)} redactions by {rules} rules, {dropped} items dropped")


def _show_part(
    console: PlainConsole, part: Part, only: frozenset[str] | None, *, reveal: bool
) -> None:
    redactions = [r for r in part.redactions if only is None or r.rule in only]
    shadow = [(rule, path, n) for (rule, path), n in part.shadow.items()
              if only is None or rule in only]  # fmt: skip
    if part.dropped is not None:
        console.print(Text.assemble((part.title, "bold"), ": dropped, ", (part.dropped, "red")))
    if not (redactions or shadow or part.headers_left_out):
        return
    console.print(cell(part.title, "bold"))
    if redactions:
        console.print(_table(sorted(redactions, key=_order), reveal=reveal))
    for rule, path, count in sorted(shadow):
        console.print(
            Text.assemble("would redact (shadow): ", (rule, "cyan"), f" {path}, {_times(count)}")
        )
    if part.headers_left_out:
        console.print(f"{part.headers_left_out} headers left out: their names do not go on")
    for rule in sorted({r.rule for r in redactions} & WITHOUT_RULE.keys()):
        console.print(f"{rule}: {WITHOUT_RULE[rule]}")


def _order(redaction: Redaction) -> tuple[str, str, Span]:
    return redaction.document, redaction.path, redaction.clean_span or (0, 0)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _table(redactions: Sequence[Redaction], *, reveal: bool) -> Table:
    table = Table(box=None, pad_edge=False)
    headings = ("path", "rule", "does", "was at", "is at", *(("found",) if reveal else ()))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for one in redactions:
        place = f"{one.document}: {one.path}" if one.document else one.path
        row = [
            cell(place or "(text)"),
            cell(one.rule, "yellow"),
            cell(one.method),
            cell(_span(one.span, one.target)),
            cell(_span(one.clean_span, one.target)),
        ]
        if reveal:
            row.append(cell(one.found.replace("\n", "·"), "red"))
        table.add_row(*row)
    return table


def _span(span: Span | None, target: Target) -> str:
    if span is not None:
        return f"{span[0]}-{span[1]}"
    return "?" if target is Target.PART else str(target)


def _show_answers(console: PlainConsole, answers: Answers, only: frozenset[str] | None) -> None:
    places = sum(answer.places for _, answer in answers)
    if not places:
        nearest = _nearest(answers)
        hint = f"; the nearest place is {nearest}" if nearest else ""
        say(f"relay: nothing stands at this path{hint}")
        return
    for part, answer in answers:
        by_path: dict[str, list[Why]] = {}
        for why in answer.whys:
            by_path.setdefault(why.path, []).append(why)
        for path, whys in by_path.items():
            console.print(cell(f"{part.title}: {path}", "bold"))
            _show_whys(console, whys, everything=only is not None)
    shown = sum(len({why.path for why in answer.whys}) for _, answer in answers)
    if shown < places:
        console.print(f"{places - shown} more places are like this path")


def _show_whys(console: PlainConsole, whys: Sequence[Why], *, everything: bool) -> None:
    """Show each rule that came close, and count the others by their cause."""
    near = [why for why in whys if everything or not why.far]
    if near:
        table = Table(box=None, pad_edge=False)
        for heading in ("rule", "why", "more"):
            table.add_column(heading, overflow="fold")
        for why in near:
            said = cell(f"{why.cause}: {MEANINGS[why.cause]}", _STYLES.get(why.cause, ""))
            table.add_row(cell(why.rule), said, cell(why.detail))
        console.print(table)
    counts = Counter(why.cause for why in whys if why not in near)
    for cause, count in counts.items():
        console.print(f"{count} more rules, {cause}: {MEANINGS[cause]}")
