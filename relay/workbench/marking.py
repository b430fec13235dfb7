"""A clean document as text for people, in pieces that say which rule has written what.

Law of this file: pure. Offsets stay here: who shows the pieces joins them, and counts nothing. What
a rule found is in no piece, for the document is clean.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from relay import jsonio
from relay.rules.model import Method
from relay.rules.paths import Path, PathPart
from relay.scrub.redact import KINDS
from relay.scrub.remarks import Note, show_path

MOST_MARKS: Final = 5_000
"""Redactions that are marked in one document; a page with more would not be read."""

METHODS: Final = {kind: method for method, kind in KINDS.items()}
"""What a rule did, by the letter of its remark."""

_INDENT: Final = "  "


class Redaction(NamedTuple):
    """One redaction in what is shown.

    Attributes:
        rule: id of the rule that asked for it.
        path: where, as a selector that finds it; empty in a text.
        method: what was done.
        span: where in the new text, in characters; None where a whole value or a key changed.
        part: of the sample, such as an item of an envelope; empty where there is one only.
    """

    rule: str
    path: str
    method: Method
    span: tuple[int, int] | None = None
    part: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of text.

    Attributes:
        text: to be shown as it is; empty where a redaction has left nothing.
        redaction: what has written it; None for what is as it came.
        heading: whether it names the part that follows.
    """

    text: str = field(repr=False)
    redaction: Redaction | None = None
    heading: bool = False


@dataclass(frozen=True, slots=True)
class Marked:
    """A part of a sample in pieces.

    Attributes:
        segments: the pieces; joined they are the text.
        removed: redactions of which nothing is left to be marked: values that went with their key.
    """

    segments: tuple[Segment, ...] = field(repr=False)
    removed: tuple[Redaction, ...] = ()


def mark_document(value: Any, notes: Iterable[Note], part: str = "") -> Marked:
    """Write a clean document as indented JSON.

    Args:
        value: parsed, without `_meta`.
        notes: what was redacted in it.
        part: see `Redaction`.

    Raises:
        JsonError: it has no JSON form, or is too deep.
    """
    writer = _Writer(part)
    root = _tree(notes)
    writer.value(value, root, (), "\n")
    return Marked(writer.segments(), tuple(writer.removed(root, ())))


def mark_text(text: str, notes: Iterable[Note], part: str = "") -> Marked:
    """Write a clean text; its notes stand at the path of its one value."""
    writer = _Writer(part)
    remarks = [remark for note in notes for remark in note.remarks]
    writer.string(text, _spans(remarks), (), lambda piece: piece)
    gone = [writer.redaction(remark, ()) for remark in remarks if len(remark) == 2]
    return Marked(writer.segments(), tuple(gone))


@dataclass(slots=True)
class _Node:
    """The notes on one place, and on what is below."""

    remarks: list[tuple[Any, ...]] = field(default_factory=list)
    children: dict[PathPart, "_Node"] = field(default_factory=dict)
    seen: bool = False


def _tree(notes: Iterable[Note]) -> _Node:
    root = _Node()
    for note in notes:
        node = root
        for step in note.path:
            node = node.children.setdefault(step, _Node())
        node.remarks += note.remarks
    return root


def _spans(remarks: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return remarks on parts of a text, ascending."""
    return sorted((r for r in remarks if len(r) == 4), key=lambda r: (r[2], r[3]))


class _Writer:
    """Writes values, and marks what a note is about."""

    def __init__(self, part: str) -> None:
        self._part = part
        self._made: list[Segment] = []
        self._plain: list[str] = []
        self._marks = 0

    def segments(self) -> tuple[Segment, ...]:
        self._flush()
        return tuple(self._made)

    def value(self, value: Any, node: _Node | None, path: Path, line: str) -> None:
        """Write a value; `line` begins a new line at its depth."""
        if node is None:
            self._plain.append(jsonio.pretty(value).replace("\n", line))
            return
        node.seen = True
        match value:
            case str():
                self._plain.append('"')
                self.string(value, _spans(node.remarks), path, _escaped)
                self._plain.append('"')
            case dict() if value:
                self._map(value, node, path, line)
            case list() if value:
                self._list(value, node, path, line)
            case _:
                self._mark(jsonio.pretty(value), node.remarks[:1], path)

    def string(self, text: str, spans: Sequence[tuple[Any, ...]], path: Path, show: Any) -> None:
        """Write a text, marked where a span says so."""
        at = 0
        for remark in spans:
            start, end = max(at, min(remark[2], len(text))), min(remark[3], len(text))
            self._plain.append(show(text[at:start]))
            self._mark(show(text[start:end]), [remark], path)
            at = max(start, end)
        self._plain.append(show(text[at:]))

    def redaction(self, remark: tuple[Any, ...], path: Path) -> Redaction:
        span = (remark[2], remark[3]) if len(remark) == 4 else None
        return Redaction(remark[0], show_path(path), METHODS[remark[1]], span, self._part)

    def removed(self, node: _Node, path: Path) -> Iterator[Redaction]:
        """Give the redactions of places that were not there any more."""
        if not node.seen:
            yield from (self.redaction(remark, path) for remark in node.remarks)
        for step, child in node.children.items():
            yield from self.removed(child, (*path, step))

    def _map(self, value: dict[str, Any], node: _Node, path: Path, line: str) -> None:
        self._plain.append("{")
        below = line + _INDENT
        for number, (key, child) in enumerate(value.items()):
            notes = node.children.get(key)
            self._plain.append(("," if number else "") + below + '"')
            on_key = [r for r in notes.remarks if len(r) == 2] if notes is not None else []
            self._mark(_escaped(key), on_key[:1], (*path, key))
            self._plain.append('": ')
            self.value(child, notes, (*path, key), below)
        self._plain.append(line + "}")

    def _list(self, value: list[Any], node: _Node, path: Path, line: str) -> None:
        self._plain.append("[")
        below = line + _INDENT
        for index, child in enumerate(value):
            self._plain.append(("," if index else "") + below)
            self.value(child, node.children.get(index), (*path, index), below)
        self._plain.append(line + "]")

    def _mark(self, text: str, remarks: Sequence[tuple[Any, ...]], path: Path) -> None:
        if not remarks or self._marks >= MOST_MARKS:
            self._plain.append(text)
            return
        self._flush()
        self._marks += 1
        self._made.append(Segment(text, self.redaction(remarks[0], path)))

    def _flush(self) -> None:
        text = "".join(self._plain)
        self._plain.clear()
        if text:
            self._made.append(Segment(text))


def _escaped(text: str) -> str:
    """Return a text as it stands inside of quotes in JSON."""
    return jsonio.dumps(text).decode()[1:-1]
