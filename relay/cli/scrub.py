"""`relay scrub`: scrub a file or standard input, and write clean bytes to standard output."""

import argparse
import difflib
import sys

import relay
from relay import jsonio
from relay.cli.options import add_rules, binary_stdout, read_input, rules_of
from relay.errors import RelayError
from relay.outcomes import Outcome
from relay.scrub.scrubber import Scrubber

KINDS = ("envelope", "event", "text")


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "scrub",
        help="scrub a file",
        description="Scrubs a file or standard input; clean bytes go to standard output.",
    )
    parser.add_argument("file", metavar="FILE", nargs="?", default="-", help="or - for stdin")
    parser.add_argument("--kind", choices=KINDS, help="what it is (default: seen from its start)")
    parser.add_argument(
        "--diff",
        action="store_true",
        help="show what would change instead; the old lines hold the secrets: do not pass it on",
    )
    add_rules(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Scrub; 1 when the input is not what it should be, or not all of it comes out."""
    try:
        data = read_input(options.file)
    except OSError as error:
        print(f"relay: {options.file}: {error.strerror}", file=sys.stderr)
        return 2
    scrubber = relay.load_scrubber(*rules_of(options))
    kind = options.kind or guessed(data)
    try:
        clean, lost = scrub(scrubber, data, kind)
    except jsonio.JsonError as error:
        print(f"relay: {error}", file=sys.stderr)
        return 1
    if options.diff:
        sys.stdout.writelines(_diff(data, clean, kind))
    else:
        out = binary_stdout()
        out.write(clean)
        out.flush()
    for outcome in lost:
        # The kind is one of ours, or "unknown": a stranger's word is not repeated.
        line = f"item {outcome.index + 1}, {outcome.kind}: {outcome.reason}"
        print(f"relay: {line}", file=sys.stderr)
    return 1 if lost else 0


def scrub(scrubber: Scrubber, data: bytes, kind: str) -> tuple[bytes, tuple[Outcome, ...]]:
    """Scrub bytes of a kind; return clean ones, and what became of the items that are not in them.

    Raises:
        RelayError: it is no such thing.
        JsonError: it is not JSON.
    """
    match kind:
        case "envelope":
            result = scrubber.scrub_envelope(data)
            return result.body, tuple(o for o in result.outcomes if not o.accepted)
        case "event":
            return scrubber.scrub_json(data).body, ()
        case "text":
            return scrubber.scrub_text(data.decode("utf-8", "replace")).encode(), ()
        case _:
            raise RelayError(f"unknown kind {kind}")


def guess(data: bytes) -> str:
    """Return the kind that bytes seem to be."""
    try:
        jsonio.loads(data)
    except jsonio.JsonError:
        pass
    else:
        return "event" if data.lstrip()[:1] in (b"{", b"[") else "text"
    first, _, rest = data.partition(b"\n")
    second = rest.partition(b"\n")[0]
    try:
        if isinstance(jsonio.loads(first), dict) and "type" in jsonio.loads(second):
            return "envelope"
    except (jsonio.JsonError, TypeError):
        pass
    return "text"


def guessed(data: bytes) -> str:
    """Guess, and say on stderr where what looks like JSON will be read as a text.

    An event that was copied but in part is one: as a text it has no keys, and looks clean.
    """
    kind = guess(data)
    if kind == "text" and data.lstrip()[:1] in (b"{", b"["):
        line, column = jsonio.place_of_fault(data)
        told = f"no JSON from line {line}, column {column} on, so read as text"
        print(f"relay: {told} (--kind event or envelope says otherwise)", file=sys.stderr)
    return kind


def _diff(before: bytes, after: bytes, kind: str) -> list[str]:
    return list(
        difflib.unified_diff(_lines(before, kind), _lines(after, kind), "before", "after", n=1)
    )


def _lines(data: bytes, kind: str) -> list[str]:
    """Return text to compare: JSON indented, so that a difference is a line."""
    if kind == "text":
        return [line + "\n" for line in data.decode("utf-8", "replace").splitlines()]
    lines: list[str] = []
    for line in data.split(b"\n") if kind == "envelope" else [data]:
        try:
            value = jsonio.loads(line)
        except jsonio.JsonError:
            lines.append(f"({len(line)} bytes)\n" if line else "\n")
            continue
        if isinstance(value, dict):
            value.pop("_meta", None)
        shown = jsonio.pretty(value, sort_keys=True)
        lines += [part + "\n" for part in shown.split("\n")]
    return lines
