"""`relay rules new`: a sample and what is to go in, a rule file with proven examples out."""

import argparse
import secrets
import sys
from dataclasses import dataclass, field
from pathlib import Path

from rich.prompt import Prompt

from relay.cli.options import add_json, add_rules, print_json, read_input, rule_files_of
from relay.cli.scrub import KINDS, guessed
from relay.cli.terminal import say
from relay.rules.loading import RuleText, load_rules
from relay.rules.model import Method, Rule, Status, normalise_key
from relay.rules.selectors import SelectorError, parse_selector
from relay.scrub.hashing import HashKeys
from relay.scrub.scrubber import Scrubber
from relay.workbench.drafting import (
    TO_FILL_IN,
    Located,
    Way,
    caught_by,
    draft,
    every,
    left_at,
    narrowed,
    suggest,
)
from relay.workbench.linting.variants import enforced
from relay.workbench.trying import merged

FOUND = 1
MISUSED = 2


class _MisuseError(Exception):
    """Wrong use; the message says what, without a part of the sample."""


@dataclass(slots=True)
class _Wanted:
    """What the rule is about, from flags and answers."""

    id: str
    kind: str
    sample: str = field(repr=False)
    select: str = field(repr=False)
    path: str = ""
    key: str = ""


def add_action(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the action."""
    parser = actions.add_parser(
        "new",
        help="draft a rule from a sample",
        description="Drafts a rule from a sample: say what is to go by --select, --path or --key. "
        "What is missing is asked for on a terminal. Examples hold invented values of the same "
        "shape, never yours. Ends with 1 if a rule redacts the value already.",
    )
    parser.add_argument("--id", help="the rule's id, folder/name: its path under the rules folder")
    parser.add_argument("--sample", metavar="FILE", help="a sample with the leak; - for stdin")
    parser.add_argument("--kind", choices=KINDS, help="what it is (default: seen from its start)")
    parser.add_argument("--select", metavar="TEXT", help="the text of the sample that is to go")
    parser.add_argument("--path", metavar="SELECTOR", help="the place of the value that is to go")
    parser.add_argument("--key", help="the key whose value is to go, wherever it stands")
    parser.add_argument("--description", default="", help="what the rule finds")
    parser.add_argument("--why", default="", help="why nobody upstream may see it")
    parser.add_argument("--method", choices=list(Method), default=Method.REPLACE.value)
    parser.add_argument(
        "--text", default="", help="what replace writes (default: a word of the id)"
    )
    parser.add_argument("--status", choices=list(Status), default=Status.ENFORCE.value)
    parser.add_argument("--out", metavar="DIR", help="rules folder to write into (default: stdout)")
    parser.add_argument(
        "--force", action="store_true", help="also if a rule redacts it already; write over a file"
    )
    add_rules(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Draft; 1 when a rule redacts the value already or none can be drafted, 2 for wrong use."""
    try:
        wanted = _wanted(options)
        located = _located(wanted)
        loaded = _loaded(options)
        caught = caught_by(located, _scrubber(loaded))
        if caught and not options.force:
            return _already(caught, options)
        text = draft(
            wanted.id,
            located,
            description=options.description,
            why=options.why,
            way=Way.KEY if wanted.key else None,
            selector=wanted.path,
            key=wanted.key,
            status=Status(options.status),
            method=Method(options.method),
            text=options.text,
        )
        file = _write(wanted.id, text, options)
        (drafted,) = load_rules([RuleText(wanted.id, "the draft", text)])
        whole = merged(loaded, (enforced(drafted),))
        left = left_at(wanted.sample, wanted.kind, located.selected, _scrubber(whole))
    except _MisuseError as error:
        say(f"relay: {error}")
        return MISUSED
    _report(wanted.id, text, file, located, caught, left, options)
    return 0


# --- what is asked for ---------------------------------------------------------------------------


def _wanted(options: argparse.Namespace) -> _Wanted:
    rule_id = options.id or _ask("id", "Id of the rule, folder/name")
    name = options.sample or _ask("sample", "File with the sample")
    try:
        data = read_input(name)
    except OSError as error:
        raise _MisuseError(f"{name}: {error.strerror or 'cannot be read'}") from None
    select = options.select or ""
    if not (options.select or options.path or options.key):
        select = _ask("select", "Text of it that is to go", "--select, --path or --key")
    if _at_terminal():
        options.why = options.why or Prompt.ask("Why may nobody upstream see it", default="")
    kind = options.kind or guessed(data)
    sample = data.decode("utf-8", "replace")
    return _Wanted(rule_id, kind, sample, select, options.path or "", options.key or "")


def _ask(flag: str, question: str, flags: str = "") -> str:
    if not _at_terminal():
        raise _MisuseError(f"{flags or f'--{flag}'} is missing, and there is no terminal to ask at")
    answer = Prompt.ask(question)
    if not answer:
        raise _MisuseError(f"{flags or f'--{flag}'} is missing")
    return answer


def _at_terminal() -> bool:
    return sys.stdin.isatty()


def _located(wanted: _Wanted) -> Located:
    """Return the first value that all that was said holds for."""
    try:
        selector = parse_selector(wanted.path) if wanted.path else None
    except SelectorError as error:
        raise _MisuseError(f"--path: {error}") from None
    key = normalise_key(wanted.key)
    for located in every(wanted.sample, wanted.kind):
        place = located.path, str(located.value_type), located.root_type
        if selector is not None and not selector.holds(*place):
            continue
        if key and normalise_key(located.key) != key:
            continue
        found = narrowed(located, wanted.select) if wanted.select else located
        if found is not None:
            return found
    flags = [f"--{flag}" for flag in ("select", "path", "key") if getattr(wanted, flag)]
    raise _MisuseError(f"the sample has no value for {' and '.join(flags)} ({wanted.kind})")


# --- what there is already, and what comes out ---------------------------------------------------


def _loaded(options: argparse.Namespace) -> tuple[Rule, ...]:
    return load_rules(rule_files_of(options))


def _scrubber(rules: tuple[Rule, ...]) -> Scrubber:
    return Scrubber.from_rules(rules, HashKeys(secrets.token_bytes(32)))


def _already(caught: tuple[str, ...], options: argparse.Namespace) -> int:
    if options.json:
        print_json({"caught_by": list(caught), "text": None})
    print(f"relay: redacted already by {', '.join(caught)}", file=sys.stderr)
    print("relay: nothing written; --force drafts a rule all the same", file=sys.stderr)
    return FOUND


def _write(rule_id: str, text: str, options: argparse.Namespace) -> Path | None:
    if options.out is None:
        return None
    file = Path(options.out) / f"{rule_id}.yaml"
    try:
        if file.is_file() and file.read_text("utf-8") != text and not options.force:
            raise _MisuseError(f"{file}: is there and differs; --force writes over it")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is there, and no rule file"
        raise _MisuseError(f"{file}: {reason}") from None
    return file


def _report(
    rule_id: str,
    text: str,
    file: Path | None,
    located: Located,
    caught: tuple[str, ...],
    left: tuple[str, ...],
    options: argparse.Namespace,
) -> None:
    """Tell what came out: data on stdout, what is to be done on stderr."""
    if options.json:
        offered = [{"selector": s.selector, "note": s.note, "way": s.way} for s in suggest(located)]
        shown = {"id": rule_id, "file": None if file is None else str(file), "text": text}
        print_json({**shown, "selectors": offered, "caught_by": list(caught), "left": list(left)})
        return
    if caught:
        print(f"redacted already by {', '.join(caught)}", file=sys.stderr)
    if file is None:
        print(text, end="")
    else:
        print(f"wrote {file}")
        print(f"next: relay rules test --rules {options.out}")
    if left:
        say(f"the same text stays at {', '.join(left)}")
    if TO_FILL_IN in text:
        print("to fill in: why", file=sys.stderr)
