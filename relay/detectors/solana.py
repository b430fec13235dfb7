"""Solana: base58 without a checksum, told by its size and by what stands around it.

Source: Solana documentation (base58 of 32 bytes, an address, or of 64, a signature).
"""

from collections.abc import Iterator

from relay.detectors.base58 import BITCOIN_DIGIT, Run, decode, mixed, to_digits
from relay.detectors.encoded import touches_base64
from relay.detectors.spans import (
    NOTHING,
    Span,
    disjoint,
    edges_free,
    glued_windows,
    jagged,
)

_ADDRESS, _SIGNATURE = 32, 64
_LENGTHS = dict.fromkeys(range(32, 45), _ADDRESS) | dict.fromkeys((86, 87, 88), _SIGNATURE)
_FEWEST = 10
"""Fewest different characters of 32 by chance: 24 of them are usual."""
_MOST_GLUED = 80
"""Characters of a run that an address and the words glued to it have at most."""
_GLUED = (
    (range(43, _MOST_GLUED + 1), (44, 43, 42), _ADDRESS),
    (range(88, 88 + _MOST_GLUED - 43), (88, 87), _SIGNATURE),
)
"""Lengths of a run with words in it, and those of what stands between them: of 1,000 addresses one
is shorter."""


def _is_drawn(word: str) -> bool:
    """Tell whether as many different characters stand in a run as in a random one.

    In an alphabet none comes twice, in a pattern a few come always.
    """
    return _FEWEST <= len(set(word)) < len(word)


def _decodes(word: str, size: int) -> bool:
    data = decode(word)
    return data is not None and len(data) == size


def solana(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find Solana addresses and signatures: base58 of exactly 32 or 64 bytes.

    There is no checksum, so the run must stand free of base64 around it and hold letters of both
    cases, and a digit or letters that change their case as by chance (a long name does not). Words
    that are glued on are cut off; where they end cannot always be told, so a letter or two of them
    may go along.
    """
    word = text[start:end]
    size = _LENGTHS.get(len(word), 0)
    if size and edges_free(text, start, end):
        if not mixed(word) or (word.isalpha() and not jagged(word)) or not _is_drawn(word):
            return NOTHING
        if _decodes(word, size):
            return NOTHING if touches_base64(text, start, end) else ((start, end),)
    for runs, lengths, size in _GLUED:
        if len(word) in runs and mixed(word) and not touches_base64(text, start, end):
            return disjoint(_glued(text, start, end, lengths, size))
    return NOTHING


def _glued(text: str, start: int, end: int, lengths: tuple[int, ...], size: int) -> Iterator[Span]:
    """Give the windows between words that have the size."""
    run: Run | None = None
    for first, stop in glued_windows(text, start, end, lengths):
        if run is None:
            digits = to_digits(text, start, end, BITCOIN_DIGIT)
            if digits is None:
                return
            run = Run(digits)
        found = run.window(first - start, stop - start, size)
        if found is not None and _is_drawn(text[first:stop]):
            yield first, stop
