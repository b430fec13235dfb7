"""Cashaddr: the addresses of Bitcoin Cash and eCash, with their prefix or without, and of others.

Source: the Bitcoin Cash "cashaddr" specification. Its letters are those of bech32.
"""

import re
from collections.abc import Iterator

from relay.detectors.bech32 import CHARSET
from relay.detectors.spans import Span, ascii_alnum, before, disjoint

_VALUE = {char: value for value, char in enumerate(CHARSET)}

_CASH_GENERATORS = (0x98F2BC8E61, 0x79B76D99E2, 0xF33E5FB3C4, 0xAE2EABE2A8, 0x1E4F43E470)
_CASH_TOP = [0] * 32
for _index in range(32):
    for _bit, _generator in enumerate(_CASH_GENERATORS):
        if _index >> _bit & 1:
            _CASH_TOP[_index] ^= _generator
PREFIXES_OF_CASH = (
    "bitcoincash",
    "bchtest",
    "bchreg",
    "ecash",
    "ectest",
    "etoken",
    "simpleledger",
    "slptest",
)
_CASH_LENGTHS = (42, 61)
"""Characters of a payload with a hash of 20 or 32 bytes."""
_CASH_MASK = 0x07FFFFFFFF
_CASH_LEADS = frozenset("qpzrxwst")
# One payload has one case; a closed shape, not a rule pattern.
_CASH_RUN = re.compile(  # noqa: TID251
    rf"[{CHARSET}]{{{_CASH_LENGTHS[0]},}}|[{CHARSET.upper()}]{{{_CASH_LENGTHS[0]},}}"
)


def _cash_step(state: int, value: int) -> int:
    return (state & _CASH_MASK) << 5 ^ value ^ _CASH_TOP[state >> 35]


def _cash_targets(length: int) -> frozenset[int]:
    """Give the states that a valid payload of `length` ends in, one for each prefix.

    The code is linear: the prefix's part is computed once, and a payload's part starts from 0.
    """
    targets = set()
    for prefix in PREFIXES_OF_CASH:
        state = 1
        for value in (*(ord(char) & 31 for char in prefix), 0, *(0 for _ in range(length))):
            state = _cash_step(state, value)
        targets.add(state ^ 1)
    return frozenset(targets)


def _cash_leaving(length: int) -> tuple[int, ...]:
    """Give what each value adds to the state by the time that `length` more have followed it."""
    added = []
    for value in range(32):
        state = value
        for _ in range(length):
            state = _cash_step(state, 0)
        added.append(state)
    return tuple(added)


_CASH_TARGETS = {length: _cash_targets(length) for length in _CASH_LENGTHS}
_CASH_LEAVING = {length: _cash_leaving(length) for length in _CASH_LENGTHS}


def cashaddr(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find cashaddr payloads, prefix or not, inside a run of base32 characters.

    The run must be what stands after the colon, if any; the prefix is added to the span. Every
    window is looked at, for the price of one pass over the run for each of the two lengths. Right
    behind a colon any prefix will do that has the checksum.
    """
    spans: list[Span] = []
    for found in _CASH_RUN.finditer(text, start, end):
        first = found.start()
        run = found.group().lower()
        done = 0
        for at, stop in sorted(_cash_windows(run), key=lambda span: (span[0], -span[1])):
            if at >= done:
                spans.append((_with_prefix(text, first + at), first + stop))
                done = stop
        if not done and before(text, first) == ":":
            span = _any_prefix(text, first, run)
            if span is not None:
                spans.append(span)
    return disjoint(spans)


_ANY_LENGTHS = (42, 48, 55, 61, 63, 74, 87, 100, 112)
"""Characters of the payloads that the specification knows, and of Kaspa's (63)."""
_LONGEST_PREFIX = 20


def _any_prefix(text: str, first: int, run: str) -> Span | None:
    """Find a payload whose prefix, on no list, stands before the colon; words may be glued to both.

    The payload is undone from its valid end, which tells the state that the prefix must have made.
    """
    start = first - 1
    while start > 0 and ascii_alnum(text[start - 1]) and first - start <= _LONGEST_PREFIX:
        start -= 1
    name = text[start : first - 1].lower()
    states = {}
    for at in range(len(name)):
        state = 1
        for char in name[at:]:
            state = _cash_step(state, ord(char) & 31)
        states[_cash_step(state, 0)] = at
    for length in _ANY_LENGTHS:
        if length > len(run):
            return None
        state = 1
        for char in reversed(run[:length]):
            state ^= _VALUE[char]
            # Each generator's last five bits are the bit that it stands for.
            top = state & 31
            state = top << 35 | (state ^ _CASH_TOP[top]) >> 5
        if state in states:
            return start + states[state], first + length
    return None


def _cash_windows(run: str) -> Iterator[Span]:
    """Give all valid windows of a run: each state is made of the one before.

    A value comes in at the end of the window, and what the first one has grown to goes out.
    """
    values = [_VALUE[char] for char in run]
    top, mask = _CASH_TOP, _CASH_MASK
    for length in _CASH_LENGTHS:
        if length > len(values):
            return
        targets, leaving = _CASH_TARGETS[length], _CASH_LEAVING[length]
        state = 0
        for value in values[:length]:
            state = (state & mask) << 5 ^ value ^ top[state >> 35]
        if state in targets and run[0] in _CASH_LEADS:
            yield 0, length
        for at, value in enumerate(values[length:], 1):
            state = (state & mask) << 5 ^ value ^ top[state >> 35] ^ leaving[values[at - 1]]
            if state in targets and run[at] in _CASH_LEADS:
                yield at, at + length


def _with_prefix(text: str, start: int) -> int:
    if before(text, start) == ":":
        for prefix in PREFIXES_OF_CASH:
            at = start - 1 - len(prefix)
            if at >= 0 and text[at : start - 1].lower() == prefix:
                return at
    return start
