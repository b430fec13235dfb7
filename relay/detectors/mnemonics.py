"""Recovery phrases: runs of words from the BIP39 and SLIP-39 lists.

Sources: BIP39 (English list), SLIP-39. A run of 12 words goes even if its checksum fails: it may be
mistyped, cut off, or in another order, and still gives the wallet away.
"""

from mnemonic import Mnemonic
from shamir_mnemonic.wordlist import WORDLIST

from relay.detectors.spans import Span

_BIP39 = frozenset(Mnemonic("english").wordlist)
_SLIP39 = frozenset(WORDLIST)
_LISTS = (_BIP39, _SLIP39)
_LONG_RUN = 12
_SHORT_RUN = 6
_MAX_GAP = 12
"""Most characters between two words: `", "`, ` 12. `, or the end of a line with its indentation."""
_MIN_CUT = 2
"""Fewest letters of a last word that was cut off."""


def _words(text: str, start: int, end: int) -> list[Span]:
    """Give the spans of ASCII words; letters of other scripts are part of a word."""
    words = []
    at = start
    while at < end:
        if text[at].isalpha():
            stop = at + 1
            while stop < end and text[stop].isalpha():
                stop += 1
            words.append((at, stop))
            at = stop
        else:
            at += 1
    return words


def _runs(text: str, words: list[Span], known: frozenset[str], least: int) -> list[Span]:
    spans = []
    first, count, last = 0, 0, -1
    starts: frozenset[str] | None = None
    for start, end in [*words, (len(text) + _MAX_GAP, len(text) + _MAX_GAP)]:
        word = text[start:end].lower()
        gap = start - last
        listed = word in known
        if count and listed and gap <= _MAX_GAP:
            count += 1
            last = end
            continue
        if count >= least:
            if not listed and end == len(text) and gap <= _MAX_GAP and len(word) >= _MIN_CUT:
                starts = starts or frozenset(entry[: len(word)] for entry in known)
                last = end if word in starts else last
            spans.append((first, last))
        count = int(listed)
        first, last = start, end
    return spans


def _search(text: str, start: int, end: int, least: int) -> tuple[Span, ...]:
    while start > 0 and text[start - 1].isalpha() and text[start].isalpha():
        start -= 1
    while end < len(text) and text[end - 1].isalpha() and text[end].isalpha():
        end += 1
    words = _words(text, start, end)
    spans: list[Span] = []
    for known in _LISTS:
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

    Spaces, commas, quotes, numbers and new lines may stand between, at most 12 characters.
    """
    return _search(text, start, end, _LONG_RUN)


def mnemonic_part(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find 6 or more words in a row; for rules that want a telling word close by."""
    return _search(text, start, end, _SHORT_RUN)
