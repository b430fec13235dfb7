"""Bech32 and bech32m with any human-readable part, and cashaddr.

Sources: BIP173, BIP350, SLIP-173, BOLT 11 and 12, LUD-01, CIP-5, CIP-19, ZIP-316, NIP-19,
the Bitcoin Cash "cashaddr" specification. Bech32's limit of 90 characters is lifted, as Cardano and
Lightning do.
"""

import re
from collections.abc import Iterator

from relay.detectors.spans import Span, ascii_alnum, before, disjoint

CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUE = {char: value for value, char in enumerate(CHARSET)}
_DATA = frozenset(CHARSET)

_BECH32, _BECH32M = 1, 0x2BC830A3
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_TOP = [0] * 32
for _index in range(32):
    for _bit, _generator in enumerate(_GENERATORS):
        if _index >> _bit & 1:
            _TOP[_index] ^= _generator

_MAX_HRP = 24
"""Longest human-readable part, in characters, that is tried (the standard allows 83)."""
_MAX_TRIES = 12
"""Checksum passes over one data part; the parts of a name that are tried, longest first."""
_MIN_DATA = 6 + 8
"""Fewest data characters, checksum included, of an identifier with an unknown name."""
_MIN_UNKNOWN = 32
"""Fewest data characters whose checksum is tried with names that are on no list: every address of
such a chain has 38 and more (20 bytes), and shorter pieces of hex would be tried for nothing."""
_MIN_SHAPE = 20
"""Fewest data characters of a known name that stands without a valid checksum (cut off)."""
_MIN_TELLING = 8
"""As before, for names that no word of a language or a program ends with."""
_MAX_DATA = 8192
"""Longest data part whose checksum is computed; longer ones go as a whole."""

# Names that are telling by themselves: cut off after a few characters they still are addresses.
_TELLING_NAMES = (
    "bc bcrt ltc tltc ltcmweb tmweb addr addr_test stake stake_test drep script pool asset "
    "addr_vk addr_xvk addr_sk addr_xsk acct_xvk acct_xsk root_xsk root_xvk stake_vk stake_xvk "
    "stake_sk stake_xsk npub nsec nprofile nevent naddr bnb tbnb lnbc lntb lnbcrt lntbs lnurl "
    "lno lni lnr cosmos cosmosvaloper osmo terra inj thor maya kava secret juno celestia "
    "zs ztestsapling utest utexview uview zxviews zxviewtestsapling grs tgrs dgb vtc btg tbtg "
    "tb sp tsp bitcoincash age age-secret-key- erd"
)
_TELLING = frozenset(_TELLING_NAMES.split())
# Names of the coin table that could end a word: these need a longer data part.
_PLAIN_NAMES = (
    "acm btx cpu ert fc flo mona pc tpc qc tq sys xc via vips u one io zil ckb ckt hs rdd nano tex"
)
_PLAIN = frozenset(_PLAIN_NAMES.split())
_KNOWN = _TELLING | _PLAIN
_HEX = frozenset("0123456789abcdef")
_LONGEST_KNOWN = max(map(len, _KNOWN))


def _expand(name: str) -> int:
    """Give the checksum's state after a human-readable part."""
    state = 1
    for value in (*(ord(char) >> 5 for char in name), 0, *(ord(char) & 31 for char in name)):
        state = (state & 0x1FFFFFF) << 5 ^ value ^ _TOP[state >> 25]
    return state


def _valid_end(name: str, data: str) -> int:
    """Give how many characters of `data` make the longest valid checksum with `name`, or 0."""
    state = _expand(name)
    found = 0
    for index, char in enumerate(data, 1):
        state = (state & 0x1FFFFFF) << 5 ^ _VALUE[char] ^ _TOP[state >> 25]
        if state in (_BECH32, _BECH32M) and index >= _MIN_DATA:
            found = index
    return found


def _known_names(head: str) -> list[str]:
    """Give the known human-readable parts that end `head`, the longest first."""
    longest = min(_LONGEST_KNOWN, len(head))
    return [head[-n:] for n in range(longest, 0, -1) if head[-n:] in _KNOWN]


def _names(head: str) -> list[str]:
    """Give the human-readable parts that could end `head`, known ones first."""
    known = _known_names(head)
    whole = [head] if len(head) <= _MAX_HRP else []
    cuts = [head[at + 1 :] for at, char in enumerate(head) if char in "_-:"]
    # A Lightning invoice carries its amount in the name: lnbc2500u.
    at = head.rfind("ln")
    amounts = [head[at:]] if at >= 0 and head[at:].startswith(("lnbc", "lntb")) else []
    glued = [head[-n:] for n in range(min(len(head), 5), 0, -1)]
    return list(dict.fromkeys([*amounts, *known, *whole, *cuts, *glued]))[:_MAX_TRIES]


def _shape(head: str, data: str) -> str:
    """Give the known human-readable part that is enough without a checksum, or an empty string.

    One in hex (`bc`) with data in hex is not: ids hold `bc1` by chance.
    """
    mixed = any(char.isdigit() for char in data) and any(char.isalpha() for char in data)
    at = head.rfind("ln")
    if at >= 0 and head[at:].startswith(("lnbc", "lntb")) and len(data) >= _MIN_SHAPE and mixed:
        return head[at:]
    for n in range(min(_LONGEST_KNOWN, len(head)), 0, -1):
        name = head[-n:]
        if name not in _KNOWN or (_HEX.issuperset(name) and _HEX.issuperset(data)):
            continue
        alone = n == len(head) or not ascii_alnum(head[-n - 1])
        if name in _TELLING and (
            len(data) >= _MIN_SHAPE or (len(data) >= _MIN_TELLING and alone and mixed)
        ):
            return name
        if name in _PLAIN and len(data) >= _MIN_SHAPE and alone and mixed:
            return name
    return ""


def bech32(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Find bech32 and bech32m inside a run of letters, digits, `_` and `-` that holds a `1`.

    Any human-readable part with a valid checksum; known ones by shape too, because an address that
    was cut off has no checksum. At most 12 checksum passes for each separator.
    """
    run = text[start:end]
    low = run.lower()
    spans: list[Span] = []
    done = 0
    for found in _SEPARATED.finditer(low):
        at, stop = found.span()
        if at > done:
            span = _at_separator(run, low, max(done, at - _MAX_HRP), at, stop)
            if span is not None:
                spans.append((start + span[0], start + span[1]))
                done = span[1]
    return disjoint(spans)


# A fixed shape, not a rule pattern. A data part holds no `1`, so no two of these overlap.
_SEPARATED = re.compile(rf"1[{CHARSET}]{{{_MIN_TELLING},}}")  # noqa: TID251


_UPPER_TAIL = re.compile("[^a-z]*$")  # noqa: TID251
_LOWER_TAIL = re.compile("[^A-Z]*$")  # noqa: TID251
_UPPER_HEAD = re.compile("[^a-z]*")  # noqa: TID251
_LOWER_HEAD = re.compile("[^A-Z]*")  # noqa: TID251


def _one_case(run: str, first: int, at: int, stop: int) -> Span:
    """Narrow a name's beginning and the data's end to the case of the data's first letter.

    A word in the other case that is glued to either side is no part of it.
    """
    data, head = run[at + 1 : stop], run[first:at]
    case = next((char for char in data if char.isalpha()), "")
    if not case:
        return first, stop
    heads, tails = (_LOWER_HEAD, _LOWER_TAIL) if case.islower() else (_UPPER_HEAD, _UPPER_TAIL)
    data_end = heads.match(data)
    head_start = tails.search(head)
    return (
        first + (head_start.start() if head_start else 0),
        at + 1 + (data_end.end() if data_end else 0),
    )


def _at_separator(run: str, low: str, first: int, at: int, stop: int) -> Span | None:
    """Look at one separator; `first` is where a name may begin, `stop` where data ends."""
    first, stop = _one_case(run, first, at, stop)
    data = low[at + 1 : stop]
    head = low[first:at]
    if len(data) < _MIN_TELLING:
        return None
    if len(data) > _MAX_DATA:
        return first, stop
    name = _shape(head, data)
    if name:
        # Where a checksum ends before the run does, what is glued to it stays.
        good = _valid_end(name, data) if len(data) >= _MIN_DATA else 0
        return at - len(name), at + 1 + good if good else stop
    if len(data) >= _MIN_DATA:
        for name in _names(head) if len(data) >= _MIN_UNKNOWN else _known_names(head):
            good = _valid_end(name, data)
            if good:
                return at - len(name), at + 1 + good
    return None


_CASH_GENERATORS = (0x98F2BC8E61, 0x79B76D99E2, 0xF33E5FB3C4, 0xAE2EABE2A8, 0x1E4F43E470)
_CASH_TOP = [0] * 32
for _index in range(32):
    for _bit, _generator in enumerate(_CASH_GENERATORS):
        if _index >> _bit & 1:
            _CASH_TOP[_index] ^= _generator
_CASH_PREFIXES = (
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
    for prefix in _CASH_PREFIXES:
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
    window is looked at, for the price of one pass over the run for each of the two lengths.
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
    return disjoint(spans)


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
        for prefix in _CASH_PREFIXES:
            at = start - 1 - len(prefix)
            if at >= 0 and text[at : start - 1].lower() == prefix:
                return at
    return start
