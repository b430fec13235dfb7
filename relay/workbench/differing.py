"""How an example's outcome differs from what was wanted, and which other rule had a hand in it.

Law of this file: pure. What it shows is the author's own example, made up to be shown.
"""

import copy
import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from relay import jsonio
from relay.errors import RelayError
from relay.rules.examples import ExampleResult, held
from relay.rules.model import Scrubs, Status
from relay.scrub.scrubber import Scrubber
from relay.workbench.probing import ALL, with_only


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text; `differs` where the other text has something else."""

    text: str = field(repr=False)
    differs: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """What was wanted of an example and what came.

    Attributes:
        wanted: in pieces.
        got: in pieces.
        lines: of documents: a unified diff, without its head; empty for texts.
        others: ids of the rules that it fights with, where it holds by itself.
    """

    wanted: tuple[Piece, ...]
    got: tuple[Piece, ...]
    lines: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def difference(result: ExampleResult, everything: Scrubber) -> Difference:
    """Return what a failed example shows.

    Args:
        result: of the example.
        everything: the whole set of rules.
    """
    wanted, got = result.wanted, result.got
    others: tuple[str, ...] = ()
    if not _fails_alone(result, everything):
        # It holds by itself; what the set makes of it does not come to rest.
        others = tuple(_fighting(result, everything))
    left, right = _pieces(_text(wanted), _text(got))
    compared = result.example.is_document and got is not None
    return Difference(left, right, tuple(_lines(wanted, got)) if compared else (), others)


def _fails_alone(result: ExampleResult, everything: Scrubber) -> bool:
    alone = Scrubber.from_rules((with_only(result.rule, ALL),), everything.keys)
    try:
        return not held(result.example, alone)[0]
    except RelayError:
        return True


def _fighting(result: ExampleResult, everything: Scrubber) -> Iterator[str]:
    """Yield the rules that, together with the example's own, never leave it alone."""
    own = with_only(result.rule, ALL)
    example = result.example
    before = example.before if isinstance(example, Scrubs) else example.value
    for rule in everything.compiled.rules:
        if rule.status is not Status.ENFORCE or rule.id == own.id:
            continue
        both = Scrubber.from_rules((own, rule), everything.keys)
        try:
            once = _scrub(both, before, is_document=example.is_document)
            rests = once == _scrub(both, once, is_document=example.is_document)
        except RelayError:
            rests = False
        if not rests:
            yield rule.id


def _scrub(scrubber: Scrubber, value: Any, *, is_document: bool) -> Any:
    if is_document:
        return scrubber.scrub_plain(copy.deepcopy(value))
    return scrubber.scrub_text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else jsonio.dumps(value).decode()


def _pieces(wanted: str, got: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    left: list[Piece] = []
    right: list[Piece] = []
    matcher = difflib.SequenceMatcher(None, wanted, got, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        differs = tag != "equal"
        if b > a:
            left.append(Piece(wanted[a:b], differs))
        if d > c:
            right.append(Piece(got[c:d], differs))
    return tuple(left), tuple(right)


def _lines(wanted: Any, got: Any) -> Iterator[str]:
    before, after = (jsonio.pretty(v, sort_keys=True).split("\n") for v in (wanted, got))
    diff = difflib.unified_diff(before, after, n=2, lineterm="")
    return (line for line in diff if not line.startswith(("---", "+++", "@@")))
