"""Text that is cut over nodes: an address in groups of four, a phrase with a word in each cell.

Law of this file: it makes texts of what stands together and asks the rules; where they change one,
every node that took part is hidden as a whole. Nodes by themselves were scrubbed before.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from itertools import accumulate, pairwise
from typing import Any, Final, NamedTuple

from relay.errors import ScrubError
from relay.scrub.recording.dom import Run
from relay.scrub.recording.nodes import Piece
from relay.scrub.recording.typed import HIDDEN

_WINDOW: Final = 1_000
"""Characters that are read as one text; the next begins in the middle of it."""
_EDGE: Final = 256
"""Of a longer text, what is read with the texts before and behind it."""
_LONGEST_GROUP: Final = 24
_FEWEST_GROUPS: Final = 4
_MAX_PASSES: Final = 8
_WORK_FLOOR, _WORK_PER_BYTE = 1_000_000, 16
"""Characters of windows that are read: those of a page are read 4 times."""


class _Part(NamedTuple):
    piece: Piece
    text: str
    gap: str
    """What stands between it and the part before."""


_Window = list[_Part]


def hide_split_text(runs: list[Run], scrub_value: Callable[[Any, int], Any], size: int) -> None:
    """Hide texts that say together what no rule lets pass.

    Args:
        runs: of texts that stand together.
        scrub_value: scrubs a document in place.
        size: of the recording in bytes; work is linear in it.

    Raises:
        ScrubError: too much work for its size.
    """
    left = _WORK_FLOOR + _WORK_PER_BYTE * size
    for _ in range(_MAX_PASSES):
        readings: dict[str, list[_Window]] = {}
        for run in runs:
            for window in _windows(run):
                for text, parts in _readings(window):
                    left -= len(text)
                    if left < 0:
                        raise ScrubError("a recording needs more work than its size allows")
                    readings.setdefault(text, []).append(parts)
        hidden = {id(p) for text, new in _changed(list(readings), scrub_value)
                  for parts in readings[text] for p in _hide(text, new, parts)}  # fmt: skip
        if not hidden:
            return
        # A text that is hidden can part what stood around it.
        runs = [run for run in runs if any(id(piece) in hidden for piece, _ in run)]
    raise ScrubError("the text of a recording does not come to rest")


def _changed(texts: list[str], scrub_value: Callable[[Any, int], Any]) -> Iterator[tuple[str, str]]:
    """Give texts in which something was found, with what became of them."""
    # Not a list of texts, nor of maps alone: those would be read as one.
    document = [None, *({"text": text} for text in texts)]
    if texts and scrub_value(document, sum(map(len, texts))) is not document:
        raise ScrubError("a recording was not scrubbed in its place")
    for text, holder in zip(texts, document[1:], strict=True):
        new = holder.get("text") if isinstance(holder, dict) else ""
        if new != text:
            yield text, new if isinstance(new, str) else ""


def _hide(text: str, new: str, parts: _Window) -> Iterator[Piece]:
    """Hide the parts between the first and the last change; give those that were not hidden."""
    most = min(len(text), len(new))
    start = next((i for i in range(most) if text[i] != new[i]), most)
    most -= start
    tail = next((i for i in range(most) if text[-1 - i] != new[-1 - i]), most)
    end = max(len(text) - tail, start + 1)
    starts = [at for at, _ in _places(parts, text)]
    ends = [at + len(part.text) for at, part in zip(starts, parts, strict=True)]
    for part in parts[bisect_right(ends, start) : bisect_left(starts, end)]:
        if part.piece.text != HIDDEN:
            part.piece.write(HIDDEN)
            yield part.piece


def _places(parts: _Window, text: str) -> Iterator[tuple[int, _Part]]:
    at = 0
    for part in parts:
        at = text.index(part.text, at)
        yield at, part
        at += len(part.text)


def _windows(run: Run) -> Iterator[_Window]:
    """Give parts of a run that are read as one text, each of them twice."""
    for parts in _stretches(run):
        ends = list(accumulate(len(part.text) + 1 for part in parts))
        first = begin = 0
        while True:
            last = bisect_right(ends, begin + _WINDOW)
            last = max(last, first + 2)
            yield parts[first:last]
            if last >= len(parts):
                break
            first = max(bisect_right(ends, begin + _WINDOW // 2), first + 1)
            begin = ends[first - 1]


def _stretches(run: Run) -> Iterator[_Window]:
    """Give parts that stand together, more than one; the middle of a long text is left out."""
    parts: _Window = []
    gap = ""
    for piece, breaks in run:
        text = piece.text
        if breaks or text[:1].isspace():
            gap = " "
        if len(text) > 2 * _EDGE:
            yield [*parts, _Part(piece, text[:_EDGE].strip(), gap)]
            parts, gap = [], " "
        plain = text[-_EDGE:].strip() if len(text) > 2 * _EDGE else text.strip()
        if plain:
            parts.append(_Part(piece, plain, gap))
            gap = ""
        if text[-1:].isspace():
            gap = " "
    yield parts


def _readings(window: _Window) -> Iterator[tuple[str, _Window]]:
    """Give the ways to read a window: as it stands, by its words, and its groups as one word."""
    if len(window) < 2:
        return
    spaced = " ".join(part.text for part in window)
    yield spaced, window
    glued = window[0].text + "".join(part.gap + part.text for part in window[1:])
    if glued != spaced:
        yield glued, window
    for groups in _groups(window):
        yield "".join(part.text for part in groups), groups


def _groups(window: _Window) -> Iterator[_Window]:
    """Give parts that look like pieces of one word: of the same length, but for the last."""
    sizes = [0 if " " in part.text else len(part.text) for part in window]
    starts = [0, *(at for at, (a, b) in enumerate(pairwise(sizes), 1) if a != b)]
    for start, stop in zip(starts, [*starts[1:], len(sizes)], strict=True):
        if stop - start >= _FEWEST_GROUPS - 1 and 0 < sizes[start] <= _LONGEST_GROUP:
            more = stop < len(sizes) and 0 < sizes[stop] < sizes[start]
            if stop - start + more >= _FEWEST_GROUPS:
                yield window[start : stop + more]
