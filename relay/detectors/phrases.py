"""Whether words of the lists are as different as those of a phrase, or repeat as names in code do.

Sources: BIP39 (English list, checksum), SLIP-39.
"""

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from itertools import pairwise

from mnemonic import Mnemonic

from relay.detectors.spans import Span

TELLING = 4
"""Letters that tell a word of either list from all others; on metal plates no more are stamped."""
LONG_RUN = 12
"""Words of the shortest phrase."""
_NUMBERS = {word: number for number, word in enumerate(Mnemonic("english").wordlist)}
_NUMBERS |= {word[:TELLING]: number for word, number in _NUMBERS.items()}
_PHRASE_SIZES = (12, 15, 18, 21, 24)
_MAX_REPEATED = 2
"""Times that a word comes, at most, that is no label before the others."""
_MIXED, _ALIKE = 10, 4
"""One word in so many may repeat another: where signs between them are mixed, and where alike."""
_MOST_BESIDE = 2
"""Words of the list, at most, that stand beside a phrase in which words repeat."""
_NUMBERING = " \t\r\n.,0123456789"


def is_varied(text: str, words: list[Span], least: int) -> bool:
    """Tell whether the words of a run are as different as those of a phrase.

    Names in code repeat theirs: `border-left, border-left-color`, `case 1: case 2:`. What stands
    before each word may be a label (`word 1: legal word 2: winner`). Where one sign or space is all
    that stands between words, as in a phrase, more of them may repeat, or all if its sum is right.
    """
    names = [text[slice(*word)].lower() for word in words]
    label, count = Counter(names).most_common(1)[0]
    plain = [name for name in names if name != label] if count > _MAX_REPEATED else names
    if len(plain) >= min(least, LONG_RUN - 2) and _differ(plain, _MIXED):
        return True
    gaps = [text[one[1] : two[0]].strip(_NUMBERING) for one, two in pairwise(words)]
    if len(set(gaps)) > 1:
        # A phrase may stand beside more words of the list: `Path: legal winner …`.
        return any(map(_has_phrase, _alike(names, gaps)))
    return _has_phrase(names) or _differ(names, _ALIKE)


def _alike(names: list[str], gaps: list[str]) -> Iterator[list[str]]:
    """Yield the stretches of words between which the same stands; `gaps` are those between them."""
    start = 0
    for at in range(1, len(gaps) + 1):
        if at == len(gaps) or gaps[at] != gaps[start]:
            yield names[start : at + 1]
            start = at


def _has_phrase(names: list[str]) -> bool:
    """Tell whether words are a phrase with its checksum, but for one or two others at the ends.

    One sum in sixteen holds by chance, so words that repeat, as in code, are not tried in pieces.
    """
    for size in _PHRASE_SIZES:
        if not 0 <= len(names) - size <= _MOST_BESIDE:
            continue
        for at in range(len(names) - size + 1):
            phrase, beside = names[at : at + size], names[:at] + names[at + size :]
            if set(phrase).isdisjoint(beside) and _sum_holds(phrase):
                return True
    return False


def _sum_holds(names: list[str]) -> bool:
    """Tell whether words of the BIP39 list end with the checksum of what they stand for."""
    bits = 0
    for name in names:
        number = _NUMBERS.get(name)
        if number is None:
            return False
        bits = bits << 11 | number
    size = len(names) // 3
    entropy = (bits >> size).to_bytes(4 * size, "big")
    return sha256(entropy).digest()[0] >> 8 - size == bits & (1 << size) - 1


def _differ(names: list[str], share: int) -> bool:
    """Tell whether of twelve words in a row, or all, no more than one in so many repeats."""
    size = min(len(names), LONG_RUN)
    windows = (names[at : at + size] for at in range(len(names) - size + 1))
    return any(len(set(window)) >= size - size // share for window in windows)
