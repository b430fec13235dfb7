"""Recovery phrases: runs of words from the BIP39 and SLIP-39 lists.

Sources: BIP39 (English list), SLIP-39. A run of 12 words goes even if its checksum fails: it may be
mistyped, cut off, or in another order, and still gives the wallet away.
"""

import re
from functools import cache

from mnemonic import Mnemonic
from shamir_mnemonic.wordlist import WORDLIST

from relay.detectors.cut_off import cut_at
from relay.detectors.phrases import LONG_RUN, TELLING, is_varied
from relay.detectors.spans import NOTHING, Span, disjoint

_BIP39 = frozenset(Mnemonic("english").wordlist)
_SLIP39 = frozenset(WORDLIST)
_LISTS = (_BIP39, _SLIP39)
_SHORT_LISTS = tuple(frozenset(word[:TELLING] for word in known) for known in _LISTS)
_EITHER = frozenset.union(*_LISTS, *_SHORT_LISTS)
_SHORT_RUN = 6
_MAX_GAP = 12
"""Most characters between two words: `", "`, ` 12. `, or the end of a line with its indentation."""
_MAX_BLANK, _MAX_NUMBER = 160, 6
"""The same where nothing but a number and white space stands there; tags of HTML are read so."""
_WORD_SIZES = range(8, 2, -1)
_MIN_CUT = 1
"""Fewest letters of a last word that was cut off."""


def _words(text: str, start: int, end: int) -> list[Span]:
    """Give the spans of words in ASCII letters."""
    words = []
    at = start
    while at < end:
        if text[at].isascii() and text[at].isalpha():
            stop = at + 1
            while stop < end and text[stop].isascii() and text[stop].isalpha():
                stop += 1
            words.append((at, stop))
            at = stop
        else:
            at += 1
    return words


def _runs(text: str, words: list[Span], known: frozenset[str], least: int) -> list[Span]:
    """Give the runs of at least `least` words of one list."""
    spans = []
    group: list[Span] = []
    previous: Span | None = None
    for span in [*words, None]:
        listed = span is not None and text[slice(*span)].lower() in known
        close = span is not None and (not group or _close(text, group[-1][1], span[0]))
        if span is not None and listed and close:
            group.append(span)
            continue
        if len(group) >= (least if least < LONG_RUN else least - 2):
            # What is glued to a short run is more often a plural than a part of a phrase.
            edges = (previous, span) if least >= LONG_RUN else (None, span)
            found = _with_edges(text, group, *edges, known, least)
            if found is not None and is_varied(text, _reaching(group, *edges, found), least):
                spans.append(found)
        if group or span is None or not listed:
            previous = group[-1] if group and listed else span
        group = [span] if span is not None and listed else []
    return spans


def _reaching(group: list[Span], head: Span | None, tail: Span | None, found: Span) -> list[Span]:
    """Give the words of a run, with those at its ends that are glued or cut off."""
    before = [(found[0], head[1])] if head is not None and found[0] < group[0][0] else []
    after = [(tail[0], found[1])] if tail is not None and found[1] > group[-1][1] else []
    return [*before, *group, *after]


def _close(text: str, end: int, start: int) -> bool:
    """Tell whether what stands between two words can separate words of one phrase."""
    gap = start - end
    if gap <= _MAX_GAP:
        return True
    return gap <= _MAX_BLANK and len("".join(text[end:start].split())) <= _MAX_NUMBER


@cache
def _beginnings(known: frozenset[str]) -> frozenset[str]:
    """Give what can be left of the words of a list where a text was cut, for both lists once."""
    return frozenset(word[:n] for word in known for n in range(_MIN_CUT, len(word) + 1))


def _with_edges(
    text: str,
    group: list[Span],
    head: Span | None,
    tail: Span | None,
    known: frozenset[str],
    least: int,
) -> Span | None:
    """Add the words at a run's ends that are glued to others, or cut off at the text's end."""
    start, end = group[0][0], group[-1][1]
    count = len(group)
    if head is not None and 0 <= start - head[1] <= _MAX_GAP:
        word = text[slice(*head)].lower()
        size = next((n for n in _WORD_SIZES if n < len(word) and word[-n:] in known), 0)
        if size:
            start, count = head[1] - size, count + 1
    if tail is not None and tail[0] - end <= _MAX_GAP:
        word = text[slice(*tail)].lower()
        size = next((n for n in _WORD_SIZES if n < len(word) and word[:n] in known), 0)
        if size and least >= LONG_RUN:
            end, count = tail[0] + size, count + 1
        elif tail[1] == len(text) and word in _beginnings(known):
            end, count = tail[1], count + 1
    return (start, end) if count >= least else None


_FOLD = "".join(chr(c).lower() if chr(c).isalpha() else " " for c in range(128))


def _may_hold(text: str, start: int, end: int, least: int) -> bool:
    """Tell cheaply whether so many listed words, but for two at the edges, can stand in a row."""
    if not text.isascii():
        return True
    run = 0
    for word in text[start:end].translate(_FOLD).split():
        if word in _EITHER:
            run += 1
            if run >= least - 2:
                return True
        else:
            run = 0
    return False


# A tag of HTML; a closed shape, not a rule pattern.
_TAG = re.compile("</?[A-Za-z][^<>]{0,60}>")  # noqa: TID251
# A key in JSON, the first in a candidate without its quotation mark.
_JSON_KEY = re.compile(r'(?:"|^)[A-Za-z_]{1,16}"\s{0,4}:')  # noqa: TID251


def _without_tags(text: str, start: int, end: int) -> str:
    """Give the text with the tags of a candidate as spaces, everything else at its place."""
    return _blank(_TAG, text, start, end) if text.find("<", start, end) >= 0 else text


def _blank(pattern: re.Pattern[str], text: str, start: int, end: int) -> str:
    """Give the text with what a pattern finds in a candidate as spaces, all else at its place."""
    blank = pattern.sub(lambda found: " " * len(found.group()), text[start:end])
    return text[:start] + blank + text[end:]


def _search(text: str, start: int, end: int, least: int) -> tuple[Span, ...]:
    if not _may_hold(text, start, end, least):
        return NOTHING
    while start > 0 and text[start - 1].isalpha() and text[start].isalpha():
        start -= 1
    while end < len(text) and text[end - 1].isalpha() and text[end].isalpha():
        end += 1
    words = _words(text, start, end)
    spans: list[Span] = []
    for known in (*_LISTS, *_SHORT_LISTS) if least >= LONG_RUN else _LISTS:
        spans.extend(_runs(text, words, known, least))
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span[0] < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(span[1], merged[-1][1]))
        else:
            merged.append(span)
    return tuple(merged)


def mnemonic(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find 12 or more words in a row from one of the lists, whatever separates them.

    All may be cut to the four letters that tell them (BIP39, SLIP-39). Spaces, commas, quotes,
    numbers and new lines may stand between, at most 12 characters, and tags of HTML or keys in
    JSON. Code that is made of such words repeats them, and stays.
    """
    text = _without_tags(text, start, end)
    texts = [text]
    if text.find('":', start, end) >= 0:
        texts.append(_blank(_JSON_KEY, text, start, end))
    return disjoint(span for one in texts for span in _search(one, start, end, LONG_RUN))


_SHORTEST_JOINED = LONG_RUN * _WORD_SIZES[-1]


def mnemonic_joined(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find 12 or more words in a row with nothing between them, in camel case or one case.

    The candidate is a run of letters. What is glued to the ends of the chain stays.
    """
    if end - start < _SHORTEST_JOINED:
        return NOTHING
    run = text[start:end].lower()
    lists = (*_LISTS, *_SHORT_LISTS)
    return disjoint((start + a, start + b) for known in lists for a, b in _chains(run, known))


def _chains(run: str, known: frozenset[str]) -> list[Span]:
    """Give where 12 or more words of a list stand in a row: for each end the longest chain."""
    counts, starts = [0] * (len(run) + 1), list(range(len(run) + 1))
    found: list[Span] = []
    for end in range(_WORD_SIZES[-1], len(run) + 1):
        for size in _WORD_SIZES:
            begin = end - size
            if begin >= 0 and counts[begin] >= counts[end] and run[begin:end] in known:
                counts[end], starts[end] = counts[begin] + 1, starts[begin]
        if counts[end] >= LONG_RUN:
            found.append((starts[end], end))
    return found


def mnemonic_part(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find 6 or more words in a row; for rules that want a telling word close by.

    A telling word that leads them, and is on the list itself, is left out: `seed: legal winner …`.
    """
    return tuple(_behind_lead(text, *span) for span in _search(text, start, end, _SHORT_RUN))


_LEADS = frozenset({"seed", "phrase"})
_MOST_LEADING = 3


def _behind_lead(text: str, start: int, end: int) -> Span:
    """Give a run of words without those that only say what it is, if enough is left."""
    words = _words(text, start, end)
    for place in range(min(_MOST_LEADING, len(words) - _SHORT_RUN), 0, -1):
        if text[slice(*words[place - 1])].lower() in _LEADS:
            return words[place][0], end
    return start, end


_MIN_BEFORE_CUT = 6
"""Words at the end of a text that was cut; sentences hardly have more than four of a list."""
_CUT_LOOK_BACK = 240
_MAX_TAIL = _MAX_GAP + _WORD_SIZES[0] + len("...")


def mnemonic_cut(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find the beginning of a phrase at the end of a text that was cut: 6 words, the last in part.

    The candidate must reach to where the text was cut, or to the last word before it.
    """
    if len(text) - end > _MAX_TAIL:
        return NOTHING
    stop = cut_at(text)
    if stop > len(text):
        return NOTHING
    words = _words(text, max(start, stop - _CUT_LOOK_BACK), stop)
    if not words or stop - words[-1][1] > _MAX_NUMBER:
        return NOTHING
    spans = []
    for known in _LISTS:
        count, first = 0, stop
        for span, behind in zip(reversed(words), [None, *reversed(words)], strict=False):
            word = text[slice(*span)].lower()
            partly = behind is None and span[1] == stop and word in _beginnings(known)
            listed = partly or word in known
            if not listed or (behind is not None and not _close(text, span[1], behind[0])):
                break
            count, first = count + 1, span[0]
        if count >= _MIN_BEFORE_CUT and is_varied(text, words[-count:], _MIN_BEFORE_CUT):
            spans.append((first, stop))
    return disjoint(spans)
