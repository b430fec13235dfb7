"""Text that is cut over nodes: an address in groups of four, a phrase with a word in each cell.

Law of this file: it makes texts of what stands together and asks the rules; a node that says less
in such a text than it says alone took part in something, and is hidden as a whole. Texts are read
as they stand, and where the rules have changed one, also as they were: the rest of an address means
nothing once its beginning is gone.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate, groupby, pairwise
from operator import itemgetter
from typing import Any, Final, NamedTuple

from relay.errors import ScrubError
from relay.scrub.recording.dom import Run
from relay.scrub.recording.labels import begins_as_label, ends_as_label
from relay.scrub.recording.nodes import Piece
from relay.scrub.recording.typed import HIDDEN

_WINDOW: Final = 1_000
"""Characters that are read as one text; the next begins in the middle of it."""
_EDGE: Final = 256
"""Of a longer text, what is read with the texts before and behind it."""
_REACH: Final = 160
"""Characters before and behind a text that the rules changed, of which it may be a part."""
_LONGEST_GROUP: Final = 24
_FEWEST_GROUPS: Final = 4
_ANCHOR: Final = 16
"""Characters by which a place is found again behind something that was hidden."""
_SKIPPED: Final = 32
"""Parts that may have been hidden together; more of them hide all up to the last that was."""
_MAX_PASSES: Final = 8
_WORK_FLOOR, _WORK_PER_BYTE = 1_000_000, 32
"""Characters of windows that are read: those of a page are read 4 times, 9 times as they were."""


class _Part(NamedTuple):
    piece: Piece
    text: str
    gap: str
    """What stands between it and the part before."""


_Window = list[_Part]


class _Reading(NamedTuple):
    parts: _Window
    before: bool
    """Whether it reads the texts as they were before the rules."""

    @property
    def text(self) -> str:
        return "".join(part.gap + part.text for part in self.parts)


def hide_split_text(runs: list[Run], scrub_value: Callable[[Any, int], Any], size: int) -> None:
    """Hide texts that say together what no rule lets pass.

    Args:
        runs: of texts that stand together, after the rules went over each.
        scrub_value: scrubs a document in place.
        size: of the recording in bytes; work is linear in it.

    Raises:
        ScrubError: too much work for its size.
    """
    left = _WORK_FLOOR + _WORK_PER_BYTE * size
    for _ in range(_MAX_PASSES):
        asked: dict[str, list[_Reading]] = {}
        for reading in _readings(runs):
            text = reading.text
            left -= len(text)
            asked.setdefault(text, []).append(reading)
            for part in reading.parts if reading.before else ():
                if part.text not in asked and _is_changed(part.piece):
                    left -= len(part.text)
                    asked[part.text] = []
            if left < 0:
                raise ScrubError("a recording needs more work than its size allows")
        became = dict(_changed(list(asked), scrub_value))
        hidden = {id(piece) for text, new in became.items() for reading in asked[text]
                  for piece in _hide(reading, new, became)}  # fmt: skip
        if not hidden:
            return
        # A text that is hidden can part what stood around it.
        runs = [run for run in runs if any(id(piece) in hidden for piece, _ in run)]
    raise ScrubError("the text of a recording does not come to rest")


def _is_changed(piece: Piece) -> bool:
    return piece.text != piece.original


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


def _hide(reading: _Reading, new: str, became: Mapping[str, str]) -> Iterator[Piece]:
    """Hide the parts that took part in something; give those that were not hidden.

    Args:
        reading: what was read.
        new: what became of its text.
        became: what became of each part by itself, where that is something else.
    """
    alone = [(part.gap + part.text, part.gap + became.get(part.text, part.text))
             for part in reading.parts]  # fmt: skip
    first, last = 0, len(alone)
    start, end = 0, len(new)
    while first < last:
        said = next((text for text in alone[last - 1] if new.endswith(text, 0, end)), None)
        if said is None:
            break
        end -= len(said)
        last -= 1
    while first < last:
        said = next((text for text in alone[first] if new.startswith(text, start, end)), None)
        stop = first + 1
        if said is not None:
            start += len(said)
        else:
            # As the rules found it alone, a text stands far from what took part.
            stop, start = _goes_on(alone, stop, last, new, start, end)
            for part in reading.parts[first:stop]:
                if part.piece.text != HIDDEN:
                    part.piece.write(HIDDEN)
                    yield part.piece
        first = stop


def _goes_on(
    alone: list[tuple[str, str]], first: int, last: int, new: str, start: int, end: int
) -> tuple[int, int]:
    """Find where the texts stand again as they do alone.

    Returns:
        The first part that does, and where it begins; the last part when none is found.
    """
    for stop in range(first, min(last, first + _SKIPPED)):
        anchor = ""
        for _, text in alone[stop:last]:
            anchor += text
            if len(anchor) >= _ANCHOR:
                break
        at = new.find(anchor, start, end) if len(anchor) >= _ANCHOR else -1
        if at >= 0:
            return stop, at
    return last, end


def _readings(runs: list[Run]) -> Iterator[_Reading]:
    """Give all ways to read runs: as they stand, and as they were where the rules changed one."""
    for run in runs:
        for before in (False, True):
            for window in _windows(run, before=before):
                yield from (_Reading(parts, before) for parts in _ways(window))


def _windows(run: Run, *, before: bool) -> Iterator[_Window]:
    """Give parts of a run that are read as one text, each of them twice."""
    for stretch in _stretches(run, before=before):
        for parts in _near_changes(_beside_labels(stretch)) if before else (stretch,):
            yield from _slices(parts)


def _slices(parts: _Window) -> Iterator[_Window]:
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


def _near_changes(parts: _Window) -> Iterator[_Window]:
    """Give what the rules changed with what stands near; all else was read as it stands."""
    near = [_is_changed(part.piece) for part in parts]
    changed = near.copy()
    for order in (range(len(parts)), range(len(parts) - 1, -1, -1)):
        left = 0
        for at in order:
            near[at] = near[at] or left > 0
            left = _REACH if changed[at] else left - len(parts[at].text) - 1
    for is_near, group in groupby(zip(near, parts, strict=True), key=itemgetter(0)):
        if is_near:
            yield [part for _, part in group]


def _stretches(run: Run, *, before: bool) -> Iterator[_Window]:
    """Give parts that stand together, more than one; the middle of a long text is left out."""
    parts: _Window = []
    gap = ""
    for piece, breaks in run:
        text = piece.original if before else piece.text
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


def _beside_labels(parts: _Window) -> _Window:
    """Part labels at the ends of what is glued: the rules take them for more of an identifier."""
    apart = parts.copy()
    starts = [at for at, part in enumerate(parts) if part.gap or not at]
    for start, after in pairwise([*starts, len(parts)]):
        last = after - 1
        while last > start and begins_as_label(parts[last].text):
            apart[last] = parts[last]._replace(gap=" ")
            last -= 1
        first = start
        while first < last and ends_as_label(parts[first].text):
            first += 1
            if not parts[first].text[:1].isupper():
                apart[first] = parts[first]._replace(gap=" ")
    return apart


def _ways(window: _Window) -> Iterator[_Window]:
    """Give the ways to read a window: as it stands, by its words, and its groups as one word."""
    if len(window) < 2:
        return
    first = window[0]._replace(gap="")
    rest = window[1:]
    yield [first, *(part._replace(gap=" ") for part in rest)]
    if not all(part.gap for part in rest):
        yield [first, *rest]
    for groups in _groups(window):
        yield [part._replace(gap="") for part in groups]


def _groups(window: _Window) -> Iterator[_Window]:
    """Give parts that look like pieces of one word: of the same length, but for the last."""
    sizes = [0 if " " in part.text else len(part.text) for part in window]
    starts = [0, *(at for at, (a, b) in enumerate(pairwise(sizes), 1) if a != b)]
    for start, stop in zip(starts, [*starts[1:], len(sizes)], strict=True):
        if stop - start >= _FEWEST_GROUPS - 1 and 0 < sizes[start] <= _LONGEST_GROUP:
            more = stop < len(sizes) and 0 < sizes[stop] < sizes[start]
            if stop - start + more >= _FEWEST_GROUPS:
                yield window[start : stop + more]
